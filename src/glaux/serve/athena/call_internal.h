#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glaux/serve/athena/athena_wire.h"
#include "glaux/serve/athena/executions_internal.h"
#include "glaux/serve/athena/kept_internal.h"
#include "glaux/wire/athena_catalog.h"
#include "glaux/wire/athena_query.h"
#include "glaux/wire/athena_saved_query.h"
#include "glaux/wire/athena_tag.h"
#include "glaux/wire/athena_workgroup.h"

namespace glaux::serve::athena {

namespace wire = glaux::wire::athena;

/// What operations work on.
struct Service {
  AthenaWireOptions options;
  std::unique_ptr<Kept<KeptState>> kept;
  std::unique_ptr<Executions> executions;
};

inline constexpr char kPrimary[] = "primary";
inline constexpr char kCatalogName[] = "AwsDataCatalog";

/// An error with the exception's own name, "TooManyRequestsException".
template <typename... Args>
Status AthenaError(ErrorKind kind, std::string_view exception, Args&&... message) {
  return MakeError({.kind = kind, .code = std::string(exception), .http_status = 400}, std::forward<Args>(message)...);
}
/// An InvalidRequestException with its AthenaErrorCode, "INVALID_INPUT".
template <typename... Args>
Status InvalidRequest(std::string_view athena_code, Args&&... message) {
  return MakeError({.kind = ErrorKind::kInvalid, .code = std::string(athena_code), .http_status = 400},
                   std::forward<Args>(message)...);
}
/// As AWS words what a model does not allow.
Status Constraint(std::string_view field, std::string_view constraint);
/// kInvalid unless a text has between `least` and `most` bytes.
Status CheckLength(std::string_view field, std::string_view text, size_t least, size_t most);
/// A parameter that asks for what we do not do, and that a client must not believe in.
template <typename T>
Status RefuseIfSet(std::string_view field, const std::optional<T>& value) {
  return value ? InvalidRequest("INVALID_INPUT", field, " is not supported by this server: leave it out")
               : Status::OK();
}
/// kInvalid for a configuration of results that we do not keep to.
Status CheckResultConfiguration(const wire::ResultConfiguration& configuration);

/// Messages of a catalog name its file, which is nobody's business.
std::string MessageOf(const Catalog& catalog, const Status& status);
/// The body of an error's answer, and its HTTP status.
struct ErrorAnswer {
  std::string body;
  int http_status;
};
ErrorAnswer AnswerOf(const Catalog& catalog, const Status& status, std::string_view request_id);

wire::EngineVersion EngineVersion();

/// An id as Athena's are: 8-4-4-4-12 digits.
std::string NewUuid();

/// How many entries a page has, for MaxResults. kInvalid outside `least` to `most`.
Result<size_t> PageSize(const std::optional<int64_t>& max_results, int64_t least, int64_t most);
/// NextToken, which is the key of the last entry before. kInvalid for what we did not give.
Result<std::string> KeyOfToken(const std::optional<std::string>& next_token);
std::string TokenOfKey(std::string_view key);

/// One page of entries that are ordered by `key`.
template <typename Entry, typename Key>
Result<std::vector<Entry>> PageOf(std::vector<Entry> entries, Key key, const std::optional<std::string>& token,
                                  size_t size, std::optional<std::string>* next_token) {
  ARROW_ASSIGN_OR_RAISE(const std::string after, KeyOfToken(token));
  std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) { return key(a) < key(b); });
  const auto begin = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return after.empty() || key(entry) > after; });
  entries.erase(entries.begin(), begin);
  if (entries.size() > size) {
    entries.resize(size);
    *next_token = TokenOfKey(key(entries.back()));
  }
  return entries;
}

/// kInvalid if there is no workgroup of that name; empty is `primary`.
Result<wire::WorkGroup> FindWorkGroup(const Service& service, const std::optional<std::string>& name);
/// kNotFound (ResourceNotFoundException).
Result<wire::PreparedStatement> FindPrepared(const Service& service, const std::string& workgroup,
                                             const std::string& name);

