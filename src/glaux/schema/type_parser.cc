#include <arrow/api.h>

#include <unordered_set>

#include "glaux/schema/scanner_internal.h"
#include "glaux/schema/type_table_internal.h"

namespace glaux::schema_internal {
namespace {

using arrow::TimeUnit;
using TypePtr = std::shared_ptr<arrow::DataType>;

/// A type and how deep it nests: suffixes like [][] nest without recursion, so the way down does not count it.
struct Parsed {
  TypePtr type;
  int height = 0;
};

class TypeParser {
 public:
  TypeParser(Dialect dialect, std::string_view text) : dialect_(dialect), scan_(DialectName(dialect), text) {}

  Result<TypePtr> ParseAll() {
    ARROW_ASSIGN_OR_RAISE(auto parsed, ParseNested(0));
    if (!scan_.AtEnd()) return scan_.Expected("the end");
    return std::move(parsed.type);
  }

 private:
  bool glue() const { return dialect_ == Dialect::kGlue; }
  bool athena() const { return dialect_ == Dialect::kAthena; }
  bool duckdb() const { return dialect_ == Dialect::kDuckDB; }

  Result<Parsed> ParseNested(int depth) {
    const size_t start = scan_.position();
    if (depth > kMaxTypeDepth) return TooDeep(start);
    ARROW_ASSIGN_OR_RAISE(auto parsed, ParseBase(depth));
    while (duckdb() && scan_.Accept('[')) {
      if (scan_.Accept(']')) {
        parsed.type = ListOf(std::move(parsed.type));
      } else {
        ARROW_ASSIGN_OR_RAISE(const int32_t size, scan_.TakeNumber("a size or ]"));
        ARROW_RETURN_NOT_OK(scan_.Take(']', "]"));
        parsed.type = arrow::fixed_size_list(arrow::field("element", std::move(parsed.type)), size);
      }
      // Inside the loop: destroying a type recurses as deep as the type.
      if (++parsed.height > kMaxTypeDepth) return TooDeep(start);
    }
    if (parsed.height > kMaxTypeDepth) return TooDeep(start);
    return parsed;
  }

  Status TooDeep(size_t position) const {
    return scan_.Fail(position,
                      "types nest at most " + std::to_string(kMaxTypeDepth) + " levels deep, and this one goes on");
  }

  Result<Parsed> ParseBase(int depth) {
    const size_t start = scan_.position();
    if (duckdb() && scan_.Peek() == '"') {  // DuckDB quotes the name of its type "NULL"
      ARROW_ASSIGN_OR_RAISE(const auto quoted, scan_.TakeQuoted('"'));
      if (auto type = FindWord(dialect_, quoted)) return Parsed{std::move(type)};
      return scan_.Fail(start, "expected a type, found \"" + quoted + "\"");
    }
    const std::string word = Lower(scan_.PeekWord());
    if (word.empty()) return scan_.Expected("a type");
    scan_.TakeWord();
    if (word == "decimal" || word == "numeric" || word == "dec") return ParseDecimal();
    if (word == "timestamp") return ParseTimestamp();
    if (word == "time" && !glue()) return ParseTime();
    if (word == "interval" && !glue()) return ParseInterval(start);
    if (word == "varchar" || word == "char" || word == "character" ||
        (duckdb() && (word == "bpchar" || word == "string"))) {
      return ParseText(word);
    }
    if (word == "double") {
      scan_.AcceptWord("precision");
      return Parsed{arrow::float64()};
    }
    if (word == "enum" && duckdb()) return ParseEnum();
    if (word == "array" && !duckdb()) return ParseArray(depth);
    if (word == "map") return ParseMap(depth);
    if (word == "struct" || (word == "row" && !glue())) return ParseStruct(depth);
    if (word == "uniontype" || word == "union") return scan_.Fail(start, "a union has no place in a table");
    if (auto type = FindWord(dialect_, word)) {
      if (athena() && type->id() == arrow::Type::BINARY && scan_.Peek() == '(')
        ARROW_RETURN_NOT_OK(SkipParameter(depth));
      return Parsed{std::move(type)};
    }
    scan_.set_position(start);
    return scan_.Expected("a type");
  }

