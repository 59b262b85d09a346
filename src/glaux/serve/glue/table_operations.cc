#include <algorithm>

#include "glaux/catalog/entry_json.h"
#include "glaux/serve/glue/call_internal.h"
#include "glaux/serve/name_pattern.h"

namespace glaux::serve::glue {
namespace {

Result<TableEntry> EntryOf(std::string_view database, std::optional<boost::json::object> input) {
  if (!input) return glaux::wire::JsonFieldMissing({.name = "TableInput"});
  ARROW_RETURN_NOT_OK(wire::CheckTableInput(*input));
  ARROW_ASSIGN_OR_RAISE(auto table, TableFromJson(*input));
  table.id.database = database;
  return table;
}

Status CheckName(const std::optional<std::string>& name, const TableEntry& table) {
  if (!name || *name == table.id.name) return Status::OK();
  return InvalidInput("Name is ", *name, ", and TableInput.Name is ", table.id.name, ": a table keeps its name");
}

/// What AttributesToGet leaves of a table.
boost::json::object Shown(const Call& call, const TableEntry& table,
                          const std::optional<std::vector<std::string>>& attributes) {
  bool whole = !attributes || attributes->empty();
  boost::json::object shown{{"Name", table.id.name}, {"DatabaseName", table.id.database}};
  for (size_t i = 0; !whole && i < attributes->size(); ++i) {
    const auto& attribute = (*attributes)[i];
    if (attribute == "TABLE_TYPE" && !table.table_type.empty()) shown["TableType"] = table.table_type;
    whole = attribute != "NAME" && attribute != "TABLE_TYPE";
  }
  return whole ? ShownTable(call, table) : shown;
}

bool IsElsewhere(const std::optional<std::string>& share) { return share == "FOREIGN" || share == "FEDERATED"; }

}  // namespace

Result<wire::Empty> Run(Call& call, wire::CreateTableRequest request) {
  ARROW_RETURN_NOT_OK(RefuseIfSet("TransactionId", request.TransactionId));
  ARROW_RETURN_NOT_OK(RefuseIfSet("OpenTableFormatInput", request.OpenTableFormatInput));
  if (request.PartitionIndexes && !request.PartitionIndexes->empty()) {
    ARROW_RETURN_NOT_OK(RefuseIfSet("PartitionIndexes", request.PartitionIndexes));
  }
  ARROW_ASSIGN_OR_RAISE(const auto table, EntryOf(request.DatabaseName, std::move(request.TableInput)));
  ARROW_RETURN_NOT_OK(CheckName(request.Name, table));
  ARROW_RETURN_NOT_OK(call.catalog.CreateTable(table));
  return wire::Empty{};
}

Result<wire::GetTableResponse> Run(Call& call, wire::GetTableRequest request) {
  ARROW_RETURN_NOT_OK(RefuseIfSet("TransactionId", request.TransactionId));
  ARROW_RETURN_NOT_OK(RefuseIfSet("QueryAsOfTime", request.QueryAsOfTime));
  ARROW_ASSIGN_OR_RAISE(const auto table, call.catalog.GetTable({request.DatabaseName, request.Name}));
  return wire::GetTableResponse{.Table = Shown(call, table, request.AttributesToGet)};
}

Result<wire::GetTablesResponse> Run(Call& call, wire::GetTablesRequest request) {
  ARROW_RETURN_NOT_OK(RefuseIfSet("TransactionId", request.TransactionId));
  ARROW_RETURN_NOT_OK(RefuseIfSet("QueryAsOfTime", request.QueryAsOfTime));
  ARROW_ASSIGN_OR_RAISE(auto page, PageOf(request.MaxResults, request.NextToken, 100));
  ARROW_ASSIGN_OR_RAISE(const auto pattern, NamePattern::Make(request.Expression.value_or("")));
  wire::GetTablesResponse answer;
  auto& list = answer.TableList.emplace();
  if (IsElsewhere(request.ResourceShareType)) return answer;
  // A page may have fewer tables than asked for, but an empty one in the middle irritates clients.
  do {
    ARROW_ASSIGN_OR_RAISE(auto tables, call.catalog.ListTables(request.DatabaseName, page));
    for (const auto& table : tables.entries) {
      ARROW_ASSIGN_OR_RAISE(const bool matches, pattern.Matches(table.id.name));
      if (matches) list.push_back(Shown(call, table, request.AttributesToGet));
    }
    page.next_token = std::move(tables.next_token);
  } while (list.empty() && !page.next_token.empty());
  answer.NextToken = TokenOf(std::move(page.next_token));
  return answer;
}

Result<wire::Empty> Run(Call& call, wire::UpdateTableRequest request) {
  ARROW_RETURN_NOT_OK(RefuseIfSet("TransactionId", request.TransactionId));
  ARROW_RETURN_NOT_OK(RefuseIfSet("ViewUpdateAction", request.ViewUpdateAction));
  ARROW_RETURN_NOT_OK(RefuseIfSet("UpdateOpenTableFormatInput", request.UpdateOpenTableFormatInput));
  ARROW_ASSIGN_OR_RAISE(const auto table, EntryOf(request.DatabaseName, std::move(request.TableInput)));
  ARROW_RETURN_NOT_OK(CheckName(request.Name, table));
  if (request.VersionId) {
    ARROW_RETURN_NOT_OK(call.catalog.CommitTable(*request.VersionId, table));
    return wire::Empty{};
  }
  // Without a version the last one wins. Each round of this loop means that somebody else's update went through.
  for (int attempt = 1;; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(const auto before, call.catalog.GetTable(table.id));
    const auto updated = call.catalog.CommitTable(before.version_id, table);
    if (updated.ok()) return wire::Empty{};
    if (KindOf(updated.status()) != ErrorKind::kPrecondition || attempt == 100) return updated.status();
  }
}

Result<wire::Empty> Run(Call& call, wire::DeleteTableRequest request) {
  ARROW_RETURN_NOT_OK(RefuseIfSet("TransactionId", request.TransactionId));
  ARROW_RETURN_NOT_OK(call.catalog.DropTable({request.DatabaseName, request.Name}));
  return wire::Empty{};
}

Result<wire::BatchDeleteTableResponse> Run(Call& call, wire::BatchDeleteTableRequest request) {
  ARROW_RETURN_NOT_OK(RefuseIfSet("TransactionId", request.TransactionId));
  ARROW_RETURN_NOT_OK(CheckCount("TablesToDelete", request.TablesToDelete.size(), 0, 100));
  ARROW_RETURN_NOT_OK(call.catalog.GetDatabase(request.DatabaseName));
  wire::BatchDeleteTableResponse answer;
  auto& errors = answer.Errors.emplace();
  for (const auto& name : request.TablesToDelete) {
    const Status dropped = call.catalog.DropTable({request.DatabaseName, name});
    if (!dropped.ok()) errors.push_back({.TableName = name, .ErrorDetail = DetailOf(call, dropped)});
  }
  return answer;
}

Result<wire::GetTableVersionResponse> Run(Call& call, wire::GetTableVersionRequest request) {
  const TableId id{request.DatabaseName, request.TableName};
  ARROW_ASSIGN_OR_RAISE(const auto table, call.catalog.GetTable(id, request.VersionId.value_or("")));
  return wire::GetTableVersionResponse{
      .TableVersion = {.Table = ShownTable(call, table), .VersionId = table.version_id}};
}

Result<wire::GetTableVersionsResponse> Run(Call& call, wire::GetTableVersionsRequest request) {
  ARROW_ASSIGN_OR_RAISE(const auto page, PageOf(request.MaxResults, request.NextToken, 100));
  ARROW_ASSIGN_OR_RAISE(auto versions, call.catalog.TableVersions({request.DatabaseName, request.TableName}, page));
  wire::GetTableVersionsResponse answer;
  auto& list = answer.TableVersions.emplace();
  for (const auto& table : versions.entries) {
    list.push_back({.Table = ShownTable(call, table), .VersionId = table.version_id});
  }
  answer.NextToken = TokenOf(std::move(versions.next_token));
  return answer;
}

Result<wire::GetPartitionIndexesResponse> Run(Call& call, wire::GetPartitionIndexesRequest request) {
  // The catalog is ordered by partition values and needs no index.
  ARROW_RETURN_NOT_OK(call.catalog.GetTable({request.DatabaseName, request.TableName}));
  return wire::GetPartitionIndexesResponse{.PartitionIndexDescriptorList = std::vector<boost::json::object>()};
}

}  // namespace glaux::serve::glue
