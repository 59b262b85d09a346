#include "glaux/format/hive_value_internal.h"

#include <arrow/util/utf8.h>

#include <charconv>

#include "glaux/format/csv_value_internal.h"

namespace glaux {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

/// A number of at most `most` digits, taken off the text.
bool TakeNumber(std::string_view* text, size_t least, size_t most, int* value) {
  size_t count = 0;
  *value = 0;
  while (count < most && count < text->size() && IsDigit((*text)[count])) *value = *value * 10 + (*text)[count++] - '0';
  text->remove_prefix(count);
  return count >= least;
}

}  // namespace

bool ParseHiveInteger(std::string_view text, bool fraction, int64_t* value) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return false;
  uint64_t magnitude = 0;
  size_t at = 0;
  for (; at < text.size() && IsDigit(text[at]); ++at) {
    if (__builtin_mul_overflow(magnitude, uint64_t{10}, &magnitude) ||
        __builtin_add_overflow(magnitude, static_cast<uint64_t>(text[at] - '0'), &magnitude)) {
      return false;
    }
  }
  if (at < text.size()) {
    if (!fraction || text[at] != '.') return false;
    for (size_t i = at + 1; i < text.size(); ++i) {
      if (!IsDigit(text[i])) return false;
    }
  }
  constexpr auto kMost = static_cast<uint64_t>(INT64_MAX);
  if (magnitude > kMost + (negative ? 1 : 0)) return false;
  *value = negative ? static_cast<int64_t>(0 - magnitude) : static_cast<int64_t>(magnitude);
  return true;
}

bool ParseHiveDouble(std::string_view text, double* value) {
  text = Trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  // from_chars takes "inf" and "nan" in any case and "-" alone as nothing; Java wants its own two words.
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty()) return false;
  if (digits == "NaN" || digits == "Infinity") return ParseNotFinite(text == "-NaN" ? "NaN" : text, value);
  if (!IsDigit(digits[0]) && digits[0] != '.') return false;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (end.ec == std::errc::result_out_of_range) return false;
  return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

bool ParseHiveDate(std::string_view text, int32_t* days) {
  text = Trimmed(text);
  int year = 0;
  int month = 0;
  int day = 0;
  const auto dash = [&] {
    if (!text.starts_with('-')) return false;
    text.remove_prefix(1);
    return true;
  };
  if (!TakeNumber(&text, 4, 4, &year) || !dash() || !TakeNumber(&text, 1, 2, &month) || !dash() ||
      !TakeNumber(&text, 1, 2, &day) || (!text.empty() && text[0] != ' ')) {
    return false;
  }
  return DaysOfDate(year, month, day, days);
}

bool ParseHiveTimestamp(std::string_view text, int64_t* micros) {
  text = Trimmed(text);
  ParsedTime time;
  int32_t days = 0;
  if (text.size() <= 10 && ParseHiveDate(text, &days)) {
    time.seconds = int64_t{days} * 86400;
  } else if (!ParseTime(text, &time)) {
    return false;
  }
  return !__builtin_mul_overflow(time.seconds, int64_t{1'000'000}, micros) &&
         !__builtin_add_overflow(*micros, int64_t{time.nanoseconds / 1000}, micros);
}

std::string ToValidUtf8(std::string_view bytes) {
  arrow::util::InitializeUTF8();
  std::string valid;
  valid.reserve(bytes.size() + 8);
  for (size_t at = 0; at < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[at]);
    const size_t wanted = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
    const auto character = bytes.substr(at, wanted);
    if (character.size() == wanted && arrow::util::ValidateUTF8(character)) {
      valid += character;
      at += wanted;
    } else {
      valid += "\xef\xbf\xbd";
      ++at;
    }
  }
  return valid;
}

}  // namespace glaux
