#include "glaux/serve/s3/s3_wire.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "glaux/serve/s3/call_internal.h"
#include "glaux/store/object_key.h"

namespace glaux::serve {
namespace s3 {
namespace {

using Operation = Status (*)(Call&);

enum class On { kService, kBucket, kObject };

/// How an operation is told from the others: method, what it is about, and a parameter of the query.
struct Route {
  std::string_view method;
  On on;
  /// Empty: the operation of that method when no other parameter decides.
  std::string_view parameter;
  std::string_view name;
  /// Null: known, and not implemented.
  Operation run;
};

// The first that fits counts.
constexpr Route kRoutes[] = {
    {"GET", On::kService, "", "ListBuckets", ListBuckets},

    {"GET", On::kBucket, "location", "GetBucketLocation", GetBucketLocation},
    {"GET", On::kBucket, "versioning", "GetBucketVersioning", GetBucketVersioning},
    {"GET", On::kBucket, "uploads", "ListMultipartUploads", ListMultipartUploads},
    {"GET", On::kBucket, "versions", "ListObjectVersions", ListObjectVersions},
    {"GET", On::kBucket, "list-type", "ListObjectsV2", ListObjectsV2},
    {"POST", On::kBucket, "delete", "DeleteObjects", DeleteObjects},

    {"GET", On::kObject, "uploadId", "ListParts", ListParts},
    {"GET", On::kObject, "tagging", "GetObjectTagging", GetObjectTagging},
    {"PUT", On::kObject, "tagging", "PutObjectTagging", PutObjectTagging},
    {"DELETE", On::kObject, "tagging", "DeleteObjectTagging", DeleteObjectTagging},
    {"POST", On::kObject, "uploads", "CreateMultipartUpload", CreateMultipartUpload},
    {"POST", On::kObject, "uploadId", "CompleteMultipartUpload", CompleteMultipartUpload},
    {"DELETE", On::kObject, "uploadId", "AbortMultipartUpload", AbortMultipartUpload},
    {"PUT", On::kObject, "uploadId", "UploadPart", UploadPart},

    {"", On::kBucket, "acl", "BucketAcl", nullptr},
    {"", On::kBucket, "accelerate", "BucketAccelerateConfiguration", nullptr},
    {"", On::kBucket, "analytics", "BucketAnalyticsConfiguration", nullptr},
    {"", On::kBucket, "cors", "BucketCors", nullptr},
    {"", On::kBucket, "encryption", "BucketEncryption", nullptr},
    {"", On::kBucket, "intelligent-tiering", "BucketIntelligentTieringConfiguration", nullptr},
    {"", On::kBucket, "inventory", "BucketInventoryConfiguration", nullptr},
    {"", On::kBucket, "lifecycle", "BucketLifecycleConfiguration", nullptr},
    {"", On::kBucket, "logging", "BucketLogging", nullptr},
    {"", On::kBucket, "metrics", "BucketMetricsConfiguration", nullptr},
    {"", On::kBucket, "notification", "BucketNotificationConfiguration", nullptr},
    {"", On::kBucket, "object-lock", "ObjectLockConfiguration", nullptr},
    {"", On::kBucket, "ownershipControls", "BucketOwnershipControls", nullptr},
    {"", On::kBucket, "policy", "BucketPolicy", nullptr},
    {"", On::kBucket, "policyStatus", "BucketPolicyStatus", nullptr},
    {"", On::kBucket, "publicAccessBlock", "PublicAccessBlock", nullptr},
    {"", On::kBucket, "replication", "BucketReplication", nullptr},
    {"", On::kBucket, "requestPayment", "BucketRequestPayment", nullptr},
    {"", On::kBucket, "session", "CreateSession", nullptr},
    {"", On::kBucket, "tagging", "BucketTagging", nullptr},
    {"", On::kBucket, "versioning", "PutBucketVersioning", nullptr},
    {"", On::kBucket, "website", "BucketWebsite", nullptr},
    {"", On::kObject, "acl", "ObjectAcl", nullptr},
    {"", On::kObject, "attributes", "GetObjectAttributes", nullptr},
    {"", On::kObject, "legal-hold", "ObjectLegalHold", nullptr},
    {"", On::kObject, "restore", "RestoreObject", nullptr},
    {"", On::kObject, "retention", "ObjectRetention", nullptr},
    {"", On::kObject, "select", "SelectObjectContent", nullptr},
    {"", On::kObject, "torrent", "GetObjectTorrent", nullptr},
    {"", On::kObject, "renameObject", "RenameObject", nullptr},

    {"GET", On::kBucket, "", "ListObjects", ListObjects},
    {"PUT", On::kBucket, "", "CreateBucket", CreateBucket},
    {"HEAD", On::kBucket, "", "HeadBucket", HeadBucket},
    {"DELETE", On::kBucket, "", "DeleteBucket", DeleteBucket},
    {"POST", On::kBucket, "", "PostObject", nullptr},
    {"GET", On::kObject, "", "GetObject", GetObject},
    {"HEAD", On::kObject, "", "HeadObject", HeadObject},
    {"PUT", On::kObject, "", "PutObject", PutObject},
    {"DELETE", On::kObject, "", "DeleteObject", DeleteObject},
};

/// What a bucket answers that has no such configuration.
struct Unconfigured {
  std::string_view parameter;
  std::string_view code;
};
constexpr Unconfigured kUnconfigured[] = {
    {"cors", "NoSuchCORSConfiguration"},
    {"encryption", "ServerSideEncryptionConfigurationNotFoundError"},
    {"lifecycle", "NoSuchLifecycleConfiguration"},
    {"object-lock", "ObjectLockConfigurationNotFoundError"},
    {"ownershipControls", "OwnershipControlsNotFoundError"},
    {"policy", "NoSuchBucketPolicy"},
    {"publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"},
    {"replication", "ReplicationConfigurationNotFoundError"},
    {"tagging", "NoSuchTagSet"},
    {"website", "NoSuchWebsiteConfiguration"},
};

const Route* FindRoute(const Call& call) {
  const On on = call.bucket.empty() ? On::kService : call.key.empty() ? On::kBucket : On::kObject;
  for (const auto& route : kRoutes) {
    if (route.on == on && (route.method.empty() || route.method == call.request.method) &&
        (route.parameter.empty() || call.query.Has(route.parameter))) {
      return &route;
    }
  }
  return nullptr;
}

/// Headers that ask for what we do not do: passing over them would break a promise.
Status CheckHeaders(const Call& call) {
  for (const auto& [name, value] : call.request.headers.fields()) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const bool acl_is_ours = lower != "x-amz-acl" || value == "private" || value.starts_with("bucket-owner-");
    if (lower.starts_with("x-amz-server-side-encryption") || lower.starts_with("x-amz-object-lock-") ||
        lower.starts_with("x-amz-grant-") || lower == "x-amz-write-offset-bytes" || !acl_is_ours) {
      return S3Error(ErrorKind::kNotImplemented, 501, "NotImplemented",
                     "A header you provided implies functionality that is not implemented: ", lower);
    }
  }
  return Status::OK();
}

class S3Wire final : public Wire {
 public:
  explicit S3Wire(S3WireOptions options) : options_(std::move(options)), authenticator_(options_.authentication) {}

