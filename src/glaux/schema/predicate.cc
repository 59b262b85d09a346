#include "glaux/schema/predicate.h"

#include <arrow/api.h>

#include <charconv>
#include <cmath>
#include <set>

#include "glaux/schema/names.h"
#include "glaux/schema/predicate_internal.h"
#include "glaux/schema/scanner_internal.h"

namespace glaux {

struct Predicate::Node {
  Op op = Op::kTrue;
  Comparison comparison = Comparison::kEqual;
  std::string column;
  std::vector<std::shared_ptr<arrow::Scalar>> values;
  std::string pattern;
  std::vector<Predicate> children;
};

namespace {

using Truth = Predicate::Truth;

constexpr std::string_view kComparisons[] = {"=", "<>", "<", "<=", ">", ">="};

std::string Quoted(std::string_view text, char quote) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote) result += quote;
    result += c;
  }
  return result += quote;
}

bool IsKeyword(std::string_view word) {
  static constexpr std::string_view kKeywords[] = {"and",  "between", "escape", "false", "in",  "is",
                                                   "like", "not",     "null",   "or",    "true"};
  return std::binary_search(std::begin(kKeywords), std::end(kKeywords), word);
}

std::string ColumnText(std::string_view column) {
  const bool plain = !column.empty() && !(column[0] >= '0' && column[0] <= '9') && !IsKeyword(column) &&
                     column.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
  return plain ? std::string(column) : Quoted(column, '"');
}

std::string DoubleText(double value) {
  if (!std::isfinite(value)) return Quoted(std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf", '\'');
  char buffer[40];
  // An exponent tells Parse that this is a double: 0.1 without one is a decimal.
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  return {buffer, end};
}

std::string LiteralText(const std::shared_ptr<arrow::Scalar>& value) {
  if (value == nullptr || !value->is_valid) return "NULL";
  using arrow::Type;
  switch (value->type->id()) {
    case Type::BOOL:
      return static_cast<const arrow::BooleanScalar&>(*value).value ? "TRUE" : "FALSE";
    case Type::FLOAT:
      return DoubleText(static_cast<const arrow::FloatScalar&>(*value).value);
    case Type::DOUBLE:
      return DoubleText(static_cast<const arrow::DoubleScalar&>(*value).value);
    case Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Scalar&>(*value);
      const auto scale = static_cast<const arrow::DecimalType&>(*value->type).scale();
      return scale < 0 ? DoubleText(decimal.value.ToDouble(scale)) : decimal.value.ToString(scale);
    }
    case Type::DATE32:
    case Type::DATE64:
      return "DATE " + Quoted(value->ToString(), '\'');
    case Type::TIMESTAMP: {
      std::string text = value->ToString();
      if (text.ends_with('Z')) text.pop_back();  // of a type with a zone; instants are UTC either way
      return "TIMESTAMP " + Quoted(text, '\'');
    }
    default:
      if (arrow::is_integer(value->type->id())) return value->ToString();
      return Quoted(schema_internal::TextOf(*value), '\'');
  }
}

Truth Negate(Truth truth) {
  if (truth == Truth::kUnknown) return truth;
  return truth == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
}

Truth ToTruth(bool holds) { return holds ? Truth::kTrue : Truth::kFalse; }

bool Holds(Predicate::Comparison comparison, std::partial_ordering order) {
  switch (comparison) {
    case Predicate::Comparison::kEqual:
      return order == 0;
    case Predicate::Comparison::kNotEqual:
      return order != 0;
    case Predicate::Comparison::kLess:
      return order < 0;
    case Predicate::Comparison::kLessEqual:
      return order <= 0;
    case Predicate::Comparison::kGreater:
      return order > 0;
    default:
      return order >= 0;
  }
}

Result<Truth> CompareOne(const std::string& column, Predicate::Comparison comparison, const arrow::Scalar& value,
                         const std::shared_ptr<arrow::Scalar>& literal) {
  if (literal == nullptr || !literal->is_valid) return Truth::kUnknown;
  const auto order = schema_internal::CompareToLiteral(value, *literal);
  if (!order.ok()) return Prefix(order.status(), "filter on column " + column);
  return ToTruth(Holds(comparison, *order));
}

