#include <algorithm>
#include <array>

#include "glaux/base/base64.h"
#include "glaux/store/s3/s3_digest_internal.h"
#include "glaux/store/s3/s3_object_internal.h"

namespace glaux::s3 {
namespace {

constexpr std::string_view kMetadata = "x-amz-meta-";
constexpr std::string_view kTagging = "x-amz-tagging";
constexpr std::array<std::string_view, 7> kHeaders = {"cache-control",
                                                      "content-disposition",
                                                      "content-encoding",
                                                      "content-language",
                                                      "content-type",
                                                      "expires",
                                                      "x-amz-website-redirect-location"};
// What S3 and other servers say of an object whose type nobody gave.
constexpr std::array<std::string_view, 2> kDefaultTypes = {"binary/octet-stream", "application/octet-stream"};

bool IsPlain(std::string_view value) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  if (!value.empty() && (blank(value.front()) || blank(value.back()))) return false;
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

bool IsToken(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || kMarks.find(c) != kMarks.npos;
  });
}

/// "=?UTF-8?B?...?=": how S3 wants what is not ASCII. Source: Amazon S3 User Guide, "Working with object metadata",
/// and RFC 2047, whose limit of 75 characters a word S3 does not keep either.
std::string Encoded(std::string_view value) {
  return IsPlain(value) && value.find("=?") == value.npos ? std::string(value) : "=?UTF-8?B?" + Base64(value) + "?=";
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool DecodeQuoted(std::string_view text, std::string* out) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      *out += text[i] == '_' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return false;
    const int high = HexDigit(text[i + 1]), low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return false;
    *out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

/// The text of words that stand side by side; a value that is not made of them as it is.
std::string Decoded(std::string_view value) {
  constexpr std::string_view kBegin = "=?UTF-8?";
  std::string text;
  for (std::string_view rest = value; !rest.empty();) {
    while (!text.empty() && rest.starts_with(' ')) rest.remove_prefix(1);
    const bool begins = rest.size() > kBegin.size() + 2 &&
                        std::equal(kBegin.begin(), kBegin.end(), rest.begin(),
                                   [](char a, char b) { return a == (b >= 'a' && b <= 'z' ? b - 'a' + 'A' : b); });
    const size_t end = begins ? rest.find("?=", kBegin.size() + 2) : rest.npos;
    if (end == rest.npos || rest[kBegin.size() + 1] != '?') return std::string(value);
    const auto word = rest.substr(kBegin.size() + 2, end - kBegin.size() - 2);
    const char how = rest[kBegin.size()];
    std::string decoded;
    const bool good = how == 'B' || how == 'b'   ? DecodeBase64(word, &decoded)
                      : how == 'Q' || how == 'q' ? DecodeQuoted(word, &decoded)
                                                 : false;
    if (!good) return std::string(value);
    text += decoded;
    rest.remove_prefix(end + 2);
  }
  return text;
}

}  // namespace

Status AddAttributes(const S3Connection& connection, std::string_view operation, std::string_view key,
                     const ObjectAttributes& attributes, http::Headers* headers) {
  const auto refuse = [&](ErrorKind kind, const std::string& name, std::string_view why) {
    return connection.Error(kind, operation, key, "attribute " + name + ": " + std::string(why));
  };
  for (const auto& [name, value] : attributes) {
    if (name.starts_with(kMetadata)) {
      if (!IsToken(std::string_view(name).substr(kMetadata.size())) || name == kWriteMark) {
        return refuse(ErrorKind::kInvalid, name, "this cannot be the name of an object's metadata");
      }
      headers->Set(name, Encoded(value));
      continue;
    }
    if (name != kTagging && std::find(kHeaders.begin(), kHeaders.end(), name) == kHeaders.end()) {
      return refuse(ErrorKind::kNotImplemented, name, "S3 keeps no such attribute");
    }
    if (!IsPlain(value)) return refuse(ErrorKind::kInvalid, name, "S3 takes printable ASCII here");
    headers->Set(name, value);
  }
  return Status::OK();
}

ObjectAttributes AttributesFromHeaders(const http::Headers& headers) {
  ObjectAttributes attributes;
  for (const auto& [name, value] : headers.fields()) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (lower.starts_with(kMetadata)) {
      if (lower != kWriteMark) attributes[lower] = Decoded(value);
    } else if (std::find(kHeaders.begin(), kHeaders.end(), lower) != kHeaders.end()) {
      const bool untold = lower == "content-type" &&
                          std::find(kDefaultTypes.begin(), kDefaultTypes.end(), value) != kDefaultTypes.end();
      if (!untold && !value.empty()) attributes[lower] = value;
    }
  }
  return attributes;
}

}  // namespace glaux::s3
