#include "glaux/sync/glob.h"

#include <algorithm>
#include <optional>
#include <set>

namespace glaux {
namespace {

/// Braces multiply: more alternatives than this are a mistake.
constexpr size_t kMostAlternatives = 4096;
/// So is more text of alternatives, finished or not.
constexpr size_t kMostExpanded = 2 << 20;

/// Of a pattern that is too long, in errors.
constexpr size_t kMostShown = 80;

Status Bad(std::string_view pattern, size_t at, std::string_view what) {
  return MakeError(ErrorKind::kInvalid, "pattern ", pattern, ", character ", at + 1, ": ", what);
}

/// Where the bracket expression at `at` ends (its ']'), or npos.
size_t SetEnd(std::string_view pattern, size_t at) {
  size_t end = at + 1;
  if (end < pattern.size() && (pattern[end] == '!' || pattern[end] == '^')) ++end;
  // A ']' that comes first is a member.
  if (end < pattern.size() && pattern[end] == ']') ++end;
  return pattern.find(']', end);
}

/// Replace the first brace expression by each of its parts, again and again.
Result<std::vector<std::string>> ExpandBraces(std::string_view whole) {
  std::vector<std::string> done;
  std::vector<std::string> todo = {std::string(whole)};
  size_t expanded = 0;
  while (!todo.empty()) {
    const std::string pattern = std::move(todo.back());
    todo.pop_back();
    expanded += pattern.size();
    if (expanded > kMostExpanded) {
      return MakeError(ErrorKind::kInvalid, "pattern ", whole.substr(0, kMostShown),
                       "…: with its braces written out it has more than ", kMostExpanded, " characters");
    }
    size_t open = std::string::npos;
    for (size_t i = 0; i < pattern.size() && open == std::string::npos; ++i) {
      if (pattern[i] == '\\') {
        ++i;
      } else if (pattern[i] == '[') {
        const size_t end = SetEnd(pattern, i);
        if (end != std::string::npos) i = end;
      } else if (pattern[i] == '{') {
        open = i;
      }
    }
    if (open == std::string::npos) {
      done.push_back(pattern);
      continue;
    }
    std::vector<std::string> parts(1);
    size_t depth = 1, at = open + 1;
    for (; at < pattern.size(); ++at) {
      const char c = pattern[at];
      if (c == '\\' && at + 1 < pattern.size()) {
        parts.back() += c;
        parts.back() += pattern[++at];
        continue;
      }
      if (c == '{') ++depth;
      if (c == '}' && --depth == 0) break;
      if (c == ',' && depth == 1) {
        parts.emplace_back();
      } else {
        parts.back() += c;
      }
    }
    if (depth != 0) return Bad(whole, whole.find('{'), "the brace is not closed");
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      todo.push_back(pattern.substr(0, open) + *part + pattern.substr(at + 1));
    }
    if (todo.size() + done.size() > kMostAlternatives) {
      return MakeError(ErrorKind::kInvalid, "pattern ", whole, ": its braces make more than ", kMostAlternatives,
                       " patterns");
    }
  }
  return done;
}

}  // namespace

Result<Glob::Tokens> Glob::Tokenize(std::string_view pattern) {
  Tokens tokens;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      tokens.push_back({.kind = Token::Kind::kCharacter, .character = pattern[++i]});
    } else if (c == '?') {
      tokens.push_back({.kind = Token::Kind::kAnyCharacter});
    } else if (c == '*') {
      size_t stars = 1;
      while (i + stars < pattern.size() && pattern[i + stars] == '*') ++stars;
      const bool segment =
          stars > 1 && (i == 0 || pattern[i - 1] == '/') && i + stars < pattern.size() && pattern[i + stars] == '/';
      i += stars - 1;
      if (segment) ++i;  // "**/" takes its slash along
      tokens.push_back({.kind = segment     ? Token::Kind::kSegments
                                : stars > 1 ? Token::Kind::kDoubleStar
                                            : Token::Kind::kStar});
    } else if (c == '[') {
      const size_t end = SetEnd(pattern, i);
      if (end == std::string_view::npos) return Bad(pattern, i, "the bracket is not closed");
      Token set{.kind = Token::Kind::kSet};
      size_t at = i + 1;
      if (pattern[at] == '!' || pattern[at] == '^') {
        set.negated = true;
        ++at;
      }
      for (; at < end; ++at) {
        const bool range = at + 2 < end && pattern[at + 1] == '-';
        set.set += pattern[at];
        set.set += pattern[range ? at + 2 : at];
        if (range) at += 2;
      }
      tokens.push_back(std::move(set));
      i = end;
    } else {
      tokens.push_back({.kind = Token::Kind::kCharacter, .character = c});
    }
  }
  return tokens;
}

