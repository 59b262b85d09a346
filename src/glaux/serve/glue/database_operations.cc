#include <algorithm>

#include "glaux/catalog/entry_json.h"
#include "glaux/catalog/entry_rules.h"
#include "glaux/serve/glue/call_internal.h"

namespace glaux::serve::glue {
namespace {

boost::json::object ShownDatabase(const Call& call, const DatabaseEntry& database) {
  auto shown = ToJson(database);
  shown["CatalogId"] = call.catalog_id;
  return shown;
}

Result<DatabaseEntry> EntryOf(boost::json::object input) {
  ARROW_RETURN_NOT_OK(wire::CheckDatabaseInput(input));
  return DatabaseFromJson(input);
}

}  // namespace

Result<wire::Empty> Run(Call& call, wire::CreateDatabaseRequest request) {
  if (request.Tags) ARROW_RETURN_NOT_OK(CheckTags(*request.Tags));
  ARROW_ASSIGN_OR_RAISE(const auto entry, EntryOf(std::move(request.DatabaseInput)));
  ARROW_RETURN_NOT_OK(call.catalog.CreateDatabase(entry));
  if (request.Tags && !request.Tags->empty()) ARROW_RETURN_NOT_OK(TagDatabase(call, entry.name, *request.Tags));
  return wire::Empty{};
}

Result<wire::GetDatabaseResponse> Run(Call& call, wire::GetDatabaseRequest request) {
  ARROW_ASSIGN_OR_RAISE(const auto database, call.catalog.GetDatabase(request.Name));
  return wire::GetDatabaseResponse{.Database = ShownDatabase(call, database)};
}

Result<wire::GetDatabasesResponse> Run(Call& call, wire::GetDatabasesRequest request) {
  ARROW_ASSIGN_OR_RAISE(const auto page, PageOf(request.MaxResults, request.NextToken, 100));
  wire::GetDatabasesResponse answer;
  // Nobody else's databases are shared with this catalog.
  if (request.ResourceShareType == "FOREIGN" || request.ResourceShareType == "FEDERATED") return answer;
  ARROW_ASSIGN_OR_RAISE(auto databases, call.catalog.ListDatabases(page));
  for (const auto& database : databases.entries) {
    answer.DatabaseList.push_back(request.AttributesToGet
                                      ? boost::json::object{{"Name", database.name}, {"CatalogId", call.catalog_id}}
                                      : ShownDatabase(call, database));
  }
  answer.NextToken = TokenOf(std::move(databases.next_token));
  return answer;
}

Result<wire::Empty> Run(Call& call, wire::UpdateDatabaseRequest request) {
  ARROW_ASSIGN_OR_RAISE(auto entry, EntryOf(std::move(request.DatabaseInput)));
  ARROW_ASSIGN_OR_RAISE(const auto before, call.catalog.GetDatabase(request.Name));
  ARROW_ASSIGN_OR_RAISE(entry.name, CheckName("database name", entry.name));
  if (entry.name != before.name) {
    return InvalidInput("a database keeps its name: ", before.name, " cannot become ", entry.name);
  }
  ARROW_RETURN_NOT_OK(call.catalog.UpdateDatabase(entry));
  return wire::Empty{};
}

Result<wire::Empty> Run(Call& call, wire::DeleteDatabaseRequest request) {
  // Glue takes the tables along. Others may add some meanwhile.
  for (int attempt = 1;; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(const auto tables, AllTables(call.catalog, request.Name));
    for (const auto& table : tables) {
      const Status dropped = call.catalog.DropTable(table.id);
      if (!dropped.ok() && KindOf(dropped) != ErrorKind::kNotFound) return dropped;
    }
    const Status dropped = call.catalog.DropDatabase(request.Name);
    if (dropped.ok()) return wire::Empty{};
    if (KindOf(dropped) != ErrorKind::kPrecondition || attempt == 5) return dropped;
  }
}

}  // namespace glaux::serve::glue
