#include "glaux/serve/athena/statement_text_internal.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace glaux::serve::athena {
namespace {

bool IsWordStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0; }
bool IsWordPart(char c) { return IsWordStart(c) || std::isdigit(static_cast<unsigned char>(c)) || c == '$'; }

enum class TokenKind { kWord, kNumber, kString, kQuotedName, kParameter, kSymbol };

struct Token {
  TokenKind kind;
  std::string_view text;
  size_t offset;

  bool Is(std::string_view word) const {
    return kind == TokenKind::kWord &&
           std::equal(text.begin(), text.end(), word.begin(), word.end(),
                      [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; });
  }
  bool IsSymbol(char c) const { return kind == TokenKind::kSymbol && text.front() == c; }
};

/// Takes SQL apart just as far as to know what is text and what is not, also in the forms that only the embedded
/// engine knows: E'…' and $tag$…$tag$.
class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  std::optional<Token> Next() {
    SkipBlanks();
    if (at_ == sql_.size()) return std::nullopt;
    const size_t begin = at_;
    const TokenKind kind = Take();
    return Token{kind, sql_.substr(begin, at_ - begin), begin};
  }
  size_t offset() const { return at_; }
  bool saw_comment() const { return saw_comment_; }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }

  void SkipBlanks() {
    for (;;) {
      while (std::isspace(static_cast<unsigned char>(Peek()))) ++at_;
      if (Peek() == '-' && Peek(1) == '-') {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (Peek() == '/' && Peek(1) == '*') {
        const auto end = sql_.find("*/", at_ + 2);
        at_ = end == sql_.npos ? sql_.size() : end + 2;
      } else {
        return;
      }
      saw_comment_ = true;
    }
  }

  void TakeQuoted(char quote, bool backslashes) {
    for (++at_; at_ < sql_.size(); ++at_) {
      if (backslashes && sql_[at_] == '\\') {
        ++at_;
      } else if (sql_[at_] == quote) {
        if (Peek(1) != quote) break;
        ++at_;
      }
    }
    at_ = std::min(at_ + 1, sql_.size());
  }

  /// Whether a dollar begins a quote here, which is then taken.
  bool TakeDollarQuote() {
    size_t end = at_ + 1;
    while (end < sql_.size() && IsWordPart(sql_[end]) && sql_[end] != '$') ++end;
    if (end == sql_.size() || sql_[end] != '$') return false;
    const auto tag = sql_.substr(at_, end + 1 - at_);
    const auto close = sql_.find(tag, end + 1);
    at_ = close == sql_.npos ? sql_.size() : close + tag.size();
    return true;
  }

  TokenKind Take() {
    const char c = Peek();
    if (c == '\'') return TakeQuoted('\'', false), TokenKind::kString;
    if (c == '"' || c == '`') return TakeQuoted(c, false), TokenKind::kQuotedName;
    if ((c == 'e' || c == 'E') && Peek(1) == '\'') return ++at_, TakeQuoted('\'', true), TokenKind::kSymbol;
    if (c == '$' && TakeDollarQuote()) return TokenKind::kSymbol;
    if (IsWordStart(c)) {
      while (IsWordPart(Peek())) ++at_;
      return TokenKind::kWord;
    }
    if (std::isdigit(static_cast<unsigned char>(c)) ||
        (c == '.' && std::isdigit(static_cast<unsigned char>(Peek(1))))) {
      return TakeNumber(), TokenKind::kNumber;
    }
    ++at_;
    return c == '?' ? TokenKind::kParameter : TokenKind::kSymbol;
  }

  void TakeNumber() {
    const auto digits = [&] {
      while (std::isdigit(static_cast<unsigned char>(Peek()))) ++at_;
    };
    digits();
    if (Peek() == '.') ++at_, digits();
    if (Peek() == 'e' || Peek() == 'E') {
      const size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
      if (std::isdigit(static_cast<unsigned char>(Peek(1 + sign)))) at_ += 1 + sign, digits();
    }
  }

  const std::string_view sql_;
  size_t at_ = 0;
  bool saw_comment_ = false;
};

std::string Upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

