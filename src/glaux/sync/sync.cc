#include "glaux/sync/sync.h"

#include <boost/json.hpp>

#include <algorithm>
#include <set>

#include "glaux/base/memory.h"
#include "glaux/base/parallel.h"
#include "glaux/base/secrets.h"
#include "glaux/base/utf8.h"
#include "glaux/schema/names.h"
#include "glaux/sync/backfill.h"
#include "glaux/sync/cursor.h"
#include "glaux/sync/glob.h"
#include "glaux/sync/pipeline_run.h"

namespace glaux {
namespace {

namespace json = boost::json;

bool Names(const std::vector<std::string>& chosen, const std::string& name) {
  return chosen.empty() || std::find(chosen.begin(), chosen.end(), name) != chosen.end();
}

Status CheckNames(const SyncConfig& config, const std::vector<std::string>& chosen) {
  for (const auto& name : chosen) {
    const bool known = std::any_of(config.pipelines.begin(), config.pipelines.end(),
                                   [&](const PipelineConfig& pipeline) { return pipeline.name == name; });
    if (known) continue;
    std::string names;
    for (const auto& pipeline : config.pipelines) names += (names.empty() ? "" : ", ") + pipeline.name;
    return MakeError(ErrorKind::kNotFound, config.file, ": there is no pipeline ", name, "; there are ", names);
  }
  return Status::OK();
}

bool SameTable(const TableId& a, const TableId& b) { return a.name == b.name && a.database == b.database; }

/// Whether what one pipeline writes may be what another one reads or writes.
bool DependsOn(const SyncConfig& config, const PipelineConfig& later, const PipelineConfig& earlier) {
  const auto& written = config.destinations.at(earlier.to);
  const auto& target = config.destinations.at(later.to);
  if (later.to == earlier.to) return true;
  switch (written.kind) {
    case DestinationConfig::Kind::kTable:
      if (target.kind == DestinationConfig::Kind::kTable && SameTable(target.table, written.table)) return true;
      break;
    case DestinationConfig::Kind::kDuckDB:
      if (target.kind == DestinationConfig::Kind::kDuckDB && target.path == written.path) return true;
      break;
    case DestinationConfig::Kind::kStdout:
      return target.kind == DestinationConfig::Kind::kStdout;
    case DestinationConfig::Kind::kFiles:
      if (target.kind == DestinationConfig::Kind::kFiles && target.uri == written.uri) return true;
      break;
  }
  return MayRead(config, later, written);
}

json::object ToJson(const SourceReport& source) {
  const auto& counts = source.counts;
  return {{"name", source.name},
          {"files", counts.files},
          {"files_known", counts.files_known},
          {"files_empty", counts.files_empty},
          {"files_hidden", counts.files_hidden},
          {"files_links", counts.files_links},
          {"files_not_selected", counts.files_not_selected},
          {"bytes", counts.bytes},
          {"requests", counts.requests},
          {"rows_read", counts.rows_read},
          {"rows_filtered", counts.rows_filtered},
          {"rows_set_aside", counts.rows_set_aside},
          {"rows_passed", counts.rows_passed}};
}

json::array ToJson(const std::vector<std::string>& items) {
  json::array out;
  for (const auto& item : items) out.emplace_back(ValidUtf8(WithoutSecrets(item)));
  return out;
}

json::object ToJson(const PipelineReport& pipeline) {
  json::array sources, differences;
  for (const auto& source : pipeline.sources) sources.push_back(ToJson(source));
  for (const auto& difference : pipeline.differences) differences.emplace_back(difference.ToString());
  json::object out{{"name", pipeline.name},
                   {"target", WithoutSecrets(pipeline.target)},
                   {"mode", WriteModeName(pipeline.mode)},
                   {"state", pipeline.error.ok() ? (pipeline.not_known     ? "not_known"
                                                    : pipeline.nothing_new ? "nothing_new"
                                                                           : "succeeded")
                                                 : "failed"},
                   {"target_created", pipeline.target_created},
                   {"sources", std::move(sources)},
                   {"rows_written", pipeline.rows_written},
                   {"rows_unchanged", pipeline.rows_unchanged},
                   {"rows_skipped", pipeline.rows_skipped},
                   {"rows_quarantined", pipeline.rows_quarantined},
                   {"bytes_written", pipeline.bytes_written},
                   {"files", ToJson(pipeline.files)},
                   {"commits", ToJson(pipeline.commits)},
                   {"partitions_added", pipeline.partitions_added},
                   {"partitions_replaced", pipeline.partitions_replaced},
                   {"changes", std::move(differences)},
                   {"renamed_columns", ToJson(pipeline.renamed_columns)},
                   {"reasons", ToJson(pipeline.reasons)},
                   {"notes", ToJson(pipeline.notes)},
                   {"duration_ms", pipeline.duration.count()}};
  if (!pipeline.quarantine.empty()) out["quarantine"] = WithoutSecrets(pipeline.quarantine);
  if (!pipeline.error.ok()) {
    const auto info = InfoOf(pipeline.error);
    out["error"] = json::object{{"kind", KindName(info.kind)},
                                {"message", ValidUtf8(pipeline.error.message())},
                                {"hint", ValidUtf8(info.hint)}};
  }
  return out;
}

/// What a dry run knows of the tables that earlier pipelines would make: later ones read them as they would be, empty.
SyncEnvironment WithPlannedTables(const SyncEnvironment& environment, const std::vector<PipelineReport>& reports) {
  std::vector<std::shared_ptr<Table>> planned;
  for (const auto& report : reports) {
    if (report.planned_table != nullptr) planned.push_back(report.planned_table);
  }
  if (planned.empty()) return environment;
  SyncEnvironment overlaid = environment;
  overlaid.open_table = [open = environment.open_table, planned](const TableId& id) -> Result<std::shared_ptr<Table>> {
    auto table = open(id);
    if (KindOf(table.status()) != ErrorKind::kNotFound) return table;
    for (const auto& one : planned) {
      const auto database = NormalizeTableName(id.database), name = NormalizeTableName(id.name);
      if (database.ok() && name.ok() && one->id().database == *database && one->id().name == *name) return one;
    }
    return table;
  };
  return overlaid;
}

/// A dry run of a pipeline that follows others says what is so before they have run: tell what may be different then.
void QualifyPlan(const std::vector<const PipelineReport*>& before, PipelineReport* report) {
  if (before.empty()) return;
  std::string names;
  for (const auto* one : before) names += (names.empty() ? "" : ", ") + one->name;
  const std::string who = (before.size() == 1 ? "pipeline " : "pipelines ") + names;
  const std::string they = before.size() == 1 ? "which runs" : "which run";
  if (report->error.ok()) {
    report->notes.push_back(who + ", " + they +
                            " before this one, may change what it reads or writes: files, columns "
                            "and rows that come of that are not counted here");
  } else if (KindOf(report->error) == ErrorKind::kNotFound) {
    // What is missing may be what they would make. Nobody knows before they have.
    report->not_known = true;
    report->notes.push_back("what it would do cannot be told before " + who + " has run: " + report->error.message());
    report->error = Status::OK();
  }
}

}  // namespace

Status SyncReport::error() const {
  for (const auto& pipeline : pipelines) {
    if (pipeline.error.ok()) continue;
    const std::string name = "pipeline " + pipeline.name;
    return pipeline.error.message().starts_with(name) ? pipeline.error : Prefix(pipeline.error, name);
  }
  return Status::OK();
}

std::string SyncReport::ToJson() const {
  json::array all;
  for (const auto& pipeline : pipelines) all.push_back(glaux::ToJson(pipeline));
  return json::serialize(json::object{{"dry_run", dry_run},
                                      {"pipelines", std::move(all)},
                                      {"requests", json::parse(RequestsJson(requests, prices))},
                                      {"duration_ms", duration.count()},
                                      {"peak_memory_bytes", peak_memory}});
}

Result<SyncReport> RunSync(const SyncEnvironment& environment, const SyncConfig& config, const SyncOptions& options) {
  const auto begun = std::chrono::steady_clock::now();
  ARROW_RETURN_NOT_OK(CheckNames(config, options.pipelines));
  ARROW_ASSIGN_OR_RAISE(const auto ranges, BackfillRanges(options));
  std::vector<const PipelineConfig*> chosen;
  for (const auto& pipeline : config.pipelines) {
    if (Names(options.pipelines, pipeline.name)) chosen.push_back(&pipeline);
  }
  SyncReport report{.dry_run = options.dry_run, .prices = environment.prices};
  const RequestCounts requests_before = environment.meter == nullptr ? RequestCounts() : environment.meter->Read();
  report.pipelines.resize(chosen.size());
  const auto parallel = std::max(1, std::min<int>(config.parallel, static_cast<int>(chosen.size())));
  std::set<size_t> done;
  while (done.size() < chosen.size()) {
    // Whatever depends on nothing that is still to run.
    std::vector<size_t> wave;
    for (size_t i = 0; i < chosen.size(); ++i) {
      if (done.contains(i)) continue;
      bool ready = true;
      for (size_t k = 0; k < i && ready; ++k) {
        if (!DependsOn(config, *chosen[i], *chosen[k])) continue;
        ready = done.contains(k);
      }
      if (ready) wave.push_back(i);
    }
    const auto surroundings = options.dry_run ? WithPlannedTables(environment, report.pipelines) : environment;
    const Status status = ParallelForIndex(wave.size(), parallel, Pool::kIo, options.stop, [&](size_t w) -> Status {
      const size_t i = wave[w];
      const PipelineConfig* failed = nullptr;
      for (size_t k = 0; k < i && failed == nullptr; ++k) {
        if (DependsOn(config, *chosen[i], *chosen[k]) && !report.pipelines[k].error.ok()) failed = chosen[k];
      }
      if (failed != nullptr) {
        report.pipelines[i] = {
            .name = chosen[i]->name,
            .error = MakeError(ErrorKind::kCancelled, "not run: it follows pipeline ", failed->name, ", which failed")};
        return Status::OK();
      }
      report.pipelines[i] = RunRanges(surroundings, config, *chosen[i], ranges, environment.memory_limit / parallel);
      if (!options.dry_run) return Status::OK();
      std::vector<const PipelineReport*> before;
      for (size_t k = 0; k < i; ++k) {
        const bool prints = config.destinations.at(chosen[k]->to).kind == DestinationConfig::Kind::kStdout;
        if (!prints && !report.pipelines[k].nothing_new && DependsOn(config, *chosen[i], *chosen[k]))
          before.push_back(&report.pipelines[k]);
      }
      QualifyPlan(before, &report.pipelines[i]);
      return Status::OK();
    });
    if (!status.ok()) {
      for (const size_t i : wave) {
        if (report.pipelines[i].name.empty()) report.pipelines[i] = {.name = chosen[i]->name, .error = status};
      }
    }
    done.insert(wave.begin(), wave.end());
  }
  report.duration = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
  report.peak_memory = PeakResidentBytes();
  // A run begins with all that its dry run does.
  if (environment.meter != nullptr) report.requests = environment.meter->Read() - requests_before;
  for (const auto& pipeline : report.pipelines) report.requests += pipeline.requests;
  return report;
}

Result<std::vector<StreamInfo>> ListStreams(const SyncEnvironment& environment, const SyncConfig& config,
                                            const std::vector<std::string>& pipelines) {
  ARROW_RETURN_NOT_OK(CheckNames(config, pipelines));
  std::vector<StreamInfo> infos;
  for (const auto& pipeline : config.pipelines) {
    if (!Names(pipelines, pipeline.name)) continue;
    ARROW_ASSIGN_OR_RAISE(
        const auto target,
        environment.open_target(DestinationOf(config, pipeline, *environment.clock), TargetUse::kLook));
    ARROW_ASSIGN_OR_RAISE(const auto streams, target->Streams());
    ARROW_ASSIGN_OR_RAISE(const auto files, target->Loaded());
    for (const auto& source : pipeline.from) {
      StreamInfo info{.pipeline = pipeline.name,
                      .source = source,
                      .stream = StreamName(pipeline, source),
                      .target = target->name(),
                      .files = files};
      if (const auto at = streams.find(info.stream); at != streams.end()) info.state = at->second;
      infos.push_back(std::move(info));
    }
  }
  return infos;
}

Result<int64_t> ResetStreams(const SyncEnvironment& environment, const SyncConfig& config,
                             const std::string& pipeline) {
  ARROW_ASSIGN_OR_RAISE(const auto infos, ListStreams(environment, config, {pipeline}));
  int64_t forgotten = 0;
  for (const auto& one : config.pipelines) {
    if (one.name != pipeline) continue;
    ARROW_ASSIGN_OR_RAISE(const auto target,
                          environment.open_target(DestinationOf(config, one, *environment.clock), TargetUse::kWrite));
    for (const auto& info : infos) {
      if (!info.state.has_value()) continue;
      ARROW_RETURN_NOT_OK(target->ChangeStream({.stream = info.stream, .expected = info.state, .next = std::nullopt}));
      ++forgotten;
    }
    if (!infos.empty() && !infos.front().files.empty()) {
      ARROW_ASSIGN_OR_RAISE(const int64_t files, target->ForgetLoaded([](const LoadedFile&) { return true; }));
      forgotten += files;
    }
  }
  return forgotten;
}

Status SetStream(const SyncEnvironment& environment, const SyncConfig& config, const std::string& pipeline,
                 const std::string& source, const std::string& last) {
  ARROW_ASSIGN_OR_RAISE(const auto infos, ListStreams(environment, config, {pipeline}));
  for (const auto& info : infos) {
    if (info.source != source) continue;
    StreamState state;
    if (info.state.has_value()) {
      // A state that nobody can read is replaced by the one that is set.
      auto parsed = StreamState::Parse(*info.state, info.stream);
      if (parsed.ok()) state = *std::move(parsed);
    }
    const auto& field = config.sources.at(source).incremental.datetime_field;
    if (field.empty()) {
      return MakeError(ErrorKind::kInvalid, "source ", source, " has no datetime_field, so there is no value to set");
    }
    state.cursor.column = field;
    state.cursor.last = last;
    state.cursor.seen.clear();
    state.updated_at = FormatTimestamp(environment.clock->Now());
    for (const auto& one : config.pipelines) {
      if (one.name != pipeline) continue;
      ARROW_ASSIGN_OR_RAISE(const auto target,
                            environment.open_target(DestinationOf(config, one, *environment.clock), TargetUse::kWrite));
      return target->ChangeStream({.stream = info.stream, .expected = info.state, .next = state.ToString()});
    }
  }
  return MakeError(ErrorKind::kNotFound, "pipeline ", pipeline, " has no source ", source);
}

}  // namespace glaux
