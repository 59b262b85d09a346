#include <fmt/format.h>

#include <filesystem>

#include "arguments.h"
#include "commands.h"
#include "cost_text.h"
#include "format_arguments.h"
#include "glaux/base/memory.h"
#include "human_text.h"

namespace glaux::cli {
namespace {

struct LoadArguments {
  std::vector<std::string> files_and_table;
  std::string partition_by;
  std::string format;
  std::vector<std::string> types;
  bool again = false;
  bool dry_run = false;
  std::string sample;
  FormatArguments reading;
  std::string contract;
  std::string compression = "snappy";
};

/// The shell expands "load *.csv" to files only, and the last one is then taken for the table.
Status RefuseFileAsTable(const std::string& table) {
  const bool file = table.find('/') != std::string::npos || FormatOfFile(table).ok();
  if (!file) return Status::OK();
  return MakeError(
      {.kind = ErrorKind::kInvalid, .hint = "glaux load FILES... TABLE, as in: glaux load a.csv b.csv sales.orders"},
      "load: the last argument is the table, and '", table, "' is a file");
}

Result<LoadOptions> ReadOptions(const Session& session, const LoadArguments& arguments) {
  LoadOptions options;
  if (arguments.files_and_table.size() < 2) {
    return MakeError(
        {.kind = ErrorKind::kInvalid, .hint = "glaux load FILES... TABLE, as in: glaux load a.csv sales.orders"},
        "load: name the files, and then the table");
  }
  options.inputs.assign(arguments.files_and_table.begin(), arguments.files_and_table.end() - 1);
  const std::string& table = arguments.files_and_table.back();
  ARROW_RETURN_NOT_OK(RefuseFileAsTable(table));
  ARROW_ASSIGN_OR_RAISE(options.table, session.ParseTable(table));
  if (!arguments.format.empty()) {
    ARROW_ASSIGN_OR_RAISE(const Format* format, FormatByName(arguments.format));
    options.format = std::string(format->name());
  }
  ARROW_RETURN_NOT_OK(ReadFormatArguments(arguments.reading, &options.format_options));
  if (!arguments.partition_by.empty()) options.partition_by = arguments.partition_by;
  ARROW_ASSIGN_OR_RAISE(options.types, ReadTypeArguments(arguments.types));
  if (!arguments.sample.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.sample_bytes, ParseSampleSize(arguments.sample));
  }
  if (!arguments.contract.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.contract, ParseContract(arguments.contract));
  }
  options.again = arguments.again;
  options.dry_run = arguments.dry_run;
  options.compression = arguments.compression;
  return options;
}

std::string Joined(const std::vector<std::string>& words, size_t most) {
  std::string text;
  for (size_t i = 0; i < std::min(words.size(), most); ++i) text += (i == 0 ? "" : ", ") + words[i];
  if (words.size() > most) text += fmt::format(" and {} more (--verbose lists them)", FormatCount(words.size() - most));
  return text;
}

std::string Describe(const LoadSummary& summary, const LoadOptions& options, std::chrono::nanoseconds elapsed,
                     bool verbose) {
  std::string text;
  const size_t most = verbose ? SIZE_MAX : 5;
  if (verbose || options.dry_run) {
    for (const auto& difference : summary.differences) text += "  " + difference.ToString() + "\n";
  }
  if (!summary.renamed_columns.empty() && (verbose || summary.table_created)) {
    text += fmt::format("renamed {}: {}\n", FormatCount(summary.renamed_columns.size(), "column", "columns"),
                        Joined(summary.renamed_columns, most));
  }
  for (const auto& note : summary.notes) text += "note: " + note + "\n";

  std::string aside;
  const auto count = [&aside](int64_t files, std::string_view why) {
    if (files > 0) aside += fmt::format("{}{} {}", aside.empty() ? "" : ", ", FormatCount(files, "file", "files"), why);
  };
  count(summary.files_skipped, "skipped: loaded before (--again loads them once more)");
  count(summary.files_empty, "without a row");
  if (!aside.empty()) text += aside + "\n";

  const std::string table = options.table.ToString();
  if (summary.commit.already_loaded) {
    return text + "nothing loaded into " + table + ": somebody else loaded the same files meanwhile\n";
  }
  if (summary.files_loaded == 0) {
    return text + (options.dry_run ? "would load nothing into " : "nothing to load into ") + table + "\n";
  }
  const double seconds = std::chrono::duration<double>(elapsed).count();
  const std::string files = FormatCount(summary.files_loaded, "file", "files");
  if (options.dry_run) {
    return text + fmt::format("would load {}, {}, into {}{}; nothing was changed\n", files,
                              FormatBytes(static_cast<double>(summary.bytes_read)), table,
                              summary.table_created ? ", a new table" : "");
  }
  if (verbose) {
    for (const auto& file : summary.commit.files) text += "  " + file + "\n";
  }
  const int64_t added = summary.commit.partitions_added;
  text += fmt::format("loaded {} from {} into {}{}{}\n", FormatCount(summary.commit.rows, "row", "rows"), files, table,
                      summary.table_created ? " (new)" : "",
                      added > 0 ? ", " + FormatCount(added, "new partition", "new partitions") : "");
  text += fmt::format(
      "read {}, wrote {} in {}, took {} ({}/s), peak memory {}\n", FormatBytes(static_cast<double>(summary.bytes_read)),
      FormatBytes(static_cast<double>(summary.commit.bytes)), FormatCount(summary.commit.files.size(), "file", "files"),
      FormatDuration(elapsed), FormatBytes(seconds > 0 ? static_cast<double>(summary.bytes_read) / seconds : 0),
      FormatBytes(static_cast<double>(PeakResidentBytes())));
  return text;
}

