#include "glaux/sync/backfill.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

#include "glaux/base/parallel.h"
#include "glaux/sync/glob.h"
#include "glaux/sync/pipeline_run.h"

namespace glaux {
namespace {

/// Lets the steps of a backfill commit one after the other.
class StepTurns {
 public:
  /// Wait until all steps before this one have ended.
  /// \param replaces partitions whose rows the step is about to replace
  Status Enter(size_t step, const std::vector<std::vector<std::string>>& replaces, const arrow::StopToken& stop) {
    std::unique_lock lock(mutex_);
    while (next_ != step && !failed_ && !stop.IsStopRequested()) changed_.wait_for(lock, std::chrono::milliseconds(50));
    if (stop.IsStopRequested()) return MakeError(ErrorKind::kCancelled, "cancelled; nothing was changed");
    if (next_ != step) return MakeError(ErrorKind::kCancelled, "not run: an earlier step of the backfill failed");
    for (const auto& partition : replaces) {
      const auto [at, is_new] = written_.emplace(partition, step);
      if (is_new || at->second == step) continue;
      std::string values;
      for (const auto& value : partition) values += (values.empty() ? "" : ", ") + value;
      return MakeError({.kind = ErrorKind::kInvalid,
                        .hint = "take steps that hold whole partitions, or run the range without --backfill-step"},
                       "the step would replace the rows of partition (", values, "), which step ", at->second + 1,
                       " of the same backfill has just written");
    }
    return Status::OK();
  }

