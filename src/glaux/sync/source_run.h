#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "glaux/base/progress.h"
#include "glaux/sync/cursor.h"
#include "glaux/sync/environment.h"
#include "glaux/sync/pump.h"
#include "glaux/sync/quarantine.h"
#include "glaux/sync/request_plan.h"
#include "glaux/sync/row_stream.h"
#include "glaux/sync/shape.h"
#include "glaux/sync/source_counts.h"

namespace glaux {

/// What one run has to know of its surroundings to read a source.
struct SourceRunOptions {
  std::string stream;  ///< name of its state with the target
  Target* target = nullptr;
  WriteMode mode = WriteMode::kAppend;
  /// Rows are added to what is there, and one that comes twice is there twice.
  bool doubles_matter = true;
  bool full_refresh = false;
  CursorBounds bounds = {};
  /// Rows go straight into the target, so their names are the target's.
  bool normalize_names = false;
  /// Their types are those that a table of a catalog stores.
  bool stored_types = false;
  /// Columns without any value are text, as SourceConfig::keep_untyped says.
  bool keep_untyped = false;
  /// The contract lets columns of the target become wider.
  bool widen = false;
  bool skip_bad_rows = false;                ///< rows that do not parse have no say in the types
  std::optional<int64_t> sample_bytes = {};  ///< wins over the source's own
  Progress* progress = nullptr;
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
};

/// One source in one run: which rows it has to give, with which columns, and what is to be remembered of them.
///
/// Find, then Infer (as often as needed), then Open once. Find and Infer change nothing.
class SourceRun {
 public:
  static Result<std::unique_ptr<SourceRun>> Make(const SyncEnvironment& environment, const SourceConfig& config,
                                                 SourceRunOptions options);

  const SourceConfig& config() const { return config_; }
  bool reads_files() const { return config_.kind == SourceConfig::Kind::kFiles; }

  /// Find out what there is to read.
  Status Find();
  /// Nothing has come since the last run.
  bool nothing_new() const { return reads_files() && files_.empty(); }
  /// Files that were read once are left out.
  bool keeps_ledger() const;
  /// Read the files in chunks: nothing is taken before TakeChunk takes the first one.
  void BeginChunks();
  /// Read only the next files, up to so many bytes, at least one. \return false if all are done
  bool TakeChunk(int64_t bytes);
  /// As many rows have passed as a run may take.
  bool reached_max_records() const {
    return config_.incremental.max_records.has_value() && rows_passed_ >= *config_.incremental.max_records;
  }
  /// The chunk at hand is the last one.
  bool last_chunk() const { return chunk_end_ >= files_.size(); }

  /// \param sample_bytes of each file; 0: all
  Status Infer(int64_t sample_bytes);
  int64_t DefaultSampleBytes() const;
  /// Types may be wrong for rows that were not looked at.
  bool sampled() const { return sampled_; }
  /// Every row was looked at, and there is none.
  bool has_no_rows() const { return inferred_.complete && inferred_.rows_seen == 0; }
  const DataShape& shape() const { return shape_; }
  /// Columns that the source gives: selected, without those that are read only to filter by.
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  /// Of a table: its partition keys that times have made, under the target's names.
  std::vector<std::string> made_keys() const;
  /// Shape of each file alone, for errors that name one.
  const std::vector<SourceFile>& files() const { return chunk_; }
  std::vector<std::string> notes() const;

  /// Begin to read the columns of `wanted`, with the types there.
  /// \param must_be_null columns that send a row that has a value there aside
  /// \param readers_go_on rows that do not parse go to the quarantine; else the first one is an error
  Status Open(const std::shared_ptr<arrow::Schema>& wanted, const std::vector<std::string>& must_be_null,
              Quarantine* quarantine, bool readers_go_on, bool in_order, bool dictionaries);
  RowStream& stream() { return *stream_; }
  /// The same for one reader that pulls all of the source's columns.
  /// \param counts these rows are the ones that are counted and remembered; else they are read beside those
  Result<std::shared_ptr<arrow::RecordBatchReader>> OpenRows(Quarantine* quarantine, bool readers_go_on, bool counts);
  /// What of a decoded batch goes on: exactly the wanted columns that the source has. Thread-safe.
  /// \param sequence of the batch's piece
  Result<std::shared_ptr<arrow::RecordBatch>> Process(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                      int64_t sequence);

