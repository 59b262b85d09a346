#include <arrow/api.h>

#include <algorithm>

#include "glaux/base/near_names.h"
#include "glaux/base/wildcard.h"
#include "glaux/lake/statements_internal.h"
#include "glaux/schema/names.h"
#include "glaux/sql/view.h"

namespace glaux {
namespace {

bool IsView(const TableEntry& table) { return table.table_type == sql::kViewType; }

}  // namespace

bool FitsPattern(std::string_view name, const std::optional<std::string>& pattern) {
  if (!pattern.has_value()) return true;
  const std::string folded = FoldName(*pattern);
  std::string one;
  for (size_t i = 0; i <= folded.size(); ++i) {
    if (i == folded.size() || folded[i] == '|') {
      if (MatchesWildcard(one, name)) return true;
      one.clear();
    } else if (folded[i] != '.' || i + 1 == folded.size() || folded[i + 1] != '*') {
      one += folded[i];
    }
  }
  return false;
}

std::shared_ptr<arrow::Table> TextRows(const std::vector<std::string>& names,
                                       const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (size_t c = 0; c < names.size(); ++c) {
    arrow::StringBuilder builder;
    for (const auto& row : rows) static_cast<void>(builder.Append(row[c]));
    fields.push_back(arrow::field(names[c], arrow::utf8()));
    columns.push_back(builder.Finish().ValueOrDie());
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), columns, static_cast<int64_t>(rows.size()));
}

std::shared_ptr<arrow::Table> NoRows() { return TextRows({}, {}); }

std::shared_ptr<arrow::Table> CountRows(int64_t rows) {
  arrow::Int64Builder builder;
  static_cast<void>(builder.Append(rows));
  return arrow::Table::Make(arrow::schema({arrow::field("rows", arrow::int64())}),
                            std::vector<std::shared_ptr<arrow::Array>>{builder.Finish().ValueOrDie()}, 1);
}

Statements::Statements(const StatementEnvironment& environment, StatementRun& run)
    : environment_(environment), run_(run) {}

std::string Statements::DatabaseNamed(const std::string& database) const {
  if (!database.empty()) return database;
  return FoldName(run_.request().database.empty() ? environment_.database : run_.request().database);
}

Result<TableId> Statements::Named(const TableId& id) const {
  return TableId{.database = DatabaseNamed(id.database), .name = id.name};
}

Result<bool> Statements::HasDatabase(const std::string& database) const {
  const auto there = catalog().GetDatabase(database);
  if (there.ok()) return true;
  if (KindOf(there.status()) != ErrorKind::kNotFound) return there.status();
  if (database == FoldName(environment_.database)) return false;
  std::vector<std::string> names;
  if (const auto all = AllDatabases(catalog()); all.ok()) {
    for (const auto& other : *all) names.push_back(other.name);
  }
  const std::string near = DidYouMean(database, names);
  return MakeError({.kind = ErrorKind::kNotFound,
                    .code = "SCHEMA_NOT_FOUND",
                    .hint = near.empty() ? "CREATE DATABASE " + database + " makes it" : near},
                   "there is no database ", database);
}

Status Statements::NeedDatabase(const std::string& database) {
  ARROW_ASSIGN_OR_RAISE(const bool there, HasDatabase(database));
  if (there) return Status::OK();
  const Status made = catalog().CreateDatabase({.name = database});
  return !made.ok() && KindOf(made) == ErrorKind::kAlreadyExists ? Status::OK() : made;
}

Result<Statements::Rows> Statements::operator()(const sql::CreateDatabase& create) {
  DatabaseEntry entry{.name = create.name,
                      .description = create.comment,
                      .location_uri = create.location,
                      .parameters = create.properties};
  if (!create.location.empty()) {
    ARROW_ASSIGN_OR_RAISE(entry.location_uri, CheckLocation("CREATE DATABASE " + create.name, create.location));
  }
  ARROW_RETURN_NOT_OK(run_.BeginCommit());
  const Status made = catalog().CreateDatabase(entry);
  if (!made.ok() && create.if_not_exists && KindOf(made) == ErrorKind::kAlreadyExists) return NoRows();
  ARROW_RETURN_NOT_OK(made);
  return NoRows();
}

Result<Statements::Rows> Statements::operator()(const sql::DropDatabase& drop) {
  const auto there = catalog().GetDatabase(drop.name);
  if (!there.ok() && KindOf(there.status()) == ErrorKind::kNotFound && drop.if_exists) return NoRows();
  ARROW_RETURN_NOT_OK(there.status());
  ARROW_RETURN_NOT_OK(run_.BeginCommit());
  if (drop.cascade) {
    ARROW_ASSIGN_OR_RAISE(const auto tables, AllTables(catalog(), drop.name));
    for (const auto& table : tables) {
      const Status dropped = catalog().DropTable(table.id);
      if (!dropped.ok() && KindOf(dropped) != ErrorKind::kNotFound) return dropped;
    }
  }
  Status dropped = catalog().DropDatabase(drop.name);
  if (!dropped.ok() && KindOf(dropped) == ErrorKind::kPrecondition && !drop.cascade) {
    auto info = InfoOf(dropped);
    info.hint = "DROP DATABASE " + drop.name + " CASCADE drops them too; their files stay";
    return MakeError(info, dropped.message());
  }
  ARROW_RETURN_NOT_OK(dropped);
  return NoRows();
}

Result<Statements::Rows> Statements::operator()(const sql::SetDatabaseProperties& set) {
  ARROW_RETURN_NOT_OK(HasDatabase(set.name).status());
  ARROW_ASSIGN_OR_RAISE(auto entry, catalog().GetDatabase(set.name));
  for (const auto& [key, value] : set.properties) entry.parameters[key] = value;
  ARROW_RETURN_NOT_OK(run_.BeginCommit());
  ARROW_RETURN_NOT_OK(catalog().UpdateDatabase(entry));
  return NoRows();
}

Result<Statements::Rows> Statements::operator()(const sql::ShowDatabases& show) {
  ARROW_ASSIGN_OR_RAISE(const auto databases, AllDatabases(catalog()));
  std::vector<std::vector<std::string>> rows;
  for (const auto& database : databases) {
    if (FitsPattern(database.name, show.pattern)) rows.push_back({database.name});
  }
  return TextRows({"database_name"}, rows);
}

Result<std::vector<TableEntry>> Statements::TablesOf(const std::string& database) const {
  ARROW_ASSIGN_OR_RAISE(const bool there, HasDatabase(database));
  if (!there) return std::vector<TableEntry>();
  return AllTables(catalog(), database);
}

Result<Statements::Rows> Statements::operator()(const sql::ShowTables& show) {
  const std::string database = DatabaseNamed(show.database);
  ARROW_ASSIGN_OR_RAISE(const auto tables, TablesOf(database));
  std::vector<std::vector<std::string>> rows;
  for (const auto& table : tables) {
    if (FitsPattern(table.id.name, show.pattern)) rows.push_back({table.id.name});
  }
  return TextRows({"tab_name"}, rows);
}

Result<Statements::Rows> Statements::operator()(const sql::ShowViews& show) {
  const std::string database = DatabaseNamed(show.database);
  ARROW_ASSIGN_OR_RAISE(const auto tables, TablesOf(database));
  std::vector<std::vector<std::string>> rows;
  for (const auto& table : tables) {
    if (IsView(table) && FitsPattern(table.id.name, show.pattern)) rows.push_back({table.id.name});
  }
  return TextRows({"views"}, rows);
}

}  // namespace glaux
