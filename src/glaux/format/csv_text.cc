#include "glaux/format/csv_text_internal.h"

#include <arrow/api.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

namespace glaux {
namespace {

template <typename To, typename From>
const To& As(const From& from) {
  return static_cast<const To&>(from);
}

template <typename Number>
void AppendNumber(Number value, std::string* out) {
  std::array<char, 64> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out->append(text.data(), end);
}

template <typename Number>
void AppendReal(Number value, std::string* out) {
  if (std::isnan(value)) {
    *out += "nan";
  } else if (std::isinf(value)) {
    *out += value < 0 ? "-inf" : "inf";
  } else {
    const size_t begin = out->size();
    AppendNumber(value, out);
    // A double without a point would be read as an integer.
    if (out->find_first_of(".e", begin) == std::string::npos) *out += ".0";
  }
}

void AppendPadded(int64_t value, int width, std::string* out) {
  const auto text = std::to_string(value);
  out->append(static_cast<size_t>(std::max<int64_t>(0, width - static_cast<int64_t>(text.size()))), '0');
  *out += text;
}

void AppendDate(int64_t days, std::string* out) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  AppendPadded(static_cast<int>(date.year()), 4, out);
  *out += '-';
  AppendPadded(static_cast<unsigned>(date.month()), 2, out);
  *out += '-';
  AppendPadded(static_cast<unsigned>(date.day()), 2, out);
}

void AppendClock(int64_t seconds, std::string* out) {
  AppendPadded(seconds / 3600, 2, out);
  *out += ':';
  AppendPadded(seconds / 60 % 60, 2, out);
  *out += ':';
  AppendPadded(seconds % 60, 2, out);
}

struct Unit {
  int64_t per_second;
  int digits;
};
Unit UnitOf(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return {1, 0};
    case arrow::TimeUnit::MILLI:
      return {1'000, 3};
    case arrow::TimeUnit::MICRO:
      return {1'000'000, 6};
    case arrow::TimeUnit::NANO:
      break;
  }
  return {1'000'000'000, 9};
}

/// Seconds of a day and a fraction, which is left out where it is zero.
void AppendTimeOfDay(int64_t value, Unit unit, std::string* out) {
  AppendClock(value / unit.per_second, out);
  if (const int64_t fraction = value % unit.per_second; fraction != 0) {
    *out += '.';
    AppendPadded(fraction, unit.digits, out);
  }
}

void AppendTimestamp(int64_t value, const arrow::TimestampType& type, std::string* out) {
  const Unit unit = UnitOf(type.unit());
  const int64_t day = 86400 * unit.per_second;
  int64_t days = value / day;
  int64_t rest = value % day;
  if (rest < 0) {
    rest += day;
    --days;
  }
  AppendDate(days, out);
  *out += 'T';
  AppendTimeOfDay(rest, unit, out);
  if (!type.timezone().empty()) *out += 'Z';
}

std::string_view BytesOf(const arrow::Array& array, int64_t row) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return As<arrow::BinaryArray>(array).GetView(row);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return As<arrow::BinaryViewArray>(array).GetView(row);
    case arrow::Type::FIXED_SIZE_BINARY:
      return As<arrow::FixedSizeBinaryArray>(array).GetView(row);
    default:
      return As<arrow::LargeBinaryArray>(array).GetView(row);
  }
}

bool HoldsBytes(arrow::Type::type id) {
  return arrow::is_base_binary_like(id) || id == arrow::Type::STRING_VIEW || id == arrow::Type::BINARY_VIEW ||
         id == arrow::Type::FIXED_SIZE_BINARY;
}

}  // namespace

Result<CsvText> CsvText::Make(const CsvOptions& options) {
  CsvText text;
  ARROW_ASSIGN_OR_RAISE(text.dialect_, CsvDialect::Make(options));
  text.null_values_ = options.null_values;
  const bool empty_is_null =
      std::find(options.null_values.begin(), options.null_values.end(), "") != options.null_values.end();
  if (!empty_is_null && !options.null_values.empty()) text.null_ = options.null_values[0];
  text.special_.resize(256, false);
  for (const char c : {text.dialect_.delimiter, text.dialect_.quote, '\n', '\r', text.dialect_.escape.value_or('\n')}) {
    text.special_[static_cast<unsigned char>(c)] = true;
  }
  return text;
}

