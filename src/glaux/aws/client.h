#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "glaux/aws/credentials.h"
#include "glaux/aws/sigv4.h"
#include "glaux/base/retry.h"
#include "glaux/http/transport.h"

namespace glaux::aws {

/// What was sent and received since the client was made. Thread-safe.
struct ClientMetrics {
  std::atomic<int64_t> requests{0};  ///< every try counts
  std::atomic<int64_t> retries{0};
  std::atomic<int64_t> throttled{0};
  std::atomic<int64_t> bytes_sent{0};
  std::atomic<int64_t> bytes_received{0};
};

/// One call to a service, before it is signed.
struct Call {
  std::string operation;  ///< "GetObject": for errors and metrics
  std::string subject;    ///< what it is about, for errors: "s3://bucket/key"
  http::Request request;  ///< `url` whole; headers without date and authorization
  Idempotency idempotency = Idempotency::kSafe;
  SigningScope scope;
  SigningOptions signing;
};

/// What a service's error answer says. Unknown fields are empty.
struct ServiceError {
  std::string code;
  std::string message;
  std::string request_id;
  std::string host_id;
  /// Further elements that help: Region, Endpoint, BucketName, Condition.
  std::vector<std::pair<std::string, std::string>> extra;
};

/// One try of a call, when it is over.
struct TryReport {
  int attempt = 1;                           ///< the first is 1
  const http::Response* response = nullptr;  ///< null: there was no answer, or not all of it
  int64_t bytes_received = 0;                ///< of the body, also without the rest of it
  int64_t bytes_sent = 0;                    ///< of the body; 0 where there was no answer
};

struct ClientOptions {
  std::string service;  ///< "s3"
  std::shared_ptr<http::Transport> transport;
  std::shared_ptr<CredentialsProvider> credentials;
  Clock* clock = &Clock::System();
  RetryPolicy retry = {};
  /// Decode an answer whose status is 300 or more, or that `is_error` names: XML for S3 and STS, JSON for Glue, Athena.
  std::function<ServiceError(const http::Response&)> decode_error;
  /// Answers below 300 that are errors all the same: S3 puts some behind a 200. Not asked where `on_data` has the body.
  std::function<bool(const http::Response&)> is_error = {};
  /// Sees every try whose request left this machine, also those that failed: to count them.
  std::function<void(const Call& call, const TryReport& report)> on_try = {};
};

/// Signs, sends, decodes errors and repeats: the one way to any AWS service. Skew of the clock is corrected from the
/// server's Date, expired credentials are renewed once, throttling slows every caller down. Thread-safe.
class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();

  /// Send until there is an answer worth giving back. Statuses below 300 and those that `accept` takes (304, 412, a
  /// redirect) come back as a Response; all else is an error with kind, code, request id and hint. Bodies of statuses
  /// from 300 on are in Response::body, never in `on_data`; `on_head` sees only heads of what comes back.
  /// A response body that went to `on_data` before the error cannot be called back: such calls are repeated only if
  /// nothing had arrived, or if `resume` is set and changes the request for the rest; `on_head` then sees the head of
  /// the next answer, and can refuse what is not the rest. Errors of the caller's own functions and body end the call
  /// at once and come back as they are.
  /// A call that is not safe to repeat goes out once (http::Request::once), and again only if it never left, if the
  /// service refused it unseen (throttling), or after a correction.
  Result<http::Response> Send(Call call, const std::function<bool(int status)>& accept = {},
                              const std::function<Status(http::Request* request)>& resume = {});

  const ClientMetrics& metrics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The kind of an error code of any AWS service, by the code where it is known (S3's, STS's, Glue's, Athena's error
/// lists), else by the HTTP status. Source: each service's "Error Responses".
ErrorKind KindOfServiceError(std::string_view code, int http_status);

/// An error as every client of ours words it: "get s3://b/k: NoSuchKey (404): The specified key …", with detail and a
/// hint of what to do where one is known (docs/troubleshooting.md lists them).
Status ToStatus(std::string_view service, const Call& call, const http::Response& response, const ServiceError& error);

}  // namespace glaux::aws
