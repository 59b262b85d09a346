#include "glaux/format/csv_string_column_internal.h"

#include <arrow/api.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "glaux/base/base64.h"

namespace glaux {
namespace {

/// Bytes that grow, without clearing what was added.
class Bytes {
 public:
  Status Reserve(int64_t capacity) {
    ARROW_ASSIGN_OR_RAISE(buffer_, arrow::AllocateResizableBuffer(capacity));
    return Status::OK();
  }
  int64_t size() const { return size_; }
  const uint8_t* data() const { return buffer_->data(); }
  /// False if there is no memory.
  bool Append(std::string_view text) {
    const auto wanted = size_ + static_cast<int64_t>(text.size());
    if (wanted > buffer_->size() && !buffer_->Resize(std::max(wanted, buffer_->size() * 2), false).ok()) return false;
    std::memcpy(buffer_->mutable_data() + size_, text.data(), text.size());
    size_ = wanted;
    return true;
  }
  Result<std::shared_ptr<arrow::Buffer>> Finish() {
    ARROW_RETURN_NOT_OK(buffer_->Resize(size_, false));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer_));
  }

 private:
  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  int64_t size_ = 0;
};

/// Text as it is, or bytes that stand as base64.
template <typename Offset>
class StringColumn final : public CsvColumn {
 public:
  explicit StringColumn(std::shared_ptr<arrow::DataType> type)
      : type_(std::move(type)), is_text_(arrow::is_string(type_->id())) {}

  Status Reserve(int64_t rows) override {
    ARROW_RETURN_NOT_OK(validity_.Reserve(rows));
    ARROW_RETURN_NOT_OK(bytes_.Reserve(rows * 8));
    ARROW_ASSIGN_OR_RAISE(offsets_buffer_, arrow::AllocateBuffer((rows + 1) * static_cast<int64_t>(sizeof(Offset))));
    offsets_ = reinterpret_cast<Offset*>(offsets_buffer_->mutable_data());
    offsets_[0] = 0;
    return Status::OK();
  }

  int64_t Append(const CsvCells& cells, int column, int64_t first, int64_t last) override {
    const bool check = is_text_ && !cells.utf8();
    return cells.Each(column, first, last, [&](int64_t row, const CsvCell& cell) {
      const bool null = cells.IsNull(cell);
      validity_.Append(!null);
      if (!null) {
        if (check && !arrow::util::ValidateUTF8(cell.text)) return false;
        std::string_view bytes = cell.text;
        if (!is_text_) {
          decoded_.clear();
          if (!DecodeBase64(cell.text, &decoded_)) return false;
          bytes = decoded_;
        }
        if (!bytes_.Append(bytes)) return false;
      }
      offsets_[row + 1] = static_cast<Offset>(bytes_.size());
      return true;
    });
  }

  Result<std::shared_ptr<arrow::Array>> Finish() override {
    const auto rows = validity_.rows();
    const auto nulls = validity_.null_count();
    ARROW_ASSIGN_OR_RAISE(auto bytes, bytes_.Finish());
    return arrow::MakeArray(
        arrow::ArrayData::Make(type_, rows, {validity_.Finish(), std::move(offsets_buffer_), std::move(bytes)}, nulls));
  }

 private:
  std::shared_ptr<arrow::DataType> type_;
  bool is_text_;
  std::string decoded_;
  Validity validity_;
  std::shared_ptr<arrow::Buffer> offsets_buffer_;
  Offset* offsets_ = nullptr;
  Bytes bytes_;
};