Result<Glob> Glob::Parse(std::string_view pattern) {
  ARROW_ASSIGN_OR_RAISE(const auto expanded, ExpandBraces(pattern));
  Glob glob;
  glob.is_literal_ = expanded.size() == 1;
  std::optional<std::string> prefix;
  for (const auto& text : expanded) {
    ARROW_ASSIGN_OR_RAISE(auto tokens, Tokenize(text));
    std::string literal;
    for (const auto& token : tokens) {
      if (token.kind != Token::Kind::kCharacter) break;
      literal += token.character;
    }
    if (literal.size() != tokens.size()) glob.is_literal_ = false;
    if (!prefix.has_value()) {
      prefix = literal;
    } else {
      const auto differ = std::mismatch(prefix->begin(), prefix->end(), literal.begin(), literal.end());
      prefix->erase(differ.first, prefix->end());
    }
    glob.alternatives_.push_back(std::move(tokens));
  }
  glob.literal_prefix_ = std::move(*prefix);
  return glob;
}

/// The pattern read as an automaton, one step a character: linear in the key, whatever the pattern.
/// \return the tokens that can come next; tokens.size() means that the text matches as it is
std::set<size_t> Glob::Advance(const Tokens& tokens, std::string_view text) {
  using Kind = Token::Kind;
  // Stars may be left without taking anything more, "**/" only where a segment begins.
  const auto close = [&](std::set<size_t> states, char before) {
    for (auto at = states.begin(); at != states.end(); ++at) {
      if (*at >= tokens.size()) continue;
      const auto kind = tokens[*at].kind;
      const bool may_leave =
          kind == Kind::kStar || kind == Kind::kDoubleStar || (kind == Kind::kSegments && before == '/');
      if (may_leave) states.insert(*at + 1);
    }
    return states;
  };
  auto states = close({0}, '/');
  for (const char c : text) {
    std::set<size_t> next;
    for (const size_t state : states) {
      if (state >= tokens.size()) continue;
      const auto& token = tokens[state];
      switch (token.kind) {
        case Kind::kCharacter:
          if (c == token.character) next.insert(state + 1);
          break;
        case Kind::kAnyCharacter:
          if (c != '/') next.insert(state + 1);
          break;
        case Kind::kStar:
          if (c != '/') next.insert(state);
          break;
        case Kind::kDoubleStar:
        case Kind::kSegments:
          next.insert(state);
          break;
        case Kind::kSet: {
          bool in = false;
          for (size_t i = 0; i + 1 < token.set.size(); i += 2) in |= token.set[i] <= c && c <= token.set[i + 1];
          if (c != '/' && in != token.negated) next.insert(state + 1);
          break;
        }
      }
    }
    states = close(std::move(next), c);
    if (states.empty()) break;
  }
  return states;
}

bool Glob::Matches(std::string_view key) const {
  return std::any_of(alternatives_.begin(), alternatives_.end(),
                     [&](const Tokens& tokens) { return Advance(tokens, key).contains(tokens.size()); });
}

bool Glob::MayMatchBelow(std::string_view folder) const {
  return std::any_of(alternatives_.begin(), alternatives_.end(), [&](const Tokens& tokens) {
    const auto states = Advance(tokens, folder);
    return std::any_of(states.begin(), states.end(), [&](size_t state) { return state < tokens.size(); });
  });
}

}  // namespace glaux
