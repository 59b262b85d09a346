#include "glaux/format/avro_codec_internal.h"

#include <arrow/buffer.h>
#include <arrow/util/compression.h>
#include <isa-l/crc.h>
#include <lzma.h>

#include <algorithm>

namespace glaux {
namespace {

constexpr int64_t kMostBytes = 1 << 30;

/// Output that doubles as it fills, up to kMostBytes.
class Inflated {
 public:
  Status Start(size_t input) {
    const auto size = std::clamp<int64_t>(static_cast<int64_t>(input) * 4, 4096, kMostBytes);
    ARROW_ASSIGN_OR_RAISE(buffer_, arrow::AllocateResizableBuffer(size));
    return Status::OK();
  }
  Status Grow() {
    if (buffer_->size() >= kMostBytes) {
      return MakeError(ErrorKind::kInvalid, "the block inflates to more than ", kMostBytes, " bytes");
    }
    return buffer_->Resize(std::min(buffer_->size() * 2, kMostBytes), false);
  }
  uint8_t* end() { return buffer_->mutable_data() + size_; }
  int64_t room() const { return buffer_->size() - size_; }
  void Add(int64_t size) { size_ += size; }
  Result<std::shared_ptr<arrow::Buffer>> Finish() {
    ARROW_RETURN_NOT_OK(buffer_->Resize(size_, false));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer_));
  }

 private:
  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  int64_t size_ = 0;
};

Status Corrupt(std::string_view codec, std::string_view why) {
  return MakeError(ErrorKind::kCorrupt, "the ", codec, " data of the block is not valid: ", why);
}

class NullCodec final : public AvroCodec {
 public:
  Result<std::shared_ptr<arrow::Buffer>> Decompress(std::string_view block) const override {
    return arrow::Buffer::FromString(std::string(block));
  }
  Result<std::string> Compress(std::string_view bytes) const override { return std::string(bytes); }
};

/// Codecs that Arrow has streams for.
class StreamCodec final : public AvroCodec {
 public:
  StreamCodec(std::string name, std::unique_ptr<arrow::util::Codec> codec)
      : name_(std::move(name)), codec_(std::move(codec)) {}

  Result<std::shared_ptr<arrow::Buffer>> Decompress(std::string_view block) const override {
    ARROW_ASSIGN_OR_RAISE(const auto stream, codec_->MakeDecompressor());
    Inflated out;
    ARROW_RETURN_NOT_OK(out.Start(block.size()));
    while (!stream->IsFinished()) {
      if (out.room() == 0) ARROW_RETURN_NOT_OK(out.Grow());
      const auto step = stream->Decompress(static_cast<int64_t>(block.size()),
                                           reinterpret_cast<const uint8_t*>(block.data()), out.room(), out.end());
      if (!step.ok()) return Corrupt(name_, step.status().message());
      block.remove_prefix(static_cast<size_t>(step->bytes_read));
      out.Add(step->bytes_written);
      if (stream->IsFinished()) break;
      if (step->need_more_output) {
        ARROW_RETURN_NOT_OK(out.Grow());
      } else if (block.empty() && step->bytes_written == 0) {
        return Corrupt(name_, "it ends early");
      } else if (step->bytes_read == 0 && step->bytes_written == 0) {
        return Corrupt(name_, "it does not go on");
      }
    }
    // Deflate is meant to be bare (RFC 1951), and a writer in wide use leaves the end of zlib's check sum behind it.
    const size_t most = name_ == "deflate" ? 4 : 0;
    if (block.size() > most) return Corrupt(name_, "bytes follow its end");
    return out.Finish();
  }