  bool Takes(const Request& request) const override { return SigningServiceOf(request) == "s3"; }

  void Handle(Request& request, Response& response) override {
    Call call{.options = options_, .request = request, .response = response};
    call.headers.Add("x-amz-request-id", request.id);
    call.headers.Add("x-amz-id-2", request.id);
    AddCorsHeaders(call);
    const Status status = request.method == "OPTIONS" ? Preflight(call) : Run(call);
    if (!status.ok()) SendError(call, status);
  }

 private:
  Status Run(Call& call) {
    ARROW_RETURN_NOT_OK(Address(call));
    auto query = Query::Parse(call.request.query);
    if (!query.ok()) return WithCode(query.status(), "InvalidURI", 400);
    call.query = *std::move(query);
    ARROW_ASSIGN_OR_RAISE(call.caller, authenticator_.Check(call.request, call.query, "s3", &call.details));
    const Route* route = FindRoute(call);
    if (route == nullptr) {
      return S3Error(ErrorKind::kInvalid, 405, "MethodNotAllowed",
                     "The specified method is not allowed against this resource: ", call.request.method);
    }
    if (!call.bucket.empty() && route->run != CreateBucket) ARROW_RETURN_NOT_OK(OpenBucket(call));
    if (route->run == nullptr) return NotImplemented(call, *route);
    ARROW_RETURN_NOT_OK(CheckHeaders(call));
    if (call.key.size() > kMaxKeyBytes) {
      return S3Error(ErrorKind::kInvalid, 400, "KeyTooLongError", "Your key is too long: ", call.key.size(),
                     " bytes, at most ", kMaxKeyBytes);
    }
    return route->run(call);
  }

