#pragma once

#include <cstdint>
#include <string_view>

namespace glaux {

// Text of one value into a number or a time: exactly what it says, or not at all. Nothing is trimmed, and a number with
// a leading zero ("007") is none, for the zero would be lost.

enum class Zone : uint8_t { kNone, kOffset };

/// -?(0|[1-9][0-9]*) within int64; "-0" is not an integer, for its sign would be lost.
bool ParseInteger(std::string_view text, int64_t* value);

/// The same digits, of any length.
bool LooksLikeInteger(std::string_view text);

/// The nearest double of -?(digits)(.digits)?(e±digits)?, finite. Integers that a double cannot hold exactly are
/// refused.
bool ParseDouble(std::string_view text, double* value);

/// "nan", "inf", "-inf", "infinity" in any case.
bool ParseNotFinite(std::string_view text, double* value);

/// "true" and "false" in any case.
bool ParseBoolean(std::string_view text, bool* value);

/// Days since 1970-01-01 of a day that exists, from year 1 to 9999.
bool DaysOfDate(int year, int month, int day, int32_t* days);

/// YYYY-MM-DD. Days since 1970-01-01.
bool ParseDate(std::string_view text, int32_t* days);

/// YYYY-MM-DD(T| )HH:MM(:SS(.fraction)?)?(Z|±HH(:?MM)?)? in nanoseconds within a second, and seconds since 1970-01-01
/// UTC.
struct ParsedTime {
  int64_t seconds = 0;
  int32_t nanoseconds = 0;
  Zone zone = Zone::kNone;
};
bool ParseTime(std::string_view text, ParsedTime* time);

}  // namespace glaux
