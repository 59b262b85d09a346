#include "input_files.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <set>

#include "human_text.h"

namespace glaux::cli {
namespace {

/// The columns of the schema, null where the batch has no such column.
Result<std::shared_ptr<arrow::RecordBatch>> Complete(const arrow::RecordBatch& batch,
                                                     const std::shared_ptr<arrow::Schema>& schema) {
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    auto column = batch.GetColumnByName(field->name());
    if (column == nullptr) {
      ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(field->type(), batch.num_rows()));
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema, batch.num_rows(), std::move(columns));
}

}  // namespace

Result<InputFiles> FindInputFiles(Session& session, Lake& lake, const std::vector<Address>& addresses,
                                  const InputFileOptions& options, const std::string& command) {
  const auto environment = lake.sync_environment(session.surroundings().out);
  InputFiles found;
  std::set<std::string> seen;
  for (const auto& address : addresses) {
    SourceConfig source{.name = address.text, .uris = {address.uri}};
    source.select.include_hidden = options.all;
    if (!options.format.empty()) source.format = options.format;
    if (address.is_stream()) {
      if (!source.format.has_value()) {
        return MakeError({.kind = ErrorKind::kInvalid, .hint = "name it with --from-format"}, command,
                         " -: nothing says which format standard input is");
      }
      ARROW_ASSIGN_OR_RAISE(std::shared_ptr<SpooledInput> spooled, SpooledInput::Make(*session.surroundings().in));
      source.uris = {spooled->uri()};
      found.spooled.push_back(std::move(spooled));
    }
    auto files = FindSourceFiles(environment, source, session.stop());
    if (!files.ok()) return Prefix(files.status(), command);
    found.empty += files->empty;
    if (!files->links.empty()) {
      session.Report(
          fmt::format("{}: {} passed over, the first: {}; one that is named itself is followed\n", command,
                      FormatCount(static_cast<int64_t>(files->links.size()), "symbolic link", "symbolic links"),
                      files->links.front()));
    }
    if (files->files.empty() && files->empty == 0) {
      return MakeError({.kind = ErrorKind::kNotFound,
                        .hint = WhatIsLeftOut(files->hidden, static_cast<int64_t>(files->links.size()))},
                       command, " ", address.text, ": no file matches");
    }
    for (auto& file : files->files) {
      if (address.is_stream()) file.name = "standard input";
      if (seen.insert(file.ledger.key).second) found.files.push_back(std::move(file));
    }
  }
  return found;
}

Status ReadRowsInOrder(const std::vector<SourceFile>& files, const InferredFiles& inferred, const DataShape& shape,
                       const std::shared_ptr<arrow::Schema>& schema, const FormatOptions& format, int64_t block_bytes,
                       const arrow::StopToken& stop,
                       const std::function<Result<bool>(size_t file, const arrow::RecordBatch&)>& take) {
  auto inputs = MakeFileInputs(files, inferred, shape, *schema, format);
  for (size_t i = 0; i < inputs.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto opened, files[i].Open());
    inputs[i].read.block_bytes = block_bytes;
    ARROW_ASSIGN_OR_RAISE(const auto reader, files[i].format->OpenReader(opened, inputs[i].read));
    for (;;) {
      if (stop.IsStopRequested()) return MakeError(ErrorKind::kCancelled, "read ", files[i].name, ": cancelled");
      ARROW_ASSIGN_OR_RAISE(const auto task, reader->Next());
      if (!task.has_value()) break;
      ARROW_ASSIGN_OR_RAISE(const auto batch, (*task)());
      ARROW_ASSIGN_OR_RAISE(const auto names, batch->schema()->WithNames(inputs[i].column_names));
      ARROW_ASSIGN_OR_RAISE(const auto whole,
                            Complete(*arrow::RecordBatch::Make(names, batch->num_rows(), batch->columns()), schema));
      ARROW_ASSIGN_OR_RAISE(const bool more, take(i, *whole));
      if (!more) return Status::OK();
    }
  }
  return Status::OK();
}

}  // namespace glaux::cli
