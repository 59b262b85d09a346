#include "glaux/format/avro_schema_internal.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <utility>

namespace glaux {
namespace {

namespace json = boost::json;

constexpr int kMostDepth = 64;
constexpr int64_t kMostNodes = 100'000;
constexpr int64_t kMostMinBytes = 1 << 30;

constexpr std::pair<std::string_view, AvroKind> kPrimitives[] = {
    {"null", AvroKind::kNull},   {"boolean", AvroKind::kBoolean}, {"int", AvroKind::kInt},
    {"long", AvroKind::kLong},   {"float", AvroKind::kFloat},     {"double", AvroKind::kDouble},
    {"bytes", AvroKind::kBytes}, {"string", AvroKind::kString}};

/// Least bytes of a value that is no compound.
int64_t LeastBytes(AvroKind kind) {
  switch (kind) {
    case AvroKind::kNull:
      return 0;
    case AvroKind::kFloat:
      return 4;
    case AvroKind::kDouble:
      return 8;
    default:
      return 1;
  }
}

std::string_view View(const json::string& text) { return {text.data(), text.size()}; }

class SchemaParser {
 public:
  explicit SchemaParser(std::string_view where) : where_(where) {}

  Result<AvroTypePtr> Parse(const json::value& value, const std::string& space, int level) {
    if (level > kMostDepth) return Bad("types are nested deeper than ", kMostDepth, " levels");
    if (value.is_string()) return Named(View(value.get_string()), space);
    if (value.is_array()) return Union(value.get_array(), space, level);
    if (!value.is_object()) return Bad("expected a type, found ", json::serialize(value).substr(0, 60));
    const auto& object = value.get_object();
    const auto* type = object.if_contains("type");
    if (type == nullptr) return Bad("a type without \"type\": ", json::serialize(value).substr(0, 60));
    if (!type->is_string()) return Parse(*type, space, level + 1);
    const auto kind = View(type->get_string());
    if (kind == "record" || kind == "error") return Record(object, space, level);
    if (kind == "enum") return Enum(object, space);
    if (kind == "fixed") return Fixed(object, space);
    if (kind == "array") return Container(object, AvroKind::kArray, "items", space, level);
    if (kind == "map") return Container(object, AvroKind::kMap, "values", space, level);
    ARROW_ASSIGN_OR_RAISE(auto named, Named(kind, space));
    if (!named->name.empty()) return named;
    auto annotated = std::make_shared<AvroType>(*named);
    annotated->attributes = AttributesOf(object, {"type"});
    Annotate(object, annotated.get());
    return annotated;
  }

 private:
  template <typename... Args>
  Status Bad(Args&&... args) const {
    return MakeError(ErrorKind::kCorrupt, where_, "the Avro schema is not valid: ", std::forward<Args>(args)...);
  }

  static std::map<std::string, std::string> AttributesOf(const json::object& object,
                                                         std::initializer_list<std::string_view> known) {
    std::map<std::string, std::string> attributes;
    for (const auto& [key, value] : object) {
      const std::string_view name(key.data(), key.size());
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      attributes.emplace(name, value.is_string() ? std::string(View(value.get_string())) : json::serialize(value));
    }
    return attributes;
  }

  static const json::string* Text(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value == nullptr ? nullptr : value->if_string();
  }

  static int64_t Integer(const json::object& object, std::string_view key, int64_t otherwise) {
    const auto* value = object.if_contains(key);
    if (value == nullptr) return otherwise;
    return value->is_int64() ? value->get_int64() : -1;
  }

  Result<AvroTypePtr> Named(std::string_view name, const std::string& space) {
    for (const auto& [word, kind] : kPrimitives) {
      if (name != word) continue;
      auto type = std::make_shared<AvroType>();
      type->kind = kind;
      type->min_bytes = LeastBytes(kind);
      return type;
    }
    const std::string full =
        name.find('.') != std::string_view::npos || space.empty() ? std::string(name) : space + "." + std::string(name);
    auto found = named_.find(full);
    if (found == named_.end()) found = named_.find(std::string(name));
    if (found == named_.end()) return Bad("no type ", name);
    if (found->second == nullptr) {
      return MakeError(ErrorKind::kNotImplemented, where_, "type ", full,
                       " contains itself; columns have no type for that");
    }
    return found->second;
  }

  /// The full name of a named type, which may be referred to from now on; what it names is not known yet.
  Result<std::string> Declare(const json::object& object, const std::string& space) {
    const auto* name = Text(object, "name");
    if (name == nullptr || name->empty()) return Bad("a named type without \"name\"");
    std::string full(View(*name));
    if (full.find('.') == std::string::npos) {
      const auto* given = Text(object, "namespace");
      const std::string prefix = given != nullptr ? std::string(View(*given)) : space;
      if (!prefix.empty()) full = prefix + "." + full;
    }
    if (!named_.emplace(full, nullptr).second) return Bad("two types are named ", full);
    return full;
  }

