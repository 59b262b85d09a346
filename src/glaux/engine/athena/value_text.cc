#include "glaux/engine/athena/value_text_internal.h"

#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

namespace glaux::athena {
namespace {

using arrow::Status;

constexpr int64_t kNanos = 1'000'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Take `digits` digits off the front.
bool TakeDigits(std::string_view* text, size_t digits, int64_t* out) {
  if (text->size() < digits) return false;
  int64_t value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (!IsDigit((*text)[i])) return false;
    value = value * 10 + ((*text)[i] - '0');
  }
  text->remove_prefix(digits);
  *out = value;
  return true;
}

bool Take(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

bool TakeDate(std::string_view* text, int32_t* days) {
  bool negative = false;
  if (Take(text, '-')) {
    negative = true;
  } else {
    Take(text, '+');
  }
  size_t year_digits = 0;
  while (year_digits < text->size() && IsDigit((*text)[year_digits])) ++year_digits;
  int64_t year = 0, month = 0, day = 0;
  if (year_digits < 4 || year_digits > 7 || !TakeDigits(text, year_digits, &year)) return false;
  if (!Take(text, '-') || !TakeDigits(text, 2, &month) || !Take(text, '-') || !TakeDigits(text, 2, &day)) return false;
  if (negative) year = -year;
  // Days from the civil calendar; std::chrono::year ends at 32,767. Source: H. Hinnant, "chrono-Compatible Low-Level
  // Date Algorithms".
  if (month < 1 || month > 12 || day < 1) return false;
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (day > kDays[month - 1] + (month == 2 && leap ? 1 : 0)) return false;
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  const int64_t count = era * 146'097 + day_of_era - 719'468;
  if (count < std::numeric_limits<int32_t>::min() || count > std::numeric_limits<int32_t>::max()) return false;
  *days = static_cast<int32_t>(count);
  return true;
}

bool TakeTime(std::string_view* text, int64_t* nanoseconds) {
  int64_t hours = 0, minutes = 0, seconds = 0, fraction = 0;
  if (!TakeDigits(text, 2, &hours) || !Take(text, ':') || !TakeDigits(text, 2, &minutes)) return false;
  if (Take(text, ':')) {
    if (!TakeDigits(text, 2, &seconds)) return false;
    if (Take(text, '.')) {
      int64_t unit = kNanos;
      size_t digits = 0;
      while (!text->empty() && IsDigit(text->front())) {
        const int digit = text->front() - '0';
        unit /= 10;
        if (unit == 0 && digit != 0) return false;  // finer than any unit of ours
        fraction += digit * unit;
        text->remove_prefix(1);
        ++digits;
      }
      if (digits == 0) return false;
    }
  }
  if (hours > 23 || minutes > 59 || seconds > 59) return false;
  *nanoseconds = ((hours * 60 + minutes) * 60 + seconds) * kNanos + fraction;
  return true;
}

bool TakeTimestamp(std::string_view* text, int64_t per_second, int64_t* out) {
  int32_t days = 0;
  int64_t nanoseconds = 0;
  if (!TakeDate(text, &days)) return false;
  if (!text->empty() && (text->front() == ' ' || text->front() == 'T') && text->size() > 1 && IsDigit((*text)[1])) {
    text->remove_prefix(1);
    if (!TakeTime(text, &nanoseconds)) return false;
  }
  const int64_t unit = kNanos / per_second;
  if (nanoseconds % unit != 0) return false;
  int64_t whole = 0;
  if (__builtin_mul_overflow(int64_t{days}, 86'400 * per_second, &whole)) return false;
  return !__builtin_add_overflow(whole, nanoseconds / unit, out);
}

/// Seconds that a local time of a named zone is ahead of UTC, by Arrow's own data of zones.
bool OffsetOf(const std::string& zone, int64_t local_seconds, int64_t* offset) {
  // Zones change at quarters of an hour.
  static std::mutex mutex;
  static std::map<std::pair<std::string, int64_t>, int64_t> known;
  const auto key = std::make_pair(zone, local_seconds / 900);
  {
    const std::lock_guard lock(mutex);
    if (const auto found = known.find(key); found != known.end()) return *offset = found->second, true;
  }
  static const Status ready = arrow::compute::Initialize();
  if (!ready.ok()) return false;
  arrow::compute::AssumeTimezoneOptions options(zone, arrow::compute::AssumeTimezoneOptions::AMBIGUOUS_EARLIEST,
                                                arrow::compute::AssumeTimezoneOptions::NONEXISTENT_EARLIEST);
  const arrow::TimestampScalar local(local_seconds, arrow::timestamp(arrow::TimeUnit::SECOND));
  const auto instant = arrow::compute::CallFunction("assume_timezone", {arrow::Datum(local)}, &options);
  if (!instant.ok()) return false;
  *offset = local_seconds - instant->scalar_as<arrow::TimestampScalar>().value;
  const std::lock_guard lock(mutex);
  if (known.size() < 100'000) known.emplace(key, *offset);
  return true;
}

bool ReadOffset(std::string_view zone, int64_t* seconds) {
  if (zone == "UTC" || zone == "Z" || zone == "GMT" || zone == "Etc/UTC") return *seconds = 0, true;
  const bool negative = zone.front() == '-';
  if (negative || zone.front() == '+') {
    int64_t hours = 0, minutes = 0;
    zone.remove_prefix(1);
    if (!TakeDigits(&zone, 2, &hours) || !Take(&zone, ':') || !TakeDigits(&zone, 2, &minutes) || !zone.empty()) {
      return false;
    }
    *seconds = (hours * 60 + minutes) * (negative ? -60 : 60);
    return true;
  }
  return false;
}

template <typename Real>
bool ReadRealOf(std::string_view text, Real* out) {
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, *out);
  if (error == std::errc() && at == end) return true;
  if (error == std::errc::result_out_of_range && at == end) {
    // Nearer to nothing than any number, or further away: from_chars does not say which.
    const auto exponent = text.find_first_of("eE");
    const bool small = exponent != text.npos && exponent + 1 < text.size() && text[exponent + 1] == '-';
    *out = small ? Real{0} : std::numeric_limits<Real>::infinity();
    if (text.front() == '-') *out = -*out;
    return true;
  }
  return false;
}

/// A decimal of up to 18 digits with as many behind the point as the type has, which is how Athena writes them.
bool ReadShortDecimal(std::string_view text, int32_t precision, int32_t scale, arrow::Decimal128* out) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 19) return false;
  int64_t value = 0;
  int32_t digits = 0, behind = -1;
  for (const char c : text) {
    if (c == '.' && behind < 0) {
      behind = 0;
      continue;
    }
    if (!IsDigit(c)) return false;
    value = value * 10 + (c - '0');
    ++digits;
    if (behind >= 0) ++behind;
  }
  if (digits == 0 || digits > 18 || digits > precision || std::max(behind, 0) != scale) return false;
  *out = arrow::Decimal128(negative ? -value : value);
  return true;
}

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

// from_chars takes NaN, Infinity and -Infinity as they are.
bool ReadReal(std::string_view text, float* out) { return ReadRealOf(text, out); }
bool ReadReal(std::string_view text, double* out) { return ReadRealOf(text, out); }

bool ReadBoolean(std::string_view text, bool* out) {
  *out = text == "true";
  return *out || text == "false";
}

bool ReadDate(std::string_view text, int32_t* days) { return TakeDate(&text, days) && text.empty(); }

bool ReadTime(std::string_view text, int64_t* nanoseconds) { return TakeTime(&text, nanoseconds) && text.empty(); }

bool ReadTimestamp(std::string_view text, int64_t per_second, int64_t* out) {
  return TakeTimestamp(&text, per_second, out) && text.empty();
}

bool ReadTimestampWithZone(std::string_view text, int64_t per_second, int64_t* out) {
  int64_t local = 0;
  if (!TakeTimestamp(&text, per_second, &local)) return false;
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (text.empty()) return false;
  int64_t offset = 0;
  if (!ReadOffset(text, &offset)) {
    int64_t seconds = local / per_second;
    if (local % per_second < 0) --seconds;
    if (!OffsetOf(std::string(text), seconds, &offset)) return false;
  }
  return !__builtin_sub_overflow(local, offset * per_second, out);
}

bool ReadDecimal(std::string_view text, int32_t precision, int32_t scale, arrow::Decimal128* out) {
  if (ReadShortDecimal(text, precision, scale, out)) return true;
  int32_t found_precision = 0, found_scale = 0;
  arrow::Decimal128 value;
  if (!arrow::Decimal128::FromString(text, &value, &found_precision, &found_scale).ok()) return false;
  if (found_scale != scale) {
    auto rescaled = value.Rescale(found_scale, scale);
    if (!rescaled.ok()) return false;
    value = *rescaled;
  }
  *out = value;
  return value.FitsInPrecision(precision);
}

bool ReadBytes(std::string_view text, std::string* out) {
  out->clear();
  while (!text.empty()) {
    if (!out->empty() && !Take(&text, ' ')) return false;
    if (text.size() < 2) return false;
    const int high = HexDigit(text[0]), low = HexDigit(text[1]);
    if (high < 0 || low < 0) return false;
    out->push_back(static_cast<char>(high << 4 | low));
    text.remove_prefix(2);
  }
  return true;
}

}  // namespace glaux::athena
