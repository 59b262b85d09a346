#pragma once

#include <duckdb.hpp>

#include <string>

#include "glaux/engine/duckdb/duckdb_engine.h"

namespace glaux::duckdb_engine {

/// The name under which DuckDB has the lake's catalog: what Athena calls it, so that three-part names run on both.
inline constexpr char kCatalogName[] = "awsdatacatalog";
/// The storage type that RegisterCatalog defines.
inline constexpr char kCatalogType[] = "glaux";

/// Teach a DuckDB that is about to start to attach the lake's catalog: databases are schemas; a table is looked up when
/// a statement names it, and stays as it was then for the rest of the statement. Read-only.
void RegisterCatalog(duckdb::DBConfig& config, const LakeAccess& lake, const std::string& default_database);

}  // namespace glaux::duckdb_engine
