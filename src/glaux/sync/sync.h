#pragma once

#include <arrow/util/cancel.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "glaux/base/progress.h"
#include "glaux/schema/evolution.h"
#include "glaux/sync/config.h"
#include "glaux/sync/environment.h"
#include "glaux/sync/source_counts.h"

namespace glaux {

struct SyncOptions {
  /// Names of pipelines to run; empty: all.
  std::vector<std::string> pipelines = {};
  /// Go all the way up to the first byte that would be written, and say what would happen.
  bool dry_run = false;
  /// As if nothing had been read before.
  bool full_refresh = false;
  /// Only rows whose datetime_field is in this range, whatever was read before; states and ledgers stay as they are.
  std::optional<std::string> since = {};
  std::optional<std::string> until = {};
  /// With since and until: in pieces this long, each a commit; some read at once.
  std::optional<std::chrono::milliseconds> backfill_step = {};
  /// Commit after this many bytes of source files; wins over the pipeline's own.
  std::optional<int64_t> checkpoint_bytes = {};
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
  Progress* progress = nullptr;
};

struct SourceReport {
  std::string name;
  SourceCounts counts;
  std::vector<std::string> new_files;  ///< of a dry run: what would be read
};

struct PipelineReport {
  std::string name;
  std::string target;
  WriteMode mode = WriteMode::kAppend;
  /// OK: it ran. kCancelled with a message: it was not run, because one that it depends on failed.
  Status error = {};
  bool nothing_new = false;
  /// Of a dry run: what it would do depends on a pipeline that would run before it; the notes say how.
  bool not_known = false;
  bool target_created = false;
  std::vector<SourceReport> sources;
  int64_t rows_written = 0;
  int64_t rows_unchanged = 0;  ///< lost against another row with their key
  int64_t rows_skipped = 0;
  int64_t rows_quarantined = 0;
  std::string quarantine;            ///< address of the rows
  std::vector<std::string> reasons;  ///< why rows were set aside, the most frequent first: "12 rows: …"
  int64_t bytes_written = 0;
  std::vector<std::string> files;    ///< addresses of files written
  std::vector<std::string> commits;  ///< ids
  int64_t partitions_added = 0;
  int64_t partitions_replaced = 0;
  std::vector<SchemaDifference> differences;
  std::vector<std::string> renamed_columns;  ///< "lineItem/UnblendedCost -> lineitem_unblendedcost"
  std::vector<std::string> notes;
  RequestCounts requests = {};                ///< of a dry run: what reading, writing and committing would take
  std::shared_ptr<Table> planned_table = {};  ///< of a dry run: the table that would be made, without rows
  std::chrono::milliseconds duration{0};
};

struct SyncReport {
  std::vector<PipelineReport> pipelines;  ///< in the order of the file
  bool dry_run = false;
  std::chrono::milliseconds duration{0};
  int64_t peak_memory = 0;  ///< bytes, of the process
  /// Requests to S3: those that were sent, and of a dry run those that the run would send.
  RequestCounts requests = {};
  PriceTable prices = DefaultPrices();  ///< of these

  /// The first error of a pipeline.
  Status error() const;
  /// As JSON, for machines.
  std::string ToJson() const;
};

/// Run pipelines: those that do not depend on each other side by side.
/// \return an error only where nothing could begin; what became of each pipeline is in the report
Result<SyncReport> RunSync(const SyncEnvironment& environment, const SyncConfig& config, const SyncOptions& options);

// ---- states ---------------------------------------------------------------------------------------------------------

/// What one pipeline remembers of one source.
struct StreamInfo {
  std::string pipeline;
  std::string source;
  std::string stream;  ///< its name with the target
  std::string target;
  std::optional<std::string> state;  ///< JSON
  std::vector<LoadedFile> files;     ///< of the target's ledger; the same for all of its streams
};

Result<std::vector<StreamInfo>> ListStreams(const SyncEnvironment& environment, const SyncConfig& config,
                                            const std::vector<std::string>& pipelines);
/// Forget everything that a pipeline remembers. \return streams and files that were forgotten
Result<int64_t> ResetStreams(const SyncEnvironment& environment, const SyncConfig& config, const std::string& pipeline);
/// Let the next run begin behind this value of the source's datetime_field.
Status SetStream(const SyncEnvironment& environment, const SyncConfig& config, const std::string& pipeline,
                 const std::string& source, const std::string& last);

}  // namespace glaux