  Result<Parsed> ParseDecimal() {
    // Each language has its own decimal without arguments.
    int32_t precision = glue() ? 10 : athena() ? 38 : 18;
    int32_t scale = duckdb() ? 3 : 0;
    if (scan_.Accept('(')) {
      const size_t start = scan_.position();
      ARROW_ASSIGN_OR_RAISE(precision, scan_.TakeNumber("a number of digits"));
      scale = 0;
      if (precision < 1 || precision > 38)
        return scan_.Fail(start, "expected 1 to 38 digits, found " + std::to_string(precision));
      if (scan_.Accept(',')) {
        const size_t at = scan_.position();
        ARROW_ASSIGN_OR_RAISE(scale, scan_.TakeNumber("a number of digits after the point"));
        if (scale > precision) {
          return scan_.Fail(at, "expected at most " + std::to_string(precision) + " digits after the point, found " +
                                    std::to_string(scale));
        }
      }
      ARROW_RETURN_NOT_OK(scan_.Take(')', ")"));
    }
    return Parsed{arrow::decimal128(precision, scale)};
  }

  /// "(3)": digits after the second, as the unit that holds them.
  Result<TimeUnit::type> ParseUnit(TimeUnit::type otherwise) {
    if (!scan_.Accept('(')) return otherwise;
    const size_t start = scan_.position();
    ARROW_ASSIGN_OR_RAISE(const int32_t digits, scan_.TakeNumber("a number of digits of the second"));
    if (digits > 9)
      return scan_.Fail(start, "expected at most 9 digits of the second, found " + std::to_string(digits));
    ARROW_RETURN_NOT_OK(scan_.Take(')', ")"));
    return digits == 0   ? TimeUnit::SECOND
           : digits <= 3 ? TimeUnit::MILLI
           : digits <= 6 ? TimeUnit::MICRO
                         : TimeUnit::NANO;
  }

  bool AcceptZone() {
    if (scan_.AcceptWords("without time zone")) return false;
    return scan_.AcceptWords("with time zone") || scan_.AcceptWords("with local time zone");
  }

  Result<Parsed> ParseTimestamp() {
    ARROW_ASSIGN_OR_RAISE(auto unit, ParseUnit(athena() ? TimeUnit::MILLI : TimeUnit::MICRO));
    const bool zone = AcceptZone();
    // A Glue table keeps instants in UTC and no zone, whatever the column was declared as.
    if (glue()) return Parsed{arrow::timestamp(TimeUnit::MICRO)};
    if (duckdb() && zone) unit = TimeUnit::MICRO;
    return Parsed{zone ? arrow::timestamp(unit, "UTC") : arrow::timestamp(unit)};
  }

  Result<Parsed> ParseTime() {
    ARROW_ASSIGN_OR_RAISE(const auto unit, ParseUnit(athena() ? TimeUnit::MILLI : TimeUnit::MICRO));
    // Arrow has no time with an offset.
    if (AcceptZone()) return Parsed{arrow::utf8()};
    const bool narrow = unit == TimeUnit::SECOND || unit == TimeUnit::MILLI;
    return Parsed{narrow ? arrow::time32(unit) : arrow::time64(unit)};
  }

  Result<Parsed> ParseInterval(size_t start) {
    if (duckdb()) return Parsed{arrow::month_day_nano_interval()};
    if (scan_.AcceptWords("day to second")) return Parsed{arrow::duration(TimeUnit::MILLI)};
    if (scan_.AcceptWords("year to month")) return Parsed{arrow::month_interval()};
    return scan_.Fail(start, "expected interval day to second or interval year to month");
  }

  Result<Parsed> ParseText(std::string_view word) {
    if (word == "character") scan_.AcceptWord("varying");
    if (scan_.Accept('(')) {
      ARROW_RETURN_NOT_OK(scan_.TakeNumber("a length").status());
      ARROW_RETURN_NOT_OK(scan_.Take(')', ")"));
    }
    return Parsed{arrow::utf8()};
  }

  Result<Parsed> ParseEnum() {
    ARROW_RETURN_NOT_OK(scan_.Take('(', "("));
    do {
      ARROW_RETURN_NOT_OK(scan_.TakeQuoted('\'').status());
    } while (scan_.Accept(','));
    ARROW_RETURN_NOT_OK(scan_.Take(')', ", or )"));
    return Parsed{arrow::utf8()};
  }

