#include "glaux/format/csv_value_internal.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace glaux {
namespace {

bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != lower[i]) return false;
  }
  return true;
}

/// `count` digits at `text`, or -1.
int Digits(const char* text, int count) {
  int value = 0;
  for (int i = 0; i < count; ++i) {
    if (!IsDigit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (years count from March, so that the leap day comes last).
int32_t DaysFromCivil(int year, int month, int day) {
  year -= month <= 2;
  const int era = year / 400;
  const int of_era = year - era * 400;
  const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool ParseDay(const char* text, int32_t* days) {
  if (text[4] != '-' || text[7] != '-') return false;
  return DaysOfDate(Digits(text, 4), Digits(text + 5, 2), Digits(text + 8, 2), days);
}

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr uint64_t kExactIntegers = uint64_t{1} << 53;

}  // namespace

bool DaysOfDate(int year, int month, int day, int32_t* days) {
  constexpr int kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > kDays[month - 1]) return false;
  if (month == 2 && day == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0))) return false;
  *days = DaysFromCivil(year, month, day);
  return true;
}

bool ParseInteger(std::string_view text, int64_t* value) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 19) return false;
  if (text[0] == '0') {
    *value = 0;
    return text.size() == 1 && !negative;
  }
  uint64_t number = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return false;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  if (number > kMost + (negative ? 1 : 0)) return false;
  *value = negative ? static_cast<int64_t>(0 - number) : static_cast<int64_t>(number);
  return true;
}

bool LooksLikeInteger(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  if (text.empty() || (text[0] == '0' && text.size() > 1)) return false;
  for (const char c : text) {
    if (!IsDigit(c)) return false;
  }
  return true;
}

bool ParseDouble(std::string_view text, double* value) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  const char* const digits = at;
  uint64_t mantissa = 0;
  while (at != end && IsDigit(*at)) mantissa = mantissa * 10 + static_cast<uint64_t>(*at++ - '0');
  const auto whole = at - digits;
  if (whole > 1 && *digits == '0') return false;
  ptrdiff_t fraction = 0;
  if (at != end && *at == '.') {
    const char* const point = at++;
    while (at != end && IsDigit(*at)) mantissa = mantissa * 10 + static_cast<uint64_t>(*at++ - '0');
    fraction = at - point - 1;
  } else if (at == end && whole > 15) {
    // An integer beyond 2^53 loses digits unless it happens to be a double.
    int64_t number = 0;
    if (!ParseInteger(text, &number)) return false;
    *value = static_cast<double>(number);
    return std::abs(*value) < 9.2e18 && static_cast<int64_t>(*value) == number;
  }
  if (whole + fraction == 0) return false;
  // Both mantissa and power are exact, so that one division rounds once: the nearest double.
  if (at == end && whole + fraction <= 18 && mantissa <= kExactIntegers) {
    const double magnitude = static_cast<double>(mantissa) / kPowersOfTen[fraction];
    *value = negative ? -magnitude : magnitude;
    return true;
  }
  if (at != end && *at != 'e' && *at != 'E') return false;
  const auto [stop, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && stop == end;
}

bool ParseNotFinite(std::string_view text, double* value) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (EqualsIgnoringCase(text, "inf") || EqualsIgnoringCase(text, "infinity")) {
    *value = negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    return true;
  }
  *value = std::numeric_limits<double>::quiet_NaN();
  return !negative && EqualsIgnoringCase(text, "nan");
}

bool ParseBoolean(std::string_view text, bool* value) {
  *value = EqualsIgnoringCase(text, "true");
  return *value || EqualsIgnoringCase(text, "false");
}

bool ParseDate(std::string_view text, int32_t* days) { return text.size() == 10 && ParseDay(text.data(), days); }

bool ParseTime(std::string_view text, ParsedTime* time) {
  int32_t days = 0;
  if (text.size() < 16 || (text[10] != 'T' && text[10] != ' ') || !ParseDay(text.data(), &days)) return false;
  const char* at = text.data() + 11;
  const char* const end = text.data() + text.size();
  const int hour = Digits(at, 2);
  const int minute = at[2] == ':' ? Digits(at + 3, 2) : -1;
  int second = 0;
  at += 5;
  time->nanoseconds = 0;
  if (at != end && *at == ':') {
    if (end - at < 3) return false;
    second = Digits(at + 1, 2);
    at += 3;
    if (at != end && *at == '.') {
      const char* const digits = ++at;
      int32_t nanoseconds = 0;
      int32_t unit = 100'000'000;
      for (; at != end && IsDigit(*at); ++at, unit /= 10) {
        if (unit == 0 && *at != '0') return false;
        nanoseconds += (*at - '0') * unit;
      }
      if (at == digits) return false;
      time->nanoseconds = nanoseconds;
    }
  }
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  time->seconds = int64_t{days} * 86400 + hour * 3600 + minute * 60 + second;
  time->zone = Zone::kNone;
  if (at == end) return true;
  time->zone = Zone::kOffset;
  if (*at == 'Z') return at + 1 == end;
  if (*at != '+' && *at != '-') return false;
  const int sign = *at == '-' ? -1 : 1;
  ++at;
  if (end - at < 2) return false;
  const int hours = Digits(at, 2);
  at += 2;
  int minutes = 0;
  if (at != end) {
    if (*at == ':') ++at;
    if (end - at != 2) return false;
    minutes = Digits(at, 2);
  }
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
  time->seconds -= sign * (hours * 3600 + minutes * 60);
  return true;
}

}  // namespace glaux
