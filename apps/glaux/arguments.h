#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glaux/base/quantity.h"
#include "glaux/base/status.h"
#include "glaux/schema/evolution.h"

namespace glaux::cli {

// What people type as the value of an option. Every error is kInvalid, quotes what was given and shows what would do.

/// One ASCII character, or "tab", "\t", "space", "pipe", "comma", "semicolon".
Result<char> ParseCharacter(std::string_view text);

/// "COL=TYPE", split at the last "=": column names may hold one, types do not.
Result<std::pair<std::string, std::string>> ParseAssignment(std::string_view text);

/// "columns=freeze,types=evolve,tables=evolve"; what is not named stays as in `contract`.
Result<SchemaContract> ParseContract(std::string_view text, SchemaContract contract = {});

/// The names that are near to what was typed, nearest first: for "did you mean".
std::vector<std::string> NearMatches(std::string_view typed, const std::vector<std::string>& names);

/// "did you mean 'tables'", or "did you mean one of 'table', 'tables'", or nothing.
std::string DidYouMean(std::string_view typed, const std::vector<std::string>& names);

}  // namespace glaux::cli
