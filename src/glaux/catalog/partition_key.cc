#include "glaux/catalog/partition_key_internal.h"

namespace glaux {
namespace {

constexpr size_t kHashBytes = 8;

std::string HashBytes(std::string_view bytes) {
  const uint64_t hash = StableHash(bytes);
  std::string out;
  for (size_t i = 0; i < kHashBytes; ++i) out += static_cast<char>(hash >> (8 * i));
  return out;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

void AppendOpenKeyPart(std::string_view value, std::string* key) {
  for (const char c : value) {
    *key += c;
    if (c == '\0') *key += '\xff';
  }
}

void AppendKeyPart(std::string_view value, std::string* key) {
  AppendOpenKeyPart(value, key);
  key->append(2, '\0');
}

std::string EncodePartitionKey(const std::vector<std::string>& values) {
  std::string key;
  for (const auto& value : values) AppendKeyPart(value, &key);
  return key;
}

Result<std::vector<std::string>> DecodePartitionKey(std::string_view key) {
  std::vector<std::string> values;
  std::string value;
  for (size_t at = 0; at < key.size(); ++at) {
    if (key[at] != '\0') {
      value += key[at];
      continue;
    }
    if (++at < key.size() && key[at] == '\0') {
      values.push_back(std::move(value));
      value.clear();
    } else if (at < key.size() && key[at] == '\xff') {
      value += '\0';
    } else {
      return MakeError(ErrorKind::kCorrupt, "partition key has a broken escape at byte ", at);
    }
  }
  if (!value.empty()) return MakeError(ErrorKind::kCorrupt, "partition key ends inside a value");
  return values;
}

uint64_t StableHash(std::string_view bytes) {
  // FNV-1a, then a mixing step: the remainder by a small number uses the low bits, which FNV leaves poor.
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccd;
  hash ^= hash >> 33;
  return hash;
}

bool InSegment(std::string_view key, const Segment& segment) {
  return segment.total <= 1 ||
         StableHash(key) % static_cast<uint64_t>(segment.total) == static_cast<uint64_t>(segment.number);
}

std::string MakePageToken(std::string_view request, std::string_view position) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const unsigned char c : HashBytes(request) + std::string(position)) {
    out += kDigits[c >> 4];
    out += kDigits[c & 15];
  }
  return out;
}

Result<std::string> ReadPageToken(std::string_view request, std::string_view token) {
  std::string bytes;
  bool good = token.size() % 2 == 0;
  for (size_t i = 0; good && i < token.size(); i += 2) {
    const int high = HexDigit(token[i]);
    const int low = HexDigit(token[i + 1]);
    good = high >= 0 && low >= 0;
    bytes += static_cast<char>(high * 16 + low);
  }
  if (!good || !bytes.starts_with(HashBytes(request))) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "start again from the first page"},
                     "next_token was not made for this request");
  }
  return bytes.substr(kHashBytes);
}

}  // namespace glaux
