#include "glaux/catalog/entry_json.h"
#include "glaux/serve/glue/call_internal.h"

namespace glaux::serve::glue {

Status Constraint(std::string_view field, std::string_view value, std::string_view constraint) {
  return GlueError(ErrorKind::kInvalid, "ValidationException", "1 validation error detected: Value '", value, "' at '",
                   field, "' failed to satisfy constraint: ", constraint);
}

ErrorName NameOf(const Status& status) {
  const ErrorInfo info = InfoOf(status);
  if (info.code.ends_with("Exception")) return {info.code, info.http_status == 0 ? 400 : info.http_status};
  switch (info.kind) {
    case ErrorKind::kInvalid:
      return {"InvalidInputException", 400};
    case ErrorKind::kUnauthenticated:
    case ErrorKind::kDenied:
      return {"AccessDeniedException", 400};
    case ErrorKind::kNotFound:
      return {"EntityNotFoundException", 400};
    case ErrorKind::kAlreadyExists:
      return {"AlreadyExistsException", 400};
    case ErrorKind::kPrecondition:
      return {"ConcurrentModificationException", 400};
    case ErrorKind::kThrottled:
      return {"ThrottlingException", 400};
    case ErrorKind::kTimeout:
      return {"OperationTimeoutException", 400};
    case ErrorKind::kNotImplemented:
      return {"OperationNotSupportedException", 400};
    case ErrorKind::kUnavailable:
    case ErrorKind::kOther:
    case ErrorKind::kCommitUnknown:
    case ErrorKind::kCorrupt:
    case ErrorKind::kCancelled:
      break;
  }
  return {"InternalServiceException", 500};
}

std::string MessageOf(const Call& call, const Status& status) {
  std::string message = status.message();
  const std::string name = call.catalog.name();
  const std::string path = name.substr(name.find(':') + 1);
  for (size_t at = 0; !path.empty() && (at = message.find(path, at)) != std::string::npos;)
    message.erase(at, path.size());
  return message;
}

wire::ErrorDetail DetailOf(const Call& call, const Status& status) {
  return {.ErrorCode = NameOf(status).code, .ErrorMessage = MessageOf(call, status)};
}

Result<PageRequest> PageOf(const std::optional<int64_t>& max_results, const std::optional<std::string>& next_token,
                           int64_t most) {
  const int64_t wanted = max_results.value_or(most);
  if (wanted < 1 || wanted > most) {
    return Constraint("MaxResults", std::to_string(wanted),
                      wanted < 1 ? "Member must have value greater than or equal to 1"
                                 : "Member must have value less than or equal to " + std::to_string(most));
  }
  return PageRequest{.next_token = next_token.value_or(""), .max_results = static_cast<int>(wanted)};
}

std::optional<std::string> TokenOf(std::string token) {
  return token.empty() ? std::nullopt : std::optional<std::string>(std::move(token));
}

Status CheckCount(std::string_view field, size_t count, size_t least, size_t most) {
  if (count >= least && count <= most) return Status::OK();
  const bool few = count < least;
  return Constraint(field, "a list of " + std::to_string(count),
                    std::string("Member must have length ") + (few ? "greater" : "less") + " than or equal to " +
                        std::to_string(few ? least : most));
}

boost::json::object ShownTable(const Call& call, const TableEntry& table) {
  auto shown = ToJson(table);
  shown["IsRegisteredWithLakeFormation"] = false;
  shown["CatalogId"] = call.catalog_id;
  return shown;
}

boost::json::object ShownPartition(const Call& call, const TableId& table, const PartitionEntry& partition) {
  auto shown = ToJson(partition);
  shown["DatabaseName"] = table.database;
  shown["TableName"] = table.name;
  shown["CatalogId"] = call.catalog_id;
  return shown;
}

}  // namespace glaux::serve::glue
