#include "glaux/format/formats_internal.h"
#include "glaux/format/json_file_internal.h"

namespace glaux {
namespace {

class Json final : public Format {
 public:
  explicit Json(JsonFileKind kind) : kind_(kind) {}

  std::string_view name() const override { return kind_ == JsonFileKind::kLines ? "jsonl" : "json"; }
  bool carries_schema() const override { return false; }
  std::vector<std::string_view> extensions() const override {
    if (kind_ == JsonFileKind::kLines) return {"jsonl", "ndjson"};
    return {"json"};
  }
  Result<InferredSchema> Infer(const InputFile& input, const InferOptions& options) const override {
    return InferJson(kind_, input, options);
  }
  Result<std::unique_ptr<FileReader>> OpenReader(const InputFile& input, const ReadOptions& options) const override {
    return OpenJsonReader(kind_, input, options);
  }
  Result<std::unique_ptr<FileWriter>> OpenWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                 std::shared_ptr<arrow::Schema> schema,
                                                 const WriteOptions& options) const override {
    return OpenJsonWriter(kind_, std::move(sink), std::move(schema), options);
  }

 private:
  JsonFileKind kind_;
};

}  // namespace

const Format& JsonFormat() {
  static const Json format(JsonFileKind::kDocument);
  return format;
}

const Format& JsonLinesFormat() {
  static const Json format(JsonFileKind::kLines);
  return format;
}

}  // namespace glaux
