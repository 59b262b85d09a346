#include "glaux/serve/name_pattern.h"

#include <algorithm>
#include <boost/regex.hpp>
#include <cctype>
#include <optional>
#include <vector>

#include "glaux/base/wildcard.h"

namespace glaux::serve {
namespace {

/// As Glue's FilterString.
constexpr size_t kLongest = 2048;

Status Bad(std::string_view expression, std::string_view why) {
  return MakeError(ErrorKind::kInvalid, "Expression ", expression.substr(0, 200), ": ", why);
}

bool IsNameOrStar(char c) { return c == '*' || c == '_' || c == '-' || std::isalnum(static_cast<unsigned char>(c)); }

}  // namespace

struct NamePattern::State {
  std::string text;
  bool simple = false;
  std::optional<boost::regex> regex = {};
};

NamePattern::NamePattern(std::unique_ptr<State> state) : state_(std::move(state)) {}
NamePattern::~NamePattern() = default;
NamePattern::NamePattern(NamePattern&&) noexcept = default;
NamePattern& NamePattern::operator=(NamePattern&&) noexcept = default;

Result<NamePattern> NamePattern::Make(std::string_view expression) {
  if (expression.size() > kLongest) return Bad(expression, "it is longer than 2048 bytes");
  auto state = std::make_unique<State>();
  state->text = expression;
  // Names are in lower case.
  state->simple = std::all_of(expression.begin(), expression.end(), IsNameOrStar);
  try {
    // A leading "*" is no regular expression.
    if (!expression.starts_with('*')) state->regex.emplace(state->text, boost::regex::perl | boost::regex::icase);
  } catch (const std::exception& error) {
    if (!state->simple) return Bad(expression, error.what());
  }
  if (!state->regex && !state->simple) return Bad(expression, "it is no regular expression");
  if (state->simple) {
    std::transform(state->text.begin(), state->text.end(), state->text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  }
  return NamePattern(std::move(state));
}

Result<bool> NamePattern::Matches(const std::string& name) const {
  if (state_->text.empty() || (state_->simple && MatchesWildcard(state_->text, name))) return true;
  if (!state_->regex) return false;
  try {
    return boost::regex_match(name, *state_->regex);
  } catch (const std::exception& error) {  // it would take for ever
    return Bad(state_->text, error.what());
  }
}

}  // namespace glaux::serve
