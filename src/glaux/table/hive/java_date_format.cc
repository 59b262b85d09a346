#include <algorithm>
#include <chrono>
#include <cstdio>

#include "glaux/table/hive/java_date_format_internal.h"

namespace glaux {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::sys_days;
using std::chrono::year_month_day;
using Unit = JavaDateFormat::Unit;

constexpr int64_t kDay = 86'400'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Unit UnitOf(char letter) {
  switch (letter) {
    case 'M':
      return Unit::kMonths;
    case 'd':
      return Unit::kDays;
    case 'H':
      return Unit::kHours;
    case 'm':
      return Unit::kMinutes;
    case 's':
      return Unit::kSeconds;
    case 'S':
      return Unit::kMillis;
    default:
      return Unit::kYears;
  }
}

int64_t MillisOf(Unit unit) {
  switch (unit) {
    case Unit::kDays:
      return kDay;
    case Unit::kHours:
      return 3'600'000;
    case Unit::kMinutes:
      return 60'000;
    case Unit::kSeconds:
      return 1'000;
    default:
      return 1;
  }
}

struct Split {
  year_month_day date;
  int64_t in_day;
};

Split SplitOf(int64_t millis) {
  const int64_t day = millis / kDay - (millis % kDay < 0 ? 1 : 0);
  return {year_month_day(sys_days(days(day))), millis - day * kDay};
}

int64_t MillisOf(const year_month_day& date, int64_t in_day) {
  return int64_t{sys_days(date).time_since_epoch().count()} * kDay + in_day;
}

}  // namespace

Result<JavaDateFormat> JavaDateFormat::Make(std::string_view pattern) {
  JavaDateFormat format;
  const auto add_literal = [&](std::string_view text) {
    if (format.pieces_.empty() || format.pieces_.back().letter != 0) format.pieces_.push_back({});
    format.pieces_.back().literal += text;
  };
  bool has_year = false;
  for (size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '\'') {
      const size_t end = pattern.find('\'', at + 1);
      if (end == std::string_view::npos) {
        return MakeError(ErrorKind::kInvalid, "date format ", pattern, ": a quote is not closed");
      }
      add_literal(end == at + 1 ? "'" : pattern.substr(at + 1, end - at - 1));
      at = end + 1;
      continue;
    }
    if (!IsLetter(c)) {
      add_literal(pattern.substr(at++, 1));
      continue;
    }
    size_t end = at;
    while (end < pattern.size() && pattern[end] == c) ++end;
    const int width = static_cast<int>(end - at);
    const bool known = std::string_view("yuMdHmsS").find(c) != std::string_view::npos;
    const bool year = c == 'y' || c == 'u';
    if (!known || (c != 'S' && width > (year ? 4 : 2)) || (c == 'S' && width > 3) || (year && width == 3)) {
      return MakeError(
          {.kind = ErrorKind::kNotImplemented, .hint = "known are yyyy, yy, MM, M, dd, d, HH, H, mm, m, ss, s and SSS"},
          "date format ", pattern, ": ", pattern.substr(at, end - at), " is not known");
    }
    has_year = has_year || year;
    if (!format.pieces_.empty() && format.pieces_.back().letter != 0) format.pieces_.back().exact = true;
    format.pieces_.push_back({.letter = c == 'u' ? 'y' : c, .width = width});
    format.precision_ = std::max(format.precision_, UnitOf(c));
    at = end;
  }
  if (!has_year) return MakeError(ErrorKind::kInvalid, "date format ", pattern, ": the year is missing");
  return format;
}

