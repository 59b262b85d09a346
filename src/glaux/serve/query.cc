#include "glaux/serve/query.h"

#include <algorithm>

#include "glaux/aws/sigv4.h"

namespace glaux::serve {
namespace {

Result<std::string> Decode(std::string_view text) {
  if (text.find('+') == text.npos) return aws::UriDecode(text);
  std::string blanks(text);
  std::replace(blanks.begin(), blanks.end(), '+', ' ');
  return aws::UriDecode(blanks);
}

}  // namespace

Result<Query> Query::Parse(std::string_view raw) {
  Query query;
  while (!raw.empty()) {
    const auto parameter = raw.substr(0, raw.find('&'));
    raw.remove_prefix(std::min(parameter.size() + 1, raw.size()));
    if (parameter.empty()) continue;
    const auto equals = parameter.find('=');
    ARROW_ASSIGN_OR_RAISE(auto name, Decode(parameter.substr(0, equals)));
    std::string value;
    if (equals != parameter.npos) {
      ARROW_ASSIGN_OR_RAISE(value, Decode(parameter.substr(equals + 1)));
    }
    query.parameters_.emplace_back(std::move(name), std::move(value));
  }
  return query;
}

std::optional<std::string_view> Query::Find(std::string_view name) const {
  for (const auto& [key, value] : parameters_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string Query::Encoded() const {
  std::string text;
  for (const auto& [name, value] : parameters_) {
    if (!text.empty()) text += '&';
    text += aws::UriEncode(name, false) + "=" + aws::UriEncode(value, false);
  }
  return text;
}

}  // namespace glaux::serve
