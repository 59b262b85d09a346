#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace glaux {

// What Hive's SerDes make of the text of one value. Each returns false where it is none of the type.

/// Digits with a sign; of a fraction only digits are asked, and it is cut off, if `fraction` lets one be.
bool ParseHiveInteger(std::string_view text, bool fraction, int64_t* value);

/// As Java reads a double: white space around it, a '+', "NaN" and "Infinity".
bool ParseHiveDouble(std::string_view text, double* value);

/// YYYY-MM-DD, also without leading zeros in month and day; what stands behind a blank is ignored.
bool ParseHiveDate(std::string_view text, int32_t* days);

/// ISO 8601 with 'T' or a blank, or a date alone. An offset is taken off: UTC. Microseconds; what is finer is cut off.
bool ParseHiveTimestamp(std::string_view text, int64_t* micros);

/// Valid UTF-8: each sequence of bytes that is none becomes U+FFFD.
std::string ToValidUtf8(std::string_view bytes);

}  // namespace glaux
