#include "glaux/serve/athena/result_text_internal.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace glaux::serve::athena {
namespace {

using glaux::wire::athena::ColumnInfo;

template <typename Integer>
void AppendInteger(Integer value, std::string* out) {
  char text[24];
  out->append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void AppendPadded(int64_t value, int digits, std::string* out) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  for (auto size = end - text; size < digits; ++size) out->push_back('0');
  out->append(text, end);
}

/// As Java prints it, with the fewest digits: 1.0, 0.001, 1.0E-4, 1.0E7, NaN, Infinity.
template <typename Real>
void AppendReal(Real value, std::string* out) {
  if (std::isnan(value)) return void(out->append("NaN"));
  if (std::signbit(value)) out->push_back('-'), value = -value;
  if (std::isinf(value)) return void(out->append("Infinity"));
  if (value == 0) return void(out->append("0.0"));
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  std::string_view whole(text, static_cast<size_t>(end - text));
  const auto e = whole.find('e');
  std::string digits(whole.substr(0, 1));
  if (e > 2) digits.append(whole.substr(2, e - 2));
  int exponent = 0;
  const auto* from = text + e + 1 + (text[e + 1] == '+');
  std::from_chars(from, end, exponent);
  if (exponent < -3 || exponent >= 7) {
    out->append(digits, 0, 1).push_back('.');
    out->append(digits.size() > 1 ? digits.substr(1) : "0").push_back('E');
    return AppendInteger(exponent, out);
  }
  if (exponent < 0) return void(out->append("0.").append(static_cast<size_t>(-exponent - 1), '0').append(digits));
  const auto point = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= point) return void(out->append(digits).append(point - digits.size(), '0').append(".0"));
  out->append(digits, 0, point).append(".").append(digits, point);
}

void AppendDate(int64_t days, std::string* out) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  // chrono's years end at 32,767; nothing that has a date goes there.
  AppendPadded(static_cast<int>(date.year()), 4, out);
  out->push_back('-');
  AppendPadded(static_cast<unsigned>(date.month()), 2, out);
  out->push_back('-');
  AppendPadded(static_cast<unsigned>(date.day()), 2, out);
}

int64_t PerSecond(arrow::TimeUnit::type unit) {
  static constexpr int64_t kUnits[] = {1, 1'000, 1'000'000, 1'000'000'000};
  return kUnits[unit];
}

/// Milliseconds as Athena has them, and more digits where a value has more.
void AppendTimeOfDay(int64_t value, int64_t per_second, std::string* out) {
  const int64_t seconds = value / per_second;
  AppendPadded(seconds / 3600, 2, out);
  out->push_back(':');
  AppendPadded(seconds / 60 % 60, 2, out);
  out->push_back(':');
  AppendPadded(seconds % 60, 2, out);
  out->push_back('.');
  const int64_t nanos = value % per_second * (1'000'000'000 / per_second);
  if (nanos % 1'000'000 == 0) return AppendPadded(nanos / 1'000'000, 3, out);
  if (nanos % 1'000 == 0) return AppendPadded(nanos / 1'000, 6, out);
  AppendPadded(nanos, 9, out);
}

void AppendTimestamp(int64_t value, int64_t per_second, std::string* out) {
  const int64_t per_day = per_second * 86'400;
  int64_t day = value / per_day, rest = value % per_day;
  if (rest < 0) rest += per_day, --day;
  AppendDate(day, out);
  out->push_back(' ');
  AppendTimeOfDay(rest, per_second, out);
}

void AppendHex(std::string_view bytes, std::string* out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  bool first = true;
  for (const char c : bytes) {
    if (!first) out->push_back(' ');
    first = false;
    out->push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    out->push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
}

template <typename ArrayType>
ValueText IntegerText() {
  return [](const arrow::Array& values, int64_t row, std::string* out) {
    AppendInteger(static_cast<const ArrayType&>(values).Value(row), out);
  };
}
template <typename ArrayType>
ValueText RealText() {
  return [](const arrow::Array& values, int64_t row, std::string* out) {
    AppendReal(static_cast<const ArrayType&>(values).Value(row), out);
  };
}
template <typename ArrayType>
ValueText StringText() {
  return [](const arrow::Array& values, int64_t row, std::string* out) {
    out->append(static_cast<const ArrayType&>(values).GetView(row));
  };
}
template <typename ArrayType>
ValueText BinaryText() {
  return [](const arrow::Array& values, int64_t row, std::string* out) {
    AppendHex(static_cast<const ArrayType&>(values).GetView(row), out);
  };
}
template <typename ArrayType>
ValueText TextOfDecimal() {
  return [](const arrow::Array& values, int64_t row, std::string* out) {
    out->append(static_cast<const ArrayType&>(values).FormatValue(row));
  };
}

void AppendOrNull(const ValueText& text, const arrow::Array& values, int64_t row, std::string* out) {
  if (values.IsNull(row)) {
    out->append("null");
  } else {
    text(values, row, out);
  }
}

template <typename ArrayType>
Result<ValueText> ListText(const arrow::DataType& type) {
  ARROW_ASSIGN_OR_RAISE(auto item, ValueTextOf(*type.field(0)->type()));
  return [item](const arrow::Array& values, int64_t row, std::string* out) {
    const auto& list = static_cast<const ArrayType&>(values);
    out->push_back('[');
    for (int64_t i = 0; i < list.value_length(row); ++i) {
      if (i > 0) out->append(", ");
      AppendOrNull(item, *list.values(), list.value_offset(row) + i, out);
    }
    out->push_back(']');
  };
}

Result<ValueText> MapText(const arrow::MapType& type) {
  ARROW_ASSIGN_OR_RAISE(auto key, ValueTextOf(*type.key_type()));
  ARROW_ASSIGN_OR_RAISE(auto item, ValueTextOf(*type.item_type()));
  return [key, item](const arrow::Array& values, int64_t row, std::string* out) {
    const auto& map = static_cast<const arrow::MapArray&>(values);
    out->push_back('{');
    for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
      if (i > map.value_offset(row)) out->append(", ");
      AppendOrNull(key, *map.keys(), i, out);
      out->push_back('=');
      AppendOrNull(item, *map.items(), i, out);
    }
    out->push_back('}');
  };
}

Result<ValueText> RowText(const arrow::DataType& type) {
  std::vector<std::pair<std::string, ValueText>> fields;
  for (const auto& field : type.fields()) {
    ARROW_ASSIGN_OR_RAISE(auto text, ValueTextOf(*field->type()));
    fields.emplace_back(field->name().empty() ? "field" + std::to_string(fields.size()) : field->name(),
                        std::move(text));
  }
  return [fields](const arrow::Array& values, int64_t row, std::string* out) {
    const auto& record = static_cast<const arrow::StructArray&>(values);
    out->push_back('{');
    for (size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) out->append(", ");
      out->append(fields[i].first).push_back('=');
      AppendOrNull(fields[i].second, *record.field(static_cast<int>(i)), row, out);
    }
    out->push_back('}');
  };
}

