#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace glaux {

// Cyclic checksums, as S3 and storage formats use them. `before` is the checksum of the bytes in front, so that a
// stream is summed up piece by piece.

/// CRC-32 of gzip and zip.
uint32_t Crc32(std::span<const std::byte> bytes, uint32_t before = 0);
/// CRC-32C (Castagnoli) of iSCSI.
uint32_t Crc32c(std::span<const std::byte> bytes, uint32_t before = 0);
/// CRC-64/NVME, S3's own choice for objects without another one.
uint64_t Crc64Nvme(std::span<const std::byte> bytes, uint64_t before = 0);

/// A checksum as the `x-amz-checksum-…` headers have it: base64 of its bytes, the highest first.
std::string ChecksumText(uint32_t checksum);
std::string ChecksumText(uint64_t checksum);

}  // namespace glaux
