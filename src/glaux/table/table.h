#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/cancel.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"
#include "glaux/catalog/catalog.h"
#include "glaux/schema/evolution.h"
#include "glaux/schema/predicate.h"
#include "glaux/store/object_writer.h"
#include "glaux/store/request_counts.h"

namespace glaux {

/// Table parameter that lists columns that were in the data but never had a value, so have no type yet: a JSON array.
inline constexpr char kUntypedColumnsParameter[] = "glaux.untyped-columns";

/// How a partition key comes out of the data. Words of the Iceberg specification, "Partition Transforms".
enum class Transform { kIdentity, kYear, kMonth, kDay, kHour };

/// One partition field: `day(lineitem_usagestartdate)`. For a Hive table year, month, day and hour make one string key
/// per level above and including it (year, month, day), zero-padded as AWS writes them ("2025", "01", "31", "07").
struct PartitionField {
  Transform transform = Transform::kIdentity;
  std::string source_column;  ///< as the table names it; empty with a time transform: the write time (UTC)
  bool operator==(const PartitionField&) const = default;
};

/// Read "day(lineItem/UsageStartDate), region" into fields; column names are normalized. kInvalid.
Result<std::vector<PartitionField>> ParsePartitionSpec(std::string_view text);
std::string ToString(std::span<const PartitionField> fields);
/// Names of the keys that a time makes: year, month and day for kDay; none for kIdentity.
std::vector<std::string> TimeKeysOf(Transform transform);

struct FormatOptions;

/// A file of rows that belongs to one snapshot of a table.
struct DataFile {
  std::string location;  ///< URI
  int64_t size = 0;      ///< bytes
  std::string etag = {};
  /// For TableFormatByName.
  std::string format = "parquet";
  /// What reading it depends on beyond its bytes, where that is not ScanPlan::format_options. Null: it is.
  std::shared_ptr<const FormatOptions> format_options = {};
  /// Value of every partition column for all rows of this file, in the order of Table::partition_columns(); typed.
  std::vector<std::shared_ptr<arrow::Scalar>> partition_values = {};
  /// The same as Append::Replace takes them.
  std::vector<std::string> partition = {};
  std::optional<int64_t> record_count = {};
};

enum class ColumnMapping { kByName, kByFieldId };

/// Exactly what a reader has to read.
struct ScanPlan {
  /// Columns of the result: the table's columns, then its partition columns.
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> partition_columns;
  ColumnMapping mapping = ColumnMapping::kByName;
  std::vector<DataFile> files;
  /// What reading the files depends on beyond their bytes (a delimiter); null: defaults.
  std::shared_ptr<const FormatOptions> format_options = {};
  /// For statistics: what there was before pruning, as far as it was looked at.
  int64_t partitions_total = 0;
  int64_t partitions_kept = 0;
  /// Why there are no files although somebody may expect some: "there is nothing at s3://…".
  std::vector<std::string> notes = {};
};

struct PlanOptions {
  /// Rows for which this is false may be left out; files whose partition values make it false are.
  Predicate filter = {};
  /// A further test on the typed partition values, for callers with an expression language of their own. Unset: all.
  std::function<Result<bool>(std::span<const std::shared_ptr<arrow::Scalar>>)> keep_partition = {};
  /// By partition column: the only values that it may have, where the caller knows them. Partitions with others may be
  /// left out. Empty: nothing is known.
  std::vector<std::optional<std::vector<std::shared_ptr<arrow::Scalar>>>> key_values = {};
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
};

/// Values of a column that somebody looks for.
struct ColumnRange {
  std::string column;
  std::shared_ptr<arrow::Scalar> least, greatest;  ///< inclusive; of the column's type
};

struct ScanOptions {
  /// Columns of the result in this order; unset: all.
  std::optional<std::vector<std::string>> columns = {};
  /// Only rows for which this is true.
  Predicate filter = {};
  /// Rows with another value in one of these columns may be left out: row groups are, by their statistics.
  std::vector<ColumnRange> ranges = {};
  /// A bigint column of this name behind the others: where the row is, `file << kPositionBits | row`, both from 0, the
  /// file by the plan and the row by the file. Empty: none.
  std::string position_column = {};
  int64_t batch_rows = 64 << 10;
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
};

/// A source file whose rows a commit adds: the ledger's record.
struct LoadedFile {
  std::string key;  ///< URI
  std::string etag;
  int64_t size = 0;
  Timestamp modified = {};
  /// Key, ETag and size: the same file.
  bool operator==(const LoadedFile& other) const {
    return key == other.key && etag == other.etag && size == other.size;
  }
};

/// How far something that writes into a table has read its source: a small text that only its writer understands, kept
/// with the table and changed in one step with a commit.
struct StreamChange {
  std::string stream;                   ///< its name
  std::optional<std::string> expected;  ///< what it must be now; nullopt: none
  std::optional<std::string> next;      ///< nullopt: none from now on
};

/// An upload that becomes visible with a commit and is no data of the table: rows that were set aside.
struct AttachedObject {
  std::string folder;    ///< URI, ends with '/'; the object is directly in it
  PendingObject object;  ///< in the store of the folder

