#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux::serve {

/// The Expression of GetTables and of ListTableMetadata: a regular expression that a whole name matches. One of name
/// characters and "*" alone is also a pattern in which "*" is any text ("cur_*", "*cur*"), as Hive's tools and
/// awswrangler write it.
class NamePattern {
 public:
  /// kInvalid if it is neither. Empty: every name matches.
  static Result<NamePattern> Make(std::string_view expression);
  ~NamePattern();
  NamePattern(NamePattern&&) noexcept;
  NamePattern& operator=(NamePattern&&) noexcept;

  /// kInvalid if it takes too long to find out.
  Result<bool> Matches(const std::string& name) const;

 private:
  struct State;
  explicit NamePattern(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace glaux::serve
