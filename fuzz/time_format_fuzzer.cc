// Formats of dates and times, and the times that are written and read with them. The first line of the input is the
// format, the rest a time.
#include <algorithm>

#include "fuzz.h"
#include "glaux/base/clock.h"
#include "glaux/format/time_format_internal.h"

std::vector<std::string> FuzzSeeds() {
  return {"%Y-%m-%dT%H:%M:%S.%f%z\n2025-01-31T08:00:00.123456+0130",
          "%d/%b/%y %I:%M %p\n31/Jan/25 12:05 AM",
          "%A, %e %B %Y\nFriday, 31 January 2025",
          "%Y%j%H%M%S\n2025031235959",
          "%F %T %%\n2024-02-29 23:59:59 %",
          "%F %R %a\n0001-01-01 00:00 Mon"};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace glaux;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto line = std::min(text.find('\n'), text.size());
  const auto value = text.substr(std::min(line + 1, text.size()));

  if (const auto time = ParseTimestamp(value); time.ok()) {
    const auto printed = FormatTimestamp(*time);
    const auto again = ParseTimestamp(printed);
    Require(again.ok() && *again == *time, "a time that was printed reads the same", value + ": " + printed);
  }

  const auto format = TimeFormat::Make(text.substr(0, line));
  if (!format.ok()) {
    Require(KindOf(format.status()) == ErrorKind::kInvalid, "a format that is none is kInvalid",
            format.status().ToString());
    return 0;
  }
  ParsedTime time;
  if (!format->Parse(value, &time)) return 0;
  std::string printed;
  if (!format->Append(time.seconds, time.nanoseconds, &printed)) return 0;
  ParsedTime again;
  Require(format->Parse(printed, &again) && again.seconds == time.seconds && again.nanoseconds == time.nanoseconds,
          "a time that was written reads the same", text + "\n" + printed);
  return 0;
}
