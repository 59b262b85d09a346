#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "glaux/base/status.h"

namespace glaux {

/// What all compressing streams share: Close() ends the stream once and leaves the sink open; after an error nothing is
/// taken any more, and Close() repeats the error rather than end a stream that has a hole.
class CompressingOutput : public arrow::io::OutputStream {
 public:
  explicit CompressingOutput(std::shared_ptr<arrow::io::OutputStream> sink) : sink_(std::move(sink)) {}

  Status Write(const void* data, int64_t size) final {
    if (closed_) return MakeError(ErrorKind::kInvalid, "write to a compressed stream that is closed");
    ARROW_RETURN_NOT_OK(failed_);
    failed_ = Compress(static_cast<const uint8_t*>(data), size);
    if (failed_.ok()) position_ += size;
    return failed_;
  }

  using arrow::io::OutputStream::Write;

  /// Nothing: what is flushed often is hardly compressed.
  Status Flush() final { return failed_; }

  Status Close() final {
    if (closed_) return failed_;
    closed_ = true;
    if (failed_.ok()) failed_ = Finish();
    return failed_;
  }

  Status Abort() final {
    closed_ = true;
    return Status::OK();
  }

  bool closed() const final { return closed_; }
  /// Bytes that were written to this stream, before compression.
  Result<int64_t> Tell() const final { return position_; }

 protected:
  virtual Status Compress(const uint8_t* data, int64_t size) = 0;
  virtual Status Finish() = 0;

  arrow::io::OutputStream& sink() { return *sink_; }

 private:
  std::shared_ptr<arrow::io::OutputStream> sink_;
  Status failed_;
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace glaux
