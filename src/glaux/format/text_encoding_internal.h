#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "glaux/base/status.h"
#include "glaux/format/byte_source.h"

namespace glaux {

/// kInvalid that lists the encodings there are.
Status CheckEncoding(std::string_view encoding);

/// Bytes in an encoding of TextOptions as UTF-8. A byte order mark is dropped, and wins over `encoding`. What the
/// encoding does not have (half a surrogate pair, an odd byte) is kInvalid with its offset in the bytes of `source`.
Result<std::unique_ptr<ByteSource>> ToUtf8(std::unique_ptr<ByteSource> source, std::string name,
                                           std::string_view encoding);

}  // namespace glaux
