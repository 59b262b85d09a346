#include "glaux/sql/view.h"

#include <boost/json.hpp>

#include "glaux/base/base64.h"

namespace glaux::sql {
namespace {

constexpr std::string_view kBegin = "/* Presto View: ";
constexpr std::string_view kEnd = " */";
constexpr char kDialectParameter[] = "glaux.dialect";
constexpr char kNative[] = "duckdb";

bool IsNative(const TableEntry& entry) {
  const auto found = entry.parameters.find(kDialectParameter);
  return found != entry.parameters.end() && found->second == kNative;
}

/// The text of a member; nothing if it is not there or no text.
std::string TextOf(const boost::json::object& json, std::string_view name) {
  const auto* value = json.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

std::string ToPrestoView(const View& view) {
  boost::json::array columns;
  for (const auto& column : view.columns) {
    columns.push_back(boost::json::object{{"name", column.name}, {"type", column.type}});
  }
  const boost::json::object json = {
      {"originalSql", view.sql}, {"catalog", view.catalog}, {"schema", view.database}, {"columns", std::move(columns)}};
  std::string text(kBegin);
  AppendBase64(boost::json::serialize(json), &text);
  return text.append(kEnd);
}

Result<View> ViewOf(const TableEntry& entry) {
  const std::string subject = "view " + entry.id.ToString();
  if (entry.table_type != kViewType) return MakeError(ErrorKind::kInvalid, entry.id.ToString(), " is no view");
  const std::string_view text = entry.view_original_text;
  if (!text.starts_with(kBegin) || !text.ends_with(kEnd) || text.size() < kBegin.size() + kEnd.size()) {
    return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "make it again with CREATE OR REPLACE VIEW"}, subject,
                     ": it is not kept as Athena and Trino keep views");
  }
  std::string decoded;
  if (!DecodeBase64(text.substr(kBegin.size(), text.size() - kBegin.size() - kEnd.size()), &decoded)) {
    return MakeError(ErrorKind::kCorrupt, subject, ": its text is no Base64");
  }
  boost::system::error_code error;
  const auto json = boost::json::parse(decoded, error);
  if (error || !json.is_object()) return MakeError(ErrorKind::kCorrupt, subject, ": its text is no JSON object");
  View view{.sql = TextOf(json.get_object(), "originalSql"),
            .catalog = TextOf(json.get_object(), "catalog"),
            .database = TextOf(json.get_object(), "schema"),
            .is_native = IsNative(entry)};
  if (view.sql.empty()) return MakeError(ErrorKind::kCorrupt, subject, ": its JSON has no originalSql");
  if (view.database.empty()) view.database = entry.id.database;
  const auto* columns = json.get_object().if_contains("columns");
  if (columns != nullptr && columns->is_array()) {
    for (const auto& column : columns->get_array()) {
      if (!column.is_object()) continue;
      view.columns.push_back(
          {.name = TextOf(column.get_object(), "name"), .type = TextOf(column.get_object(), "type")});
    }
  }
  return view;
}

TableEntry MakeViewEntry(TableId id, const View& view, std::vector<Column> columns) {
  TableEntry entry{.id = std::move(id), .table_type = kViewType};
  entry.storage.columns = std::move(columns);
  entry.view_original_text = ToPrestoView(view);
  entry.view_expanded_text = "/* Presto View */";
  entry.parameters = {{"presto_view", "true"}, {"comment", "Presto View"}};
  if (view.is_native) entry.parameters[kDialectParameter] = kNative;
  return entry;
}

}  // namespace glaux::sql
