#include <arrow/api.h>

#include <cstring>
#include <limits>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "glaux/base/base64.h"
#include "glaux/format/json_column_kinds_internal.h"
#include "glaux/format/json_values_internal.h"

namespace glaux {
namespace {

constexpr int64_t kStride = 16;

/// Copy `raw` and up to kStride bytes more. False where it holds a backslash.
bool CopyUnlessEscaped(std::string_view raw, char* to) {
#if defined(__SSE2__)
  const __m128i slash = _mm_set1_epi8('\\');
  const char* const from = raw.data();
  const size_t size = raw.size();
  for (size_t at = 0; at < size; at += kStride) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), bytes);
    auto mask = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, slash)));
    if (size - at < kStride) mask &= (uint32_t{1} << (size - at)) - 1;
    if (mask != 0) return false;
  }
  return true;
#else
  if (HasEscape(raw)) return false;
  std::memcpy(to, raw.data(), raw.size());
  return true;
#endif
}

enum class Taken : uint8_t { kString, kNull, kFailed };

/// Step over any value: what a string column has for it, in `scratch` where it must be built.
Taken TakeAsString(JsonCursor& in, std::string* scratch, std::string_view* value) {
  if (in.Peek() == '"') {
    *value = in.RawString();
    if (HasEscape(*value)) {
      const auto wrong = Unescape(*value, scratch);
      if (!wrong.empty()) {
        in.FailSyntax(*in.at, "");
        in.reason = wrong;
        return Taken::kFailed;
      }
      *value = *scratch;
    }
    ++in.at;
    return Taken::kString;
  }
  if (in.TakeNull()) return Taken::kNull;
  scratch->clear();
  if (!in.SkipInto(scratch)) return Taken::kFailed;
  *value = *scratch;
  return Taken::kString;
}

template <typename Offset>
class StringColumn final : public JsonColumn {
 public:
  explicit StringColumn(std::shared_ptr<arrow::DataType> type) : type_(std::move(type)) {}

  Status Reserve(int64_t rows) override {
    return offsets_.Reserve(rows + 1) && bytes_.Reserve(rows * 8 + kStride)
               ? Status::OK()
               : Status::OutOfMemory("no memory for this block");
  }
  bool Append(JsonCursor& in) override {
    std::string_view value;
    if (in.Peek() == '"') {
      value = in.RawString();
      const auto size = static_cast<int64_t>(value.size());
      if (!bytes_.Reserve(size + kStride)) return in.FailMemory();
      if (CopyUnlessEscaped(value, bytes_.data() + bytes_.size())) {
        bytes_.Extend(size);
        ++in.at;
        return Add() || in.FailMemory();
      }
    }
    switch (TakeAsString(in, &scratch_, &value)) {
      case Taken::kFailed:
        return false;
      case Taken::kNull:
        return AppendNulls(1) || in.FailMemory();
      case Taken::kString:
        break;
    }
    return (AddBytes(value) && Add()) || in.FailMemory();
  }
  bool AppendNulls(int64_t count) override {
    if (!validity_.AppendNulls(length_, count) || !offsets_.Extend(count)) return false;
    std::fill_n(offsets_.data() + length_, count, static_cast<Offset>(bytes_.size()));
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override {
    offsets_.Truncate(length);
    length_ = length;
    bytes_.Truncate(length == 0 ? 0 : static_cast<int64_t>(offsets_.data()[length - 1]));
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override {
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto validity, validity_.Finish(length_, &nulls));
    ARROW_ASSIGN_OR_RAISE(auto offsets, FinishEnds(&offsets_, length_));
    ARROW_ASSIGN_OR_RAISE(auto bytes, bytes_.Finish());
    return arrow::MakeArray(
        arrow::ArrayData::Make(type_, length_, {std::move(validity), std::move(offsets), std::move(bytes)}, nulls));
  }

 private:
  bool AddBytes(std::string_view value) {
    const auto size = static_cast<int64_t>(value.size());
    if (!bytes_.Reserve(size + kStride)) return false;
    std::memcpy(bytes_.data() + bytes_.size(), value.data(), value.size());
    return bytes_.Extend(size);
  }
  bool Add() {
    if (bytes_.size() > std::numeric_limits<Offset>::max()) return false;
    if (!offsets_.Append(static_cast<Offset>(bytes_.size()))) return false;
    validity_.AppendValid(length_++);
    return true;
  }

  std::shared_ptr<arrow::DataType> type_;
  JsonValidity validity_;
  JsonValues<Offset> offsets_;
  JsonValues<char> bytes_;
  std::string scratch_;
};

class DictionaryColumn final : public JsonColumn {
 public:
  explicit DictionaryColumn(std::shared_ptr<arrow::DataType> type) : type_(std::move(type)) {}

