#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <istream>
#include <iterator>

#include "arguments.h"
#include "commands.h"
#include "glaux/base/memory.h"
#include "glaux/schema/types.h"
#include "glaux/sql/statement.h"
#include "human_text.h"
#include "output_file.h"
#include "query_cost.h"
#include "result_writer.h"

namespace glaux::cli {
namespace {

struct QueryArguments {
  std::string sql;
  std::string file;
  std::string output;
  std::string format;
  std::string timeout;
  std::string max_rows = "40";
  std::vector<std::string> parameters;
  bool estimate = false;
  std::string max_scan;
  std::string max_cost;
};

Result<std::string> ReadStream(std::istream& in, const std::string& name) {
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) return ErrnoError(errno, "read " + name);
  return text;
}

Result<std::string> ReadSql(const Session& session, const QueryArguments& arguments) {
  std::string sql = arguments.sql;
  const bool from_input =
      arguments.file == "-" || arguments.sql == "-" || (arguments.file.empty() && arguments.sql.empty());
  if (!arguments.sql.empty() && !arguments.file.empty()) {
    return MakeError(ErrorKind::kInvalid, "query: the SQL is given twice, as an argument and with -f");
  }
  if (from_input) {
    if (session.surroundings().in_interactive && arguments.file != "-" && arguments.sql != "-") {
      return MakeError(
          {.kind = ErrorKind::kInvalid, .hint = "glaux query \"select 1\", or -f FILE, or SQL from a pipe"},
          "query: there is no SQL");
    }
    ARROW_ASSIGN_OR_RAISE(sql, ReadStream(*session.surroundings().in, "standard input"));
  } else if (!arguments.file.empty()) {
    std::ifstream in(arguments.file, std::ios::binary);
    if (!in) return ErrnoError(errno, "read " + arguments.file);
    ARROW_ASSIGN_OR_RAISE(sql, ReadStream(in, arguments.file));
  }
  if (sql.find_first_not_of(" \t\r\n;") == std::string::npos) {
    return MakeError(ErrorKind::kInvalid, "query: the SQL is empty");
  }
  return sql;
}

Result<std::optional<int64_t>> ParseMaxRows(const std::string& text) {
  if (text == "all") return std::nullopt;
  int64_t rows = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), rows);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || rows < 1) {
    return MakeError(ErrorKind::kInvalid, "query: --max-rows is a number of rows, or all, and not '", text, "'");
  }
  return rows;
}

/// Where the rows go: a file that appears at the end, or standard output.
struct Destination {
  OutputFormat format = OutputFormat::kTable;
  std::unique_ptr<OutputFile> file;
  std::shared_ptr<arrow::io::OutputStream> stream;
};

Result<Destination> OpenDestination(const Session& session, const QueryArguments& arguments) {
  Destination destination;
  std::optional<OutputFormat> format;
  if (!arguments.format.empty()) {
    ARROW_ASSIGN_OR_RAISE(format, ParseOutputFormat(arguments.format));
  }
  if (arguments.output.empty() || arguments.output == "-") {
    destination.format = format.value_or(OutputFormat::kTable);
    ARROW_RETURN_NOT_OK(RefuseBinaryOnTerminal(destination.format, session.out_terminal()));
    destination.stream = session.surroundings().out;
    return destination;
  }
  ARROW_ASSIGN_OR_RAISE(const auto kind, OutputFormatOfFile(arguments.output, format));
  destination.format = kind.format;
  ARROW_ASSIGN_OR_RAISE(destination.file, OutputFile::Open(arguments.output, kind.codec));
  destination.stream = destination.file->stream();
  return destination;
}

std::string TypeName(const arrow::DataType& type) {
  const auto name = ToGlueType(type);
  return name.ok() ? *name : type.ToString();
}

/// A query in an engine for as long as this lives.
class RunningQuery {
 public:
  RunningQuery(QueryEngine& engine, QueryId id, SignalGuard& guard, Session& session)
      : engine_(engine), id_(std::move(id)), guard_(guard) {
    guard_.OnStop([this, &session] {
      const Status stopped = engine_.Cancel(id_);
      if (!stopped.ok()) session.Warn("the query may still run: " + stopped.message());
    });
  }
  ~RunningQuery() {
    guard_.OnStop({});
    engine_.Release(id_);
  }
  RunningQuery(const RunningQuery&) = delete;
  RunningQuery& operator=(const RunningQuery&) = delete;

  const QueryId& id() const { return id_; }

