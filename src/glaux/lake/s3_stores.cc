#include "glaux/lake/s3_stores_internal.h"

#include <algorithm>
#include <map>

#include "glaux/aws/credentials.h"
#include "glaux/aws/endpoint.h"
#include "glaux/aws/profile_files.h"
#include "glaux/base/base64.h"
#include "glaux/http/transport.h"
#include "glaux/lake/aws_access_internal.h"
#include "glaux/store/s3/s3_store.h"

namespace glaux {
namespace {

S3Addressing AddressingOf(const std::string& style) {
  if (style == "path") return S3Addressing::kPath;
  if (style == "virtual") return S3Addressing::kVirtualHost;
  return S3Addressing::kAuto;
}

Result<S3Encryption> EncryptionOf(const S3Access& access) {
  S3Encryption encryption{.kms_key_id = access.sse_kms_key_id, .bucket_key = access.sse_bucket_key.value_or(true)};
  if (!access.sse_customer_key.empty()) {
    encryption.kind = S3Encryption::Kind::kCustomerKey;
    std::string key;
    if (!access.sse.empty() || !DecodeBase64(access.sse_customer_key.Expose(), &key) || key.size() != 32) {
      return MakeError(ErrorKind::kInvalid, "sse_customer_key: expected base64 of 32 bytes, and no sse beside it");
    }
    encryption.customer_key = Secret(std::move(key));
  } else if (access.sse == "AES256") {
    encryption.kind = S3Encryption::Kind::kAes256;
  } else if (access.sse == "aws:kms") {
    encryption.kind = S3Encryption::Kind::kAwsKms;
  } else if (!access.sse.empty()) {
    return MakeError(ErrorKind::kInvalid, "sse: expected AES256 or aws:kms, found: ", access.sse);
  }
  return encryption;
}

/// What is set in `access`, else what `defaults` have. Who one is comes from one of them, never half from each.
S3Access Merged(S3Access access, const S3Access& defaults) {
  const bool says_who =
      !access.aws_access_key_id.empty() || !access.profile.empty() || !access.role_arn.empty() || access.anonymous;
  if (!says_who) {
    access.aws_access_key_id = defaults.aws_access_key_id;
    access.aws_secret_access_key = defaults.aws_secret_access_key;
    access.aws_session_token = defaults.aws_session_token;
    access.profile = defaults.profile;
    access.role_arn = defaults.role_arn;
    access.anonymous = defaults.anonymous;
  }
  for (const auto member :
       {&S3Access::region, &S3Access::endpoint_url, &S3Access::addressing_style, &S3Access::storage_class}) {
    if ((access.*member).empty()) access.*member = defaults.*member;
  }
  // One kind of encryption, never two.
  if (access.sse.empty() && access.sse_customer_key.empty()) {
    access.sse = defaults.sse;
    access.sse_customer_key = defaults.sse_customer_key;
    access.sse_kms_key_id = defaults.sse_kms_key_id;
    access.sse_bucket_key = defaults.sse_bucket_key;
  }
  if (access.tags.empty()) access.tags = defaults.tags;
  access.requester_pays |= defaults.requester_pays;
  return access;
}

}  // namespace

/// What the stores of one access share.
struct S3Stores::Session {
  S3StoreOptions options;
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<ObjectStore>> buckets;

  static Result<std::shared_ptr<Session>> Make(const S3Access& access) {
    const auto environment = Environment::Process();
    ARROW_ASSIGN_OR_RAISE(const auto files, ReadAwsFiles(access, *environment));
    auto session = std::make_shared<Session>();
    auto& options = session->options;
    ARROW_ASSIGN_OR_RAISE(options.transport, SharedAwsTransport());
    ARROW_ASSIGN_OR_RAISE(options.region, AwsRegionOf(access, *environment, files));
    options.endpoint_url = access.endpoint_url;
    if (options.endpoint_url.empty()) {
      ARROW_ASSIGN_OR_RAISE(const auto endpoint, aws::FindEndpoint(*environment, files, aws::kS3, options.region));
      if (endpoint.custom) options.endpoint_url = endpoint.url;
    }
    if (options.region.empty() && options.endpoint_url.empty()) {
      options.find_region = RegionOfInstanceOnce(environment, files, options.transport);
    }
    options.addressing = AddressingOf(access.addressing_style);
    options.request_payer = access.requester_pays;
    options.storage_class = access.storage_class;
    options.tags = access.tags;
    ARROW_ASSIGN_OR_RAISE(options.encryption, EncryptionOf(access));
    options.credentials = AwsCredentialsOf(access, environment, options.transport, options.region);
    return session;
  }

  /// The region of the EC2 instance that this runs on, asked for once, and only when the first request needs it.
  static std::function<std::string()> RegionOfInstanceOnce(std::shared_ptr<const Environment> environment,
                                                           aws::ProfileFiles files,
                                                           std::shared_ptr<http::Transport> transport) {
    struct Asked {
      std::once_flag once;
      std::string region;
    };
    return [environment = std::move(environment), files = std::move(files), transport = std::move(transport),
            asked = std::make_shared<Asked>()] {
      std::call_once(asked->once, [&] { asked->region = RegionOfInstance(*environment, files, transport); });
      return asked->region;
    };
  }
};

S3Stores::S3Stores(S3Access defaults, std::shared_ptr<RequestMeter> meter)
    : defaults_(std::move(defaults)), meter_(std::move(meter)) {}
S3Stores::~S3Stores() = default;

Result<std::shared_ptr<S3Stores::Session>> S3Stores::SessionOf(const S3Access& given) {
  const S3Access access = Merged(given, defaults_);
  std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(sessions_.begin(), sessions_.end(), [&](const auto& session) { return session.first == access; });
  if (found != sessions_.end()) return found->second;
  ARROW_ASSIGN_OR_RAISE(auto session, Session::Make(access));
  session->options.meter = meter_;
  sessions_.emplace_back(access, session);
  return session;
}

Result<std::shared_ptr<ObjectStore>> S3Stores::Open(const std::string& bucket, const S3Access& access) {
  ARROW_ASSIGN_OR_RAISE(const auto session, SessionOf(access));
  std::lock_guard lock(session->mutex);
  auto& store = session->buckets[bucket];
  if (store == nullptr) {
    auto options = session->options;
    options.bucket = bucket;
    ARROW_ASSIGN_OR_RAISE(store, MakeS3Store(std::move(options)));
  }
  return store;
}

Result<std::vector<std::string>> S3Stores::ListBuckets() {
  ARROW_ASSIGN_OR_RAISE(const auto session, SessionOf({}));
  ARROW_ASSIGN_OR_RAISE(auto names, ListS3Buckets(session->options));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace glaux
