#pragma once

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "glaux/catalog/catalog.h"
#include "glaux/serve/glue/tags_internal.h"
#include "glaux/wire/glue_account.h"
#include "glaux/wire/glue_database.h"
#include "glaux/wire/glue_partition.h"
#include "glaux/wire/glue_statistics.h"
#include "glaux/wire/glue_table.h"

namespace glaux::serve::glue {

namespace wire = glaux::wire::glue;

/// What an operation works on.
struct Call {
  Catalog& catalog;
  /// Of what is answered.
  std::string catalog_id;
  Tags& tags;
};

/// An error with Glue's own code.
template <typename... Args>
Status GlueError(ErrorKind kind, std::string_view code, Args&&... message) {
  return MakeError({.kind = kind, .code = std::string(code), .http_status = 400}, std::forward<Args>(message)...);
}
template <typename... Args>
Status InvalidInput(Args&&... message) {
  return GlueError(ErrorKind::kInvalid, "InvalidInputException", std::forward<Args>(message)...);
}
/// As AWS words what a model does not allow.
Status Constraint(std::string_view field, std::string_view value, std::string_view constraint);

/// What an error of the catalog is called in Glue, and the status of its answer.
struct ErrorName {
  std::string code;
  int http_status;
};
ErrorName NameOf(const Status& status);
/// The same for one entry of a batch.
wire::ErrorDetail DetailOf(const Call& call, const Status& status);
/// Messages of a catalog name its file, which is nobody's business.
std::string MessageOf(const Call& call, const Status& status);

/// A page of the catalog for MaxResults and NextToken. kInvalid outside 1 to `most`.
Result<PageRequest> PageOf(const std::optional<int64_t>& max_results, const std::optional<std::string>& next_token,
                           int64_t most);
std::optional<std::string> TokenOf(std::string token);
/// kInvalid if a list of a request has fewer than `least` or more than `most` entries.
Status CheckCount(std::string_view field, size_t count, size_t least, size_t most);

/// A parameter that asks for what we do not do, and that a client must not believe in.
template <typename T>
Status RefuseIfSet(std::string_view field, const std::optional<T>& value) {
  return value ? InvalidInput(field, " is not supported by this catalog: leave it out") : Status::OK();
}

boost::json::object ShownTable(const Call& call, const TableEntry& table);
boost::json::object ShownPartition(const Call& call, const TableId& table, const PartitionEntry& partition);

// The operations. Each answers, or returns what is to be answered as an error.

Result<wire::Empty> Run(Call& call, wire::CreateDatabaseRequest request);
Result<wire::GetDatabaseResponse> Run(Call& call, wire::GetDatabaseRequest request);
Result<wire::GetDatabasesResponse> Run(Call& call, wire::GetDatabasesRequest request);
Result<wire::Empty> Run(Call& call, wire::UpdateDatabaseRequest request);
Result<wire::Empty> Run(Call& call, wire::DeleteDatabaseRequest request);

Result<wire::Empty> Run(Call& call, wire::CreateTableRequest request);
Result<wire::GetTableResponse> Run(Call& call, wire::GetTableRequest request);
Result<wire::GetTablesResponse> Run(Call& call, wire::GetTablesRequest request);
Result<wire::Empty> Run(Call& call, wire::UpdateTableRequest request);
Result<wire::Empty> Run(Call& call, wire::DeleteTableRequest request);
Result<wire::BatchDeleteTableResponse> Run(Call& call, wire::BatchDeleteTableRequest request);
Result<wire::GetTableVersionResponse> Run(Call& call, wire::GetTableVersionRequest request);
Result<wire::GetTableVersionsResponse> Run(Call& call, wire::GetTableVersionsRequest request);
Result<wire::GetTablesResponse> Run(Call& call, wire::SearchTablesRequest request);
Result<wire::GetPartitionIndexesResponse> Run(Call& call, wire::GetPartitionIndexesRequest request);

Result<wire::Empty> Run(Call& call, wire::CreatePartitionRequest request);
Result<wire::GetPartitionResponse> Run(Call& call, wire::GetPartitionRequest request);
Result<wire::GetPartitionsResponse> Run(Call& call, wire::GetPartitionsRequest request);
Result<wire::BatchGetPartitionResponse> Run(Call& call, wire::BatchGetPartitionRequest request);
Result<wire::PartitionErrorsResponse> Run(Call& call, wire::BatchCreatePartitionRequest request);
Result<wire::BatchUpdatePartitionResponse> Run(Call& call, wire::BatchUpdatePartitionRequest request);
Result<wire::Empty> Run(Call& call, wire::UpdatePartitionRequest request);
Result<wire::Empty> Run(Call& call, wire::DeletePartitionRequest request);
Result<wire::PartitionErrorsResponse> Run(Call& call, wire::BatchDeletePartitionRequest request);

Result<wire::GetColumnStatisticsResponse> Run(Call& call, wire::GetColumnStatisticsForTableRequest request);
Result<wire::GetColumnStatisticsResponse> Run(Call& call, wire::GetColumnStatisticsForPartitionRequest request);
Result<wire::UpdateColumnStatisticsResponse> Run(Call& call, wire::UpdateColumnStatisticsForTableRequest request);
Result<wire::UpdateColumnStatisticsResponse> Run(Call& call, wire::UpdateColumnStatisticsForPartitionRequest request);
Result<wire::Empty> Run(Call& call, wire::DeleteColumnStatisticsForTableRequest request);
Result<wire::Empty> Run(Call& call, wire::DeleteColumnStatisticsForPartitionRequest request);

Result<wire::GetUserDefinedFunctionsResponse> Run(Call& call, wire::GetUserDefinedFunctionsRequest request);
Result<wire::GetDataCatalogEncryptionSettingsResponse> Run(Call& call,
                                                           wire::GetDataCatalogEncryptionSettingsRequest request);
Result<wire::GetCatalogImportStatusResponse> Run(Call& call, wire::GetCatalogImportStatusRequest request);
Result<wire::GetTagsResponse> Run(Call& call, wire::GetTagsRequest request);
Result<wire::Empty> Run(Call& call, wire::TagResourceRequest request);
Result<wire::Empty> Run(Call& call, wire::UntagResourceRequest request);

/// kInvalid if tags are not as AWS has them.
Status CheckTags(const std::map<std::string, std::string>& tags);
/// Give tags to a database that is there.
Status TagDatabase(Call& call, const std::string& name, const std::map<std::string, std::string>& tags);

}  // namespace glaux::serve::glue