 private:
  QueryEngine& engine_;
  const QueryId id_;
  SignalGuard& guard_;
};

std::string DescribeStatistics(const QueryStatistics& statistics, int64_t rows, std::chrono::nanoseconds elapsed) {
  std::string text = FormatCount(rows, "row", "rows") + " in " + FormatDuration(elapsed);
  if (statistics.files_opened > 0) {
    text += ", " + FormatBytes(static_cast<double>(statistics.bytes_scanned)) + " scanned in " +
            FormatCount(statistics.files_opened, "file", "files");
  }
  if (statistics.dollars) {
    if (statistics.files_opened == 0) {
      text += ", " + FormatBytes(static_cast<double>(statistics.bytes_scanned)) + " scanned";
    }
    text += ", " + FormatDollars(*statistics.dollars);
  }
  if (statistics.partitions_total > 0) {
    text += fmt::format(", {} of {} partitions", FormatCount(statistics.partitions_scanned),
                        FormatCount(statistics.partitions_total));
  }
  return text + ", peak memory " + FormatBytes(static_cast<double>(PeakResidentBytes())) + "\n";
}

/// What another service says of a query; empty where it ran in this process.
std::string DescribeService(const QueryStatus& status) {
  if (status.service_id.empty()) return {};
  const auto& statistics = status.statistics;
  std::string text = "query " + status.service_id + ": queued " + FormatDuration(statistics.queue_time) + ", planned " +
                     FormatDuration(statistics.planning_time) + ", ran " + FormatDuration(statistics.execution_time);
  if (!status.result_path.empty()) text += ", rows by: " + status.result_path;
  return text + "\n";
}

/// A statement that writes makes the lake; one that only asks does not.
Session::IfAbsent MayMakeLake(std::string_view sql) {
  const auto statement = sql::ParseStatement(sql);
  const bool changes = statement.ok() && statement->has_value() && sql::ChangesLake(**statement);
  return changes ? Session::IfAbsent::kCreate : Session::IfAbsent::kEmpty;
}

Status PrintEstimate(Session& session, const QueryArguments& arguments, const QueryEstimate& estimate,
                     double terabyte) {
  if (arguments.format.empty() || arguments.format == "table")
    return session.Print(DescribeEstimate(estimate, terabyte));
  if (arguments.format == "json") return session.Print(EstimateJson(estimate, terabyte));
  return MakeError(ErrorKind::kInvalid, "query: an estimate is printed as table or json, and not as ",
                   arguments.format);
}

Status RunQuery(Session& session, const QueryArguments& arguments) {
  QueryRequest request;
  request.parameters = arguments.parameters;
  ARROW_ASSIGN_OR_RAISE(const auto limits, ParseLimits(arguments.max_scan, arguments.max_cost));
  ARROW_ASSIGN_OR_RAISE(const auto max_rows, ParseMaxRows(arguments.max_rows));
  if (!arguments.timeout.empty()) {
    ARROW_ASSIGN_OR_RAISE(request.timeout, ParseDuration(arguments.timeout));
  }
  ARROW_ASSIGN_OR_RAISE(request.sql, ReadSql(session, arguments));
  if (arguments.estimate || limits.any()) {
    ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake(MayMakeLake(request.sql)));
    ARROW_ASSIGN_OR_RAISE(const auto estimate, lake->Estimate(request));
    const double terabyte = lake->config().prices.value_or(DefaultPrices()).athena;
    if (arguments.estimate) return PrintEstimate(session, arguments, estimate, terabyte);
    ARROW_RETURN_NOT_OK(CheckLimits(estimate, limits, terabyte));
  }
  ARROW_ASSIGN_OR_RAISE(auto* guard, session.CatchSignals());
  ARROW_ASSIGN_OR_RAISE(auto destination, OpenDestination(session, arguments));
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake(MayMakeLake(request.sql)));
  ARROW_ASSIGN_OR_RAISE(auto* engine, lake->engine());

  const auto started = std::chrono::steady_clock::now();
  auto progress = session.MakeProgress();
  progress->Begin("query", 0);
  ARROW_ASSIGN_OR_RAISE(auto id, engine->Submit(request));
  const RunningQuery query(*engine, std::move(id), *guard, session);
  ARROW_ASSIGN_OR_RAISE(const auto reader, engine->Results(query.id()));

  std::unique_ptr<ResultWriter> writer;
  const auto open_writer = [&]() -> Status {
    // Rows on the terminal and a progress line do not go together.
    if (destination.file == nullptr && session.out_terminal().interactive) progress->End();
    ResultWriterOptions options{.max_rows = max_rows, .type_name = TypeName, .seekable = destination.file != nullptr};
    if (destination.file == nullptr) options.terminal = session.out_terminal();
    ARROW_ASSIGN_OR_RAISE(writer, MakeResultWriter(destination.format, reader->schema(), destination.stream, options));
    return Status::OK();
  };
  int64_t rows = 0;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    const Status read = reader->ReadNext(&batch);
    if (!read.ok()) {
      return session.stop().IsStopRequested() ? MakeError(ErrorKind::kCancelled, "query: cancelled") : read;
    }
    // A table is printed at the end, all else as it comes.
    if (writer == nullptr) ARROW_RETURN_NOT_OK(open_writer());
    if (batch == nullptr) break;
    rows += batch->num_rows();
    ARROW_RETURN_NOT_OK(writer->Write(*batch));
  }
  progress->End();
  ARROW_RETURN_NOT_OK(writer->Finish());
  if (destination.file != nullptr) ARROW_RETURN_NOT_OK(destination.file->Commit());

  const Terminal err = session.err_terminal();
  const auto status = engine->GetStatus(query.id()).ValueOr(QueryStatus());
  for (const auto& note : status.notes) session.Report("note: " + note + "\n");
  if (err.interactive || session.options().verbose) {
    session.Report(err.Styled(DescribeStatistics(status.statistics, rows, std::chrono::steady_clock::now() - started) +
                                  (session.options().verbose ? DescribeService(status) : std::string()) +
                                  session.DescribeRequestsSent(),
                              kDim));
  }
  return Status::OK();
}

}  // namespace

void AddQueryCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<QueryArguments>();
  auto* command = app->add_subcommand("query", "Run SQL and print what it gives");
  command->add_option("SQL", arguments->sql, "the statement; without it and without -f it is read from standard input");
  command->add_option("-f,--file", arguments->file, "read the SQL from a file; - is standard input")->type_name("FILE");
  command
      ->add_option("-o,--output", arguments->output,
                   "write to a file, which appears once it is whole; its ending names the format (.csv, .tsv, .json, "
                   ".jsonl, .md, .txt, .parquet, .arrow; .gz or .zst behind a text format compresses)")
      ->type_name("FILE");
  command
      ->add_option("--format", arguments->format,
                   "table (the default), csv, tsv, json, jsonl, markdown, parquet or arrow")
      ->type_name("FORMAT");
  command->add_option("--timeout", arguments->timeout, "cancel the query after this long, as in 30s or 5m")
      ->type_name("DURATION");
  command
      ->add_option("--max-rows", arguments->max_rows,
                   "rows that a table shows, half of them from the end (40); all shows, and holds, everything")
      ->type_name("N|all");
  command
      ->add_option("--param", arguments->parameters,
                   "value of the next ? in the SQL: a literal, as 5, 'text' or date '2025-01-31'; all else is text")
      ->type_name("VALUE")
      ->expected(1)
      ->take_all();
  command->add_flag("--estimate", arguments->estimate,
                    "say what it would read and what Athena would ask for that, and do not run it");
  command->add_option("--max-scan", arguments->max_scan, "do not run what would read more than this, as 10GiB")
      ->type_name("SIZE");
  command
      ->add_option("--max-cost", arguments->max_cost,
                   "do not run what would cost more dollars than this at Athena, as 0.50")
      ->type_name("DOLLARS");
  command
      ->add_option("--results", session->options().athena_results,
                   "of a lake whose engine is Athena, which way rows come: auto, csv, unload or api")
      ->type_name("WAY");
  command
      ->add_option(
          "--reuse", session->options().athena_reuse,
          "of a lake whose engine is Athena: take the result of the same query if it ran not longer ago, as 60m")
      ->type_name("DURATION");
  command->footer(
      "Examples:\n"
      "  glaux query \"select * from billing.cur where product = ?\" --param \"'AmazonEC2'\" --max-scan 10GiB\n"
      "  glaux query \"select product, sum(cost) from billing.cur group by all\"\n"
      "  glaux query \"select * from billing.cur where year = '2025'\" -o cur-2025.parquet\n"
      "  glaux query \"create table billing.totals as select product, sum(cost) as cost from billing.cur group by 1\"\n"
      "  glaux query -f report.sql --format csv | gzip > report.csv.gz\n"
      "  echo 'show tables' | glaux query --format json");
  SetAction(command, session, arguments, RunQuery);
}

}  // namespace glaux::cli
