#include "glaux/format/gzip.h"

#include <arrow/io/interfaces.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

#include "glaux/format/stored_bytes_internal.h"

namespace glaux {
namespace {

class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(StoredBytes bytes) : bytes_(std::move(bytes)) { StartMember(); }

  Result<int64_t> Read(int64_t size, uint8_t* out) override {
    int64_t done = 0;
    while (done < size && !ended_) {
      if (state_->block_state == ISAL_BLOCK_FINISH) {
        ARROW_RETURN_NOT_OK(NextMember());
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
        return MakeError(ErrorKind::kCorrupt, "read ", bytes_.input().name, ": gzip stream ends early at byte ",
                         bytes_.position(), ", in the member that began at byte ", member_start_);
      }
    }
    return done;
  }

  int64_t stored_bytes_read() const override { return bytes_.position(); }

 private:
  void StartMember() {
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP;
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
    return MakeError(ErrorKind::kCorrupt, "read ", bytes_.input().name, ": gzip stream is damaged near byte ",
                     bytes_.position(), ": ", what);
  }

  StoredBytes bytes_;
  std::unique_ptr<inflate_state> state_ = std::make_unique_for_overwrite<inflate_state>();
  int64_t member_start_ = 0;
  bool ended_ = false;
};

class GzipOutput final : public arrow::io::OutputStream {
 public:
  explicit GzipOutput(std::shared_ptr<arrow::io::OutputStream> sink) : sink_(std::move(sink)) {
    isal_deflate_init(&stream_);
    stream_.gzip_flag = IGZIP_GZIP;
    stream_.level = 2;
    stream_.level_buf = level_buffer_.data();
    stream_.level_buf_size = static_cast<uint32_t>(level_buffer_.size());
  }

  Status Write(const void* data, int64_t size) override {
    if (closed_) return MakeError(ErrorKind::kInvalid, "write to a gzip stream that is closed");
    const auto* bytes = static_cast<const uint8_t*>(data);
    position_ += size;
    while (size > 0) {
      const auto take = static_cast<uint32_t>(std::min<int64_t>(size, 1 << 30));
      ARROW_RETURN_NOT_OK(Deflate(bytes, take));
      bytes += take;
      size -= take;
    }
    return Status::OK();
  }

  using arrow::io::OutputStream::Write;

  Status Flush() override { return Status::OK(); }

  Status Close() override {
    if (closed_) return Status::OK();
    closed_ = true;
    stream_.end_of_stream = 1;
    return Deflate(nullptr, 0);
  }

  Status Abort() override {
    closed_ = true;
    return Status::OK();
  }

  bool closed() const override { return closed_; }
  Result<int64_t> Tell() const override { return position_; }

 private:
  Status Deflate(const uint8_t* data, uint32_t size) {
    stream_.next_in = const_cast<uint8_t*>(data);
    stream_.avail_in = size;
    do {
      stream_.next_out = out_.data();
      stream_.avail_out = static_cast<uint32_t>(out_.size());
      if (const int code = isal_deflate(&stream_); code != COMP_OK) {
        return MakeError(ErrorKind::kOther, "gzip: deflate failed with ", code);
      }
      ARROW_RETURN_NOT_OK(sink_->Write(out_.data(), static_cast<int64_t>(out_.size() - stream_.avail_out)));
    } while (stream_.avail_out == 0 || (stream_.end_of_stream && stream_.internal_state.state != ZSTATE_END));
    return Status::OK();
  }

  std::shared_ptr<arrow::io::OutputStream> sink_;
  isal_zstream stream_;
  std::vector<uint8_t> level_buffer_ = std::vector<uint8_t>(ISAL_DEF_LVL2_DEFAULT);
  std::vector<uint8_t> out_ = std::vector<uint8_t>(256 << 10);
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> OpenGzipSource(StoredBytes bytes) {
  return std::make_unique<GzipSource>(std::move(bytes));
}

Result<std::shared_ptr<arrow::io::OutputStream>> OpenGzipOutput(std::shared_ptr<arrow::io::OutputStream> sink) {
  return std::make_shared<GzipOutput>(std::move(sink));
}

}  // namespace glaux
