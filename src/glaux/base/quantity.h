#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux {

// Sizes, durations and characters as people write them. Every error is kInvalid, quotes what was given and shows what
// would do.

/// "4096", "64K", "64KiB" (1024s), "64KB" (1000s), up to T; fractions are fine: "1.5G".
Result<int64_t> ParseByteSize(std::string_view text);

/// "500ms", "30s", "5m", "1h", "2d", up to "36500d"; a bare number counts seconds.
Result<std::chrono::milliseconds> ParseDuration(std::string_view text);

/// One ASCII character, or "tab", "\t", "space", "pipe", "comma", "semicolon".
Result<char> ParseCharacter(std::string_view text);

}  // namespace glaux
