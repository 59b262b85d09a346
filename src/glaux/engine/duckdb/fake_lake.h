#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "glaux/engine/duckdb/duckdb_engine.h"

namespace glaux::testing {

/// A store in memory that counts what is read.
class CountingStore;

/// A lake for tests of the embedded engine: Parquet files in memory behind a table that plans as real ones do, and
/// counts.
class FakeLake {
 public:
  FakeLake();

  /// Rows as JSON: R"([{"a": 1}])".
  static std::shared_ptr<arrow::RecordBatch> Rows(const std::shared_ptr<arrow::Schema>& schema,
                                                  const std::string& json);

  /// Define a table: its own columns and its partition columns.
  void AddTable(const TableId& id, std::vector<std::shared_ptr<arrow::Field>> columns,
                std::vector<std::shared_ptr<arrow::Field>> partition_columns = {});
  /// Add a file whose columns may be other than the table's. \return its key
  std::string AddFile(const TableId& id, std::vector<std::shared_ptr<arrow::Scalar>> partition_values,
                      const arrow::RecordBatch& rows, int64_t row_group_rows = 64 << 10);
  /// Add an object of any content as a data file.
  std::string AddRawFile(const TableId& id, std::string_view content, const std::string& format = "parquet");

  /// The same of a partition, of a table in this format; the table is of it from then on.
  std::string AddRawFile(const TableId& id, std::vector<std::shared_ptr<arrow::Scalar>> partition_values,
                         std::string_view content, const std::string& format);

  LakeAccess access();
  Result<std::unique_ptr<QueryEngine>> Engine(DuckDBEngineOptions options = {});

  /// Partitions of a table that were listed so far.
  int64_t listed(const TableId& id) const;
  /// Reads are as far away as those of S3.
  void MakeRemote();
  int64_t gets() const;
  int64_t bytes_read() const;
  ObjectStore& store();
  /// PlanOptions::key_values of the last plan: "a,b" of a key, "*" where nothing was said.
  std::vector<std::string> key_values(const TableId& id) const;
  /// The next plan of the table fails with this.
  void FailPlans(const TableId& id, Status error);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace glaux::testing
