#include <arrow/api.h>
#include <arrow/io/interfaces.h>

#include <algorithm>

#include "glaux/base/random.h"
#include "glaux/format/avro_container_internal.h"
#include "glaux/format/avro_encode_internal.h"

namespace glaux {
namespace {

/// Sixteen bytes that no data is likely to hold.
std::string NewSyncMarker() {
  const auto id = NewId();
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string marker;
  for (size_t i = 0; i + 1 < id.size(); i += 2) marker += static_cast<char>(digit(id[i]) * 16 + digit(id[i + 1]));
  return marker;
}

class AvroWriter final : public FileWriter {
 public:
  static Result<std::unique_ptr<FileWriter>> Open(std::shared_ptr<arrow::io::OutputStream> sink,
                                                  std::shared_ptr<arrow::Schema> schema, const AvroOptions& options) {
    auto writer = std::make_unique<AvroWriter>();
    writer->sink_ = std::move(sink);
    writer->schema_ = std::move(schema);
    writer->block_bytes_ = static_cast<size_t>(std::clamp<int64_t>(options.block_bytes, 1 << 10, 64 << 20));
    auto codec = AvroCodec::Make(options.compression, options.compression_level);
    if (!codec.ok()) return MakeError(ErrorKind::kInvalid, "avro options: ", codec.status().message());
    writer->codec_ = *std::move(codec);
    writer->sync_ = NewSyncMarker();
    ARROW_ASSIGN_OR_RAISE(writer->sink_start_, writer->sink_->Tell());
    ARROW_ASSIGN_OR_RAISE(const auto json, AvroSchemaOf(*writer->schema_));
    std::string header(kAvroMagic);
    AppendAvroLong(2, &header);
    AppendAvroBytes("avro.schema", &header);
    AppendAvroBytes(json, &header);
    AppendAvroBytes("avro.codec", &header);
    AppendAvroBytes(options.compression, &header);
    header.push_back('\0');
    header += writer->sync_;
    ARROW_RETURN_NOT_OK(writer->sink_->Write(header));
    return writer;
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    std::string full;
    ARROW_RETURN_NOT_OK(EncodeRows(*batch, &rows_, &pending_, &full));
    return full.empty() ? Status::OK() : sink_->Write(full);
  }

  /// Whole blocks, which stand alone: what Write holds back is not touched.
  Result<std::shared_ptr<arrow::Buffer>> Encode(const arrow::RecordBatch& batch) const override {
    std::string blocks;
    std::string pending;
    int64_t rows = 0;
    ARROW_RETURN_NOT_OK(EncodeRows(batch, &rows, &pending, &blocks));
    ARROW_RETURN_NOT_OK(AppendBlock(&rows, &pending, &blocks));
    return arrow::Buffer::FromString(std::move(blocks));
  }

  Status WriteEncoded(const arrow::Buffer& encoded) override {
    ARROW_RETURN_NOT_OK(Flush());
    return sink_->Write(encoded.data(), encoded.size());
  }

  Status Flush() override {
    std::string block;
    ARROW_RETURN_NOT_OK(AppendBlock(&rows_, &pending_, &block));
    return block.empty() ? Status::OK() : sink_->Write(block);
  }

  Result<int64_t> bytes_written() const override {
    ARROW_ASSIGN_OR_RAISE(const int64_t at, sink_->Tell());
    return at - sink_start_;
  }

  Status Close() override { return Flush(); }

 private:
  /// Append rows to `pending`, and blocks that it fills to `blocks`.
  Status EncodeRows(const arrow::RecordBatch& batch, int64_t* rows, std::string* pending, std::string* blocks) const {
    if (!batch.schema()->Equals(*schema_)) {
      return MakeError(ErrorKind::kInvalid, "write avro: expected a batch of ", schema_->ToString(), ", found ",
                       batch.schema()->ToString());
    }
    std::vector<std::unique_ptr<AvroEncoder>> columns;
    for (int i = 0; i < batch.num_columns(); ++i) {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), AvroEncoder::Make(*batch.column(i), *schema_->field(i)));
    }
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      const size_t begin = pending->size();
      for (size_t i = 0; i < columns.size(); ++i) {
        const auto status = columns[i]->Append(row, pending);
        if (status.ok()) continue;
        pending->resize(begin);  // no half of a row
        return Prefix(status, "write avro, column " + schema_->field(static_cast<int>(i))->name());
      }
      ++*rows;
      if (pending->size() >= block_bytes_ || *rows == kMostRows) {
        ARROW_RETURN_NOT_OK(AppendBlock(rows, pending, blocks));
      }
    }
    return Status::OK();
  }

  Status AppendBlock(int64_t* rows, std::string* pending, std::string* blocks) const {
    if (*rows == 0) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto bytes, codec_->Compress(*pending));
    AppendAvroLong(*rows, blocks);
    AppendAvroBytes(bytes, blocks);
    *blocks += sync_;
    *rows = 0;
    pending->clear();
    return Status::OK();
  }

  /// Rows may take no bytes; readers do not believe in endless many.
  static constexpr int64_t kMostRows = 1 << 20;

  std::shared_ptr<arrow::io::OutputStream> sink_;
  int64_t sink_start_ = 0;
  std::shared_ptr<arrow::Schema> schema_;
  size_t block_bytes_ = 0;
  std::shared_ptr<const AvroCodec> codec_;
  std::string sync_;
  std::string pending_;
  int64_t rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<FileWriter>> OpenAvroWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                   std::shared_ptr<arrow::Schema> schema, const WriteOptions& options) {
  return AvroWriter::Open(std::move(sink), std::move(schema), options.format.avro);
}

}  // namespace glaux
