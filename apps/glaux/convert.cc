#include <arrow/io/interfaces.h>
#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "address.h"
#include "arguments.h"
#include "commands.h"
#include "format_arguments.h"
#include "glaux/base/secrets.h"
#include "glaux/format/byte_sink.h"
#include "glaux/schema/predicate.h"
#include "glaux/store/object_writer.h"
#include "glaux/sync/object_finder.h"
#include "glaux/sync/single_file_target.h"
#include "glaux/sync/sync.h"
#include "human_text.h"
#include "stored_copy.h"

namespace glaux::cli {
namespace {

struct ConvertArguments {
  std::vector<std::string> sources_and_target;
  std::string from_format, to_format;
  std::string to_compression, to_delimiter;
  std::vector<std::string> columns;
  std::string where;
  std::string limit;
  std::vector<std::string> types;
  std::string sample;
  bool all = false;
  FormatArguments reading;
};

class LocalSink final : public FileSink {
 public:
  explicit LocalSink(std::unique_ptr<OutputFile> file) : file_(std::move(file)) {}
  const std::shared_ptr<arrow::io::OutputStream>& stream() override { return file_->stream(); }
  Status Commit() override { return file_->Commit(); }

 private:
  const std::unique_ptr<OutputFile> file_;
};

class ObjectSink final : public FileSink {
 public:
  ObjectSink(std::shared_ptr<ObjectStore> store, std::shared_ptr<ObjectWriter> writer)
      : store_(std::move(store)), writer_(std::move(writer)), stream_(writer_) {}
  const std::shared_ptr<arrow::io::OutputStream>& stream() override { return stream_; }
  Status Commit() override {
    ARROW_RETURN_NOT_OK(writer_->Close());
    const auto completed = Complete(*store_, writer_->pending());
    if (!completed.ok() && KindOf(completed.status()) != ErrorKind::kCommitUnknown) {
      (void)Abort(*store_, writer_->pending());
    }
    return completed.status();
  }

 private:
  const std::shared_ptr<ObjectStore> store_;
  const std::shared_ptr<ObjectWriter> writer_;
  const std::shared_ptr<arrow::io::OutputStream> stream_;
};

class StreamSink final : public FileSink {
 public:
  explicit StreamSink(std::shared_ptr<arrow::io::OutputStream> stream) : stream_(std::move(stream)) {}
  const std::shared_ptr<arrow::io::OutputStream>& stream() override { return stream_; }
  Status Commit() override { return stream_->Flush(); }

 private:
  const std::shared_ptr<arrow::io::OutputStream> stream_;
};

Result<int64_t> ParseLimit(const std::string& text) {
  int64_t rows = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), rows);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || rows < 0) {
    return MakeError(ErrorKind::kInvalid, "convert: --limit is a number of rows, and not '", text, "'");
  }
  return rows;
}

/// The names that one format has for a compression, beside ours.
std::string CompressionName(std::string_view format, const std::string& name) {
  if (format != "avro") return name;
  const std::pair<std::string_view, std::string_view> names[] = {
      {"none", "null"}, {"gzip", "deflate"}, {"bz2", "bzip2"}, {"zstd", "zstandard"}};
  for (const auto& [ours, theirs] : names) {
    if (name == ours) return std::string(theirs);
  }
  return name;
}

Status SetCompression(const Format& format, const std::string& target, const std::string& given,
                      FormatOptions* options) {
  const std::string by_name = CompressionOfFile(target);
  if (format.is_text()) {
    options->text.compression = given.empty() ? by_name : given;
    return Status::OK();
  }
  if (by_name != "none") {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "--to-compression says how"}, "convert to ", target, ": ",
                     format.name(), " files are compressed inside, and not again as a whole");
  }
  if (given.empty()) return Status::OK();
  if (format.name() == "parquet") {
    options->parquet.compression = given;
  } else if (format.name() == "avro") {
    options->avro.compression = CompressionName("avro", given);
  } else {
    return MakeError(ErrorKind::kInvalid, "convert: --to-compression cannot be chosen for ", format.name());
  }
  return Status::OK();
}

