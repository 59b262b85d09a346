#include <arrow/api.h>
#include <arrow/io/interfaces.h>

#include "glaux/format/csv_encode_internal.h"
#include "glaux/format/csv_file_internal.h"

namespace glaux {
namespace {

class CsvWriter final : public FileWriter {
 public:
  CsvWriter(std::shared_ptr<arrow::io::OutputStream> sink, CsvEncoder encoder)
      : sink_(std::move(sink)), encoder_(std::move(encoder)) {}

  Status Start(bool header) {
    ARROW_ASSIGN_OR_RAISE(sink_start_, sink_->Tell());
    return header ? sink_->Write(encoder_.Header()) : Status::OK();
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    ARROW_ASSIGN_OR_RAISE(const auto encoded, encoder_.Encode(*batch));
    return WriteEncoded(*encoded);
  }

  Result<std::shared_ptr<arrow::Buffer>> Encode(const arrow::RecordBatch& batch) const override {
    return encoder_.Encode(batch);
  }

  Status WriteEncoded(const arrow::Buffer& encoded) override {
    // Small batches go together; large ones need no copy.
    if (pending_.size() + static_cast<size_t>(encoded.size()) < kPendingBytes) {
      pending_ += std::string_view(encoded);
      return Status::OK();
    }
    ARROW_RETURN_NOT_OK(Flush());
    return sink_->Write(encoded.data(), encoded.size());
  }

  Status Flush() override {
    if (pending_.empty()) return Status::OK();
    const auto written = sink_->Write(pending_);
    pending_.clear();
    return written;
  }

  Result<int64_t> bytes_written() const override {
    ARROW_ASSIGN_OR_RAISE(const int64_t at, sink_->Tell());
    return at - sink_start_;
  }

  Status Close() override { return Flush(); }

 private:
  static constexpr size_t kPendingBytes = 256 << 10;

  std::shared_ptr<arrow::io::OutputStream> sink_;
  int64_t sink_start_ = 0;
  CsvEncoder encoder_;
  std::string pending_;
};

}  // namespace

Result<std::unique_ptr<FileWriter>> OpenCsvWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                  std::shared_ptr<arrow::Schema> schema, const WriteOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto encoder, CsvEncoder::Make(std::move(schema), options.format.csv));
  auto writer = std::make_unique<CsvWriter>(std::move(sink), std::move(encoder));
  ARROW_RETURN_NOT_OK(writer->Start(options.format.csv.write_header && !options.format.csv.column_names));
  return writer;
}

}  // namespace glaux
