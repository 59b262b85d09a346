#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace glaux::cli {

// Numbers as people read them.

/// "1,234,567".
std::string FormatCount(int64_t count);
/// "1 row", "1,234 rows".
std::string FormatCount(int64_t count, std::string_view one, std::string_view many);
/// "999 B", "1.2 kB", "34.5 MB": 1000s, three digits at most.
std::string FormatBytes(double bytes);
/// "$0", "$0.000048", "$0.12", "$3.50".
std::string FormatDollars(double dollars);
/// "3 ms", "1.24 s", "12.4 s", "2 min 5 s", "1 h 2 min".
std::string FormatDuration(std::chrono::nanoseconds duration);

}  // namespace glaux::cli
