#include "glaux/format/time_format_internal.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace glaux {
namespace {

constexpr std::string_view kNumeric = "YymdejHIMSf";
constexpr std::string_view kKnown = "YymbBdejHIpMSfzaA";
constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool TakeWord(std::string_view word, std::string_view* text) {
  if (text->size() < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (Lower((*text)[i]) != Lower(word[i])) return false;
  }
  text->remove_prefix(word.size());
  return true;
}

/// The index of the name that the text begins with, whole or by its first three letters.
template <size_t count>
bool TakeName(const std::array<std::string_view, count>& names, bool whole, std::string_view* text, int* index) {
  for (size_t i = 0; i < count; ++i) {
    if (TakeWord(whole ? names[i] : names[i].substr(0, 3), text)) {
      *index = static_cast<int>(i);
      return true;
    }
  }
  return false;
}

bool TakeNumber(size_t least, size_t most, std::string_view* text, int* number) {
  size_t digits = 0;
  *number = 0;
  while (digits < most && digits < text->size() && IsDigit((*text)[digits])) {
    *number = *number * 10 + ((*text)[digits++] - '0');
  }
  text->remove_prefix(digits);
  return digits >= least;
}

bool TakeZone(std::string_view* text, int* seconds) {
  if (text->starts_with('Z')) {
    text->remove_prefix(1);
    *seconds = 0;
    return true;
  }
  if (!text->starts_with('+') && !text->starts_with('-')) return false;
  const int sign = (*text)[0] == '-' ? -1 : 1;
  text->remove_prefix(1);
  int hours = 0;
  int minutes = 0;
  if (!TakeNumber(2, 2, text, &hours)) return false;
  const bool colon = text->starts_with(':');
  if (colon) text->remove_prefix(1);
  if (colon || (!text->empty() && IsDigit((*text)[0]))) {
    if (!TakeNumber(2, 2, text, &minutes)) return false;
  }
  *seconds = sign * (hours * 3600 + minutes * 60);
  return hours <= 23 && minutes <= 59;
}

void AppendNumber(int64_t number, size_t width, char fill, std::string* out) {
  const auto text = std::to_string(number);
  if (text.size() < width) out->append(width - text.size(), fill);
  *out += text;
}

}  // namespace

struct TimeFormat::Parts {
  int year = 0;
  int month = 0;
  int day = 0;
  int day_of_year = 0;
  int weekday = -1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int32_t nanoseconds = 0;
  int zone = 0;
  int half = -1;  // 0: before noon, 1: after
};

Result<TimeFormat> TimeFormat::Make(std::string_view format) {
  TimeFormat parsed;
  ARROW_RETURN_NOT_OK(parsed.AddPieces(format));
  for (size_t i = 0; i < parsed.pieces_.size(); ++i) {
    const auto numeric = [&](size_t at) {
      return at < parsed.pieces_.size() && parsed.pieces_[at].directive != 0 &&
             kNumeric.find(parsed.pieces_[at].directive) != std::string_view::npos;
    };
    parsed.pieces_[i].full_width = numeric(i + 1) || (i > 0 && numeric(i - 1));
  }
  ARROW_RETURN_NOT_OK(parsed.CheckParts(format));
  for (const char part : {'H', 'I', 'M', 'S', 'f', 'z'}) parsed.has_clock_ |= parsed.Has(part);
  parsed.has_zone_ = parsed.Has('z');
  return parsed;
}

Status TimeFormat::AddPieces(std::string_view format) {
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || format.substr(i, 2) == "%%") {
      if (pieces_.empty() || pieces_.back().directive != 0) pieces_.push_back({});
      pieces_.back().literal += format[i];
      if (format[i] == '%') ++i;
      continue;
    }
    const char directive = ++i < format.size() ? format[i] : '\0';
    if (directive == 'F') {
      ARROW_RETURN_NOT_OK(AddPieces("%Y-%m-%d"));
    } else if (directive == 'T') {
      ARROW_RETURN_NOT_OK(AddPieces("%H:%M:%S"));
    } else if (directive == 'R') {
      ARROW_RETURN_NOT_OK(AddPieces("%H:%M"));
    } else if (directive != '\0' && kKnown.find(directive) != std::string_view::npos) {
      pieces_.push_back({.directive = directive});
    } else {
      return MakeError({.kind = ErrorKind::kInvalid,
                        .hint = "known: %Y %y %m %b %B %d %e %j %H %I %p %M %S %f %z %a %A %F %T %R %%"},
                       "time format ", format, ": no directive %", directive == '\0' ? "" : std::string(1, directive));
    }
  }
  return Status::OK();
}

