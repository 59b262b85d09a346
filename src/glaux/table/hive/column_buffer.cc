#include "glaux/table/hive/column_buffer.h"

#include <arrow/api.h>
#include <arrow/array/concatenate.h>
#include <arrow/buffer_builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/util/byte_size.h>

#include <functional>

namespace glaux {
namespace {

/// A validity bitmap that costs nothing until the first null.
class ValidityBuilder {
 public:
  Status Append(const arrow::Array& array, std::span<const int32_t> rows, int64_t length_before) {
    if (array.null_count() == 0) {
      return nulls_ == 0 ? Status::OK() : bits_.Append(static_cast<int64_t>(rows.size()), true);
    }
    if (bits_.length() < length_before) ARROW_RETURN_NOT_OK(bits_.Append(length_before - bits_.length(), true));
    ARROW_RETURN_NOT_OK(bits_.Reserve(static_cast<int64_t>(rows.size())));
    for (const int32_t row : rows) {
      const bool valid = array.IsValid(row);
      bits_.UnsafeAppend(valid);
      nulls_ += !valid;
    }
    any_ = true;
    return Status::OK();
  }
  Result<std::shared_ptr<arrow::Buffer>> Finish(int64_t length) {
    if (!any_ || nulls_ == 0) {
      bits_.Reset();
      return nullptr;
    }
    if (bits_.length() < length) ARROW_RETURN_NOT_OK(bits_.Append(length - bits_.length(), true));
    return bits_.Finish();
  }
  int64_t nulls() const { return nulls_; }
  int64_t memory() const { return bits_.capacity() / 8; }

 private:
  arrow::TypedBufferBuilder<bool> bits_;
  int64_t nulls_ = 0;
  bool any_ = false;
};

class StringBuffer final : public ColumnBuffer {
 public:
  StringBuffer(std::shared_ptr<arrow::DataType> type, const StringMemo* memo) : type_(std::move(type)), memo_(memo) {}

  Status Append(const PreparedColumn& column, std::span<const int32_t> rows) override {
    ARROW_RETURN_NOT_OK(ids_.Reserve(static_cast<int64_t>(rows.size())));
    for (const int32_t row : rows) ids_.UnsafeAppend(column.string_ids[row]);
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::Array>> Finish() override {
    const int64_t length = ids_.length();
    int32_t* ids = ids_.mutable_data();
    // Number the values that occur here from 0; most partitions see few of the column's values.
    std::vector<int32_t> renumbered(memo_->size(), -1), used;
    int64_t nulls = 0, bytes = 0;
    for (int64_t i = 0; i < length; ++i) {
      if (ids[i] < 0) {
        ++nulls;
        continue;
      }
      int32_t& number = renumbered[ids[i]];
      if (number < 0) {
        number = static_cast<int32_t>(used.size());
        used.push_back(ids[i]);
        bytes += static_cast<int64_t>(memo_->at(ids[i]).size());
      }
    }
    if (static_cast<int64_t>(used.size()) * 2 > length - nulls) return Dense();

    arrow::TypedBufferBuilder<bool> valid;
    if (nulls > 0) ARROW_RETURN_NOT_OK(valid.Reserve(length));
    for (int64_t i = 0; i < length; ++i) {
      if (nulls > 0) valid.UnsafeAppend(ids[i] >= 0);
      ids[i] = ids[i] < 0 ? 0 : renumbered[ids[i]];
    }
    std::shared_ptr<arrow::Buffer> validity;
    if (nulls > 0) {
      ARROW_ASSIGN_OR_RAISE(validity, valid.Finish());
    }
    ARROW_ASSIGN_OR_RAISE(auto indices, ids_.Finish());
    auto index_array = std::make_shared<arrow::Int32Array>(length, indices, validity, nulls);

    arrow::StringBuilder values;
    ARROW_RETURN_NOT_OK(values.Reserve(static_cast<int64_t>(used.size())));
    ARROW_RETURN_NOT_OK(values.ReserveData(bytes));
    for (const int32_t id : used) values.UnsafeAppend(memo_->at(id));
    ARROW_ASSIGN_OR_RAISE(auto dictionary, values.Finish());
    return arrow::DictionaryArray::FromArrays(arrow::dictionary(arrow::int32(), type_), index_array, dictionary);
  }

  int64_t memory() const override { return ids_.capacity() * static_cast<int64_t>(sizeof(int32_t)); }

 private:
  Result<std::shared_ptr<arrow::Array>> Dense() {
    arrow::StringBuilder values;
    ARROW_RETURN_NOT_OK(values.Reserve(ids_.length()));
    for (int64_t i = 0; i < ids_.length(); ++i) {
      const int32_t id = ids_.data()[i];
      ARROW_RETURN_NOT_OK(id < 0 ? values.AppendNull() : values.Append(memo_->at(id)));
    }
    ids_.Reset();
    return values.Finish();
  }

  std::shared_ptr<arrow::DataType> type_;
  const StringMemo* memo_;
  arrow::TypedBufferBuilder<int32_t> ids_;
};

/// Values of 1, 2, 4, 8 or 16 bytes, copied as bytes.
template <typename Unit>
class FixedWidthBuffer final : public ColumnBuffer {
 public:
  explicit FixedWidthBuffer(std::shared_ptr<arrow::DataType> type) : type_(std::move(type)) {}

