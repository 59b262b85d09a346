#include "glaux/base/quantity.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <string>

namespace glaux {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

/// A number that is not negative, and the unit behind it in lower case. False if there is no number.
bool SplitUnit(std::string_view text, double* number, std::string* unit) {
  text = Trim(text);
  if (text.empty() || !(std::isdigit(static_cast<unsigned char>(text[0])) || text[0] == '.')) return false;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), *number, std::chars_format::fixed);
  if (end.ec != std::errc()) return false;
  *unit = Lower(Trim(text.substr(static_cast<size_t>(end.ptr - text.data()))));
  return true;
}

}  // namespace

Result<int64_t> ParseByteSize(std::string_view text) {
  double number = 0;
  std::string unit;
  const auto error = [&] {
    return MakeError(ErrorKind::kInvalid, "not a size: '", text, "'; write 4096, 64K, 512MiB, 1.5GB");
  };
  if (!SplitUnit(text, &number, &unit)) return error();
  double factor = 1;
  if (!unit.empty() && unit != "b") {
    const auto power = std::string_view("kmgt").find(unit[0]);
    if (power == std::string_view::npos) return error();
    const std::string rest = unit.substr(1);
    if (rest == "b") {
      factor = std::pow(1000.0, static_cast<double>(power + 1));
    } else if (rest.empty() || rest == "i" || rest == "ib") {
      factor = std::pow(1024.0, static_cast<double>(power + 1));
    } else {
      return error();
    }
  }
  const double bytes = number * factor;
  if (!(bytes < 9.2e18)) return error();
  return static_cast<int64_t>(bytes);
}

Result<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  static const std::map<std::string, double, std::less<>> kMilliseconds = {
      {"", 1e3}, {"ms", 1}, {"s", 1e3}, {"sec", 1e3}, {"m", 6e4}, {"min", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}};
  double number = 0;
  std::string unit;
  const bool read = SplitUnit(text, &number, &unit);
  const auto found = kMilliseconds.find(unit);
  if (!read || found == kMilliseconds.end()) {
    return MakeError(ErrorKind::kInvalid, "not a duration: '", text, "'; write 500ms, 30s, 5m, 1h, 2d");
  }
  // Times that lie so far before or behind now can still be counted and written.
  constexpr double kLongest = 36'500 * 8.64e7;
  if (!(number * found->second <= kLongest)) {
    return MakeError(ErrorKind::kInvalid, "not a duration: '", text, "' is longer than 36500d");
  }
  return std::chrono::milliseconds(std::llround(number * found->second));
}

Result<char> ParseCharacter(std::string_view text) {
  static const std::map<std::string, char, std::less<>> kNames = {{"tab", '\t'}, {"\\t", '\t'},  {"space", ' '},
                                                                  {"pipe", '|'}, {"comma", ','}, {"semicolon", ';'}};
  if (text.size() == 1 && static_cast<unsigned char>(text[0]) < 0x80 && text[0] != '\n' && text[0] != '\r') {
    return text[0];
  }
  if (const auto found = kNames.find(Lower(text)); found != kNames.end()) return found->second;
  return MakeError(ErrorKind::kInvalid, "not one ASCII character: '", text,
                   "'; write it as it is, or tab, space, pipe");
}

}  // namespace glaux
