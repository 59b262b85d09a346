#pragma once

#include <duckdb.hpp>

#include <memory>

#include "glaux/engine/duckdb/query_state_internal.h"
#include "glaux/table/table.h"

namespace glaux::duckdb_engine {

/// A table's columns as DuckDB sees them: its own, then the partition columns.
struct ScanColumns {
  duckdb::vector<duckdb::string> names;
  duckdb::vector<duckdb::LogicalType> types;
  size_t partition_begin = 0;  ///< index of the first partition column
};

Result<ScanColumns> ColumnsOf(const Table& table);

/// What can be selected besides: the file of a row as "$path", which Athena has too, and what DuckDB needs for itself.
duckdb::virtual_column_map_t HiddenColumns();
/// The same of a table that BindRowScan reads: formats of text do not tell which row of the file a row is.
duckdb::virtual_column_map_t HiddenRowScanColumns();

/// Make the function that reads a table, bound: DuckDB's Parquet scan over the files of the table's plan. Nothing is
/// listed before the optimizer has told which partitions matter, and no file is opened before the query runs.
duckdb::TableFunction BindScan(duckdb::ClientContext& context, duckdb::TableCatalogEntry& entry,
                               std::shared_ptr<Table> table, ScanColumns columns,
                               duckdb::unique_ptr<duckdb::FunctionData>& bind_data);

/// The same for a table of any format: our own readers take its files apart, a thread as many as it can, and their
/// batches become DuckDB's.
duckdb::TableFunction BindRowScan(duckdb::TableCatalogEntry& entry, std::shared_ptr<Table> table, ScanColumns columns,
                                  duckdb::ClientContext& context, duckdb::unique_ptr<duckdb::FunctionData>& bind_data);

}  // namespace glaux::duckdb_engine
