#pragma once

#include <string>
#include <string_view>

namespace glaux {

/// The text with every byte that is no valid UTF-8 as U+FFFD: for messages and JSON about data that may hold anything.
std::string ValidUtf8(std::string_view text);

}  // namespace glaux
