#include <arrow/api.h>
#include <arrow/io/interfaces.h>

#include "glaux/format/csv_file_internal.h"
#include "glaux/format/csv_text_internal.h"

namespace glaux {
namespace {

class CsvWriter final : public FileWriter {
 public:
  CsvWriter(std::shared_ptr<arrow::io::OutputStream> sink, std::shared_ptr<arrow::Schema> schema, CsvText text)
      : sink_(std::move(sink)), schema_(std::move(schema)), text_(std::move(text)) {}

  Status Start(bool header) {
    ARROW_ASSIGN_OR_RAISE(sink_start_, sink_->Tell());
    if (!header || schema_->num_fields() == 0) return Status::OK();
    for (int i = 0; i < schema_->num_fields(); ++i) {
      text_.AppendString(schema_->field(i)->name(), &out_);
      EndField(i);
    }
    return Drain(0);
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    if (!batch->schema()->Equals(*schema_)) {
      return MakeError(ErrorKind::kInvalid, "write csv: expected a batch of ", schema_->ToString(), ", found ",
                       batch->schema()->ToString());
    }
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      for (int i = 0; i < batch->num_columns(); ++i) {
        const auto& column = *batch->column(i);
        if (column.IsValid(row)) {
          ARROW_RETURN_NOT_OK(text_.AppendValue(column, row, &out_));
        } else {
          text_.AppendNull(&out_);
        }
        EndField(i);
      }
      ARROW_RETURN_NOT_OK(Drain(kDrainBytes));
    }
    return Status::OK();
  }

  Status Flush() override { return Drain(0); }

  Result<int64_t> bytes_written() const override {
    ARROW_ASSIGN_OR_RAISE(const int64_t at, sink_->Tell());
    return at - sink_start_;
  }

  Status Close() override { return Drain(0); }

 private:
  static constexpr size_t kDrainBytes = 256 << 10;

  void EndField(int field) { out_.push_back(field + 1 < schema_->num_fields() ? text_.delimiter() : '\n'); }

  Status Drain(size_t keep) {
    if (out_.size() <= keep) return Status::OK();
    ARROW_RETURN_NOT_OK(sink_->Write(out_.data(), static_cast<int64_t>(out_.size())));
    out_.clear();
    return Status::OK();
  }

  std::shared_ptr<arrow::io::OutputStream> sink_;
  int64_t sink_start_ = 0;
  std::shared_ptr<arrow::Schema> schema_;
  CsvText text_;
  std::string out_;
};

}  // namespace

Result<std::unique_ptr<FileWriter>> OpenCsvWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                  std::shared_ptr<arrow::Schema> schema, const WriteOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto text, CsvText::Make(options.format.csv));
  auto writer = std::make_unique<CsvWriter>(std::move(sink), std::move(schema), std::move(text));
  ARROW_RETURN_NOT_OK(writer->Start(/*header=*/!options.format.csv.column_names));
  return writer;
}

}  // namespace glaux
