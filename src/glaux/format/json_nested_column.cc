#include <arrow/api.h>

#include <cstring>
#include <limits>
#include <optional>

#include "glaux/format/json_column_kinds_internal.h"
#include "glaux/format/json_values_internal.h"

namespace glaux {
namespace {

class StructColumn final : public JsonColumn {
 public:
  StructColumn(std::shared_ptr<arrow::DataType> type, std::unique_ptr<JsonFields> fields)
      : type_(std::move(type)), fields_(std::move(fields)) {}

  Status Reserve(int64_t rows) override { return fields_->Reserve(rows); }
  bool Append(JsonCursor& in) override {
    if (in.Peek() != '{') {
      if (in.TakeNull()) return AppendNulls(1) || in.FailMemory();
      return in.FailConflict(ExpectedWords(*type_));
    }
    if (!fields_->Append(in, length_)) return false;
    validity_.AppendValid(length_++);
    return true;
  }
  /// The members stay behind: they get their nulls with the next value or at the end.
  bool AppendNulls(int64_t count) override {
    if (!validity_.AppendNulls(length_, count)) return false;
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override {
    fields_->Truncate(length);
    length_ = length;
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override {
    if (!fields_->Fill(length_)) return Status::OutOfMemory("no memory for this block");
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto validity, validity_.Finish(length_, &nulls));
    ARROW_ASSIGN_OR_RAISE(auto children, fields_->Finish());
    return std::make_shared<arrow::StructArray>(type_, length_, std::move(children), std::move(validity), nulls);
  }

 private:
  std::shared_ptr<arrow::DataType> type_;
  std::unique_ptr<JsonFields> fields_;
  JsonValidity validity_;
};

template <typename Offset>
class ListColumn final : public JsonColumn {
 public:
  /// \param wraps a value that is no array is an array of itself
  ListColumn(std::shared_ptr<arrow::DataType> type, std::unique_ptr<JsonColumn> values, bool wraps)
      : type_(std::move(type)), values_(std::move(values)), wraps_(wraps) {
    if (type_->id() == arrow::Type::FIXED_SIZE_LIST) {
      width_ = static_cast<const arrow::FixedSizeListType&>(*type_).list_size();
    }
  }

  Status Reserve(int64_t rows) override {
    return ends_.Reserve(rows + 1) ? Status::OK() : Status::OutOfMemory("no memory for this block");
  }
  bool Append(JsonCursor& in) override {
    if (in.Peek() != '[') {
      if (in.TakeNull()) return AppendNulls(1) || in.FailMemory();
      if (wraps_) return values_->Append(in) && End(in);
      return in.FailConflict(ExpectedWords(*type_));
    }
    const uint32_t* const here = in.at;
    const int64_t first = values_->length();
    if (!in.Enter()) return false;
    if (in.Peek() == ']') {
      ++in.at;
    } else {
      while (true) {
        if (!values_->Append(in)) {
          in.FailedAt(values_->length() - first);
          return false;
        }
        const char next = in.Peek();
        if (next != ',' && next != ']') return in.FailSyntax(*in.at, "a comma or ]");
        ++in.at;
        if (next == ']') break;
      }
    }
    --in.depth;
    if (width_ && values_->length() - first != *width_) {
      in.at = here;
      return in.FailConflict(ExpectedWords(*type_));
    }
    return End(in);
  }
  bool AppendNulls(int64_t count) override {
    if (!validity_.AppendNulls(length_, count) || !ends_.Extend(count)) return false;
    if (width_ && !values_->AppendNulls(count * *width_)) return false;
    const auto step = static_cast<Offset>(width_.value_or(0));
    auto end = static_cast<Offset>(values_->length() - step * static_cast<Offset>(count));
    for (int64_t i = 0; i < count; ++i) ends_.data()[length_ + i] = end = static_cast<Offset>(end + step);
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override {
    ends_.Truncate(length);
    length_ = length;
    values_->Truncate(length == 0 ? 0 : static_cast<int64_t>(ends_.data()[length - 1]));
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override {
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto validity, validity_.Finish(length_, &nulls));
    // What an array that was refused has left.
    Truncate(length_);
    ARROW_ASSIGN_OR_RAISE(auto values, values_->Finish());
    arrow::BufferVector buffers = {std::move(validity)};
    if (!width_) {
      ARROW_ASSIGN_OR_RAISE(auto offsets, FinishEnds(&ends_, length_));
      buffers.push_back(std::move(offsets));
    }
    return arrow::MakeArray(arrow::ArrayData::Make(type_, length_, std::move(buffers), {values->data()}, nulls));
  }

 private:
  /// The elements that came last are one array.
  bool End(JsonCursor& in) {
    if (values_->length() > std::numeric_limits<Offset>::max() || !ends_.Append(static_cast<Offset>(values_->length())))
      return in.FailMemory();
    validity_.AppendValid(length_++);
    return true;
  }

  std::shared_ptr<arrow::DataType> type_;
  std::unique_ptr<JsonColumn> values_;
  const bool wraps_;
  std::optional<int32_t> width_;
  JsonValidity validity_;
  JsonValues<Offset> ends_;
};

/// An object, of which the keys are the map's, or an array of objects with `key` and `value`.
class MapColumn final : public JsonColumn {
 public:
  MapColumn(std::shared_ptr<arrow::DataType> type, std::unique_ptr<JsonColumn> keys, std::unique_ptr<JsonColumn> values)
      : type_(std::move(type)), keys_(std::move(keys)), values_(std::move(values)) {}

