#pragma once

#include <duckdb.hpp>
#include <duckdb/function/table/arrow.hpp>

#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "glaux/base/status.h"

namespace glaux::duckdb_engine {

/// Arrow columns as DuckDB takes them over.
struct ArrowColumns {
  duckdb::ArrowSchemaWrapper schema;
  duckdb::ArrowTableSchema table;
  duckdb::vector<duckdb::string> names;
  duckdb::vector<duckdb::LogicalType> types;
  /// Columns that are cast before DuckDB gets them.
  std::vector<std::pair<int, std::shared_ptr<arrow::DataType>>> decoded;
};

/// Find the DuckDB type of every column.
/// \param subject what the error names, "relation x"
/// \return kInvalid for no columns, two whose names differ only by case, and a type that DuckDB does not take
Result<std::shared_ptr<const ArrowColumns>> DescribeArrow(duckdb::ClientContext& context, const arrow::Schema& schema,
                                                          std::string_view subject);

/// Converts batches to DuckDB's chunks, 2,048 rows at a time. Strings and numbers are not copied where DuckDB can share
/// them; the chunk keeps the batch alive.
class ArrowRows {
 public:
  /// \param column_ids of the chunk's columns; one that is no column of the batches is filled with nulls
  ArrowRows(duckdb::ClientContext& context, std::shared_ptr<const ArrowColumns> columns,
            duckdb::vector<duckdb::column_t> column_ids);

  /// Begin with a batch, which must have the columns described.
  Status Begin(const arrow::RecordBatch& batch);
  /// Convert the next rows; leaves `chunk` empty when the batch is at its end.
  void Next(duckdb::DataChunk& chunk);

 private:
  const std::shared_ptr<const ArrowColumns> columns_;
  duckdb::ArrowScanLocalState state_;
};

}  // namespace glaux::duckdb_engine