bool TimeFormat::Has(char directive) const {
  return std::any_of(pieces_.begin(), pieces_.end(), [&](const Piece& piece) { return piece.directive == directive; });
}

Status TimeFormat::CheckParts(std::string_view format) const {
  const auto refuse = [&](std::string_view why) {
    return MakeError(ErrorKind::kInvalid, "time format ", format, ": ", why);
  };
  for (const std::string_view one_of : {"Yy", "mbBj", "dej", "HI", "M", "S", "f", "z", "p", "aA"}) {
    const auto given = std::count_if(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
      return piece.directive != 0 && one_of.find(piece.directive) != std::string_view::npos;
    });
    if (given > 1) return refuse("it says one part of the time twice");
  }
  if (!Has('Y') && !Has('y')) return refuse("expected a year (%Y or %y)");
  if (!Has('j') && !((Has('m') || Has('b') || Has('B')) && (Has('d') || Has('e')))) {
    return refuse("expected a month and a day (%m and %d, or %j)");
  }
  if (Has('I') != Has('p')) return refuse("%I and %p belong together; hours from 0 to 23 are %H");
  if (Has('M') && !Has('H') && !Has('I')) return refuse("expected an hour (%H or %I) with the minutes");
  if (Has('S') && !Has('M')) return refuse("expected minutes (%M) with the seconds");
  if (Has('f') && !Has('S')) return refuse("expected seconds (%S) with their fraction");
  return Status::OK();
}

bool TimeFormat::ParsePiece(const Piece& piece, std::string_view* text, Parts* parts) {
  const size_t least = piece.full_width ? 2 : 1;
  switch (piece.directive) {
    case 0:
      if (!text->starts_with(piece.literal)) return false;
      text->remove_prefix(piece.literal.size());
      return true;
    case 'Y':
      return TakeNumber(4, 4, text, &parts->year) && parts->year > 0;
    case 'y':
      if (!TakeNumber(2, 2, text, &parts->year)) return false;
      parts->year += parts->year < 69 ? 2000 : 1900;
      return true;
    case 'm':
      return TakeNumber(least, 2, text, &parts->month);
    case 'b':
    case 'B':
      if (!TakeName(kMonths, piece.directive == 'B', text, &parts->month)) return false;
      ++parts->month;
      return true;
    case 'e':
      if (text->starts_with(' ')) {
        text->remove_prefix(1);
        return TakeNumber(1, 1, text, &parts->day);
      }
      return TakeNumber(least, 2, text, &parts->day);
    case 'd':
      return TakeNumber(least, 2, text, &parts->day);
    case 'j':
      return TakeNumber(piece.full_width ? 3 : 1, 3, text, &parts->day_of_year) && parts->day_of_year > 0;
    case 'H':
      return TakeNumber(least, 2, text, &parts->hour) && parts->hour <= 23;
    case 'I':
      return TakeNumber(least, 2, text, &parts->hour) && parts->hour >= 1 && parts->hour <= 12;
    case 'p':
      parts->half = TakeWord("AM", text) ? 0 : TakeWord("PM", text) ? 1 : -1;
      return parts->half >= 0;
    case 'M':
      return TakeNumber(least, 2, text, &parts->minute) && parts->minute <= 59;
    case 'S':
      return TakeNumber(least, 2, text, &parts->second) && parts->second <= 59;
    case 'f': {
      const size_t before = text->size();
      if (!TakeNumber(1, 9, text, &parts->nanoseconds)) return false;
      for (size_t digits = before - text->size(); digits < 9; ++digits) parts->nanoseconds *= 10;
      return true;
    }
    case 'z':
      return TakeZone(text, &parts->zone);
    default:
      return TakeName(kWeekdays, piece.directive == 'A', text, &parts->weekday);
  }
}

