#include <arrow/api.h>

#include <charconv>

#include "arguments.h"
#include "commands.h"
#include "format_arguments.h"
#include "glaux/schema/types.h"
#include "input_files.h"
#include "result_writer.h"

namespace glaux::cli {
namespace {

/// What is looked at first to find the types of a file: a few rows are soon read.
constexpr int64_t kFirstSample = 256 << 10;

struct HeadArguments {
  std::vector<std::string> addresses;
  std::string rows = "10";
  std::string format;
  std::string from_format;
  std::vector<std::string> types;
  bool all = false;
  FormatArguments reading;
};

Result<int64_t> ParseRows(const std::string& text) {
  int64_t rows = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), rows);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || rows < 0) {
    return MakeError(ErrorKind::kInvalid, "head: -n is a number of rows, and not '", text, "'");
  }
  return rows;
}

std::string TypeName(const arrow::DataType& type) {
  const auto name = ToGlueType(type);
  return name.ok() ? *name : type.ToString();
}

/// The first rows of files, with the columns of all files that they come from.
class Head {
 public:
  Head(Session& session, InputFiles input, int64_t rows, FormatOptions format, ShapeOptions shape)
      : session_(session),
        input_(std::move(input)),
        rows_(rows),
        format_(std::move(format)),
        shape_options_(std::move(shape)) {}

  Status Read() {
    Status status = Attempt(kFirstSample);
    // Many rows may reach beyond the sample that the types come from.
    if (InfoOf(status).code == kTypeConflict && !status.ok()) status = Attempt(0);
    if (KindOf(status) == ErrorKind::kCancelled && !status.ok()) {
      return MakeError(ErrorKind::kCancelled, "head: cancelled");
    }
    return Prefix(status, "head");
  }

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  const arrow::RecordBatchVector& batches() const { return batches_; }

 private:
  Status Attempt(int64_t sample_bytes) {
    batches_.clear();
    // No more files than the rows need.
    std::vector<SourceFile> files;
    InferredFiles inferred;
    for (const auto& file : input_.files) {
      ARROW_ASSIGN_OR_RAISE(auto one,
                            InferFiles({file}, {.format = format_, .sample_bytes = sample_bytes}, session_.stop()));
      if (one.schemas.front().schema->num_fields() == 0) continue;
      files.push_back(file);
      inferred.schemas.push_back(std::move(one.schemas.front()));
      inferred.rows_seen += one.rows_seen;
      if (inferred.rows_seen >= rows_) break;
    }
    if (files.empty()) shape_options_.types.clear();
    ARROW_ASSIGN_OR_RAISE(const auto shape, ShapeOf(files, inferred, shape_options_));
    // A column that has had no value so far may have one in what is read.
    arrow::FieldVector fields;
    for (const auto& field : shape.schema->fields()) {
      fields.push_back(field->type()->id() == arrow::Type::NA ? field->WithType(arrow::utf8()) : field);
    }
    schema_ = arrow::schema(std::move(fields));
    if (rows_ == 0) return Status::OK();
    int64_t left = rows_;
    return ReadRowsInOrder(files, inferred, shape, schema_, format_, kFirstSample, session_.stop(),
                           [&](size_t, const arrow::RecordBatch& batch) -> Result<bool> {
                             batches_.push_back(batch.Slice(0, std::min(left, batch.num_rows())));
                             left -= batches_.back()->num_rows();
                             return left > 0;
                           });
  }

  Session& session_;
  const InputFiles input_;
  const int64_t rows_;
  const FormatOptions format_;
  ShapeOptions shape_options_;
  std::shared_ptr<arrow::Schema> schema_;
  arrow::RecordBatchVector batches_;
};

Status RunHead(Session& session, const HeadArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const int64_t rows, ParseRows(arguments.rows));
  OutputFormat format = OutputFormat::kTable;
  if (!arguments.format.empty()) {
    ARROW_ASSIGN_OR_RAISE(format, ParseOutputFormat(arguments.format));
  }
  ARROW_RETURN_NOT_OK(RefuseBinaryOnTerminal(format, session.out_terminal()));
  FormatOptions reading;
  ARROW_RETURN_NOT_OK(ReadFormatArguments(arguments.reading, &reading));
  ShapeOptions shape{.subject = "read", .normalize_names = false, .stored_types = false};
  ARROW_ASSIGN_OR_RAISE(shape.types, ReadTypeArguments(arguments.types));
  ARROW_RETURN_NOT_OK(CheckGivenTypes(shape));
  ARROW_ASSIGN_OR_RAISE(const auto addresses, ParseAddresses(arguments.addresses, AddressUse::kRead,
                                                             session.surroundings().working_directory));
  ARROW_RETURN_NOT_OK(session.CatchSignals());
  ARROW_ASSIGN_OR_RAISE(auto* lake, session.lake());
  ARROW_ASSIGN_OR_RAISE(auto input, FindInputFiles(session, *lake, addresses,
                                                   {.format = arguments.from_format, .all = arguments.all}, "head"));
  Head head(session, std::move(input), rows, std::move(reading), std::move(shape));
  ARROW_RETURN_NOT_OK(head.Read());

  ARROW_ASSIGN_OR_RAISE(auto writer, MakeResultWriter(format, head.schema(), session.surroundings().out,
                                                      {.terminal = session.out_terminal(),
                                                       .max_rows = {},
                                                       .footer = false,
                                                       .type_name = TypeName,
                                                       .seekable = false}));
  for (const auto& batch : head.batches()) ARROW_RETURN_NOT_OK(writer->Write(*batch));
  ARROW_RETURN_NOT_OK(writer->Finish());
  session.ReportRequests();
  return Status::OK();
}

}  // namespace

void AddHeadCommand(CLI::App* app, Session* session) {
  auto arguments = std::make_shared<HeadArguments>();
  auto* command = app->add_subcommand("head", "Show the first rows of files");
  command
      ->add_option("FILES", arguments->addresses,
                   "paths, folders, s3:// addresses, or patterns with *, ** and {a,b}; - is standard input")
      ->type_name("FILE")
      ->required();
  command->add_option("-n,--rows", arguments->rows, "how many rows (10)")->type_name("N");
  command
      ->add_option("--format", arguments->format,
                   "of the output: table (the default), csv, tsv, json, jsonl, markdown, parquet or arrow")
      ->type_name("FORMAT");
  AddFormatOption(command, "--from-format", &arguments->from_format,
                  "what the files are; without it their endings say");
  AddTypeArguments(command, &arguments->types);
  command->add_flag("-a,--all", arguments->all, "names that begin with . or _ as well");
  AddFormatArguments(command, &arguments->reading);
  command->footer(
      "Only as much is read as the rows need.\n\n"
      "Examples:\n"
      "  glaux head orders.parquet\n"
      "  glaux head -n 100 's3://lake/exports/2026-*/*.csv.gz' --format csv\n"
      "  glaux head export.txt --from-format csv --delimiter ';' --encoding windows-1252\n"
      "  curl -s https://example.org/a.json | glaux head - --from-format json --records /items");
  SetAction(command, session, arguments, RunHead);
}

}  // namespace glaux::cli
