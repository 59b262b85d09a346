#include <arrow/api.h>
#include <arrow/io/interfaces.h>

#include "glaux/format/json_file_internal.h"
#include "glaux/format/json_value_text_internal.h"

namespace glaux {
namespace {

/// Rows of jsonl end with a line end. Those of json begin with a comma and a line end, which the first one loses.
class JsonWriter final : public FileWriter {
 public:
  JsonWriter(JsonFileKind kind, std::shared_ptr<arrow::io::OutputStream> sink, std::shared_ptr<arrow::Schema> schema,
             bool omit_nulls)
      : kind_(kind), sink_(std::move(sink)), schema_(std::move(schema)), omit_nulls_(omit_nulls) {}

  Status Start() {
    ARROW_ASSIGN_OR_RAISE(sink_start_, sink_->Tell());
    // Types that have no text are refused before there are rows.
    ARROW_ASSIGN_OR_RAISE(const auto none, arrow::RecordBatch::MakeEmpty(schema_));
    return Encode(*none).status();
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    ARROW_ASSIGN_OR_RAISE(const auto encoded, Encode(*batch));
    return WriteEncoded(*encoded);
  }

  Result<std::shared_ptr<arrow::Buffer>> Encode(const arrow::RecordBatch& batch) const override {
    if (!batch.schema()->Equals(*schema_)) {
      return MakeError(ErrorKind::kInvalid, "write ", Name(), ": expected a batch of ", schema_->ToString(), ", found ",
                       batch.schema()->ToString());
    }
    const arrow::StructArray rows(arrow::struct_(schema_->fields()), batch.num_rows(), batch.columns());
    const auto text = JsonValueText::Make(rows, omit_nulls_);
    if (!text.ok()) return Prefix(text.status(), std::string("write ") + Name());
    std::string out;
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      if (kind_ == JsonFileKind::kDocument) out += ",\n";
      (*text)->Append(row, &out);
      if (kind_ == JsonFileKind::kLines) out += '\n';
      // The first rows tell how long the rest will be.
      if (row == 63) out.reserve(out.size() / 64 * static_cast<size_t>(batch.num_rows()) * 9 / 8);
    }
    return arrow::Buffer::FromString(std::move(out));
  }

  Status WriteEncoded(const arrow::Buffer& encoded) override {
    if (encoded.size() == 0) return Status::OK();
    if (kind_ == JsonFileKind::kLines) return sink_->Write(encoded.data(), encoded.size());
    const int64_t skip = any_row_ ? 0 : 1;
    if (!any_row_) ARROW_RETURN_NOT_OK(sink_->Write("[", 1));
    any_row_ = true;
    return sink_->Write(encoded.data() + skip, encoded.size() - skip);
  }

  Status Flush() override { return Status::OK(); }

  Result<int64_t> bytes_written() const override {
    ARROW_ASSIGN_OR_RAISE(const int64_t at, sink_->Tell());
    return at - sink_start_;
  }

  Status Close() override {
    if (kind_ == JsonFileKind::kLines) return Status::OK();
    return any_row_ ? sink_->Write("\n]\n", 3) : sink_->Write("[]\n", 3);
  }

 private:
  const char* Name() const { return kind_ == JsonFileKind::kLines ? "jsonl" : "json"; }

  JsonFileKind kind_;
  std::shared_ptr<arrow::io::OutputStream> sink_;
  std::shared_ptr<arrow::Schema> schema_;
  bool omit_nulls_;
  int64_t sink_start_ = 0;
  bool any_row_ = false;
};

}  // namespace

Result<std::unique_ptr<FileWriter>> OpenJsonWriter(JsonFileKind kind, std::shared_ptr<arrow::io::OutputStream> sink,
                                                   std::shared_ptr<arrow::Schema> schema, const WriteOptions& options) {
  auto writer = std::make_unique<JsonWriter>(kind, std::move(sink), std::move(schema), options.format.json.omit_nulls);
  ARROW_RETURN_NOT_OK(writer->Start());
  return writer;
}

}  // namespace glaux
