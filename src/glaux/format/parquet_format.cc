#include "glaux/format/formats_internal.h"
#include "glaux/format/parquet_internal.h"

namespace glaux {
namespace {

class Parquet final : public Format {
 public:
  std::string_view name() const override { return "parquet"; }
  bool carries_schema() const override { return true; }
  std::vector<std::string_view> extensions() const override { return {"parquet", "pq"}; }
  Result<InferredSchema> Infer(const InputFile& input, const InferOptions& options) const override {
    return InferParquet(input, options);
  }
  Result<std::unique_ptr<FileReader>> OpenReader(const InputFile& input, const ReadOptions& options) const override {
    return OpenParquetReader(input, options);
  }
  Result<std::unique_ptr<FileWriter>> OpenWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                 std::shared_ptr<arrow::Schema> schema,
                                                 const WriteOptions& options) const override {
    return OpenParquetWriter(std::move(sink), std::move(schema), options);
  }
};

}  // namespace

const Format& ParquetFormat() {
  static const Parquet format;
  return format;
}

}  // namespace glaux
