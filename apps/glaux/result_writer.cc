#include "result_writer.h"

#include <arrow/type.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "arguments.h"
#include "result_writer_internal.h"

namespace glaux::cli {
namespace {

struct FormatRow {
  OutputFormat format;
  std::string_view name;
  std::vector<std::string_view> endings;
};

const std::vector<FormatRow>& Formats() {
  static const std::vector<FormatRow> formats = {
      {OutputFormat::kTable, "table", {".txt"}},
      {OutputFormat::kCsv, "csv", {".csv"}},
      {OutputFormat::kTsv, "tsv", {".tsv", ".tab"}},
      {OutputFormat::kJson, "json", {".json"}},
      {OutputFormat::kJsonLines, "jsonl", {".jsonl", ".ndjson"}},
      {OutputFormat::kMarkdown, "markdown", {".md", ".markdown"}},
      {OutputFormat::kParquet, "parquet", {".parquet", ".pq"}},
      {OutputFormat::kArrow, "arrow", {".arrow", ".feather"}},
  };
  return formats;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

const std::vector<std::string>& OutputFormatNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& row : Formats()) all.emplace_back(row.name);
    return all;
  }();
  return names;
}

Result<OutputFormat> ParseOutputFormat(std::string_view name) {
  for (const auto& row : Formats()) {
    if (row.name == name) return row.format;
  }
  if (name == "md") return OutputFormat::kMarkdown;
  if (name == "ndjson") return OutputFormat::kJsonLines;
  return MakeError({.kind = ErrorKind::kInvalid, .hint = DidYouMean(name, OutputFormatNames())},
                   "unknown output format '", name, "'; there are ", Joined(OutputFormatNames()));
}

Result<FileKind> OutputFormatOfFile(std::string_view path, std::optional<OutputFormat> format) {
  std::string name(path.substr(path.find_last_of('/') + 1));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  FileKind kind{.format = OutputFormat::kTable};
  if (name.ends_with(".gz")) kind.codec = "gzip";
  if (name.ends_with(".zst")) kind.codec = "zstd";
  if (!kind.codec.empty()) name.erase(name.rfind('.'));
  if (format.has_value()) {
    kind.format = *format;
  } else {
    const auto has = [&](const FormatRow& row) {
      return std::any_of(row.endings.begin(), row.endings.end(), [&](auto ending) { return name.ends_with(ending); });
    };
    const auto found = std::find_if(Formats().begin(), Formats().end(), has);
    if (found == Formats().end()) {
      return MakeError(
          {.kind = ErrorKind::kInvalid, .hint = "name the format with --format"}, "write ", path,
          ": the name does not say which format; there are .csv, .tsv, .json, .jsonl, .md, .txt, .parquet, .arrow");
    }
    kind.format = found->format;
  }
  if (!kind.codec.empty() && IsBinary(kind.format)) {
    return MakeError({.kind = ErrorKind::kInvalid,
                      .hint = "leave the ending " + std::string(path.substr(path.rfind('.'))) + " away"},
                     "write ", path, ": ", kind.format == OutputFormat::kParquet ? "parquet" : "arrow",
                     " files are compressed inside and are not compressed again");
  }
  return kind;
}

bool IsBinary(OutputFormat format) { return format == OutputFormat::kParquet || format == OutputFormat::kArrow; }

Status RefuseBinaryOnTerminal(OutputFormat format, const Terminal& terminal) {
  if (!IsBinary(format) || !terminal.interactive) return Status::OK();
  return MakeError({.kind = ErrorKind::kInvalid, .hint = "name a file with -o, or send the output to a pipe"},
                   "this format is not for a terminal");
}

std::shared_ptr<arrow::Schema> WithUniqueNames(const std::shared_ptr<arrow::Schema>& schema) {
  std::set<std::string> taken;
  for (const auto& field : schema->fields()) taken.insert(field->name());
  if (static_cast<int>(taken.size()) == schema->num_fields()) return schema;
  std::set<std::string> given;
  arrow::FieldVector fields;
  for (const auto& field : schema->fields()) {
    std::string name = field->name();
    for (int number = 1; given.contains(name) || (number > 1 && taken.contains(name)); ++number) {
      name = field->name() + "_" + std::to_string(number);
    }
    given.insert(name);
    fields.push_back(field->WithName(name));
  }
  return arrow::schema(std::move(fields), schema->metadata());
}

Result<std::vector<std::unique_ptr<CellPrinter>>> MakePrinters(const arrow::RecordBatch& batch, CellStyle style) {
  std::vector<std::unique_ptr<CellPrinter>> printers;
  for (int i = 0; i < batch.num_columns(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto printer, CellPrinter::Make(batch.column(i), style));
    printers.push_back(std::move(printer));
  }
  return printers;
}

Status TextBuffer::Write() {
  if (text_.empty()) return Status::OK();
  ARROW_RETURN_NOT_OK(sink_->Write(text_.data(), static_cast<int64_t>(text_.size())));
  text_.clear();
  return Status::OK();
}

Result<std::unique_ptr<ResultWriter>> MakeResultWriter(OutputFormat format, std::shared_ptr<arrow::Schema> schema,
                                                       std::shared_ptr<arrow::io::OutputStream> sink,
                                                       const ResultWriterOptions& options) {
  switch (format) {
    case OutputFormat::kTable:
      return MakeTableWriter(std::move(schema), std::move(sink), options);
    case OutputFormat::kCsv:
      return MakeDelimitedWriter(std::move(schema), std::move(sink), ',');
    case OutputFormat::kTsv:
      return MakeDelimitedWriter(std::move(schema), std::move(sink), '\t');
    case OutputFormat::kJson:
      return MakeJsonWriter(std::move(schema), std::move(sink), false);
    case OutputFormat::kJsonLines:
      return MakeJsonWriter(std::move(schema), std::move(sink), true);
    case OutputFormat::kMarkdown:
      return MakeMarkdownWriter(std::move(schema), std::move(sink));
    case OutputFormat::kParquet:
      return MakeParquetWriter(std::move(schema), std::move(sink));
    case OutputFormat::kArrow:
      return MakeArrowWriter(std::move(schema), std::move(sink), options.seekable);
  }
  return MakeError(ErrorKind::kInvalid, "unknown output format");
}

}  // namespace glaux::cli
