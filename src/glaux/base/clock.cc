#include "glaux/base/clock.h"

#include <cstdio>
#include <thread>

namespace glaux {
namespace {

class SystemClock final : public Clock {
 public:
  Timestamp Now() override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  void SleepFor(std::chrono::microseconds duration) override { std::this_thread::sleep_for(duration); }
};

}  // namespace

Clock& Clock::System() {
  static SystemClock clock;
  return clock;
}

std::string FormatTimestamp(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[64];
  int length = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                             static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                             static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                             static_cast<int>(clock.seconds().count()));
  if (const auto fraction = clock.subseconds().count(); fraction != 0) {
    length += std::snprintf(text + length, sizeof text - length, ".%06d", static_cast<int>(fraction));
  }
  return std::string(text, length) + "Z";
}

Result<Timestamp> ParseTimestamp(std::string_view text) {
  // sscanf would also take signs, spaces and numbers of other lengths.
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  const auto bad = [&] { return MakeError(ErrorKind::kInvalid, "not a timestamp like 2026-01-31T08:30:00Z: ", text); };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() <= kShape.size()) return bad();
  for (size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] == '0' ? !is_digit(text[i]) : text[i] != kShape[i]) return bad();
  }
  const auto number = [&](size_t at, size_t digits) {
    int value = 0;
    for (size_t i = at; i < at + digits; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  size_t at = kShape.size();
  int64_t micros = 0;
  if (text[at] == '.') {
    const size_t first = ++at;
    for (int64_t scale = 100'000; at < text.size() && is_digit(text[at]); ++at, scale /= 10) {
      micros += (text[at] - '0') * scale;
    }
    if (at == first) return bad();
  }
  const std::chrono::year_month_day date{std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (text.substr(at) != "Z" || !date.ok() || hour > 23 || minute > 59 || second > 60) return bad();
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::microseconds(micros);
}

}  // namespace glaux