Status NoName(const arrow::DataType& type) {
  return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "CAST it to VARCHAR"}, "Athena has no type for ",
                   type.ToString());
}

ColumnInfo Named(std::string type, int64_t precision, int64_t scale = 0) {
  return {.Type = std::move(type), .Precision = precision, .Scale = scale};
}

Result<ColumnInfo> InfoOfType(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return Named("boolean", 0);
    case arrow::Type::INT8:
      return Named("tinyint", 3);
    case arrow::Type::INT16:
    case arrow::Type::UINT8:
      return Named("smallint", 5);
    case arrow::Type::INT32:
    case arrow::Type::UINT16:
      return Named("integer", 10);
    case arrow::Type::INT64:
    case arrow::Type::UINT32:
      return Named("bigint", 19);
    case arrow::Type::UINT64:
      return Named("decimal", 20);
    case arrow::Type::FLOAT:
      return Named("float", 17);
    case arrow::Type::DOUBLE:
      return Named("double", 17);
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return Named("varchar", 2'147'483'647);
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY:
      return Named("varbinary", 1'073'741'824);
    case arrow::Type::DATE32:
      return Named("date", 0);
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
      return Named("time", 3);
    case arrow::Type::TIMESTAMP:
      return Named(
          static_cast<const arrow::TimestampType&>(type).timezone().empty() ? "timestamp" : "timestamp with time zone",
          3);
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      return Named("decimal", decimal.precision(), decimal.scale());
    }
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
      return Named("array", 0);
    case arrow::Type::MAP:
      return Named("map", 0);
    case arrow::Type::STRUCT:
      return Named("row", 0);
    case arrow::Type::DICTIONARY:
      return InfoOfType(*static_cast<const arrow::DictionaryType&>(type).value_type());
    default:
      return NoName(type);
  }
}

Result<ValueText> TimeText(const arrow::DataType& type) {
  if (type.id() == arrow::Type::TIMESTAMP) {
    const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
    return [per_second = PerSecond(timestamp.unit()), zone = !timestamp.timezone().empty()](
               const arrow::Array& values, int64_t row, std::string* out) {
      AppendTimestamp(static_cast<const arrow::TimestampArray&>(values).Value(row), per_second, out);
      if (zone) out->append(" UTC");
    };
  }
  const int64_t per_second = PerSecond(static_cast<const arrow::TimeType&>(type).unit());
  if (type.id() == arrow::Type::TIME32) {
    return [per_second](const arrow::Array& values, int64_t row, std::string* out) {
      AppendTimeOfDay(static_cast<const arrow::Time32Array&>(values).Value(row), per_second, out);
    };
  }
  return [per_second](const arrow::Array& values, int64_t row, std::string* out) {
    AppendTimeOfDay(static_cast<const arrow::Time64Array&>(values).Value(row), per_second, out);
  };
}

}  // namespace