/// kInvalid for keys and values that are too long.
Status CheckTags(const std::vector<wire::Tag>& tags);
/// Give a workgroup tags, in place of those of the same key. kInvalid if it had too many.
Status AddTags(const std::vector<wire::Tag>& tags, const std::string& workgroup, KeptState* state);

/// Keep a statement under a name, in place of one that has it.
Status Prepare(Service& service, const std::string& workgroup, const std::string& name, const std::string& statement);
/// kNotFound (ResourceNotFoundException).
Status Deallocate(Service& service, const std::string& workgroup, const std::string& name);

// The operations. Each answers, or returns what is to be answered as an error.

Result<wire::StartQueryExecutionResponse> Run(Service& service, wire::StartQueryExecutionRequest request);
Result<wire::GetQueryExecutionResponse> Run(Service& service, wire::GetQueryExecutionRequest request);
Result<wire::BatchGetQueryExecutionResponse> Run(Service& service, wire::BatchGetQueryExecutionRequest request);
Result<wire::ListQueryExecutionsResponse> Run(Service& service, wire::ListQueryExecutionsRequest request);
Result<wire::Empty> Run(Service& service, wire::StopQueryExecutionRequest request);
Result<wire::GetQueryResultsResponse> Run(Service& service, wire::GetQueryResultsRequest request);
Result<wire::GetQueryRuntimeStatisticsResponse> Run(Service& service, wire::GetQueryRuntimeStatisticsRequest request);

Result<wire::Empty> Run(Service& service, wire::CreateWorkGroupRequest request);
Result<wire::GetWorkGroupResponse> Run(Service& service, wire::GetWorkGroupRequest request);
Result<wire::ListWorkGroupsResponse> Run(Service& service, wire::ListWorkGroupsRequest request);
Result<wire::Empty> Run(Service& service, wire::UpdateWorkGroupRequest request);
Result<wire::Empty> Run(Service& service, wire::DeleteWorkGroupRequest request);
Result<wire::ListEngineVersionsResponse> Run(Service& service, wire::ListEngineVersionsRequest request);

Result<wire::CreateNamedQueryResponse> Run(Service& service, wire::CreateNamedQueryRequest request);
Result<wire::GetNamedQueryResponse> Run(Service& service, wire::GetNamedQueryRequest request);
Result<wire::BatchGetNamedQueryResponse> Run(Service& service, wire::BatchGetNamedQueryRequest request);
Result<wire::ListNamedQueriesResponse> Run(Service& service, wire::ListNamedQueriesRequest request);
Result<wire::Empty> Run(Service& service, wire::UpdateNamedQueryRequest request);
Result<wire::Empty> Run(Service& service, wire::DeleteNamedQueryRequest request);

Result<wire::Empty> Run(Service& service, wire::CreatePreparedStatementRequest request);
Result<wire::GetPreparedStatementResponse> Run(Service& service, wire::GetPreparedStatementRequest request);
Result<wire::BatchGetPreparedStatementResponse> Run(Service& service, wire::BatchGetPreparedStatementRequest request);
Result<wire::ListPreparedStatementsResponse> Run(Service& service, wire::ListPreparedStatementsRequest request);
Result<wire::Empty> Run(Service& service, wire::UpdatePreparedStatementRequest request);
Result<wire::Empty> Run(Service& service, wire::DeletePreparedStatementRequest request);

Result<wire::Empty> Run(Service& service, wire::TagResourceRequest request);
Result<wire::Empty> Run(Service& service, wire::UntagResourceRequest request);
Result<wire::ListTagsForResourceResponse> Run(Service& service, wire::ListTagsForResourceRequest request);

Result<wire::ListDataCatalogsResponse> Run(Service& service, wire::ListDataCatalogsRequest request);
Result<wire::GetDataCatalogResponse> Run(Service& service, wire::GetDataCatalogRequest request);
Result<wire::ListDatabasesResponse> Run(Service& service, wire::ListDatabasesRequest request);
Result<wire::GetDatabaseResponse> Run(Service& service, wire::GetDatabaseRequest request);
Result<wire::ListTableMetadataResponse> Run(Service& service, wire::ListTableMetadataRequest request);
Result<wire::GetTableMetadataResponse> Run(Service& service, wire::GetTableMetadataRequest request);

}  // namespace glaux::serve::athena
