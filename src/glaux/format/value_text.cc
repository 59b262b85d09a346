#include "glaux/format/value_text_internal.h"

#include <arrow/type.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace glaux {
namespace {

constexpr auto kPairs = [] {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

char* WritePair(int64_t value, char* out) {
  std::memcpy(out, &kPairs[static_cast<size_t>(value) * 2], 2);
  return out + 2;
}

char* WritePadded(uint64_t value, int width, char* out) {
  for (int i = width - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + width;
}

/// A whole number of `scale`ths, 10^digits: at least one digit behind the point, and no zero that says nothing.
char* WriteScaled(uint64_t value, uint64_t scale, int digits, char* out) {
  out = WriteUnsigned(value / scale, out);
  *out++ = '.';
  out = WritePadded(value % scale, digits, out);
  while (out[-1] == '0' && out[-2] != '.') --out;
  return out;
}

template <typename Real>
char* WriteShortest(Real value, char* out) {
  if (std::isnan(value)) {
    std::memcpy(out, "nan", 3);
    return out + 3;
  }
  if (std::isinf(value)) {
    if (value < 0) *out++ = '-';
    std::memcpy(out, "inf", 3);
    return out + 3;
  }
  char* const end = std::to_chars(out, out + kMostValueText, value).ptr;
  // A number without a point would be read as an integer.
  for (const char* c = out; c != end; ++c) {
    if (*c == '.' || *c == 'e') return end;
  }
  std::memcpy(end, ".0", 2);
  return end + 2;
}

}  // namespace

char* WriteInteger(int64_t value, char* out) { return std::to_chars(out, out + kMostValueText, value).ptr; }

char* WriteUnsigned(uint64_t value, char* out) { return std::to_chars(out, out + kMostValueText, value).ptr; }

char* WriteReal(double value, char* out) {
  // Decimals of at most 15 digits are each the only one of their length that is nearest to its double: if such a one
  // divides to the value, no search for the shortest is needed.
  constexpr double kMostExact = 1e15;
  const double magnitude = std::abs(value);
  if (!(magnitude < kMostExact)) return WriteShortest(value, out);
  char* const begin = out;
  if (std::signbit(value)) *out++ = '-';
  for (const auto& [scale, digits] : {std::pair<int64_t, int>{1, 1}, {100, 2}, {1'000'000, 6}}) {
    const double scaled = magnitude * static_cast<double>(scale);
    if (!(scaled < kMostExact)) break;
    const auto whole = static_cast<int64_t>(scaled + 0.5);
    if (static_cast<double>(whole) / static_cast<double>(scale) != magnitude) continue;
    if (scale == 1) {
      out = WriteInteger(whole, out);
      std::memcpy(out, ".0", 2);
      return out + 2;
    }
    return WriteScaled(static_cast<uint64_t>(whole), static_cast<uint64_t>(scale), digits, out);
  }
  return WriteShortest(value, begin);
}

char* WriteReal(float value, char* out) { return WriteShortest(value, out); }

char* WriteDate(int64_t days, char* out) {
  // Years count from March, so that the leap day comes last.
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto of_era = static_cast<uint32_t>(days - era * 146097);
  const uint32_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const uint32_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t month_index = (5 * of_year + 2) / 153;
  const uint32_t day = of_year - (153 * month_index + 2) / 5 + 1;
  const uint32_t month = month_index < 10 ? month_index + 3 : month_index - 9;
  const int64_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
  if (year >= 0 && year <= 9999) {
    out = WritePair(year / 100, out);
    out = WritePair(year % 100, out);
  } else {
    if (year < 0) *out++ = '-';
    const auto size = std::to_chars(out, out + kMostValueText / 2, std::abs(year)).ptr - out;
    out = size < 4 ? WritePadded(static_cast<uint64_t>(std::abs(year)), 4, out) : out + size;
  }
  *out++ = '-';
  out = WritePair(month, out);
  *out++ = '-';
  return WritePair(day, out);
}

int64_t UnitsPerSecond(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1'000;
    case arrow::TimeUnit::MICRO:
      return 1'000'000;
    case arrow::TimeUnit::NANO:
      break;
  }
  return 1'000'000'000;
}

int FractionDigits(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 0;
    case arrow::TimeUnit::MILLI:
      return 3;
    case arrow::TimeUnit::MICRO:
      return 6;
    case arrow::TimeUnit::NANO:
      break;
  }
  return 9;
}

char* WriteTimeOfDay(int64_t value, arrow::TimeUnit::type unit, char* out) {
  // Nothing keeps an array from holding a time that is none of a day.
  const int64_t per_second = UnitsPerSecond(unit);
  if (value < 0 || value >= 86400 * per_second) return WriteInteger(value, out);
  const int64_t seconds = value / per_second;
  out = WritePair(seconds / 3600, out);
  *out++ = ':';
  out = WritePair(seconds / 60 % 60, out);
  *out++ = ':';
  out = WritePair(seconds % 60, out);
  if (const int64_t fraction = value % per_second; fraction != 0) {
    *out++ = '.';
    out = WritePadded(static_cast<uint64_t>(fraction), FractionDigits(unit), out);
  }
  return out;
}

TimestampText::TimestampText(arrow::TimeUnit::type unit, bool utc)
    : unit_(unit), utc_(utc), per_day_(86400 * UnitsPerSecond(unit)) {}

char* TimestampText::Write(int64_t value, char* out) {
  int64_t day = value / per_day_;
  int64_t rest = value % per_day_;
  if (rest < 0) {
    rest += per_day_;
    --day;
  }
  if (day != day_) {
    day_size_ = static_cast<int>(WriteDate(day, day_text_) - day_text_);
    day_ = day;
  }
  std::memcpy(out, day_text_, 32);
  out += day_size_;
  *out++ = 'T';
  out = WriteTimeOfDay(rest, unit_, out);
  if (utc_) *out++ = 'Z';
  return out;
}

}  // namespace glaux