  Status Reserve(int64_t rows) override {
    return indices_.Reserve(rows) ? Status::OK() : Status::OutOfMemory("no memory for this block");
  }
  bool Append(JsonCursor& in) override {
    std::string_view value;
    switch (TakeAsString(in, &scratch_, &value)) {
      case Taken::kFailed:
        return false;
      case Taken::kNull:
        return AppendNulls(1) || in.FailMemory();
      case Taken::kString:
        break;
    }
    const int32_t index = IndexOf(value);
    if (index < 0 || !indices_.Append(index)) return in.FailMemory();
    validity_.AppendValid(length_++);
    return true;
  }
  bool AppendNulls(int64_t count) override {
    if (!validity_.AppendNulls(length_, count) || !indices_.Extend(count)) return false;
    std::fill_n(indices_.data() + length_, count, 0);
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override {
    indices_.Truncate(length);
    length_ = length;
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override {
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto validity, validity_.Finish(length_, &nulls));
    if (entries() == 0 && length_ > 0 && !Add("")) return Status::OutOfMemory("no memory for this block");
    const int64_t size = entries();
    ARROW_ASSIGN_OR_RAISE(auto offsets, FinishEnds(&ends_, size));
    ARROW_ASSIGN_OR_RAISE(auto bytes, bytes_.Finish());
    ARROW_ASSIGN_OR_RAISE(auto indices, indices_.Finish());
    auto data = arrow::ArrayData::Make(type_, length_, {std::move(validity), std::move(indices)}, nulls);
    data->dictionary = arrow::ArrayData::Make(arrow::utf8(), size, {nullptr, std::move(offsets), std::move(bytes)}, 0);
    return arrow::MakeArray(std::move(data));
  }

 private:
  struct Slot {
    uint32_t hash = 0;
    int32_t index = -1;
  };

  int64_t entries() const { return ends_.size(); }

  std::string_view Value(int32_t index) const {
    const int32_t begin = index == 0 ? 0 : ends_.data()[index - 1];
    return {bytes_.data() + begin, static_cast<size_t>(ends_.data()[index] - begin)};
  }

  static uint64_t HashOf(std::string_view text) {
    // Two multiplications a word; the last word overlaps what is before it.
    constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
    uint64_t hash = text.size() * kOdd;
    const auto mix = [&](uint64_t word) {
      hash = (hash ^ word) * kOdd;
      hash ^= hash >> 29;
    };
    uint64_t word = 0;
    if (text.size() < 8) {
      if (!text.empty()) std::memcpy(&word, text.data(), text.size());
      mix(word);
    } else {
      for (size_t at = 0; at + 8 < text.size(); at += 8) {
        std::memcpy(&word, text.data() + at, 8);
        mix(word);
      }
      std::memcpy(&word, text.data() + text.size() - 8, 8);
      mix(word);
    }
    return hash ^ hash >> 32;
  }

  bool Add(std::string_view text) {
    const auto size = static_cast<int64_t>(text.size());
    if (bytes_.size() + size > std::numeric_limits<int32_t>::max() || !bytes_.Reserve(size)) return false;
    if (size > 0) std::memcpy(bytes_.data() + bytes_.size(), text.data(), text.size());
    bytes_.Extend(size);
    return ends_.Append(static_cast<int32_t>(bytes_.size()));
  }

  /// -1: there is no memory.
  int32_t IndexOf(std::string_view text) {
    // Neighbours are often alike.
    if (last_ >= 0 && Value(last_) == text) return last_;
    const uint64_t hash = HashOf(text);
    const auto short_hash = static_cast<uint32_t>(hash >> 32);
    size_t at = hash & (slots_.size() - 1);
    for (; slots_[at].index >= 0; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].hash == short_hash && Value(slots_[at].index) == text) return last_ = slots_[at].index;
    }
    const auto index = static_cast<int32_t>(entries());
    if (!Add(text)) return -1;
    slots_[at] = {.hash = short_hash, .index = index};
    if (static_cast<size_t>(entries()) * 2 > slots_.size()) Grow();
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
  JsonValidity validity_;
  JsonValues<int32_t> indices_;
  JsonValues<int32_t> ends_;
  JsonValues<char> bytes_;
  std::vector<Slot> slots_ = std::vector<Slot>(64);
  int32_t last_ = -1;
  std::string scratch_;
};

/// Bytes, written as base64.
class BinaryColumn final : public JsonColumn {
 public:
  explicit BinaryColumn(std::shared_ptr<arrow::DataType> type) : type_(std::move(type)) {
    if (type_->id() == arrow::Type::FIXED_SIZE_BINARY) {
      width_ = static_cast<const arrow::FixedSizeBinaryType&>(*type_).byte_width();
    }
  }

