#include "glaux/engine/duckdb/lake_file_names_internal.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "glaux/engine/duckdb/query_state_internal.h"

namespace glaux::duckdb_engine {

namespace {

using Definitions = duckdb::vector<duckdb::MultiFileColumnDefinition>;
using Names = duckdb::case_insensitive_set_t;

/// "v" of "v_1"; empty for a name without a number.
std::string WithoutNumber(const std::string& name) {
  const auto end = name.find_last_not_of("0123456789");
  if (end == std::string::npos || end + 1 == name.size() || name[end] != '_') return {};
  return name.substr(0, end);
}

/// Whether DuckDB may have numbered a column among these; `read` says which of the names matter, null: all.
bool LooksNumbered(const Definitions& columns, const Names* read) {
  Names names;
  for (const auto& column : columns) names.insert(column.name);
  return std::any_of(columns.begin(), columns.end(), [&](const auto& column) {
    const auto base = WithoutNumber(column.name);
    if (!base.empty() && names.count(base) > 0 && (!read || read->count(base) > 0 || read->count(column.name) > 0)) {
      return true;
    }
    return (!read || read->count(column.name) > 0) && LooksNumbered(column.children, nullptr);
  });
}

/// A file's own schema.
struct Node {
  std::string name;
  std::vector<Node> children;
};

std::optional<std::pair<std::string, std::string>> FindTwice(const std::vector<Node>& nodes, const Names* read) {
  duckdb::case_insensitive_map_t<std::string> seen;
  for (const auto& node : nodes) {
    const auto [first, is_new] = seen.emplace(node.name, node.name);
    const auto matters = [&] {
      if (!read || read->count(node.name) > 0) return true;
      // A column of the table that has the very name which DuckDB made up.
      return std::any_of(read->begin(), read->end(), [&](const std::string& name) {
        return duckdb::StringUtil::CIEquals(WithoutNumber(name), node.name);
      });
    };
    if (!is_new && matters()) return std::pair(first->second, node.name);
    if (read && read->count(node.name) == 0) continue;
    if (auto inside = FindTwice(node.children, nullptr)) {
      return std::pair(node.name + "." + inside->first, node.name + "." + inside->second);
    }
  }
  return std::nullopt;
}

std::vector<Node> ReadSchema(duckdb::ClientContext& context, const std::string& file) {
  duckdb::Connection connection(*context.db);
  if (auto query = QueryContext::Of(context)) query->AttachTo(*connection.context, query);
  const auto rows = connection.Query("SELECT name, coalesce(num_children, 0) FROM parquet_schema('" +
                                     duckdb::StringUtil::Replace(file, "'", "''") + "')");
  if (rows->HasError()) rows->ThrowError();
  duckdb::idx_t next = 0;
  const std::function<Node()> read = [&] {
    Node node{.name = rows->GetValue(0, next).ToString()};
    const auto children = rows->GetValue(1, next).GetValue<int64_t>();
    ++next;
    for (int64_t i = 0; i < children && next < rows->RowCount(); ++i) node.children.push_back(read());
    return node;
  };
  return rows->RowCount() == 0 ? std::vector<Node>() : read().children;
}

}  // namespace

Status CheckNames(duckdb::ClientContext& context, const std::string& file, const Definitions& columns,
                  const std::vector<std::string>& read) {
  const Names names(read.begin(), read.end());
  if (!LooksNumbered(columns, &names)) return Status::OK();
  const auto twice = FindTwice(ReadSchema(context, file), &names);
  if (!twice) return Status::OK();
  return MakeError({.kind = ErrorKind::kInvalid, .hint = "load the file anew with one of them renamed"}, "file ", file,
                   ": columns ", twice->first, " and ", twice->second, " have one name to SQL, which ignores case");
}

}  // namespace glaux::duckdb_engine
