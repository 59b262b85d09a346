#include "glaux/engine/duckdb/athena_errors_internal.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <regex>
#include <set>
#include <string>

#include "glaux/base/utf8.h"
#include "glaux/sql/athena_dialect.h"

namespace glaux::duckdb_engine {
namespace {

using duckdb::ExceptionType;

struct Words {
  std::string code;
  std::string message;
};

std::optional<std::string> ExtraOf(const duckdb::ErrorData& error, const char* key) {
  const auto found = error.ExtraInfo().find(key);
  return found == error.ExtraInfo().end() ? std::nullopt : std::optional<std::string>(found->second);
}

/// The message without what DuckDB adds to it: names that are near, candidates, the line with an arrow. Cut, since it
/// may quote a value of any length.
std::string FirstLine(const std::string& message) {
  constexpr size_t kMost = 1'000;
  const std::string line = message.substr(0, message.find('\n'));
  return line.size() <= kMost ? line : ValidUtf8(line.substr(0, kMost)) + "…";
}

/// Where in a query an error is, in bytes. DuckDB tells it by an arrow below the line, of which it shows a part:
///   LINE 1: ...what is asked FROM nothing WHERE...
///                                 ^
std::optional<size_t> PlaceOf(std::string_view message, std::string_view query) {
  const size_t begin = message.rfind("\nLINE ");
  if (begin == message.npos) return std::nullopt;
  const std::string_view told = message.substr(begin + 1);
  const size_t colon = told.find(": "), end = told.find('\n');
  if (colon == told.npos || end == told.npos || end < colon) return std::nullopt;
  size_t line = 0;
  if (std::from_chars(told.data() + 5, told.data() + colon, line).ec != std::errc() || line == 0) return std::nullopt;
  size_t arrow = told.find('^', end);
  if (arrow == told.npos || arrow - end - 1 < colon + 2) return std::nullopt;
  arrow -= end + 1 + colon + 2;
  size_t at = 0;
  for (; line > 1; --line) {
    at = query.find('\n', at) + 1;
    if (at == 0) return std::nullopt;
  }
  std::string_view shown = told.substr(colon + 2, end - colon - 2);
  constexpr std::string_view kCut = "...";
  if (shown.starts_with(kCut)) {
    if (arrow < kCut.size()) return std::nullopt;
    shown.remove_prefix(kCut.size());
    arrow -= kCut.size();
  }
  if (shown.ends_with(kCut)) shown.remove_suffix(kCut.size());
  at = query.find(shown, at);
  if (at == query.npos) return std::nullopt;
  for (; arrow > 0 && at < query.size(); --arrow) {
    for (++at; at < query.size() && (static_cast<unsigned char>(query[at]) & 0xc0) == 0x80;) ++at;
  }
  return at;
}

/// The n-th group of a pattern in a text; nothing if it is not there.
std::optional<std::string> Found(const std::string& text, const char* pattern, size_t group = 1) {
  std::smatch match;
  if (!std::regex_search(text, match, std::regex(pattern))) return std::nullopt;
  return match[group].str();
}

/// Types in a message of DuckDB's, as Athena calls them.
std::string WithAthenasTypes(std::string types) {
  types = std::regex_replace(types, std::regex("INTEGER_LITERAL"), "INTEGER");
  types = std::regex_replace(types, std::regex("STRING_LITERAL"), "VARCHAR");
  types = std::regex_replace(types, std::regex("\\bFLOAT\\b"), "REAL");
  types = std::regex_replace(types, std::regex("\\bBLOB\\b"), "VARBINARY");
  for (std::string last; last != types;) {
    last = types;
    types = std::regex_replace(types, std::regex("([A-Z_]+(?:\\([^()]*\\))?)\\[\\]"), "ARRAY($1)");
  }
  // Types are the words in capitals.
  for (size_t begin = 0; begin < types.size();) {
    size_t end = begin;
    while (end < types.size() && ((types[end] >= 'A' && types[end] <= 'Z') || types[end] == '_')) ++end;
    for (size_t at = begin; end > begin + 1 && at < end; ++at) {
      if (types[at] != '_') types[at] = static_cast<char>(types[at] - 'A' + 'a');
    }
    begin = end + 1;
  }
  return types;
}

Words OfCatalog(const duckdb::ErrorData& error, const sql::NameAt& name, std::string_view database) {
  const std::string line = FirstLine(error.RawMessage());
  const std::string type = ExtraOf(error, "type").value_or("");
  if (auto schema = Found(line, "because schema \"([^\"]+)\" does not exist")) {
    return {"SCHEMA_NOT_FOUND", "Schema '" + duckdb::StringUtil::Lower(*schema) + "' does not exist"};
  }
  if (type.find("Function") != std::string::npos || line.find("Function with name") != std::string::npos) {
    const auto function = ExtraOf(error, "name").value_or(name.text);
    return {"FUNCTION_NOT_FOUND", "Function '" + duckdb::StringUtil::Lower(function) + "' not registered"};
  }
  if (type.empty() || type == "Table" || type == "View") {
    std::string table = name.text.empty() ? ExtraOf(error, "name").value_or("") : name.text;
    if (table.find('.') == std::string::npos) table = std::string(database) + "." + table;
    return {"TABLE_NOT_FOUND", "Table 'awsdatacatalog." + duckdb::StringUtil::Lower(table) + "' does not exist"};
  }
  if (type == "Type") return {"TYPE_NOT_FOUND", "Unknown type: " + ExtraOf(error, "name").value_or(name.text)};
  return {"GENERIC_USER_ERROR", line};
}

Words OfBinder(const duckdb::ErrorData& error, const sql::NameAt& name) {
  const std::string& message = error.RawMessage();
  const std::string line = FirstLine(message);
  if (Found(line,
            "(Referenced (column|table) \"|does not have a column named|Values list .* does not have a column)")) {
    auto column = Found(line, "named \"([^\"]+)\"");
    if (!column) column = Found(line, "Referenced (?:column|table) \"([^\"]+)\"");
    return {"COLUMN_NOT_FOUND",
            "Column '" + (name.text.empty() ? column.value_or("") : name.text) + "' cannot be resolved"};
  }
  if (auto column = Found(line, "Ambiguous reference to column name \"([^\"]+)\"")) {
    return {"AMBIGUOUS_NAME", "Column '" + *column + "' is ambiguous"};
  }
  if (auto column = Found(line, "column \"?([^\"]+)\"? must appear in the GROUP BY")) {
    return {"EXPRESSION_NOT_AGGREGATE",
            "'" + *column + "' must be an aggregate expression or appear in GROUP BY clause"};
  }
  const auto call = Found(line, "(?:argument types '|function call \")(.+)['\"]\\. (?:You might|In order)");
  if (call) {
    const auto open = call->find('(');
    std::string function = call->substr(0, open);
    if (function.starts_with("athena_")) function.erase(0, 7);
    const std::string types = WithAthenasTypes(call->substr(open + 1, call->rfind(')') - open - 1));
    static const std::pair<const char*, const char*> kOperators[] = {{"divide", "/"}, {"mod", "%"}};
    for (const auto& [ours, theirs] : kOperators) {
      if (function == ours) function = theirs;
    }
    if (!function.empty() && !duckdb::StringUtil::CharacterIsAlpha(function[0]) && function[0] != '_') {
      return {"TYPE_MISMATCH", "'" + function + "' cannot be applied to " + types};
    }
    return {"FUNCTION_NOT_FOUND", "Unexpected parameters (" + types + ") for function " + function};
  }
  if (auto function = Found(line, "Macro (?:athena_)?([a-z0-9_]+)\\(\\) does not support")) {
    return {"FUNCTION_NOT_FOUND", "Unexpected parameters for function " + *function};
  }
  if (Found(
          line,
          "(Cannot compare|Cannot mix|Cannot cast|Unimplemented type for cast|Cannot unnest|requires a single list)")) {
    return {"TYPE_MISMATCH", WithAthenasTypes(line)};
  }
  return {"GENERIC_USER_ERROR", line};
}

/// A type as the text of a failed cast calls it.
std::string CastName(const std::string& type) {
  static const std::pair<const char*, const char*> kNames[] = {
      {"INT8", "TINYINT"}, {"INT16", "SMALLINT"}, {"INT32", "INT"}, {"INT64", "BIGINT"}, {"FLOAT", "REAL"}};
  for (const auto& [theirs, ours] : kNames) {
    if (type == theirs) return ours;
  }
  return type;
}

Words OfConversion(const std::string& line) {
  std::smatch match;
  if (std::regex_search(line, match, std::regex("[Cc]ould not convert string '(.*)' to ([A-Z0-9 ]+)"))) {
    return {"INVALID_CAST_ARGUMENT", "Cannot cast '" + match[1].str() + "' to " + CastName(match[2].str())};
  }
  if (line.find("Unimplemented type for cast") != std::string::npos) return {"TYPE_MISMATCH", WithAthenasTypes(line)};
  if (Found(line, "(date|time(?:stamp)?) field value")) {
    return {"INVALID_CAST_ARGUMENT", "Value cannot be cast to " + *Found(line, "(date|time(?:stamp)?) field value") +
                                         ": " + Found(line, "field value[^\"]*\"([^\"]*)\"").value_or(line)};
  }
  if (Found(line, "(out of range|Could not cast value|doesn't fit)")) return {"NUMERIC_VALUE_OUT_OF_RANGE", line};
  return {"INVALID_CAST_ARGUMENT", line};
}

Words WordsOf(const duckdb::ErrorData& error, const sql::NameAt& name, std::string_view database) {
  const std::string line = FirstLine(error.RawMessage());
  switch (error.Type()) {
    case ExceptionType::CATALOG:
      return OfCatalog(error, name, database);
    case ExceptionType::BINDER:
      return OfBinder(error, name);
    case ExceptionType::PARSER:
    case ExceptionType::SYNTAX: {
      const auto near = Found(line, "syntax error at or near \"([^\"]*)\"");
      if (near) return {"SYNTAX_ERROR", "mismatched input '" + *near + "'"};
      if (line.find("at end of input") != std::string::npos) return {"SYNTAX_ERROR", "mismatched input '<EOF>'"};
      return {"SYNTAX_ERROR", line};
    }
    case ExceptionType::CONVERSION:
      return OfConversion(line);
    case ExceptionType::OUT_OF_RANGE:
      if (line == "Division by zero") return {"DIVISION_BY_ZERO", line};
      return {"NUMERIC_VALUE_OUT_OF_RANGE", line};
    case ExceptionType::DIVIDE_BY_ZERO:
      return {"DIVISION_BY_ZERO", "Division by zero"};
    case ExceptionType::INVALID_INPUT:
      if (line.find("More than one row returned by a subquery") != std::string::npos) {
        return {"SUBQUERY_MULTIPLE_ROWS", "Scalar sub-query has returned multiple rows"};
      }
      return {"INVALID_FUNCTION_ARGUMENT", line};
    case ExceptionType::NOT_IMPLEMENTED:
      return {"NOT_SUPPORTED", line};
    case ExceptionType::OUT_OF_MEMORY:
      return {"EXCEEDED_LOCAL_MEMORY_LIMIT", error.RawMessage()};
    default:
      return {};
  }
}

}  // namespace

Status ToAthenaStatus(const duckdb::ErrorData& error, const Status& status, const AthenaQuery& query) {
  auto info = InfoOf(status);
  sql::NameAt name;
  if (const auto place = PlaceOf(error.RawMessage(), query.run)) {
    name = sql::FindName(query.asked, query.run, *place);
    // Beside wide letters the arrow is somewhere else: rather no place than a wrong one.
    const auto meant = ExtraOf(error, "name");
    if (meant && !meant->starts_with("athena_") &&
        !duckdb::StringUtil::Contains(duckdb::StringUtil::Lower(name.text), duckdb::StringUtil::Lower(*meant))) {
      name = {};
    }
  }
  const auto words = WordsOf(error, name, query.database);
  if (words.code.empty()) return status;
  info.code = words.code;
  if (words.code == "SCHEMA_NOT_FOUND" || words.code == "TABLE_NOT_FOUND") info.kind = ErrorKind::kNotFound;
  // What goes wrong with a value has no place in the query.
  static const std::set<std::string_view> kOfValues = {"DIVISION_BY_ZERO",          "INVALID_CAST_ARGUMENT",
                                                       "INVALID_FUNCTION_ARGUMENT", "NUMERIC_VALUE_OUT_OF_RANGE",
                                                       "SUBQUERY_MULTIPLE_ROWS",    "EXCEEDED_LOCAL_MEMORY_LIMIT"};
  if (kOfValues.contains(words.code)) name = {};
  std::string message =
      name.line == 0 ? words.message
                     : "line " + std::to_string(name.line) + ":" + std::to_string(name.column) + ": " + words.message;
  return MakeErrorMessage(std::move(info), std::move(message));
}

}  // namespace glaux::duckdb_engine
