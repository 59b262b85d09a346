#include "glaux/base/checksum.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "glaux/base/base64.h"

namespace glaux {
namespace {

// ISA-L counts bytes as int or uint64_t; pieces of this size suit both.
constexpr size_t kPiece = size_t{1} << 30;

using Tables = std::array<std::array<uint64_t, 256>, 16>;

// Table k gives what a byte does to the checksum when k bytes follow it.
const Tables& NvmeTables() {
  static const auto* const tables = [] {
    constexpr uint64_t kReflectedPolynomial = 0x9A6C9329AC4BC9B5;
    auto* made = new Tables;
    for (uint64_t i = 0; i < 256; ++i) {
      uint64_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kReflectedPolynomial : 0);
      (*made)[0][i] = value;
    }
    for (size_t k = 1; k < made->size(); ++k) {
      for (size_t i = 0; i < 256; ++i) {
        const uint64_t previous = (*made)[k - 1][i];
        (*made)[k][i] = (previous >> 8) ^ (*made)[0][previous & 255];
      }
    }
    return made;
  }();
  return *tables;
}

template <typename Word>
std::string Text(Word checksum) {
  char bytes[sizeof(Word)];
  for (size_t i = 0; i < sizeof bytes; ++i) bytes[i] = static_cast<char>(checksum >> (8 * (sizeof bytes - 1 - i)));
  std::string text;
  AppendBase64({bytes, sizeof bytes}, &text);
  return text;
}

}  // namespace

uint32_t Crc32(std::span<const std::byte> bytes, uint32_t before) {
  return crc32_gzip_refl(before, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

uint32_t Crc32c(std::span<const std::byte> bytes, uint32_t before) {
  uint32_t state = ~before;
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kPiece));
    auto* data = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(piece.data()));
    state = crc32_iscsi(data, static_cast<int>(piece.size()), state);
    bytes = bytes.subspan(piece.size());
  }
  return ~state;
}

uint64_t Crc64Nvme(std::span<const std::byte> bytes, uint64_t before) {
  static_assert(std::endian::native == std::endian::little);
  const Tables& t = NvmeTables();
  uint64_t state = ~before;
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t left = bytes.size();
  for (; left >= 16; at += 16, left -= 16) {
    uint64_t low, high;
    std::memcpy(&low, at, 8);
    std::memcpy(&high, at + 8, 8);
    low ^= state;
    state = 0;
    for (int i = 0; i < 8; ++i) {
      state ^= t[15 - i][low >> (8 * i) & 255] ^ t[7 - i][high >> (8 * i) & 255];
    }
  }
  for (; left > 0; ++at, --left) state = (state >> 8) ^ t[0][(state ^ *at) & 255];
  return ~state;
}

std::string ChecksumText(uint32_t checksum) { return Text(checksum); }
std::string ChecksumText(uint64_t checksum) { return Text(checksum); }

}  // namespace glaux