  void Leave(size_t step, bool failed) {
    std::lock_guard lock(mutex_);
    failed_ |= failed;
    ended_.insert(step);
    while (!failed_ && ended_.erase(next_) > 0) ++next_;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t next_ = 0;
  std::set<size_t> ended_;
  bool failed_ = false;
  std::map<std::vector<std::string>, size_t> written_;
};

/// Counts of several runs of one pipeline as one.
void Add(PipelineReport part, PipelineReport* whole) {
  if (whole->name.empty()) {
    *whole = std::move(part);
    return;
  }
  for (size_t i = 0; i < part.sources.size() && i < whole->sources.size(); ++i) {
    auto& counts = whole->sources[i].counts;
    const auto& more = part.sources[i].counts;
    counts.rows_read += more.rows_read;
    counts.rows_filtered += more.rows_filtered;
    counts.rows_set_aside += more.rows_set_aside;
    counts.rows_passed += more.rows_passed;
    counts.bytes += more.bytes;
    counts.requests += more.requests;
  }
  whole->rows_written += part.rows_written;
  whole->rows_unchanged += part.rows_unchanged;
  whole->rows_skipped += part.rows_skipped;
  whole->rows_quarantined += part.rows_quarantined;
  whole->bytes_written += part.bytes_written;
  whole->requests += part.requests;
  whole->partitions_added += part.partitions_added;
  whole->partitions_replaced += part.partitions_replaced;
  whole->target_created |= part.target_created;
  whole->duration += part.duration;
  const auto append = [](std::vector<std::string>& to, std::vector<std::string>& from) {
    for (auto& item : from) {
      if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(std::move(item));
    }
  };
  append(whole->files, part.files);
  append(whole->commits, part.commits);
  append(whole->notes, part.notes);
  append(whole->reasons, part.reasons);
  if (whole->error.ok()) whole->error = part.error;
}

/// Whether steps may read while earlier ones write: none of them reads the target, whose log takes one commit after the
/// other.
bool SideBySide(const SyncConfig& config, const PipelineConfig& pipeline) {
  const auto& destination = config.destinations.at(pipeline.to);
  const bool has_log = destination.kind == DestinationConfig::Kind::kTable ||
                       (destination.kind == DestinationConfig::Kind::kFiles &&
                        (destination.uri.ends_with('/') || destination.uri.find('{') != std::string::npos));
  return has_log && destination.mode != WriteMode::kReplace && !MayRead(config, pipeline, destination);
}

}  // namespace

Result<std::vector<SyncOptions>> BackfillRanges(const SyncOptions& options) {
  if (!options.backfill_step.has_value()) return std::vector<SyncOptions>{options};
  if (!options.since.has_value() || !options.until.has_value()) {
    return MakeError(ErrorKind::kInvalid, "a backfill in steps needs --since and --until");
  }
  const auto parse = [](const std::string& option, std::string text) -> Result<Timestamp> {
    const std::string given = text;
    if (text.size() == 10) text += "T00:00:00Z";
    if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
    if (!text.ends_with('Z')) text += 'Z';
    auto time = ParseTimestamp(text);
    if (!time.ok()) {
      return MakeError(ErrorKind::kInvalid, option,
                       ": a backfill in steps needs a time such as 2026-01-31 or "
                       "2026-01-31T08:00:00, found: ",
                       given);
    }
    return time;
  };
  ARROW_ASSIGN_OR_RAISE(const auto since, parse("--since", *options.since));
  ARROW_ASSIGN_OR_RAISE(const auto until, parse("--until", *options.until));
  constexpr size_t kMostSteps = 100'000;
  std::vector<SyncOptions> ranges;
  for (Timestamp at = since; at < until; at += *options.backfill_step) {
    SyncOptions one = options;
    one.since = FormatTimestamp(at);
    one.until = FormatTimestamp(std::min(until, Timestamp(at + *options.backfill_step)));
    ranges.push_back(std::move(one));
    if (ranges.size() > kMostSteps) {
      return MakeError(ErrorKind::kInvalid, "a backfill of more than ", kMostSteps, " steps; take longer ones");
    }
  }
  return ranges;
}

PipelineReport RunRanges(const SyncEnvironment& environment, const SyncConfig& config, const PipelineConfig& pipeline,
                         const std::vector<SyncOptions>& ranges, int64_t memory_limit) {
  if (ranges.size() == 1) return RunPipeline(environment, config, pipeline, ranges.front(), memory_limit);
  const bool side_by_side = SideBySide(config, pipeline);
  const int parallel = side_by_side ? config.parallel : 1;
  std::vector<PipelineReport> parts(ranges.size());
  StepTurns turns;
  const auto run = [&](size_t i) {
    const BackfillStep step{.before_commit =
                                [&](const std::vector<std::vector<std::string>>& replaces) {
                                  return turns.Enter(i, replaces, ranges[i].stop);
                                },
                            .side_by_side = side_by_side};
    parts[i] = RunPipeline(environment, config, pipeline, ranges[i], memory_limit / parallel, step);
    turns.Leave(i, !parts[i].error.ok());
    return parts[i].error;
  };
  // The first one alone: it may make the target.
  Status status = ranges.empty() ? Status::OK() : run(0);
  if (status.ok() && ranges.size() > 1) {
    status = ParallelForIndex(ranges.size() - 1, parallel, Pool::kIo, ranges.front().stop,
                              [&](size_t i) { return run(i + 1); });
  }
  PipelineReport whole;
  for (auto& part : parts) {
    if (!part.name.empty()) Add(std::move(part), &whole);
  }
  if (whole.name.empty()) whole.name = pipeline.name;
  if (whole.error.ok()) whole.error = status;
  return whole;
}

bool MayRead(const SyncConfig& config, const PipelineConfig& pipeline, const DestinationConfig& written) {
  if (written.kind == DestinationConfig::Kind::kTable) {
    for (const auto& name : pipeline.from) {
      const auto& source = config.sources.at(name);
      if (source.kind == SourceConfig::Kind::kQuery) return true;
      if (source.kind == SourceConfig::Kind::kTable && source.table.name == written.table.name &&
          source.table.database == written.table.database) {
        return true;
      }
    }
    return !pipeline.sql.empty();
  }
  if (written.kind != DestinationConfig::Kind::kFiles) return false;
  // Files: the one that is written, or whatever lies below the folder.
  const std::string folder = written.uri.substr(0, written.uri.rfind('/') + 1);
  const bool single_file = written.uri != folder && written.uri.find('{') == std::string::npos;
  const auto reads = [&](const std::string& uri) {
    const auto glob = Glob::Parse(uri);
    if (single_file) return (glob.ok() && glob->Matches(written.uri)) || written.uri.starts_with(uri + "/");
    const std::string literal = uri.substr(0, uri.find_first_of("*?[{"));
    return literal.starts_with(folder) || folder.starts_with(literal);
  };
  for (const auto& name : pipeline.from) {
    const auto& source = config.sources.at(name);
    if (source.kind == SourceConfig::Kind::kFiles && std::any_of(source.uris.begin(), source.uris.end(), reads))
      return true;
  }
  return false;
}

}  // namespace glaux
