#include "glaux/sql/literal.h"

#include <algorithm>
#include <cctype>

#include "glaux/sql/lexer_internal.h"

namespace glaux::sql {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool IsNumber(std::string_view text) {
  size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  size_t digits = 0;
  const auto take = [&] {
    for (; at < text.size() && IsDigit(text[at]); ++at) ++digits;
  };
  take();
  if (at < text.size() && text[at] == '.') ++at, take();
  if (digits == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    digits = 0;
    take();
    if (digits == 0) return false;
  }
  return at == text.size();
}

bool IsQuoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '\'' || text.back() != '\'') return false;
  text = text.substr(1, text.size() - 2);
  for (size_t at = text.find('\''); at != text.npos; at = text.find('\'', at + 2)) {
    if (at + 1 == text.size() || text[at + 1] != '\'') return false;
  }
  return true;
}

}  // namespace

bool IsLiteral(std::string_view text) {
  text = Trim(text);
  if (text.find('\0') != text.npos) return false;
  if (IsNumber(text) || IsQuoted(text)) return true;
  for (const auto word : {"TRUE", "FALSE", "NULL"}) {
    if (IsWord(text, word)) return true;
  }
  const size_t quote = text.find('\'');
  if (quote == text.npos || !IsQuoted(text.substr(quote))) return false;
  const auto type = Trim(text.substr(0, quote));
  const auto types = {"DATE", "TIMESTAMP", "TIME", "DECIMAL"};
  return std::any_of(types.begin(), types.end(), [&](const char* one) { return IsWord(type, one); });
}

std::string Doubled(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) out.append(c == quote ? 2 : 1, c);
  return out + quote;
}

std::string ToLiteral(std::string_view value) { return IsLiteral(value) ? std::string(value) : Doubled(value, '\''); }

Result<std::string> TextLiteral(std::string_view text) {
  if (text.find('\0') != text.npos) return MakeError(ErrorKind::kInvalid, "a text in SQL has a NUL in it");
  return Doubled(text, '\'');
}

std::string QuotedName(std::string_view name) { return Doubled(name, '"'); }

Result<std::string> BindLiterals(std::string_view sql, std::span<const std::string> literals) {
  const Lexer lexer(sql, Texts::kStandard);
  std::string bound;
  size_t from = 0, places = 0;
  Token before;
  for (Token token = lexer.At(0); token.kind != Token::Kind::kEnd; before = token, token = lexer.At(token.end)) {
    const auto spelled = lexer.Spelled(token);
    if (token.kind == Token::Kind::kBroken) return lexer.Fail(token.begin, "a quote or a comment does not end");
    const bool escaped = token.kind == Token::Kind::kString && before.kind == Token::Kind::kWord &&
                         before.end == token.begin && IsWord(lexer.Spelled(before), "E");
    const bool dollars = token.kind == Token::Kind::kWord && spelled.find("$$") != spelled.npos;
    if (!literals.empty() && (escaped || dollars)) {
      return lexer.Fail(token.begin, "a statement with parameters has its texts in single quotes, without E or $$");
    }
    if (token.kind != Token::Kind::kSymbol || spelled != "?") continue;
    if (places < literals.size()) {
      // Blanks around it, so that it never becomes part of what stands beside it.
      bound.append(sql.substr(from, token.begin - from)).append(" ").append(literals[places]).append(" ");
      from = token.end;
    }
    ++places;
  }
  if (places != literals.size()) {
    return MakeError(ErrorKind::kInvalid, "the statement has ", places, " places for parameters (?), and ",
                     literals.size(), " are given");
  }
  return bound.append(sql.substr(from));
}

std::optional<ExplainStatement> ParseExplain(std::string_view sql) {
  const Lexer lexer(sql, Texts::kStandard);
  Token token = lexer.At(0);
  const auto is_word = [&](std::string_view word) {
    return token.kind == Token::Kind::kWord && IsWord(lexer.Spelled(token), word);
  };
  const auto next = [&] { token = lexer.At(token.end); };
  if (!is_word("EXPLAIN")) return std::nullopt;
  next();
  if (lexer.Spelled(token) != "(") return std::nullopt;
  ExplainStatement explain;
  do {
    next();
    if (is_word("TYPE")) {
      next();
      explain.io = is_word("IO");
      if (!explain.io && !is_word("DISTRIBUTED") && !is_word("LOGICAL")) return std::nullopt;
    } else if (is_word("FORMAT")) {
      next();
      explain.json = is_word("JSON");
      if (!explain.json) return std::nullopt;
    } else {
      return std::nullopt;
    }
    next();
  } while (lexer.Spelled(token) == ",");
  if (lexer.Spelled(token) != ")" || !explain.json) return std::nullopt;
  explain.query = sql.substr(token.end);
  return explain;
}

}  // namespace glaux::sql