struct FirstWord {
  std::string_view word;
  std::string_view type;
  ResultKind result;
};
constexpr FirstWord kFirstWords[] = {{"SELECT", "DML", ResultKind::kRows},       {"WITH", "DML", ResultKind::kRows},
                                     {"VALUES", "DML", ResultKind::kRows},       {"TABLE", "DML", ResultKind::kRows},
                                     {"FROM", "DML", ResultKind::kRows},         {"INSERT", "DML", ResultKind::kCount},
                                     {"UPDATE", "DML", ResultKind::kCount},      {"DELETE", "DML", ResultKind::kCount},
                                     {"MERGE", "DML", ResultKind::kCount},       {"UNLOAD", "DML", ResultKind::kCount},
                                     {"CREATE", "DDL", ResultKind::kDone},       {"DROP", "DDL", ResultKind::kDone},
                                     {"ALTER", "DDL", ResultKind::kDone},        {"TRUNCATE", "DDL", ResultKind::kDone},
                                     {"MSCK", "DDL", ResultKind::kText},         {"SHOW", "UTILITY", ResultKind::kText},
                                     {"DESCRIBE", "UTILITY", ResultKind::kText}, {"DESC", "UTILITY", ResultKind::kText},
                                     {"EXPLAIN", "UTILITY", ResultKind::kText},  {"OPTIMIZE", "DDL", ResultKind::kDone},
                                     {"VACUUM", "DDL", ResultKind::kDone},       {"PREPARE", "DDL", ResultKind::kDone},
                                     {"DEALLOCATE", "DDL", ResultKind::kDone}};

/// "CREATE_TABLE", "SHOW_PARTITIONS": the words up to the first that is a name.
std::string SubstatementOf(std::string_view first, Scanner& scanner) {
  static constexpr std::array<std::string_view, 18> kNouns = {
      "TABLE", "DATABASE", "SCHEMA",  "VIEW",      "OR",         "REPLACE", "EXTERNAL", "INTO",      "TABLES",
      "VIEWS", "COLUMNS",  "SCHEMAS", "DATABASES", "PARTITIONS", "CREATE",  "REPAIR",   "FUNCTIONS", "TBLPROPERTIES"};
  std::string name(first);
  for (auto token = scanner.Next(); token && token->kind == TokenKind::kWord; token = scanner.Next()) {
    const std::string word = Upper(token->text);
    if (std::find(kNouns.begin(), kNouns.end(), word) == kNouns.end()) break;
    if (word != "EXTERNAL" && word != "OR" && word != "REPLACE" && word != "INTO") name += "_" + word;
  }
  return name;
}

/// Whether a CREATE takes its rows from a query: "AS" outside of parentheses, before a query.
bool IsCreateAsSelect(std::string_view sql) {
  Scanner scanner(sql);
  int depth = 0;
  bool as = false;
  while (const auto token = scanner.Next()) {
    if (as && (token->Is("SELECT") || token->Is("WITH") || token->Is("VALUES") || token->IsSymbol('('))) return true;
    if (token->IsSymbol('(')) ++depth;
    if (token->IsSymbol(')')) --depth;
    as = depth == 0 && token->Is("AS");
  }
  return false;
}

}  // namespace

Result<StatementShape> ShapeOf(std::string_view sql) {
  Scanner scanner(sql);
  auto token = scanner.Next();
  while (token && token->IsSymbol('(')) token = scanner.Next();
  if (!token) return MakeError(ErrorKind::kInvalid, "the query is empty");
  const std::string first = Upper(token->text);
  const auto* known = std::find_if(std::begin(kFirstWords), std::end(kFirstWords),
                                   [&](const FirstWord& one) { return one.word == first; });
  if (known == std::end(kFirstWords)) {
    return MakeError(ErrorKind::kInvalid, "line 1:", token->offset + 1, ": mismatched input '",
                     token->text.substr(0, 80), "': expected a statement, as SELECT or CREATE");
  }
  StatementShape shape{.type = std::string(known->type), .substatement = first, .result = known->result};
  if (known->result == ResultKind::kRows) {
    shape.substatement = "SELECT";
  } else if (known->type != "DML") {
    shape.substatement = SubstatementOf(first, scanner);
    if (shape.substatement == "CREATE_TABLE" && IsCreateAsSelect(sql)) {
      shape = {.type = "DML", .substatement = "CREATE_TABLE_AS_SELECT", .result = ResultKind::kCount};
    }
  }
  return shape;
}

Result<std::string> LiteralOf(std::string_view value) {
  if (value.find('\0') != value.npos) return MakeError(ErrorKind::kInvalid, "a parameter's value has a NUL in it");
  Scanner scanner(value);
  std::vector<Token> tokens;
  for (auto token = scanner.Next(); token && tokens.size() < 3; token = scanner.Next()) tokens.push_back(*token);
  const auto is_string = [](const Token& token) {
    return token.kind == TokenKind::kString && token.text.size() >= 2 && token.text.back() == '\'' &&
           // The quote at the end is one of a pair where the number of quotes is odd.
           std::count(token.text.begin(), token.text.end(), '\'') % 2 == 0;
  };
  bool literal = false;
  if (!scanner.saw_comment() && tokens.size() == 1) {
    const Token& one = tokens[0];
    literal = one.kind == TokenKind::kNumber || is_string(one) || one.Is("TRUE") || one.Is("FALSE") || one.Is("NULL");
  } else if (!scanner.saw_comment() && tokens.size() == 2) {
    const Token& first = tokens[0];
    if ((first.IsSymbol('-') || first.IsSymbol('+')) && tokens[1].kind == TokenKind::kNumber) {
      return " (" + std::string(value) + ") ";
    }
    literal =
        is_string(tokens[1]) && (first.Is("DATE") || first.Is("TIMESTAMP") || first.Is("TIME") || first.Is("DECIMAL"));
  }
  // Blanks around it, so that it never becomes part of what stands beside it.
  if (literal) return " " + std::string(value) + " ";
  std::string quoted = " '";
  for (const char c : value) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "' ";
}

