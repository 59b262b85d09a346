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
///   CAST(x AS varchar(2))         which cuts, and char(2), which pads
///   U&'Gr\00fc\00dfe'             letters by their numbers
///   TIMESTAMP '… UTC', DECIMAL '1' literals with a zone, with the digits that they have
///   `name`                        names in backticks, which Athena has in statements of Hive's kind
///   IF(a, b), LISTAGG(…) WITHIN GROUP (…), TABLESAMPLE BERNOULLI (10)
///   awsdatacatalog.db.t           the catalog's name is left out
///   regexp_replace(…) and others  functions of another meaning, by the names that the engine gives Athena's
///
/// What is no matter of words, as that integers are divided to integers, is the engine's. Source: Trino documentation,
/// "SQL statement syntax".
std::string AthenaToDuckDB(std::string_view sql);

/// A name in a query, with the names before and behind it: "db.t" of `"db" . t`.
struct NameAt {
  std::string text = {};
  int line = 0;  ///< 0: not found
  int column = 0;
};
/// The name in the query as it was asked that stands at a place, in bytes, of what AthenaToDuckDB has made of it.
NameAt FindName(std::string_view asked, std::string_view rewritten, size_t at);

}  // namespace glaux::sql
