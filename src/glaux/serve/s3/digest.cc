#include "glaux/serve/s3/digest_internal.h"

#include <openssl/evp.h>

#include "glaux/base/base64.h"
#include "glaux/base/checksum.h"

namespace glaux::serve::s3 {
namespace {

class OpenSslDigest final : public Digest {
 public:
  explicit OpenSslDigest(const EVP_MD* algorithm) : context_(::EVP_MD_CTX_new(), ::EVP_MD_CTX_free) {
    ::EVP_DigestInit_ex(context_.get(), algorithm, nullptr);
  }
  void Update(std::span<const std::byte> bytes) override {
    ::EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
  std::string Finish() override {
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    ::EVP_DigestFinal_ex(context_.get(), value, &size);
    return {reinterpret_cast<const char*>(value), size};
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context_;
};

template <typename Word, Word (*kSum)(std::span<const std::byte>, Word)>
class Checksum final : public Digest {
 public:
  void Update(std::span<const std::byte> bytes) override { sum_ = kSum(bytes, sum_); }
  std::string Finish() override {
    std::string bytes;
    for (int shift = 8 * (sizeof(Word) - 1); shift >= 0; shift -= 8) bytes += static_cast<char>(sum_ >> shift);
    return bytes;
  }

 private:
  Word sum_ = 0;
};

}  // namespace

std::unique_ptr<Digest> Digest::Make(std::string_view algorithm) {
  if (algorithm == "md5") return std::make_unique<OpenSslDigest>(::EVP_md5());
  if (algorithm == "sha1") return std::make_unique<OpenSslDigest>(::EVP_sha1());
  if (algorithm == "sha256") return std::make_unique<OpenSslDigest>(::EVP_sha256());
  if (algorithm == "crc32") return std::make_unique<Checksum<uint32_t, Crc32>>();
  if (algorithm == "crc32c") return std::make_unique<Checksum<uint32_t, Crc32c>>();
  if (algorithm == "crc64nvme") return std::make_unique<Checksum<uint64_t, Crc64Nvme>>();
  return nullptr;
}

std::string Base64(std::string_view bytes) {
  std::string text;
  AppendBase64(bytes, &text);
  return text;
}

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace glaux::serve::s3
