#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux::schema_internal {

/// ASCII lower case.
std::string Lower(std::string_view text);
bool EqualsIgnoringCase(std::string_view left, std::string_view right);

/// Walk over a small text of a grammar: types, predicates. Blanks between tokens do not count.
class Scanner {
 public:
  /// \param what names the text in errors: "Glue type"
  Scanner(std::string_view what, std::string_view text) : what_(what), text_(text) {}

  /// Offset of the next token in bytes.
  size_t position();
  void set_position(size_t position) { at_ = position; }

  bool AtEnd() { return position() == text_.size(); }
  /// First byte of the next token, 0 at the end.
  char Peek() { return AtEnd() ? '\0' : text_[at_]; }
  bool Accept(char c);
  /// Take `token` if it comes next, whatever follows it.
  bool AcceptToken(std::string_view token);

  /// The next word: letters, digits, _ and $, bytes of non-ASCII characters; no digit first. Empty if none comes next.
  std::string_view PeekWord();
  std::string_view TakeWord();
  bool AcceptWord(std::string_view word);
  /// Take `words`, separated by blanks, or none of them.
  bool AcceptWords(std::string_view words);

  /// Everything up to the first of `stops` or the end, without blanks at either end.
  std::string_view TakeUntil(std::string_view stops);
  /// What stands between two `quote`s, a doubled one meaning itself.
  Result<std::string> TakeQuoted(char quote);
  /// A natural number of at most nine digits.
  Result<int32_t> TakeNumber(std::string_view expected);
  /// A number as it is spelled: sign, digits, point, exponent. Empty if none comes next.
  std::string_view TakeDecimal();
  Status Take(char c, std::string_view expected);

  /// kInvalid: "<what> "<text>", column N: expected …, found …", at the next token.
  Status Expected(std::string_view expected);
  /// kInvalid at an offset.
  Status Fail(size_t position, std::string_view problem) const;

 private:
  std::string_view what_;
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace glaux::schema_internal
