#include <arrow/api.h>

#include <boost/json.hpp>

#include "glaux/schema/json_schema.h"
#include "glaux/schema/numeric_internal.h"
#include "glaux/schema/type_table_internal.h"
#include "glaux/schema/types.h"

namespace glaux {
namespace {

namespace json = boost::json;
using arrow::Type;
using TypePtr = std::shared_ptr<arrow::DataType>;

Result<json::object> TypeToJson(const TypePtr& given, int depth);

/// The same schema, and null.
json::object OrNull(json::object schema) {
  auto& type = schema["type"];
  if (type.is_string()) {
    type = json::array{type, "null"};
  } else {
    type.as_array().push_back("null");
  }
  return schema;
}

Result<json::object> FieldToJson(const arrow::Field& field, int depth) {
  auto schema = TypeToJson(field.type(), depth);
  if (!schema.ok()) return Prefix(schema.status(), "field " + field.name());
  const bool is_null = field.type()->id() == Type::NA;
  if (field.nullable() && !is_null) *schema = OrNull(*std::move(schema));
  if (field.metadata() != nullptr) {
    const auto comment = field.metadata()->Get("comment");
    if (comment.ok()) schema->emplace("description", *comment);
  }
  return schema;
}

Result<json::object> FieldsToJson(const arrow::FieldVector& fields, int depth) {
  json::object properties;
  json::array required;
  for (const auto& field : fields) {
    ARROW_ASSIGN_OR_RAISE(auto schema, FieldToJson(*field, depth));
    if (!properties.emplace(field->name(), std::move(schema)).second) {
      return MakeError(ErrorKind::kInvalid, "two fields are called ", field->name());
    }
    if (!field->nullable()) required.emplace_back(field->name());
  }
  json::object result{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) result["required"] = std::move(required);
  return result;
}

Result<json::object> MapToJson(const arrow::MapType& map, int depth) {
  ARROW_ASSIGN_OR_RAISE(auto values, FieldToJson(*map.item_field(), depth));
  json::object result{{"type", "object"}, {"additionalProperties", std::move(values)}};
  ARROW_ASSIGN_OR_RAISE(const auto key, schema_internal::Plain(map.key_type()));
  if (key->id() != Type::STRING) {
    ARROW_ASSIGN_OR_RAISE(const auto glue, ToGlueType(map));
    result["x-glaux-type"] = glue;
  }
  return result;
}

/// What JSON Schema says about a scalar, and whether that is all there is to say.
struct Words {
  json::object schema;
  bool complete = true;
};

Words WordsFor(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::NA:
      return {{{"type", "null"}}};
    case Type::BOOL:
      return {{{"type", "boolean"}}};
    case Type::STRING:
      return {{{"type", "string"}}};
    case Type::BINARY:
      return {{{"type", "string"}, {"contentEncoding", "base64"}}};
    case Type::DATE32:
      return {{{"type", "string"}, {"format", "date"}}};
    case Type::TIMESTAMP:
      return {{{"type", "string"}, {"format", "date-time"}}};
    case Type::TIME32:
    case Type::TIME64:
      return {{{"type", "string"}, {"format", "time"}}};
    case Type::INT64:
      return {{{"type", "integer"}}};
    case Type::DOUBLE:
      return {{{"type", "number"}}};
    case Type::FLOAT:
      return {{{"type", "number"}}, false};
    case Type::UINT64:
      return {{{"type", "integer"}}, false};
    case Type::DECIMAL128:
      return {{{"type", json::array{"number", "string"}}}, false};
    default:
      return {{{"type", "integer"}}, false};
  }
}

Result<json::object> TypeToJson(const TypePtr& given, int depth) {
  if (depth > schema_internal::kMaxTypeDepth) {
    return MakeError(ErrorKind::kInvalid, "a type nests deeper than ", schema_internal::kMaxTypeDepth, " levels");
  }
  ARROW_ASSIGN_OR_RAISE(const auto type, schema_internal::Plain(given));
  if (type->id() == Type::STRUCT) return FieldsToJson(type->fields(), depth + 1);
  if (type->id() == Type::MAP) return MapToJson(static_cast<const arrow::MapType&>(*type), depth + 1);
  if (schema_internal::IsListLike(*type)) {
    ARROW_ASSIGN_OR_RAISE(auto items, FieldToJson(*type->field(0), depth + 1));
    return json::object{{"type", "array"}, {"items", std::move(items)}};
  }
  auto words = WordsFor(*type);
  if (!words.complete) {
    ARROW_ASSIGN_OR_RAISE(const auto glue, ToGlueType(*type));
    words.schema["x-glaux-type"] = glue;
  }
  return std::move(words.schema);
}

void Print(const json::value& value, size_t indent, std::string* out) {
  const auto line = [&](size_t depth) { out->append("\n").append(2 * depth, ' '); };
  if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
    *out += '{';
    bool first = true;
    for (const auto& [key, part] : *object) {
      if (!first) *out += ',';
      first = false;
      line(indent + 1);
      out->append(json::serialize(json::string(key))).append(": ");
      Print(part, indent + 1, out);
    }
    line(indent);
    *out += '}';
    return;
  }
  if (const auto* array = value.if_array(); array != nullptr) {
    *out += '[';
    for (size_t i = 0; i < array->size(); ++i) {
      if (i > 0) *out += ", ";
      Print((*array)[i], indent, out);
    }
    *out += ']';
    return;
  }
  out->append(json::serialize(value));
}

}  // namespace

Result<std::string> ToJsonSchema(const arrow::Schema& schema, std::string_view title) {
  try {
    ARROW_ASSIGN_OR_RAISE(auto record, FieldsToJson(schema.fields(), 0));
    json::object root{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"title", json::string(title.data(), title.size())}};
    for (auto& [key, value] : record) root.emplace(key, std::move(value));
    std::string text;
    Print(root, 0, &text);
    return text += '\n';
  } catch (const std::exception& e) {
    return MakeError(ErrorKind::kInvalid, "JSON Schema: ", e.what());
  }
}

}  // namespace glaux
