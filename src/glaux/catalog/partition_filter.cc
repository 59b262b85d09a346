#include "glaux/catalog/partition_filter_internal.h"

#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <set>

#include "glaux/catalog/entry_rules.h"
#include "glaux/catalog/partition_key_internal.h"
#include "glaux/schema/names.h"
#include "glaux/schema/types.h"

namespace glaux {
namespace {

constexpr char kNullValue[] = "__HIVE_DEFAULT_PARTITION__";
constexpr size_t kMaxRanges = 1000;
constexpr size_t kMaxRemembered = 100'000;

/// Text that equals a text key just where the literal does; nothing for other literals.
std::optional<std::string> KeyText(const arrow::Scalar& literal) {
  if (!literal.is_valid) return std::nullopt;
  if (arrow::is_string(literal.type->id()) || arrow::is_integer(literal.type->id())) return literal.ToString();
  return std::nullopt;
}

void FlattenAnd(const Predicate& predicate, std::vector<Predicate>* out) {
  if (predicate.op() != Predicate::Op::kAnd) return out->push_back(predicate);
  for (const auto& child : predicate.children()) FlattenAnd(child, out);
}

/// What the terms of a conjunction say about one text key.
struct KeyBounds {
  std::optional<std::set<std::string>> points;
  std::optional<std::string> lower;
  std::optional<std::string> upper;
};

KeyBounds BoundsOf(const std::vector<Predicate>& terms, const std::string& key) {
  using Comparison = Predicate::Comparison;
  KeyBounds bounds;
  auto keep_points = [&](std::set<std::string> points) {
    if (!bounds.points || points.size() < bounds.points->size()) bounds.points = std::move(points);
  };
  for (const auto& term : terms) {
    if (term.op() == Predicate::Op::kIn && FoldName(term.column()) == key) {
      std::set<std::string> points;
      bool all_text = true;
      for (const auto& value : term.values()) {
        const auto text = KeyText(*value);
        if (text) points.insert(*text);
        // NULL in a list equals nothing; anything else that is not text cannot be looked up by bytes.
        all_text &= text.has_value() || !value->is_valid;
      }
      if (all_text) keep_points(std::move(points));
    } else if (term.op() == Predicate::Op::kCompare && FoldName(term.column()) == key) {
      const auto& literal = *term.values().front();
      const auto text = KeyText(literal);
      if (!text) continue;
      switch (term.comparison()) {
        case Comparison::kEqual:
          keep_points({*text});
          break;
        case Comparison::kGreater:
        case Comparison::kGreaterEqual:
          if (!bounds.lower || *text > *bounds.lower) bounds.lower = text;
          break;
        case Comparison::kLess:
        case Comparison::kLessEqual:
          if (!bounds.upper || *text < *bounds.upper) bounds.upper = text;
          break;
        case Comparison::kNotEqual:
          break;
      }
    }
  }
  return bounds;
}

Result<std::shared_ptr<arrow::Scalar>> ParseValue(const std::shared_ptr<arrow::DataType>& type,
                                                  const std::string& value) {
  if (value == kNullValue) return arrow::MakeNullScalar(type);
  if (arrow::is_decimal(type->id())) {
    // Scalar::Parse wants the exact scale of the type; a folder may be called price=5.
    const auto& decimal = static_cast<const arrow::DecimalType&>(*type);
    arrow::Decimal128 number;
    int32_t precision = 0;
    int32_t scale = 0;
    ARROW_RETURN_NOT_OK(arrow::Decimal128::FromString(value, &number, &precision, &scale));
    ARROW_ASSIGN_OR_RAISE(number, number.Rescale(scale, decimal.scale()));
    return std::make_shared<arrow::Decimal128Scalar>(number, type);
  }
  return arrow::Scalar::Parse(type, value);
}

}  // namespace

Result<PartitionFilter> PartitionFilter::Make(const TableId& table, const std::vector<Column>& keys,
                                              std::string_view expression) {
  PartitionFilter filter;
  filter.table_ = table;
  auto parsed = Predicate::Parse(expression);
  if (!parsed.ok()) return Prefix(parsed.status(), "partition expression of " + table.ToString());
  filter.predicate_ = std::move(*parsed);
  for (const auto& key : keys) filter.keys_.push_back({.name = key.name});
  for (const auto& column : filter.predicate_.Columns()) {
    const std::string name = FoldName(column);
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const Column& k) { return k.name == name; });
    if (key == keys.end()) {
      std::string names;
      for (const auto& k : keys) names.append(names.empty() ? "" : ", ").append(k.name);
      return MakeError(ErrorKind::kInvalid, "partition expression of ", table.ToString(), ": ", column,
                       " is no partition key; they are: ", names.empty() ? "none" : names);
    }
    const auto at = static_cast<size_t>(key - keys.begin());
    filter.used_.emplace(name, at);
    auto type = key->type.empty() ? Result<std::shared_ptr<arrow::DataType>>(arrow::utf8()) : ParseGlueType(key->type);
    if (!type.ok()) return Prefix(type.status(), "table " + table.ToString() + ", partition key " + name);
    filter.keys_[at].type = std::move(*type);
  }
  filter.FindRanges();
  return filter;
}

