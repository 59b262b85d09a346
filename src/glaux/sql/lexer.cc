#include "glaux/sql/lexer_internal.h"

#include <algorithm>

#include "glaux/base/utf8.h"

namespace glaux::sql {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// A token for a message: short, on one line.
std::string Shown(std::string_view token) {
  constexpr size_t kMost = 60;
  std::string out = ValidUtf8(token.substr(0, kMost));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return token.size() > kMost ? out + "…" : out;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Hive's escapes: \0 \' \" \b \n \r \t \Z \\ \% \_, three octal digits, \u and four hexadecimal ones.
/// \param at of the backslash \return behind the escape
size_t AppendEscape(std::string_view text, size_t at, std::string* out) {
  const std::string_view rest = text.substr(at + 1);
  if (rest.empty()) {
    *out += '\\';
    return at + 1;
  }
  const auto octal = [&](size_t i) { return i < rest.size() && rest[i] >= '0' && rest[i] <= '7'; };
  if (octal(0) && octal(1) && octal(2) && rest[0] <= '1') {
    *out += static_cast<char>((rest[0] - '0') * 64 + (rest[1] - '0') * 8 + (rest[2] - '0'));
    return at + 4;
  }
  if (rest[0] == 'u' && rest.size() >= 5) {
    uint32_t code = 0;
    bool good = true;
    for (size_t i = 1; i <= 4; ++i) {
      const int digit = HexDigit(rest[i]);
      good = good && digit >= 0;
      code = code * 16 + static_cast<uint32_t>(std::max(digit, 0));
    }
    if (good && (code < 0xd800 || code > 0xdfff)) {
      AppendUtf8(code, out);
      return at + 6;
    }
  }
  switch (rest[0]) {
    case '0':
      *out += '\0';
      break;
    case 'b':
      *out += '\b';
      break;
    case 'n':
      *out += '\n';
      break;
    case 'r':
      *out += '\r';
      break;
    case 't':
      *out += '\t';
      break;
    case 'Z':
      *out += '\x1a';
      break;
    case '%':
    case '_':
      *out += '\\';
      *out += rest[0];
      break;
    default:
      *out += rest[0];
  }
  return at + 2;
}

}  // namespace

bool IsWord(std::string_view word, std::string_view upper) {
  return std::equal(word.begin(), word.end(), upper.begin(), upper.end(),
                    [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b; });
}

std::string Upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    *out += static_cast<char>(code);
  } else if (code < 0x800) {
    *out += static_cast<char>(0xc0 | (code >> 6));
    *out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *out += static_cast<char>(0xe0 | (code >> 12));
    *out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    *out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    *out += static_cast<char>(0xf0 | (code >> 18));
    *out += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
    *out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    *out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

size_t Lexer::SkipBlanks(size_t at) const {
  while (at < text_.size()) {
    if (IsBlank(text_[at])) {
      ++at;
    } else if (text_.substr(at, 2) == "--") {
      at = std::min(text_.find('\n', at), text_.size());
    } else if (text_.substr(at, 2) == "/*") {
      const size_t end = text_.find("*/", at + 2);
      if (end == std::string_view::npos) return at;
      at = end + 2;
    } else {
      break;
    }
  }
  return at;
}

size_t Lexer::EndOfQuote(size_t at, char quote) const {
  const bool escapes = texts_ == Texts::kHive && quote != '`';
  for (size_t i = at + 1; i < text_.size(); ++i) {
    if (escapes && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == quote) {
      if (i + 1 < text_.size() && text_[i + 1] == quote) {
        ++i;
      } else {
        return i + 1;
      }
    }
  }
  return std::string_view::npos;
}

Token Lexer::At(size_t at) const {
  at = SkipBlanks(at);
  if (at >= text_.size()) return {Token::Kind::kEnd, text_.size(), text_.size()};
  const char c = text_[at];
  if (c == '\'' || c == '"' || c == '`') {
    const size_t end = EndOfQuote(at, c);
    if (end == std::string_view::npos) return {Token::Kind::kBroken, at, text_.size()};
    return {c == '\'' ? Token::Kind::kString : c == '"' ? Token::Kind::kDouble : Token::Kind::kQuoted, at, end};
  }
  if (text_.substr(at, 2) == "/*") return {Token::Kind::kBroken, at, text_.size()};
  if (!IsWordByte(c)) return {Token::Kind::kSymbol, at, at + 1};
  size_t end = at + 1;
  while (end < text_.size() && IsWordByte(text_[end])) ++end;
  return {Token::Kind::kWord, at, end};
}

std::string Lexer::Unquoted(const Token& token) const {
  const std::string_view spelled = Spelled(token);
  if (token.kind == Token::Kind::kWord || spelled.size() < 2) return std::string(spelled);
  const char quote = spelled[0];
  const bool escapes = texts_ == Texts::kHive && quote != '`';
  const std::string_view inner = spelled.substr(1, spelled.size() - 2);
  std::string out;
  for (size_t i = 0; i < inner.size();) {
    if (escapes && inner[i] == '\\') {
      i = AppendEscape(inner, i, &out);
      continue;
    }
    out += inner[i];
    i += inner[i] == quote ? 2 : 1;
  }
  return out;
}

Position Lexer::PositionOf(size_t at) const {
  Position position;
  for (size_t i = 0; i < at && i < text_.size(); ++i) {
    if (text_[i] == '\n') {
      ++position.line;
      position.column = 1;
    } else if ((static_cast<unsigned char>(text_[i]) & 0xc0) != 0x80) {
      ++position.column;
    }
  }
  return position;
}

Status Lexer::Expected(const Token& token, std::string_view expected) const {
  std::string problem = "expected " + std::string(expected) + ", found ";
  switch (token.kind) {
    case Token::Kind::kEnd:
      problem += "the end of the statement";
      break;
    case Token::Kind::kBroken:
      return Fail(token.begin, text_[token.begin] == '/'
                                   ? std::string("a comment begins here and does not end")
                                   : std::string("a text in ") + text_[token.begin] + " begins here and does not end");
    default:
      problem += Shown(Spelled(token));
  }
  return Fail(token.begin, problem);
}

Status Lexer::Fail(size_t at, std::string_view problem, std::string hint) const {
  const Position position = PositionOf(at);
  return MakeError({.kind = ErrorKind::kInvalid, .hint = std::move(hint)}, "line ", position.line, ":", position.column,
                   ": ", problem);
}

}  // namespace glaux::sql
