#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux::sql {

/// Whether a text is one literal and nothing else: a number, TRUE, FALSE, NULL, 'text', DATE '2025-01-31', also
/// TIMESTAMP, TIME and DECIMAL.
bool IsLiteral(std::string_view text);

/// A parameter's value as a literal: itself if it is one, else as a text in quotes.
std::string ToLiteral(std::string_view value);

/// A text in quotes, those in it twice.
std::string Doubled(std::string_view text, char quote);

/// A text as a literal of standard SQL. kInvalid for one with a NUL in it.
Result<std::string> TextLiteral(std::string_view text);

/// A name in double quotes.
std::string QuotedName(std::string_view name);

/// Put literals in the place of each `?` of a statement that is not in a text, a quoted name or a comment: for what is
/// asked of a statement without running it. An engine that runs one binds its parameters itself.
/// \return kInvalid if there are more or fewer than places, or if the statement has texts whose end is not that of
///         standard SQL ($$text$$, E'text'), so that a place in one could not be told
Result<std::string> BindLiterals(std::string_view sql, std::span<const std::string> literals);

/// A query behind EXPLAIN with options.
struct ExplainStatement {
  bool io = false;    ///< TYPE IO
  bool json = false;  ///< FORMAT JSON
  std::string_view query;
};
/// `EXPLAIN (TYPE IO, FORMAT JSON) SELECT …`; nothing for another statement or other options.
std::optional<ExplainStatement> ParseExplain(std::string_view sql);

}  // namespace glaux::sql
