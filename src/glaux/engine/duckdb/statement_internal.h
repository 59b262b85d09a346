#pragma once

#include <duckdb.hpp>

#include "glaux/base/status.h"

namespace glaux::duckdb_engine {

/// Whether a statement may run: one that reads may; one that writes to the lake is kNotImplemented; one that reaches
/// beyond the lake or changes the engine is kDenied unless local access is allowed.
Status CheckStatement(const duckdb::SQLStatement& statement, bool allow_local_access);

}  // namespace glaux::duckdb_engine