Result<std::string> BindParameters(std::string_view sql, const std::vector<std::string>& values) {
  std::string bound;
  size_t from = 0, used = 0;
  Scanner scanner(sql);
  while (const auto token = scanner.Next()) {
    if (token->kind != TokenKind::kParameter) continue;
    if (used < values.size()) {
      ARROW_ASSIGN_OR_RAISE(const std::string literal, LiteralOf(values[used]));
      bound.append(sql.substr(from, token->offset - from)).append(literal);
      from = token->offset + 1;
    }
    ++used;
  }
  if (used != values.size()) {
    return MakeError(ErrorKind::kInvalid, "Incorrect number of parameters: expected ", used, " but found ",
                     values.size());
  }
  return bound.append(sql.substr(from));
}

Result<std::optional<ExecuteStatement>> ParseExecute(std::string_view sql) {
  Scanner scanner(sql);
  auto token = scanner.Next();
  if (!token || !token->Is("EXECUTE")) return std::nullopt;
  const auto wrong = [&] {
    return MakeError(ErrorKind::kInvalid, "line 1:", (token ? token->offset : sql.size()) + 1,
                     ": expected EXECUTE <prepared statement> [USING <value>, …]");
  };
  ExecuteStatement statement;
  token = scanner.Next();
  if (!token || (token->kind != TokenKind::kWord && token->kind != TokenKind::kQuotedName)) return wrong();
  statement.name = token->kind == TokenKind::kWord ? token->text : token->text.substr(1, token->text.size() - 2);
  token = scanner.Next();
  if (token && token->IsSymbol(';')) token = scanner.Next();
  if (!token) return statement;
  if (!token->Is("USING")) return wrong();
  size_t begin = scanner.offset();
  const auto take = [&](size_t end) {
    auto value = sql.substr(begin, end - begin);
    while (!value.empty() && std::isspace(static_cast<unsigned char>(value.front()))) value.remove_prefix(1);
    while (!value.empty() && std::isspace(static_cast<unsigned char>(value.back()))) value.remove_suffix(1);
    statement.values.emplace_back(value);
    begin = end + 1;
  };
  for (token = scanner.Next(); token && !token->IsSymbol(';'); token = scanner.Next()) {
    if (token->IsSymbol(',')) take(token->offset);
  }
  take(token ? token->offset : sql.size());
  if (std::any_of(statement.values.begin(), statement.values.end(), [](const auto& value) { return value.empty(); })) {
    return wrong();
  }
  return statement;
}

Result<std::optional<PrepareStatement>> ParsePrepare(std::string_view sql) {
  Scanner scanner(sql);
  auto token = scanner.Next();
  const bool prepare = token && token->Is("PREPARE");
  if (!prepare && !(token && token->Is("DEALLOCATE"))) return std::nullopt;
  const auto wrong = [&](std::string_view expected) {
    return MakeError(ErrorKind::kInvalid, "line 1:", (token ? token->offset : sql.size()) + 1, ": expected ", expected);
  };
  constexpr std::string_view kDeallocate = "DEALLOCATE PREPARE <name>", kPrepare = "PREPARE <name> FROM <statement>";
  if (!prepare) {
    token = scanner.Next();
    if (!token || !token->Is("PREPARE")) return wrong(kDeallocate);
  }
  PrepareStatement statement;
  token = scanner.Next();
  if (!token || (token->kind != TokenKind::kWord && token->kind != TokenKind::kQuotedName)) {
    return wrong(prepare ? kPrepare : kDeallocate);
  }
  statement.name = token->kind == TokenKind::kWord ? token->text : token->text.substr(1, token->text.size() - 2);
  token = scanner.Next();
  if (!prepare) {
    if (token && token->IsSymbol(';')) token = scanner.Next();
    return token ? Result<std::optional<PrepareStatement>>(wrong(kDeallocate)) : statement;
  }
  if (!token || !token->Is("FROM")) return wrong(kPrepare);
  statement.statement = sql.substr(scanner.offset());
  const auto begin = statement.statement.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return wrong(kPrepare);
  statement.statement.erase(0, begin);
  return statement;
}

}  // namespace glaux::serve::athena
