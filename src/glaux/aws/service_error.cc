#include "glaux/aws/service_error.h"

#include <boost/json.hpp>
#include <pugixml.hpp>

#include <algorithm>
#include <iterator>

namespace glaux::aws {
namespace {

struct KnownError {
  std::string_view code;
  ErrorKind kind;
  std::string_view hint = {};
};

constexpr std::string_view kExpired = "the credentials have expired: renew them (aws sso login, a new session token)";
constexpr std::string_view kWhoAmI = "glaux doctor shows which credentials are used; their policies must allow this";
constexpr std::string_view kSkew = "set this machine's clock";
constexpr std::string_view kRegion = "set region to where the bucket is";
constexpr std::string_view kArchived = "the object is archived: restore it first (aws s3api restore-object)";
constexpr std::string_view kSlow = "ask for less at once, or spread the keys over more prefixes";

using enum ErrorKind;

// Amazon S3 API Reference, "Error responses"; AWS Security Token Service and Glue and Athena API References,
// "Common errors". Sorted by code.
constexpr KnownError kErrors[] = {
    {"AccessDenied", kDenied, kWhoAmI},
    {"AccessDeniedException", kDenied, kWhoAmI},
    {"AccessPointAlreadyOwnedByYou", kAlreadyExists},
    {"AccountProblem", kDenied, "ask AWS support about the account"},
    {"AllAccessDisabled", kDenied},
    {"AlreadyExistsException", kAlreadyExists},
    {"AuthFailure", kUnauthenticated},
    {"AuthorizationHeaderMalformed", kInvalid, kRegion},
    {"AuthorizationQueryParametersError", kInvalid},
    {"BadDigest", kUnavailable},  // the body was damaged on its way
    {"BandwidthLimitExceeded", kThrottled},
    {"BucketAlreadyExists", kAlreadyExists, "bucket names are unique among all accounts: take another one"},
    {"BucketAlreadyOwnedByYou", kAlreadyExists},
    {"BucketNotEmpty", kPrecondition, "delete the objects and the unfinished uploads in it first"},
    {"ConcurrentModificationException", kPrecondition},
    {"ConditionalRequestConflict", kPrecondition},
    {"EC2ThrottledException", kThrottled},
    {"EntityNotFoundException", kNotFound},
    {"EntityTooLarge", kInvalid},
    {"EntityTooSmall", kInvalid},
    {"ExpiredToken", kUnauthenticated, kExpired},
    {"ExpiredTokenException", kUnauthenticated, kExpired},
    {"IDPCommunicationError", kUnavailable},
    {"IllegalLocationConstraintException", kInvalid, kRegion},
    {"IncompleteBody", kUnavailable},
    {"IncompleteSignature", kUnauthenticated},
    {"InternalError", kUnavailable},
    {"InternalFailure", kUnavailable},
    {"InternalServerError", kUnavailable},
    {"InternalServerException", kUnavailable},
    {"InternalServiceException", kUnavailable},
    {"InvalidAccessKeyId", kUnauthenticated, "no account knows this access key id: check it, and the endpoint"},
    {"InvalidClientTokenId", kUnauthenticated, "no account knows this access key id, or its session token is missing"},
    {"InvalidDigest", kInvalid},
    {"InvalidIdentityToken", kUnauthenticated},
    {"InvalidObjectState", kPrecondition, kArchived},
    {"InvalidPart", kInvalid},
    {"InvalidPartOrder", kInvalid},
    {"InvalidRange", kInvalid},
    {"InvalidRequest", kInvalid},
    {"InvalidRequestException", kInvalid},
    {"InvalidSecurity", kDenied},
    {"InvalidToken", kUnauthenticated, kExpired},
    {"KMS.DisabledException", kDenied, "the KMS key is disabled"},
    {"KMS.NotFoundException", kNotFound, "there is no such KMS key in this region"},
    {"KMSDisabledException", kDenied, "the KMS key is disabled"},
    {"KeyTooLongError", kInvalid},
    {"LimitExceededException", kThrottled},
    {"MalformedPolicyDocument", kInvalid},
    {"MalformedXML", kInvalid},
    {"MetadataTooLarge", kInvalid},
    {"MethodNotAllowed", kInvalid},
    {"MissingAuthenticationToken", kUnauthenticated},
    {"NoSuchAccessPoint", kNotFound},
    {"NoSuchBucket", kNotFound, "check the bucket's name and the endpoint"},
    {"NoSuchKey", kNotFound},
    {"NoSuchTagSet", kNotFound},
    {"NoSuchUpload", kNotFound},
    {"NoSuchVersion", kNotFound},
    {"NotImplemented", kNotImplemented},
    {"NotModified", kPrecondition},
    {"NotSignedUp", kDenied, "the account is not signed up for S3"},
    {"ObjectParentIsFile", kInvalid},  // of servers that keep objects in files
    {"OperationAborted", kPrecondition},
    {"PermanentRedirect", kInvalid, kRegion},
    {"PreconditionFailed", kPrecondition},
    {"PriorRequestNotComplete", kThrottled},
    {"ProvisionedThroughputExceededException", kThrottled},
    {"RegionDisabledException", kDenied, "STS is not activated in this region: activate it, or take another region"},
    {"RequestExpired", kUnauthenticated, kSkew},
    {"RequestLimitExceeded", kThrottled},
    {"RequestThrottled", kThrottled},
    {"RequestThrottledException", kThrottled},
    {"RequestTimeTooSkewed", kUnauthenticated, kSkew},
    {"RequestTimeout", kTimeout},
    {"RequestTimeoutException", kTimeout},
    {"ResourceNotFoundException", kNotFound},
    {"ServiceUnavailable", kUnavailable},
    {"SignatureDoesNotMatch", kUnauthenticated, "the secret access key is not the one of this access key id"},
    {"SlowDown", kThrottled, kSlow},
    {"ThrottledException", kThrottled},
    {"Throttling", kThrottled},
    {"ThrottlingException", kThrottled},
    {"TokenRefreshRequired", kUnauthenticated, kExpired},
    {"TooManyBuckets", kInvalid},
    {"TooManyRequestsException", kThrottled},
    {"TransactionInProgressException", kThrottled},
    {"UnauthorizedAccess", kDenied},
    {"UnauthorizedException", kUnauthenticated, "sign in again: aws sso login"},
    {"UnauthorizedOperation", kDenied, kWhoAmI},
    {"UnrecognizedClientException", kUnauthenticated, "no account knows this access key id"},
    {"ValidationError", kInvalid},
    {"ValidationException", kInvalid},
    {"VersionMismatchException", kPrecondition},
    {"XAmzContentSHA256Mismatch", kUnavailable},  // the body was damaged on its way
};
static_assert(std::is_sorted(std::begin(kErrors), std::end(kErrors),
                             [](const KnownError& a, const KnownError& b) { return a.code < b.code; }));

const KnownError* FindError(std::string_view code) {
  const auto found =
      std::lower_bound(std::begin(kErrors), std::end(kErrors), code,
                       [](const KnownError& error, std::string_view wanted) { return error.code < wanted; });
  return found != std::end(kErrors) && found->code == code ? &*found : nullptr;
}

ErrorKind KindOfStatus(int http_status) {
  switch (http_status) {
    case 304:
    case 409:
    case 412:
      return kPrecondition;
    case 401:
      return kUnauthenticated;
    case 403:
      return kDenied;
    case 404:
    case 410:
      return kNotFound;
    case 408:
      return kTimeout;
    case 429:
      return kThrottled;
    case 501:
      return kNotImplemented;
    default:
      // An error behind a success is the server's own trouble.
      return http_status >= 500 || http_status < 300 ? kUnavailable : kInvalid;
  }
}

void TakeIdsFromHeaders(const http::Response& response, ServiceError* error) {
  for (const char* name : {"x-amz-request-id", "x-amzn-requestid"}) {
    if (error->request_id.empty()) error->request_id = response.headers.Get(name);
  }
  if (error->host_id.empty()) error->host_id = response.headers.Get("x-amz-id-2");
}

}  // namespace

ServiceError DecodeXmlError(const http::Response& response) {
  ServiceError error;
  pugi::xml_document document;
  if (document.load_buffer(response.body.data(), response.body.size())) {
    pugi::xml_node found = document.find_node([](const pugi::xml_node& node) {
      const std::string_view name = node.name();
      return name == "Error" || name.ends_with(":Error");
    });
    for (const auto& child : found.children()) {
      const std::string_view name = child.name();
      if (name == "Code") {
        error.code = child.text().get();
      } else if (name == "Message") {
        error.message = child.text().get();
      } else if (name == "RequestId") {
        error.request_id = child.text().get();
      } else if (name == "HostId") {
        error.host_id = child.text().get();
      } else {
        error.extra.emplace_back(name, child.text().get());
      }
    }
    if (error.request_id.empty()) {  // STS has it beside the error
      error.request_id = document.first_child().child("RequestId").text().get();
    }
  }
  const auto region = response.headers.Find("x-amz-bucket-region");
  const bool told =
      std::any_of(error.extra.begin(), error.extra.end(), [](const auto& e) { return e.first == "Region"; });
  if (region && !told) error.extra.emplace_back("Region", *region);
  TakeIdsFromHeaders(response, &error);
  return error;
}

ServiceError DecodeJsonError(const http::Response& response) {
  ServiceError error;
  error.code = response.headers.Get("x-amzn-errortype");
  boost::system::error_code failed;
  const auto value = boost::json::parse(response.body, failed);
  if (!failed && value.is_object()) {
    const auto& object = value.as_object();
    const auto text = [&](std::string_view name) -> std::string {
      const auto* found = object.if_contains(name);
      return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
    };
    for (const char* name : {"__type", "code", "error"}) {
      if (error.code.empty()) error.code = text(name);
    }
    for (const char* name : {"message", "Message", "errorMessage", "error_description"}) {
      if (error.message.empty()) error.message = text(name);
    }
  }
  error.code = error.code.substr(0, error.code.find(':'));   // "Name:http://…" of the header
  error.code = error.code.substr(error.code.find('#') + 1);  // "com.amazonaws.glue#Name"
  TakeIdsFromHeaders(response, &error);
  return error;
}

ErrorKind KindOfServiceError(std::string_view code, int http_status) {
  const auto* known = FindError(code);
  return known != nullptr ? known->kind : KindOfStatus(http_status);
}

std::string HintOfServiceError(std::string_view service, const ServiceError& error, int http_status) {
  const auto* known = FindError(error.code);
  const bool elsewhere = known != nullptr
                             ? known->hint == kRegion
                             : error.code.empty() && (http_status == 301 || http_status == 307 || http_status == 400);
  for (const auto& [name, value] : error.extra) {
    if (elsewhere && name == "Region" && !value.empty()) return "the bucket is in " + value + "; set region to it";
  }
  if (known != nullptr) return std::string(known->hint);
  if (http_status == 403) return std::string(kWhoAmI);
  if (http_status == 301 && service == "s3") return std::string(kRegion);
  return {};
}

Status ToStatus(std::string_view service, const Call& call, const http::Response& response, const ServiceError& error) {
  ErrorInfo info{.kind = KindOfServiceError(error.code, response.status),
                 .service = std::string(service),
                 .operation = call.operation,
                 .code = error.code,
                 .http_status = response.status,
                 .request_id = error.request_id,
                 .hint = HintOfServiceError(service, error, response.status)};
  std::string text = call.operation + " " + call.subject + ": ";
  text += error.code.empty() ? "HTTP status " + std::to_string(response.status)
                             : error.code + " (" + std::to_string(response.status) + ")";
  if (!error.message.empty()) text += ": " + error.message;
  while (text.ends_with('.')) text.pop_back();
  return MakeErrorMessage(std::move(info), std::move(text));
}

}  // namespace glaux::aws
