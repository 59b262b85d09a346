#pragma once

#include <duckdb.hpp>

#include <arrow/type_fwd.h>

#include <memory>

#include "glaux/base/status.h"

namespace glaux::duckdb_engine {

/// The name that a column of a query gets which has none, before it is known which column of the result it is: Athena
/// calls these _col0, _col1 by their places.
inline constexpr char kUnnamedColumn[] = "_col\x01";

/// Give a parsed query the meaning that Athena gives it, where that is a matter of its tree and not of its words (see
/// sql/athena_dialect.h for those). Positions in errors stay.
///
///   a / b, a % b, sum(x), avg(x)      functions with Athena's types and errors
///   x AT TIME ZONE z                  what the clocks of z show at that time
///   map_filter(m, (k, v) -> …) …      functions with lambdas that DuckDB lacks, made of those that it has
///   UNNEST(m) AS t(k, v)              of maps, of several arrays, of rows
///   information_schema.columns …      with Athena's names of types, and nothing of DuckDB's own
///   SELECT 1, VALUES 1                columns without a name get kUnnamedColumn
///
/// \return whether a table is named without its database
bool GiveAthenasMeaning(duckdb::SQLStatement& statement);

/// The columns of a result with "_col0" and so on for those without a name, marked with kUnnamedKey.
Result<std::shared_ptr<arrow::Schema>> NamedByPlace(std::shared_ptr<arrow::Schema> schema);

}  // namespace glaux::duckdb_engine