  Status Reserve(int64_t rows) override {
    return ends_.Reserve(rows + 1) ? Status::OK() : Status::OutOfMemory("no memory for this block");
  }
  bool Append(JsonCursor& in) override {
    const char first = in.Peek();
    if (first != '{' && first != '[') {
      if (in.TakeNull()) return AppendNulls(1) || in.FailMemory();
      return in.FailConflict(ExpectedWords(*type_));
    }
    if (!(first == '{' ? AppendObject(in) : AppendEntries(in))) return false;
    if (keys_->length() > std::numeric_limits<int32_t>::max() || !ends_.Append(static_cast<int32_t>(keys_->length())))
      return in.FailMemory();
    validity_.AppendValid(length_++);
    return true;
  }
  bool AppendNulls(int64_t count) override {
    if (!validity_.AppendNulls(length_, count) || !ends_.Extend(count)) return false;
    std::fill_n(ends_.data() + length_, count, static_cast<int32_t>(keys_->length()));
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override {
    ends_.Truncate(length);
    length_ = length;
    const int64_t entries = length == 0 ? 0 : ends_.data()[length - 1];
    keys_->Truncate(entries);
    values_->Truncate(entries);
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override {
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto validity, validity_.Finish(length_, &nulls));
    Truncate(length_);
    ARROW_ASSIGN_OR_RAISE(auto offsets, FinishEnds(&ends_, length_));
    const int64_t entries = keys_->length();
    ARROW_ASSIGN_OR_RAISE(auto keys, keys_->Finish());
    ARROW_ASSIGN_OR_RAISE(auto values, values_->Finish());
    auto items = arrow::ArrayData::Make(type_->field(0)->type(), entries, {nullptr}, {keys->data(), values->data()}, 0);
    return arrow::MakeArray(
        arrow::ArrayData::Make(type_, length_, {std::move(validity), std::move(offsets)}, {std::move(items)}, nulls));
  }

 private:
  bool AppendObject(JsonCursor& in) {
    if (!in.Enter()) return false;
    if (in.Peek() == '}') {
      ++in.at;
      --in.depth;
      return true;
    }
    while (true) {
      const uint32_t* const key = in.at;
      std::string_view raw;
      if (!in.TakeKey(&raw)) return false;
      const uint32_t* const value = in.at;
      in.at = key;
      if (!keys_->Append(in)) return false;
      in.at = value;
      if (!values_->Append(in)) {
        in.FailedAt(raw);
        return false;
      }
      const char next = in.Peek();
      if (next != ',' && next != '}') return in.FailSyntax(*in.at, "a comma or }");
      ++in.at;
      if (next == '}') break;
    }
    --in.depth;
    return true;
  }

  bool AppendEntries(JsonCursor& in) {
    const int64_t first = keys_->length();
    if (!in.Enter()) return false;
    if (in.Peek() == ']') {
      ++in.at;
      --in.depth;
      return true;
    }
    while (true) {
      if (!AppendEntry(in)) {
        in.FailedAt(keys_->length() - first);
        return false;
      }
      const char next = in.Peek();
      if (next != ',' && next != ']') return in.FailSyntax(*in.at, "a comma or ]");
      ++in.at;
      if (next == ']') break;
    }
    --in.depth;
    return true;
  }

  bool AppendEntry(JsonCursor& in) {
    const uint32_t* const here = in.at;
    const auto refuse = [&] {
      in.at = here;
      return in.FailConflict("an object with key and value");
    };
    if (in.Peek() != '{') return refuse();
    const int outside = in.depth;
    const int64_t entries = keys_->length();
    if (!in.Enter()) return false;
    bool has_key = false;
    bool has_value = false;
    std::string_view name;
    if (in.Peek() == '}') {
      in.depth = outside;
      return refuse();
    }
    while (true) {
      if (!in.TakeKey(&name)) return false;
      const bool is_key = name == "key" && !has_key && in.Peek() != 'n';
      const bool is_value = name == "value" && !has_value;
      if (!is_key && !is_value) {
        in.depth = outside;
        return refuse();
      }
      has_key |= is_key;
      has_value |= is_value;
      if (!(is_key ? keys_ : values_)->Append(in)) {
        in.FailedAt(name);
        return false;
      }
      const char next = in.Peek();
      if (next != ',' && next != '}') return in.FailSyntax(*in.at, "a comma or }");
      ++in.at;
      if (next == '}') break;
    }
    in.depth = outside;
    if (!has_key) return refuse();
    if (!has_value && !values_->AppendNulls(entries + 1 - values_->length())) return in.FailMemory();
    return true;
  }

  std::shared_ptr<arrow::DataType> type_;
  std::unique_ptr<JsonColumn> keys_;
  std::unique_ptr<JsonColumn> values_;
  JsonValidity validity_;
  JsonValues<int32_t> ends_;
};

}  // namespace

Result<std::unique_ptr<JsonColumn>> MakeJsonNestedColumn(const std::shared_ptr<arrow::DataType>& type,
                                                         const std::string& path, const JsonRules* rules) {
  switch (type->id()) {
    case arrow::Type::STRUCT: {
      ARROW_ASSIGN_OR_RAISE(auto fields, JsonFields::Make(type->fields(), path + ".", rules));
      return std::make_unique<StructColumn>(type, std::move(fields));
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      ARROW_ASSIGN_OR_RAISE(auto keys, JsonColumn::Make(map.key_type(), path + ".key", rules));
      ARROW_ASSIGN_OR_RAISE(auto values, JsonColumn::Make(map.item_type(), path + ".value", rules));
      return std::make_unique<MapColumn>(type, std::move(keys), std::move(values));
    }
    default: {
      ARROW_ASSIGN_OR_RAISE(auto values, JsonColumn::Make(type->field(0)->type(), path + "[]", rules));
      const bool wraps = rules != nullptr && rules->hive.lenient;
      if (type->id() == arrow::Type::LARGE_LIST) {
        return std::make_unique<ListColumn<int64_t>>(type, std::move(values), wraps);
      }
      return std::make_unique<ListColumn<int32_t>>(type, std::move(values), wraps);
    }
  }
}

}  // namespace glaux