Result<SingleFileOptions> ReadTarget(const ConvertArguments& arguments, const Address& target) {
  SingleFileOptions options{.name = target.is_stream() ? "standard output" : ShownAddress(target.uri), .format = {}};
  std::error_code error;
  const bool is_folder =
      target.uri.ends_with('/') || (target.is_local() && std::filesystem::is_directory(target.path(), error));
  if (is_folder) {
    return MakeError(
        {.kind = ErrorKind::kInvalid,
         .hint = "name the file, as in " + target.text + (target.text.ends_with('/') ? "" : "/") + "rows.parquet"},
        "convert to ", target.text, ": this is a folder");
  }
  const Format* format = nullptr;
  if (!arguments.to_format.empty()) {
    ARROW_ASSIGN_OR_RAISE(format, FormatByName(arguments.to_format));
  } else if (target.is_stream()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "name it with --to-format"},
                     "convert to -: nothing says which format standard output is to have");
  } else {
    auto by_name = FormatOfFile(options.name);
    if (!by_name.ok()) {
      return MakeError({.kind = KindOf(by_name.status()), .hint = "name the format with --to-format"}, "convert to ",
                       target.text, ": ", by_name.status().message());
    }
    format = *by_name;
  }
  options.format = std::string(format->name());
  ARROW_RETURN_NOT_OK(SetCompression(*format, target.is_stream() ? "-" : options.name, arguments.to_compression,
                                     &options.format_options));
  if (!arguments.to_delimiter.empty()) {
    const auto delimiter = ParseCharacter(arguments.to_delimiter);
    if (!delimiter.ok()) return Prefix(delimiter.status(), "--to-delimiter");
    if (format->name() != "csv") {
      return MakeError(ErrorKind::kInvalid, "convert: --to-delimiter is for csv, and the target is ", format->name());
    }
    options.format_options.csv.delimiter = *delimiter;
  }
  return options;
}

/// How the target's file is opened, each time that a run begins.
std::function<Result<std::unique_ptr<FileSink>>()> SinkOpener(Session& session, const SyncEnvironment& environment,
                                                              const Address& target) {
  using Sink = Result<std::unique_ptr<FileSink>>;
  if (target.is_stream()) {
    const auto out = session.surroundings().out;
    return [out]() -> Sink {
      ARROW_ASSIGN_OR_RAISE(const int64_t written, out->Tell());
      if (written > 0) {
        return MakeError(
            {.kind = ErrorKind::kInvalid, .hint = "write to a file, or look at every row first with --sample all"},
            "this has to begin again, and rows have already gone to standard output");
      }
      return std::make_unique<StreamSink>(out);
    };
  }
  if (target.is_local()) {
    return [path = target.path()]() -> Sink {
      ARROW_RETURN_NOT_OK(MakeFoldersAbove(path));
      ARROW_ASSIGN_OR_RAISE(auto file, OpenOutputFile(path));
      return std::make_unique<LocalSink>(std::move(file));
    };
  }
  return [make_folder = environment.make_folder, uri = target.uri]() -> Sink {
    const size_t slash = uri.rfind('/');
    ARROW_ASSIGN_OR_RAISE(const auto folder, make_folder(uri.substr(0, slash + 1), {}));
    ARROW_ASSIGN_OR_RAISE(auto writer, ObjectWriter::Open(folder.store, folder.key + uri.substr(slash + 1)));
    return std::make_unique<ObjectSink>(folder.store, std::move(writer));
  };
}

/// A pipeline of one source and one destination.
Result<SyncConfig> MakeConfig(Session& session, const ConvertArguments& arguments,
                              const std::vector<Address>& addresses, bool to_stream,
                              std::vector<std::unique_ptr<SpooledInput>>* spooled) {
  SourceConfig source{.name = addresses.size() == 1 ? addresses.front().text : "files", .place = {.file = "convert"}};
  for (const auto& address : addresses) {
    if (!address.is_stream()) {
      source.uris.push_back(address.uri);
      continue;
    }
    if (arguments.from_format.empty()) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "name it with --from-format"},
                       "convert -: nothing says which format standard input is");
    }
    ARROW_ASSIGN_OR_RAISE(auto one, SpooledInput::Make(*session.surroundings().in));
    source.uris.push_back(one->uri());
    spooled->push_back(std::move(one));
  }
  if (!arguments.from_format.empty()) source.format = arguments.from_format;
  ARROW_RETURN_NOT_OK(ReadFormatArguments(arguments.reading, &source.format_options));
  source.select.include_hidden = arguments.all;
  source.keep_untyped = true;
  ARROW_ASSIGN_OR_RAISE(source.types, ReadTypeArguments(arguments.types));
  if (!arguments.columns.empty()) source.columns = arguments.columns;
  const auto where = Predicate::Parse(arguments.where);
  if (!where.ok()) return Prefix(where.status(), "--where");
  source.filter = arguments.where;
  if (!arguments.limit.empty()) {
    ARROW_ASSIGN_OR_RAISE(source.limit, ParseLimit(arguments.limit));
  }
  if (!arguments.sample.empty()) {
    ARROW_ASSIGN_OR_RAISE(source.sample_bytes, ParseSampleSize(arguments.sample));
  } else if (to_stream && !source.limit.has_value()) {
    // What has gone to a stream cannot be taken back, so its types must be right.
    source.sample_bytes = 0;
  }
  SyncConfig config;
  config.file = "convert";
  config.pipelines.push_back({.name = "convert", .place = source.place, .from = {source.name}, .to = "target"});
  config.destinations["target"] = {.name = "target", .place = source.place, .mode = WriteMode::kReplace};
  config.sources[source.name] = std::move(source);
  return config;
}

