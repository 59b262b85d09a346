#include "schema_text.h"

#include <arrow/type.h>

#include "glaux/catalog/entry_json.h"

namespace glaux::cli {
namespace {

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
