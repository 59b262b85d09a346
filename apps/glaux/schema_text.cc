#include "schema_text.h"

#include <arrow/type.h>

#include "glaux/catalog/entry_json.h"

namespace glaux::cli {
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

void Append(const boost::json::value& value, const std::string& indent, std::string* out) {
  const std::string deeper = indent + "  ";
  if (value.is_object() && !value.get_object().empty()) {
    bool first = true;
    for (const auto& [key, member] : value.get_object()) {
      *out += (first ? "{\n" : ",\n") + deeper + boost::json::serialize(boost::json::string(key)) + ": ";
      Append(member, deeper, out);
      first = false;
    }
    *out += "\n" + indent + "}";
  } else if (value.is_array() && !value.get_array().empty()) {
    bool first = true;
    for (const auto& member : value.get_array()) {
      *out += (first ? "[\n" : ",\n") + deeper;
      Append(member, deeper, out);
      first = false;
    }
    *out += "\n" + indent + "]";
  } else {
    *out += boost::json::serialize(value);
  }
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

std::string ToGlueJson(const TableEntry& table) {
  auto json = ToJson(table);
  // What the catalog sets and CreateTable does not take.
  for (const char* field : {"CatalogId", "CreateTime", "CreatedBy", "DatabaseName", "UpdateTime", "VersionId",
                            "IsRegisteredWithLakeFormation"}) {
    json.erase(field);
  }
  return PrettyJson(json) + "\n";
}

std::string ToArrowText(const arrow::Schema& schema) {
  std::string out;
  for (const auto& field : schema.fields()) out += field->ToString() + "\n";
  return out;
}

std::string PrettyJson(const boost::json::value& value) {
  std::string out;
  Append(value, "", &out);
  return out;
}

}  // namespace glaux::cli
