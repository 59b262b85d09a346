#include "glaux/format/csv_guess_internal.h"

#include <arrow/type.h>

#include <utility>

#include "glaux/format/csv_value_internal.h"

namespace glaux {
namespace {

constexpr int64_t kExactInDouble = int64_t{1} << 53;

}  // namespace

CsvTypeGuess::Kind CsvTypeGuess::KindOf(std::string_view text) {
  int64_t integer = 0;
  if (ParseInteger(text, &integer)) {
    if (integer > kExactInDouble || integer < -kExactInDouble) return Kind::kLargeInteger;
    if (std::in_range<int8_t>(integer)) return Kind::kTinyInteger;
    if (std::in_range<int16_t>(integer)) return Kind::kSmallInteger;
    return std::in_range<int32_t>(integer) ? Kind::kShortInteger : Kind::kInteger;
  }
  if (LooksLikeInteger(text) && text != "-0") {
    const size_t digits = text.size() - (text[0] == '-' ? 1 : 0);
    return digits <= static_cast<size_t>(arrow::Decimal128Type::kMaxPrecision) ? Kind::kHugeInteger : Kind::kString;
  }
  double real = 0;
  if (IsDouble(text, &real)) return Kind::kDouble;
  bool boolean = false;
  if (ParseBoolean(text, &boolean)) return Kind::kBoolean;
  int32_t days = 0;
  if (ParseDate(text, &days)) return Kind::kDate;
  ParsedTime time;
  if (ParseTime(text, &time) && time.nanoseconds % 1000 == 0) {
    return time.zone == Zone::kNone ? Kind::kTimestamp : Kind::kUtcTimestamp;
  }
  return Kind::kString;
}

CsvTypeGuess::Kind CsvTypeGuess::TimeKindOf(std::string_view text) const {
  ParsedTime time;
  if (rules_->Time(text, &time)) {
    if (time.nanoseconds % 1000 != 0) return Kind::kString;
    return time.zone == Zone::kNone ? Kind::kTimestamp : Kind::kUtcTimestamp;
  }
  int32_t days = 0;
  return rules_->Date(text, &days) ? Kind::kDate : Kind::kString;
}

CsvTypeGuess::Kind CsvTypeGuess::Join(Kind left, Kind right) {
  if (left > right) std::swap(left, right);
  if (left == right || left == Kind::kNothing) return right;
  if (left >= Kind::kTinyInteger && left <= Kind::kInteger && right <= Kind::kDouble) return right;
  if (left == Kind::kLargeInteger && right == Kind::kHugeInteger) return right;
  if (left == Kind::kDate && right == Kind::kTimestamp) return right;
  return Kind::kString;
}

void CsvTypeGuess::ObserveValue(std::string_view text) {
  if (formats_ && time_ != Kind::kString) time_ = Join(time_, TimeKindOf(text));
  // What was seen so far is what mostly comes next.
  if (kind_ == Kind::kDouble) {
    double real = 0;
    int64_t integer = 0;
    if (IsDouble(text, &real) &&
        (!ParseInteger(text, &integer) || (integer <= kExactInDouble && integer >= -kExactInDouble)))
      return;
  } else if (kind_ == Kind::kUtcTimestamp || kind_ == Kind::kTimestamp) {
    ParsedTime time;
    if (ParseTime(text, &time) && time.nanoseconds % 1000 == 0 &&
        (time.zone == Zone::kOffset) == (kind_ == Kind::kUtcTimestamp))
      return;
  }
  kind_ = Join(kind_, KindOf(text));
}

std::shared_ptr<arrow::DataType> CsvTypeGuess::type(bool integer_widths) const {
  switch (formats_ && time_ != Kind::kNothing && time_ != Kind::kString ? time_ : kind_) {
    case Kind::kNothing:
      return empty_string_ ? arrow::utf8() : arrow::null();
    case Kind::kBoolean:
      return arrow::boolean();
    case Kind::kTinyInteger:
      return integer_widths ? arrow::int8() : arrow::int64();
    case Kind::kSmallInteger:
      return integer_widths ? arrow::int16() : arrow::int64();
    case Kind::kShortInteger:
      return integer_widths ? arrow::int32() : arrow::int64();
    case Kind::kInteger:
    case Kind::kLargeInteger:
      return arrow::int64();
    case Kind::kHugeInteger:
      return arrow::decimal128(arrow::Decimal128Type::kMaxPrecision, 0);
    case Kind::kDouble:
      return arrow::float64();
    case Kind::kDate:
      return arrow::date32();
    case Kind::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case Kind::kUtcTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case Kind::kString:
      break;
  }
  return arrow::utf8();
}

}  // namespace glaux
