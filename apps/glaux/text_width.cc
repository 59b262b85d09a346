#include "text_width.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>

namespace glaux::cli {
namespace {

/// Read one code point; -1 and one byte where the text is not UTF-8.
utf8proc_ssize_t Decode(std::string_view text, utf8proc_int32_t* code) {
  const auto read = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                     static_cast<utf8proc_ssize_t>(text.size()), code);
  if (read > 0) return read;
  *code = -1;
  return 1;
}

bool IsPlainAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

struct Cluster {
  size_t bytes;
  int width;
};

/// The first user-perceived character: what a terminal draws in one place.
Cluster NextCluster(std::string_view text) {
  constexpr utf8proc_int32_t kEmojiStyle = 0xfe0f;
  utf8proc_int32_t code = 0;
  size_t at = static_cast<size_t>(Decode(text, &code));
  if (code < 0) return {at, 1};
  int width = utf8proc_charwidth(code);
  const bool flag = code >= 0x1f1e6 && code <= 0x1f1ff;  // two of these letters make one flag
  utf8proc_int32_t state = 0;
  utf8proc_int32_t last = code;
  while (at < text.size()) {
    utf8proc_int32_t next = 0;
    const auto bytes = Decode(text.substr(at), &next);
    if (next < 0 || utf8proc_grapheme_break_stateful(last, next, &state)) break;
    width = std::max(width, next == kEmojiStyle || flag ? 2 : utf8proc_charwidth(next));
    at += static_cast<size_t>(bytes);
    last = next;
  }
  return {at, width};
}

}  // namespace

int DisplayWidth(std::string_view text) {
  if (IsPlainAscii(text)) return static_cast<int>(text.size());
  int width = 0;
  while (!text.empty()) {
    const auto cluster = NextCluster(text);
    width += cluster.width;
    text.remove_prefix(cluster.bytes);
  }
  return width;
}

std::string Printable(std::string_view text) {
  if (IsPlainAscii(text)) return std::string(text);
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    utf8proc_int32_t code = 0;
    const auto bytes = static_cast<size_t>(Decode(text, &code));
    if (code == '\n') {
      out += "\\n";
    } else if (code == '\r') {
      out += "\\r";
    } else if (code == '\t') {
      out += "\\t";
    } else if (code < 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
      out += fmt::format("\\x{:02x}", code);
    } else if (code == 0x200b || code == 0x200e || code == 0x200f || code == 0xfeff || code == 0x2028 ||
               code == 0x2029 || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) {
      out += fmt::format("\\u{:04x}", code);
    } else {
      out.append(text.substr(0, bytes));
    }
    text.remove_prefix(bytes);
  }
  return out;
}

std::string Shorten(std::string_view text, int width, std::string_view ellipsis) {
  if (DisplayWidth(text) <= width) return std::string(text);
  const int room = width - DisplayWidth(ellipsis);
  if (room < 0) return Shorten(ellipsis, width, "");
  size_t kept = 0;
  for (int used = 0; kept < text.size();) {
    const auto cluster = NextCluster(text.substr(kept));
    if (used + cluster.width > room) break;
    used += cluster.width;
    kept += cluster.bytes;
  }
  return std::string(text.substr(0, kept)).append(ellipsis);
}

std::string Pad(std::string_view text, int width, bool right) {
  const int missing = std::max(0, width - DisplayWidth(text));
  std::string blanks(static_cast<size_t>(missing), ' ');
  return right ? blanks.append(text) : std::string(text).append(blanks);
}

}  // namespace glaux::cli
