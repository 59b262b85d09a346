#pragma once

#include <duckdb.hpp>

namespace glaux::duckdb_engine {

/// Give a database the functions of Amazon Athena (Trino) that DuckDB has under another name or not at all, so that one
/// statement runs on both. What DuckDB has under the same name stays DuckDB's. Throws what DuckDB throws.
/// Source: Trino documentation, "Functions and operators".
void RegisterAthenaFunctions(duckdb::ClientContext& context);

}  // namespace glaux::duckdb_engine