  std::string_view name() const { return std::string_view(object.key).substr(object.key.rfind('/') + 1); }
  std::string uri() const { return folder + std::string(name()); }
};

/// Which rows of a table a commit takes away.
enum class Overwrite {
  kNone,
  kTable,       ///< all: the table's rows are those of the commit
  kPartitions,  ///< those of the partitions into which the commit writes, and of AppendOptions::replace_partitions
  kNamed,       ///< those of the partitions that Append::Replace names; rows of other partitions are added there
};

/// ErrorInfo::code of a commit that was refused because the table's rows are not those any more that it was made from.
inline constexpr char kRowsChanged[] = "RowsChanged";

struct AppendOptions {
  /// Most bytes of rows held in memory over all partitions.
  int64_t memory_limit = 128 << 20;
  /// A data file is closed and the next one begun once it has this size on disk.
  int64_t target_file_bytes = 128 << 20;
  std::string compression = "snappy";
  Overwrite overwrite = Overwrite::kNone;
  /// With kPartitions: these are replaced too, although no row may come for them. Values as in the path, unescaped, in
  /// the order of Table::partition_columns().
  std::vector<std::vector<std::string>> replace_partitions = {};
  /// With an overwrite: its rows are made from rows of the table, so the commit is refused if those have changed since
  /// the append was begun. Off: it replaces what is there at its commit, whatever that is.
  bool made_from_rows = true;
  /// With an overwrite: files that were replaced go this long after the commit, for those who still read them.
  std::chrono::seconds grace{3600};
  /// The ledger forgets files that were modified before this, and from then on takes every such file for loaded.
  /// It never goes back. Unset: the ledger keeps every file.
  std::optional<Timestamp> ledger_watermark = {};
  /// Commit although the ledger has some of the source files (`--again`).
  bool allow_reload = false;
  /// Table parameters to set with the commit; an empty value removes one.
  Parameters parameters = {};
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
};

struct CommitSummary {
  std::string commit_id;
  int64_t rows = 0;
  int64_t bytes = 0;               ///< of the data files
  std::vector<std::string> files;  ///< URIs
  int64_t partitions_added = 0;
  int64_t partitions_replaced = 0;
  int64_t files_replaced = 0;
  /// Somebody else had loaded all of these source files by the time of the commit: nothing was added.
  bool already_loaded = false;
};

/// Rows on their way into a table. Nothing is visible before Commit; destroying an append that was not committed drops
/// what it wrote.
class Append {
 public:
  virtual ~Append() = default;
  /// Add rows. Columns are matched by name and must have the types of `write_schema` given to NewAppend (a string may
  /// come as dictionary). Thread-safe.
  virtual Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) = 0;
  /// Have Commit complete an upload, too: it becomes visible with the rows, and whoever finishes the commit completes
  /// it. Until the commit has begun, and if it adds nothing, the upload stays the caller's to drop. Before Commit.
  virtual void Attach(AttachedObject object) = 0;
  /// Of an append with Overwrite::kNamed: the partitions that the commit replaces, unless nothing is named; values as
  /// in the path, unescaped, in the order of Table::partition_columns(); of a table without partitions the one without
  /// values. Once, before the first write. Their rows must be written again, or they are gone.
  virtual Status Replace(std::vector<std::vector<std::string>> partitions) = 0;
  /// The partitions of the rows that were given so far, as Replace has them. Encodes what waits.
  virtual Result<std::vector<std::vector<std::string>>> Partitions() = 0;
  /// Make everything visible at once, with the ledger of what was loaded and the streams' states. Call once, after all
  /// writes. kPrecondition if a part of `sources` was loaded by somebody else since, or a stream is not as expected, or
  /// rows that an overwrite was made from have changed: nothing was added; plan again.
  virtual Result<CommitSummary> Commit(std::span<const LoadedFile> sources,
                                       std::span<const StreamChange> streams = {}) = 0;
  /// Drop everything that was written.
  virtual Status Abort() = 0;
};

