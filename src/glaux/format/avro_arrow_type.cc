#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "glaux/format/avro_schema_internal.h"

namespace glaux {
namespace {

namespace json = boost::json;

constexpr char kFieldId[] = "PARQUET:field_id";
constexpr std::string_view kPrefix = "avro.";
constexpr char kOriginalName[] = "iceberg-field-name";

using Attributes = std::map<std::string, std::string>;

/// Metadata of a field with the attributes of it and of its type, of which `id` numbers it.
std::shared_ptr<const arrow::KeyValueMetadata> MetadataOf(const Attributes& of_field, const Attributes& of_type,
                                                          std::string_view id) {
  auto metadata = std::make_shared<arrow::KeyValueMetadata>();
  for (const auto* attributes : {&of_field, &of_type}) {
    for (const auto& [name, value] : *attributes) {
      if (name == id) {
        metadata->Append(kFieldId, value);
      } else if (name != kOriginalName && name != "element-id" && name != "key-id" && name != "value-id" &&
                 !metadata->Contains(std::string(kPrefix) + name)) {
        metadata->Append(std::string(kPrefix) + name, value);
      }
    }
  }
  return metadata->size() == 0 ? nullptr : metadata;
}

bool IsNullable(const AvroType& type) {
  return type.kind == AvroKind::kNull ||
         (type.kind == AvroKind::kUnion &&
          std::any_of(type.branches.begin(), type.branches.end(),
                      [](const auto& branch) { return branch->kind == AvroKind::kNull; }));
}

/// What a field of this type holds, without the union that makes it nullable.
const AvroType& ValueOf(const AvroType& type) {
  const auto* nullable = NullableOf(type);
  return nullable == nullptr ? type : *nullable;
}

Result<std::shared_ptr<arrow::Field>> MakeField(const std::string& name, const AvroType& type,
                                                const Attributes& attributes, std::string_view id) {
  ARROW_ASSIGN_OR_RAISE(auto arrow_type, ArrowTypeOf(type));
  return arrow::field(name, std::move(arrow_type), IsNullable(type),
                      MetadataOf(attributes, ValueOf(type).attributes, id));
}

Result<std::shared_ptr<arrow::DataType>> ListType(const AvroType& type) {
  const auto& item = *type.branches[0];
  if (type.logical == AvroLogical::kMap) {
    ARROW_ASSIGN_OR_RAISE(const auto key,
                          MakeField("key", *item.fields[0].type, item.fields[0].attributes, "field-id"));
    ARROW_ASSIGN_OR_RAISE(const auto value,
                          MakeField("value", *item.fields[1].type, item.fields[1].attributes, "field-id"));
    return std::make_shared<arrow::MapType>(key, value);
  }
  ARROW_ASSIGN_OR_RAISE(auto field, MakeField("item", item, type.attributes, "element-id"));
  return arrow::list(std::move(field));
}

Result<std::shared_ptr<arrow::DataType>> StructOf(const AvroType& type) {
  arrow::FieldVector fields;
  if (type.kind == AvroKind::kRecord) {
    for (const auto& field : type.fields) {
      ARROW_ASSIGN_OR_RAISE(fields.emplace_back(), ArrowFieldOf(field));
    }
  } else {
    for (const auto& branch : type.branches) {
      if (branch->kind == AvroKind::kNull) continue;
      ARROW_ASSIGN_OR_RAISE(auto branch_type, ArrowTypeOf(*branch));
      fields.push_back(arrow::field("member" + std::to_string(fields.size()), std::move(branch_type)));
    }
  }
  return arrow::struct_(std::move(fields));
}

std::shared_ptr<arrow::DataType> LogicalType(const AvroType& type) {
  using arrow::TimeUnit;
  switch (type.logical) {
    case AvroLogical::kDecimal:
      return type.precision <= arrow::Decimal128Type::kMaxPrecision ? arrow::decimal128(type.precision, type.scale)
                                                                    : arrow::decimal256(type.precision, type.scale);
    case AvroLogical::kDate:
      return arrow::date32();
    case AvroLogical::kTimeMillis:
      return arrow::time32(TimeUnit::MILLI);
    case AvroLogical::kTimeMicros:
      return arrow::time64(TimeUnit::MICRO);
    case AvroLogical::kTimestampMillis:
      return arrow::timestamp(TimeUnit::MILLI, "UTC");
    case AvroLogical::kTimestampMicros:
      return arrow::timestamp(TimeUnit::MICRO, "UTC");
    case AvroLogical::kTimestampNanos:
      return arrow::timestamp(TimeUnit::NANO, "UTC");
    case AvroLogical::kLocalTimestampMillis:
      return arrow::timestamp(TimeUnit::MILLI);
    case AvroLogical::kLocalTimestampMicros:
      return arrow::timestamp(TimeUnit::MICRO);
    case AvroLogical::kLocalTimestampNanos:
      return arrow::timestamp(TimeUnit::NANO);
    case AvroLogical::kDuration:
      return arrow::month_day_nano_interval();
    default:
      return nullptr;
  }
}

// The other way.

/// A name that Avro allows: letters, digits and '_', no digit first. Others are spelled as Iceberg spells them.
std::string AllowedName(const std::string& name) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string allowed;
  for (const char c : name) {
    const bool digit = c >= '0' && c <= '9';
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (digit && !allowed.empty())) {
      allowed += c;
    } else if (digit) {
      allowed += '_';
      allowed += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      allowed += "_x";
      if (byte >= 16) allowed += kHex[byte >> 4];
      allowed += kHex[byte & 15];
    }
  }
  return allowed.empty() ? "_" : allowed;
}

