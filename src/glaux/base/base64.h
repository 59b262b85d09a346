#pragma once

#include <string>
#include <string_view>

namespace glaux {

/// RFC 4648 with padding.
void AppendBase64(std::string_view bytes, std::string* out);

/// Append what `text` stands for. False unless it is exactly what AppendBase64 writes for some bytes.
bool DecodeBase64(std::string_view text, std::string* out);

}  // namespace glaux
