#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "glaux/format/format.h"
#include "result_writer_internal.h"

namespace glaux::cli {
namespace {

/// The same columns under the names of another schema.
std::shared_ptr<arrow::RecordBatch> Renamed(const arrow::RecordBatch& batch, std::shared_ptr<arrow::Schema> schema) {
  return arrow::RecordBatch::Make(std::move(schema), batch.num_rows(), batch.columns());
}

Status RefuseNoColumns(const arrow::Schema& schema) {
  if (schema.num_fields() > 0) return Status::OK();
  return MakeError(ErrorKind::kInvalid, "write the result as a file of columns: the statement gives none");
}

/// A hugeint of SQL may have 39 digits; readers of files take decimal(38, 0) at its word.
Status CheckDecimals(const arrow::RecordBatch& batch) {
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (!arrow::is_decimal(batch.column(i)->type_id()) || batch.column(i)->ValidateFull().ok()) continue;
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "cast it to varchar, or choose csv or json"},
                     "write column ", batch.schema()->field(i)->name(), ": a value has more digits than ",
                     batch.column(i)->type()->ToString(), " holds");
  }
  return Status::OK();
}

class ParquetResultWriter final : public ResultWriter {
 public:
  ParquetResultWriter(std::shared_ptr<arrow::Schema> schema, std::unique_ptr<FileWriter> writer)
      : schema_(std::move(schema)), writer_(std::move(writer)) {}
  Status Write(const arrow::RecordBatch& batch) override {
    ARROW_RETURN_NOT_OK(CheckDecimals(batch));
    return writer_->Write(Renamed(batch, schema_));
  }
  Status Finish() override { return writer_->Close(); }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const std::unique_ptr<FileWriter> writer_;
};

class ArrowResultWriter final : public ResultWriter {
 public:
  ArrowResultWriter(std::shared_ptr<arrow::Schema> schema, std::shared_ptr<arrow::ipc::RecordBatchWriter> writer)
      : schema_(std::move(schema)), writer_(std::move(writer)) {}
  Status Write(const arrow::RecordBatch& batch) override {
    ARROW_RETURN_NOT_OK(CheckDecimals(batch));
    return writer_->WriteRecordBatch(*Renamed(batch, schema_));
  }
  Status Finish() override { return writer_->Close(); }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

}  // namespace

Result<std::unique_ptr<ResultWriter>> MakeParquetWriter(std::shared_ptr<arrow::Schema> schema, Sink sink) {
  ARROW_RETURN_NOT_OK(RefuseNoColumns(*schema));
  schema = WithUniqueNames(schema);
  ARROW_ASSIGN_OR_RAISE(const Format* format, FormatByName("parquet"));
  ARROW_ASSIGN_OR_RAISE(auto writer, format->OpenWriter(std::move(sink), schema, {}));
  return std::make_unique<ParquetResultWriter>(std::move(schema), std::move(writer));
}

Result<std::unique_ptr<ResultWriter>> MakeArrowWriter(std::shared_ptr<arrow::Schema> schema, Sink sink, bool seekable) {
  schema = WithUniqueNames(schema);
  ARROW_ASSIGN_OR_RAISE(
      auto writer, seekable ? arrow::ipc::MakeFileWriter(sink, schema) : arrow::ipc::MakeStreamWriter(sink, schema));
  return std::make_unique<ArrowResultWriter>(std::move(schema), std::move(writer));
}

}  // namespace glaux::cli
