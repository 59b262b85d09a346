#include "glaux/base/checksum.h"

#include <gtest/gtest.h>

#include <string_view>

namespace glaux {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

// The check values of the catalogue of parametrised CRC algorithms: the digits 1 to 9.
TEST(Checksum, TheCheckValuesOfTheAlgorithms) {
  EXPECT_EQ(Crc32(Bytes("123456789")), 0xCBF43926u);
  EXPECT_EQ(Crc32c(Bytes("123456789")), 0xE3069283u);
  EXPECT_EQ(Crc64Nvme(Bytes("123456789")), 0xAE8B14860A799888u);
  EXPECT_EQ(Crc32({}), 0u);
  EXPECT_EQ(Crc32c({}), 0u);
  EXPECT_EQ(Crc64Nvme({}), 0u);
}

TEST(Checksum, PiecesGiveTheSameAsTheWhole) {
  std::string text(1000, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 37 + i / 7);
  for (size_t cut = 0; cut <= text.size(); cut += 13) {
    const auto head = Bytes(std::string_view(text).substr(0, cut)), tail = Bytes(std::string_view(text).substr(cut));
    EXPECT_EQ(Crc32(tail, Crc32(head)), Crc32(Bytes(text))) << cut;
    EXPECT_EQ(Crc32c(tail, Crc32c(head)), Crc32c(Bytes(text))) << cut;
    EXPECT_EQ(Crc64Nvme(tail, Crc64Nvme(head)), Crc64Nvme(Bytes(text))) << cut;
  }
}

TEST(Checksum, TextIsBase64WithTheHighestByteFirst) {
  EXPECT_EQ(ChecksumText(Crc32c(Bytes("123456789"))), "4waSgw==");
  EXPECT_EQ(ChecksumText(uint64_t{0}), "AAAAAAAAAAA=");
}

}  // namespace
}  // namespace glaux
