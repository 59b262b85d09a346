#include "glaux/format/format.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "glaux/format/compression_internal.h"
#include "glaux/format/formats_internal.h"

namespace glaux {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (auto& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

std::string Known() {
  std::string known;
  for (const auto* format : AllFormats()) {
    if (!known.empty()) known += ", ";
    known += format->name();
  }
  return known;
}

/// What stands behind the last dot of a name, which is taken off.
std::string TakeExtension(std::string* name) {
  const auto dot = name->rfind('.');
  if (dot == std::string::npos || dot == 0) return {};
  auto extension = Lower(std::string_view(*name).substr(dot + 1));
  name->resize(dot);
  return extension;
}

class TaskReader final : public arrow::RecordBatchReader {
 public:
  explicit TaskReader(std::unique_ptr<FileReader> reader) : reader_(std::move(reader)), schema_(reader_->schema()) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (reader_ == nullptr) return Status::OK();
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto task, reader_->Next());
      if (!task) return Status::OK();
      ARROW_ASSIGN_OR_RAISE(*batch, (*task)());
      if ((*batch)->num_rows() > 0) return Status::OK();
    }
  }

  Status Close() override {
    reader_.reset();
    return Status::OK();
  }

 private:
  std::unique_ptr<FileReader> reader_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

Result<std::shared_ptr<arrow::Buffer>> FileWriter::Encode(const arrow::RecordBatch&) const {
  return std::shared_ptr<arrow::Buffer>();
}

Status FileWriter::WriteEncoded(const arrow::Buffer&) {
  return MakeError(ErrorKind::kNotImplemented, "this format writes no encoded batches");
}

const std::vector<const Format*>& AllFormats() {
  static const std::vector<const Format*> formats = {
      &CsvFormat(),  &TsvFormat(), &JsonFormat(), &JsonLinesFormat(), &ParquetFormat(),
      &AvroFormat(), &TxtFormat(), &IpcFormat(),  &OrcFormat(),
  };
  return formats;
}

Result<const Format*> FormatByName(std::string_view name) {
  for (const auto* format : AllFormats()) {
    if (format->name() == name) return format;
  }
  return MakeError(ErrorKind::kInvalid, "no file format ", name, "; known: ", Known());
}

Result<const Format*> TableFormatByName(std::string_view name) {
  if (name == HiveTextFormat().name()) return &HiveTextFormat();
  return FormatByName(name);
}

Result<const Format*> FormatOfFile(std::string_view file_name) {
  std::string name(file_name.substr(file_name.find_last_of('/') + 1));
  auto extension = TakeExtension(&name);
  if (IsCompressionEnding(extension)) extension = TakeExtension(&name);
  for (const auto* format : AllFormats()) {
    const auto known = format->extensions();
    if (std::find(known.begin(), known.end(), extension) != known.end()) return format;
  }
  return MakeError({.kind = ErrorKind::kInvalid, .hint = "name the format"}, "the name of ", file_name,
                   " does not say its format; known: ", Known());
}

std::shared_ptr<arrow::RecordBatchReader> ToBatchReader(std::unique_ptr<FileReader> reader) {
  return std::make_shared<TaskReader>(std::move(reader));
}

}  // namespace glaux
