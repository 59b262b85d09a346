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
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, consumed = 0;
  const std::string copy(text);
  const auto bad = [&] { return MakeError(ErrorKind::kInvalid, "not a timestamp like 2026-01-31T08:30:00Z: ", text); };
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &consumed) !=
      6) {
    return bad();
  }
  int64_t micros = 0;
  size_t at = consumed;
  if (at < copy.size() && copy[at] == '.') {
    int64_t scale = 100'000;
    for (++at; at < copy.size() && copy[at] >= '0' && copy[at] <= '9'; ++at, scale /= 10)
      micros += (copy[at] - '0') * scale;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (copy.substr(at) != "Z" || !date.ok() || hour > 23 || minute > 59 || second > 60) return bad();
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::microseconds(micros);
}

}  // namespace glaux