struct RepairSummary {
  int64_t commits_finished = 0;
  int64_t uploads_dropped = 0;
  int64_t partitions_added = 0;
  int64_t files_removed = 0;  ///< that overwrites have replaced
};

/// What is known of a write before it is done.
struct ExpectedWrite {
  int64_t rows = 0;
  int64_t bytes = 0;    ///< of the rows as CSV
  int64_t sources = 0;  ///< files that go into the ledger
};
/// Bytes of JSON Lines in a byte of CSV, about: the names of columns come with each row.
inline constexpr double kJsonByText = 1.3;

/// A table of files on a store with an entry in a catalog: Hive layout now, Iceberg the same way.
///
/// Thread-safe. A Table is a view of one version; Refresh() takes the newest.
class Table {
 public:
  virtual ~Table() = default;

  virtual const TableId& id() const = 0;
  /// The catalog's entry that this view was made from.
  virtual const TableEntry& entry() const = 0;
  /// The table's columns, then its partition columns, with their types in the catalog.
  virtual std::shared_ptr<arrow::Schema> schema() const = 0;
  virtual const std::vector<std::string>& partition_columns() const = 0;
  virtual std::vector<PartitionField> partition_spec() const = 0;
  /// The format of the table's files, for TableFormatByName; partitions may have others. Of a table whose files cannot
  /// be read, any: its plan says why.
  virtual std::string file_format() const { return "parquet"; }

  virtual Status Refresh() = 0;

  /// Which files hold the rows of the newest snapshot. Lists only what survives the filter.
  virtual Result<ScanPlan> Plan(const PlanOptions& options) = 0;

  /// Begin an append of batches with these columns. An overwrite is refused at its commit (kPrecondition with code
  /// kRowsChanged) if rows were added or replaced after this call: rows that it is made from are read after it. New
  /// columns, in the plan's table schema, are added at commit. Partition keys of the write time are taken from the rows
  /// where the write schema has all of them, as strings.
  virtual Result<std::unique_ptr<Append>> NewAppend(const EvolutionPlan& plan, const AppendOptions& options) = 0;

  /// What an append of this kind, written and committed, takes at the table's store, without what reading its rows
  /// does: to tell before it is done. Exact where the number of files, their sizes and the partitions are as expected,
  /// and nobody else writes. Nothing where the store is no matter of requests. Asks the store for nothing.
  virtual RequestCounts RequestsOf(const EvolutionPlan& plan, const AppendOptions& options,
                                   const ExpectedWrite& expected) const {
    return {};
  }

  /// Which of these source files a commit has loaded already (same key, ETag and size).
  virtual Result<std::vector<bool>> AlreadyLoaded(std::span<const LoadedFile> files) = 0;

  /// States of all streams, by name.
  virtual Result<std::map<std::string, std::string>> Streams() = 0;
  /// Change a stream's state by itself. kPrecondition if it is not as expected.
  virtual Status ChangeStream(const StreamChange& change) = 0;
  /// Forget that files were loaded: those for which `forget` is true; with the watermark of the ledger, if there is
  /// one. \return how many
  virtual Result<int64_t> ForgetLoaded(const std::function<bool(const LoadedFile&)>& forget) = 0;
  /// Files that commits have loaded, by key.
  virtual Result<std::vector<LoadedFile>> Loaded() = 0;

  /// Finish commits that were cut off, drop uploads that nobody will finish, register partitions whose folders exist.
  /// \param grace uploads younger than this are left alone: somebody may still be writing
  virtual Result<RepairSummary> Repair(std::chrono::seconds grace) = 0;
};

}  // namespace glaux
