#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glaux/base/near_names.h"
#include "glaux/base/quantity.h"
#include "glaux/base/status.h"
#include "glaux/schema/evolution.h"

namespace glaux::cli {

// What people type as the value of an option. Every error is kInvalid, quotes what was given and shows what would do.

/// "COL=TYPE", split at the last "=": column names may hold one, types do not.
Result<std::pair<std::string, std::string>> ParseAssignment(std::string_view text);

/// "columns=freeze,types=evolve,tables=evolve"; what is not named stays as in `contract`.
Result<SchemaContract> ParseContract(std::string_view text, SchemaContract contract = {});

}  // namespace glaux::cli
