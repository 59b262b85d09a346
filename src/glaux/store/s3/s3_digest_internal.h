#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "glaux/http/transport.h"
#include "glaux/store/object_store.h"
#include "glaux/store/s3/s3_store.h"
#include "glaux/wire/s3_object.h"

namespace glaux::s3 {

/// MD5 as 16 raw bytes. S3 asks for it in places; it proves nothing against an attacker.
std::string Md5(std::span<const std::byte> bytes);

std::string Base64(std::string_view bytes);

/// ETag of an object that was made of these parts, where each part's ETag is an MD5; unset if one is not.
std::optional<std::string> ETagOfParts(std::span<const UploadedPart> parts);

/// Add the checksum header of a body. \return the checksum as PartChecksums reads it: "CRC32C:4waSgw=="
std::string AddChecksum(S3Checksum kind, std::span<const std::byte> body, http::Headers* headers);
/// UploadedPart::checksum from and to the document of a completion.
wire::s3::Checksums PartChecksums(std::string_view checksum);
std::string PartChecksum(const wire::s3::Checksums& checksums);
/// "CRC32C", or "" for none.
std::string_view ChecksumName(S3Checksum kind);

/// Sums up a body that comes in pieces, by the algorithm that the answer's headers name.
class BodyCheck {
 public:
  /// Choose by the headers of the answer; does nothing where there is no checksum over the whole object.
  explicit BodyCheck(const http::Headers& headers);
  void Add(std::span<const std::byte> piece);
  /// Whether the sum is that of the headers.
  bool Matches() const;
  /// "CRC32C", for messages.
  std::string_view algorithm() const { return algorithm_; }

 private:
  std::string_view algorithm_;
  std::string expected_;
  uint32_t crc32_ = 0;
  uint64_t crc64_ = 0;
};

}  // namespace glaux::s3
