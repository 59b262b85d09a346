#pragma once

#include <duckdb.hpp>
#include <duckdb/common/multi_file/multi_file_list.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "glaux/engine/duckdb/lake_scan_internal.h"

namespace glaux::duckdb_engine {

/// One filter of a query over a table's columns, of which only the partition columns have values before files are read.
class PartitionFilter {
 public:
  /// \param expression refers to partition column i as BoundReferenceExpression(i), to others with index kOther
  explicit PartitionFilter(duckdb::unique_ptr<duckdb::Expression> expression) : expression_(std::move(expression)) {}
  static constexpr duckdb::idx_t kOther = duckdb::DConstants::INVALID_INDEX;

  /// False if no row of a partition with these values can pass.
  bool MayPass(duckdb::ClientContext& context, const std::vector<duckdb::Value>& values) const;

  /// The only values of partition column `key` with which a row can pass, where the filter lists them: k = 'a', k IN
  /// ('a', 'b').
  std::optional<std::vector<duckdb::Value>> ValuesOf(size_t key) const;

 private:
  duckdb::unique_ptr<duckdb::Expression> expression_;
};

/// A data file with its partition values in DuckDB's types.
struct ScanFile {
  duckdb::OpenFileInfo info;
  std::vector<duckdb::Value> partition_values;
  int64_t size = 0;
  std::optional<int64_t> rows = {};
  std::string format = {};
  std::shared_ptr<const FormatOptions> format_options = {};
};

/// What a scan reads.
struct ScanTotals {
  int64_t bytes = 0;  ///< of whole files
  int64_t files = 0;
  int64_t partitions_total = 0;
  int64_t partitions_scanned = 0;
};

class LakeFileList;
/// The files of a bound scan of a table, whichever function reads it; null for other scans.
const LakeFileList* FilesOf(const duckdb::FunctionData* bind_data);

/// The files of a table that a scan reads, planned when they are first asked for. Thread-safe.
class LakeFileList : public duckdb::MultiFileList {
 public:
  struct Source {
    std::shared_ptr<Table> table;
    ScanColumns columns;
    /// Files of other formats are an error of the plan.
    bool parquet_only = true;
  };
  LakeFileList(duckdb::ClientContext& context, std::shared_ptr<const Source> source,
               std::vector<std::shared_ptr<const PartitionFilter>> filters = {});

  const Source& source() const { return *source_; }
  const ScanFile& file(size_t index) const { return (*Files())[index]; }
  ScanTotals Totals() const;
  /// Add what this scan looks at to the query's numbers.
  void Count() const;

  duckdb::unique_ptr<duckdb::MultiFileList> ComplexFilterPushdown(
      duckdb::ClientContext& context, const duckdb::MultiFileOptions& options, duckdb::MultiFilePushdownInfo& info,
      duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& filters) const override;
  duckdb::unique_ptr<duckdb::MultiFileList> DynamicFilterPushdown(duckdb::ClientContext& context,
                                                                  const duckdb::MultiFileOptions& options,
                                                                  const duckdb::vector<duckdb::string>& names,
                                                                  const duckdb::vector<duckdb::LogicalType>& types,
                                                                  const duckdb::vector<duckdb::column_t>& column_ids,
                                                                  duckdb::TableFilterSet& filters) const override;

  duckdb::vector<duckdb::OpenFileInfo> GetAllFiles() const override;
  duckdb::FileExpandResult GetExpandResult() const override;
  duckdb::idx_t GetTotalFileCount() const override { return Files()->size(); }
  duckdb::unique_ptr<duckdb::NodeStatistics> GetCardinality(duckdb::ClientContext& context) const override;
  duckdb::unique_ptr<duckdb::MultiFileList> Copy() const override;

 protected:
  duckdb::OpenFileInfo GetFile(duckdb::idx_t index) const override;

 private:
  struct Planned {
    std::vector<ScanFile> files;
    int64_t partitions_total = 0;
    int64_t partitions_kept = 0;
    std::vector<std::string> notes;
  };
  std::shared_ptr<const Planned> Plan() const;
  std::shared_ptr<const Planned> PlanFromTable() const;
  /// What the filters list, for PlanOptions::key_values.
  std::vector<std::optional<std::vector<std::shared_ptr<arrow::Scalar>>>> KeyValues() const;
  std::shared_ptr<const std::vector<ScanFile>> Files() const;
  bool MayPass(const std::vector<duckdb::Value>& values) const;
  duckdb::unique_ptr<duckdb::MultiFileList> With(std::vector<std::shared_ptr<const PartitionFilter>> added) const;

  duckdb::ClientContext& context_;
  const std::shared_ptr<const Source> source_;
  const std::vector<std::shared_ptr<const PartitionFilter>> filters_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Planned> planned_;
};

}  // namespace glaux::duckdb_engine