  Result<std::string> Compress(std::string_view bytes) const override {
    ARROW_ASSIGN_OR_RAISE(const auto stream, codec_->MakeCompressor());
    std::string out(std::max<size_t>(bytes.size() / 2, 1024), '\0');
    size_t size = 0;
    const auto room = [&] { return static_cast<int64_t>(out.size() - size); };
    const auto end = [&] { return reinterpret_cast<uint8_t*>(out.data()) + size; };
    while (!bytes.empty()) {
      ARROW_ASSIGN_OR_RAISE(const auto step,
                            stream->Compress(static_cast<int64_t>(bytes.size()),
                                             reinterpret_cast<const uint8_t*>(bytes.data()), room(), end()));
      bytes.remove_prefix(static_cast<size_t>(step.bytes_read));
      size += static_cast<size_t>(step.bytes_written);
      if (step.bytes_read == 0) out.resize(out.size() * 2);
    }
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto step, stream->End(room(), end()));
      size += static_cast<size_t>(step.bytes_written);
      if (!step.should_retry) break;
      out.resize(out.size() * 2);
    }
    out.resize(size);
    return out;
  }

 private:
  std::string name_;
  std::unique_ptr<arrow::util::Codec> codec_;
};

/// A raw snappy block and the CRC-32 of what it inflates to, big-endian.
class SnappyCodec final : public AvroCodec {
 public:
  explicit SnappyCodec(std::unique_ptr<arrow::util::Codec> codec) : codec_(std::move(codec)) {}

  Result<std::shared_ptr<arrow::Buffer>> Decompress(std::string_view block) const override {
    if (block.size() < kSum + 1) return Corrupt("snappy", "it ends early");
    const auto data = block.substr(0, block.size() - kSum);
    ARROW_ASSIGN_OR_RAISE(const int64_t size, InflatedSize(data));
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> out, arrow::AllocateBuffer(size));
    const auto* input = reinterpret_cast<const uint8_t*>(data.data());
    // Checked against what is written, for the codec takes the size on trust.
    const auto got = codec_->Decompress(static_cast<int64_t>(data.size()), input, size, out->mutable_data());
    if (!got.ok() || *got != size) return Corrupt("snappy", got.ok() ? "it ends early" : got.status().message());
    const std::string sum = SumOf({reinterpret_cast<const char*>(out->data()), static_cast<size_t>(size)});
    if (sum != block.substr(data.size())) return Corrupt("snappy", "the checksum differs");
    return out;
  }

  Result<std::string> Compress(std::string_view bytes) const override {
    const auto* input = reinterpret_cast<const uint8_t*>(bytes.data());
    const auto size = static_cast<int64_t>(bytes.size());
    std::string out(static_cast<size_t>(codec_->MaxCompressedLen(size, input)), '\0');
    ARROW_ASSIGN_OR_RAISE(const int64_t got, codec_->Compress(size, input, static_cast<int64_t>(out.size()),
                                                              reinterpret_cast<uint8_t*>(out.data())));
    out.resize(static_cast<size_t>(got));
    return out + SumOf(bytes);
  }

 private:
  static constexpr size_t kSum = 4;

  /// The size that the data says, as far as so much data can hold it: three bytes copy at most 64.
  static Result<int64_t> InflatedSize(std::string_view data) {
    uint64_t size = 0;
    for (size_t i = 0; i < std::min<size_t>(data.size(), 5); ++i) {
      const auto byte = static_cast<unsigned char>(data[i]);
      size |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
      if (byte >= 0x80) continue;
      if (size > data.size() * 64) return Corrupt("snappy", "its size is not true");
      if (size > static_cast<uint64_t>(kMostBytes)) {
        return MakeError(ErrorKind::kInvalid, "the block inflates to more than ", kMostBytes, " bytes");
      }
      return static_cast<int64_t>(size);
    }
    return Corrupt("snappy", "it has no size");
  }

  static std::string SumOf(std::string_view bytes) {
    auto* data = const_cast<uint8_t*>(reinterpret_cast<const uint8_t*>(bytes.data()));
    const uint32_t sum = crc32_gzip_refl(0, data, bytes.size());
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(sum >> shift & 0xff);
    return text;
  }

  std::unique_ptr<arrow::util::Codec> codec_;
};

