#pragma once

#include <cstddef>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux {

inline constexpr size_t kMaxKeyBytes = 1024;

/// kInvalid unless this can be a key of any store: not empty, no leading '/', no NUL byte, at most 1,024 bytes.
Status CheckKey(std::string_view key);

}  // namespace glaux
