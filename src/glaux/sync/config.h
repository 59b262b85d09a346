#pragma once

#include <arrow/type_fwd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"
#include "glaux/catalog/catalog.h"
#include "glaux/format/format.h"
#include "glaux/schema/evolution.h"
#include "glaux/store/s3_access.h"

namespace glaux {

// What a pipeline file (YAML) says. docs/SOURCE.md and docs/DESTINATION.md describe every field for its users; the
// names here are the names there.

/// Where something stands in the pipeline file, for errors.
struct ConfigPlace {
  std::string file;
  int line = 0;  ///< from 1; 0: there are no lines
  /// "pipeline.yaml, line 7"
  std::string ToString() const;
};

/// Which of the files behind an address a source reads.
struct FileSelection {
  std::vector<std::string> exclude = {};                ///< globs, on the key
  std::optional<std::string> regex = {};                ///< must be found in the key (ECMAScript)
  std::optional<Timestamp> modified_after = {};         ///< inclusive
  std::optional<Timestamp> modified_before = {};        ///< exclusive
  std::optional<int64_t> min_size = {}, max_size = {};  ///< bytes, inclusive
  /// Condition over Hive path keys ("year = '2026' AND month >= '03'"), tested on folders before they are listed.
  std::string partitions = {};
  bool include_hidden = false;  ///< names that begin with '.' or '_'
};

/// What a run takes of a source, compared with the runs before.
struct IncrementalConfig {
  enum class Files {
    kAll,  ///< every run reads every file
    kNew,  ///< a file (key, ETag, size) is read once
  };
  /// Unset: kNew where rows are added (append, upsert, insert_new), kAll where they are replaced.
  std::optional<Files> files = {};
  /// Files that were modified longer than this before the newest one are known by that time alone, so that the ledger
  /// stays small. Unset: the ledger keeps every file.
  std::optional<std::chrono::milliseconds> overlap_window = {};

  /// Only rows whose value here is beyond that of earlier runs: a time, a date, a number or a text that sorts.
  std::string datetime_field = {};
  /// Where the first run begins; in the column's own words.
  std::optional<std::string> initial_value = {};
  /// Rows at exactly the last value: closed (the default) reads them again and leaves out those that were taken, open
  /// does not.
  bool closed = true;
  /// Rows may come this late: everything since the last value minus this is looked at again, and what was taken is left
  /// out.
  std::optional<std::chrono::milliseconds> lag = {};
  /// Only rows of the last hours before the run.
  std::optional<double> time_filter_hours = {};
  /// Stop behind this many records, at the next place where going on is safe: the end of a file, or of all rows with
  /// one cursor value.
  std::optional<int64_t> max_records = {};
};

struct SourceConfig {
  enum class Kind { kFiles, kTable, kQuery };
  std::string name;
  ConfigPlace place = {};
  Kind kind = Kind::kFiles;

  // kFiles: connector s3, file or files; `uri`, or `bucket` and `key`; either may be a list.
  std::vector<std::string> uris = {};  ///< s3://…, file://…, or a path; globs with ** and {a,b}
  std::optional<std::string> format = {};
  FormatOptions format_options = {};
  FileSelection select = {};
  std::map<std::string, std::string> types = {};  ///< given: Glue type strings by column
  /// Types for columns whose name matches a glob, where inference finds no value or a narrower type.
  std::map<std::string, std::string> hints = {};
  std::optional<int64_t> sample_bytes = {};  ///< of each file; 0: all
  /// Columns in which no file has any value are text, and not left out.
  bool keep_untyped = false;
  std::optional<std::string> file_column = {};  ///< a column with the address of each row's file
  S3Access s3 = {};                             ///< of s3:// addresses

  TableId table = {};    ///< kTable
  std::string sql = {};  ///< kQuery

  std::optional<std::vector<std::string>> columns = {};
  std::string filter = {};            ///< rows: SQL condition as schema/predicate.h has it
  std::optional<int64_t> limit = {};  ///< rows a run
  IncrementalConfig incremental = {};
};

enum class WriteMode { kAppend, kReplace, kOverwritePartitions, kUpsert, kInsertNew };
/// "append", "replace", "overwrite_partitions", "upsert", "insert_new".
Result<WriteMode> ParseWriteMode(std::string_view text);
std::string_view WriteModeName(WriteMode mode);

struct DestinationConfig {
  enum class Kind { kFiles, kTable, kDuckDB, kStdout };
  std::string name;
  ConfigPlace place = {};
  Kind kind = Kind::kFiles;
  WriteMode mode = WriteMode::kAppend;
  std::vector<std::string> primary_key = {};  ///< of upsert and insert_new
  /// Of rows with one key the one with the greatest value here stays. Empty: the one that came last.
  std::string datetime_field = {};

  // kFiles: connector s3, file or files
  /// A file ("…/results.parquet") is written whole, so that its mode is replace, upsert or insert_new; an address that
  /// ends in '/' or holds tokens ({run}, {part}, {date}, {time}, {pipeline}) is many files.
  std::string uri = {};
  std::optional<std::string> format = {};
  FormatOptions format_options = {};
  int64_t target_file_bytes = 128 << 20;
  std::optional<std::string> partition_by = {};
  S3Access s3 = {};  ///< of an s3:// address

  TableId table = {};  ///< kTable
  /// Unset: the defaults of SchemaContract; of a single file, which is written whole, also types may change.
  std::optional<SchemaContract> contract = {};

  std::string path = {};          ///< kDuckDB: the database file
  std::string duckdb_table = {};  ///< kDuckDB: "schema.table" or "table"
};

enum class OnError { kFail, kSkip, kQuarantine };

struct PipelineConfig {
  std::string name;
  ConfigPlace place = {};
  std::vector<std::string> from = {};
  std::string to;
  /// Over the sources, by their names; empty: their rows one after the other.
  std::string sql = {};
  OnError on_error = OnError::kFail;
  /// Where quarantined rows go. Unset: next to the target.
  std::optional<std::string> quarantine = {};
  /// More bad rows than this fail the run.
  std::optional<int64_t> max_errors = {};
  /// Commit whenever this many bytes of source files are done. Unset: once, at the end.
  std::optional<int64_t> checkpoint_bytes = {};
  std::optional<SchemaContract> contract = {};  ///< over the destination's
};

struct SyncConfig {
  std::string file;                          ///< where it was read from
  std::optional<std::string> lake = {};      ///< as --lake takes it
  std::optional<int64_t> memory_limit = {};  ///< bytes
  /// Pipelines that run at once.
  int parallel = 2;
  std::map<std::string, SourceConfig> sources;
  std::map<std::string, DestinationConfig> destinations;
  std::vector<PipelineConfig> pipelines;  ///< in the file's order
};

/// The value of an environment variable, or nothing.
using EnvironmentVariables = std::function<std::optional<std::string>(std::string_view name)>;

/// Read a pipeline file's text. `${VAR}` and `${VAR:-default}` inside values are replaced, `$$` is a dollar.
///
/// \param file what errors call the text, and what relative paths are relative to is its folder
/// \return kInvalid with file, line, column and what would do: unknown keys name the nearest known one, values are
///         never shown where the key's name says that it is a secret
Result<SyncConfig> ParseSyncConfig(std::string_view text, const std::string& file, const EnvironmentVariables& env);
Result<SyncConfig> ReadSyncConfig(const std::string& path, const EnvironmentVariables& env);

/// The JSON Schema (2020-12) of pipeline files, for editors. Made from the same tables that the reader goes by.
std::string SyncConfigJsonSchema();

}  // namespace glaux