void PartitionFilter::FindRanges() {
  std::vector<Predicate> terms;
  FlattenAnd(predicate_, &terms);
  std::vector<std::string> prefixes = {""};
  KeyBounds bounds;
  for (const auto& key : keys_) {
    bounds = {};
    if (key.type == nullptr || !arrow::is_string(key.type->id())) break;
    bounds = BoundsOf(terms, key.name);
    if (!bounds.points || prefixes.size() * bounds.points->size() > kMaxRanges) break;
    // Prefixes are in order and none starts with another, so what is appended in order stays in order.
    std::vector<std::string> longer;
    for (const auto& prefix : prefixes) {
      for (const auto& point : *bounds.points) AppendKeyPart(point, &longer.emplace_back(prefix));
    }
    prefixes = std::move(longer);
    bounds = {};
  }
  for (const auto& prefix : prefixes) {
    KeyRange range{.first = prefix, .last = {}};
    if (!prefix.empty()) {
      // A prefix ends in 0x00 0x00: the next one that is not inside it ends in 0x00 0x01.
      range.last = prefix;
      range.last->back() = '\x01';
    }
    if (bounds.lower) AppendOpenKeyPart(*bounds.lower, &range.first);
    if (bounds.upper) {
      range.last = prefix;
      AppendKeyPart(*bounds.upper, &*range.last);
      range.last->back() = '\x01';
    }
    ranges_.push_back(std::move(range));
  }
}

Result<std::shared_ptr<arrow::Scalar>> PartitionFilter::Typed(Key& key, const std::string& value) {
  if (const auto it = key.seen.find(value); it != key.seen.end()) return it->second;
  auto parsed = ParseValue(key.type, value);
  if (!parsed.ok()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "drop the partition, or make the key's type string"},
                     "table ", table_.ToString(), ": partition value ", key.name, " = '", value, "' is not a ",
                     key.type->ToString());
  }
  if (key.seen.size() >= kMaxRemembered) key.seen.clear();
  return key.seen.emplace(value, std::move(*parsed)).first->second;
}

Result<bool> PartitionFilter::Matches(const std::vector<std::string>& values) {
  if (predicate_.always_true()) return true;
  std::unordered_map<std::string, std::shared_ptr<arrow::Scalar>> typed;
  for (const auto& [name, at] : used_) {
    ARROW_ASSIGN_OR_RAISE(typed[name], Typed(keys_[at], values[at]));
  }
  ARROW_ASSIGN_OR_RAISE(const auto truth, predicate_.Evaluate([&](const std::string& column) {
    const auto it = typed.find(column);
    return it != typed.end() ? it->second : typed[FoldName(column)];
  }));
  return truth == Predicate::Truth::kTrue;
}

}  // namespace glaux
