#include <arrow/api.h>
#include <arrow/util/decimal.h>

#include <charconv>
#include <optional>

#include "glaux/schema/predicate.h"
#include "glaux/schema/scanner_internal.h"

namespace glaux {
namespace {

using ScalarPtr = std::shared_ptr<arrow::Scalar>;
using Comparison = Predicate::Comparison;

constexpr int kMaxDepth = 100;

Comparison Flipped(Comparison comparison) {
  switch (comparison) {
    case Comparison::kLess:
      return Comparison::kGreater;
    case Comparison::kLessEqual:
      return Comparison::kGreaterEqual;
    case Comparison::kGreater:
      return Comparison::kLess;
    case Comparison::kGreaterEqual:
      return Comparison::kLessEqual;
    default:
      return comparison;
  }
}

class PredicateParser {
 public:
  explicit PredicateParser(std::string_view text) : scan_("filter", text) {}

  Result<Predicate> ParseAll() {
    if (scan_.AtEnd()) return Predicate();
    ARROW_ASSIGN_OR_RAISE(auto predicate, ParseOr(0));
    if (!scan_.AtEnd()) return scan_.Expected("AND, OR or the end");
    return predicate;
  }

 private:
  Result<Predicate> ParseOr(int depth) {
    std::vector<Predicate> children;
    do {
      ARROW_ASSIGN_OR_RAISE(auto child, ParseAnd(depth));
      children.push_back(std::move(child));
    } while (scan_.AcceptWord("or"));
    return children.size() == 1 ? children[0] : Predicate::Or(std::move(children));
  }

  Result<Predicate> ParseAnd(int depth) {
    std::vector<Predicate> children;
    do {
      bool negated = false;
      while (scan_.AcceptWord("not")) negated = !negated;
      ARROW_ASSIGN_OR_RAISE(auto child, ParsePrimary(depth));
      children.push_back(negated ? Predicate::Not(std::move(child)) : std::move(child));
    } while (scan_.AcceptWord("and"));
    return children.size() == 1 ? children[0] : Predicate::And(std::move(children));
  }

  Result<Predicate> ParsePrimary(int depth) {
    const size_t start = scan_.position();
    if (!scan_.Accept('(')) return ParseCondition();
    if (depth >= kMaxDepth) {
      return scan_.Fail(start,
                        "conditions nest at most " + std::to_string(kMaxDepth) + " levels deep, and this one goes on");
    }
    ARROW_ASSIGN_OR_RAISE(auto inner, ParseOr(depth + 1));
    ARROW_RETURN_NOT_OK(scan_.Take(')', "AND, OR or )"));
    return inner;
  }

  Result<Predicate> ParseCondition() {
    ARROW_ASSIGN_OR_RAISE(auto literal, TakeLiteral());
    if (literal) return ParseFlipped(std::move(*literal));
    ARROW_ASSIGN_OR_RAISE(auto column, TakeColumn("a column or a condition"));
    if (const auto comparison = TakeComparison()) {
      ARROW_ASSIGN_OR_RAISE(auto value, TakeValue());
      return Predicate::Compare(std::move(column), *comparison, std::move(value));
    }
    if (scan_.AcceptWord("is")) {
      const bool negated = scan_.AcceptWord("not");
      if (!scan_.AcceptWord("null")) return scan_.Expected(negated ? "NULL" : "NULL or NOT NULL");
      return Signed(negated, Predicate::IsNull(std::move(column)));
    }
    const bool negated = scan_.AcceptWord("not");
    if (scan_.AcceptWord("in")) return ParseIn(std::move(column), negated);
    if (scan_.AcceptWord("like")) return ParseLike(std::move(column), negated);
    if (scan_.AcceptWord("between")) return ParseBetween(column, negated);
    return scan_.Expected(negated ? "IN, LIKE or BETWEEN"
                                  : "a comparison (=, <>, <, <=, >, >=, IN, LIKE, BETWEEN, IS)");
  }

  static Predicate Signed(bool negated, Predicate predicate) {
    return negated ? Predicate::Not(std::move(predicate)) : std::move(predicate);
  }

