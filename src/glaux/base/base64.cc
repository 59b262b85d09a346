#include "glaux/base/base64.h"

#include <array>
#include <cstdint>

namespace glaux {
namespace {

constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int8_t, 256> kValues = [] {
  std::array<int8_t, 256> values{};
  for (auto& value : values) value = -1;
  for (int i = 0; i < 64; ++i) values[static_cast<unsigned char>(kDigits[i])] = static_cast<int8_t>(i);
  return values;
}();

uint32_t ByteAt(std::string_view bytes, size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
}

}  // namespace

void AppendBase64(std::string_view bytes, std::string* out) {
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t count = bytes.size() - at;
    const uint32_t group = ByteAt(bytes, at) << 16 | ByteAt(bytes, at + 1) << 8 | ByteAt(bytes, at + 2);
    out->push_back(kDigits[group >> 18]);
    out->push_back(kDigits[group >> 12 & 63]);
    out->push_back(count > 1 ? kDigits[group >> 6 & 63] : '=');
    out->push_back(count > 2 ? kDigits[group & 63] : '=');
  }
}

bool DecodeBase64(std::string_view text, std::string* out) {
  if (text.size() % 4 != 0) return false;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  const size_t digits = text.size() - padding;
  uint32_t group = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const int value = at < digits ? kValues[static_cast<unsigned char>(text[at])] : 0;
    if (value < 0) return false;
    group = group << 6 | static_cast<uint32_t>(value);
    if (at % 4 != 3) continue;
    const size_t unused = at + 1 == text.size() ? padding : 0;
    if ((group & ((uint32_t{1} << (8 * unused)) - 1)) != 0) return false;
    for (size_t i = 0; i < 3 - unused; ++i) out->push_back(static_cast<char>(group >> (16 - 8 * i) & 255));
    group = 0;
  }
  return true;
}

}  // namespace glaux
