#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>

#include "glaux/base/status.h"
#include "glaux/format/byte_source.h"
#include "glaux/format/format.h"

namespace glaux {

/// Bytes before they are inflated, front to back in pieces: a file, a part of it, or what another source makes of it.
/// It keeps its own position: the file's is not touched.
class StoredBytes {
 public:
  explicit StoredBytes(InputFile input) : input_(std::move(input)) {}
  /// Bytes [begin, end) of the file; kCorrupt where the file ends before them.
  StoredBytes(InputFile input, int64_t begin, int64_t end)
      : input_(std::move(input)), begin_(begin), end_(end), position_(begin) {}
  /// What `inner` gives. Positions are then of those bytes.
  StoredBytes(InputFile input, std::unique_ptr<ByteSource> inner)
      : input_(std::move(input)), inner_(std::move(inner)) {}

  /// What is read and not skipped yet; empty only at the end.
  Result<std::string_view> Peek();
  /// At most what Peek() gave.
  void Skip(int64_t bytes);

  int64_t position() const { return position_; }
  /// Bytes of the file as stored that were taken.
  int64_t stored_bytes_read() const { return inner_ != nullptr ? inner_->stored_bytes_read() : position_ - begin_; }
  const InputFile& input() const { return input_; }

 private:
  static constexpr int64_t kPieceBytes = kStoredPieceBytes;

  Result<std::shared_ptr<arrow::Buffer>> NextPiece();

  InputFile input_;
  std::unique_ptr<ByteSource> inner_;
  int64_t begin_ = 0;
  int64_t end_ = std::numeric_limits<int64_t>::max();
  std::shared_ptr<arrow::Buffer> piece_;
  int64_t piece_size_ = 0;
  int64_t offset_ = 0;
  int64_t position_ = 0;
};

}  // namespace glaux
