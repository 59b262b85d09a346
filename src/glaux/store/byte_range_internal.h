#pragma once

#include <cstdint>
#include <string_view>

#include "glaux/store/object_store.h"

namespace glaux {

/// The part of an object of `size` bytes that a range means, its length always set. kInvalid as ByteRange says.
Result<ByteRange> ClampRange(const ByteRange& range, int64_t size, std::string_view key);

}  // namespace glaux
