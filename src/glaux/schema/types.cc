#include "glaux/schema/types.h"

#include <arrow/api.h>

#include <unordered_map>

#include "glaux/schema/scanner_internal.h"
#include "glaux/schema/type_table_internal.h"

namespace glaux {
namespace {

using arrow::Type;
using schema_internal::Dialect;
using schema_internal::Plain;
using TypePtr = std::shared_ptr<arrow::DataType>;

Result<TypePtr> Store(const TypePtr& given, int depth);

Result<std::shared_ptr<arrow::Field>> StoreField(const arrow::Field& field, int depth) {
  const auto stored = Store(field.type(), depth);
  if (!stored.ok()) return Prefix(stored.status(), "field " + field.name());
  return arrow::field(field.name(), *stored);
}

Result<TypePtr> StoreStruct(const arrow::DataType& type, int depth) {
  if (type.num_fields() == 0) {
    return MakeError(ErrorKind::kInvalid, "type struct<>: a struct without fields has no place in a Parquet table");
  }
  arrow::FieldVector fields;
  std::unordered_map<std::string, std::string> folded;
  for (const auto& field : type.fields()) {
    const auto [other, added] = folded.emplace(schema_internal::Lower(field->name()), field->name());
    if (!added) {
      return MakeError(ErrorKind::kInvalid, "a struct has the fields ", other->second, " and ", field->name(),
                       ", which are one to Athena");
    }
    ARROW_ASSIGN_OR_RAISE(auto stored, StoreField(*field, depth + 1));
    fields.push_back(std::move(stored));
  }
  return arrow::struct_(std::move(fields));
}

Result<TypePtr> Store(const TypePtr& given, int depth) {
  if (depth > schema_internal::kMaxTypeDepth) {
    return MakeError(ErrorKind::kInvalid, "a type nests deeper than ", schema_internal::kMaxTypeDepth, " levels");
  }
  ARROW_ASSIGN_OR_RAISE(auto type, Plain(given));
  switch (type->id()) {
    case Type::DECIMAL128:
      return type;
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
    case Type::FIXED_SIZE_LIST: {
      ARROW_ASSIGN_OR_RAISE(auto element, Store(type->field(0)->type(), depth + 1));
      return schema_internal::ListOf(std::move(element));
    }
    case Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      ARROW_ASSIGN_OR_RAISE(auto key, Store(map.key_type(), depth + 1));
      ARROW_ASSIGN_OR_RAISE(auto value, Store(map.item_type(), depth + 1));
      return arrow::map(std::move(key), std::move(value));
    }
    case Type::STRUCT:
      return StoreStruct(*type, depth);
    default: {
      const auto* row = schema_internal::FindRow(*type);
      if (row != nullptr && row->stored != nullptr) return row->stored;
      return MakeError(ErrorKind::kInvalid, "type ", given->ToString(), " has no place in a table");
    }
  }
}

}  // namespace

Result<TypePtr> StoredType(const arrow::DataType& type) { return Store(type.GetSharedPtr(), 0); }

Result<TypePtr> ParseGlueType(std::string_view text) { return schema_internal::ParseType(Dialect::kGlue, text); }

Result<std::string> ToGlueType(const arrow::DataType& type) {
  ARROW_ASSIGN_OR_RAISE(const auto stored, StoredType(type));
  return schema_internal::PrintType(Dialect::kGlue, *stored);
}

Result<TypePtr> ParseAthenaType(std::string_view text) { return schema_internal::ParseType(Dialect::kAthena, text); }

Result<std::string> ToAthenaType(const arrow::DataType& type) {
  return schema_internal::PrintType(Dialect::kAthena, type);
}

Result<TypePtr> ParseDuckDBType(std::string_view text) { return schema_internal::ParseType(Dialect::kDuckDB, text); }

Result<std::string> ToDuckDBType(const arrow::DataType& type) {
  return schema_internal::PrintType(Dialect::kDuckDB, type);
}

}  // namespace glaux
