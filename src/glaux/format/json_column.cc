#include "glaux/format/json_column_internal.h"

#include <arrow/api.h>
#include <arrow/util/decimal.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "glaux/format/csv_value_internal.h"
#include "glaux/format/json_column_kinds_internal.h"
#include "glaux/format/json_values_internal.h"

namespace glaux {
namespace {

bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

/// Values of one width. `Parser` has `bool Parse(JsonCursor&, Value*)`, which steps over one value or fails, and
/// `expected()`, a word for people.
template <typename Value, typename Parser>
class FixedWidthColumn final : public JsonColumn {
 public:
  FixedWidthColumn(std::shared_ptr<arrow::DataType> type, Parser parser)
      : type_(std::move(type)), parser_(std::move(parser)) {}

  Status Reserve(int64_t rows) override {
    return values_.Reserve(rows) ? Status::OK() : Status::OutOfMemory("no memory for this block");
  }
  bool Append(JsonCursor& in) override {
    Value value{};
    if (!parser_.Parse(in, &value)) {
      if (in.Peek() == 'n' && in.TakeNull()) return AppendNulls(1) || in.FailMemory();
      return in.FailConflict(ExpectedWords(*type_));
    }
    if (!values_.Append(length_, value)) return in.FailMemory();
    ++length_;
    return true;
  }
  bool AppendNulls(int64_t count) override {
    if (!values_.AppendNulls(length_, count)) return false;
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override {
    values_.Truncate(length);
    length_ = length;
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override { return values_.Finish(type_, length_); }

 private:
  std::shared_ptr<arrow::DataType> type_;
  Parser parser_;
  JsonNullable<Value> values_;
};

template <typename Value, typename Parser>
std::unique_ptr<JsonColumn> MakeFixedWidth(std::shared_ptr<arrow::DataType> type, Parser parser) {
  return std::make_unique<FixedWidthColumn<Value, Parser>>(std::move(type), std::move(parser));
}

/// The text of the number that begins here, and nothing else that is no number; steps over nothing.
std::string_view NumberHere(const JsonCursor& in) {
  const char* const begin = in.Here();
  const char* const end = EndOfNumber(begin);
  if (end == nullptr || !JsonCursor::EndsScalar(*end)) return {};
  return {begin, static_cast<size_t>(end - begin)};
}

/// The string that begins here, with escapes replaced; false where there is none, or it is no JSON.
bool StringHere(const JsonCursor& in, std::string* scratch, std::string_view* string) {
  if (in.Peek() != '"') return false;
  *string = in.RawString();
  if (!HasEscape(*string)) return true;
  if (!Unescape(*string, scratch).empty()) return false;
  *string = *scratch;
  return true;
}

template <typename Value>
struct IntegerParser {
  bool Parse(JsonCursor& in, Value* value) const {
    const char* const here = in.Here();
    const bool negative = *here == '-';
    const char* const digits = here + negative;
    const char* end = digits;
    uint64_t magnitude = 0;
    while (IsDigit(*end)) magnitude = magnitude * 10 + static_cast<uint64_t>(*end++ - '0');
    const auto count = end - digits;
    if (count == 0 || count > 20 || !JsonCursor::EndsScalar(*end) || (*digits == '0' && (count > 1 || negative)))
      return false;
    if constexpr (std::is_same_v<Value, uint64_t>) {
      if (negative || (count == 20 && !FitsUnsigned(digits))) return false;
      *value = magnitude;
    } else {
      // 19 digits do not overflow 64 bits without sign.
      constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
      if (count == 20 || magnitude > kMost + (negative ? 1 : 0)) return false;
      const auto number = negative ? static_cast<int64_t>(0 - magnitude) : static_cast<int64_t>(magnitude);
      if (!std::in_range<Value>(number)) return false;
      *value = static_cast<Value>(number);
    }
    ++in.at;
    return true;
  }
  static bool FitsUnsigned(const char* digits) { return std::memcmp(digits, "18446744073709551615", 20) <= 0; }
};

/// NaN and infinities are strings in JSON.
bool ParseNotFiniteString(const JsonCursor& in, double* value) {
  const auto raw = in.RawString();
  if (raw == "NaN" || raw == "Infinity" || raw == "-Infinity") return ParseNotFinite(raw, value);
  return false;
}

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                   1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

struct DoubleParser {
  bool Parse(JsonCursor& in, double* value) const {
    const char* const here = in.Here();
    const bool negative = *here == '-';
    const char* const digits = here + negative;
    const char* end = digits;
    uint64_t mantissa = 0;
    while (IsDigit(*end)) mantissa = mantissa * 10 + static_cast<uint64_t>(*end++ - '0');
    const auto whole = end - digits;
    if (whole > 0 && (*digits != '0' || whole == 1)) {
      ptrdiff_t fraction = 0;
      if (*end == '.') {
        const char* const point = end++;
        while (IsDigit(*end)) mantissa = mantissa * 10 + static_cast<uint64_t>(*end++ - '0');
        fraction = end - point - 1;
        if (fraction == 0) return false;
      }
      // Both mantissa and power are exact, so that one division rounds once: the nearest double.
      if (whole + fraction <= 18 && mantissa <= uint64_t{1} << 53 && JsonCursor::EndsScalar(*end)) {
        const double magnitude = static_cast<double>(mantissa) / kPowersOfTen[fraction];
        *value = negative ? -magnitude : magnitude;
        ++in.at;
        return true;
      }
    }
    if (*here == '"' ? !ParseNotFiniteString(in, value) : !ParseDouble(NumberHere(in), value)) return false;
    ++in.at;
    return true;
  }
};

/// A decimal text of which the float is the nearest, or an integer that it holds.
struct FloatParser {
  bool Parse(JsonCursor& in, float* value) const {
    double wide = 0;
    const auto number = NumberHere(in);
    if (!DoubleParser{}.Parse(in, &wide)) return false;
    *value = static_cast<float>(wide);
    if ((std::isfinite(wide) && !std::isfinite(*value)) ||
        (!number.empty() && LooksLikeInteger(number) && static_cast<double>(*value) != wide)) {
      --in.at;
      return false;
    }
    return true;
  }
};

template <typename Decimal>
class DecimalParser {
 public:
  explicit DecimalParser(const arrow::DecimalType& type) : precision_(type.precision()), scale_(type.scale()) {}

  bool Parse(JsonCursor& in, Decimal* value) const {
    const auto number = NumberHere(in);
    int32_t precision = 0;
    int32_t scale = 0;
    if (number.empty() || !Decimal::FromString(number, value, &precision, &scale).ok()) return false;
    if (scale != scale_) {
      auto scaled = value->Rescale(scale, scale_);
      if (!scaled.ok()) return false;
      *value = *scaled;
    }
    if (!value->FitsInPrecision(precision_)) return false;
    ++in.at;
    return true;
  }

 private:
  int32_t precision_;
  int32_t scale_;
};

/// Values that are strings in JSON: `Function` has `bool operator()(std::string_view, Value*)`.
template <typename Value, typename Function>
class FromString {
 public:
  explicit FromString(Function function) : function_(std::move(function)) {}
  bool Parse(JsonCursor& in, Value* value) const {
    std::string scratch;
    std::string_view string;
    if (!StringHere(in, &scratch, &string) || !function_(string, value)) return false;
    ++in.at;
    return true;
  }

 private:
  Function function_;
};

template <typename Value, typename Function>
std::unique_ptr<JsonColumn> MakeFromString(std::shared_ptr<arrow::DataType> type, Function function) {
  return MakeFixedWidth<Value>(std::move(type), FromString<Value, Function>(std::move(function)));
}

struct Unit {
  explicit Unit(arrow::TimeUnit::type unit)
      : per_second(unit == arrow::TimeUnit::SECOND  ? 1
                   : unit == arrow::TimeUnit::MILLI ? 1'000
                   : unit == arrow::TimeUnit::MICRO ? 1'000'000
                                                    : 1'000'000'000) {}
  /// False where digits would be lost.
  template <typename Value>
  bool Set(int64_t seconds, int32_t nanoseconds, Value* value) const {
    const auto per_unit = static_cast<int32_t>(1'000'000'000 / per_second);
    int64_t count = 0;
    if (nanoseconds % per_unit != 0 || __builtin_mul_overflow(seconds, per_second, &count) ||
        __builtin_add_overflow(count, int64_t{nanoseconds / per_unit}, &count) || !std::in_range<Value>(count)) {
      return false;
    }
    *value = static_cast<Value>(count);
    return true;
  }
  int64_t per_second;
};

/// A time with an offset becomes UTC. One without fits only a type without zone: what zone it means is not known.
std::unique_ptr<JsonColumn> MakeTimestamp(const std::shared_ptr<arrow::DataType>& type) {
  const auto& timestamp = static_cast<const arrow::TimestampType&>(*type);
  return MakeFromString<int64_t>(type, [unit = Unit(timestamp.unit()), zoned = !timestamp.timezone().empty()](
                                           std::string_view text, int64_t* value) {
    ParsedTime time;
    int32_t days = 0;
    if (text.size() == 10 && ParseDate(text, &days)) {
      time.seconds = int64_t{days} * 86400;
    } else if (!ParseTime(text, &time)) {
      return false;
    }
    return !(zoned && time.zone == Zone::kNone) && unit.Set(time.seconds, time.nanoseconds, value);
  });
}

/// HH:MM:SS with a fraction.
template <typename Value>
std::unique_ptr<JsonColumn> MakeTimeOfDay(const std::shared_ptr<arrow::DataType>& type, arrow::TimeUnit::type unit) {
  return MakeFromString<Value>(type, [unit = Unit(unit)](std::string_view text, Value* value) {
    ParsedTime time;
    if (text.size() < 8 || !ParseTime("1970-01-01T" + std::string(text), &time) || time.zone != Zone::kNone)
      return false;
    return unit.Set(time.seconds, time.nanoseconds, value);
  });
}

class BooleanColumn final : public JsonColumn {
 public:
  Status Reserve(int64_t rows) override {
    return values_.Reserve(rows) ? Status::OK() : Status::OutOfMemory("no memory for this block");
  }
  bool Append(JsonCursor& in) override {
    const char* const here = in.Here();
    if (std::memcmp(here, "true", 4) == 0 && JsonCursor::EndsScalar(here[4])) {
      ++in.at;
      return Add(1) || in.FailMemory();
    }
    if (std::memcmp(here, "false", 5) == 0 && JsonCursor::EndsScalar(here[5])) {
      ++in.at;
      return Add(0) || in.FailMemory();
    }
    if (in.TakeNull()) return AppendNulls(1) || in.FailMemory();
    return in.FailConflict("a bool");
  }
  bool AppendNulls(int64_t count) override {
    if (!values_.AppendNulls(length_, count)) return false;
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override {
    values_.Truncate(length);
    length_ = length;
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override { return values_.FinishBooleans(length_); }

 private:
  bool Add(uint8_t value) {
    if (!values_.Append(length_, value)) return false;
    ++length_;
    return true;
  }

  JsonNullable<uint8_t> values_;
};

/// Takes no value.
class NullColumn final : public JsonColumn {
 public:
  Status Reserve(int64_t) override { return Status::OK(); }
  bool Append(JsonCursor& in) override {
    if (!in.TakeNull()) return in.FailConflict("no value");
    ++length_;
    return true;
  }
  bool AppendNulls(int64_t count) override {
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override { length_ = length; }
  Result<std::shared_ptr<arrow::Array>> Finish() override { return std::make_shared<arrow::NullArray>(length_); }
};

}  // namespace

std::string ExpectedWords(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
      return "no value";
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      return "a decimal(" + std::to_string(decimal.precision()) + "," + std::to_string(decimal.scale()) + ")";
    }
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return "a date";
    case arrow::Type::STRUCT:
      return "an object";
    case arrow::Type::MAP:
      return "an object or an array of objects with key and value";
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
      return "an array";
    case arrow::Type::FIXED_SIZE_LIST:
      return "an array of " + std::to_string(static_cast<const arrow::FixedSizeListType&>(type).list_size());
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
      return "a string of base64";
    case arrow::Type::FIXED_SIZE_BINARY:
      return "a string of base64 for " +
             std::to_string(static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width()) + " bytes";
    default: {
      const auto name = type.ToString();
      return (std::string_view("aeiou").find(name[0]) == std::string_view::npos || name.starts_with("uint") ? "a "
                                                                                                            : "an ") +
             name;
    }
  }
}

Result<std::unique_ptr<JsonColumn>> JsonColumn::Make(const std::shared_ptr<arrow::DataType>& type,
                                                     const std::string& path, const JsonRules* rules) {
  const bool takes_all = arrow::is_string(type->id());
  if (rules != nullptr && rules->hive.lenient && !takes_all && type->num_fields() == 0) {
    return MakeLenientJsonColumn(type, *rules);
  }
  switch (type->id()) {
    case arrow::Type::NA:
      return std::make_unique<NullColumn>();
    case arrow::Type::BOOL:
      return std::make_unique<BooleanColumn>();
    case arrow::Type::INT8:
      return MakeFixedWidth<int8_t>(type, IntegerParser<int8_t>{});
    case arrow::Type::INT16:
      return MakeFixedWidth<int16_t>(type, IntegerParser<int16_t>{});
    case arrow::Type::INT32:
      return MakeFixedWidth<int32_t>(type, IntegerParser<int32_t>{});
    case arrow::Type::INT64:
      return MakeFixedWidth<int64_t>(type, IntegerParser<int64_t>{});
    case arrow::Type::UINT8:
      return MakeFixedWidth<uint8_t>(type, IntegerParser<uint8_t>{});
    case arrow::Type::UINT16:
      return MakeFixedWidth<uint16_t>(type, IntegerParser<uint16_t>{});
    case arrow::Type::UINT32:
      return MakeFixedWidth<uint32_t>(type, IntegerParser<uint32_t>{});
    case arrow::Type::UINT64:
      return MakeFixedWidth<uint64_t>(type, IntegerParser<uint64_t>{});
    case arrow::Type::FLOAT:
      return MakeFixedWidth<float>(type, FloatParser{});
    case arrow::Type::DOUBLE:
      return MakeFixedWidth<double>(type, DoubleParser{});
    case arrow::Type::DECIMAL128:
      return MakeFixedWidth<arrow::Decimal128>(
          type, DecimalParser<arrow::Decimal128>(static_cast<const arrow::DecimalType&>(*type)));
    case arrow::Type::DECIMAL256:
      return MakeFixedWidth<arrow::Decimal256>(
          type, DecimalParser<arrow::Decimal256>(static_cast<const arrow::DecimalType&>(*type)));
    case arrow::Type::DATE32:
      return MakeFromString<int32_t>(type, &ParseDate);
    case arrow::Type::DATE64:
      return MakeFromString<int64_t>(type, [](std::string_view text, int64_t* value) {
        int32_t days = 0;
        if (!ParseDate(text, &days)) return false;
        *value = int64_t{days} * 86'400'000;
        return true;
      });
    case arrow::Type::TIMESTAMP:
      return MakeTimestamp(type);
    case arrow::Type::TIME32:
      return MakeTimeOfDay<int32_t>(type, static_cast<const arrow::TimeType&>(*type).unit());
    case arrow::Type::TIME64:
      return MakeTimeOfDay<int64_t>(type, static_cast<const arrow::TimeType&>(*type).unit());
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::FIXED_SIZE_BINARY:
    case arrow::Type::DICTIONARY:
      return MakeJsonStringColumn(type);
    case arrow::Type::STRUCT:
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::MAP:
      return MakeJsonNestedColumn(type, path, rules);
    default:
      return MakeError(ErrorKind::kInvalid, "a JSON value cannot be read as ", type->ToString());
  }
}

}  // namespace glaux
