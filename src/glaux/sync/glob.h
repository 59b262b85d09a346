#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux {

/// A pattern over keys. `*` is any text without '/', `?` one character that is no '/', `**` as a whole segment any
/// number of segments (none too), elsewhere any text; `[a-z]` and `[!a-z]` are sets, `{a,b}` is one of several and may
/// be nested; a backslash takes the meaning from what follows.
class Glob {
 public:
  /// kInvalid with the position of an unclosed bracket or brace.
  static Result<Glob> Parse(std::string_view pattern);

  bool Matches(std::string_view key) const;
  /// Whether a key that begins with `folder` (ends in '/') can match.
  bool MayMatchBelow(std::string_view folder) const;
  /// What every matching key begins with.
  const std::string& literal_prefix() const { return literal_prefix_; }
  /// There is no special character: the pattern is a key.
  bool is_literal() const { return is_literal_; }

 private:
  struct Token {
    enum class Kind { kCharacter, kAnyCharacter, kStar, kDoubleStar, kSegments, kSet } kind;
    char character = 0;
    std::string set = {};  ///< pairs of first and last
    bool negated = false;
  };
  using Tokens = std::vector<Token>;
  static Result<Tokens> Tokenize(std::string_view pattern);
  static std::set<size_t> Advance(const Tokens& tokens, std::string_view text);

  std::vector<Tokens> alternatives_;  ///< braces are multiplied out
  std::string literal_prefix_;
  bool is_literal_ = false;
};

}  // namespace glaux
