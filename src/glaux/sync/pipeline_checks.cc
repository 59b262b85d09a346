#include "glaux/sync/pipeline_checks.h"

#include "glaux/sync/merge_write.h"

namespace glaux {
namespace {

/// Whether a name has the id of a commit in it, as all files of folders that pipelines write.
bool HasRunId(std::string_view name) {
  size_t digits = 0;
  for (const char c : name) {
    digits = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ? digits + 1 : 0;
    if (digits == 32) return true;
  }
  return false;
}

/// Whether a name is one that a destination of a file a day gives: "{date}.jsonl" and "2026-01-31.jsonl".
bool IsNameByTime(std::string_view name, std::string_view pattern) {
  const auto take = [&](std::string_view token, std::string_view shape) {
    if (!pattern.starts_with(token)) return false;
    if (name.size() < shape.size()) return false;
    for (size_t i = 0; i < shape.size(); ++i) {
      const bool digit = name[i] >= '0' && name[i] <= '9';
      if (shape[i] == '0' ? !digit : name[i] != shape[i]) return false;
    }
    pattern.remove_prefix(token.size());
    name.remove_prefix(shape.size());
    return true;
  };
  while (!pattern.empty()) {
    if (take("{date}", "0000-00-00") || take("{time}", "000000")) continue;
    if (name.empty() || name[0] != pattern[0]) return false;
    name.remove_prefix(1);
    pattern.remove_prefix(1);
  }
  return name.empty();
}

}  // namespace

bool Adds(WriteMode mode) { return mode == WriteMode::kAppend || Merges(mode); }

Status CheckRange(const SyncConfig& config, const PipelineConfig& pipeline, const DestinationConfig& destination,
                  const SyncOptions& options, const std::string& target_name) {
  if (!options.since.has_value() && !options.until.has_value()) return Status::OK();
  for (const auto& name : pipeline.from) {
    if (config.sources.at(name).incremental.datetime_field.empty()) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "give the source a datetime_field"}, "pipeline ",
                       pipeline.name, ": --since and --until go by the datetime_field, and source ", name, " has none");
    }
  }
  if (destination.mode == WriteMode::kAppend && destination.kind != DestinationConfig::Kind::kStdout) {
    return MakeError(
        {.kind = ErrorKind::kInvalid, .hint = "upsert, insert_new and overwrite_partitions can read a range again"},
        "pipeline ", pipeline.name, ": a range of rows read again would be added to ", target_name,
        " a second time (mode append)");
  }
  return Status::OK();
}

Status CheckJoin(const SyncConfig& config, const PipelineConfig& pipeline, const DestinationConfig& destination) {
  if (pipeline.sql.empty() || pipeline.from.size() < 2 || !Adds(destination.mode) ||
      destination.kind == DestinationConfig::Kind::kStdout) {
    return Status::OK();
  }
  for (const auto& name : pipeline.from) {
    const auto& source = config.sources.at(name);
    if (source.kind != SourceConfig::Kind::kFiles || source.incremental.files.has_value()) continue;
    return MakeError(
        {.kind = ErrorKind::kInvalid, .hint = "files: new reads a file once, files: all reads every file in every run"},
        pipeline.place.ToString(), ": pipeline ", pipeline.name,
        " adds rows that come from several sources; say of source ", name,
        " whether its files are new or all (incremental: { files: … })");
  }
  return Status::OK();
}

Status CheckOwnFiles(const PipelineConfig& pipeline, const DestinationConfig& destination,
                     const std::vector<std::unique_ptr<SourceRun>>& sources) {
  if (destination.kind != DestinationConfig::Kind::kFiles) return Status::OK();
  const std::string folder = destination.uri.substr(0, destination.uri.rfind('/') + 1);
  const bool is_folder = destination.uri == folder || destination.uri.find('{') != std::string::npos;
  for (const auto& source : sources) {
    // A file may be replaced by what is made of it alone.
    if (!Adds(destination.mode) && source->files().size() == 1) continue;
    for (const auto& file : source->files()) {
      const auto& key = file.ledger.key;
      const bool below = key.starts_with(folder);
      const std::string_view name = std::string_view(key).substr(below ? folder.size() : 0);
      const bool own = key == destination.uri || (is_folder && below && HasRunId(name)) ||
                       (below && !destination.name_by_time.empty() && IsNameByTime(name, destination.name_by_time));
      if (!own) continue;
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "exclude it in the source (select: { exclude: … })"},
                       "pipeline ", pipeline.name, ": source ", source->config().name, " reads ", file.name,
                       ", which the pipeline itself has written; its rows would come again in every run");
    }
  }
  return Status::OK();
}

Status CheckCheckpoints(const PipelineConfig& pipeline, const DestinationConfig& destination,
                        const std::vector<std::unique_ptr<SourceRun>>& sources) {
  if (sources.size() != 1 || !sources.front()->reads_files() || !pipeline.sql.empty()) {
    return MakeError(ErrorKind::kInvalid, pipeline.place.ToString(), ": pipeline ", pipeline.name,
                     ": checkpoints need one source of files and no sql");
  }
  if (!Adds(destination.mode) || !sources.front()->keeps_ledger()) {
    return MakeError(ErrorKind::kInvalid, pipeline.place.ToString(), ": pipeline ", pipeline.name,
                     ": checkpoints need mode append, upsert or insert_new, and files that are read once (files: new)");
  }
  return Status::OK();
}

}  // namespace glaux