const std::vector<std::shared_ptr<arrow::Scalar>> kNoValues;
const std::vector<Predicate> kNoChildren;
const std::string kNoText;

}  // namespace

Predicate Predicate::Compare(std::string column, Comparison comparison, std::shared_ptr<arrow::Scalar> value) {
  Predicate result;
  result.node_ = std::make_shared<Node>(
      Node{.op = Op::kCompare, .comparison = comparison, .column = FoldName(column), .values = {std::move(value)}});
  return result;
}

Predicate Predicate::In(std::string column, std::vector<std::shared_ptr<arrow::Scalar>> values) {
  if (values.empty()) return Not({});
  Predicate result;
  result.node_ = std::make_shared<Node>(Node{.op = Op::kIn, .column = FoldName(column), .values = std::move(values)});
  return result;
}

Predicate Predicate::Like(std::string column, std::string pattern) {
  // A lone backslash at the end escapes nothing, so it means itself.
  size_t backslashes = 0;
  while (backslashes < pattern.size() && pattern[pattern.size() - 1 - backslashes] == '\\') ++backslashes;
  if (backslashes % 2 == 1) pattern += '\\';
  Predicate result;
  result.node_ =
      std::make_shared<Node>(Node{.op = Op::kLike, .column = FoldName(column), .pattern = std::move(pattern)});
  return result;
}

Predicate Predicate::IsNull(std::string column) {
  Predicate result;
  result.node_ = std::make_shared<Node>(Node{.op = Op::kIsNull, .column = FoldName(column)});
  return result;
}

Predicate Predicate::And(std::vector<Predicate> children) {
  std::vector<Predicate> flat;
  for (auto& child : children) {
    if (child.always_true()) continue;
    if (child.op() == Op::kAnd) {
      flat.insert(flat.end(), child.children().begin(), child.children().end());
    } else {
      flat.push_back(std::move(child));
    }
  }
  if (flat.empty()) return {};
  if (flat.size() == 1) return flat[0];
  Predicate result;
  result.node_ = std::make_shared<Node>(Node{.op = Op::kAnd, .children = std::move(flat)});
  return result;
}

Predicate Predicate::Or(std::vector<Predicate> children) {
  std::vector<Predicate> flat;
  for (auto& child : children) {
    if (child.always_true()) return {};
    if (child.op() == Op::kOr) {
      flat.insert(flat.end(), child.children().begin(), child.children().end());
    } else {
      flat.push_back(std::move(child));
    }
  }
  if (flat.empty()) return Not({});
  if (flat.size() == 1) return flat[0];
  Predicate result;
  result.node_ = std::make_shared<Node>(Node{.op = Op::kOr, .children = std::move(flat)});
  return result;
}

Predicate Predicate::Not(Predicate child) {
  if (child.op() == Op::kNot) return child.children()[0];
  Predicate result;
  result.node_ = std::make_shared<Node>(Node{.op = Op::kNot, .children = {std::move(child)}});
  return result;
}

Predicate::Op Predicate::op() const { return node_ == nullptr ? Op::kTrue : node_->op; }
Predicate::Comparison Predicate::comparison() const {
  return node_ == nullptr ? Comparison::kEqual : node_->comparison;
}
const std::string& Predicate::column() const { return node_ == nullptr ? kNoText : node_->column; }
const std::vector<std::shared_ptr<arrow::Scalar>>& Predicate::values() const {
  return node_ == nullptr ? kNoValues : node_->values;
}
const std::string& Predicate::pattern() const { return node_ == nullptr ? kNoText : node_->pattern; }
const std::vector<Predicate>& Predicate::children() const { return node_ == nullptr ? kNoChildren : node_->children; }

std::vector<std::string> Predicate::Columns() const {
  std::set<std::string> columns;
  if (!column().empty()) columns.insert(column());
  for (const auto& child : children()) {
    for (auto& name : child.Columns()) columns.insert(std::move(name));
  }
  return {columns.begin(), columns.end()};
}

