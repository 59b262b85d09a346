#include <boost/json.hpp>

#include "glaux/base/base64.h"
#include "glaux/base/random.h"
#include "glaux/serve/athena/call_internal.h"

namespace glaux::serve::athena {
namespace {

/// Errors of a catalog, which Athena passes on, have their own exception.
std::string_view ExceptionOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUnauthenticated:
    case ErrorKind::kDenied:
      return "AccessDeniedException";
    case ErrorKind::kNotFound:
    case ErrorKind::kAlreadyExists:
    case ErrorKind::kPrecondition:
      return "MetadataException";
    case ErrorKind::kThrottled:
      return "TooManyRequestsException";
    case ErrorKind::kInvalid:
    case ErrorKind::kNotImplemented:
      return "InvalidRequestException";
    default:
      return "InternalServerException";
  }
}

/// What Athena adds to an error that its catalog gave: clients look for Glue's exception in it.
std::string CatalogsAnswer(ErrorKind kind, std::string_view request_id) {
  const std::string_view code = kind == ErrorKind::kNotFound        ? "EntityNotFoundException"
                                : kind == ErrorKind::kAlreadyExists ? "AlreadyExistsException"
                                                                    : "ConcurrentModificationException";
  return " (Service: AmazonDataCatalog; Status Code: 400; Error Code: " + std::string(code) +
         "; Request ID: " + std::string(request_id) + "; Proxy: null)";
}

}  // namespace

std::string NewUuid() {
  std::string id = NewId();
  for (const size_t at : {8, 13, 18, 23}) id.insert(at, "-");
  return id;
}

Status Constraint(std::string_view field, std::string_view constraint) {
  return InvalidRequest("INVALID_INPUT", "1 validation error detected: Value at '", field,
                        "' failed to satisfy constraint: ", constraint);
}

Status CheckLength(std::string_view field, std::string_view text, size_t least, size_t most) {
  if (text.size() < least) {
    return Constraint(field, "Member must have length greater than or equal to " + std::to_string(least));
  }
  if (text.size() > most) {
    return Constraint(field, "Member must have length less than or equal to " + std::to_string(most));
  }
  return Status::OK();
}

Status CheckResultConfiguration(const wire::ResultConfiguration& configuration) {
  ARROW_RETURN_NOT_OK(RefuseIfSet("EncryptionConfiguration", configuration.EncryptionConfiguration));
  ARROW_RETURN_NOT_OK(RefuseIfSet("AclConfiguration", configuration.AclConfiguration));
  return RefuseIfSet("ExpectedBucketOwner", configuration.ExpectedBucketOwner);
}

std::string MessageOf(const Catalog& catalog, const Status& status) {
  std::string message = status.message();
  const std::string name = catalog.name();
  const std::string path = name.substr(name.find(':') + 1);
  for (size_t at = 0; !path.empty() && (at = message.find(path, at)) != std::string::npos;)
    message.erase(at, path.size());
  return message;
}

ErrorAnswer AnswerOf(const Catalog& catalog, const Status& status, std::string_view request_id) {
  const ErrorInfo info = InfoOf(status);
  std::string exception = info.code, athena_code;
  if (info.code == "ValidationException") {
    exception = "InvalidRequestException";
  } else if (!info.code.ends_with("Exception")) {
    exception = ExceptionOf(info.kind);
    athena_code = info.code;
  }
  std::string message = MessageOf(catalog, status);
  if (exception == "MetadataException") message += CatalogsAnswer(info.kind, request_id);
  boost::json::object error{{"__type", exception}, {"Message", std::move(message)}};
  if (exception == "InvalidRequestException") {
    error["AthenaErrorCode"] = athena_code.empty() ? "INVALID_INPUT" : athena_code;
  } else if (exception == "TooManyRequestsException") {
    error["Reason"] = "CONCURRENT_QUERY_LIMIT_EXCEEDED";
  }
  const int http_status = exception == "InternalServerException" ? 500 : info.http_status == 0 ? 400 : info.http_status;
  return {boost::json::serialize(error), http_status};
}

wire::EngineVersion EngineVersion() {
  return {.SelectedEngineVersion = "AUTO", .EffectiveEngineVersion = "Athena engine version 3"};
}

Result<size_t> PageSize(const std::optional<int64_t>& max_results, int64_t least, int64_t most) {
  const int64_t wanted = max_results.value_or(most);
  if (wanted < least) {
    return Constraint("maxResults", "Member must have value greater than or equal to " + std::to_string(least));
  }
  if (wanted > most) {
    return Constraint("maxResults", "Member must have value less than or equal to " + std::to_string(most));
  }
  return static_cast<size_t>(wanted == 0 ? most : wanted);
}

Result<std::string> KeyOfToken(const std::optional<std::string>& next_token) {
  std::string key;
  if (next_token && (!DecodeBase64(*next_token, &key) || key.empty())) {
    return InvalidRequest("INVALID_INPUT", "NextToken is none that this server gave");
  }
  return key;
}

std::string TokenOfKey(std::string_view key) {
  std::string token;
  AppendBase64(key, &token);
  return token;
}

}  // namespace glaux::serve::athena
