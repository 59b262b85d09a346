#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux {

/// A point in time, UTC, microseconds since 1970-01-01.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// Where time comes from, so that retries, expiry and write times are tested without waiting.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() = 0;
  virtual void SleepFor(std::chrono::microseconds duration) = 0;

  /// The machine's own clock. Never null, lives as long as the process.
  static Clock& System();
};

/// "2026-01-31T08:30:00.123456Z"; the fraction is left out when it is zero.
std::string FormatTimestamp(Timestamp time);

/// Read what FormatTimestamp prints. kInvalid for anything else.
Result<Timestamp> ParseTimestamp(std::string_view text);

}  // namespace glaux
