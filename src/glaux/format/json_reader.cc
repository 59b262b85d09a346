#include <arrow/api.h>

#include "glaux/format/json_column_internal.h"
#include "glaux/format/json_file_internal.h"
#include "glaux/format/json_records_internal.h"

namespace glaux {
namespace {

/// What every block of a file is decoded with. Shared by tasks on any thread.
struct DecodePlan {
  explicit DecodePlan(const std::optional<HiveJsonOptions>& hive) {
    if (hive) rules.emplace(*hive);
  }

  std::string name;
  int max_depth = 512;
  std::shared_ptr<arrow::Schema> schema;
  std::function<Status(BadRow)> on_bad_row;
  std::optional<JsonRules> rules;
  JsonNotes notes;

  const JsonRules* rules_if_any() const { return rules ? &*rules : nullptr; }
};

class Decoder final : public JsonRecordTaker {
 public:
  Decoder(DecodePlan& plan, std::unique_ptr<JsonFields> fields) : plan_(plan), fields_(std::move(fields)) {}

  bool Take(JsonCursor& in) override {
    if (in.Peek() == '{') return fields_->Append(in, rows_);
    if (!plan_.rules) return fields_->AppendAsValue(in, rows_);
    return plan_.rules->hive.lenient ? in.Skip() : in.FailConflict("an object");
  }
  void PassOver(int64_t lines) override {
    if (plan_.rules) rows_ += lines;
  }
  void Keep(JsonCursor& in, int64_t line) override {
    ++rows_;
    if (in.remarks.empty()) return;
    for (const auto& remark : in.remarks) plan_.notes.Add(remark, line);
    in.remarks.clear();
  }
  Status Refuse(const JsonBadRecord& bad) override {
    fields_->Truncate(rows_);
    if (plan_.rules && plan_.rules->hive.null_for_malformed) {
      ++rows_;
      return Status::OK();
    }
    if (!plan_.on_bad_row) return bad.status;
    return plan_.on_bad_row({.file = plan_.name,
                             .line = bad.line,
                             .column = bad.path,
                             .reason = bad.reason,
                             .content = std::string(bad.content)});
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Finish() {
    if (!fields_->Fill(rows_)) return Status::OutOfMemory("read ", plan_.name, ": no memory for this block");
    ARROW_ASSIGN_OR_RAISE(auto arrays, fields_->Finish());
    return arrow::RecordBatch::Make(plan_.schema, rows_, std::move(arrays));
  }

 private:
  DecodePlan& plan_;
  std::unique_ptr<JsonFields> fields_;
  int64_t rows_ = 0;
};

Result<std::shared_ptr<arrow::RecordBatch>> DecodeBlock(DecodePlan& plan, const JsonBlock& block) {
  ARROW_ASSIGN_OR_RAISE(auto fields, JsonFields::Make(plan.schema->fields(), {}, plan.rules_if_any()));
  // Records of a file are about as long as its first ones; a wrong guess costs a few copies.
  const auto first = block.text.substr(0, 16 << 10);
  const int64_t lines = CountLineEnds(first) + 1;
  ARROW_RETURN_NOT_OK(fields->Reserve(static_cast<int64_t>(block.text.size()) * lines /
                                      std::max<int64_t>(static_cast<int64_t>(first.size()), 1)));
  Decoder decoder(plan, std::move(fields));
  ARROW_RETURN_NOT_OK(ForEachJsonRecord(plan.name, block, plan.max_depth, decoder));
  return decoder.Finish();
}

class JsonReader final : public FileReader {
 public:
  JsonReader(std::unique_ptr<JsonSplitter> splitter, std::optional<JsonBlock> first, std::shared_ptr<DecodePlan> plan)
      : splitter_(std::move(splitter)), first_(std::move(first)), plan_(std::move(plan)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return plan_->schema; }

  Result<std::optional<DecodeTask>> Next() override {
    auto block = std::exchange(first_, std::nullopt);
    if (!block) {
      ARROW_ASSIGN_OR_RAISE(block, splitter_->Next());
    }
    if (!block) return std::nullopt;
    return [plan = plan_, block = *std::move(block)] { return DecodeBlock(*plan, block); };
  }

  int64_t bytes_read() const override { return splitter_->stored_bytes_read(); }
  std::vector<std::string> notes() const override { return plan_->notes.Sentences(); }
  std::map<std::string, int64_t> unknown_keys() const override { return plan_->notes.UnknownKeys(); }

 private:
  std::unique_ptr<JsonSplitter> splitter_;
  std::optional<JsonBlock> first_;
  std::shared_ptr<DecodePlan> plan_;
};

std::shared_ptr<arrow::Schema> WithDictionaries(const arrow::Schema& schema) {
  arrow::FieldVector fields = schema.fields();
  for (auto& field : fields) {
    if (field->type()->id() == arrow::Type::STRING)
      field = field->WithType(arrow::dictionary(arrow::int32(), arrow::utf8()));
  }
  return arrow::schema(std::move(fields), schema.metadata());
}

}  // namespace

Result<std::unique_ptr<FileReader>> OpenJsonReader(JsonFileKind kind, const InputFile& input,
                                                   const ReadOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto splitter, OpenJsonSplitter(kind, input, options.format, options.block_bytes));
  auto plan = std::make_shared<DecodePlan>(options.format.json.hive);
  plan->name = input.name;
  plan->max_depth = options.format.json.max_depth;
  plan->schema = options.schema;
  plan->on_bad_row = options.on_bad_row;
  std::optional<JsonBlock> first;
  if (plan->schema == nullptr) {
    ARROW_ASSIGN_OR_RAISE(first, splitter->Next());
    ARROW_ASSIGN_OR_RAISE(plan->schema, InferJsonBlock(input.name, first.value_or(JsonBlock{}), plan->max_depth));
  }
  if (options.dictionary_strings) plan->schema = WithDictionaries(*plan->schema);
  if (const auto fields = JsonFields::Make(plan->schema->fields(), {}, plan->rules_if_any()); !fields.ok()) {
    return Prefix(fields.status(), "read " + input.name);
  }
  return std::make_unique<JsonReader>(std::move(splitter), std::move(first), std::move(plan));
}

}  // namespace glaux