/// An attribute's text as it was in JSON.
json::value AttributeValue(const std::string& text) {
  json::error_code error;
  auto value = json::parse(text, error);
  return error || value.is_string() ? json::value(text) : value;
}

class SchemaWriter {
 public:
  /// The fields of a record, of which the name begins with `path`.
  Result<json::object> Record(const arrow::FieldVector& fields, const std::string& path) {
    json::array entries;
    std::set<std::string> used;
    for (const auto& field : fields) {
      std::string name = AllowedName(field->name());
      while (!used.insert(name).second) name += "_";
      ARROW_ASSIGN_OR_RAISE(auto entry, Field(*field, name, path + "_" + name));
      entries.push_back(std::move(entry));
    }
    json::object record;
    record["type"] = "record";
    record["name"] = path;
    record["fields"] = std::move(entries);
    return record;
  }

 private:
  Result<json::object> Field(const arrow::Field& field, const std::string& name, const std::string& path) {
    json::object entry;
    entry["name"] = name;
    ARROW_ASSIGN_OR_RAISE(entry["type"], Nullable(field, path));
    if (field.nullable()) entry["default"] = nullptr;
    if (name != field.name()) entry[kOriginalName] = field.name();
    AddId(field, "field-id", &entry);
    if (field.metadata() != nullptr) {
      for (int64_t i = 0; i < field.metadata()->size(); ++i) {
        const auto& key = field.metadata()->key(i);
        if (!key.starts_with(kPrefix) || key == "avro.logicalType") continue;
        const auto attribute = key.substr(kPrefix.size());
        if (!entry.contains(attribute)) entry[attribute] = AttributeValue(field.metadata()->value(i));
      }
    }
    return entry;
  }

  static void AddId(const arrow::Field& field, std::string_view name, json::object* entry) {
    if (field.metadata() == nullptr) return;
    if (const auto id = field.metadata()->Get(kFieldId); id.ok()) (*entry)[name] = AttributeValue(*id);
  }

  Result<json::value> Nullable(const arrow::Field& field, const std::string& path) {
    ARROW_ASSIGN_OR_RAISE(auto type, Type(field, path));
    if (!field.nullable() || field.type()->id() == arrow::Type::NA) return type;
    return json::value(json::array{"null", std::move(type)});
  }

