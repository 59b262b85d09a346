#pragma once

#include <duckdb.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux::duckdb_engine {

/// What EXPLAIN (FORMAT JSON) answers of a query: its Output as Trino describes it, with names and types of columns.
/// Nothing runs.
Result<std::string> ExplainOutput(duckdb::Connection& connection, duckdb::unique_ptr<duckdb::SQLStatement> query);

/// What EXPLAIN (TYPE IO, FORMAT JSON) answers: the tables that a query reads and, of each, bytes, files and partitions
/// by the table's plan. Files are listed, none is read.
Result<std::string> ExplainIo(duckdb::Connection& connection, const std::string& query);

/// A parameter's value: what is one literal as such, all else as text.
duckdb::Value ValueOfParameter(const std::string& text);

}  // namespace glaux::duckdb_engine