  /// After the rows were read: nothing was passed over that no column has. As FileStream::CheckKeys.
  Status CheckComplete() const;
  /// After the rows were read: what the commit puts into the ledger, and how the stream's state changes.
  std::vector<LoadedFile> LedgerEntries() const;
  Result<std::optional<StreamChange>> StateChange() const;
  std::optional<Timestamp> LedgerWatermark() const;
  SourceCounts counts() const;

  /// After Infer: what reading the rows will take and give, as far as that is known without reading them.
  RequestCounts RequestsToRead() const;
  ExpectedWrite Expected() const;

 private:
  SourceRun(const SyncEnvironment& environment, const SourceConfig& config, SourceRunOptions options)
      : environment_(environment), config_(config), options_(std::move(options)) {}

  /// The same source in the same state, with counts and a cursor of its own.
  Result<std::unique_ptr<SourceRun>> Clone() const;
  /// \param columns of the result, some of the source's
  Result<std::shared_ptr<arrow::RecordBatchReader>> ReaderOf(std::shared_ptr<SourceRun> clone,
                                                             std::shared_ptr<arrow::Schema> columns,
                                                             bool readers_go_on) const;
  Status MakeCursor();
  Status FindFiles();
  Status InferFilesOfChunk(int64_t sample_bytes);
  Status AddPathColumns(arrow::FieldVector* fields);
  Status AddPathConstants(FileInput* input) const;
  Status DescribeRelation(const std::shared_ptr<arrow::Schema>& schema);
  Status ChooseColumns(const arrow::Schema& all);
  Result<std::shared_ptr<RowStream>> OpenFiles(const arrow::Schema& wanted, Quarantine* quarantine, bool readers_go_on,
                                               bool in_order, bool dictionaries);
  Result<std::shared_ptr<RowStream>> OpenRelation();
  Status FindBoundary();
  Status SetAside(const arrow::RecordBatch& batch, const std::string& column, const std::string& reason);

  const SyncEnvironment& environment_;
  const SourceConfig& config_;
  const SourceRunOptions options_;

  std::optional<std::string> stored_state_;
  StreamState state_;
  std::shared_ptr<Cursor> cursor_;
  Predicate filter_;
  std::optional<std::string> stop_behind_;  // cursor value that is the last one of this run
  std::vector<SourceFile> files_;
  std::vector<SourceFile> known_files_;  // read before: their columns are the source's where nothing new has come
  size_t chunk_end_ = 0;
  std::vector<SourceFile> chunk_;
  std::shared_ptr<Table> table_;

  InferredFiles inferred_;
  DataShape shape_;
  std::shared_ptr<arrow::Schema> all_columns_;  // with those that only filters need
  std::shared_ptr<arrow::Schema> schema_;
  bool sampled_ = false;
  std::shared_ptr<arrow::Schema> path_columns_;  // that the folders of the chunk's files give

  std::shared_ptr<arrow::Schema> wanted_;
  std::vector<std::string> must_be_null_;
  Quarantine* quarantine_ = nullptr;
  std::unique_ptr<Quarantine> own_quarantine_;  // of a clone
  std::shared_ptr<FileStream> file_stream_;
  std::shared_ptr<RowStream> stream_;
  std::atomic<int64_t> rows_read_{0}, rows_filtered_{0}, rows_set_aside_{0}, rows_passed_{0};
  std::atomic<int64_t> limit_left_{0};
  SourceCounts found_;
  std::vector<std::string> links_;
};

}  // namespace glaux
