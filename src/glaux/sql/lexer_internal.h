#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux::sql {

struct Token {
  enum class Kind {
    kWord,    ///< letters, digits, _ and $, bytes beyond ASCII
    kQuoted,  ///< `name`
    kDouble,  ///< "name", or a text where Hive takes one
    kString,  ///< 'text'
    kSymbol,  ///< any other byte
    kBroken,  ///< a quote or a comment that does not end
    kEnd,
  };
  Kind kind = Kind::kEnd;
  size_t begin = 0;  ///< bytes
  size_t end = 0;
};

/// How a backslash in a text is read.
enum class Texts {
  kHive,      ///< \n, \t, \', \001, \u0001
  kStandard,  ///< as itself
};

struct Position {
  int line = 1;
  int column = 1;  ///< characters, from 1
};

/// Tokens of a statement, one at a time; comments and blanks do not count.
class Lexer {
 public:
  Lexer(std::string_view text, Texts texts) : text_(text), texts_(texts) {}

  /// The token that begins at or behind `at`.
  Token At(size_t at) const;

  std::string_view text() const { return text_; }
  std::string_view Spelled(const Token& token) const { return text_.substr(token.begin, token.end - token.begin); }
  /// What a quoted token stands for.
  std::string Unquoted(const Token& token) const;
  Position PositionOf(size_t at) const;

  /// kInvalid: "line 1:8: expected <expected>, found <token>".
  Status Expected(const Token& token, std::string_view expected) const;
  Status Fail(size_t at, std::string_view problem, std::string hint = {}) const;

 private:
  size_t SkipBlanks(size_t at) const;
  size_t EndOfQuote(size_t at, char quote) const;

  const std::string_view text_;
  const Texts texts_;
};

/// Whether a word is this keyword, given in upper case.
bool IsWord(std::string_view word, std::string_view upper);
std::string Upper(std::string_view text);
void AppendUtf8(uint32_t code, std::string* out);

}  // namespace glaux::sql