namespace {

std::string Print(const Predicate& predicate);

std::string PrintCondition(const Predicate& predicate, bool negated) {
  const std::string column = ColumnText(predicate.column());
  const std::string_view no = negated ? " NOT" : "";
  std::string text = column;
  if (predicate.op() == Predicate::Op::kIsNull) return text.append(" IS").append(no).append(" NULL");
  text += no;
  if (predicate.op() == Predicate::Op::kLike) {
    text.append(" LIKE ").append(Quoted(predicate.pattern(), '\''));
    return predicate.pattern().find('\\') == std::string::npos ? text : text + " ESCAPE '\\'";
  }
  text += " IN (";
  for (size_t i = 0; i < predicate.values().size(); ++i) {
    text.append(i == 0 ? "" : ", ").append(LiteralText(predicate.values()[i]));
  }
  return text + ")";
}

std::string PrintAll(const Predicate& predicate, std::string_view word) {
  std::string text;
  for (const auto& child : predicate.children()) {
    const bool wrap = child.op() == Predicate::Op::kOr || child.op() == Predicate::Op::kAnd;
    text.append(text.empty() ? "" : word).append(wrap ? "(" : "").append(Print(child)).append(wrap ? ")" : "");
  }
  return text;
}

std::string Print(const Predicate& predicate) {
  using Op = Predicate::Op;
  switch (predicate.op()) {
    case Op::kTrue:
      return "TRUE";
    case Op::kCompare:
      return ColumnText(predicate.column()) + " " +
             std::string(kComparisons[static_cast<size_t>(predicate.comparison())]) + " " +
             LiteralText(predicate.values()[0]);
    case Op::kIn:
    case Op::kLike:
    case Op::kIsNull:
      return PrintCondition(predicate, false);
    case Op::kAnd:
      return PrintAll(predicate, " AND ");
    case Op::kOr:
      return PrintAll(predicate, " OR ");
    case Op::kNot:
      break;
  }
  const auto& child = predicate.children()[0];
  if (child.always_true()) return "FALSE";
  if (child.op() == Op::kIn || child.op() == Op::kLike || child.op() == Op::kIsNull) return PrintCondition(child, true);
  return "NOT (" + Print(child) + ")";
}

}  // namespace

std::string Predicate::ToString() const { return always_true() ? std::string() : Print(*this); }

Result<Truth> Predicate::Evaluate(const Lookup& lookup) const {
  switch (op()) {
    case Op::kTrue:
      return Truth::kTrue;
    case Op::kNot: {
      ARROW_ASSIGN_OR_RAISE(const auto truth, children()[0].Evaluate(lookup));
      return Negate(truth);
    }
    case Op::kAnd:
    case Op::kOr: {
      const Truth decisive = op() == Op::kAnd ? Truth::kFalse : Truth::kTrue;
      Truth result = Negate(decisive);
      for (const auto& child : children()) {
        ARROW_ASSIGN_OR_RAISE(const auto truth, child.Evaluate(lookup));
        if (truth == decisive) return decisive;
        if (truth == Truth::kUnknown) result = truth;
      }
      return result;
    }
    default:
      break;
  }
  const auto value = lookup(column());
  if (value == nullptr) return Truth::kUnknown;
  if (op() == Op::kIsNull) return ToTruth(!value->is_valid);
  if (!value->is_valid) return Truth::kUnknown;
  if (op() == Op::kLike) return ToTruth(schema_internal::MatchesLike(schema_internal::TextOf(*value), pattern()));
  Truth result = Truth::kFalse;
  for (const auto& literal : values()) {  // one, of kCompare
    ARROW_ASSIGN_OR_RAISE(const auto truth, CompareOne(column(), comparison(), *value, literal));
    if (truth == Truth::kTrue) return truth;
    if (truth == Truth::kUnknown) result = truth;
  }
  return result;
}

}  // namespace glaux
