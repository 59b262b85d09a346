#include "glaux/format/avro_container_internal.h"
#include "glaux/format/formats_internal.h"

namespace glaux {
namespace {

class Avro final : public Format {
 public:
  std::string_view name() const override { return "avro"; }
  bool carries_schema() const override { return true; }
  std::vector<std::string_view> extensions() const override { return {"avro"}; }
  Result<InferredSchema> Infer(const InputFile& input, const InferOptions& options) const override {
    return InferAvro(input, options);
  }
  Result<std::unique_ptr<FileReader>> OpenReader(const InputFile& input, const ReadOptions& options) const override {
    return OpenAvroReader(input, options);
  }
  Result<std::unique_ptr<FileWriter>> OpenWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                 std::shared_ptr<arrow::Schema> schema,
                                                 const WriteOptions& options) const override {
    return OpenAvroWriter(std::move(sink), std::move(schema), options);
  }
};

}  // namespace

const Format& AvroFormat() {
  static const Avro format;
  return format;
}

}  // namespace glaux
