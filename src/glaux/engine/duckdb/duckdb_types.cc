#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <map>

#include "glaux/engine/duckdb/duckdb_types_internal.h"

namespace glaux::duckdb_engine {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;

Result<LogicalType> ToLogicalType(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return LogicalType::BOOLEAN;
    case arrow::Type::INT8:
      return LogicalType::TINYINT;
    case arrow::Type::INT16:
      return LogicalType::SMALLINT;
    case arrow::Type::INT32:
      return LogicalType::INTEGER;
    case arrow::Type::INT64:
      return LogicalType::BIGINT;
    case arrow::Type::UINT8:
      return LogicalType::UTINYINT;
    case arrow::Type::UINT16:
      return LogicalType::USMALLINT;
    case arrow::Type::UINT32:
      return LogicalType::UINTEGER;
    case arrow::Type::UINT64:
      return LogicalType::UBIGINT;
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT:
      return LogicalType::FLOAT;
    case arrow::Type::DOUBLE:
      return LogicalType::DOUBLE;
    case arrow::Type::STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::LARGE_STRING:
      return LogicalType::VARCHAR;
    case arrow::Type::BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY:
    case arrow::Type::LARGE_BINARY:
      return LogicalType::BLOB;
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return LogicalType::DATE;
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
      return LogicalType::TIME;
    case arrow::Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
      if (!timestamp.timezone().empty()) return LogicalType::TIMESTAMP_TZ;
      return timestamp.unit() == arrow::TimeUnit::NANO ? LogicalType::TIMESTAMP_NS : LogicalType::TIMESTAMP;
    }
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      if (decimal.precision() > 38 || decimal.scale() < 0 || decimal.scale() > decimal.precision()) break;
      return LogicalType::DECIMAL(static_cast<uint8_t>(decimal.precision()), static_cast<uint8_t>(decimal.scale()));
    }
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW:
    case arrow::Type::FIXED_SIZE_LIST: {
      ARROW_ASSIGN_OR_RAISE(auto element, ToLogicalType(*type.field(0)->type()));
      return LogicalType::LIST(element);
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      ARROW_ASSIGN_OR_RAISE(auto key, ToLogicalType(*map.key_type()));
      ARROW_ASSIGN_OR_RAISE(auto item, ToLogicalType(*map.item_type()));
      return LogicalType::MAP(key, item);
    }
    case arrow::Type::STRUCT: {
      duckdb::child_list_t<LogicalType> children;
      for (const auto& field : type.fields()) {
        ARROW_ASSIGN_OR_RAISE(auto child, ToLogicalType(*field->type()));
        children.emplace_back(field->name(), child);
      }
      if (children.empty()) break;
      return LogicalType::STRUCT(std::move(children));
    }
    case arrow::Type::DICTIONARY:
      return ToLogicalType(*static_cast<const arrow::DictionaryType&>(type).value_type());
    default:
      break;
  }
  return MakeError(ErrorKind::kNotImplemented, "DuckDB has no type for ", type.ToString());
}

Result<duckdb::Value> ToValue(const arrow::Scalar& scalar, const LogicalType& type) {
  using duckdb::Value;
  if (!scalar.is_valid) return Value(type);
  Value value;
  switch (scalar.type->id()) {
    case arrow::Type::BOOL:
      value = Value::BOOLEAN(static_cast<const arrow::BooleanScalar&>(scalar).value);
      break;
    case arrow::Type::INT8:
      value = Value::TINYINT(static_cast<const arrow::Int8Scalar&>(scalar).value);
      break;
    case arrow::Type::INT16:
      value = Value::SMALLINT(static_cast<const arrow::Int16Scalar&>(scalar).value);
      break;
    case arrow::Type::INT32:
      value = Value::INTEGER(static_cast<const arrow::Int32Scalar&>(scalar).value);
      break;
    case arrow::Type::INT64:
      value = Value::BIGINT(static_cast<const arrow::Int64Scalar&>(scalar).value);
      break;
    case arrow::Type::FLOAT:
      value = Value::FLOAT(static_cast<const arrow::FloatScalar&>(scalar).value);
      break;
    case arrow::Type::DOUBLE:
      value = Value::DOUBLE(static_cast<const arrow::DoubleScalar&>(scalar).value);
      break;
    case arrow::Type::DATE32:
      value = Value::DATE(duckdb::date_t(static_cast<const arrow::Date32Scalar&>(scalar).value));
      break;
    case arrow::Type::BINARY: {
      const auto& bytes = *static_cast<const arrow::BinaryScalar&>(scalar).value;
      value = Value::BLOB(bytes.data(), static_cast<duckdb::idx_t>(bytes.size()));
      break;
    }
    default:
      // Everything else (strings, timestamps, decimals, unsigned) has one text that both sides agree on.
      value = Value(scalar.ToString());
      break;
  }
  Value cast;
  std::string error;
  if (!value.DefaultTryCastAs(type, cast, &error)) {
    return MakeError(ErrorKind::kCorrupt, "partition value ", scalar.ToString(), " is no ", type.ToString());
  }
  return cast;
}

