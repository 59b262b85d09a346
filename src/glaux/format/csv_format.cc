#include <array>

#include "glaux/format/csv_file_internal.h"
#include "glaux/format/formats_internal.h"

namespace glaux {
namespace {

class Csv final : public Format {
 public:
  std::string_view name() const override { return "csv"; }
  bool carries_schema() const override { return false; }
  std::vector<std::string_view> extensions() const override { return {"csv"}; }
  Result<InferredSchema> Infer(const InputFile& input, const InferOptions& options) const override {
    return InferCsv(input, options);
  }
  Result<std::unique_ptr<FileReader>> OpenReader(const InputFile& input, const ReadOptions& options) const override {
    return OpenCsvReader(input, options);
  }
  Result<std::unique_ptr<FileWriter>> OpenWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                 std::shared_ptr<arrow::Schema> schema,
                                                 const WriteOptions& options) const override {
    return OpenCsvWriter(std::move(sink), std::move(schema), options);
  }
};

}  // namespace

const Format& CsvFormat() {
  static const Csv format;
  return format;
}

}  // namespace glaux
