#pragma once

#include <string_view>

namespace glaux {

/// Whether `name` is `pattern`, in which "*" is any text and all else itself. Takes at most the product of the lengths.
bool MatchesWildcard(std::string_view pattern, std::string_view name);

}  // namespace glaux
