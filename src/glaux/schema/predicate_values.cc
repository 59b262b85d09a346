#include <arrow/api.h>
#include <arrow/util/decimal.h>

#include <optional>

#include "glaux/schema/predicate_internal.h"
#include "glaux/schema/types.h"

namespace glaux::schema_internal {
namespace {

using arrow::Scalar;
using arrow::Type;
using Int128 = __int128;

struct Number {
  bool exact = true;
  arrow::Decimal256 decimal;  ///< of an exact one
  int32_t scale = 0;
  double approximate = 0;
};

template <typename ScalarType>
auto ValueOf(const Scalar& scalar) {
  return static_cast<const ScalarType&>(scalar).value;
}

Number Whole(arrow::Decimal256 value) { return {.decimal = value, .approximate = value.ToDouble(0)}; }

std::optional<Number> NumberOf(const Scalar& scalar) {
  switch (scalar.type->id()) {
    case Type::INT8:
      return Whole(arrow::Decimal256(ValueOf<arrow::Int8Scalar>(scalar)));
    case Type::INT16:
      return Whole(arrow::Decimal256(ValueOf<arrow::Int16Scalar>(scalar)));
    case Type::INT32:
      return Whole(arrow::Decimal256(ValueOf<arrow::Int32Scalar>(scalar)));
    case Type::INT64:
      return Whole(arrow::Decimal256(ValueOf<arrow::Int64Scalar>(scalar)));
    case Type::UINT8:
      return Whole(arrow::Decimal256(ValueOf<arrow::UInt8Scalar>(scalar)));
    case Type::UINT16:
      return Whole(arrow::Decimal256(ValueOf<arrow::UInt16Scalar>(scalar)));
    case Type::UINT32:
      return Whole(arrow::Decimal256(ValueOf<arrow::UInt32Scalar>(scalar)));
    case Type::UINT64:
      return Whole(arrow::Decimal256(ValueOf<arrow::UInt64Scalar>(scalar)));
    case Type::FLOAT:
      return Number{.exact = false, .approximate = ValueOf<arrow::FloatScalar>(scalar)};
    case Type::DOUBLE:
      return Number{.exact = false, .approximate = ValueOf<arrow::DoubleScalar>(scalar)};
    case Type::DECIMAL128: {
      const auto value = ValueOf<arrow::Decimal128Scalar>(scalar);
      const int32_t scale = static_cast<const arrow::DecimalType&>(*scalar.type).scale();
      // A negative scale counts zeros before the point; as a double it is compared well enough.
      return Number{.exact = scale >= 0,
                    .decimal = arrow::Decimal256(value),
                    .scale = scale,
                    .approximate = value.ToDouble(scale)};
    }
    default:
      return std::nullopt;
  }
}

std::partial_ordering CompareNumbers(Number a, Number b) {
  if (!a.exact || !b.exact) return a.approximate <=> b.approximate;
  // Both have at most 38 digits, so 76 hold either at the other's scale.
  if (a.scale < b.scale) a.decimal = arrow::Decimal256(a.decimal.IncreaseScaleBy(b.scale - a.scale));
  if (b.scale < a.scale) b.decimal = arrow::Decimal256(b.decimal.IncreaseScaleBy(a.scale - b.scale));
  if (a.decimal == b.decimal) return std::partial_ordering::equivalent;
  return a.decimal < b.decimal ? std::partial_ordering::less : std::partial_ordering::greater;
}

/// Nanoseconds of something that only compares with its own kind.
struct Ticks {
  enum class Kind { kInstant, kTimeOfDay, kDuration } kind;
  Int128 nanos;
};

Int128 NanosPer(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1'000'000'000;
    case arrow::TimeUnit::MILLI:
      return 1'000'000;
    case arrow::TimeUnit::MICRO:
      return 1'000;
    default:
      return 1;
  }
}

std::optional<Ticks> TicksOf(const Scalar& scalar) {
  constexpr Int128 kDay = Int128{86'400} * 1'000'000'000;
  switch (scalar.type->id()) {
    case Type::DATE32:
      return Ticks{Ticks::Kind::kInstant, ValueOf<arrow::Date32Scalar>(scalar) * kDay};
    case Type::DATE64:
      return Ticks{Ticks::Kind::kInstant, ValueOf<arrow::Date64Scalar>(scalar) * Int128{1'000'000}};
    case Type::TIMESTAMP:
      return Ticks{Ticks::Kind::kInstant, ValueOf<arrow::TimestampScalar>(scalar) *
                                              NanosPer(static_cast<const arrow::TimestampType&>(*scalar.type).unit())};
    case Type::TIME32:
      return Ticks{Ticks::Kind::kTimeOfDay, ValueOf<arrow::Time32Scalar>(scalar) *
                                                NanosPer(static_cast<const arrow::TimeType&>(*scalar.type).unit())};
    case Type::TIME64:
      return Ticks{Ticks::Kind::kTimeOfDay, ValueOf<arrow::Time64Scalar>(scalar) *
                                                NanosPer(static_cast<const arrow::TimeType&>(*scalar.type).unit())};
    case Type::DURATION:
      return Ticks{Ticks::Kind::kDuration, ValueOf<arrow::DurationScalar>(scalar) *
                                               NanosPer(static_cast<const arrow::DurationType&>(*scalar.type).unit())};
    default:
      return std::nullopt;
  }
}

std::optional<std::string_view> BytesOf(const Scalar& scalar) {
  if (!arrow::is_base_binary_like(scalar.type->id()) && !arrow::is_binary_view_like(scalar.type->id()) &&
      scalar.type->id() != Type::FIXED_SIZE_BINARY) {
    return std::nullopt;
  }
  return static_cast<const arrow::BaseBinaryScalar&>(scalar).view();
}

Result<std::shared_ptr<Scalar>> ParseTimestamp(std::string_view text) {
  if (text.ends_with('Z') || text.ends_with('z')) text.remove_suffix(1);
  const auto micros = Scalar::Parse(arrow::timestamp(arrow::TimeUnit::MICRO), text);
  return micros.ok() ? micros : Scalar::Parse(arrow::timestamp(arrow::TimeUnit::NANO), text);
}

/// What a text literal spells, in a type that compares with `type`.
Result<std::shared_ptr<Scalar>> ParseAs(const std::shared_ptr<arrow::DataType>& type, std::string_view text) {
  if (type->id() == Type::TIMESTAMP) return ParseTimestamp(text);
  if (type->id() == Type::DATE32 || type->id() == Type::DATE64) {
    const auto date = Scalar::Parse(arrow::date32(), text);
    return date.ok() ? date : ParseTimestamp(text);
  }
  if (arrow::is_decimal(type->id())) {
    arrow::Decimal128 value;
    int32_t precision = 0;
    int32_t scale = 0;
    ARROW_RETURN_NOT_OK(arrow::Decimal128::FromString(text, &value, &precision, &scale));
    return std::make_shared<arrow::Decimal128Scalar>(value, arrow::decimal128(std::max(precision, 1), scale));
  }
  // '300' is a number that no tinyint equals, not an error.
  if (arrow::is_signed_integer(type->id())) return Scalar::Parse(arrow::int64(), text);
  if (arrow::is_unsigned_integer(type->id())) {
    const auto number = Scalar::Parse(arrow::int64(), text);
    return number.ok() ? number : Scalar::Parse(arrow::uint64(), text);
  }
  return Scalar::Parse(type, text);
}

const Scalar& Unwrapped(const Scalar& scalar, std::shared_ptr<Scalar>* keep) {
  if (scalar.type->id() == Type::DICTIONARY) {
    *keep = static_cast<const arrow::DictionaryScalar&>(scalar).GetEncodedValue().ValueOr(nullptr);
  } else if (scalar.type->id() == Type::EXTENSION) {
    *keep = static_cast<const arrow::ExtensionScalar&>(scalar).value;
  }
  return *keep == nullptr ? scalar : **keep;
}

Status DoNotMeet(const Scalar& value, const Scalar& literal) {
  const auto type = ToGlueType(*value.type).ValueOr(value.type->ToString());
  return MakeError(ErrorKind::kInvalid, "expected something to compare a ", type, " with, found: ", TextOf(literal));
}

}  // namespace

std::string TextOf(const Scalar& value) {
  std::shared_ptr<Scalar> keep;
  const auto& plain = Unwrapped(value, &keep);
  if (const auto bytes = BytesOf(plain)) return std::string(*bytes);
  return plain.ToString();
}

Result<std::partial_ordering> CompareToLiteral(const Scalar& given, const Scalar& literal) {
  std::shared_ptr<Scalar> keep;
  const auto& value = Unwrapped(given, &keep);
  const auto spelled = BytesOf(literal);
  if (const auto bytes = BytesOf(value)) {
    const std::string text = spelled ? std::string(*spelled) : TextOf(literal);
    return *bytes <=> std::string_view(text);
  }
  if (spelled) {
    const auto parsed = ParseAs(value.type, *spelled);
    if (!parsed.ok() || (*parsed)->type->id() == Type::STRING) return DoNotMeet(value, literal);
    return CompareToLiteral(value, **parsed);
  }
  if (const auto a = NumberOf(value), b = NumberOf(literal); a && b) return CompareNumbers(*a, *b);
  if (const auto a = TicksOf(value), b = TicksOf(literal); a && b && a->kind == b->kind) return a->nanos <=> b->nanos;
  if (value.type->id() == Type::BOOL && literal.type->id() == Type::BOOL) {
    return ValueOf<arrow::BooleanScalar>(value) <=> ValueOf<arrow::BooleanScalar>(literal);
  }
  return DoNotMeet(value, literal);
}

namespace {

bool IsContinuation(char c) { return (c & 0xc0) == 0x80; }

size_t NextCharacter(std::string_view text, size_t at) {
  for (++at; at < text.size() && IsContinuation(text[at]);) ++at;
  return at;
}

}  // namespace

bool MatchesLike(std::string_view text, std::string_view pattern) {
  // Only the last % ever needs another try: what an earlier one could take, it can.
  size_t t = 0, p = 0;
  size_t retry_text = 0, retry_pattern = std::string_view::npos;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      retry_pattern = ++p;
      retry_text = t;
      continue;
    }
    if (p < pattern.size() && pattern[p] == '_') {
      t = NextCharacter(text, t);
      ++p;
      continue;
    }
    const size_t literal = p + 1 < pattern.size() && pattern[p] == '\\' ? p + 1 : p;
    if (literal < pattern.size() && pattern[literal] == text[t]) {
      ++t;
      p = literal + 1;
      continue;
    }
    if (retry_pattern == std::string_view::npos) return false;
    t = retry_text = NextCharacter(text, retry_text);
    p = retry_pattern;
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

}  // namespace glaux::schema_internal
