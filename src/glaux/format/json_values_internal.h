#pragma once

#include <arrow/array/array_primitive.h>
#include <arrow/array/data.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include "glaux/base/status.h"

namespace glaux {

/// Values of one width that grow. Functions that return bool return false if there is no memory.
template <typename Value>
class JsonValues {
 public:
  int64_t size() const { return size_; }
  Value* data() const { return data_; }
  bool Reserve(int64_t more) { return size_ + more <= capacity_ || Grow(more); }
  bool Append(const Value& value) {
    if (size_ == capacity_ && !Grow(1)) return false;
    data_[size_++] = value;
    return true;
  }
  /// `more` values that the caller sets.
  bool Extend(int64_t more) {
    if (!Reserve(more)) return false;
    size_ += more;
    return true;
  }
  void Truncate(int64_t size) { size_ = size; }
  Result<std::shared_ptr<arrow::Buffer>> Finish() {
    if (buffer_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(buffer_, arrow::AllocateResizableBuffer(0));
    }
    ARROW_RETURN_NOT_OK(buffer_->Resize(size_ * static_cast<int64_t>(sizeof(Value)), false));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer_));
  }

 private:
  bool Grow(int64_t more) {
    const int64_t capacity = std::max({capacity_ * 2, size_ + more, int64_t{16}});
    const int64_t bytes = capacity * static_cast<int64_t>(sizeof(Value));
    if (buffer_ == nullptr) {
      auto made = arrow::AllocateResizableBuffer(bytes);
      if (!made.ok()) return false;
      buffer_ = *std::move(made);
    } else if (!buffer_->Resize(bytes, false).ok()) {
      return false;
    }
    data_ = reinterpret_cast<Value*>(buffer_->mutable_data());
    capacity_ = capacity;
    return true;
  }

  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  Value* data_ = nullptr;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

/// Which values are there. Costs nothing until the first null.
class JsonValidity {
 public:
  void AppendValid(int64_t at) {
    if (used_) Set(at, 1, true);
  }
  bool AppendNulls(int64_t at, int64_t count) {
    if (!used_) {
      used_ = true;
      if (!Set(0, at, true)) return false;
    }
    return Set(at, count, false);
  }
  /// For `length` values; null where all are there.
  Result<std::shared_ptr<arrow::Buffer>> Finish(int64_t length, int64_t* null_count) {
    *null_count = 0;
    if (!used_) return nullptr;
    if (no_memory_) return Status::OutOfMemory("no memory for this block");
    *null_count = length - arrow::internal::CountSetBits(bits_.data(), 0, length);
    bits_.Truncate((length + 7) / 8);
    if (*null_count == 0) return nullptr;
    return bits_.Finish();
  }

 private:
  bool Set(int64_t at, int64_t count, bool value) {
    const int64_t bytes = (at + count + 7) / 8;
    if (bytes > bits_.size() && !bits_.Extend(bytes - bits_.size())) {
      no_memory_ = true;
      return false;
    }
    if (count == 1) {
      arrow::bit_util::SetBitTo(bits_.data(), at, value);
    } else {
      arrow::bit_util::SetBitsTo(bits_.data(), at, count, value);
    }
    return true;
  }

  JsonValues<uint8_t> bits_;
  bool used_ = false;
  bool no_memory_ = false;
};

/// Values of one width of which some are null, as columns of JSON and of Hive's text keep them. `length` and `at` are
/// how many there are before the call.
template <typename Value>
class JsonNullable {
 public:
  bool Reserve(int64_t more) { return values_.Reserve(more); }
  bool Append(int64_t at, const Value& value) {
    if (!values_.Append(value)) return false;
    validity_.AppendValid(at);
    return true;
  }
  bool AppendNulls(int64_t at, int64_t count) {
    if (!validity_.AppendNulls(at, count) || !values_.Extend(count)) return false;
    std::fill_n(values_.data() + at, count, Value{});
    return true;
  }
  void Truncate(int64_t length) { values_.Truncate(length); }
  Result<std::shared_ptr<arrow::Array>> Finish(const std::shared_ptr<arrow::DataType>& type, int64_t length) {
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto validity, validity_.Finish(length, &nulls));
    ARROW_ASSIGN_OR_RAISE(auto values, values_.Finish());
    return arrow::MakeArray(arrow::ArrayData::Make(type, length, {std::move(validity), std::move(values)}, nulls));
  }
  /// As bits, one a value that is not zero.
  Result<std::shared_ptr<arrow::Array>> FinishBooleans(int64_t length) {
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto validity, validity_.Finish(length, &nulls));
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bits, arrow::AllocateEmptyBitmap(length));
    for (int64_t i = 0; i < length; ++i) {
      if (values_.data()[i] != 0) arrow::bit_util::SetBit(bits->mutable_data(), i);
    }
    return std::make_shared<arrow::BooleanArray>(length, std::move(bits), std::move(validity), nulls);
  }

 private:
  JsonValues<Value> values_;
  JsonValidity validity_;
};

/// The offsets of lists, maps and texts, of which the ends are known: a zero in front of them.
template <typename Offset>
Result<std::shared_ptr<arrow::Buffer>> FinishEnds(JsonValues<Offset>* ends, int64_t length) {
  if (!ends->Append(0)) return Status::OutOfMemory("no memory for this block");
  std::memmove(ends->data() + 1, ends->data(), static_cast<size_t>(length) * sizeof(Offset));
  ends->data()[0] = 0;
  return ends->Finish();
}

}  // namespace glaux
