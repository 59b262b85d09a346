#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glaux/base/status.h"

namespace glaux::serve {

/// The parameters of a query, decoded, in the order of the wire. "?uploads" has the value "".
class Query {
 public:
  /// kInvalid for a broken escape. "+" is a blank.
  static Result<Query> Parse(std::string_view raw);

  bool Has(std::string_view name) const { return Find(name).has_value(); }
  /// The first value.
  std::optional<std::string_view> Find(std::string_view name) const;
  std::string Get(std::string_view name) const { return std::string(Find(name).value_or("")); }
  const std::vector<std::pair<std::string, std::string>>& parameters() const { return parameters_; }

  /// Every name and value encoded as signatures want it, whatever the client did.
  std::string Encoded() const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace glaux::serve
