#include "glaux/format/csv_text_internal.h"

#include <arrow/api.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "glaux/base/base64.h"
#include "glaux/format/csv_scan_internal.h"
#include "glaux/format/value_text_internal.h"

namespace glaux {
namespace {

template <typename To, typename From>
const To& As(const From& from) {
  return static_cast<const To&>(from);
}

/// Append what `write(out)` writes.
template <typename Write>
void AppendShort(Write&& write, std::string* out) {
  std::array<char, kMostValueText> text;
  out->append(text.data(), write(text.data()));
}

template <typename Number>
void AppendNumber(Number value, std::string* out) {
  AppendShort([&](char* at) { return std::to_chars(at, at + kMostValueText, value).ptr; }, out);
}

template <typename Number>
void AppendReal(Number value, std::string* out) {
  AppendShort([&](char* at) { return WriteReal(value, at); }, out);
}

void AppendDate(int64_t days, std::string* out) {
  AppendShort([&](char* at) { return WriteDate(days, at); }, out);
}

void AppendTimeOfDay(int64_t value, arrow::TimeUnit::type unit, std::string* out) {
  AppendShort([&](char* at) { return WriteTimeOfDay(value, unit, at); }, out);
}

void AppendTimestamp(int64_t value, const arrow::TimestampType& type, std::string* out) {
  TimestampText text(type.unit(), !type.timezone().empty());
  AppendShort([&](char* at) { return text.Write(value, at); }, out);
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

bool HoldsText(arrow::Type::type id) { return arrow::is_string(id) || id == arrow::Type::STRING_VIEW; }

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
  text.decimal_separator_ = options.decimal_separator;
  text.has_null_words_ = options.null_values.size() > (empty_is_null ? 1 : 0);
  for (const char c : {text.dialect_.delimiter, text.dialect_.quote, '\n', '\r', text.dialect_.escape.value_or('\n')}) {
    text.special_[static_cast<unsigned char>(c)] = 1;
  }
  constexpr std::string_view kNumberCharacters = "0123456789+-.,:TZeabdefilnrstu";
  text.numbers_are_plain_ =
      !text.HasSpecial(text.decimal_separator_ == ',' ? kNumberCharacters : "0123456789+-.:TZeabdefilnrstu") &&
      (!text.dialect_.comment || kNumberCharacters.find(*text.dialect_.comment) == std::string_view::npos) &&
      std::all_of(options.null_values.begin(), options.null_values.end(), [&](const std::string& word) {
        return word.empty() || word.find_first_not_of(kNumberCharacters) != std::string::npos;
      });
  return text;
}

bool CsvText::IsNullWord(std::string_view value) const {
  return std::find(null_values_.begin(), null_values_.end(), value) != null_values_.end();
}

bool CsvText::HasSpecial(std::string_view text) const {
  size_t at = 0;
  for (; at + 64 <= text.size(); at += 64) {
    const ByteMask bytes(text.data() + at);
    uint64_t special =
        bytes.Equal(dialect_.delimiter) | bytes.Equal(dialect_.quote) | bytes.Equal('\n') | bytes.Equal('\r');
    if (dialect_.escape) special |= bytes.Equal(*dialect_.escape);
    if (special != 0) return true;
  }
  for (; at < text.size(); ++at) {
    if (special_[static_cast<unsigned char>(text[at])] != 0) return true;
  }
  return false;
}

void CsvText::AppendQuoted(std::string_view value, std::string* out) const {
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
  std::string text;
  if (HoldsBytes(array.type_id())) {
    const auto bytes = BytesOf(array, row);
    if (HoldsText(array.type_id())) {
      AppendString(bytes, out);
    } else {
      AppendBase64(bytes, &text);  // bytes would make the file something else than UTF-8 text
      AppendString(text, out);
    }
    return Status::OK();
  }
  ARROW_RETURN_NOT_OK(arrow::is_nested(array.type_id()) ? AppendJson(array, row, &text)
                                                        : AppendPlain(array, row, &text));
  if (decimal_separator_ != '.' && (arrow::is_floating(array.type_id()) || arrow::is_decimal(array.type_id()))) {
    std::replace(text.begin(), text.end(), '.', decimal_separator_);
  }
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
      AppendTimeOfDay(As<arrow::Time32Array>(array).Value(row), As<arrow::Time32Type>(*array.type()).unit(), out);
      break;
    case arrow::Type::TIME64:
      AppendTimeOfDay(As<arrow::Time64Array>(array).Value(row), As<arrow::Time64Type>(*array.type()).unit(), out);
      break;
    default:
      return MakeError(ErrorKind::kInvalid, "write csv: a value of type ", array.type()->ToString(), " has no text");
  }
  return Status::OK();
}

}  // namespace glaux
