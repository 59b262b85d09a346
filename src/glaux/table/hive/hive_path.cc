#include "glaux/table/hive/hive_path.h"

#include <cstdio>

namespace glaux {
namespace {

bool NeedsEscape(unsigned char c) {
  return c < 0x20 || c == 0x7f ||
         std::string_view("\"#%'*/:=?\\{[]^").find(static_cast<char>(c)) != std::string_view::npos;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string EscapePartitionValue(std::string_view value) {
  if (value.empty()) return kHiveNullPartition;
  std::string out;
  for (const char c : value) {
    if (NeedsEscape(static_cast<unsigned char>(c))) {
      char hex[4];
      std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned char>(c));
      out += hex;
    } else {
      out += c;
    }
  }
  return out;
}

std::string UnescapePartitionValue(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::string PartitionPath(std::span<const std::string> keys, std::span<const std::string> values) {
  std::string path;
  for (size_t i = 0; i < keys.size(); ++i)
    path += EscapePartitionValue(keys[i]) + "=" + EscapePartitionValue(values[i]) + "/";
  return path;
}

Result<std::vector<std::string>> ParsePartitionPath(std::string_view path, std::span<const std::string> keys) {
  std::vector<std::string> values;
  std::string_view rest = path;
  for (const auto& key : keys) {
    const size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    const size_t equals = segment.find('=');
    std::string name =
        equals == std::string_view::npos ? std::string() : UnescapePartitionValue(segment.substr(0, equals));
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    if (slash == std::string_view::npos || name != key) {
      return MakeError(ErrorKind::kInvalid, "path ", path, " does not follow the partition keys: expected ", key, "=…");
    }
    values.push_back(UnescapePartitionValue(segment.substr(equals + 1)));
    rest.remove_prefix(slash + 1);
  }
  return values;
}

bool IsHiddenPath(std::string_view path) {
  size_t begin = 0;
  while (begin < path.size()) {
    size_t end = path.find('/', begin);
    const bool folder = end != std::string_view::npos;
    if (!folder) end = path.size();
    const std::string_view segment = path.substr(begin, end - begin);
    const bool marked = !segment.empty() && (segment[0] == '_' || segment[0] == '.');
    if (marked && !(folder && segment.find('=') != std::string_view::npos)) return true;
    begin = end + 1;
  }
  return false;
}

}  // namespace glaux
