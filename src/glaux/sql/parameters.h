#pragma once

#include <span>
#include <string>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux::sql {

/// A text as a literal of standard SQL. kInvalid for one with a NUL in it.
Result<std::string> TextLiteral(std::string_view text);
/// A name in double quotes.
std::string QuotedName(std::string_view name);

/// Put literals in the place of each `?` of a statement that is not in a text, a quoted name or a comment.
/// \param literals of SQL, which this does not look at
/// \return kInvalid if there are more or fewer than places, or if the statement has texts whose end is not that of
///         standard SQL ($$text$$, E'text'), so that a place in one could not be told
Result<std::string> BindLiterals(std::string_view sql, std::span<const std::string> literals);

}  // namespace glaux::sql