/// Files are read while the target is written.
Status RefuseOwnSource(const SyncEnvironment& environment, const std::vector<Address>& addresses,
                       const ConvertArguments& arguments, const Address& target, const arrow::StopToken& stop) {
  std::vector<FoundObject> objects;
  for (const auto& address : addresses) {
    if (address.is_stream()) continue;
    auto found = FindObjects(environment, address.uri, {.recursive = true, .all = arguments.all, .stop = stop});
    if (!found.ok()) return Prefix(found.status(), "convert " + address.text);
    for (auto& object : found->objects) objects.push_back(std::move(object));
  }
  for (const auto& object : objects) {
    const auto plan = PlanCopies({object}, target, environment);
    if (plan.ok()) continue;
    if (KindOf(plan.status()) != ErrorKind::kInvalid) return plan.status();
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "write to another name, then rename it"}, "convert to ",
                     target.text, ": this is one of the files that are read");
  }
  return Status::OK();
}

std::string Describe(const PipelineReport& report, const SyncReport& run, bool verbose) {
  const auto& counts = report.sources.front().counts;
  std::string text = fmt::format("converted {} from {} into {}", FormatCount(report.rows_written, "row", "rows"),
                                 FormatCount(counts.files, "file", "files"), report.target);
  if (counts.rows_filtered > 0) text += fmt::format("; {} left out", FormatCount(counts.rows_filtered, "row", "rows"));
  text += "\n";
  const double seconds = std::chrono::duration<double>(run.duration).count();
  text +=
      fmt::format("read {}, wrote {}, took {} ({}/s), peak memory {}\n", FormatBytes(static_cast<double>(counts.bytes)),
                  FormatBytes(static_cast<double>(report.bytes_written)), FormatDuration(run.duration),
                  FormatBytes(seconds > 0 ? static_cast<double>(counts.bytes) / seconds : 0),
                  FormatBytes(static_cast<double>(run.peak_memory)));
  for (const auto& note : report.notes) {
    // With a limit every run begins anew, as all runs of this command do.
    if (note.find("nothing is remembered") != std::string::npos) continue;
    if (verbose || note.find("types come from a sample") == std::string::npos) text += "note: " + note + "\n";
  }
  return text;
}

