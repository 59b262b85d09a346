#include <arrow/type.h>

#include <algorithm>

#include "glaux/format/json_file_internal.h"
#include "glaux/format/json_guess_internal.h"
#include "glaux/format/json_records_internal.h"

namespace glaux {
namespace {

/// Learns from records, whatever kind they are of.
class Observer final : public JsonRecordTaker {
 public:
  bool Take(JsonCursor& in) override {
    begin_ = in.at;
    return in.Skip();
  }
  /// Only what is a whole record says something about types.
  void Keep(JsonCursor& in, int64_t) override {
    ++rows_;
    JsonCursor again = in;
    again.at = begin_;
    if (again.Peek() == '{') {
      guess_.ObserveRecord(again);
    } else {
      guess_.Member("value").Observe(again);
    }
  }
  Status Refuse(const JsonBadRecord& bad) override {
    if (refused_++ == 0) first_refusal_ = bad.status;
    return Status::OK();
  }

  int64_t rows() const { return rows_; }
  /// The first line that is no JSON, if there is nothing else.
  Status Check() const { return rows_ == 0 ? first_refusal_ : Status::OK(); }

  std::shared_ptr<arrow::Schema> Schema(const std::map<std::string, std::shared_ptr<arrow::DataType>>& types,
                                        bool integer_widths = false) const {
    auto fields = guess_.fields(integer_widths);
    for (auto& field : fields) {
      if (const auto given = types.find(field->name()); given != types.end()) field = field->WithType(given->second);
    }
    return arrow::schema(std::move(fields));
  }
  std::vector<std::string> Notes() const {
    std::vector<std::string> notes;
    guess_.Explain({}, &notes);
    if (refused_ > 0) {
      notes.push_back(std::to_string(refused_) + (refused_ == 1 ? " line does" : " lines do") +
                      " not parse and say nothing about types; the first: " + first_refusal_.message());
    }
    return notes;
  }

 private:
  JsonGuess guess_;
  const uint32_t* begin_ = nullptr;
  int64_t rows_ = 0;
  int64_t refused_ = 0;
  Status first_refusal_;
};

}  // namespace

Status CheckJsonOptions(JsonFileKind kind, const JsonOptions& options) {
  constexpr int kMostDepth = 1024;
  if (options.max_depth < 1 || options.max_depth > kMostDepth) {
    return MakeError(ErrorKind::kInvalid, "json options: max_depth must be 1 to ", kMostDepth,
                     ", found: ", options.max_depth);
  }
  if (options.max_record_bytes < 1) {
    return MakeError(ErrorKind::kInvalid,
                     "json options: max_record_bytes must be 1 or more, found: ", options.max_record_bytes);
  }
  if (options.records.empty()) return Status::OK();
  if (kind == JsonFileKind::kLines) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "read the file as json"}, "json options: records (",
                     options.records, ") points into a document, and jsonl has a record a line");
  }
  if (options.records[0] != '/') {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "write /" + options.records},
                     "json options: records is a JSON Pointer and begins with /, found: ", options.records);
  }
  return Status::OK();
}

Result<std::unique_ptr<JsonSplitter>> OpenJsonSplitter(JsonFileKind kind, const InputFile& input,
                                                       const FormatOptions& options, int64_t block_bytes) {
  ARROW_RETURN_NOT_OK(CheckJsonOptions(kind, options.json));
  return kind == JsonFileKind::kLines
             ? JsonSplitter::OpenLines(input, options.text, options.json.max_record_bytes,
                                       options.json.hive ? options.json.hive->skip_lines : 0, block_bytes)
             : JsonSplitter::OpenDocument(input, options, block_bytes);
}

Result<std::shared_ptr<arrow::Schema>> InferJsonBlock(const std::string& name, const JsonBlock& block, int max_depth) {
  Observer observer;
  ARROW_RETURN_NOT_OK(ForEachJsonRecord(name, block, max_depth, observer));
  return observer.Schema({});
}

Result<InferredSchema> InferJson(JsonFileKind kind, const InputFile& input, const InferOptions& options) {
  constexpr int64_t kBlockBytes = 1 << 20;
  const int64_t sample = options.sample_bytes;
  ARROW_ASSIGN_OR_RAISE(auto splitter, OpenJsonSplitter(kind, input, options.format,
                                                        sample > 0 ? std::min(sample, kBlockBytes) : kBlockBytes));
  Observer observer;
  InferredSchema inferred;
  int64_t seen = 0;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto block, splitter->Next());
    inferred.complete = !block;
    if (!block || (sample > 0 && seen >= sample)) break;
    seen += static_cast<int64_t>(block->text.size());
    ARROW_RETURN_NOT_OK(ForEachJsonRecord(input.name, *block, options.format.json.max_depth, observer));
  }
  ARROW_RETURN_NOT_OK(observer.Check());
  inferred.schema = observer.Schema(options.types, options.integer_widths);
  inferred.rows_seen = observer.rows();
  inferred.notes = observer.Notes();
  return inferred;
}

}  // namespace glaux
