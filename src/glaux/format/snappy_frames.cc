#include <arrow/util/compression.h>
#include <isa-l/crc.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "glaux/format/compressing_output_internal.h"
#include "glaux/format/compression_internal.h"

// A stream of chunks: one byte of type, three of length, then so many bytes. Data chunks hold a masked CRC-32C of at
// most 64 KiB of data, then the data, compressed or as it is.

namespace glaux {
namespace {

constexpr std::string_view kStreamIdentifier("\xff\x06\x00\x00sNaPpY", 10);
constexpr size_t kMostData = 64 << 10;
constexpr uint8_t kCompressed = 0x00;
constexpr uint8_t kPlain = 0x01;
constexpr uint8_t kFirstSkippable = 0x80;
constexpr uint8_t kIdentifier = 0xff;

uint32_t MaskedCrc(const uint8_t* data, size_t size) {
  const uint32_t crc = ~crc32_iscsi(const_cast<uint8_t*>(data), static_cast<int>(size), 0xffffffffU);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

class SnappySource final : public ByteSource {
 public:
  SnappySource(StoredBytes bytes, std::unique_ptr<arrow::util::Codec> codec)
      : bytes_(std::move(bytes)), codec_(std::move(codec)) {}

  Result<int64_t> Read(int64_t size, uint8_t* out) override {
    int64_t done = 0;
    while (done < size) {
      if (at_ == size_) {
        ARROW_ASSIGN_OR_RAISE(const bool more, NextChunk());
        if (!more) break;
        continue;
      }
      const auto take = std::min(static_cast<size_t>(size - done), size_ - at_);
      std::memcpy(out + done, data_.data() + at_, take);
      at_ += take;
      done += static_cast<int64_t>(take);
    }
    return done;
  }

  int64_t stored_bytes_read() const override { return bytes_.stored_bytes_read(); }

 private:
  /// \return false at the end of the file
  Result<bool> NextChunk() {
    chunk_start_ = bytes_.position();
    ARROW_ASSIGN_OR_RAISE(const auto piece, bytes_.Peek());
    if (piece.empty()) return false;
    uint8_t header[4];
    ARROW_RETURN_NOT_OK(Take(header, 4));
    const uint8_t type = header[0];
    const size_t length = header[1] | size_t{header[2]} << 8 | size_t{header[3]} << 16;
    if (type == kIdentifier) {
      char name[6];
      if (length != 6) return Damaged("a stream identifier that is not six bytes long");
      ARROW_RETURN_NOT_OK(Take(name, 6));
      if (std::string_view(name, 6) != kStreamIdentifier.substr(4))
        return Damaged("the stream identifier is not Snappy's");
      return true;
    }
    if (type >= kFirstSkippable) {
      ARROW_RETURN_NOT_OK(Take(nullptr, length));
      return true;
    }
    if (type != kCompressed && type != kPlain) return Damaged("a chunk of a type that is not known");
    if (length < 4 || length > kMostStored) return Damaged("a chunk of a length that cannot be");
    stored_.resize(length);
    ARROW_RETURN_NOT_OK(Take(stored_.data(), length));
    ARROW_RETURN_NOT_OK(Inflate(type));
    uint32_t crc = 0;
    for (int i = 3; i >= 0; --i) crc = crc << 8 | stored_[static_cast<size_t>(i)];
    if (MaskedCrc(data_.data(), size_) != crc) return Damaged("the checksum does not match");
    return true;
  }

  Status Inflate(uint8_t type) {
    const uint8_t* body = stored_.data() + 4;
    const size_t length = stored_.size() - 4;
    at_ = size_ = 0;
    if (type == kPlain) {
      if (length > kMostData) return Damaged("a chunk of more than 64 KiB");
      if (length > 0) std::memcpy(data_.data(), body, length);
      size_ = length;
      return Status::OK();
    }
    const auto made =
        codec_->Decompress(static_cast<int64_t>(length), body, static_cast<int64_t>(kMostData), data_.data());
    if (!made.ok()) return Damaged("the compressed data makes no sense");
    size_ = static_cast<size_t>(*made);
    return Status::OK();
  }

  /// The next bytes, copied unless `out` is null.
  Status Take(void* out, size_t size) {
    for (size_t done = 0; done < size;) {
      ARROW_ASSIGN_OR_RAISE(const auto piece, bytes_.Peek());
      if (piece.empty()) {
        return MakeError(ErrorKind::kCorrupt, "read ", bytes_.input().name, ": snappy stream ends early at byte ",
                         bytes_.position(), ", in the chunk that began at byte ", chunk_start_);
      }
      const size_t take = std::min(size - done, piece.size());
      if (out != nullptr) std::memcpy(static_cast<char*>(out) + done, piece.data(), take);
      bytes_.Skip(static_cast<int64_t>(take));
      done += take;
    }
    return Status::OK();
  }

  Status Damaged(std::string_view what) const {
    return MakeError(ErrorKind::kCorrupt, "read ", bytes_.input().name, ": snappy stream is damaged at byte ",
                     chunk_start_, ": ", what);
  }

  // 64 KiB that do not compress, as Snappy would still write them, and the checksum.
  static constexpr size_t kMostStored = 4 + 32 + kMostData + kMostData / 6;

  StoredBytes bytes_;
  std::unique_ptr<arrow::util::Codec> codec_;
  int64_t chunk_start_ = 0;
  std::vector<uint8_t> stored_;
  std::vector<uint8_t> data_ = std::vector<uint8_t>(kMostData);
  size_t at_ = 0;
  size_t size_ = 0;
};

class SnappyOutput final : public CompressingOutput {
 public:
  SnappyOutput(OutputPtr sink, std::unique_ptr<arrow::util::Codec> codec)
      : CompressingOutput(std::move(sink)),
        codec_(std::move(codec)),
        chunk_(8 + static_cast<size_t>(codec_->MaxCompressedLen(static_cast<int64_t>(kMostData), nullptr))) {}

  Status Start() { return sink().Write(kStreamIdentifier.data(), static_cast<int64_t>(kStreamIdentifier.size())); }

 private:
  Status Compress(const uint8_t* data, int64_t size) override {
    while (size > 0) {
      const auto take = std::min(static_cast<size_t>(size), kMostData - data_.size());
      data_.insert(data_.end(), data, data + take);
      data += take;
      size -= static_cast<int64_t>(take);
      if (data_.size() == kMostData) ARROW_RETURN_NOT_OK(Finish());
    }
    return Status::OK();
  }

  Status Finish() override {
    if (data_.empty()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(int64_t size, codec_->Compress(static_cast<int64_t>(data_.size()), data_.data(),
                                                         static_cast<int64_t>(chunk_.size() - 8), chunk_.data() + 8));
    uint8_t type = kCompressed;
    if (size >= static_cast<int64_t>(data_.size() - data_.size() / 8)) {
      type = kPlain;
      size = static_cast<int64_t>(data_.size());
      std::memcpy(chunk_.data() + 8, data_.data(), data_.size());
    }
    const auto length = static_cast<uint32_t>(size + 4);
    const uint32_t crc = MaskedCrc(data_.data(), data_.size());
    chunk_[0] = type;
    for (int i = 0; i < 3; ++i) chunk_[static_cast<size_t>(1 + i)] = static_cast<uint8_t>(length >> (8 * i));
    for (int i = 0; i < 4; ++i) chunk_[static_cast<size_t>(4 + i)] = static_cast<uint8_t>(crc >> (8 * i));
    data_.clear();
    return sink().Write(chunk_.data(), size + 8);
  }

  std::unique_ptr<arrow::util::Codec> codec_;
  std::vector<uint8_t> data_;
  std::vector<uint8_t> chunk_;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> OpenSnappySource(StoredBytes bytes) {
  ARROW_ASSIGN_OR_RAISE(auto codec, arrow::util::Codec::Create(arrow::Compression::SNAPPY));
  return std::make_unique<SnappySource>(std::move(bytes), std::move(codec));
}

Result<OutputPtr> OpenSnappyOutput(OutputPtr sink, std::optional<int> level) {
  if (level) return MakeError(ErrorKind::kInvalid, "text options: snappy has no compression levels, found ", *level);
  ARROW_ASSIGN_OR_RAISE(auto codec, arrow::util::Codec::Create(arrow::Compression::SNAPPY));
  auto output = std::make_shared<SnappyOutput>(std::move(sink), std::move(codec));
  ARROW_RETURN_NOT_OK(output->Start());
  return output;
}

}  // namespace glaux
