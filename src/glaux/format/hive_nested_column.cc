#include <arrow/api.h>

#include <cstring>
#include <limits>

#include "glaux/format/hive_column_internal.h"
#include "glaux/format/json_values_internal.h"

namespace glaux {
namespace {

/// Calls visit(part) for what stands between separators; a separator behind the escape character is none.
template <typename Visit>
bool EachPart(std::string_view text, char separator, std::optional<char> escape, Visit&& visit) {
  size_t begin = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (escape && text[at] == *escape) {
      ++at;
    } else if (text[at] == separator) {
      if (!visit(text.substr(begin, at - begin))) return false;
      begin = at + 1;
    }
  }
  return visit(text.substr(begin));
}

/// What all three have in common: null where a text says so or does not convert.
class NestedColumn : public HiveColumn {
 protected:
  NestedColumn(std::shared_ptr<arrow::DataType> type, const HiveTextRules& rules, int level)
      : type_(std::move(type)), options_(rules.options), level_(static_cast<size_t>(level)) {}

  char separator(size_t below) const { return options_.separators[level_ + below]; }

  /// False if there is no memory.
  bool AppendTo(HiveColumn& child, std::string_view text) const {
    return (text != options_.null_text && child.Append(text)) || child.AppendNulls(1);
  }

  const std::shared_ptr<arrow::DataType> type_;
  const HiveTextOptions& options_;
  const size_t level_;
  JsonValidity validity_;
};

/// Elements between two offsets: a list's, or the entries of a map.
class ListColumn : public NestedColumn {
 public:
  ListColumn(std::shared_ptr<arrow::DataType> type, const HiveTextRules& rules, int level,
             std::vector<std::unique_ptr<HiveColumn>> children)
      : NestedColumn(std::move(type), rules, level), children_(std::move(children)) {}

  bool Reserve(int64_t rows) override { return ends_.Reserve(rows + 1); }
  bool Append(std::string_view text) override {
    if (!text.empty() && !EachPart(text, separator(1), options_.escape, [&](auto part) { return AppendElement(part); }))
      return false;
    const int64_t entries = children_[0]->length();
    if (entries > std::numeric_limits<int32_t>::max() || !ends_.Append(static_cast<int32_t>(entries))) return false;
    validity_.AppendValid(length_++);
    return true;
  }
  bool AppendNulls(int64_t count) override {
    if (!validity_.AppendNulls(length_, count) || !ends_.Extend(count)) return false;
    std::fill_n(ends_.data() + length_, count, static_cast<int32_t>(children_[0]->length()));
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override {
    ends_.Truncate(length);
    for (auto& child : children_) child->Truncate(length == 0 ? 0 : ends_.data()[length - 1]);
    length_ = length;
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override {
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto validity, validity_.Finish(length_, &nulls));
    ARROW_ASSIGN_OR_RAISE(auto offsets, FinishEnds(&ends_, length_));
    const int64_t entries = children_[0]->length();
    std::vector<std::shared_ptr<arrow::ArrayData>> parts;
    for (auto& child : children_) {
      ARROW_ASSIGN_OR_RAISE(const auto part, child->Finish());
      parts.push_back(part->data());
    }
    auto elements = parts[0];
    if (parts.size() > 1) {
      elements = arrow::ArrayData::Make(type_->field(0)->type(), entries, {nullptr}, std::move(parts), 0);
    }
    return arrow::MakeArray(arrow::ArrayData::Make(type_, length_, {std::move(validity), std::move(offsets)},
                                                   {std::move(elements)}, nulls));
  }

 protected:
  virtual bool AppendElement(std::string_view part) { return AppendTo(*children_[0], part); }

  const std::vector<std::unique_ptr<HiveColumn>> children_;

 private:
  JsonValues<int32_t> ends_;
};

class MapColumn final : public ListColumn {
 public:
  using ListColumn::ListColumn;

 protected:
  /// An entry without a key that converts is left out: a key cannot be null.
  bool AppendElement(std::string_view part) override {
    std::string_view key = part;
    std::optional<std::string_view> value;
    EachPart(part, separator(2), options_.escape, [&](std::string_view first) {
      if (first.size() < part.size()) value = part.substr(first.size() + 1);
      key = first;
      return false;
    });
    if (key == options_.null_text || !children_[0]->Append(key)) return true;
    return value.has_value() ? AppendTo(*children_[1], *value) : children_[1]->AppendNulls(1);
  }
};

class StructColumn final : public NestedColumn {
 public:
  StructColumn(std::shared_ptr<arrow::DataType> type, const HiveTextRules& rules, int level,
               std::vector<std::unique_ptr<HiveColumn>> children)
      : NestedColumn(std::move(type), rules, level), children_(std::move(children)) {}

  bool Reserve(int64_t) override { return true; }
  bool Append(std::string_view text) override {
    size_t at = 0;
    const bool taken = EachPart(text, separator(1), options_.escape, [&](std::string_view part) {
      return at == children_.size() || AppendTo(*children_[at++], part);
    });
    if (!taken) return false;
    for (; at < children_.size(); ++at) {
      if (!children_[at]->AppendNulls(1)) return false;
    }
    validity_.AppendValid(length_++);
    return true;
  }
  bool AppendNulls(int64_t count) override {
    if (!validity_.AppendNulls(length_, count)) return false;
    for (auto& child : children_) {
      if (!child->AppendNulls(count)) return false;
    }
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override {
    for (auto& child : children_) child->Truncate(length);
    length_ = length;
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override {
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto validity, validity_.Finish(length_, &nulls));
    arrow::ArrayVector parts;
    for (auto& child : children_) {
      ARROW_ASSIGN_OR_RAISE(parts.emplace_back(), child->Finish());
    }
    return std::make_shared<arrow::StructArray>(type_, length_, std::move(parts), std::move(validity), nulls);
  }

 private:
  const std::vector<std::unique_ptr<HiveColumn>> children_;
};

}  // namespace

Result<std::unique_ptr<HiveColumn>> MakeHiveNestedColumn(const std::shared_ptr<arrow::DataType>& type,
                                                         const HiveTextRules& rules, int level) {
  const bool is_map = type->id() == arrow::Type::MAP;
  const int below = level + (is_map ? 2 : 1);
  if (static_cast<size_t>(below) >= rules.options.separators.size()) {
    return MakeError(ErrorKind::kNotImplemented, "text is not read as ", type->ToString(), ": there are ",
                     rules.options.separators.size(), " separators, and it is nested deeper");
  }
  const auto fields = is_map ? type->field(0)->type()->fields() : type->fields();
  std::vector<std::unique_ptr<HiveColumn>> children;
  for (const auto& field : fields) {
    ARROW_ASSIGN_OR_RAISE(children.emplace_back(), HiveColumn::Make(field->type(), rules, below));
  }
  if (is_map) return std::make_unique<MapColumn>(type, rules, level, std::move(children));
  if (type->id() == arrow::Type::LIST) return std::make_unique<ListColumn>(type, rules, level, std::move(children));
  return std::make_unique<StructColumn>(type, rules, level, std::move(children));
}

}  // namespace glaux