  /// 5 < a, or TRUE alone.
  Result<Predicate> ParseFlipped(ScalarPtr literal) {
    if (const auto comparison = TakeComparison()) {
      ARROW_ASSIGN_OR_RAISE(auto column, TakeColumn("a column"));
      return Predicate::Compare(std::move(column), Flipped(*comparison), std::move(literal));
    }
    if (literal->type->id() == arrow::Type::BOOL) {
      return Signed(!static_cast<const arrow::BooleanScalar&>(*literal).value, Predicate());
    }
    return scan_.Expected("a comparison (=, <>, <, <=, >, >=)");
  }

  Result<Predicate> ParseIn(std::string column, bool negated) {
    ARROW_RETURN_NOT_OK(scan_.Take('(', "("));
    std::vector<ScalarPtr> values;
    do {
      ARROW_ASSIGN_OR_RAISE(auto value, TakeValue());
      values.push_back(std::move(value));
    } while (scan_.Accept(','));
    ARROW_RETURN_NOT_OK(scan_.Take(')', ", or )"));
    return Signed(negated, Predicate::In(std::move(column), std::move(values)));
  }

  Result<Predicate> ParseBetween(const std::string& column, bool negated) {
    ARROW_ASSIGN_OR_RAISE(auto low, TakeValue());
    if (!scan_.AcceptWord("and")) return scan_.Expected("AND and the upper bound");
    ARROW_ASSIGN_OR_RAISE(auto high, TakeValue());
    return Signed(negated, Predicate::And({Predicate::Compare(column, Comparison::kGreaterEqual, std::move(low)),
                                           Predicate::Compare(column, Comparison::kLessEqual, std::move(high))}));
  }

  Result<Predicate> ParseLike(std::string column, bool negated) {
    if (scan_.Peek() != '\'') return scan_.Expected("a pattern in single quotes");
    const size_t start = scan_.position();
    ARROW_ASSIGN_OR_RAISE(const auto pattern, scan_.TakeQuoted('\''));
    std::string escape;
    if (scan_.AcceptWord("escape")) {
      const size_t at = scan_.position();
      if (scan_.Peek() != '\'') return scan_.Expected("one character in single quotes");
      ARROW_ASSIGN_OR_RAISE(escape, scan_.TakeQuoted('\''));
      if (escape.size() != 1 || (escape[0] & 0x80) != 0)
        return scan_.Fail(at, "expected one ASCII character to escape with");
    }
    std::string canonical;  // escaped with a backslash, as Predicate::Like wants it
    for (size_t i = 0; i < pattern.size(); ++i) {
      char c = pattern[i];
      if (!escape.empty() && c == escape[0]) {
        if (++i == pattern.size()) return scan_.Fail(start, "the pattern ends with its escape character");
        c = pattern[i];
        if (c == '%' || c == '_') canonical += '\\';
      }
      if (c == '\\') canonical += '\\';
      canonical += c;
    }
    return Signed(negated, Predicate::Like(std::move(column), std::move(canonical)));
  }

  std::optional<Comparison> TakeComparison() {
    static constexpr std::pair<std::string_view, Comparison> kTokens[] = {
        {"<=", Comparison::kLessEqual}, {">=", Comparison::kGreaterEqual}, {"<>", Comparison::kNotEqual},
        {"!=", Comparison::kNotEqual},  {"==", Comparison::kEqual},        {"=", Comparison::kEqual},
        {"<", Comparison::kLess},       {">", Comparison::kGreater}};
    for (const auto& [token, comparison] : kTokens) {
      if (scan_.AcceptToken(token)) return comparison;
    }
    return std::nullopt;
  }

  Result<std::string> TakeColumn(std::string_view expected) {
    const char quote = scan_.Peek();
    if (quote == '"' || quote == '`') {
      const size_t start = scan_.position();
      ARROW_ASSIGN_OR_RAISE(auto name, scan_.TakeQuoted(quote));
      if (name.empty()) return scan_.Fail(start, "expected the name of a column, found an empty one");
      return name;
    }
    const std::string word = schema_internal::Lower(scan_.PeekWord());
    for (const std::string_view keyword :
         {"and", "or", "not", "in", "like", "between", "is", "null", "escape", "true", "false"}) {
      if (word == keyword) return scan_.Expected(expected);
    }
    if (word.empty()) return scan_.Expected(expected);
    return std::string(scan_.TakeWord());
  }

