#include "glaux/sql/parameters.h"

#include "glaux/sql/lexer_internal.h"

namespace glaux::sql {
namespace {

std::string Doubled(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) out.append(c == quote ? 2 : 1, c);
  return out + quote;
}

}  // namespace

Result<std::string> TextLiteral(std::string_view text) {
  if (text.find('\0') != text.npos) return MakeError(ErrorKind::kInvalid, "a parameter's value has a NUL in it");
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

}  // namespace glaux::sql
