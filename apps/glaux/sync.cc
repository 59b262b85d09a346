#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "arguments.h"
#include "commands.h"
#include "cost_text.h"
#include "glaux/base/quantity.h"
#include "glaux/sync/sync.h"
#include "human_text.h"

namespace glaux::cli {
namespace {

struct SyncArguments {
  std::string file;
  std::vector<std::string> pipelines;
  bool dry_run = false;
  bool full_refresh = false;
  std::string since, until, backfill_step, checkpoint, report;
  bool print_schema = false;
};

std::string Rows(int64_t count) { return FormatCount(count, "row", "rows"); }

std::string DescribeSource(const SourceReport& source) {
  const auto& counts = source.counts;
  std::string text = "  from " + source.name + ": ";
  if (counts.files + counts.files_known > 0) {
    text += FormatCount(counts.files, "file", "files") + ", " + FormatBytes(static_cast<double>(counts.bytes)) + ", ";
  }
  text += Rows(counts.rows_read) + " read";
  if (counts.rows_filtered > 0) text += ", " + FormatCount(counts.rows_filtered) + " filtered out";
  if (counts.rows_set_aside > 0) text += ", " + FormatCount(counts.rows_set_aside) + " set aside";
  std::string aside;
  const auto count = [&aside](int64_t files, std::string_view why) {
    if (files > 0) aside += fmt::format("{}{} {}", aside.empty() ? "" : ", ", FormatCount(files), why);
  };
  count(counts.files_known, "read before");
  count(counts.files_empty, "empty");
  count(counts.files_hidden, "hidden");
  count(counts.files_not_selected, "not selected");
  if (!aside.empty()) text += "; of the files " + aside;
  return text + "\n";
}

/// What a dry run has found out.
std::string DescribePlan(const PipelineReport& pipeline) {
  std::string text = fmt::format("{}: would write into {} ({}){}\n", pipeline.name, pipeline.target,
                                 WriteModeName(pipeline.mode), pipeline.target_created ? ", which is new" : "");
  for (const auto& source : pipeline.sources) {
    const auto& counts = source.counts;
    text += fmt::format("  from {}: {}, {}, {} to find them\n", source.name, FormatCount(counts.files, "file", "files"),
                        FormatBytes(static_cast<double>(counts.bytes)),
                        FormatCount(counts.requests, "request", "requests"));
    if (counts.files_known > 0) {
      text += fmt::format("    {} read before\n", FormatCount(counts.files_known, "file", "files"));
    }
  }
  for (const auto& difference : pipeline.differences) text += "  " + difference.ToString() + "\n";
  return text;
}

std::string Describe(const PipelineReport& pipeline, bool dry_run, bool verbose) {
  if (!pipeline.error.ok()) return {};
  std::string text;
  if (pipeline.not_known) {
    text = fmt::format("{}: depends on what runs before it\n", pipeline.name);
  } else if (pipeline.nothing_new) {
    text = fmt::format("{}: nothing new for {}\n", pipeline.name, pipeline.target);
  } else if (dry_run) {
    text = DescribePlan(pipeline);
  } else {
    text = fmt::format("{}: {} written into {} ({}{})", pipeline.name, Rows(pipeline.rows_written), pipeline.target,
                       WriteModeName(pipeline.mode), pipeline.target_created ? ", new" : "");
    if (pipeline.rows_unchanged > 0)
      text += fmt::format(", {} left as they were", FormatCount(pipeline.rows_unchanged));
    text += fmt::format(", {} in {}\n", FormatBytes(static_cast<double>(pipeline.bytes_written)),
                        FormatDuration(pipeline.duration));
    for (const auto& source : pipeline.sources) text += DescribeSource(source);
  }
  if (pipeline.rows_skipped > 0) text += "  skipped " + Rows(pipeline.rows_skipped) + "\n";
  if (pipeline.rows_quarantined > 0) {
    text += "  quarantined " + Rows(pipeline.rows_quarantined) + " in " + pipeline.quarantine + "\n";
  }
  for (size_t i = 0; i < pipeline.reasons.size() && (verbose || i < 3); ++i)
    text += "    " + pipeline.reasons[i] + "\n";
  for (const auto& note : pipeline.notes) text += "  note: " + note + "\n";
  if (verbose) {
    for (const auto& file : pipeline.files) text += "  " + file + "\n";
  }
  return text;
}

Result<SyncOptions> ReadOptions(const SyncArguments& arguments) {
  SyncOptions options{
      .pipelines = arguments.pipelines, .dry_run = arguments.dry_run, .full_refresh = arguments.full_refresh};
  if (!arguments.since.empty()) options.since = arguments.since;
  if (!arguments.until.empty()) options.until = arguments.until;
  if (!arguments.backfill_step.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.backfill_step, ParseDuration(arguments.backfill_step));
  }
  if (!arguments.checkpoint.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.checkpoint_bytes, ParseByteSize(arguments.checkpoint));
  }
  return options;
}