  Status Append(const PreparedColumn& column, std::span<const int32_t> rows) override {
    const auto& array = *column.array;
    ARROW_RETURN_NOT_OK(validity_.Append(array, rows, length_));
    const auto* values = array.data()->template GetValues<Unit>(1);
    ARROW_RETURN_NOT_OK(values_.Reserve(static_cast<int64_t>(rows.size() * sizeof(Unit))));
    auto* out = reinterpret_cast<Unit*>(values_.mutable_data() + values_.length());
    for (size_t i = 0; i < rows.size(); ++i) out[i] = values[rows[i]];
    values_.UnsafeAdvance(static_cast<int64_t>(rows.size() * sizeof(Unit)));
    length_ += static_cast<int64_t>(rows.size());
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::Array>> Finish() override {
    ARROW_ASSIGN_OR_RAISE(auto validity, validity_.Finish(length_));
    ARROW_ASSIGN_OR_RAISE(auto values, values_.Finish());
    return arrow::MakeArray(arrow::ArrayData::Make(type_, length_, {validity, values}, validity_.nulls()));
  }

  int64_t memory() const override { return values_.capacity() + validity_.memory(); }

 private:
  std::shared_ptr<arrow::DataType> type_;
  arrow::BufferBuilder values_;
  ValidityBuilder validity_;
  int64_t length_ = 0;
};

/// Everything else (booleans, binary, nested): rows are taken batch by batch and joined at the end.
class GenericBuffer final : public ColumnBuffer {
 public:
  explicit GenericBuffer(std::shared_ptr<arrow::DataType> type) : type_(std::move(type)) {}

  Status Append(const PreparedColumn& column, std::span<const int32_t> rows) override {
    const arrow::Int32Array indices(static_cast<int64_t>(rows.size()),
                                    std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(rows.data()),
                                                                    static_cast<int64_t>(rows.size_bytes())));
    ARROW_ASSIGN_OR_RAISE(auto taken,
                          arrow::compute::Take(*column.array, indices, arrow::compute::TakeOptions::NoBoundsCheck()));
    memory_ += arrow::util::TotalBufferSize(*taken);
    parts_.push_back(std::move(taken));
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::Array>> Finish() override {
    if (parts_.empty()) return arrow::MakeEmptyArray(type_);
    if (parts_.size() == 1) return parts_.front();
    return arrow::Concatenate(parts_);
  }

  int64_t memory() const override { return memory_; }