void CsvText::AppendString(std::string_view value, std::string* out) const {
  const bool must_quote =
      value.empty() || value[0] == dialect_.comment ||
      std::any_of(value.begin(), value.end(), [&](char c) { return special_[static_cast<unsigned char>(c)]; }) ||
      std::find(null_values_.begin(), null_values_.end(), value) != null_values_.end();
  if (!must_quote) {
    *out += value;
    return;
  }
  out->push_back(dialect_.quote);
  for (const char c : value) {
    if (c == dialect_.quote || c == dialect_.escape) out->push_back(dialect_.escape.value_or(c));
    out->push_back(c);
  }
  out->push_back(dialect_.quote);
}

Status CsvText::AppendValue(const arrow::Array& array, int64_t row, std::string* out) const {
  if (array.type_id() == arrow::Type::DICTIONARY) {
    const auto& dictionary = As<arrow::DictionaryArray>(array);
    const int64_t index = dictionary.GetValueIndex(row);
    if (dictionary.dictionary()->IsValid(index)) return AppendValue(*dictionary.dictionary(), index, out);
    AppendNull(out);
    return Status::OK();
  }
  if (HoldsBytes(array.type_id())) {
    AppendString(BytesOf(array, row), out);
    return Status::OK();
  }
  std::string text;
  ARROW_RETURN_NOT_OK(arrow::is_nested(array.type_id()) ? AppendJson(array, row, &text)
                                                        : AppendPlain(array, row, &text));
  AppendString(text, out);
  return Status::OK();
}

Status AppendPlain(const arrow::Array& array, int64_t row, std::string* out) {
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      *out += As<arrow::BooleanArray>(array).Value(row) ? "true" : "false";
      break;
    case arrow::Type::INT8:
      AppendNumber(As<arrow::Int8Array>(array).Value(row), out);
      break;
    case arrow::Type::INT16:
      AppendNumber(As<arrow::Int16Array>(array).Value(row), out);
      break;
    case arrow::Type::INT32:
      AppendNumber(As<arrow::Int32Array>(array).Value(row), out);
      break;
    case arrow::Type::INT64:
      AppendNumber(As<arrow::Int64Array>(array).Value(row), out);
      break;
    case arrow::Type::UINT8:
      AppendNumber(As<arrow::UInt8Array>(array).Value(row), out);
      break;
    case arrow::Type::UINT16:
      AppendNumber(As<arrow::UInt16Array>(array).Value(row), out);
      break;
    case arrow::Type::UINT32:
      AppendNumber(As<arrow::UInt32Array>(array).Value(row), out);
      break;
    case arrow::Type::UINT64:
      AppendNumber(As<arrow::UInt64Array>(array).Value(row), out);
      break;
    case arrow::Type::FLOAT:
      AppendReal(As<arrow::FloatArray>(array).Value(row), out);
      break;
    case arrow::Type::DOUBLE:
      AppendReal(As<arrow::DoubleArray>(array).Value(row), out);
      break;
    case arrow::Type::DECIMAL128:
      *out += As<arrow::Decimal128Array>(array).FormatValue(row);
      break;
    case arrow::Type::DECIMAL256:
      *out += As<arrow::Decimal256Array>(array).FormatValue(row);
      break;
    case arrow::Type::DATE32:
      AppendDate(As<arrow::Date32Array>(array).Value(row), out);
      break;
    case arrow::Type::DATE64:
      AppendDate(As<arrow::Date64Array>(array).Value(row) / 86'400'000, out);
      break;
    case arrow::Type::TIMESTAMP:
      AppendTimestamp(As<arrow::TimestampArray>(array).Value(row), As<arrow::TimestampType>(*array.type()), out);
      break;
    case arrow::Type::TIME32:
      AppendTimeOfDay(As<arrow::Time32Array>(array).Value(row), UnitOf(As<arrow::Time32Type>(*array.type()).unit()),
                      out);
      break;
    case arrow::Type::TIME64:
      AppendTimeOfDay(As<arrow::Time64Array>(array).Value(row), UnitOf(As<arrow::Time64Type>(*array.type()).unit()),
                      out);
      break;
    default:
      return MakeError(ErrorKind::kInvalid, "write csv: a value of type ", array.type()->ToString(), " has no text");
  }
  return Status::OK();
}

}  // namespace glaux