Status RunSyncCommand(Session& session, const SyncArguments& arguments) {
  if (arguments.print_schema) return session.Print(SyncConfigJsonSchema() + "\n");
  if (arguments.file.empty()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "glaux sync pipeline.yaml"}, "sync: name a pipeline file");
  }
  ARROW_ASSIGN_OR_RAISE(auto options, ReadOptions(arguments));
  ARROW_ASSIGN_OR_RAISE(const auto config, session.ReadPipelines(arguments.file));
  ARROW_RETURN_NOT_OK(session.CatchSignals());
  ARROW_ASSIGN_OR_RAISE(auto* lake,
                        session.lake(arguments.dry_run ? Session::IfAbsent::kEmpty : Session::IfAbsent::kCreate));
  auto progress = session.MakeProgress();
  options.stop = session.stop();
  options.progress = progress.get();
  const auto environment = lake->sync_environment(session.surroundings().out);
  auto report = RunSync(environment, config, options);
  progress->End();
  ARROW_RETURN_NOT_OK(report.status());
  std::string text;
  for (const auto& pipeline : report->pipelines) {
    text += Describe(pipeline, arguments.dry_run, session.options().verbose);
  }
  const bool any_ran = std::any_of(report->pipelines.begin(), report->pipelines.end(),
                                   [](const PipelineReport& pipeline) { return pipeline.error.ok(); });
  text += DescribeRequests(report->requests, report->prices,
                           arguments.dry_run ? CostTense::kPlanned : CostTense::kHappened);
  if (!arguments.dry_run) {
    if (any_ran)
      text += fmt::format("took {}, peak memory {}\n", FormatDuration(report->duration),
                          FormatBytes(static_cast<double>(report->peak_memory)));
  } else {
    text += "nothing was changed\n";
  }
  session.Report(text);
  if (!arguments.report.empty()) ARROW_RETURN_NOT_OK(session.WriteReport(arguments.report, report->ToJson() + "\n"));
  const Status error = report->error();
  if (!error.ok() && report->pipelines.size() > 1) {
    for (const auto& pipeline : report->pipelines) {
      if (pipeline.error.ok() || Prefix(pipeline.error, "pipeline " + pipeline.name).Equals(error)) continue;
      session.Warn("pipeline " + pipeline.name + ": " + pipeline.error.message());
    }
  }
  return error;
}

}  // namespace

void AddSyncCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<SyncArguments>();
  auto* command =
      app->add_subcommand("sync", "Run pipelines: files, tables and queries into files, tables and databases");
  command->add_option("PIPELINE", arguments->file, "the pipeline file (YAML)")->type_name("FILE");
  command->add_option("NAMES", arguments->pipelines, "pipelines to run; all without it")->type_name("NAME");
  command->add_flag("--dry-run", arguments->dry_run,
                    "find, compare and plan everything, say what requests that takes, and change nothing");
  command->add_flag("--full-refresh", arguments->full_refresh, "as if nothing had been read before");
  command->add_option("--since", arguments->since, "only rows whose datetime_field is this or later")
      ->type_name("VALUE");
  command->add_option("--until", arguments->until, "only rows whose datetime_field is before this")->type_name("VALUE");
  command
      ->add_option("--backfill-step", arguments->backfill_step,
                   "with --since and --until: in steps of this length; with insert_new several at once")
      ->type_name("DURATION");
  command->add_option("--checkpoint", arguments->checkpoint, "commit whenever this much of the source files is done")
      ->type_name("SIZE");
  command->add_option("--report", arguments->report, "write what happened to this file, as JSON; - is stdout")
      ->type_name("FILE");
  command->add_flag("--schema", arguments->print_schema, "print the JSON Schema of pipeline files, for editors");
  command->footer(
      "A second run reads only what is new, and a run that was cut off is finished or begun again: nothing is lost "
      "and\n"
      "nothing comes twice.\n\n"
      "Examples:\n"
      "  glaux sync pipeline.yaml\n"
      "  glaux sync pipeline.yaml daily --dry-run\n"
      "  glaux sync pipeline.yaml --since 2026-01-01 --until 2026-02-01 --backfill-step 1d\n"
      "  glaux sync --schema > pipeline.schema.json");
  SetAction(command, session, arguments, RunSyncCommand);
}

}  // namespace glaux::cli