Status RunLoad(Session& session, const LoadArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(auto options, ReadOptions(session, arguments));
  ARROW_RETURN_NOT_OK(session.CatchSignals());
  ARROW_ASSIGN_OR_RAISE(auto* lake,
                        session.lake(options.dry_run ? Session::IfAbsent::kEmpty : Session::IfAbsent::kCreate));
  const auto started = std::chrono::steady_clock::now();
  auto progress = session.MakeProgress();
  options.stop = session.stop();
  options.progress = progress.get();
  const auto before = lake->meter()->Read();
  const auto summary = lake->Load(options);
  progress->End();
  if (!summary.ok()) {
    if (KindOf(summary.status()) == ErrorKind::kCancelled) {
      return MakeError(ErrorKind::kCancelled, "load: cancelled; nothing was changed");
    }
    return summary.status();
  }
  // A load begins with all that its dry run does.
  RequestCounts requests = lake->meter()->Read() - before;
  requests += summary->requests;
  const auto prices = lake->config().prices.value_or(DefaultPrices());
  session.Report(Describe(*summary, options, std::chrono::steady_clock::now() - started, session.options().verbose) +
                 DescribeRequests(requests, prices, options.dry_run ? CostTense::kPlanned : CostTense::kHappened));
  return Status::OK();
}

}  // namespace

void AddLoadCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<LoadArguments>();
  auto* command = app->add_subcommand("load", "Load files into a table, making or evolving it");
  command
      ->add_option("FILES... TABLE", arguments->files_and_table,
                   "files, globs or s3:// addresses, and last the table, as database.table")
      ->type_name("FILE|TABLE")
      ->required();
  command
      ->add_option("--partition-by", arguments->partition_by,
                   "how a new table is divided, as in region or \"day(created_at), region\"; without it by the day of "
                   "the load")
      ->type_name("SPEC");
  AddFormatOption(command, "--format", &arguments->format, "what the files are; without it their endings say");
  AddTypeArguments(command, &arguments->types);
  command->add_flag("--again", arguments->again, "also load files that were loaded before");
  command->add_flag("--dry-run", arguments->dry_run,
                    "say what would happen and what requests that takes, and change nothing");
  command
      ->add_option("--sample", arguments->sample,
                   "how much of each file is read to find the types (1MiB); all reads everything")
      ->type_name("SIZE|all");
  command
      ->add_option("--contract", arguments->contract,
                   "what may change: tables=, columns= or types= with evolve, freeze, discard_row or discard_value, "
                   "as in columns=freeze,types=evolve")
      ->type_name("RULES");
  command->add_option("--compression", arguments->compression, "of the table's files (snappy)")
      ->type_name("snappy|zstd|gzip|none")
      ->check(CLI::IsMember({"snappy", "zstd", "gzip", "none"}).description(""));
  AddFormatArguments(command, &arguments->reading);
  command->footer(
      "A file is loaded once: a second load of the same file does nothing. A load is all or nothing.\n\n"
      "Examples:\n"
      "  glaux load orders.csv sales.orders\n"
      "  glaux load 'cur/2025-*/*.csv.gz' billing.cur --partition-by \"day(lineItem/UsageStartDate)\"\n"
      "  glaux load export.txt sales.orders --format csv --delimiter tab --null NA --type zip=string\n"
      "  glaux load new/*.parquet sales.orders --contract columns=freeze --dry-run");
  SetAction(command, session, arguments, RunLoad);
}

}  // namespace glaux::cli
