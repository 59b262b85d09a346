#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "glaux/base/status.h"
#include "glaux/format/format.h"

namespace glaux {

/// A file as it is stored, front to back in pieces. It keeps its own position: the file's is not touched.
class StoredBytes {
 public:
  explicit StoredBytes(InputFile input) : input_(std::move(input)) {}

  /// What is read and not skipped yet; empty only at the end of the file.
  Result<std::string_view> Peek();
  /// At most what Peek() gave.
  void Skip(int64_t bytes);

  int64_t position() const { return position_; }
  const InputFile& input() const { return input_; }

 private:
  static constexpr int64_t kPieceBytes = 1 << 20;

  InputFile input_;
  std::shared_ptr<arrow::Buffer> piece_;
  int64_t piece_size_ = 0;
  int64_t offset_ = 0;
  int64_t position_ = 0;
};

}  // namespace glaux
