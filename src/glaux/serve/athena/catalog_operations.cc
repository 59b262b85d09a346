#include "glaux/serve/athena/call_internal.h"
#include "glaux/serve/name_pattern.h"

namespace glaux::serve::athena {
namespace {

Status CheckCatalog(std::string_view name) {
  static constexpr std::string_view kName = "awsdatacatalog";
  const bool known = std::equal(name.begin(), name.end(), kName.begin(), kName.end(),
                                [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
  if (known) return Status::OK();
  return InvalidRequest("INVALID_INPUT", "Data Catalog ", name.substr(0, 256), " was not found: expected ",
                        kCatalogName);
}

wire::Database Shown(const DatabaseEntry& database, bool name_only) {
  wire::Database shown{.Name = database.name};
  if (name_only) return shown;
  if (!database.description.empty()) shown.Description = database.description;
  shown.Parameters = database.parameters;
  return shown;
}

std::vector<wire::Column> Shown(const std::vector<Column>& columns) {
  std::vector<wire::Column> shown;
  for (const auto& column : columns) {
    shown.push_back({.Name = column.name, .Type = column.type});
    if (!column.comment.empty()) shown.back().Comment = column.comment;
  }
  return shown;
}

/// As Athena gives a table: what Glue has of its storage is among the parameters.
wire::TableMetadata Shown(const TableEntry& table) {
  wire::TableMetadata shown{.Name = table.id.name};
  shown.CreateTime = table.create_time;
  shown.TableType = table.table_type;
  shown.Columns = Shown(table.storage.columns);
  shown.PartitionKeys = Shown(table.partition_keys);
  auto& parameters = shown.Parameters.emplace(table.parameters);
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) parameters[name] = value;
  };
  add("location", table.storage.location);
  add("inputformat", table.storage.input_format);
  add("outputformat", table.storage.output_format);
  add("serde.serialization.lib", table.storage.serde_info.serialization_library);
  for (const auto& [name, value] : table.storage.serde_info.parameters) parameters["serde.param." + name] = value;
  return shown;
}

Result<PageRequest> CatalogPage(const std::optional<int64_t>& max_results, const std::optional<std::string>& token) {
  ARROW_ASSIGN_OR_RAISE(const size_t size, PageSize(max_results, 1, 50));
  return PageRequest{.next_token = token.value_or(""), .max_results = static_cast<int>(size)};
}

std::optional<std::string> TokenOf(std::string token) {
  return token.empty() ? std::nullopt : std::optional<std::string>(std::move(token));
}

}  // namespace

Result<wire::ListDataCatalogsResponse> Run(Service&, wire::ListDataCatalogsRequest request) {
  ARROW_RETURN_NOT_OK(PageSize(request.MaxResults, 2, 50).status());
  wire::ListDataCatalogsResponse answer;
  answer.DataCatalogsSummary.emplace().push_back({.CatalogName = kCatalogName, .Type = "GLUE"});
  return answer;
}

Result<wire::GetDataCatalogResponse> Run(Service&, wire::GetDataCatalogRequest request) {
  ARROW_RETURN_NOT_OK(CheckCatalog(request.Name));
  return wire::GetDataCatalogResponse{.DataCatalog = wire::DataCatalog{.Name = kCatalogName, .Type = "GLUE"}};
}

Result<wire::ListDatabasesResponse> Run(Service& service, wire::ListDatabasesRequest request) {
  ARROW_RETURN_NOT_OK(CheckCatalog(request.CatalogName));
  ARROW_ASSIGN_OR_RAISE(const auto page, CatalogPage(request.MaxResults, request.NextToken));
  ARROW_ASSIGN_OR_RAISE(auto found, service.options.catalog->ListDatabases(page));
  wire::ListDatabasesResponse answer;
  auto& shown = answer.DatabaseList.emplace();
  const bool name_only = request.AttributesToGet && !request.AttributesToGet->empty();
  for (const auto& one : found.entries) shown.push_back(Shown(one, name_only));
  answer.NextToken = TokenOf(std::move(found.next_token));
  return answer;
}

Result<wire::GetDatabaseResponse> Run(Service& service, wire::GetDatabaseRequest request) {
  ARROW_RETURN_NOT_OK(CheckCatalog(request.CatalogName));
  ARROW_ASSIGN_OR_RAISE(const auto found, service.options.catalog->GetDatabase(request.DatabaseName));
  return wire::GetDatabaseResponse{.Database = Shown(found, false)};
}

Result<wire::ListTableMetadataResponse> Run(Service& service, wire::ListTableMetadataRequest request) {
  ARROW_RETURN_NOT_OK(CheckCatalog(request.CatalogName));
  ARROW_ASSIGN_OR_RAISE(auto page, CatalogPage(request.MaxResults, request.NextToken));
  ARROW_ASSIGN_OR_RAISE(const auto pattern, NamePattern::Make(request.Expression.value_or("")));
  wire::ListTableMetadataResponse answer;
  auto& shown = answer.TableMetadataList.emplace();
  const size_t size = static_cast<size_t>(page.max_results);
  while (shown.size() < size) {
    page.max_results = static_cast<int>(size - shown.size());
    ARROW_ASSIGN_OR_RAISE(auto found, service.options.catalog->ListTables(request.DatabaseName, page));
    for (const auto& one : found.entries) {
      ARROW_ASSIGN_OR_RAISE(const bool wanted, pattern.Matches(one.id.name));
      if (!wanted) continue;
      shown.push_back(Shown(one));
      if (!request.AttributesToGet || request.AttributesToGet->empty()) continue;
      wire::TableMetadata least{.Name = shown.back().Name};
      const auto& attributes = *request.AttributesToGet;
      if (std::find(attributes.begin(), attributes.end(), "TABLE_TYPE") != attributes.end()) {
        least.TableType = one.table_type;
      }
      shown.back() = std::move(least);
    }
    page.next_token = found.next_token;
    if (page.next_token.empty()) break;
  }
  answer.NextToken = TokenOf(std::move(page.next_token));
  return answer;
}

Result<wire::GetTableMetadataResponse> Run(Service& service, wire::GetTableMetadataRequest request) {
  ARROW_RETURN_NOT_OK(CheckCatalog(request.CatalogName));
  ARROW_ASSIGN_OR_RAISE(const auto found, service.options.catalog->GetTable({request.DatabaseName, request.TableName}));
  return wire::GetTableMetadataResponse{.TableMetadata = Shown(found)};
}

}  // namespace glaux::serve::athena
