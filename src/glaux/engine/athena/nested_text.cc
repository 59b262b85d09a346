#include "glaux/engine/athena/nested_text_internal.h"

#include <arrow/builder.h>
#include <arrow/type.h>

#include <vector>

namespace glaux::athena {
namespace {

constexpr std::string_view kNull = "null";
constexpr std::string_view kSeparator = ", ";

bool IsNested(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::MAP || type.id() == arrow::Type::STRUCT;
}

bool Fail(size_t position, std::string expected, TextProblem* problem) {
  problem->position = position;
  problem->expected = std::move(expected);
  return false;
}

/// What stands between the brackets, and where it begins in the text.
bool Inside(std::string_view text, char open, char close, std::string_view* inside, TextProblem* problem) {
  if (text.empty() || text.front() != open) return Fail(0, std::string(1, open), problem);
  if (text.size() < 2 || text.back() != close) return Fail(text.size(), std::string(1, close), problem);
  *inside = text.substr(1, text.size() - 2);
  return true;
}

/// Where `word` next begins at or behind `from`; in nested values only outside of their brackets.
size_t FindOutside(std::string_view text, size_t from, std::string_view word, bool nested) {
  if (!nested) return text.find(word, from);
  int depth = 0;
  for (size_t at = from; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth <= 0 && text.substr(at).starts_with(word)) return at;
  }
  return text.npos;
}

/// A part of a nested value; positions of its problems count from the beginning of the whole.
bool AppendPart(const TextReader& reader, std::string_view part, size_t offset, arrow::ArrayBuilder* builder,
                TextProblem* problem) {
  if (part == kNull) return builder->AppendNull().ok();
  if (reader.Append(part, builder, problem)) return true;
  problem->position += offset;
  return false;
}

struct Child {
  std::unique_ptr<TextReader> reader;
  bool nested = false;
};

Result<Child> MakeChild(const std::shared_ptr<arrow::DataType>& type) {
  ARROW_ASSIGN_OR_RAISE(auto reader, MakeTextReader(type));
  return Child{std::move(reader), IsNested(*type)};
}

class NestedReader : public TextReader {
 public:
  bool AppendColumn(const Cell* first, size_t stride, int64_t rows, arrow::ArrayBuilder* builder,
                    TextProblem* problem) const override {
    return AppendOneByOne(*this, first, stride, rows, builder, problem);
  }
};

/// "[1, 2, null]"
class ListReader final : public NestedReader {
 public:
  explicit ListReader(Child item) : item_(std::move(item)) {}

  bool Append(std::string_view text, arrow::ArrayBuilder* builder, TextProblem* problem) const override {
    auto& list = static_cast<arrow::ListBuilder&>(*builder);
    std::string_view inside;
    if (!Inside(text, '[', ']', &inside, problem) || !list.Append().ok()) return false;
    if (inside.empty()) return true;
    for (size_t at = 0;;) {
      const size_t end = std::min(FindOutside(inside, at, kSeparator, item_.nested), inside.size());
      if (!AppendPart(*item_.reader, inside.substr(at, end - at), at + 1, list.value_builder(), problem)) return false;
      if (end == inside.size()) return true;
      at = end + kSeparator.size();
    }
  }

 private:
  const Child item_;
};

/// "{a=1, b=null}"
class MapReader final : public NestedReader {
 public:
  MapReader(Child key, Child item) : key_(std::move(key)), item_(std::move(item)) {}

  bool Append(std::string_view text, arrow::ArrayBuilder* builder, TextProblem* problem) const override {
    auto& map = static_cast<arrow::MapBuilder&>(*builder);
    std::string_view inside;
    if (!Inside(text, '{', '}', &inside, problem) || !map.Append().ok()) return false;
    if (inside.empty()) return true;
    for (size_t at = 0; at <= inside.size();) {
      const size_t equals = FindOutside(inside, at, "=", key_.nested);
      if (equals == inside.npos) return Fail(at + 1, "a key and =", problem);
      if (!AppendPart(*key_.reader, inside.substr(at, equals - at), at + 1, map.key_builder(), problem)) return false;
      const size_t begin = equals + 1;
      const size_t end = EndOfItem(inside, begin);
      if (!AppendPart(*item_.reader, inside.substr(begin, end - begin), begin + 1, map.item_builder(), problem)) {
        return false;
      }
      at = end + kSeparator.size();
    }
    return true;
  }

 private:
  /// Behind a separator there is a key: a separator without one is a part of the text.
  size_t EndOfItem(std::string_view inside, size_t begin) const {
    for (size_t from = begin;;) {
      const size_t end = FindOutside(inside, from, kSeparator, item_.nested);
      if (end == inside.npos) return inside.size();
      const size_t next = end + kSeparator.size();
      const size_t equals = FindOutside(inside, next, "=", key_.nested);
      if (equals == inside.npos) return inside.size();
      const size_t another = FindOutside(inside, next, kSeparator, key_.nested);
      if (another == inside.npos || equals < another || item_.nested) return end;
      from = next;
    }
  }

  const Child key_;
  const Child item_;
};

/// "{id=1, name=x}": a field ends where the next one's name begins.
class RowReader final : public NestedReader {
 public:
  RowReader(std::vector<std::string> names, std::vector<Child> fields) : fields_(std::move(fields)) {
    for (auto& name : names) starts_.push_back(name + "=");
  }

  bool Append(std::string_view text, arrow::ArrayBuilder* builder, TextProblem* problem) const override {
    auto& record = static_cast<arrow::StructBuilder&>(*builder);
    std::string_view inside;
    if (!Inside(text, '{', '}', &inside, problem) || !record.Append().ok()) return false;
    size_t at = 0;
    for (size_t i = 0; i < fields_.size(); ++i) {
      // A field without a name has its value alone.
      const std::string_view start = starts_[i].size() == 1 ? std::string_view() : std::string_view(starts_[i]);
      if (!inside.substr(std::min(at, inside.size())).starts_with(start)) return Fail(at + 1, starts_[i], problem);
      at += start.size();
      size_t end = inside.size();
      if (i + 1 < fields_.size()) {
        const std::string next = ", " + (starts_[i + 1].size() == 1 ? std::string() : starts_[i + 1]);
        end = FindOutside(inside, at, next, fields_[i].nested);
        if (end == inside.npos) return Fail(inside.size() + 1, next, problem);
      }
      if (!AppendPart(*fields_[i].reader, inside.substr(at, end - at), at + 1,
                      record.field_builder(static_cast<int>(i)), problem)) {
        return false;
      }
      at = end + kSeparator.size();
    }
    return true;
  }

 private:
  std::vector<std::string> starts_;
  const std::vector<Child> fields_;
};

}  // namespace

Result<std::unique_ptr<TextReader>> MakeNestedReader(const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() == arrow::Type::LIST) {
    ARROW_ASSIGN_OR_RAISE(auto item, MakeChild(type->field(0)->type()));
    return std::make_unique<ListReader>(std::move(item));
  }
  if (type->id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(*type);
    ARROW_ASSIGN_OR_RAISE(auto key, MakeChild(map.key_type()));
    ARROW_ASSIGN_OR_RAISE(auto item, MakeChild(map.item_type()));
    return std::make_unique<MapReader>(std::move(key), std::move(item));
  }
  std::vector<std::string> names;
  std::vector<Child> fields;
  for (const auto& field : type->fields()) {
    names.push_back(field->name());
    ARROW_ASSIGN_OR_RAISE(auto child, MakeChild(field->type()));
    fields.push_back(std::move(child));
  }
  return std::make_unique<RowReader>(std::move(names), std::move(fields));
}

}  // namespace glaux::athena
