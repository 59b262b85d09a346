#pragma once

#include <cstdint>
#include <string>

namespace glaux {

/// 128 random bits as 32 lower-case hexadecimal digits, time-ordered in the first 12 (the layout of UUID version 7).
/// Thread-safe.
std::string NewId();

}  // namespace glaux