  Result<ScalarPtr> TakeValue() {
    ARROW_ASSIGN_OR_RAISE(auto literal, TakeLiteral());
    if (!literal) return scan_.Expected("a value: 'text', a number, TRUE, FALSE, DATE '...' or TIMESTAMP '...'");
    return std::move(*literal);
  }

  /// Nothing, and nothing taken, where no literal comes next.
  Result<std::optional<ScalarPtr>> TakeLiteral() {
    if (scan_.Peek() == '\'') {
      ARROW_ASSIGN_OR_RAISE(auto text, scan_.TakeQuoted('\''));
      return std::make_shared<arrow::StringScalar>(std::move(text));
    }
    const auto number = scan_.TakeDecimal();
    if (!number.empty()) return Number(number);
    if (scan_.AcceptWord("true")) return std::make_shared<arrow::BooleanScalar>(true);
    if (scan_.AcceptWord("false")) return std::make_shared<arrow::BooleanScalar>(false);
    if (scan_.AcceptWord("null")) return std::make_shared<arrow::NullScalar>();
    const size_t start = scan_.position();
    const bool date = scan_.AcceptWord("date");
    if ((date || scan_.AcceptWord("timestamp")) && scan_.Peek() == '\'') {
      const size_t at = scan_.position();
      ARROW_ASSIGN_OR_RAISE(const auto text, scan_.TakeQuoted('\''));
      return date ? Date(at, text) : Timestamp(at, text);
    }
    scan_.set_position(start);  // a column called date
    return std::nullopt;
  }

  Result<std::optional<ScalarPtr>> Date(size_t at, std::string_view text) {
    const auto parsed = arrow::Scalar::Parse(arrow::date32(), text);
    if (!parsed.ok()) return scan_.Fail(at, "expected a date like 2025-01-31");
    return *parsed;
  }

  Result<std::optional<ScalarPtr>> Timestamp(size_t at, std::string_view text) {
    if (text.ends_with('Z') || text.ends_with('z')) text.remove_suffix(1);
    for (const auto unit : {arrow::TimeUnit::MICRO, arrow::TimeUnit::NANO}) {
      const auto parsed = arrow::Scalar::Parse(arrow::timestamp(unit), text);
      if (parsed.ok()) return *parsed;
    }
    return scan_.Fail(at, "expected a timestamp like 2025-01-31 08:00:00");
  }

  static std::optional<ScalarPtr> Number(std::string_view text) {
    if (text.front() == '+') text.remove_prefix(1);
    int64_t whole = 0;
    const auto end = text.data() + text.size();
    if (const auto read = std::from_chars(text.data(), end, whole); read.ec == std::errc() && read.ptr == end) {
      return std::make_shared<arrow::Int64Scalar>(whole);
    }
    arrow::Decimal128 decimal;
    int32_t precision = 0;
    int32_t scale = 0;
    if (text.find_first_of("eE") == std::string_view::npos &&
        arrow::Decimal128::FromString(text, &decimal, &precision, &scale).ok() && precision <= 38) {
      return std::make_shared<arrow::Decimal128Scalar>(decimal,
                                                       arrow::decimal128(std::max({precision, scale, 1}), scale));
    }
    double number = 0;
    // Out of range leaves 0 or infinity's sign unsaid, so strtod's answer is taken.
    if (std::from_chars(text.data(), end, number).ec != std::errc())
      number = std::strtod(std::string(text).c_str(), nullptr);
    return std::make_shared<arrow::DoubleScalar>(number);
  }

  schema_internal::Scanner scan_;
};

}  // namespace

Result<Predicate> Predicate::Parse(std::string_view text) { return PredicateParser(text).ParseAll(); }

}  // namespace glaux
