#include <arrow/util/compression.h>

#include <algorithm>
#include <string>
#include <vector>

#include "glaux/format/compressing_output_internal.h"
#include "glaux/format/compression_internal.h"

namespace glaux {
namespace {

// Numbers of the two libraries' parameters, which Arrow hands through.
constexpr int kZstdChecksumFlag = 201;

class CodecSource final : public ByteSource {
 public:
  CodecSource(StoredBytes bytes, std::string_view name, bool (*matches)(std::string_view),
              std::shared_ptr<arrow::util::Decompressor> decompressor)
      : bytes_(std::move(bytes)),
        name_(name),
        matches_(matches),
        decompressor_(std::move(decompressor)),
        frame_start_(bytes_.position()) {}

  Result<int64_t> Read(int64_t size, uint8_t* out) override {
    int64_t done = 0;
    while (done < size && !ended_) {
      ARROW_ASSIGN_OR_RAISE(const auto piece, bytes_.Peek());
      if (between_frames_) {
        ARROW_RETURN_NOT_OK(NextFrame(piece));
        continue;
      }
      const auto* in = piece.empty() ? out + done : reinterpret_cast<const uint8_t*>(piece.data());
      auto step = decompressor_->Decompress(static_cast<int64_t>(piece.size()), in, size - done, out + done);
      if (!step.ok()) return Damaged(step.status());
      bytes_.Skip(step->bytes_read);
      done += step->bytes_written;
      between_frames_ = decompressor_->IsFinished();
      if (between_frames_ || step->bytes_read > 0 || step->bytes_written > 0) continue;
      if (!piece.empty()) return Damaged(Status::Invalid("the compressed data makes no sense"));
      return MakeError(ErrorKind::kCorrupt, "read ", bytes_.input().name, ": ", name_, " stream ends early at byte ",
                       bytes_.position(), ", in the frame that began at byte ", frame_start_);
    }
    return done;
  }

  int64_t stored_bytes_read() const override { return bytes_.stored_bytes_read(); }

 private:
  Status NextFrame(std::string_view piece) {
    if (piece.empty()) {
      ended_ = true;
      return Status::OK();
    }
    if (matches_ != nullptr && !matches_(piece)) {
      return MakeError(ErrorKind::kCorrupt, "read ", bytes_.input().name, ": something that is not ", name_,
                       " follows the last ", name_, " frame, at byte ", bytes_.position());
    }
    frame_start_ = bytes_.position();
    between_frames_ = false;
    return decompressor_->Reset();
  }

  Status Damaged(const Status& status) const {
    if (status.IsOutOfMemory()) return Prefix(status, "read " + bytes_.input().name);
    return MakeError(ErrorKind::kCorrupt, "read ", bytes_.input().name, ": ", name_, " stream is damaged near byte ",
                     bytes_.position(), ", in the frame that began at byte ", frame_start_, ": ", status.message());
  }

  StoredBytes bytes_;
  std::string_view name_;
  bool (*matches_)(std::string_view);
  std::shared_ptr<arrow::util::Decompressor> decompressor_;
  int64_t frame_start_;
  bool between_frames_ = false;
  bool ended_ = false;
};

class CodecOutput final : public CompressingOutput {
 public:
  CodecOutput(OutputPtr sink, std::shared_ptr<arrow::util::Compressor> compressor)
      : CompressingOutput(std::move(sink)), compressor_(std::move(compressor)) {}

 private:
  Status Compress(const uint8_t* data, int64_t size) override {
    while (size > 0) {
      ARROW_ASSIGN_OR_RAISE(const auto step, compressor_->Compress(size, data, Room(), out_.data()));
      data += step.bytes_read;
      size -= step.bytes_read;
      ARROW_RETURN_NOT_OK(Drain(step.bytes_written, step.bytes_read == 0));
    }
    return Status::OK();
  }

  Status Finish() override {
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto step, compressor_->End(Room(), out_.data()));
      ARROW_RETURN_NOT_OK(Drain(step.bytes_written, step.should_retry));
      if (!step.should_retry) return Status::OK();
    }
  }

  int64_t Room() const { return static_cast<int64_t>(out_.size()); }

  Status Drain(int64_t made, bool stuck) {
    if (made == 0 && stuck) out_.resize(out_.size() * 2);
    return made == 0 ? Status::OK() : sink().Write(out_.data(), made);
  }

  std::shared_ptr<arrow::util::Compressor> compressor_;
  std::vector<uint8_t> out_ = std::vector<uint8_t>(256 << 10);
};

}  // namespace

Result<std::unique_ptr<ByteSource>> OpenCodecSource(StoredBytes bytes, arrow::Compression::type type,
                                                    std::string_view name, bool (*matches)(std::string_view)) {
  ARROW_ASSIGN_OR_RAISE(const auto codec, arrow::util::Codec::Create(type));
  ARROW_ASSIGN_OR_RAISE(auto decompressor, codec->MakeDecompressor());
  return std::make_unique<CodecSource>(std::move(bytes), name, matches, std::move(decompressor));
}

Result<OutputPtr> OpenCodecOutput(OutputPtr sink, arrow::Compression::type type, std::string_view name,
                                  std::optional<int> level) {
  ARROW_ASSIGN_OR_RAISE(const int least, arrow::util::Codec::MinimumCompressionLevel(type));
  ARROW_ASSIGN_OR_RAISE(const int most, arrow::util::Codec::MaximumCompressionLevel(type));
  ARROW_RETURN_NOT_OK(CheckLevel(name, level, least, most));
  arrow::util::ZstdCodecOptions zstd;
  // Without it nobody would notice a flipped bit.
  zstd.compression_context_params = {{kZstdChecksumFlag, 1}};
  arrow::util::CodecOptions plain;
  arrow::util::CodecOptions& options = type == arrow::Compression::ZSTD ? zstd : plain;
  if (level) options.compression_level = *level;
  ARROW_ASSIGN_OR_RAISE(const auto codec, arrow::util::Codec::Create(type, options));
  ARROW_ASSIGN_OR_RAISE(auto compressor, codec->MakeCompressor());
  return std::make_shared<CodecOutput>(std::move(sink), std::move(compressor));
}

}  // namespace glaux
