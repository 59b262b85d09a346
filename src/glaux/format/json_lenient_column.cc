#include <arrow/api.h>

#include "glaux/format/json_column_kinds_internal.h"

namespace glaux {
namespace {

/// Scalars by their text; what does not convert is null.
class LenientColumn final : public JsonColumn {
 public:
  LenientColumn(std::shared_ptr<arrow::DataType> type, std::unique_ptr<HiveColumn> values)
      : type_(std::move(type)), values_(std::move(values)) {}

  Status Reserve(int64_t rows) override {
    return values_->Reserve(rows) ? Status::OK() : Status::OutOfMemory("no memory for this block");
  }
  bool Append(JsonCursor& in) override {
    if (in.TakeNull()) return AppendNulls(1) || in.FailMemory();
    const char first = in.Peek();
    if (first == '{' || first == '[') return in.FailConflict(ExpectedWords(*type_));
    std::string_view text;
    if (first == '"') {
      text = in.RawString();
      if (HasEscape(text)) {
        if (!Unescape(text, &unescaped_).empty()) return in.Skip();  // which says what is wrong
        text = unescaped_;
      }
      if (!in.Skip()) return false;
    } else {
      compact_.clear();
      if (!in.SkipInto(&compact_)) return false;
      text = compact_;
    }
    if (!values_->Append(text) && !values_->AppendNulls(1)) return in.FailMemory();
    ++length_;
    return true;
  }
  bool AppendNulls(int64_t count) override {
    if (!values_->AppendNulls(count)) return false;
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override {
    values_->Truncate(length);
    length_ = length;
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override { return values_->Finish(); }

 private:
  const std::shared_ptr<arrow::DataType> type_;
  const std::unique_ptr<HiveColumn> values_;
  std::string compact_, unescaped_;
};

}  // namespace

Result<std::unique_ptr<JsonColumn>> MakeLenientJsonColumn(const std::shared_ptr<arrow::DataType>& type,
                                                          const JsonRules& rules) {
  ARROW_ASSIGN_OR_RAISE(auto values, HiveColumn::Make(type, rules.text));
  return std::make_unique<LenientColumn>(type, std::move(values));
}

}  // namespace glaux
