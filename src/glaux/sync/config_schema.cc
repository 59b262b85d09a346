#include <boost/json.hpp>

#include "glaux/sync/config_keys_internal.h"

namespace glaux {
namespace pipeline_file {
namespace {

namespace json = boost::json;

json::string Text(std::string_view text) { return json::string(text.data(), text.size()); }

/// A value, or a text with a ${VAR} in it.
json::object OrVariable(json::object schema) {
  return {{"anyOf", json::array{std::move(schema), json::object{{"type", "string"}, {"pattern", "\\$\\{"}}}}};
}

json::object AnyText() {
  // A scalar is a text whatever YAML takes it for.
  return {{"type", json::array{"string", "number", "boolean"}}};
}

json::object Reference(std::string_view section) { return {{"$ref", "#/$defs/" + std::string(section)}}; }

json::object ValueSchema(const KeyDoc& doc) {
  switch (doc.shape) {
    case Shape::kText:
    case Shape::kTime:
      return AnyText();
    case Shape::kCharacter:
      return {{"type", json::array{"string", "number"}}, {"minLength", 1}};
    case Shape::kWord: {
      json::array words;
      for (const auto word : doc.words) words.push_back(Text(word));
      return OrVariable({{"enum", std::move(words)}});
    }
    case Shape::kInteger: {
      json::object number{{"type", "integer"}, {"minimum", doc.least}};
      if (doc.most != INT64_MAX) number["maximum"] = doc.most;
      return OrVariable(std::move(number));
    }
    case Shape::kNumber:
      return OrVariable({{"type", "number"}, {"exclusiveMinimum", 0}});
    case Shape::kBoolean:
      return OrVariable({{"type", "boolean"}});
    case Shape::kSize:
    case Shape::kDuration:
      return {{"type", json::array{"string", "number"}}};
    case Shape::kTexts:
      return {
          {"anyOf", json::array{AnyText(), json::object{{"type", "array"}, {"items", AnyText()}, {"minItems", 1}}}}};
    case Shape::kTextMap:
      return {{"type", "object"}, {"additionalProperties", AnyText()}, {"minProperties", 1}};
    case Shape::kSection:
      return Reference(doc.section);
  }
  return {};
}

json::object MappingSchema(const std::vector<const KeyDoc*>& docs) {
  json::object properties;
  for (const auto* doc : docs) {
    auto value = ValueSchema(*doc);
    value["description"] = Text(doc->doc);
    properties[Text(doc->name)] = std::move(value);
  }
  return {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
}

json::object FileSchema() {
  auto schema = MappingSchema(FileKeyDocs());
  auto& properties = schema["properties"].as_object();
  for (const std::string_view named : {"sources", "destinations"}) {
    auto& property = properties[named].as_object();
    property.erase("$ref");
    property["type"] = "object";
    property["minProperties"] = 1;
    property["propertyNames"] = json::object{{"pattern", "^[A-Za-z0-9_-]{1,100}$"}};
    property["additionalProperties"] = Reference(named.substr(0, named.size() - 1));
  }
  auto& pipelines = properties["pipelines"].as_object();
  pipelines.erase("$ref");
  pipelines["type"] = "array";
  pipelines["minItems"] = 1;
  pipelines["items"] = Reference("pipeline");
  schema["required"] = json::array{"sources", "destinations"};
  return schema;
}

/// Two spaces a level, so that people can read it and versions can be compared.
void Print(const json::value& value, int level, std::string* out) {
  const auto line = [&](int at) { *out += "\n" + std::string(static_cast<size_t>(at) * 2, ' '); };
  if (value.is_object() && !value.get_object().empty()) {
    *out += '{';
    bool first = true;
    for (const auto& [key, member] : value.get_object()) {
      if (!std::exchange(first, false)) *out += ',';
      line(level + 1);
      *out += json::serialize(json::string(key)) + ": ";
      Print(member, level + 1, out);
    }
    line(level);
    *out += '}';
  } else {
    *out += json::serialize(value);
  }
}

}  // namespace
}  // namespace pipeline_file

std::string SyncConfigJsonSchema() {
  using namespace pipeline_file;
  json::object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "glaux pipelines"}};
  for (auto& [key, value] : FileSchema()) schema[key] = std::move(value);
  json::object definitions;
  for (const std::string_view section : {"source", "select", "incremental", "destination", "contract", "pipeline"}) {
    definitions[section] = MappingSchema(SectionKeyDocs(section));
  }
  schema["$defs"] = std::move(definitions);
  std::string text;
  Print(schema, 0, &text);
  return text + "\n";
}

}  // namespace glaux