class XzCodec final : public AvroCodec {
 public:
  explicit XzCodec(int level) : level_(level) {}

  Result<std::shared_ptr<arrow::Buffer>> Decompress(std::string_view block) const override {
    Stream stream;
    if (lzma_stream_decoder(&stream.state, kMostMemory, 0) != LZMA_OK) return Status::OutOfMemory("xz");
    Inflated out;
    ARROW_RETURN_NOT_OK(out.Start(block.size()));
    stream.state.next_in = reinterpret_cast<const uint8_t*>(block.data());
    stream.state.avail_in = block.size();
    while (true) {
      if (out.room() == 0) ARROW_RETURN_NOT_OK(out.Grow());
      stream.state.next_out = out.end();
      stream.state.avail_out = static_cast<size_t>(out.room());
      const auto code = lzma_code(&stream.state, LZMA_FINISH);
      out.Add(out.room() - static_cast<int64_t>(stream.state.avail_out));
      if (code == LZMA_STREAM_END) break;
      if (code == LZMA_MEMLIMIT_ERROR) return Corrupt("xz", "it wants more than 256 MiB of memory");
      if (code == LZMA_BUF_ERROR) return Corrupt("xz", "it ends early");
      if (code != LZMA_OK) return Corrupt("xz", "liblzma error " + std::to_string(code));
    }
    if (stream.state.avail_in > 0) return Corrupt("xz", "bytes follow its end");
    return out.Finish();
  }

  Result<std::string> Compress(std::string_view bytes) const override {
    std::string out(lzma_stream_buffer_bound(bytes.size()), '\0');
    size_t size = 0;
    const auto code = lzma_easy_buffer_encode(static_cast<uint32_t>(level_), LZMA_CHECK_CRC64, nullptr,
                                              reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(),
                                              reinterpret_cast<uint8_t*>(out.data()), &size, out.size());
    if (code != LZMA_OK) return MakeError(ErrorKind::kOther, "write avro: liblzma error ", static_cast<int>(code));
    out.resize(size);
    return out;
  }

 private:
  static constexpr uint64_t kMostMemory = 256 << 20;
  struct Stream {
    lzma_stream state = LZMA_STREAM_INIT;
    ~Stream() { lzma_end(&state); }
  };

  int level_;
};

Result<std::unique_ptr<arrow::util::Codec>> MakeArrowCodec(std::string_view name, std::optional<int> level) {
  using arrow::util::Codec;
  if (name == "deflate") {
    arrow::util::GZipCodecOptions options;
    options.gzip_format = arrow::util::GZipFormat::DEFLATE;
    if (level) options.compression_level = *level;
    return Codec::Create(arrow::Compression::GZIP, options);
  }
  arrow::util::CodecOptions options;
  if (level) options.compression_level = *level;
  return Codec::Create(name == "bzip2" ? arrow::Compression::BZ2 : arrow::Compression::ZSTD, options);
}

}  // namespace

Result<std::shared_ptr<const AvroCodec>> AvroCodec::Make(std::string_view name, std::optional<int> level) {
  if (name == "null") return std::make_shared<NullCodec>();
  if (name == "snappy") {
    ARROW_ASSIGN_OR_RAISE(auto codec, arrow::util::Codec::Create(arrow::Compression::SNAPPY));
    return std::make_shared<SnappyCodec>(std::move(codec));
  }
  if (name == "xz") return std::make_shared<XzCodec>(std::clamp(level.value_or(6), 0, 9));
  if (name == "deflate" || name == "bzip2" || name == "zstandard") {
    ARROW_ASSIGN_OR_RAISE(auto codec, MakeArrowCodec(name, level));
    return std::make_shared<StreamCodec>(std::string(name), std::move(codec));
  }
  return MakeError(ErrorKind::kNotImplemented, "no Avro codec ", name,
                   "; known: null, deflate, snappy, bzip2, xz, zstandard");
}

}  // namespace glaux