  Status Reserve(int64_t rows) override {
    return ends_.Reserve(rows + 1) ? Status::OK() : Status::OutOfMemory("no memory for this block");
  }
  bool Append(JsonCursor& in) override {
    if (in.TakeNull()) return AppendNulls(1) || in.FailMemory();
    if (in.Peek() != '"') return in.FailConflict(ExpectedWords(*type_));
    const uint32_t* const here = in.at;
    std::string_view text;
    if (TakeAsString(in, &scratch_, &text) == Taken::kFailed) return false;
    decoded_.clear();
    if (!DecodeBase64(text, &decoded_) || (width_ && decoded_.size() != static_cast<size_t>(*width_))) {
      in.at = here;
      return in.FailConflict(ExpectedWords(*type_));
    }
    const auto size = static_cast<int64_t>(decoded_.size());
    if (!bytes_.Reserve(size)) return in.FailMemory();
    if (size > 0) std::memcpy(bytes_.data() + bytes_.size(), decoded_.data(), decoded_.size());
    bytes_.Extend(size);
    if (!ends_.Append(bytes_.size())) return in.FailMemory();
    validity_.AppendValid(length_++);
    return true;
  }
  bool AppendNulls(int64_t count) override {
    const int64_t padding = width_.value_or(0) * count;
    if (!validity_.AppendNulls(length_, count) || !ends_.Extend(count) || !bytes_.Extend(padding)) return false;
    if (padding > 0) std::memset(bytes_.data() + bytes_.size() - padding, 0, static_cast<size_t>(padding));
    std::fill_n(ends_.data() + length_, count, bytes_.size());
    if (width_) {
      for (int64_t i = 0; i < count; ++i) ends_.data()[length_ + i] = *width_ * (length_ + i + 1);
    }
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override {
    ends_.Truncate(length);
    length_ = length;
    bytes_.Truncate(length == 0 ? 0 : ends_.data()[length - 1]);
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override {
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto validity, validity_.Finish(length_, &nulls));
    arrow::BufferVector buffers = {std::move(validity)};
    if (!width_) {
      const bool large = type_->id() == arrow::Type::LARGE_BINARY;
      if (!large && bytes_.size() > std::numeric_limits<int32_t>::max()) {
        return Status::OutOfMemory("more than 2 GiB of binary in a block");
      }
      if (large) {
        std::vector<int64_t> offsets = {0};
        offsets.insert(offsets.end(), ends_.data(), ends_.data() + length_);
        buffers.push_back(arrow::Buffer::FromVector(std::move(offsets)));
      } else {
        std::vector<int32_t> offsets = {0};
        for (int64_t i = 0; i < length_; ++i) offsets.push_back(static_cast<int32_t>(ends_.data()[i]));
        buffers.push_back(arrow::Buffer::FromVector(std::move(offsets)));
      }
    }
    ARROW_ASSIGN_OR_RAISE(auto bytes, bytes_.Finish());
    buffers.push_back(std::move(bytes));
    return arrow::MakeArray(arrow::ArrayData::Make(type_, length_, std::move(buffers), nulls));
  }

 private:
  std::shared_ptr<arrow::DataType> type_;
  std::optional<int32_t> width_;
  JsonValidity validity_;
  JsonValues<int64_t> ends_;
  JsonValues<char> bytes_;
  std::string scratch_;
  std::string decoded_;
};

}  // namespace

Result<std::unique_ptr<JsonColumn>> MakeJsonStringColumn(const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::STRING:
      return std::make_unique<StringColumn<int32_t>>(type);
    case arrow::Type::LARGE_STRING:
      return std::make_unique<StringColumn<int64_t>>(type);
    case arrow::Type::DICTIONARY:
      break;
    default:
      return std::make_unique<BinaryColumn>(type);
  }
  if (!type->Equals(arrow::dictionary(arrow::int32(), arrow::utf8()))) {
    return MakeError(ErrorKind::kInvalid, "a JSON value cannot be read as ", type->ToString());
  }
  return std::make_unique<DictionaryColumn>(type);
}

}  // namespace glaux
