#pragma once

#include <arrow/util/decimal.h>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

// Values as Athena writes them in results, read back. Each returns false for what is no such text.
namespace glaux::athena {

template <typename Integer>
bool ReadInteger(std::string_view text, Integer* out) {
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, *out);
  return error == std::errc() && at == end;
}

/// Also NaN, Infinity, -Infinity.
bool ReadReal(std::string_view text, float* out);
bool ReadReal(std::string_view text, double* out);

bool ReadBoolean(std::string_view text, bool* out);
/// "2025-01-31", "-0044-03-15", "+10000-01-01", as days since 1970.
bool ReadDate(std::string_view text, int32_t* days);
/// "08:30:00.123", as nanoseconds since midnight.
bool ReadTime(std::string_view text, int64_t* nanoseconds);
/// "2025-01-31 08:30:00.123456", in units of 1/`per_second` second; digits beyond them must be zero.
bool ReadTimestamp(std::string_view text, int64_t per_second, int64_t* out);
/// The same with a zone behind: "… UTC", "… +02:00", "… Europe/Berlin".
bool ReadTimestampWithZone(std::string_view text, int64_t per_second, int64_t* out);
bool ReadDecimal(std::string_view text, int32_t precision, int32_t scale, arrow::Decimal128* out);
/// "01 ff": bytes as pairs of hexadecimal digits.
bool ReadBytes(std::string_view text, std::string* out);

}  // namespace glaux::athena
