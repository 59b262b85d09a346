#pragma once

#include <duckdb.hpp>

#include <arrow/type_fwd.h>

#include "glaux/base/status.h"

namespace glaux::duckdb_engine {

/// The DuckDB type in which a table's column is read. kNotImplemented for what DuckDB cannot hold.
Result<duckdb::LogicalType> ToLogicalType(const arrow::DataType& type);

/// A partition value as a DuckDB value of `type`.
Result<duckdb::Value> ToValue(const arrow::Scalar& scalar, const duckdb::LogicalType& type);

/// Whether every value of a file's column is one of the table's column, so that reading it loses nothing.
bool Widens(const duckdb::LogicalType& file, const duckdb::LogicalType& table);

}  // namespace glaux::duckdb_engine