Status RunConvert(Session& session, const ConvertArguments& arguments) {
  if (arguments.sources_and_target.size() < 2) {
    return MakeError(
        {.kind = ErrorKind::kInvalid, .hint = "glaux convert SOURCE... TARGET, as in: glaux convert a.csv a.parquet"},
        "convert: name what to read, and then what to write");
  }
  const auto& folder = session.surroundings().working_directory;
  const std::vector<std::string> given(arguments.sources_and_target.begin(), arguments.sources_and_target.end() - 1);
  ARROW_ASSIGN_OR_RAISE(const auto addresses, ParseAddresses(given, AddressUse::kRead, folder));
  ARROW_ASSIGN_OR_RAISE(const auto target,
                        ParseAddress(arguments.sources_and_target.back(), AddressUse::kWrite, folder));
  ARROW_ASSIGN_OR_RAISE(auto sink, ReadTarget(arguments, target));
  ARROW_ASSIGN_OR_RAISE(const auto* format, FormatByName(sink.format));
  if (target.is_stream() && session.out_terminal().interactive &&
      (!format->is_text() || (sink.format_options.text.compression != "none"))) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "name a file, or send the output to a pipe"},
                     "convert to -: this format is not for a terminal");
  }
  ARROW_RETURN_NOT_OK(session.CatchSignals());
  const bool creates = !target.is_stream() && !target.is_local();
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake(creates ? Session::IfAbsent::kCreate : Session::IfAbsent::kEmpty));
  auto environment = lake->sync_environment(session.surroundings().out);
  std::vector<std::unique_ptr<SpooledInput>> spooled;
  ARROW_ASSIGN_OR_RAISE(const auto config, MakeConfig(session, arguments, addresses, target.is_stream(), &spooled));
  if (!target.is_stream()) {
    ARROW_RETURN_NOT_OK(RefuseOwnSource(environment, addresses, arguments, target, session.stop()));
  }
  sink.open = SinkOpener(session, environment, target);
  environment.open_target = [&sink](const DestinationConfig&, TargetUse) { return MakeSingleFileTarget(sink); };

  auto progress = session.MakeProgress();
  auto run = RunSync(environment, config, {.stop = session.stop(), .progress = progress.get()});
  progress->End();
  ARROW_RETURN_NOT_OK(run.status());
  const auto& report = run->pipelines.front();
  if (!report.error.ok()) {
    if (session.stop().IsStopRequested()) {
      return MakeError(ErrorKind::kCancelled, "convert: cancelled; ", sink.name, " is as it was");
    }
    return report.error.message().starts_with("convert") ? report.error : Prefix(report.error, "convert");
  }
  const auto& counts = report.sources.front().counts;
  if (report.nothing_new) {
    if (counts.files_empty > 0) {
      return MakeError(ErrorKind::kInvalid, "convert: ", FormatCount(counts.files_empty, "file", "files"),
                       " without a byte, so there are no columns to write");
    }
    return MakeError({.kind = ErrorKind::kNotFound, .hint = WhatIsLeftOut(counts.files_hidden, counts.files_links)},
                     "convert ", given.front(), ": no file matches");
  }
  session.Report(Describe(report, *run, session.options().verbose));
  session.ReportRequests();
  return Status::OK();
}

}  // namespace

void AddConvertCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<ConvertArguments>();
  auto* command = app->add_subcommand("convert", "Write the rows of files into one file of another format");
  command
      ->add_option("SOURCE... TARGET", arguments->sources_and_target,
                   "paths, folders, s3:// addresses, or patterns with *, ** and {a,b}, - is standard input; and last "
                   "the target, a file or - for standard output")
      ->type_name("FILE")
      ->required();
  AddFormatOption(command, "--from-format", &arguments->from_format,
                  "what the files are; without it their endings say");
  AddFormatOption(command, "--to-format", &arguments->to_format,
                  "what the target is to be; without it its ending says");
  command
      ->add_option("--to-compression", arguments->to_compression,
                   "of the target; without it its ending says (.gz, .zst, ...), or what the format usually has")
      ->type_name("none|gzip|zstd|snappy|lz4|brotli|bz2|xz")
      ->check(CLI::IsMember({"none", "gzip", "zstd", "snappy", "lz4", "brotli", "bz2", "xz"}).description(""));
  command->add_option("--to-delimiter", arguments->to_delimiter, "what stands between values of a CSV target (,)")
      ->type_name("CHAR");
  command->add_option("--columns", arguments->columns, "columns to write, in this order, as in id,name")
      ->type_name("NAMES")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--where", arguments->where, "rows to write, as in \"year = 2026 AND price > 10\"")
      ->type_name("CONDITION");
  command->add_option("--limit", arguments->limit, "most rows to write")->type_name("N");
  AddTypeArguments(command, &arguments->types);
  command
      ->add_option("--sample", arguments->sample,
                   "how much of each file is read to find the types (1MiB; for - everything); all reads everything")
      ->type_name("SIZE|all");
  command->add_flag("-a,--all", arguments->all, "names that begin with . or _ as well");
  AddFormatArguments(command, &arguments->reading);
  command->footer(
      "Rows keep their order: files as they are named, those of a pattern by name. The target appears whole or not\n"
      "at all.\n\n"
      "Examples:\n"
      "  glaux convert orders.csv orders.parquet\n"
      "  glaux convert 's3://lake/exports/2026-*/*.csv.gz' s3://lake/exports/2026.parquet\n"
      "  glaux convert orders.parquet - --to-format jsonl --columns id,total --where \"total > 100\"\n"
      "  glaux convert export.txt orders.csv.zst --from-format csv --delimiter ';' --decimal ,");
  SetAction(command, session, arguments, RunConvert);
}

}  // namespace glaux::cli