Result<ValueText> ValueTextOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return [](const arrow::Array& values, int64_t row, std::string* out) {
        out->append(static_cast<const arrow::BooleanArray&>(values).Value(row) ? "true" : "false");
      };
    case arrow::Type::INT8:
      return IntegerText<arrow::Int8Array>();
    case arrow::Type::INT16:
      return IntegerText<arrow::Int16Array>();
    case arrow::Type::INT32:
      return IntegerText<arrow::Int32Array>();
    case arrow::Type::INT64:
      return IntegerText<arrow::Int64Array>();
    case arrow::Type::UINT8:
      return IntegerText<arrow::UInt8Array>();
    case arrow::Type::UINT16:
      return IntegerText<arrow::UInt16Array>();
    case arrow::Type::UINT32:
      return IntegerText<arrow::UInt32Array>();
    case arrow::Type::UINT64:
      return IntegerText<arrow::UInt64Array>();
    case arrow::Type::FLOAT:
      return RealText<arrow::FloatArray>();
    case arrow::Type::DOUBLE:
      return RealText<arrow::DoubleArray>();
    case arrow::Type::STRING:
      return StringText<arrow::StringArray>();
    case arrow::Type::LARGE_STRING:
      return StringText<arrow::LargeStringArray>();
    case arrow::Type::STRING_VIEW:
      return StringText<arrow::StringViewArray>();
    case arrow::Type::BINARY:
      return BinaryText<arrow::BinaryArray>();
    case arrow::Type::LARGE_BINARY:
      return BinaryText<arrow::LargeBinaryArray>();
    case arrow::Type::BINARY_VIEW:
      return BinaryText<arrow::BinaryViewArray>();
    case arrow::Type::FIXED_SIZE_BINARY:
      return BinaryText<arrow::FixedSizeBinaryArray>();
    case arrow::Type::DATE32:
      return [](const arrow::Array& values, int64_t row, std::string* out) {
        AppendDate(static_cast<const arrow::Date32Array&>(values).Value(row), out);
      };
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
      return TimeText(type);
    case arrow::Type::DECIMAL128:
      return TextOfDecimal<arrow::Decimal128Array>();
    case arrow::Type::DECIMAL256:
      return TextOfDecimal<arrow::Decimal256Array>();
    case arrow::Type::LIST:
      return ListText<arrow::ListArray>(type);
    case arrow::Type::LARGE_LIST:
      return ListText<arrow::LargeListArray>(type);
    case arrow::Type::FIXED_SIZE_LIST:
      return ListText<arrow::FixedSizeListArray>(type);
    case arrow::Type::MAP:
      return MapText(static_cast<const arrow::MapType&>(type));
    case arrow::Type::STRUCT:
      return RowText(type);
    case arrow::Type::DICTIONARY: {
      ARROW_ASSIGN_OR_RAISE(auto text, ValueTextOf(*static_cast<const arrow::DictionaryType&>(type).value_type()));
      return [text](const arrow::Array& values, int64_t row, std::string* out) {
        const auto& encoded = static_cast<const arrow::DictionaryArray&>(values);
        AppendOrNull(text, *encoded.dictionary(), encoded.GetValueIndex(row), out);
      };
    }
    default:
      return NoName(type);
  }
}

Result<std::vector<ColumnInfo>> ColumnsOf(const arrow::Schema& schema) {
  std::vector<ColumnInfo> columns;
  for (const auto& field : schema.fields()) {
    auto info = InfoOfType(*field->type());
    if (!info.ok()) return Prefix(info.status(), "column " + field->name());
    info->CatalogName = "hive";
    info->SchemaName = "";
    info->TableName = "";
    info->Name = field->name();
    info->Label = field->name();
    info->Nullable = "UNKNOWN";
    info->CaseSensitive = info->Type == "varchar";
    columns.push_back(*std::move(info));
  }
  return columns;
}

void AppendQuoted(std::string_view text, std::string* out) {
  out->push_back('"');
  for (size_t at = 0; at < text.size();) {
    const auto quote = std::min(text.find('"', at), text.size());
    out->append(text.substr(at, quote - at));
    if (quote < text.size()) out->append("\"\"");
    at = quote + 1;
  }
  out->push_back('"');
}

}  // namespace glaux::serve::athena
