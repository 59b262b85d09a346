#include <algorithm>

#include "glaux/store/byte_range_internal.h"

namespace glaux {

Result<ByteRange> ClampRange(const ByteRange& range, int64_t size, std::string_view key) {
  const int64_t length = range.length.value_or(size);
  if (range.offset < 0 || length < 0) {
    return MakeError(ErrorKind::kInvalid, "get ", key, ": a range of ", length, " bytes from ", range.offset);
  }
  if (size == 0) return ByteRange{.offset = 0, .length = 0};
  if (range.offset >= size) {
    return MakeError(ErrorKind::kInvalid, "get ", key, ": the range begins at byte ", range.offset, ", the object has ",
                     size, " bytes");
  }
  return ByteRange{.offset = range.offset, .length = std::min(length, size - range.offset)};
}

}  // namespace glaux