std::optional<int64_t> JavaDateFormat::Parse(std::string_view text) const {
  int year = 1970, month = 1, day = 1;
  int64_t in_day = 0;
  for (const auto& piece : pieces_) {
    if (piece.letter == 0) {
      if (!text.starts_with(piece.literal)) return std::nullopt;
      text.remove_prefix(piece.literal.size());
      continue;
    }
    // One letter is a number of any width, unless the next number follows at once.
    const bool exact = piece.width > 1 || piece.exact;
    const size_t most = exact ? static_cast<size_t>(piece.width) : 4;
    size_t count = 0;
    int value = 0;
    while (count < most && count < text.size() && IsDigit(text[count])) value = value * 10 + (text[count++] - '0');
    if (count == 0 || (exact && count < most)) return std::nullopt;
    text.remove_prefix(count);
    if (piece.letter == 'y') {
      year = piece.width == 2 ? 2000 + value : value;
    } else if (piece.letter == 'M') {
      month = value;
    } else if (piece.letter == 'd') {
      day = value;
    } else {
      const int64_t scale = piece.letter == 'S' ? (piece.width == 1   ? 100
                                                   : piece.width == 2 ? 10
                                                                      : 1)
                                                : MillisOf(UnitOf(piece.letter));
      const int most_value = piece.letter == 'H' ? 23 : piece.letter == 'S' ? 999 : 59;
      if (value > most_value) return std::nullopt;
      in_day += value * scale;
    }
  }
  const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!text.empty() || !date.ok()) return std::nullopt;
  return MillisOf(date, in_day);
}

std::string JavaDateFormat::Print(int64_t millis) const {
  const auto [date, in_day] = SplitOf(millis);
  std::string text;
  for (const auto& piece : pieces_) {
    if (piece.letter == 0) {
      text += piece.literal;
      continue;
    }
    int64_t value = 0;
    switch (piece.letter) {
      case 'y':
        value = int{date.year()};
        if (piece.width == 2) value %= 100;
        break;
      case 'M':
        value = unsigned{date.month()};
        break;
      case 'd':
        value = unsigned{date.day()};
        break;
      case 'H':
        value = in_day / 3'600'000;
        break;
      case 'm':
        value = in_day / 60'000 % 60;
        break;
      case 's':
        value = in_day / 1000 % 60;
        break;
      default:
        value = in_day % 1000 / (piece.width == 1 ? 100 : piece.width == 2 ? 10 : 1);
        break;
    }
    char number[24];
    std::snprintf(number, sizeof number, "%0*lld", piece.width, static_cast<long long>(value));
    text += number;
  }
  return text;
}

int64_t JavaDateFormat::Truncate(int64_t millis) const {
  const auto [date, in_day] = SplitOf(millis);
  switch (precision_) {
    case Unit::kYears:
      return MillisOf(date.year() / 1 / 1, 0);
    case Unit::kMonths:
      return MillisOf(date.year() / date.month() / 1, 0);
    default: {
      const int64_t unit = MillisOf(precision_);
      return MillisOf(date, in_day / unit * unit);
    }
  }
}

int64_t AddUnits(int64_t millis, Unit unit, int64_t count) {
  if (unit != Unit::kYears && unit != Unit::kMonths) return millis + count * MillisOf(unit);
  const auto [date, in_day] = SplitOf(millis);
  const auto months = std::chrono::months(unit == Unit::kYears ? 12 * count : count);
  const auto moved = date.year() / date.month() + months;
  const auto last = std::chrono::year_month_day_last(moved.year(), moved.month() / std::chrono::last).day();
  return MillisOf(moved / std::min(date.day(), last), in_day);
}

int64_t UnitsBetween(int64_t from, int64_t to, Unit unit) {
  if (unit != Unit::kYears && unit != Unit::kMonths) return (to - from) / MillisOf(unit);
  const auto a = SplitOf(from).date;
  const auto b = SplitOf(to).date;
  int64_t months = (int64_t{int{b.year()}} - int{a.year()}) * 12 + int64_t{unsigned{b.month()}} - unsigned{a.month()};
  if (AddUnits(from, Unit::kMonths, months) > to) --months;
  return unit == Unit::kYears ? months / 12 : months;
}

}  // namespace glaux
