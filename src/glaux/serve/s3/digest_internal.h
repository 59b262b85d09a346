#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace glaux::serve::s3 {

/// A digest in the making.
class Digest {
 public:
  virtual ~Digest() = default;
  virtual void Update(std::span<const std::byte> bytes) = 0;
  /// Raw bytes. Once.
  virtual std::string Finish() = 0;

  /// "md5", "sha1", "sha256", "crc32", "crc32c" or "crc64nvme"; null for another name.
  static std::unique_ptr<Digest> Make(std::string_view algorithm);
};

std::string Base64(std::string_view bytes);
std::string Hex(std::string_view bytes);

}  // namespace glaux::serve::s3
