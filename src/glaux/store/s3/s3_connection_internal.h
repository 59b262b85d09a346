#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "glaux/aws/client.h"
#include "glaux/base/parallel.h"
#include "glaux/store/s3/s3_address_internal.h"
#include "glaux/store/s3/s3_store.h"

namespace glaux::s3 {

/// One call of the S3 API, without what all calls to a bucket have in common.
struct S3Call {
  std::string operation;  ///< "PutObject"
  std::string method = "GET";
  std::string key = {};  ///< empty: the bucket
  Query query = {};
  http::Headers headers = {};
  std::span<const std::byte> body = {};
  Idempotency idempotency = Idempotency::kSafe;
  /// The headers of the customer's key go along, where there is one.
  bool customer_key = false;
  std::function<Status(const http::ResponseHead&)> on_head = {};
  std::function<Status(std::span<const std::byte>)> on_data = {};
  std::function<Status(http::Request*)> resume = {};
  /// Statuses beside 2xx that are answers.
  std::function<bool(int)> accept = {};
};

/// One bucket's address, region, credentials and client. Thread-safe.
class S3Connection {
 public:
  static Result<std::unique_ptr<S3Connection>> Make(S3StoreOptions options);

  const S3StoreOptions& options() const { return options_; }
  const Address& address() const { return address_; }
  /// "s3://bucket/key"
  std::string Subject(std::string_view key) const;

  /// Send a call, in the bucket's region. An <Error> in the body of a 200 is an error, and tried again where it may
  /// pass.
  Result<http::Response> Send(const S3Call& call);

  /// A call that is to happen once, and is tried again all the same. `settle` decides about an error that may come from
  /// an earlier try of this very call that did happen though its answer was lost: it gives the answer of that try, or
  /// the error again.
  /// kCommitUnknown when the tries end without anybody knowing.
  template <typename T>
  Result<T> SendOnce(const S3Call& call, const std::function<Result<T>(const http::Response&)>& done,
                     const std::function<Result<T>(const Status& error)>& settle) {
    Result<T> result = Status::UnknownError("not sent");
    bool ambiguous = false;
    const Status status = RepeatOnce([&]() -> Status {
      auto response = Send(call);
      if (response.ok()) {
        result = done(*response);
        return Status::OK();
      }
      const ErrorKind kind = KindOf(response.status());
      if (IsLost(kind)) {
        ambiguous = true;
        return response.status();
      }
      if (IsConflict(response.status())) return MakeConflict(response.status());
      result = ambiguous ? settle(response.status()) : Result<T>(response.status());
      // What the settling itself could not find out is worth another look.
      return !result.ok() && IsLost(KindOf(result.status())) ? result.status() : Status::OK();
    });
    if (!status.ok()) return Unsettled(call, status, ambiguous);
    return result;
  }

  /// Whose prices its requests have, and the class of what it writes.
  RequestBilling billing() const;

  /// Headers of what is written: encryption, class, tags.
  void AddWriteHeaders(http::Headers* headers) const;
  /// Headers of the customer's key that the source of a copy is encrypted with.
  void AddCopySourceKey(http::Headers* headers) const;

  /// An error of ours, with service, operation and the key in the message.
  Status Error(ErrorKind kind, std::string_view operation, std::string_view key, std::string_view what) const;
  /// An answer that does not mean what it should.
  Status BadAnswer(const S3Call& call, const Status& why) const;

  /// CreateBucket and ListBuckets are no calls of a bucket's own region.
  Result<http::Response> SendToService(const S3Call& call, bool to_bucket);

 private:
  S3Connection(S3StoreOptions options, Address address);

  Result<http::Response> SendIn(const std::string& region, const std::string& url, const S3Call& call);
  Result<std::string> Region();
  std::string AskForRegion();
  void Meter(std::string_view operation, const aws::TryReport& tried) const;
  aws::ServiceError DecodeError(const http::Response& response);
  aws::Call MakeCall(const std::string& region, const std::string& url, const S3Call& call) const;
  Status RepeatOnce(const std::function<Status()>& attempt);
  static bool IsLost(ErrorKind kind) { return kind == ErrorKind::kUnavailable || kind == ErrorKind::kTimeout; }
  static bool IsConflict(const Status& status);
  static Status MakeConflict(const Status& status);
  Status Unsettled(const S3Call& call, const Status& status, bool ambiguous) const;

  const S3StoreOptions options_;
  const Address address_;
  const std::string cache_key_;
  std::string customer_key_, customer_key_md5_;  // base64; empty without such a key
  std::mutex mutex_;
  std::string region_;  // empty: not known yet
  std::unique_ptr<aws::Client> client_;
};

}  // namespace glaux::s3
