#include "glaux/wire/glue_entries.h"

#include <algorithm>
#include <span>

namespace glaux::wire::glue {
namespace {

namespace json = boost::json;

/// A field of Glue's, and what is below it.
struct Field {
  enum class Use {
    kKept,
    kNotKept,  ///< a catalog of ours has no place for it
    kPassing,  ///< a mark of the service's own, which says nothing about the data
  };
  std::string_view name;
  Use use = Use::kKept;
  std::span<const Field> below = {};  ///< of an object, or of each object of a list
};
using enum Field::Use;

constexpr Field kColumnFields[] = {{"Name"}, {"Type"}, {"Comment"}, {"Parameters"}};
constexpr Field kSerDeFields[] = {{"Name"}, {"SerializationLibrary"}, {"Parameters"}};
constexpr Field kOrderFields[] = {{"Column"}, {"SortOrder"}};
constexpr Field kStorageFields[] = {{"Columns", kKept, kColumnFields},
                                    {"Location"},
                                    {"AdditionalLocations", kNotKept},
                                    {"InputFormat"},
                                    {"OutputFormat"},
                                    {"Compressed"},
                                    {"NumberOfBuckets"},
                                    {"SerdeInfo", kKept, kSerDeFields},
                                    {"BucketColumns"},
                                    {"SortColumns", kKept, kOrderFields},
                                    {"Parameters"},
                                    {"SkewedInfo", kNotKept},
                                    {"StoredAsSubDirectories"},
                                    {"SchemaReference", kNotKept}};
constexpr Field kDatabaseFields[] = {{"Name"},
                                     {"Description"},
                                     {"LocationUri"},
                                     {"Parameters"},
                                     {"CreateTableDefaultPermissions", kNotKept},
                                     {"TargetDatabase", kNotKept},
                                     {"FederatedDatabase", kNotKept}};
constexpr Field kTableFields[] = {{"Name"},
                                  {"Description"},
                                  {"Owner"},
                                  {"LastAccessTime", kPassing},
                                  {"LastAnalyzedTime", kPassing},
                                  {"Retention"},
                                  {"StorageDescriptor", kKept, kStorageFields},
                                  {"PartitionKeys", kKept, kColumnFields},
                                  {"ViewOriginalText"},
                                  {"ViewExpandedText"},
                                  {"TableType"},
                                  {"Parameters"},
                                  {"TargetTable", kNotKept},
                                  {"FederatedTable", kNotKept},
                                  {"ViewDefinition", kNotKept}};
constexpr Field kPartitionFields[] = {{"Values"},
                                      {"LastAccessTime", kPassing},
                                      {"StorageDescriptor", kKept, kStorageFields},
                                      {"Parameters"},
                                      {"LastAnalyzedTime", kPassing}};

/// Nothing is said: null, {}, [], or an object of such.
bool IsEmpty(const json::value& value) {
  if (value.is_null()) return true;
  if (const auto* array = value.if_array()) return array->empty();
  const auto* object = value.if_object();
  return object != nullptr &&
         std::all_of(object->begin(), object->end(), [](const auto& item) { return IsEmpty(item.value()); });
}

Status NotKept(const JsonPlace& place) {
  return MakeError({.kind = ErrorKind::kInvalid, .code = "InvalidInputException", .http_status = 400}, place.ToString(),
                   " is not supported by this catalog: leave it out");
}

Status Check(json::object& object, std::span<const Field> fields, const JsonPlace& place) {
  for (auto& [key, value] : object) {
    const std::string_view name = key;
    const JsonPlace here{&place, name};
    const auto field =
        std::find_if(fields.begin(), fields.end(), [&](const Field& known) { return known.name == name; });
    if (field == fields.end()) return JsonFieldUnknown(here);
    if (field->use == kNotKept && !IsEmpty(value)) return NotKept(here);
    if (field->below.empty()) continue;
    if (auto* below = value.if_object()) ARROW_RETURN_NOT_OK(Check(*below, field->below, here));
    auto* list = value.if_array();
    for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const JsonPlace item{.outer = &here, .index = i};
      if (auto* below = (*list)[i].if_object()) ARROW_RETURN_NOT_OK(Check(*below, field->below, item));
    }
  }
  return Status::OK();
}

json::object OnlyFields(json::object from, std::span<const Field> fields) {
  json::object out;
  for (const auto& field : fields) {
    if (auto* value = from.if_contains(field.name); value != nullptr && !value->is_null()) {
      out[field.name] = std::move(*value);
    }
  }
  return out;
}

void OverlayFields(json::object changed, std::span<const Field> fields, json::object* input) {
  for (const auto& field : fields) {
    if (field.use != kKept) continue;
    auto* value = changed.if_contains(field.name);
    if (value == nullptr) {
      input->erase(field.name);
    } else if (auto* below = input->if_contains(field.name);
               field.name == "StorageDescriptor" && below != nullptr && below->is_object() && value->is_object()) {
      OverlayFields(std::move(value->get_object()), field.below, &below->get_object());
    } else {
      (*input)[field.name] = std::move(*value);
    }
  }
}

}  // namespace

Status CheckDatabaseInput(json::object& input) { return Check(input, kDatabaseFields, {.name = "DatabaseInput"}); }
Status CheckTableInput(json::object& input) { return Check(input, kTableFields, {.name = "TableInput"}); }
Status CheckPartitionInput(json::object& input) { return Check(input, kPartitionFields, {.name = "PartitionInput"}); }

json::object TableInputOf(json::object table) {
  auto input = OnlyFields(std::move(table), kTableFields);
  // What is told of a view has another shape than what is asked for one.
  input.erase("ViewDefinition");
  input.erase("FederatedTable");
  return input;
}

json::object DatabaseInputOf(json::object database) { return OnlyFields(std::move(database), kDatabaseFields); }

void OverlayTable(json::object changed, json::object* input) { OverlayFields(std::move(changed), kTableFields, input); }
void OverlayDatabase(json::object changed, json::object* input) {
  OverlayFields(std::move(changed), kDatabaseFields, input);
}

}  // namespace glaux::wire::glue
