#include <arrow/util/compression.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "glaux/format/compressing_output_internal.h"
#include "glaux/format/compression_internal.h"

// Arrow writes LZ4 frames without checksums. Frames of ours have one of the content, as those of the lz4 program: a
// magic number, a descriptor, blocks that stand alone (size, then data), an empty block, the checksum.

namespace glaux {
namespace {

constexpr size_t kBlockBytes = 4 << 20;
constexpr uint32_t kStoredAsIs = uint32_t{1} << 31;
constexpr uint8_t kFlags = 0x64;      // version 1, blocks stand alone, checksum of the content
constexpr uint8_t kBlockSize = 0x70;  // at most 4 MiB

uint32_t Load32(const uint8_t* bytes) {
  return bytes[0] | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 | uint32_t{bytes[3]} << 24;
}

void Store32(uint32_t value, uint8_t* out) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<uint8_t>(value >> (8 * i));
}

/// xxHash with 32 bits, seed 0.
class XxHash32 {
 public:
  /// All but the last call: a multiple of 16 bytes.
  void Add(const uint8_t* data, size_t size) {
    total_ += size;
    for (; size >= 16; data += 16, size -= 16) {
      for (size_t i = 0; i < 4; ++i) lanes_[i] = std::rotl(lanes_[i] + Load32(data + 4 * i) * kPrime2, 13) * kPrime1;
    }
    rest_.assign(data, data + size);
  }

  uint32_t Value() const {
    uint32_t hash = kPrime5;
    if (total_ >= 16) {
      hash = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) + std::rotl(lanes_[3], 18);
    }
    hash += static_cast<uint32_t>(total_);
    size_t at = 0;
    for (; at + 4 <= rest_.size(); at += 4) hash = std::rotl(hash + Load32(&rest_[at]) * kPrime3, 17) * kPrime4;
    for (; at < rest_.size(); ++at) hash = std::rotl(hash + rest_[at] * kPrime5, 11) * kPrime1;
    hash = (hash ^ (hash >> 15)) * kPrime2;
    hash = (hash ^ (hash >> 13)) * kPrime3;
    return hash ^ (hash >> 16);
  }

 private:
  static constexpr uint32_t kPrime1 = 2654435761U;
  static constexpr uint32_t kPrime2 = 2246822519U;
  static constexpr uint32_t kPrime3 = 3266489917U;
  static constexpr uint32_t kPrime4 = 668265263U;
  static constexpr uint32_t kPrime5 = 374761393U;

  std::array<uint32_t, 4> lanes_ = {kPrime1 + kPrime2, kPrime2, 0, 0U - kPrime1};
  std::vector<uint8_t> rest_;
  uint64_t total_ = 0;
};

class Lz4Output final : public CompressingOutput {
 public:
  Lz4Output(OutputPtr sink, std::unique_ptr<arrow::util::Codec> codec)
      : CompressingOutput(std::move(sink)), codec_(std::move(codec)) {}

  Status Start() {
    uint8_t header[7] = {0x04, 0x22, 0x4d, 0x18, kFlags, kBlockSize, 0};
    XxHash32 hash;
    hash.Add(header + 4, 2);
    header[6] = static_cast<uint8_t>(hash.Value() >> 8);
    return sink().Write(header, sizeof header);
  }

 private:
  Status Compress(const uint8_t* data, int64_t size) override {
    while (size > 0) {
      const auto take = std::min(static_cast<size_t>(size), kBlockBytes - data_.size());
      data_.insert(data_.end(), data, data + take);
      data += take;
      size -= static_cast<int64_t>(take);
      if (data_.size() == kBlockBytes) ARROW_RETURN_NOT_OK(EndBlock());
    }
    return Status::OK();
  }

  Status EndBlock() {
    const auto size = static_cast<int64_t>(data_.size());
    if (size == 0) return Status::OK();
    hash_.Add(data_.data(), data_.size());
    block_.resize(4 + static_cast<size_t>(codec_->MaxCompressedLen(size, data_.data())));
    ARROW_ASSIGN_OR_RAISE(const int64_t made,
                          codec_->Compress(size, data_.data(), static_cast<int64_t>(block_.size() - 4), &block_[4]));
    const bool smaller = made < size;
    Store32(static_cast<uint32_t>(smaller ? made : size) | (smaller ? 0 : kStoredAsIs), block_.data());
    ARROW_RETURN_NOT_OK(sink().Write(block_.data(), smaller ? 4 + made : 4));
    if (!smaller) ARROW_RETURN_NOT_OK(sink().Write(data_.data(), size));
    data_.clear();
    return Status::OK();
  }

  Status Finish() override {
    ARROW_RETURN_NOT_OK(EndBlock());
    uint8_t end[8] = {};
    Store32(hash_.Value(), end + 4);
    return sink().Write(end, sizeof end);
  }

  std::unique_ptr<arrow::util::Codec> codec_;
  XxHash32 hash_;
  std::vector<uint8_t> data_;
  std::vector<uint8_t> block_;
};

}  // namespace

Result<OutputPtr> OpenLz4Output(OutputPtr sink, std::optional<int> level) {
  ARROW_ASSIGN_OR_RAISE(const int least, arrow::util::Codec::MinimumCompressionLevel(arrow::Compression::LZ4));
  ARROW_ASSIGN_OR_RAISE(const int most, arrow::util::Codec::MaximumCompressionLevel(arrow::Compression::LZ4));
  ARROW_RETURN_NOT_OK(CheckLevel("lz4", level, least, most));
  ARROW_ASSIGN_OR_RAISE(auto codec,
                        arrow::util::Codec::Create(arrow::Compression::LZ4,
                                                   level.value_or(arrow::util::Codec::UseDefaultCompressionLevel())));
  auto output = std::make_shared<Lz4Output>(std::move(sink), std::move(codec));
  ARROW_RETURN_NOT_OK(output->Start());
  return output;
}

}  // namespace glaux
