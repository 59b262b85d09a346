#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace glaux {

/// The names that are near to what was typed, nearest first, at most three.
std::vector<std::string> NearMatches(std::string_view typed, const std::vector<std::string>& names);

/// "did you mean 'tables'", or "did you mean one of 'table', 'tables'", or nothing.
std::string DidYouMean(std::string_view typed, const std::vector<std::string>& names);

}  // namespace glaux
