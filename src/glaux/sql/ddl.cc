#include "glaux/sql/ddl.h"

namespace glaux::sql {
namespace {

std::string QuotedName(std::string_view name) {
  std::string out = "`";
  for (const char c : name) out += c == '`' ? "``" : std::string(1, c);
  return out + "`";
}

std::string QuotedText(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string Columns(const std::vector<Column>& columns) {
  std::string out;
  for (const auto& column : columns) {
    out += out.empty() ? "  " : ",\n  ";
    out += QuotedName(column.name) + " " + column.type;
    if (!column.comment.empty()) out += " COMMENT " + QuotedText(column.comment);
  }
  return out;
}

std::string Properties(const Parameters& parameters) {
  std::string out;
  for (const auto& [key, value] : parameters) {
    out += (out.empty() ? "  " : ",\n  ") + QuotedText(key) + "=" + QuotedText(value);
  }
  return out;
}

}  // namespace

Result<std::string> ToAthenaDdl(const TableEntry& table) {
  if (table.table_type == "VIRTUAL_VIEW") {
    return MakeError(ErrorKind::kInvalid, table.id.ToString(), " is a view, and not made by CREATE EXTERNAL TABLE");
  }
  std::string name = QuotedName(table.id.name);
  if (!table.id.database.empty()) name = QuotedName(table.id.database) + "." + name;
  std::string out = "CREATE EXTERNAL TABLE " + name + " (\n" + Columns(table.storage.columns) + "\n)\n";
  if (!table.description.empty()) out += "COMMENT " + QuotedText(table.description) + "\n";
  if (!table.partition_keys.empty()) out += "PARTITIONED BY (\n" + Columns(table.partition_keys) + "\n)\n";
  const auto& serde = table.storage.serde_info;
  if (!serde.serialization_library.empty()) {
    out += "ROW FORMAT SERDE " + QuotedText(serde.serialization_library) + "\n";
    if (!serde.parameters.empty()) out += "WITH SERDEPROPERTIES (\n" + Properties(serde.parameters) + "\n)\n";
  }
  if (!table.storage.input_format.empty()) {
    out += "STORED AS INPUTFORMAT " + QuotedText(table.storage.input_format) + "\nOUTPUTFORMAT " +
           QuotedText(table.storage.output_format) + "\n";
  }
  if (!table.storage.location.empty()) out += "LOCATION " + QuotedText(table.storage.location) + "\n";
  Parameters properties = table.parameters;
  // The statement itself says it.
  properties.erase("EXTERNAL");
  if (!properties.empty()) out += "TBLPROPERTIES (\n" + Properties(properties) + "\n)\n";
  out.back() = ';';
  return out + "\n";
}

}  // namespace glaux::sql
