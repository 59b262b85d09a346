#include <lzma.h>

#include <algorithm>
#include <vector>

#include "glaux/format/compressing_output_internal.h"
#include "glaux/format/compression_internal.h"

namespace glaux {
namespace {

// What `xz -9` writes needs 65 MiB to read; a header may ask for 4 GiB.
constexpr uint64_t kMostMemory = uint64_t{512} << 20;
constexpr int kDefaultLevel = 6;

class XzSource final : public ByteSource {
 public:
  explicit XzSource(StoredBytes bytes) : bytes_(std::move(bytes)) {}
  ~XzSource() override { lzma_end(&stream_); }

  Status Start() {
    const auto code = lzma_stream_decoder(&stream_, kMostMemory, LZMA_CONCATENATED);
    return code == LZMA_OK ? Status::OK() : Failed(code);
  }

  Result<int64_t> Read(int64_t size, uint8_t* out) override {
    stream_.next_out = out;
    stream_.avail_out = static_cast<size_t>(size);
    while (stream_.avail_out > 0 && !ended_) {
      ARROW_ASSIGN_OR_RAISE(const auto piece, bytes_.Peek());
      stream_.next_in = reinterpret_cast<const uint8_t*>(piece.data());
      stream_.avail_in = piece.size();
      const auto code = lzma_code(&stream_, piece.empty() ? LZMA_FINISH : LZMA_RUN);
      bytes_.Skip(static_cast<int64_t>(piece.size() - stream_.avail_in));
      ended_ = code == LZMA_STREAM_END;
      if (code != LZMA_OK && !ended_) return Failed(code);
    }
    return size - static_cast<int64_t>(stream_.avail_out);
  }

  int64_t stored_bytes_read() const override { return bytes_.stored_bytes_read(); }

 private:
  Status Failed(lzma_ret code) const {
    const auto& name = bytes_.input().name;
    if (code == LZMA_MEM_ERROR) return Status::OutOfMemory("read ", name, ": xz");
    if (code == LZMA_MEMLIMIT_ERROR) {
      return MakeError(ErrorKind::kNotImplemented, "read ", name, ": xz stream asks for ",
                       lzma_memusage(&stream_) >> 20, " MiB of memory, more than ", kMostMemory >> 20);
    }
    if (code == LZMA_BUF_ERROR) {
      return MakeError(ErrorKind::kCorrupt, "read ", name, ": xz stream ends early at byte ", bytes_.position());
    }
    const std::string_view what = code == LZMA_FORMAT_ERROR    ? "something that is not xz follows"
                                  : code == LZMA_OPTIONS_ERROR ? "its header asks for what is not known"
                                                               : "the compressed data makes no sense";
    return MakeError(ErrorKind::kCorrupt, "read ", name, ": xz stream is damaged near byte ", bytes_.position(), ": ",
                     what);
  }

  StoredBytes bytes_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ended_ = false;
};

class XzOutput final : public CompressingOutput {
 public:
  explicit XzOutput(OutputPtr sink) : CompressingOutput(std::move(sink)) {}
  ~XzOutput() override { lzma_end(&stream_); }

  Status Start(int level) {
    const auto code = lzma_easy_encoder(&stream_, static_cast<uint32_t>(level), LZMA_CHECK_CRC64);
    if (code != LZMA_OK) return MakeError(ErrorKind::kOther, "xz: the encoder does not start: code ", code);
    return Status::OK();
  }

 private:
  Status Compress(const uint8_t* data, int64_t size) override { return Code(data, size, LZMA_RUN); }
  Status Finish() override { return Code(nullptr, 0, LZMA_FINISH); }

  Status Code(const uint8_t* data, int64_t size, lzma_action action) {
    stream_.next_in = data;
    stream_.avail_in = static_cast<size_t>(size);
    lzma_ret code = LZMA_OK;
    do {
      stream_.next_out = out_.data();
      stream_.avail_out = out_.size();
      code = lzma_code(&stream_, action);
      if (code != LZMA_OK && code != LZMA_STREAM_END) {
        return MakeError(ErrorKind::kOther, "xz: the encoder failed with ", code);
      }
      const auto made = static_cast<int64_t>(out_.size() - stream_.avail_out);
      if (made > 0) ARROW_RETURN_NOT_OK(sink().Write(out_.data(), made));
    } while (action == LZMA_FINISH ? code != LZMA_STREAM_END : stream_.avail_in > 0);
    return Status::OK();
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  std::vector<uint8_t> out_ = std::vector<uint8_t>(256 << 10);
};

}  // namespace

Result<std::unique_ptr<ByteSource>> OpenXzSource(StoredBytes bytes) {
  auto source = std::make_unique<XzSource>(std::move(bytes));
  ARROW_RETURN_NOT_OK(source->Start());
  return source;
}

Result<OutputPtr> OpenXzOutput(OutputPtr sink, std::optional<int> level) {
  ARROW_RETURN_NOT_OK(CheckLevel("xz", level, 0, 9));
  auto output = std::make_shared<XzOutput>(std::move(sink));
  ARROW_RETURN_NOT_OK(output->Start(level.value_or(kDefaultLevel)));
  return output;
}

}  // namespace glaux