  static std::string SpaceOf(const std::string& full) {
    const auto dot = full.rfind('.');
    return dot == std::string::npos ? std::string() : full.substr(0, dot);
  }

  Result<AvroTypePtr> Finish(std::shared_ptr<AvroType> type) {
    const auto add = [&](const AvroTypePtr& child) {
      type->depth = std::max(type->depth, child->depth + 1);
      type->nodes += child->nodes;
    };
    for (const auto& field : type->fields) add(field.type);
    for (const auto& branch : type->branches) add(branch);
    if (type->depth > kMostDepth) return Bad("types are nested deeper than ", kMostDepth, " levels");
    if (type->nodes > kMostNodes) return Bad("more than ", kMostNodes, " types");
    type->min_bytes = std::min(type->min_bytes, kMostMinBytes);
    if (!type->name.empty()) named_[type->name] = type;
    return type;
  }

  Result<AvroTypePtr> Record(const json::object& object, const std::string& space, int level) {
    ARROW_ASSIGN_OR_RAISE(const auto full, Declare(object, space));
    const auto* fields = object.if_contains("fields");
    if (fields == nullptr || !fields->is_array()) return Bad("record ", full, " has no list of fields");
    auto type = std::make_shared<AvroType>();
    type->kind = AvroKind::kRecord;
    type->name = full;
    type->attributes = AttributesOf(object, {"type", "name", "namespace", "doc", "aliases", "fields"});
    std::set<std::string_view> names;
    for (const auto& value : fields->get_array()) {
      const auto* entry = value.if_object();
      const auto* name = entry == nullptr ? nullptr : Text(*entry, "name");
      const auto* field_type = entry == nullptr ? nullptr : entry->if_contains("type");
      if (name == nullptr || field_type == nullptr) return Bad("a field of ", full, " has no name or no type");
      if (!names.insert(View(*name)).second) return Bad("two fields of ", full, " are named ", View(*name));
      AvroField field{.name = std::string(View(*name)),
                      .type = nullptr,
                      .attributes = AttributesOf(*entry, {"name", "type", "doc", "default", "order", "aliases"})};
      ARROW_ASSIGN_OR_RAISE(field.type, Parse(*field_type, SpaceOf(full), level + 1));
      type->min_bytes = std::min(type->min_bytes + field.type->min_bytes, kMostMinBytes);
      type->fields.push_back(std::move(field));
    }
    return Finish(std::move(type));
  }

  Result<AvroTypePtr> Enum(const json::object& object, const std::string& space) {
    ARROW_ASSIGN_OR_RAISE(const auto full, Declare(object, space));
    const auto* symbols = object.if_contains("symbols");
    if (symbols == nullptr || !symbols->is_array()) return Bad("enum ", full, " has no list of symbols");
    auto type = std::make_shared<AvroType>();
    type->kind = AvroKind::kEnum;
    type->name = full;
    type->min_bytes = 1;
    type->attributes = AttributesOf(object, {"type", "name", "namespace", "doc", "aliases", "symbols", "default"});
    for (const auto& symbol : symbols->get_array()) {
      if (!symbol.is_string()) return Bad("a symbol of ", full, " is no text");
      type->symbols.emplace_back(View(symbol.get_string()));
    }
    return Finish(std::move(type));
  }

  Result<AvroTypePtr> Fixed(const json::object& object, const std::string& space) {
    ARROW_ASSIGN_OR_RAISE(const auto full, Declare(object, space));
    auto type = std::make_shared<AvroType>();
    type->kind = AvroKind::kFixed;
    type->name = full;
    type->size = Integer(object, "size", -1);
    if (type->size < 0 || type->size > kMostMinBytes) return Bad("the size of fixed ", full, " is not a size");
    type->min_bytes = type->size;
    type->attributes = AttributesOf(object, {"type", "name", "namespace", "doc", "aliases", "size"});
    Annotate(object, type.get());
    return Finish(std::move(type));
  }

  Result<AvroTypePtr> Container(const json::object& object, AvroKind kind, std::string_view of,
                                const std::string& space, int level) {
    const auto* items = object.if_contains(of);
    if (items == nullptr) return Bad("a type without \"", of, "\"");
    auto type = std::make_shared<AvroType>();
    type->kind = kind;
    type->min_bytes = 1;
    type->attributes = AttributesOf(object, {"type", of});
    ARROW_ASSIGN_OR_RAISE(auto item, Parse(*items, space, level + 1));
    const auto* logical = Text(object, "logicalType");
    if (kind == AvroKind::kArray && logical != nullptr && *logical == "map" && item->kind == AvroKind::kRecord &&
        item->fields.size() == 2 && NullableOf(*item->fields[0].type) == nullptr &&
        item->fields[0].type->kind != AvroKind::kNull && item->fields[0].type->kind != AvroKind::kUnion) {
      type->logical = AvroLogical::kMap;
      type->attributes.erase("logicalType");
    }
    type->branches.push_back(std::move(item));
    return Finish(std::move(type));
  }

