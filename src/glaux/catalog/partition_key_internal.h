#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/catalog/catalog.h"

namespace glaux {

// A partition's values as one byte string: memcmp orders the strings as the values are ordered one after the other, and
// the encoding of leading values is a prefix of the whole.

/// One value: 0x00 becomes 0x00 0xFF, and 0x00 0x00 ends it.
void AppendKeyPart(std::string_view value, std::string* key);
/// The same without the end: not above any value that starts with `value`.
void AppendOpenKeyPart(std::string_view value, std::string* key);

std::string EncodePartitionKey(const std::vector<std::string>& values);
/// kCorrupt if `key` was not made by EncodePartitionKey.
Result<std::vector<std::string>> DecodePartitionKey(std::string_view key);

/// The same number for the same bytes in every release: segments and page tokens outlive a process.
uint64_t StableHash(std::string_view bytes);

/// Whether a partition belongs to a segment. Each key belongs to exactly one number below `total`.
bool InSegment(std::string_view key, const Segment& segment);

// Page tokens: where the next page begins, and a fingerprint of the request, so that a token of another request is
// refused and not misread.

std::string MakePageToken(std::string_view request, std::string_view position);
/// \return the position; kInvalid if the token was not made for this request
Result<std::string> ReadPageToken(std::string_view request, std::string_view token);

}  // namespace glaux