  /// Bucket and key, from the path or from the host.
  Status Address(Call& call) const {
    auto path = aws::UriDecode(call.request.path);
    if (!path.ok() || !path->starts_with('/')) {
      return S3Error(ErrorKind::kInvalid, 400, "InvalidURI", "Couldn't parse the specified URI.");
    }
    std::string rest = path->substr(1);
    call.bucket = BucketOfHost(call.Header("host"));
    if (call.bucket.empty()) {
      const auto slash = rest.find('/');
      call.bucket = rest.substr(0, slash);
      rest = slash == std::string::npos ? "" : rest.substr(slash + 1);
    }
    call.key = std::move(rest);
    if (call.key.find('\0') != std::string::npos) return InvalidArgument("a key cannot hold a NUL byte");
    return Status::OK();
  }

  std::string BucketOfHost(std::string_view host) const {
    host = host.substr(0, host.find(':'));
    for (const auto& domain : options_.domains) {
      if (host.size() > domain.size() + 1 && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.') {
        return std::string(host.substr(0, host.size() - domain.size() - 1));
      }
    }
    return {};
  }

  Status OpenBucket(Call& call) const {
    auto store = options_.buckets->Open(call.bucket);
    if (store.ok()) {
      call.store = *std::move(store);
      return Status::OK();
    }
    if (KindOf(store.status()) != ErrorKind::kNotFound) return store.status();
    call.details.emplace_back("BucketName", call.bucket);
    return S3Error(ErrorKind::kNotFound, 404, "NoSuchBucket", "The specified bucket does not exist");
  }

  static Status NotImplemented(const Call& call, const Route& route) {
    if (call.request.method == "GET" && route.on == On::kBucket) {
      for (const auto& [parameter, code] : kUnconfigured) {
        if (parameter == route.parameter) {
          return S3Error(ErrorKind::kNotFound, 404, code, "The bucket has no configuration of this kind");
        }
      }
    }
    return S3Error(ErrorKind::kNotImplemented, 501, "NotImplemented", "The operation ", call.request.method, " ",
                   route.name, " is not implemented");
  }

  bool IsAllowedOrigin(std::string_view origin) const {
    return std::any_of(options_.cors_origins.begin(), options_.cors_origins.end(),
                       [&](const std::string& allowed) { return allowed == "*" || allowed == origin; });
  }

  void AddCorsHeaders(Call& call) const {
    const auto origin = call.request.headers.Find("origin");
    if (!origin || !IsAllowedOrigin(*origin)) return;
    call.headers.Add("Access-Control-Allow-Origin", std::string(*origin));
    call.headers.Add("Vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
    call.headers.Add("Access-Control-Expose-Headers",
                     "ETag, Accept-Ranges, Content-Encoding, Content-Length, Content-Range, Last-Modified, "
                     "x-amz-request-id, x-amz-id-2, x-amz-meta-*");
  }

  Status Preflight(Call& call) const {
    const auto origin = call.request.headers.Find("origin");
    const std::string method = call.Header("access-control-request-method");
    if (!origin || method.empty()) {
      return S3Error(ErrorKind::kInvalid, 400, "BadRequest",
                     "Insufficient information. Origin request header needed, and Access-Control-Request-Method.");
    }
    static constexpr std::array<std::string_view, 5> kMethods = {"GET", "PUT", "HEAD", "POST", "DELETE"};
    if (!IsAllowedOrigin(*origin) || std::find(kMethods.begin(), kMethods.end(), method) == kMethods.end()) {
      return S3Error(ErrorKind::kDenied, 403, "AccessForbidden",
                     "CORSResponse: This CORS request is not allowed. Start the server with --cors-origin.");
    }
    call.headers.Add("Access-Control-Allow-Methods", "GET, PUT, HEAD, POST, DELETE");
    if (const auto wanted = call.request.headers.Find("access-control-request-headers")) {
      call.headers.Add("Access-Control-Allow-Headers", std::string(*wanted));
    }
    call.headers.Add("Access-Control-Max-Age", "3000");
    return call.SendNothing(200);
  }

  const S3WireOptions options_;
  const Authenticator authenticator_;
};

}  // namespace
}  // namespace s3

std::shared_ptr<Wire> MakeS3Wire(S3WireOptions options) { return std::make_shared<s3::S3Wire>(std::move(options)); }

}  // namespace glaux::serve