namespace {

int IntegerDigits(LogicalTypeId id) {
  switch (id) {
    case LogicalTypeId::TINYINT:
    case LogicalTypeId::UTINYINT:
      return 3;
    case LogicalTypeId::SMALLINT:
    case LogicalTypeId::USMALLINT:
      return 5;
    case LogicalTypeId::INTEGER:
    case LogicalTypeId::UINTEGER:
      return 10;
    case LogicalTypeId::BIGINT:
      return 19;
    case LogicalTypeId::UBIGINT:
      return 20;
    default:
      return 0;
  }
}

/// Bits of the values' magnitude and whether there are negative ones; 0 bits for what is no integer.
std::pair<int, bool> IntegerRange(LogicalTypeId id) {
  switch (id) {
    case LogicalTypeId::TINYINT:
      return {7, true};
    case LogicalTypeId::SMALLINT:
      return {15, true};
    case LogicalTypeId::INTEGER:
      return {31, true};
    case LogicalTypeId::BIGINT:
      return {63, true};
    case LogicalTypeId::UTINYINT:
      return {8, false};
    case LogicalTypeId::USMALLINT:
      return {16, false};
    case LogicalTypeId::UINTEGER:
      return {32, false};
    case LogicalTypeId::UBIGINT:
      return {64, false};
    default:
      return {0, false};
  }
}

bool IsTimestamp(LogicalTypeId id) {
  switch (id) {
    case LogicalTypeId::TIMESTAMP:
    case LogicalTypeId::TIMESTAMP_SEC:
    case LogicalTypeId::TIMESTAMP_MS:
    case LogicalTypeId::TIMESTAMP_NS:
    case LogicalTypeId::TIMESTAMP_TZ:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool Widens(const LogicalType& file, const LogicalType& table) {
  if (file == table || file.id() == LogicalTypeId::SQLNULL) return true;
  const auto [file_bits, file_signed] = IntegerRange(file.id());
  if (file_bits > 0) {
    const auto [bits, is_signed] = IntegerRange(table.id());
    if (bits > 0) return bits >= file_bits && (is_signed || !file_signed);
    switch (table.id()) {
      case LogicalTypeId::DECIMAL:
        return duckdb::DecimalType::GetWidth(table) - duckdb::DecimalType::GetScale(table) >= IntegerDigits(file.id());
      case LogicalTypeId::FLOAT:
        return file_bits <= 16;
      case LogicalTypeId::DOUBLE:
        return file_bits <= 32;
      default:
        return false;
    }
  }
  if (IsTimestamp(file.id())) return IsTimestamp(table.id());  // Hive's timestamp is UTC, whatever the file says of it
  switch (file.id()) {
    case LogicalTypeId::FLOAT:
      return table.id() == LogicalTypeId::DOUBLE;
    case LogicalTypeId::DATE:
      return IsTimestamp(table.id());
    case LogicalTypeId::DECIMAL: {
      if (table.id() != LogicalTypeId::DECIMAL) return false;
      const int file_scale = duckdb::DecimalType::GetScale(file), scale = duckdb::DecimalType::GetScale(table);
      return scale >= file_scale &&
             duckdb::DecimalType::GetWidth(table) - scale >= duckdb::DecimalType::GetWidth(file) - file_scale;
    }
    case LogicalTypeId::UUID:
    case LogicalTypeId::ENUM:
      return table.id() == LogicalTypeId::VARCHAR;
    case LogicalTypeId::TIME_TZ:
      return table.id() == LogicalTypeId::TIME;
    case LogicalTypeId::LIST:
      return table.id() == LogicalTypeId::LIST &&
             Widens(duckdb::ListType::GetChildType(file), duckdb::ListType::GetChildType(table));
    case LogicalTypeId::MAP:
      return table.id() == LogicalTypeId::MAP &&
             Widens(duckdb::MapType::KeyType(file), duckdb::MapType::KeyType(table)) &&
             Widens(duckdb::MapType::ValueType(file), duckdb::MapType::ValueType(table));
    case LogicalTypeId::STRUCT: {
      if (table.id() != LogicalTypeId::STRUCT) return false;
      // Fields meet by name; one that only a side has is null or not read.
      duckdb::case_insensitive_map_t<LogicalType> fields;
      for (const auto& [name, type] : duckdb::StructType::GetChildTypes(file)) fields[name] = type;
      for (const auto& [name, type] : duckdb::StructType::GetChildTypes(table)) {
        const auto field = fields.find(name);
        if (field != fields.end() && !Widens(field->second, type)) return false;
      }
      return true;
    }
    default:
      return false;
  }
}

}  // namespace glaux::duckdb_engine
