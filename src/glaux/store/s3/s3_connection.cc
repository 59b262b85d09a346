#include "glaux/store/s3/s3_connection_internal.h"

#include <algorithm>
#include <map>
#include <utility>

#include "glaux/aws/service_error.h"
#include "glaux/aws/sigv4.h"
#include "glaux/store/s3/s3_digest_internal.h"
#include "glaux/wire/s3_error.h"

namespace glaux::s3 {
namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";

// Regions of buckets, for all stores of the process: a bucket does not move.
class RegionCache {
 public:
  static RegionCache& Get() {
    static auto* const cache = new RegionCache;
    return *cache;
  }
  std::string Find(const std::string& key) {
    std::lock_guard lock(mutex_);
    const auto found = regions_.find(key);
    return found == regions_.end() ? "" : found->second;
  }
  void Set(const std::string& key, const std::string& region) {
    std::lock_guard lock(mutex_);
    regions_[key] = region;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> regions_;
};

std::string ExtraOf(const aws::ServiceError& error, std::string_view name) {
  for (const auto& [key, value] : error.extra) {
    if (key == name) return value;
  }
  return {};
}

bool IsRegionError(std::string_view code) {
  return code == "AuthorizationHeaderMalformed" || code == "PermanentRedirect" || code == "TemporaryRedirect" ||
         code == "Redirect" || code == "IllegalLocationConstraintException" ||
         code == "AuthorizationQueryParametersError";
}

}  // namespace

S3Connection::S3Connection(S3StoreOptions options, Address address)
    : options_(std::move(options)),
      address_(std::move(address)),
      cache_key_(address_.endpoint + " " + address_.bucket) {
  region_ = address_.fixed_region.empty() ? options_.region : address_.fixed_region;
  if (options_.encryption.kind == S3Encryption::Kind::kCustomerKey) {
    const auto key = options_.encryption.customer_key.Expose();
    customer_key_ = Base64(key);
    customer_key_md5_ = Base64(Md5(AsBytes(key)));
  }
  aws::ClientOptions client;
  client.service = "s3";
  client.transport = options_.transport;
  client.credentials = options_.credentials;
  client.clock = options_.clock;
  client.retry = options_.retry;
  client.decode_error = [this](const http::Response& response) { return DecodeError(response); };
  // An <Error> behind a 200, of operations that S3 begins to answer before it is done.
  client.is_error = [](const http::Response& response) {
    return response.status == 200 && wire::s3::RootName(response.body) == "Error";
  };
  if (options_.meter != nullptr) {
    client.on_try = [this](const aws::Call& call, const aws::TryReport& tried) { Meter(call.operation, tried); };
  }
  client_ = std::make_unique<aws::Client>(std::move(client));
}

Result<std::unique_ptr<S3Connection>> S3Connection::Make(S3StoreOptions options) {
  ARROW_RETURN_NOT_OK(options.Validate());
  ARROW_ASSIGN_OR_RAISE(auto address, MakeAddress(options));
  return std::unique_ptr<S3Connection>(new S3Connection(std::move(options), std::move(address)));
}

std::string S3Connection::Subject(std::string_view key) const {
  const std::string bucket = address_.arn.empty() ? address_.bucket : address_.arn;
  return key.empty() ? "s3://" + bucket : "s3://" + bucket + "/" + std::string(key);
}

Status S3Connection::Error(ErrorKind kind, std::string_view operation, std::string_view key,
                           std::string_view what) const {
  return MakeError(ErrorInfo{.kind = kind, .service = "s3", .operation = std::string(operation)}, operation, " ",
                   Subject(key), ": ", what);
}

Status S3Connection::BadAnswer(const S3Call& call, const Status& why) const {
  return Error(ErrorKind::kCorrupt, call.operation, call.key, "the answer cannot be read: " + why.message());
}

// ---- regions --------------------------------------------------------------------------------------------------------

// The client hands every answer that is an error through here, so this is where the bucket's region is learned.
aws::ServiceError S3Connection::DecodeError(const http::Response& response) {
  aws::ServiceError error = aws::DecodeXmlError(response);
  std::string region = response.headers.Get("x-amz-bucket-region");
  if (region.empty()) region = ExtraOf(error, "Region");
  // Answers to HEAD have no body that could name the code.
  if (error.code.empty()) {
    if (response.status == 301) error.code = "PermanentRedirect";
    if (response.status == 307) error.code = "TemporaryRedirect";
    if (response.status == 400 && !region.empty()) error.code = "AuthorizationHeaderMalformed";
  }
  if (!region.empty() && IsRegionError(error.code) && address_.fixed_region.empty()) {
    RegionCache::Get().Set(cache_key_, region);
  }
  return error;
}

// HeadBucket without a signature: whatever the answer says, its header names the region.
std::string S3Connection::AskForRegion() {
  http::Request request;
  request.method = "HEAD";
  request.url = "https://s3.amazonaws.com/" + address_.bucket;
  request.deadlines = options_.deadlines;
  const auto response = options_.transport->Send(request);
  if (!response.ok()) return {};
  Meter("HeadBucket", {.response = &*response});
  return response->headers.Get("x-amz-bucket-region");
}

Result<std::string> S3Connection::Region() {
  if (!address_.fixed_region.empty()) return address_.fixed_region;
  if (std::string learned = RegionCache::Get().Find(cache_key_); !learned.empty()) return learned;
  {
    std::lock_guard lock(mutex_);
    if (!region_.empty()) return region_;
  }
  if (!address_.endpoint.empty()) return std::string(kDefaultRegion);
  std::string asked = options_.find_region ? options_.find_region() : std::string();
  if (asked.empty()) asked = AskForRegion();
  if (asked.empty()) return std::string(kDefaultRegion);  // the first answer will correct it
  std::lock_guard lock(mutex_);
  region_ = asked;
  return asked;
}

// ---- counting -------------------------------------------------------------------------------------------------------

namespace {

RequestKind KindOfOperation(std::string_view operation) {
  if (operation.starts_with("List")) return RequestKind::kList;
  if (operation.starts_with("Head")) return RequestKind::kHead;
  if (operation.starts_with("Get")) return RequestKind::kGet;
  if (operation.starts_with("Delete") || operation.starts_with("Abort")) return RequestKind::kDelete;
  if (operation.find("Copy") != operation.npos) return RequestKind::kCopy;
  return RequestKind::kPut;  // PutObject, the calls of uploads, CreateBucket
}

// Source: Amazon S3 User Guide, "Billing for Amazon S3 error responses": 2xx and 4xx are billed, 5xx and redirects to
// another region are not. 304 is an answer like others.
bool IsBilled(int status) { return status < 500 && status != 301 && status != 307; }

}  // namespace

RequestBilling S3Connection::billing() const {
  // The price lists of China are its own, and not in dollars.
  const bool in_dollars = address_.is_aws && !options_.region.starts_with("cn-") &&
                          address_.endpoint.find("amazonaws.com.cn") == std::string::npos;
  return {.place = in_dollars ? RequestPlace::kAws : RequestPlace::kOther,
          .storage_class = StorageClassOf(options_.storage_class)};
}

void S3Connection::Meter(std::string_view operation, const aws::TryReport& tried) const {
  if (options_.meter == nullptr) return;
  auto& meter = *options_.meter;
  if (tried.attempt > 1) meter.CountRetry();
  if (tried.response == nullptr || !IsBilled(tried.response->status)) return meter.CountUnbilled();
  RequestBilling billed = billing();
  const RequestKind kind = KindOfOperation(operation);
  if (kind == RequestKind::kGet || kind == RequestKind::kHead) {
    // Of the object that was read, which says so unless it is STANDARD.
    billed.storage_class = StorageClassOf(tried.response->headers.Get("x-amz-storage-class"));
  } else if (kind == RequestKind::kList || kind == RequestKind::kDelete) {
    billed.storage_class = StorageClass::kStandard;
  } else if (billed.storage_class == StorageClass::kGlacier || billed.storage_class == StorageClass::kDeepArchive) {
    // Source: Amazon S3 User Guide, "Multipart upload and pricing": of uploads into these classes only the completion
    // has the price of the class.
    if (operation == "CreateMultipartUpload" || operation.starts_with("UploadPart")) {
      billed.storage_class = StorageClass::kStandard;
    }
  }
  meter.Count(billed, kind, tried.bytes_received, tried.bytes_sent);
}

// ---- sending --------------------------------------------------------------------------------------------------------

aws::Call S3Connection::MakeCall(const std::string& region, const std::string& url, const S3Call& call) const {
  aws::Call made;
  made.operation = call.operation;
  made.subject = Subject(call.key);
  made.idempotency = call.idempotency;
  made.scope = {.region = region, .service = address_.service};
  auto& request = made.request;
  request.method = call.method;
  request.url = url;
  request.headers = call.headers;
  request.body = call.body;
  request.on_head = call.on_head;
  request.on_data = call.on_data;
  request.deadlines = options_.deadlines;
  if (options_.request_payer) request.headers.Set("x-amz-request-payer", "requester");
  if (call.customer_key && !customer_key_.empty()) {
    request.headers.Set("x-amz-server-side-encryption-customer-algorithm", "AES256");
    request.headers.Set("x-amz-server-side-encryption-customer-key", customer_key_);
    request.headers.Set("x-amz-server-side-encryption-customer-key-md5", customer_key_md5_);
  }
  made.signing.normalize_path = false;
  made.signing.double_encode_path = false;
  made.signing.content_sha256_header = true;
  if (!call.body.empty()) {
    // TLS guards the body already, and its SHA-256 would cost more than all the rest.
    made.signing.payload_hash =
        url.starts_with("https://") ? std::string(aws::kUnsignedPayload) : aws::Sha256Hex(call.body);
  }
  return made;
}

Result<http::Response> S3Connection::SendIn(const std::string& region, const std::string& url, const S3Call& call) {
  return client_->Send(MakeCall(region, url, call), call.accept, call.resume);
}

Result<http::Response> S3Connection::Send(const S3Call& call) {
  ARROW_ASSIGN_OR_RAISE(std::string region, Region());
  for (int redirects = 0;; ++redirects) {
    auto response = SendIn(region, MakeUrl(address_, region, call.key, call.query), call);
    if (response.ok() || redirects == 2 || !IsRegionError(InfoOf(response.status()).code)) return response;
    std::string learned = RegionCache::Get().Find(cache_key_);
    if (learned.empty() || learned == region) return response;
    region = std::move(learned);
  }
}

Result<http::Response> S3Connection::SendToService(const S3Call& call, bool to_bucket) {
  const std::string region = options_.region.empty() ? std::string(kDefaultRegion) : options_.region;
  return SendIn(region, to_bucket ? MakeUrl(address_, region, "", {}) : MakeServiceUrl(address_, region), call);
}

// ---- calls that are to happen once ----------------------------------------------------------------------------------

Status S3Connection::RepeatOnce(const std::function<Status()>& attempt) {
  return Retry(options_.retry, Idempotency::kSafe, *options_.clock, nullptr, arrow::StopToken::Unstoppable(),
               [&](int n, RetryHint*) {
                 if (n > 1 && options_.meter != nullptr) options_.meter->CountRetry();
                 return attempt();
               });
}

bool S3Connection::IsConflict(const Status& status) {
  const auto code = InfoOf(status).code;
  return code == "ConditionalRequestConflict" || code == "OperationAborted";
}

// Somebody else is writing the key just now; a moment later the condition holds or does not.
Status S3Connection::MakeConflict(const Status& status) {
  ErrorInfo info = InfoOf(status);
  info.kind = ErrorKind::kUnavailable;
  return MakeErrorMessage(std::move(info), status.message());
}

Status S3Connection::Unsettled(const S3Call& call, const Status& status, bool ambiguous) const {
  if (!ambiguous) return status;
  ErrorInfo info = InfoOf(status);
  info.kind = ErrorKind::kCommitUnknown;
  info.hint = "look at " + Subject(call.key) + " before you write it again";
  return MakeErrorMessage(std::move(info), status.message() + "; it is not known whether the write happened");
}

// ---- headers --------------------------------------------------------------------------------------------------------

void S3Connection::AddWriteHeaders(http::Headers* headers) const {
  const auto& encryption = options_.encryption;
  if (encryption.kind == S3Encryption::Kind::kAes256) headers->Set("x-amz-server-side-encryption", "AES256");
  if (encryption.kind == S3Encryption::Kind::kAwsKms) {
    headers->Set("x-amz-server-side-encryption", "aws:kms");
    if (!encryption.kms_key_id.empty()) {
      headers->Set("x-amz-server-side-encryption-aws-kms-key-id", encryption.kms_key_id);
    }
    headers->Set("x-amz-server-side-encryption-bucket-key-enabled", encryption.bucket_key ? "true" : "false");
  }
  if (!options_.storage_class.empty()) headers->Set("x-amz-storage-class", options_.storage_class);
  if (options_.tags.empty()) return;
  std::string tags;
  for (const auto& [name, value] : options_.tags) {
    if (!tags.empty()) tags += '&';
    tags += aws::UriEncode(name, false) + "=" + aws::UriEncode(value, false);
  }
  headers->Set("x-amz-tagging", tags);
}

void S3Connection::AddCopySourceKey(http::Headers* headers) const {
  if (customer_key_.empty()) return;
  headers->Set("x-amz-copy-source-server-side-encryption-customer-algorithm", "AES256");
  headers->Set("x-amz-copy-source-server-side-encryption-customer-key", customer_key_);
  headers->Set("x-amz-copy-source-server-side-encryption-customer-key-md5", customer_key_md5_);
}

}  // namespace glaux::s3