  static json::object Logical(std::string_view type, std::string_view logical) {
    json::object object;
    object["type"] = type;
    object["logicalType"] = logical;
    return object;
  }

  Result<json::value> Type(const arrow::Field& field, const std::string& path) {
    const auto* type = field.type().get();
    if (type->id() == arrow::Type::DICTIONARY) {
      const auto value = static_cast<const arrow::DictionaryType&>(*type).value_type();
      return Type(*field.WithType(value), path);
    }
    const bool uuid = field.metadata() != nullptr && field.metadata()->Get("avro.logicalType").ValueOr("") == "uuid";
    switch (type->id()) {
      case arrow::Type::NA:
        return "null";
      case arrow::Type::BOOL:
        return "boolean";
      case arrow::Type::INT8:
      case arrow::Type::INT16:
      case arrow::Type::INT32:
      case arrow::Type::UINT8:
      case arrow::Type::UINT16:
        return "int";
      case arrow::Type::UINT32:
      case arrow::Type::INT64:
        return "long";
      case arrow::Type::UINT64: {
        auto decimal = Logical("bytes", "decimal");
        decimal["precision"] = 20;
        decimal["scale"] = 0;
        return decimal;
      }
      case arrow::Type::FLOAT:
        return "float";
      case arrow::Type::DOUBLE:
        return "double";
      case arrow::Type::STRING:
      case arrow::Type::LARGE_STRING:
      case arrow::Type::STRING_VIEW:
        if (uuid) return Logical("string", "uuid");
        return "string";
      case arrow::Type::BINARY:
      case arrow::Type::LARGE_BINARY:
      case arrow::Type::BINARY_VIEW:
        return "bytes";
      case arrow::Type::FIXED_SIZE_BINARY: {
        const int width = static_cast<const arrow::FixedSizeBinaryType&>(*type).byte_width();
        auto fixed = uuid && width == 16 ? Logical("fixed", "uuid") : json::object{{"type", "fixed"}};
        fixed["name"] = path;
        fixed["size"] = width;
        return fixed;
      }
      case arrow::Type::DECIMAL128:
      case arrow::Type::DECIMAL256: {
        const auto& decimal_type = static_cast<const arrow::DecimalType&>(*type);
        if (decimal_type.scale() < 0 || decimal_type.scale() > decimal_type.precision()) break;
        auto decimal = Logical("bytes", "decimal");
        decimal["precision"] = decimal_type.precision();
        decimal["scale"] = decimal_type.scale();
        return decimal;
      }
      case arrow::Type::DATE32:
      case arrow::Type::DATE64:
        return Logical("int", "date");
      case arrow::Type::TIME32:
        return Logical("int", "time-millis");
      case arrow::Type::TIME64:
        if (static_cast<const arrow::TimeType&>(*type).unit() != arrow::TimeUnit::MICRO) break;
        return Logical("long", "time-micros");
      case arrow::Type::TIMESTAMP: {
        const auto& timestamp = static_cast<const arrow::TimestampType&>(*type);
        std::string logical = timestamp.timezone().empty() ? "local-timestamp-" : "timestamp-";
        logical += timestamp.unit() == arrow::TimeUnit::MICRO  ? "micros"
                   : timestamp.unit() == arrow::TimeUnit::NANO ? "nanos"
                                                               : "millis";
        return Logical("long", logical);
      }
      case arrow::Type::INTERVAL_MONTH_DAY_NANO: {
        auto duration = Logical("fixed", "duration");
        duration["name"] = path;
        duration["size"] = 12;
        return duration;
      }
      case arrow::Type::LIST:
      case arrow::Type::LARGE_LIST:
      case arrow::Type::FIXED_SIZE_LIST: {
        const auto& item = *static_cast<const arrow::BaseListType&>(*type).value_field();
        json::object array;
        array["type"] = "array";
        ARROW_ASSIGN_OR_RAISE(array["items"], Nullable(item, path + "_item"));
        AddId(item, "element-id", &array);
        return array;
      }
      case arrow::Type::MAP:
        return Map(static_cast<const arrow::MapType&>(*type), path);
      case arrow::Type::STRUCT: {
        ARROW_ASSIGN_OR_RAISE(auto record, Record(type->fields(), path));
        return record;
      }
      default:
        break;
    }
    return MakeError(ErrorKind::kInvalid, "write avro, column ", field.name(), ": Avro has no type for ",
                     field.type()->ToString());
  }

