#include "glaux/format/gzip.h"

#include <arrow/io/interfaces.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

#include "glaux/format/compressing_output_internal.h"
#include "glaux/format/compression_internal.h"
#include "glaux/format/stored_bytes_internal.h"

namespace glaux {
namespace {

class GzipSource final : public ByteSource {
 public:
  enum class Wrapper { kGzip, kNone };

  GzipSource(StoredBytes bytes, Wrapper wrapper) : bytes_(std::move(bytes)), wrapper_(wrapper) { StartMember(); }

  Result<int64_t> Read(int64_t size, uint8_t* out) override {
    int64_t done = 0;
    while (done < size && !ended_) {
      if (state_->block_state == ISAL_BLOCK_FINISH) {
        if (wrapper_ == Wrapper::kNone) {
          ended_ = true;
        } else {
          ARROW_RETURN_NOT_OK(NextMember());
        }
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(const auto piece, bytes_.Peek());
      state_->next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(piece.data()));
      state_->avail_in = static_cast<uint32_t>(piece.size());
      const auto room = static_cast<uint32_t>(std::min<int64_t>(size - done, 1 << 30));
      state_->next_out = out + done;
      state_->avail_out = room;
      const int code = isal_inflate(state_.get());
      bytes_.Skip(static_cast<int64_t>(piece.size() - state_->avail_in));
      const int64_t made = room - state_->avail_out;
      done += made;
      if (code < 0 || code > ISAL_OUT_OVERFLOW) return Corrupt(code);
      if (piece.empty() && made == 0 && state_->block_state != ISAL_BLOCK_FINISH) {
        return MakeError(ErrorKind::kCorrupt, "read ", bytes_.input().name, ": ", Name(), " stream ends early at byte ",
                         bytes_.position(), ", in the member that began at byte ", member_start_);
      }
    }
    return done;
  }

  int64_t stored_bytes_read() const override { return bytes_.stored_bytes_read(); }

 private:
  void StartMember() {
    isal_inflate_init(state_.get());
    state_->crc_flag = wrapper_ == Wrapper::kGzip ? ISAL_GZIP : ISAL_DEFLATE;
    member_start_ = bytes_.position();
  }

  Status NextMember() {
    bool padding = false;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto piece, bytes_.Peek());
      if (piece.empty()) {
        ended_ = true;
        return Status::OK();
      }
      if (piece[0] == '\x1f' && !padding) {
        StartMember();
        return Status::OK();
      }
      const auto other = std::min(piece.find_first_not_of('\0'), piece.size());
      padding = true;
      bytes_.Skip(static_cast<int64_t>(other));
      if (other < piece.size()) {
        return MakeError(ErrorKind::kCorrupt, "read ", bytes_.input().name,
                         ": something that is not gzip follows the last gzip member, at byte ", bytes_.position());
      }
    }
  }

  Status Corrupt(int code) const {
    std::string_view what = "the compressed data makes no sense";
    if (code == ISAL_INCORRECT_CHECKSUM) what = "the checksum does not match";
    if (code == ISAL_INVALID_WRAPPER) what = "this is not a gzip header";
    if (code == ISAL_UNSUPPORTED_METHOD) what = "the header names a compression that is not deflate";
    return MakeError(ErrorKind::kCorrupt, "read ", bytes_.input().name, ": ", Name(), " stream is damaged near byte ",
                     bytes_.position(), ": ", what);
  }

  std::string_view Name() const { return wrapper_ == Wrapper::kGzip ? "gzip" : "deflate"; }

  StoredBytes bytes_;
  Wrapper wrapper_;
  std::unique_ptr<inflate_state> state_ = std::make_unique_for_overwrite<inflate_state>();
  int64_t member_start_ = 0;
  bool ended_ = false;
};

// ISA-L has three levels, each faster than zlib's; beyond them zlib compresses better.
constexpr int kFastLevels = 3;
constexpr int kDefaultLevel = 2;

class GzipOutput final : public CompressingOutput {
 public:
  GzipOutput(OutputPtr sink, int level) : CompressingOutput(std::move(sink)) {
    constexpr size_t kBufferBytes[] = {ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL2_DEFAULT, ISAL_DEF_LVL3_DEFAULT};
    level_buffer_.resize(kBufferBytes[level - 1]);
    isal_deflate_init(&stream_);
    stream_.gzip_flag = IGZIP_GZIP;
    stream_.level = static_cast<uint32_t>(level);
    stream_.level_buf = level_buffer_.data();
    stream_.level_buf_size = static_cast<uint32_t>(level_buffer_.size());
  }

 private:
  Status Compress(const uint8_t* data, int64_t size) override {
    while (size > 0) {
      const auto take = static_cast<uint32_t>(std::min<int64_t>(size, 1 << 30));
      ARROW_RETURN_NOT_OK(Deflate(data, take));
      data += take;
      size -= take;
    }
    return Status::OK();
  }

  Status Finish() override {
    stream_.end_of_stream = 1;
    return Deflate(nullptr, 0);
  }

  Status Deflate(const uint8_t* data, uint32_t size) {
    stream_.next_in = const_cast<uint8_t*>(data);
    stream_.avail_in = size;
    do {
      stream_.next_out = out_.data();
      stream_.avail_out = static_cast<uint32_t>(out_.size());
      if (const int code = isal_deflate(&stream_); code != COMP_OK) {
        return MakeError(ErrorKind::kOther, "gzip: deflate failed with ", code);
      }
      ARROW_RETURN_NOT_OK(sink().Write(out_.data(), static_cast<int64_t>(out_.size() - stream_.avail_out)));
    } while (stream_.avail_out == 0 || (stream_.end_of_stream && stream_.internal_state.state != ZSTATE_END));
    return Status::OK();
  }

  isal_zstream stream_;
  std::vector<uint8_t> level_buffer_;
  std::vector<uint8_t> out_ = std::vector<uint8_t>(256 << 10);
};

}  // namespace

Result<std::unique_ptr<ByteSource>> OpenGzipSource(StoredBytes bytes) {
  return std::make_unique<GzipSource>(std::move(bytes), GzipSource::Wrapper::kGzip);
}

Result<std::unique_ptr<ByteSource>> OpenDeflateSource(StoredBytes bytes) {
  return std::make_unique<GzipSource>(std::move(bytes), GzipSource::Wrapper::kNone);
}

Result<std::shared_ptr<arrow::io::OutputStream>> OpenGzipOutput(std::shared_ptr<arrow::io::OutputStream> sink,
                                                                std::optional<int> level) {
  ARROW_RETURN_NOT_OK(CheckLevel("gzip", level, 1, 9));
  const int wanted = level.value_or(kDefaultLevel);
  if (wanted > kFastLevels) return OpenCodecOutput(std::move(sink), arrow::Compression::GZIP, "gzip", wanted);
  return std::make_shared<GzipOutput>(std::move(sink), wanted);
}

}  // namespace glaux