bool TimeFormat::Parse(std::string_view text, ParsedTime* time) const {
  Parts parts;
  for (const auto& piece : pieces_) {
    if (!ParsePiece(piece, &text, &parts)) return false;
  }
  if (!text.empty()) return false;
  int32_t days = 0;
  if (parts.day_of_year > 0) {
    const bool leap = std::chrono::year{parts.year}.is_leap();
    if (parts.day_of_year > (leap ? 366 : 365) || !DaysOfDate(parts.year, 1, 1, &days)) return false;
    days += parts.day_of_year - 1;
  } else if (!DaysOfDate(parts.year, parts.month, parts.day, &days)) {
    return false;
  }
  // 1970-01-01 was a Thursday.
  if (parts.weekday >= 0 && ((days + 4) % 7 + 7) % 7 != parts.weekday) return false;
  if (parts.half >= 0) parts.hour = parts.hour % 12 + 12 * parts.half;
  time->seconds = int64_t{days} * 86400 + parts.hour * 3600 + parts.minute * 60 + parts.second - parts.zone;
  time->nanoseconds = parts.nanoseconds;
  time->zone = has_zone_ ? Zone::kOffset : Zone::kNone;
  return true;
}

bool TimeFormat::Append(int64_t seconds, int32_t nanoseconds, std::string* out) const {
  int64_t days = seconds / 86400;
  int64_t clock = seconds % 86400;
  if (clock < 0) {
    clock += 86400;
    --days;
  }
  constexpr int64_t kLastDay = 2'932'896;  // 9999-12-31
  constexpr int64_t kFirstDay = -719'162;  // 0001-01-01
  if (days < kFirstDay || days > kLastDay) return false;
  const std::chrono::sys_days day{std::chrono::days{days}};
  const std::chrono::year_month_day date{day};
  const int year = static_cast<int>(date.year());
  const auto month = static_cast<unsigned>(date.month());
  const int64_t hour = clock / 3600;
  if (nanoseconds != 0 && !Has('f')) return false;
  if (clock % 60 != 0 && !Has('S')) return false;
  if (clock / 60 % 60 != 0 && !Has('M')) return false;
  if (hour != 0 && !Has('H') && !Has('I')) return false;
  if (Has('y') && (year < 1969 || year > 2068)) return false;
  for (const auto& piece : pieces_) {
    switch (piece.directive) {
      case 0:
        *out += piece.literal;
        break;
      case 'Y':
        AppendNumber(year, 4, '0', out);
        break;
      case 'y':
        AppendNumber(year % 100, 2, '0', out);
        break;
      case 'm':
        AppendNumber(month, 2, '0', out);
        break;
      case 'b':
        *out += kMonths[month - 1].substr(0, 3);
        break;
      case 'B':
        *out += kMonths[month - 1];
        break;
      case 'd':
        AppendNumber(static_cast<unsigned>(date.day()), 2, '0', out);
        break;
      case 'e':
        AppendNumber(static_cast<unsigned>(date.day()), 2, ' ', out);
        break;
      case 'j':
        AppendNumber((day - std::chrono::sys_days{date.year() / 1 / 1}).count() + 1, 3, '0', out);
        break;
      case 'H':
        AppendNumber(hour, 2, '0', out);
        break;
      case 'I':
        AppendNumber(hour % 12 == 0 ? 12 : hour % 12, 2, '0', out);
        break;
      case 'p':
        *out += hour < 12 ? "AM" : "PM";
        break;
      case 'M':
        AppendNumber(clock / 60 % 60, 2, '0', out);
        break;
      case 'S':
        AppendNumber(clock % 60, 2, '0', out);
        break;
      case 'f':
        if (nanoseconds % 1000 == 0) {
          AppendNumber(nanoseconds / 1000, 6, '0', out);
        } else {
          AppendNumber(nanoseconds, 9, '0', out);
        }
        break;
      case 'z':
        *out += "+0000";
        break;
      default: {
        const auto name = kWeekdays[std::chrono::weekday{day}.c_encoding()];
        *out += piece.directive == 'A' ? name : name.substr(0, 3);
      }
    }
  }
  return true;
}

}  // namespace glaux
