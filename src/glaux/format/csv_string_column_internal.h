#pragma once

#include <arrow/buffer.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "glaux/base/status.h"
#include "glaux/format/csv_column_internal.h"

namespace glaux {

/// A bitmap that grows by one bit at a time.
class Validity {
 public:
  Status Reserve(int64_t rows) {
    ARROW_ASSIGN_OR_RAISE(buffer_, arrow::AllocateBuffer((rows + 63) / 64 * 8));
    words_ = reinterpret_cast<uint64_t*>(buffer_->mutable_data());
    return Status::OK();
  }
  void Append(bool set) {
    word_ |= static_cast<uint64_t>(set) << (rows_ % 64);
    set_ += set;
    if (++rows_ % 64 == 0) FlushWord();
  }
  int64_t rows() const { return rows_; }
  int64_t null_count() const { return rows_ - set_; }
  /// Null where every bit is set, as Arrow has it.
  std::shared_ptr<arrow::Buffer> Finish() { return null_count() == 0 ? nullptr : FinishBits(); }
  std::shared_ptr<arrow::Buffer> FinishBits() {
    if (rows_ % 64 != 0) words_[rows_ / 64] = word_;
    return std::move(buffer_);
  }

 private:
  void FlushWord() {
    words_[rows_ / 64 - 1] = word_;
    word_ = 0;
  }

  std::shared_ptr<arrow::Buffer> buffer_;
  uint64_t* words_ = nullptr;
  uint64_t word_ = 0;
  int64_t rows_ = 0;
  int64_t set_ = 0;
};

/// Columns of string, binary, their large kinds, and dictionary<int32, string>.
Result<std::unique_ptr<CsvColumn>> MakeStringColumn(const std::shared_ptr<arrow::DataType>& type);

}  // namespace glaux