  Status SkipParameter(int depth) {  // qdigest(bigint), varbinary(16)
    ARROW_RETURN_NOT_OK(scan_.Take('(', "("));
    if (scan_.PeekWord().empty()) {
      ARROW_RETURN_NOT_OK(scan_.TakeNumber("a length").status());
    } else {
      ARROW_RETURN_NOT_OK(ParseNested(depth + 1).status());
    }
    return scan_.Take(')', ")");
  }

  /// The bracket that opens a type's parts. \return the one that closes them
  Result<char> Open() {
    if (!duckdb() && scan_.Accept('<')) return '>';
    if (!glue() && scan_.Accept('(')) return ')';
    return scan_.Expected(glue() ? "<" : duckdb() ? "(" : "( or <");
  }

  Status Close(char bracket) { return scan_.Take(bracket, std::string(1, bracket)); }

  Result<Parsed> ParseArray(int depth) {
    ARROW_ASSIGN_OR_RAISE(const char close, Open());
    ARROW_ASSIGN_OR_RAISE(auto element, ParseNested(depth + 1));
    ARROW_RETURN_NOT_OK(Close(close));
    return Parsed{ListOf(std::move(element.type)), element.height + 1};
  }

  Result<Parsed> ParseMap(int depth) {
    ARROW_ASSIGN_OR_RAISE(const char close, Open());
    ARROW_ASSIGN_OR_RAISE(auto key, ParseNested(depth + 1));
    ARROW_RETURN_NOT_OK(scan_.Take(',', ","));
    ARROW_ASSIGN_OR_RAISE(auto value, ParseNested(depth + 1));
    ARROW_RETURN_NOT_OK(Close(close));
    const int height = std::max(key.height, value.height) + 1;
    return Parsed{arrow::map(std::move(key.type), std::move(value.type)), height};
  }

  Result<Parsed> ParseStruct(int depth) {
    ARROW_ASSIGN_OR_RAISE(const char close, Open());
    arrow::FieldVector fields;
    std::unordered_set<std::string> names;
    int height = 0;
    if (!(glue() && scan_.Peek() == close)) {  // Glue's crawlers write struct<> for an empty object
      do {
        const size_t start = scan_.position();
        ARROW_ASSIGN_OR_RAISE(auto name, ParseFieldName(close, fields.size()));
        // A query's result may name two fields alike; a table's column cannot.
        if (!names.insert(name).second && glue()) return scan_.Fail(start, "two fields are called " + name);
        ARROW_ASSIGN_OR_RAISE(auto type, ParseNested(depth + 1));
        if (!duckdb() && scan_.AcceptWord("comment")) ARROW_RETURN_NOT_OK(scan_.TakeQuoted('\'').status());
        height = std::max(height, type.height);
        fields.push_back(arrow::field(std::move(name), std::move(type.type)));
      } while (scan_.Accept(','));
    }
    ARROW_RETURN_NOT_OK(scan_.Take(close, std::string(", or ") + close));
    return Parsed{arrow::struct_(std::move(fields)), height + 1};
  }

  Result<std::string> ParseFieldName(char close, size_t index) {
    const char quote = scan_.Peek();
    std::string name;
    if (close == '>') {
      if (quote == '`' || (athena() && quote == '"')) {
        ARROW_ASSIGN_OR_RAISE(name, scan_.TakeQuoted(quote));
      } else {
        name = scan_.TakeUntil(":,<>");
        if (name.empty()) return scan_.Expected("the name of a field");
      }
      ARROW_RETURN_NOT_OK(scan_.Take(':', ":"));
      return name;
    }
    if (quote == '"') return scan_.TakeQuoted('"');
    if (athena() && IsNamelessField()) return "field" + std::to_string(index);
    name = scan_.TakeWord();
    if (name.empty()) return scan_.Expected("the name of a field");
    return name;
  }

  /// row(integer, varchar): a type stands where a name is expected. The word after it tells.
  bool IsNamelessField() {
    const size_t start = scan_.position();
    const bool word = !scan_.TakeWord().empty();
    const char next = scan_.Peek();
    const std::string second = Lower(scan_.PeekWord());
    scan_.set_position(start);
    if (!word) return false;
    return next == ',' || next == ')' || next == '(' || next == '<' || second == "with" || second == "without" ||
           second == "precision" || second == "day" || second == "year";
  }

  Dialect dialect_;
  Scanner scan_;
};

}  // namespace

Result<TypePtr> ParseType(Dialect dialect, std::string_view text) { return TypeParser(dialect, text).ParseAll(); }

}  // namespace glaux::schema_internal
