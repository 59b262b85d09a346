#include <cctype>

#include "glaux/schema/names.h"
#include "glaux/table/table.h"

namespace glaux {
namespace {

struct TransformName {
  Transform transform;
  std::string_view name;
};

constexpr TransformName kTransforms[] = {
    {Transform::kIdentity, "identity"}, {Transform::kYear, "year"}, {Transform::kMonth, "month"},
    {Transform::kDay, "day"},           {Transform::kHour, "hour"},
};

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

Result<PartitionField> ParseField(std::string_view text, std::string_view whole) {
  const auto fail = [&](std::string_view why) {
    return MakeError(
        {.kind = ErrorKind::kInvalid,
         .hint = "write it as day(time_column), region: identity is the bare column; year, month, day and hour "
                 "take a time column"},
        "partition spec '", whole, "': ", why);
  };
  if (text.empty()) return fail("a field is empty");
  const size_t open = text.find('(');
  if (open == std::string_view::npos) return PartitionField{Transform::kIdentity, NormalizeColumnName(text)};
  if (text.back() != ')') return fail("a closing parenthesis is missing");
  const std::string name = Lower(Trim(text.substr(0, open)));
  const std::string_view column = Trim(text.substr(open + 1, text.size() - open - 2));
  for (const auto& [transform, known] : kTransforms) {
    if (name != known) continue;
    if (column.empty() && transform == Transform::kIdentity) return fail("identity() names no column");
    return PartitionField{transform, column.empty() ? std::string() : NormalizeColumnName(column)};
  }
  return fail("'" + name + "' is no transform; there are identity, year, month, day, hour");
}

}  // namespace

Result<std::vector<PartitionField>> ParsePartitionSpec(std::string_view text) {
  std::vector<PartitionField> fields;
  if (Trim(text).empty()) return fields;
  int depth = 0;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
    ARROW_ASSIGN_OR_RAISE(auto field, ParseField(Trim(text.substr(begin, i - begin)), text));
    fields.push_back(std::move(field));
    begin = i + 1;
  }
  return fields;
}

std::string ToString(std::span<const PartitionField> fields) {
  std::string text;
  for (const auto& field : fields) {
    if (!text.empty()) text += ", ";
    if (field.transform == Transform::kIdentity) {
      text += field.source_column;
    } else {
      text.append(kTransforms[static_cast<size_t>(field.transform)].name)
          .append("(")
          .append(field.source_column)
          .append(")");
    }
  }
  return text;
}

std::vector<std::string> TimeKeysOf(Transform transform) {
  if (transform == Transform::kIdentity) return {};
  static const std::vector<std::string> kLevels = {"year", "month", "day", "hour"};
  const auto count = static_cast<std::ptrdiff_t>(transform) - static_cast<std::ptrdiff_t>(Transform::kYear) + 1;
  return {kLevels.begin(), kLevels.begin() + count};
}

}  // namespace glaux