  Result<AvroTypePtr> Union(const json::array& branches, const std::string& space, int level) {
    if (branches.empty()) return Bad("a union of nothing");
    auto type = std::make_shared<AvroType>();
    type->kind = AvroKind::kUnion;
    int64_t least = kMostMinBytes;
    for (const auto& value : branches) {
      if (value.is_array()) return Bad("a union directly in a union");
      ARROW_ASSIGN_OR_RAISE(auto branch, Parse(value, space, level + 1));
      least = std::min(least, branch->min_bytes);
      type->branches.push_back(std::move(branch));
    }
    type->min_bytes = least + 1;
    return Finish(std::move(type));
  }

  /// Note the logical type, if it fits, and take it out of the unknown attributes.
  static void Annotate(const json::object& object, AvroType* type) {
    const auto* name = Text(object, "logicalType");
    if (name == nullptr) return;
    const auto logical = View(*name);
    const auto is = [&](std::string_view word, AvroKind kind) { return logical == word && type->kind == kind; };
    const auto* utc = object.if_contains("adjust-to-utc");
    const bool local = utc != nullptr && utc->is_bool() && !utc->get_bool();
    if (logical == "decimal" && (type->kind == AvroKind::kBytes || type->kind == AvroKind::kFixed)) {
      const int64_t precision = Integer(object, "precision", -1);
      const int64_t scale = Integer(object, "scale", 0);
      if (precision < 1 || precision > 76 || scale < 0 || scale > precision) return;
      type->logical = AvroLogical::kDecimal;
      type->precision = static_cast<int>(precision);
      type->scale = static_cast<int>(scale);
      type->attributes.erase("precision");
      type->attributes.erase("scale");
    } else if (is("date", AvroKind::kInt)) {
      type->logical = AvroLogical::kDate;
    } else if (is("time-millis", AvroKind::kInt)) {
      type->logical = AvroLogical::kTimeMillis;
    } else if (is("time-micros", AvroKind::kLong)) {
      type->logical = AvroLogical::kTimeMicros;
    } else if (is("timestamp-millis", AvroKind::kLong)) {
      type->logical = local ? AvroLogical::kLocalTimestampMillis : AvroLogical::kTimestampMillis;
    } else if (is("timestamp-micros", AvroKind::kLong)) {
      type->logical = local ? AvroLogical::kLocalTimestampMicros : AvroLogical::kTimestampMicros;
    } else if (is("timestamp-nanos", AvroKind::kLong)) {
      type->logical = local ? AvroLogical::kLocalTimestampNanos : AvroLogical::kTimestampNanos;
    } else if (is("local-timestamp-millis", AvroKind::kLong)) {
      type->logical = AvroLogical::kLocalTimestampMillis;
    } else if (is("local-timestamp-micros", AvroKind::kLong)) {
      type->logical = AvroLogical::kLocalTimestampMicros;
    } else if (is("local-timestamp-nanos", AvroKind::kLong)) {
      type->logical = AvroLogical::kLocalTimestampNanos;
    } else if (is("uuid", AvroKind::kString) || (is("uuid", AvroKind::kFixed) && type->size == 16)) {
      type->logical = AvroLogical::kUuid;
      return;  // the Arrow type does not say it, so the attribute stays
    } else if (is("duration", AvroKind::kFixed) && type->size == 12) {
      type->logical = AvroLogical::kDuration;
    } else {
      return;
    }
    type->attributes.erase("logicalType");
    type->attributes.erase("adjust-to-utc");
  }

  std::string where_;
  std::map<std::string, AvroTypePtr> named_;  // null: being read
};

}  // namespace

Result<AvroTypePtr> ParseAvroSchema(std::string_view text, std::string_view where) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 8 * kMostDepth;
  const auto value = json::parse(text, error, {}, options);
  if (error) {
    return MakeError(ErrorKind::kCorrupt, where, "the Avro schema is not valid: ", error.message());
  }
  return SchemaParser(where).Parse(value, {}, 1);
}

const AvroType* NullableOf(const AvroType& type) {
  if (type.kind != AvroKind::kUnion || type.branches.size() != 2) return nullptr;
  const bool first = type.branches[0]->kind == AvroKind::kNull;
  const auto& other = *type.branches[first ? 1 : 0];
  const auto& null = *type.branches[first ? 0 : 1];
  return null.kind == AvroKind::kNull && other.kind != AvroKind::kNull ? &other : nullptr;
}

}  // namespace glaux
