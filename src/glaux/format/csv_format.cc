#include <array>

#include "glaux/format/csv_file_internal.h"
#include "glaux/format/formats_internal.h"

namespace glaux {
namespace {

class Csv : public Format {
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

/// CSV whose values stand between tabs, unless another delimiter was given.
class Tsv final : public Csv {
 public:
  std::string_view name() const override { return "tsv"; }
  std::vector<std::string_view> extensions() const override { return {"tsv", "tab"}; }
  Result<InferredSchema> Infer(const InputFile& input, const InferOptions& options) const override {
    return Csv::Infer(input, WithTabs(options));
  }
  Result<std::unique_ptr<FileReader>> OpenReader(const InputFile& input, const ReadOptions& options) const override {
    return Csv::OpenReader(input, WithTabs(options));
  }
  Result<std::unique_ptr<FileWriter>> OpenWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                 std::shared_ptr<arrow::Schema> schema,
                                                 const WriteOptions& options) const override {
    return Csv::OpenWriter(std::move(sink), std::move(schema), WithTabs(options));
  }

 private:
  template <typename Options>
  static Options WithTabs(Options options) {
    char& delimiter = options.format.csv.delimiter;
    if (delimiter == CsvOptions().delimiter) delimiter = '\t';
    return options;
  }
};

}  // namespace

const Format& CsvFormat() {
  static const Csv format;
  return format;
}

const Format& TsvFormat() {
  static const Tsv format;
  return format;
}

}  // namespace glaux