  Result<json::value> Map(const arrow::MapType& type, const std::string& path) {
    json::object map;
    if (type.key_type()->id() == arrow::Type::STRING || type.key_type()->id() == arrow::Type::LARGE_STRING) {
      map["type"] = "map";
      ARROW_ASSIGN_OR_RAISE(map["values"], Nullable(*type.item_field(), path + "_value"));
      AddId(*type.key_field(), "key-id", &map);
      AddId(*type.item_field(), "value-id", &map);
      return map;
    }
    map["type"] = "array";
    ARROW_ASSIGN_OR_RAISE(map["items"], Record({type.key_field()->WithName("key")->WithNullable(false),
                                                type.item_field()->WithName("value")},
                                               path + "_entry"));
    map["logicalType"] = "map";
    return map;
  }
};

}  // namespace

Result<std::shared_ptr<arrow::DataType>> ArrowTypeOf(const AvroType& type) {
  if (const auto* nullable = NullableOf(type)) return ArrowTypeOf(*nullable);
  if (auto logical = LogicalType(type)) return logical;
  switch (type.kind) {
    case AvroKind::kNull:
      return arrow::null();
    case AvroKind::kBoolean:
      return arrow::boolean();
    case AvroKind::kInt:
      return arrow::int32();
    case AvroKind::kLong:
      return arrow::int64();
    case AvroKind::kFloat:
      return arrow::float32();
    case AvroKind::kDouble:
      return arrow::float64();
    case AvroKind::kBytes:
      return arrow::binary();
    case AvroKind::kString:
    case AvroKind::kEnum:
      return arrow::utf8();
    case AvroKind::kFixed:
      return arrow::fixed_size_binary(static_cast<int32_t>(type.size));
    case AvroKind::kArray:
      return ListType(type);
    case AvroKind::kMap: {
      ARROW_ASSIGN_OR_RAISE(auto value, MakeField("value", *type.branches[0], type.attributes, "value-id"));
      auto key = arrow::field("key", arrow::utf8(), false);
      if (const auto id = type.attributes.find("key-id"); id != type.attributes.end()) {
        key = key->WithMetadata(arrow::key_value_metadata({kFieldId}, {id->second}));
      }
      return std::make_shared<arrow::MapType>(std::move(key), std::move(value));
    }
    case AvroKind::kRecord:
    case AvroKind::kUnion:
      return StructOf(type);
  }
  return arrow::null();
}

Result<std::shared_ptr<arrow::Field>> ArrowFieldOf(const AvroField& field) {
  const auto original = field.attributes.find(kOriginalName);
  return MakeField(original == field.attributes.end() ? field.name : original->second, *field.type, field.attributes,
                   "field-id");
}

Result<std::shared_ptr<arrow::Schema>> ArrowSchemaOf(const AvroTypePtr& type) {
  arrow::FieldVector fields;
  if (type->kind == AvroKind::kRecord) {
    for (const auto& field : type->fields) {
      ARROW_ASSIGN_OR_RAISE(fields.emplace_back(), ArrowFieldOf(field));
    }
  } else {
    ARROW_ASSIGN_OR_RAISE(fields.emplace_back(), ArrowFieldOf({.name = "value", .type = type, .attributes = {}}));
  }
  return arrow::schema(std::move(fields));
}

Result<std::string> AvroSchemaOf(const arrow::Schema& schema) {
  ARROW_ASSIGN_OR_RAISE(const auto record, SchemaWriter().Record(schema.fields(), "row"));
  return json::serialize(record);
}

}  // namespace glaux