 private:
  std::shared_ptr<arrow::DataType> type_;
  arrow::ArrayVector parts_;
  int64_t memory_ = 0;
};

struct Bytes16 {
  uint64_t words[2];
};

uint32_t HashOf(std::string_view value) {
  const size_t hash = std::hash<std::string_view>{}(value);
  return static_cast<uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

StringMemo::StringMemo() : offsets_{0}, slots_(64, -1) {}

int64_t StringMemo::memory() const {
  std::lock_guard lock(mutex_);
  return static_cast<int64_t>(bytes_.capacity() + offsets_.capacity() * sizeof(int64_t) +
                              hashes_.capacity() * sizeof(uint32_t) + slots_.capacity() * sizeof(int32_t));
}

void StringMemo::Intern(const arrow::StringArray& values, int32_t* ids) {
  std::lock_guard lock(mutex_);
  for (int64_t i = 0; i < values.length(); ++i) ids[i] = values.IsNull(i) ? -1 : Find(values.GetView(i));
}

int32_t StringMemo::Find(std::string_view value) {
  const uint32_t hash = HashOf(value);
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  for (; slots_[slot] >= 0; slot = (slot + 1) & mask) {
    const int32_t id = slots_[slot];
    if (hashes_[id] == hash && at(id) == value) return id;
  }
  const auto id = static_cast<int32_t>(hashes_.size());
  bytes_.append(value);
  offsets_.push_back(static_cast<int64_t>(bytes_.size()));
  hashes_.push_back(hash);
  slots_[slot] = id;
  if (hashes_.size() * 2 > slots_.size()) Grow();
  return id;
}

void StringMemo::Grow() {
  std::vector<int32_t> larger(slots_.size() * 2, -1);
  const size_t mask = larger.size() - 1;
  for (size_t id = 0; id < hashes_.size(); ++id) {
    size_t slot = hashes_[id] & mask;
    while (larger[slot] >= 0) slot = (slot + 1) & mask;
    larger[slot] = static_cast<int32_t>(id);
  }
  slots_ = std::move(larger);
}

std::unique_ptr<ColumnBuffer> ColumnBuffer::Make(const std::shared_ptr<arrow::DataType>& type, const StringMemo* memo) {
  if (memo != nullptr) return std::make_unique<StringBuffer>(type, memo);
  if (arrow::is_fixed_width(type->id()) && type->id() != arrow::Type::BOOL &&
      type->id() != arrow::Type::FIXED_SIZE_BINARY && type->id() != arrow::Type::DICTIONARY &&
      type->num_fields() == 0) {
    switch (arrow::internal::checked_cast<const arrow::FixedWidthType&>(*type).bit_width()) {
      case 8:
        return std::make_unique<FixedWidthBuffer<uint8_t>>(type);
      case 16:
        return std::make_unique<FixedWidthBuffer<uint16_t>>(type);
      case 32:
        return std::make_unique<FixedWidthBuffer<uint32_t>>(type);
      case 64:
        return std::make_unique<FixedWidthBuffer<uint64_t>>(type);
      case 128:
        return std::make_unique<FixedWidthBuffer<Bytes16>>(type);
      default:
        break;
    }
  }
  return std::make_unique<GenericBuffer>(type);
}

Result<PreparedColumn> PrepareColumn(std::shared_ptr<arrow::Array> array, StringMemo* memo) {
  PreparedColumn prepared;
  if (memo == nullptr) {
    prepared.array = std::move(array);
    return prepared;
  }
  prepared.string_ids.resize(array->length());
  if (array->type_id() == arrow::Type::DICTIONARY) {
    const auto& dictionary = static_cast<const arrow::DictionaryArray&>(*array);
    const auto& values = *dictionary.dictionary();
    std::vector<int32_t> numbers(values.length());
    memo->Intern(static_cast<const arrow::StringArray&>(values), numbers.data());
    const auto& indices = static_cast<const arrow::Int32Array&>(*dictionary.indices());
    const int32_t* raw = indices.raw_values();
    if (indices.null_count() == 0) {
      for (int64_t i = 0; i < array->length(); ++i) prepared.string_ids[i] = numbers[raw[i]];
    } else {
      for (int64_t i = 0; i < array->length(); ++i) prepared.string_ids[i] = indices.IsNull(i) ? -1 : numbers[raw[i]];
    }
  } else {
    memo->Intern(static_cast<const arrow::StringArray&>(*array), prepared.string_ids.data());
  }
  return prepared;
}

}  // namespace glaux