template <typename Word>
uint64_t LoadWord(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

/// A hash over all bytes, some of them twice: the last word overlaps what is before it.
uint64_t HashOf(std::string_view text) {
  constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;
  const char* const data = text.data();
  const size_t size = text.size();
  uint64_t hash = size * kMultiplier;
  const auto mix = [&](uint64_t word) {
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 32;
  };
  if (size >= 8) {
    for (size_t at = 0; at + 8 < size; at += 8) mix(LoadWord<uint64_t>(data + at));
    mix(LoadWord<uint64_t>(data + size - 8));
  } else if (size >= 4) {
    mix(LoadWord<uint32_t>(data) | LoadWord<uint32_t>(data + size - 4) << 32);
  } else if (size > 0) {
    mix(static_cast<unsigned char>(data[0]) | static_cast<uint64_t>(static_cast<unsigned char>(data[size / 2])) << 8 |
        static_cast<uint64_t>(static_cast<unsigned char>(data[size - 1])) << 16);
  }
  return hash;
}

class DictionaryColumn final : public CsvColumn {
 public:
  explicit DictionaryColumn(std::shared_ptr<arrow::DataType> type) : type_(std::move(type)) {}

  Status Reserve(int64_t rows) override {
    ARROW_RETURN_NOT_OK(validity_.Reserve(rows));
    ARROW_RETURN_NOT_OK(bytes_.Reserve(256));
    ARROW_ASSIGN_OR_RAISE(buffer_, arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(int32_t))));
    indices_ = reinterpret_cast<int32_t*>(buffer_->mutable_data());
    offsets_.assign(1, 0);
    return Status::OK();
  }

  int64_t Append(const CsvCells& cells, int column, int64_t first, int64_t last) override {
    return cells.Each(column, first, last, [&](int64_t row, const CsvCell& cell) {
      const bool null = cells.IsNull(cell);
      validity_.Append(!null);
      indices_[row] = null ? 0 : IndexOf(cell.text, !cells.utf8());
      return indices_[row] >= 0;
    });
  }

  Result<std::shared_ptr<arrow::Array>> Finish() override {
    const auto rows = validity_.rows();
    const auto nulls = validity_.null_count();
    ARROW_ASSIGN_OR_RAISE(auto bytes, bytes_.Finish());
    const auto entries = static_cast<int64_t>(offsets_.size()) - 1;
    auto dictionary = arrow::ArrayData::Make(
        arrow::utf8(), entries, {nullptr, arrow::Buffer::FromVector(std::move(offsets_)), std::move(bytes)}, 0);
    auto data = arrow::ArrayData::Make(type_, rows, {validity_.Finish(), std::move(buffer_)}, nulls);
    data->dictionary = std::move(dictionary);
    return arrow::MakeArray(std::move(data));
  }

 private:
  struct Slot {
    uint32_t hash = 0;
    int32_t index = -1;
  };

  std::string_view Value(int32_t index) const {
    const auto at = static_cast<size_t>(index);
    return {reinterpret_cast<const char*>(bytes_.data()) + offsets_[at],
            static_cast<size_t>(offsets_[at + 1] - offsets_[at])};
  }

  /// -1: the text is new and cannot be taken.
  int32_t IndexOf(std::string_view text, bool check) {
    // Neighbours are often alike.
    if (last_ >= 0 && Value(last_) == text) return last_;
    const uint64_t hash = HashOf(text);
    const auto short_hash = static_cast<uint32_t>(hash >> 32);
    size_t at = hash & (slots_.size() - 1);
    for (; slots_[at].index >= 0; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].hash == short_hash && Value(slots_[at].index) == text) return last_ = slots_[at].index;
    }
    if (check && !arrow::util::ValidateUTF8(text)) return -1;
    if (!bytes_.Append(text)) return -1;
    const auto index = static_cast<int32_t>(offsets_.size()) - 1;
    offsets_.push_back(static_cast<int32_t>(bytes_.size()));
    slots_[at] = {.hash = short_hash, .index = index};
    if (offsets_.size() * 2 > slots_.size()) Grow();
    return last_ = index;
  }

  void Grow() {
    std::vector<Slot> larger(slots_.size() * 4);
    for (const auto& slot : slots_) {
      if (slot.index < 0) continue;
      size_t at = HashOf(Value(slot.index)) & (larger.size() - 1);
      while (larger[at].index >= 0) at = (at + 1) & (larger.size() - 1);
      larger[at] = slot;
    }
    slots_ = std::move(larger);
  }

  std::shared_ptr<arrow::DataType> type_;
  Validity validity_;
  std::shared_ptr<arrow::Buffer> buffer_;
  int32_t* indices_ = nullptr;
  std::vector<int32_t> offsets_;
  Bytes bytes_;
  std::vector<Slot> slots_ = std::vector<Slot>(64);
  int32_t last_ = -1;
};

}  // namespace

Result<std::unique_ptr<CsvColumn>> MakeStringColumn(const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return std::make_unique<StringColumn<int32_t>>(type);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return std::make_unique<StringColumn<int64_t>>(type);
    default:
      break;
  }
  if (!type->Equals(arrow::dictionary(arrow::int32(), arrow::utf8()))) {
    return MakeError(ErrorKind::kInvalid, "a CSV value cannot be read as ", type->ToString());
  }
  return std::make_unique<DictionaryColumn>(type);
}

}  // namespace glaux
