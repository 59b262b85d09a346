#include <openssl/evp.h>

#include "glaux/base/base64.h"
#include "glaux/base/checksum.h"
#include "glaux/store/s3/s3_digest_internal.h"

namespace glaux::s3 {
namespace {

std::optional<std::string> FromHex(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    int value = 0;
    for (const char c : text.substr(i, 2)) {
      if (c >= '0' && c <= '9') {
        value = value * 16 + (c - '0');
      } else if (c >= 'a' && c <= 'f') {
        value = value * 16 + (c - 'a' + 10);
      } else {
        return std::nullopt;
      }
    }
    bytes += static_cast<char>(value);
  }
  return bytes;
}

std::string ToHex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[c & 15];
  }
  return text;
}

}  // namespace

std::string Md5(std::span<const std::byte> bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const int done = EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_md5(), nullptr);
  return done == 1 ? std::string(reinterpret_cast<char*>(digest), size) : std::string();
}

std::string Base64(std::string_view bytes) {
  std::string text;
  AppendBase64(bytes, &text);
  return text;
}

std::optional<std::string> ETagOfParts(std::span<const UploadedPart> parts) {
  std::string digests;
  for (const auto& part : parts) {
    const auto digest = part.etag.size() == 32 ? FromHex(part.etag) : std::nullopt;
    if (!digest) return std::nullopt;
    digests += *digest;
  }
  return ToHex(Md5(AsBytes(digests))) + "-" + std::to_string(parts.size());
}

std::string_view ChecksumName(S3Checksum kind) {
  switch (kind) {
    case S3Checksum::kCrc32c:
      return "CRC32C";
    case S3Checksum::kCrc64Nvme:
      return "CRC64NVME";
    case S3Checksum::kNone:
      break;
  }
  return "";
}

std::string AddChecksum(S3Checksum kind, std::span<const std::byte> body, http::Headers* headers) {
  std::string value;
  switch (kind) {
    case S3Checksum::kCrc32c:
      value = ChecksumText(Crc32c(body));
      headers->Set("x-amz-checksum-crc32c", value);
      break;
    case S3Checksum::kCrc64Nvme:
      value = ChecksumText(Crc64Nvme(body));
      headers->Set("x-amz-checksum-crc64nvme", value);
      break;
    case S3Checksum::kNone:
      return {};
  }
  return std::string(ChecksumName(kind)) + ":" + value;
}

wire::s3::Checksums PartChecksums(std::string_view checksum) {
  wire::s3::Checksums checksums;
  const size_t colon = checksum.find(':');
  if (colon == checksum.npos) return checksums;
  const auto name = checksum.substr(0, colon);
  const auto value = checksum.substr(colon + 1);
  if (name == "CRC32C") checksums.ChecksumCRC32C = value;
  if (name == "CRC64NVME") checksums.ChecksumCRC64NVME = value;
  return checksums;
}

std::string PartChecksum(const wire::s3::Checksums& checksums) {
  if (!checksums.ChecksumCRC32C.empty()) return "CRC32C:" + checksums.ChecksumCRC32C;
  if (!checksums.ChecksumCRC64NVME.empty()) return "CRC64NVME:" + checksums.ChecksumCRC64NVME;
  return {};
}

BodyCheck::BodyCheck(const http::Headers& headers) {
  // Of an object in parts, one has to say so where its checksum is over the whole; some servers give another and stay
  // silent.
  const bool in_parts = headers.Get("etag").find('-') != std::string::npos;
  if (in_parts && headers.Get("x-amz-checksum-type") != "FULL_OBJECT") return;
  for (const auto& [name, header] :
       {std::pair{"CRC32C", "x-amz-checksum-crc32c"}, std::pair{"CRC64NVME", "x-amz-checksum-crc64nvme"},
        std::pair{"CRC32", "x-amz-checksum-crc32"}}) {
    const std::string value = headers.Get(header);
    // "…-3" is a checksum over the checksums of three parts.
    if (value.empty() || value.find('-') != value.npos) continue;
    algorithm_ = name;
    expected_ = value;
    return;
  }
}

void BodyCheck::Add(std::span<const std::byte> piece) {
  if (algorithm_ == "CRC32C") {
    crc32_ = Crc32c(piece, crc32_);
  } else if (algorithm_ == "CRC64NVME") {
    crc64_ = Crc64Nvme(piece, crc64_);
  } else if (algorithm_ == "CRC32") {
    crc32_ = Crc32(piece, crc32_);
  }
}

bool BodyCheck::Matches() const {
  if (algorithm_.empty()) return true;
  return expected_ == (algorithm_ == "CRC64NVME" ? ChecksumText(crc64_) : ChecksumText(crc32_));
}

}  // namespace glaux::s3
