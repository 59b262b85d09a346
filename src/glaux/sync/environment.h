#pragma once

#include <arrow/io/type_fwd.h>
#include <arrow/type_fwd.h>
#include <arrow/util/cancel.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/cost/prices.h"
#include "glaux/engine/query_engine.h"
#include "glaux/store/location.h"
#include "glaux/store/s3_access.h"
#include "glaux/sync/config.h"
#include "glaux/table/table.h"

namespace glaux {

/// What a write into a target does with the rows that are there.
struct TargetWriteOptions {
  WriteMode mode = WriteMode::kAppend;
  std::vector<std::string> primary_key = {};
  /// See DestinationConfig::datetime_field.
  std::string datetime_field = {};
  /// A bigint column of the batches, not to be written, that says in which order rows came. Empty: there is none.
  std::string sequence_column = {};
  SchemaContract contract = {};
  /// Write again what the ledger says is loaded.
  bool allow_reload = false;
  std::optional<Timestamp> ledger_watermark = {};
  Parameters parameters = {};  ///< of tables: to be set with the commit
  int64_t memory_limit = 64 << 20;
  /// Of overwrite_partitions: refuse to replace rows that others have written since the write was begun.
  bool made_from_rows = true;
  /// For Preview: what will be given to the write.
  ExpectedWrite expected = {};
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
};

struct TargetSummary {
  std::string commit_id;
  int64_t rows = 0;       ///< written
  int64_t unchanged = 0;  ///< of the rows given: they lost against another row with their key
  int64_t bytes = 0;
  std::vector<std::string> files;  ///< addresses
  int64_t partitions_added = 0;
  int64_t partitions_replaced = 0;
  bool already_loaded = false;  ///< somebody else has written these sources meanwhile: nothing was added
  /// Of targets that compare columns themselves: what was made and what was changed.
  bool created = false;
  std::vector<SchemaDifference> differences;
};

/// What a write would do, as far as its columns tell.
struct TargetPreview {
  /// Of targets that compare columns themselves: whether there would be a new one, and what would change.
  bool created = false;
  std::vector<SchemaDifference> differences;
  /// The catalog's table that would be made, without rows; null: it is there, or it is no table.
  std::shared_ptr<Table> table;
  /// What writing and committing takes at the target's store.
  RequestCounts requests = {};
  /// What of that is not known, for people.
  std::vector<std::string> notes = {};
};

/// Rows on their way into a target. Destroying it without Commit leaves nothing.
class TargetWrite {
 public:
  virtual ~TargetWrite() = default;
  /// Thread-safe. Batches have the columns of the schema given to Begin.
  virtual Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) = 0;
  /// As Append::Attach. Only of targets that have attachments().
  virtual void Attach(AttachedObject) {}
  /// Partitions that the commit replaces because rows were given for them, as far as that is known before: of
  /// overwrite_partitions.
  virtual Result<std::vector<std::vector<std::string>>> Replaces() { return std::vector<std::vector<std::string>>(); }
  /// As Append::Commit.
  virtual Result<TargetSummary> Commit(std::span<const LoadedFile> sources, std::span<const StreamChange> streams) = 0;
};

/// Where a pipeline's rows go, and where it remembers how far it came. Used by one pipeline at a time.
class Target {
 public:
  virtual ~Target() = default;
  /// For people: "table sales.orders", "file:///out/results.parquet".
  virtual std::string name() const = 0;
  /// Columns that data is compared with; null: there is nothing yet.
  virtual std::shared_ptr<arrow::Schema> schema() const = 0;
  /// The write itself compares columns with what is there, and schema() is null.
  virtual bool compares_columns() const { return false; }
  /// Columns get names that Glue and Athena can use.
  virtual bool normalizes_names() const { return false; }
  /// Rows must come in the order of the source.
  virtual bool keeps_order() const { return false; }
  /// A write of this kind takes strings as dictionaries too.
  virtual bool takes_dictionaries(WriteMode mode) const { return false; }
  /// Columns stay when all rows are replaced; else those of the new rows are the new columns.
  virtual bool keeps_columns() const { return true; }
  /// New columns keep types that catalogs have not: zones, nanoseconds, times of day.
  virtual bool keeps_types(WriteMode) const { return false; }
  /// Partition keys that a write makes of times.
  struct MadeKeys {
    /// Of the time of the write. Rows that bring all of them along as text keep them.
    std::vector<std::string> of_write_time = {};
    std::vector<std::string> of_columns = {};
  };
  virtual MadeKeys made_keys() const { return {}; }
  /// Where it is a table: the table, if it is there.
  virtual std::shared_ptr<Table> table() const { return nullptr; }
  /// Folder (ends in '/') for the quarantine; empty: there is no place.
  virtual std::string quarantine_folder() const { return {}; }
  /// Opens folders whose uploads a write of this target takes with Attach, so that its commit makes them visible in one
  /// step with the rows. Unset: the target remembers nothing of a run, so nothing can belong to one.
  virtual LocationResolver attachments() const { return {}; }

  virtual Result<std::map<std::string, std::string>> Streams() = 0;
  virtual Status ChangeStream(const StreamChange& change) = 0;
  virtual Result<std::vector<bool>> AlreadyLoaded(std::span<const LoadedFile> files) = 0;
  virtual Result<std::vector<LoadedFile>> Loaded() = 0;
  virtual Result<int64_t> ForgetLoaded(const std::function<bool(const LoadedFile&)>& forget) = 0;
  /// Look again: another run may have committed.
  virtual Status Refresh() = 0;

  /// What Begin would refuse about the columns, and what a commit would make. Changes nothing.
  virtual Result<TargetPreview> Preview(const EvolutionPlan& plan, const TargetWriteOptions& options) {
    return TargetPreview();
  }
  /// Begin a write of batches with the columns of `plan.write_schema`, and `options.sequence_column`.
  virtual Result<std::unique_ptr<TargetWrite>> Begin(const EvolutionPlan& plan, const TargetWriteOptions& options) = 0;
};

enum class TargetUse { kLook, kWrite };

/// \param access how s3:// is reached, where the pipeline says it
using FolderResolver = std::function<Result<Location>(std::string_view uri, const S3Access& access)>;

/// What pipelines live in. Functions, so that this room knows no implementation.
struct SyncEnvironment {
  /// Store and key behind a folder: "s3://bucket/a/b/", "file:///data/in/". kNotFound, kDenied.
  FolderResolver open_folder;
  /// The same for writing: a folder that is not there is made.
  FolderResolver make_folder;
  /// The files that count below a folder that writes of ours manage, which is where `_glaux/state.json` is: without
  /// what a commit has not finished or has replaced. `listed`: the folder as listed just now, which saves another
  /// listing where no log is.
  std::function<Result<std::vector<ObjectInfo>>(ObjectStore& store, const std::string& prefix,
                                                const std::vector<ObjectInfo>* listed)>
      list_committed;
  /// kNotFound.
  std::function<Result<std::shared_ptr<Table>>(const TableId&)> open_table;
  /// Store and key of the files of catalog tables.
  LocationResolver resolve;
  /// \param use kLook makes nothing, not even a folder
  std::function<Result<std::unique_ptr<Target>>(const DestinationConfig&, TargetUse use)> open_target;
  std::function<Result<QueryEngine*>()> engine;
  Clock* clock = &Clock::System();
  int64_t memory_limit = 512 << 20;
  std::string database = "default";
  /// Counts the requests of all that these functions open; null: nobody counts.
  std::shared_ptr<const RequestMeter> meter = {};
  /// What they cost.
  PriceTable prices = DefaultPrices();
};

}  // namespace glaux
