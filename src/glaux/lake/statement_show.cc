#include <arrow/api.h>

#include "glaux/base/near_names.h"
#include "glaux/lake/statements_internal.h"
#include "glaux/sql/ddl.h"
#include "glaux/sql/view.h"
#include "glaux/table/hive/hive_path.h"

namespace glaux {
namespace {

using TextRow = std::vector<std::string>;

std::vector<std::string> NamesOf(std::span<const Column> columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  return names;
}

/// Columns, then partition keys.
std::vector<Column> AllColumns(const TableEntry& table) {
  auto columns = table.storage.columns;
  columns.insert(columns.end(), table.partition_keys.begin(), table.partition_keys.end());
  return columns;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// What DESCRIBE FORMATTED has below the columns.
void AppendDetail(const TableEntry& table, std::vector<TextRow>* rows) {
  const auto& storage = table.storage;
  rows->push_back({"", "", ""});
  rows->push_back({"# Detailed Table Information", "", ""});
  rows->push_back({"Database:", table.id.database, ""});
  if (!table.owner.empty()) rows->push_back({"Owner:", table.owner, ""});
  if (!table.description.empty()) rows->push_back({"Comment:", table.description, ""});
  rows->push_back({"Location:", storage.location, ""});
  rows->push_back({"Table Type:", table.table_type, ""});
  rows->push_back({"Table Parameters:", "", ""});
  for (const auto& [key, value] : table.parameters) rows->push_back({"", key, value});
  rows->push_back({"", "", ""});
  rows->push_back({"# Storage Information", "", ""});
  rows->push_back({"SerDe Library:", storage.serde_info.serialization_library, ""});
  rows->push_back({"InputFormat:", storage.input_format, ""});
  rows->push_back({"OutputFormat:", storage.output_format, ""});
  if (storage.number_of_buckets > 0) {
    rows->push_back({"Num Buckets:", std::to_string(storage.number_of_buckets), ""});
    for (const auto& column : storage.bucket_columns) rows->push_back({"Bucket Column:", column, ""});
  }
  rows->push_back({"Storage Desc Params:", "", ""});
  for (const auto& [key, value] : storage.serde_info.parameters) rows->push_back({"", key, value});
}

}  // namespace

Result<TableEntry> Statements::EntryOf(const TableId& id) const {
  ARROW_ASSIGN_OR_RAISE(const auto named, Named(id));
  ARROW_RETURN_NOT_OK(HasDatabase(named.database).status());
  auto entry = catalog().GetTable(named);
  if (entry.ok() || KindOf(entry.status()) != ErrorKind::kNotFound) return entry;
  std::vector<std::string> names;
  if (const auto tables = TablesOf(named.database); tables.ok()) {
    for (const auto& table : *tables) names.push_back(table.id.name);
  }
  const std::string near = DidYouMean(named.name, names);
  return MakeError({.kind = ErrorKind::kNotFound,
                    .code = "TABLE_NOT_FOUND",
                    .hint = near.empty() ? "SHOW TABLES IN " + named.database + " lists what is there" : near},
                   "there is no table ", named.ToString());
}

Result<TableEntry> Statements::TableOf(std::string_view statement, const TableId& id) const {
  ARROW_ASSIGN_OR_RAISE(auto entry, EntryOf(id));
  if (entry.table_type == sql::kViewType) {
    return MakeError(ErrorKind::kInvalid, statement, " ", entry.id.ToString(), ": it is a view");
  }
  return entry;
}

Result<Statements::Rows> Statements::operator()(const sql::ShowColumns& show) {
  ARROW_ASSIGN_OR_RAISE(const auto table, EntryOf(show.table));
  std::vector<TextRow> rows;
  for (const auto& column : AllColumns(table)) rows.push_back({column.name});
  return TextRows({"field"}, rows);
}

Result<Statements::Rows> Statements::operator()(const sql::ShowPartitions& show) {
  ARROW_ASSIGN_OR_RAISE(const auto table, TableOf("SHOW PARTITIONS", show.table));
  if (table.partition_keys.empty()) {
    return MakeError(ErrorKind::kInvalid, "SHOW PARTITIONS ", table.id.ToString(), ": the table has no partition keys");
  }
  ARROW_ASSIGN_OR_RAISE(const auto partitions,
                        AllPartitions(catalog(), table.id, PartitionQuery{.exclude_column_schema = true}));
  const auto keys = NamesOf(table.partition_keys);
  std::vector<TextRow> rows;
  for (const auto& partition : partitions) {
    auto path = PartitionPath(keys, partition.values);
    path.pop_back();
    rows.push_back({std::move(path)});
  }
  return TextRows({"partition"}, rows);
}

Result<Statements::Rows> Statements::operator()(const sql::ShowCreateTable& show) {
  ARROW_ASSIGN_OR_RAISE(const auto table, EntryOf(show.table));
  if (show.view) {
    ARROW_ASSIGN_OR_RAISE(const auto view, sql::ViewOf(table));
    std::vector<TextRow> rows = {{"CREATE VIEW " + table.id.database + "." + table.id.name + " AS"}};
    for (auto& line : Lines(view.sql)) rows.push_back({std::move(line)});
    return TextRows({"create view"}, rows);
  }
  if (table.table_type == sql::kViewType) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "SHOW CREATE VIEW shows it"}, "SHOW CREATE TABLE ",
                     table.id.ToString(), ": it is a view");
  }
  ARROW_ASSIGN_OR_RAISE(const auto ddl, sql::ToAthenaDdl(table));
  std::vector<TextRow> rows;
  for (auto& line : Lines(ddl)) rows.push_back({std::move(line)});
  return TextRows({"createtab_stmt"}, rows);
}

Result<Statements::Rows> Statements::operator()(const sql::ShowTableProperties& show) {
  ARROW_ASSIGN_OR_RAISE(const auto table, EntryOf(show.table));
  std::vector<TextRow> rows;
  for (const auto& [key, value] : table.parameters) {
    if (!show.key.has_value() || key == *show.key) rows.push_back({key, value});
  }
  if (show.key.has_value() && rows.empty()) {
    return MakeError(ErrorKind::kNotFound, "table ", table.id.ToString(), " has no property ", *show.key);
  }
  return TextRows({"prpt_name", "prpt_value"}, rows);
}

Result<Statements::Rows> Statements::operator()(const sql::DescribeTable& describe) {
  ARROW_ASSIGN_OR_RAISE(const auto table, EntryOf(describe.table));
  const std::vector<std::string> header = {"col_name", "data_type", "comment"};
  std::vector<TextRow> rows;
  const auto columns = AllColumns(table);
  for (const auto& column : columns) {
    if (describe.column.empty() || column.name == describe.column) {
      rows.push_back({column.name, column.type, column.comment});
    }
  }
  if (!describe.column.empty()) {
    if (!rows.empty()) return TextRows(header, rows);
    return MakeError({.kind = ErrorKind::kNotFound, .hint = DidYouMean(describe.column, NamesOf(columns))}, "table ",
                     table.id.ToString(), " has no column ", describe.column);
  }
  if (!table.partition_keys.empty()) {
    rows.push_back({"", "", ""});
    rows.push_back({"# Partition Information", "", ""});
    rows.push_back({"# col_name", "data_type", "comment"});
    for (const auto& key : table.partition_keys) rows.push_back({key.name, key.type, key.comment});
  }
  if (describe.detail != sql::DescribeTable::Detail::kColumns) AppendDetail(table, &rows);
  return TextRows(header, rows);
}

}  // namespace glaux
