#pragma once

#include <string>
#include <string_view>

namespace glaux::sql {

/// A query in Athena's SQL (Trino's) as the DuckDB engine understands it, with the meaning that Athena gives it. It is
/// rewritten token by token where the two differ; comments, names and all else stay as they are, so that an error of
/// the engine still shows the user's words. What cannot be read is left to the engine to refuse.
///
///   VALUES 1, 2                   rows of one value
///   CAST(x AS array(map(...)))    types, also of timestamp(3) with time zone
///   X'4142'                       bytes
///   awsdatacatalog.db.t           the catalog's name is left out
///   regexp_replace(…) and others  functions of another meaning, by the names that the engine gives Athena's
///
/// Integer division is the engine's setting. Source: Trino documentation, "SQL statement syntax".
std::string AthenaToDuckDB(std::string_view sql);

}  // namespace glaux::sql
