#include <arrow/api.h>
#include <arrow/compute/api.h>

#include <algorithm>

#include "glaux/format/avro_container_internal.h"
#include "glaux/format/avro_decode_internal.h"
#include "glaux/format/parquet_internal.h"

namespace glaux {
namespace {

/// Blocks are decoded together until they are so many compressed bytes: small batches are slow.
constexpr int64_t kTaskBytes = 256 << 10;
/// Rows that take no bytes are believed up to here.
constexpr int64_t kMostRowsOfNothing = 1 << 20;

/// What every block of a file is decoded with. Shared by tasks on any thread.
struct AvroPlan {
  std::string name;
  AvroTypePtr type;
  std::shared_ptr<const AvroCodec> codec;
  std::shared_ptr<arrow::Schema> file_schema;
  std::shared_ptr<arrow::Schema> schema;
  /// For each field of the file, its column in `schema`, or -1. One field stands for files of other than records.
  std::vector<int> outputs;

  bool is_record() const { return type->kind == AvroKind::kRecord; }
  const AvroType& field_type(size_t i) const { return is_record() ? *type->fields[i].type : *type; }
};

/// Decodes the rows of some blocks into one batch.
class BlocksDecoder {
 public:
  explicit BlocksDecoder(const AvroPlan& plan) : plan_(plan) {
    for (size_t i = 0; i < plan.outputs.size(); ++i) {
      decoders_.push_back(
          plan.outputs[i] < 0
              ? nullptr
              : AvroDecoder::Make(plan.field_type(i), plan.file_schema->field(static_cast<int>(i))->type()));
    }
  }

  Status Decode(const AvroBlock& block) {
    const auto where = "read " + plan_.name + ", block at byte " + std::to_string(block.position);
    auto inflated = plan_.codec->Decompress(block.bytes);
    if (!inflated.ok()) return Prefix(inflated.status(), where);
    AvroCursor cursor{std::string_view(**inflated)};
    const int64_t most = plan_.type->min_bytes == 0 ? kMostRowsOfNothing : (*inflated)->size() / plan_.type->min_bytes;
    if (block.rows > most) {
      return MakeError(ErrorKind::kCorrupt, where, ": says ", block.rows, " rows and has ", (*inflated)->size(),
                       " bytes");
    }
    for (int64_t row = 0; row < block.rows; ++row) {
      for (size_t i = 0; i < decoders_.size(); ++i) {
        const bool good =
            decoders_[i] == nullptr ? SkipAvro(plan_.field_type(i), &cursor) : decoders_[i]->Decode(&cursor);
        if (good) continue;
        return MakeError(ErrorKind::kCorrupt, where, ", row ", row + 1, ", column ",
                         plan_.file_schema->field(static_cast<int>(i))->name(), ": ", cursor.error());
      }
    }
    if (cursor.left() > 0) {
      return MakeError(ErrorKind::kCorrupt, where, ": ", cursor.left(), " bytes follow the last row");
    }
    rows_ += block.rows;
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Finish() {
    arrow::ArrayVector arrays(static_cast<size_t>(plan_.schema->num_fields()));
    for (size_t i = 0; i < decoders_.size(); ++i) {
      if (decoders_[i] == nullptr) continue;
      const auto& field = *plan_.schema->field(plan_.outputs[i]);
      ARROW_ASSIGN_OR_RAISE(auto data, decoders_[i]->Finish());
      auto array = arrow::MakeArray(std::move(data));
      if (field.type()->id() == arrow::Type::DICTIONARY && array->type_id() == arrow::Type::STRING) {
        ARROW_ASSIGN_OR_RAISE(const auto encoded, arrow::compute::DictionaryEncode(array));
        array = encoded.make_array();
      }
      ARROW_ASSIGN_OR_RAISE(arrays[static_cast<size_t>(plan_.outputs[i])],
                            ConvertExactly(array, field.type(), "read " + plan_.name + ", column " + field.name()));
    }
    return arrow::RecordBatch::Make(plan_.schema, rows_, std::move(arrays));
  }

 private:
  const AvroPlan& plan_;
  std::vector<std::unique_ptr<AvroDecoder>> decoders_;
  int64_t rows_ = 0;
};

Result<std::shared_ptr<arrow::RecordBatch>> DecodeBlocks(const AvroPlan& plan, const std::vector<AvroBlock>& blocks) {
  BlocksDecoder decoder(plan);
  for (const auto& block : blocks) ARROW_RETURN_NOT_OK(decoder.Decode(block));
  return decoder.Finish();
}

class AvroReader final : public FileReader {
 public:
  AvroReader(AvroFile file, std::shared_ptr<const AvroPlan> plan) : file_(std::move(file)), plan_(std::move(plan)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return plan_->schema; }

  Result<std::optional<DecodeTask>> Next() override {
    auto blocks = std::make_shared<std::vector<AvroBlock>>();
    for (int64_t bytes = 0; bytes < kTaskBytes;) {
      ARROW_ASSIGN_OR_RAISE(auto block, file_.Next());
      if (!block) break;
      bytes += static_cast<int64_t>(block->bytes.size()) + 1;
      blocks->push_back(*std::move(block));
    }
    if (blocks->empty()) return std::nullopt;
    return [plan = plan_, blocks] { return DecodeBlocks(*plan, *blocks); };
  }

  int64_t bytes_read() const override { return file_.stored_bytes_read(); }

 private:
  AvroFile file_;
  std::shared_ptr<const AvroPlan> plan_;
};

/// Choose the file's columns for `wanted` and what the batches will have.
Status Project(const std::shared_ptr<arrow::Schema>& wanted, AvroPlan* plan) {
  plan->schema = wanted != nullptr ? wanted : plan->file_schema;
  plan->outputs.assign(static_cast<size_t>(plan->file_schema->num_fields()), -1);
  for (int i = 0; i < plan->schema->num_fields(); ++i) {
    const auto& name = plan->schema->field(i)->name();
    const auto found = plan->file_schema->GetAllFieldIndices(name);
    if (found.size() != 1) {
      return MakeError(ErrorKind::kInvalid, "read ", plan->name, ": ", found.empty() ? "no" : "more than one",
                       " column ", name, " in the file, which has ", plan->file_schema->num_fields(), " columns");
    }
    auto& output = plan->outputs[static_cast<size_t>(found[0])];
    if (output >= 0)
      return MakeError(ErrorKind::kInvalid, "read ", plan->name, ": column ", name, " is asked for twice");
    output = i;
  }
  return Status::OK();
}

std::shared_ptr<arrow::Schema> WithDictionaries(const arrow::Schema& schema) {
  arrow::FieldVector fields = schema.fields();
  for (auto& field : fields) {
    if (field->type()->id() == arrow::Type::STRING)
      field = field->WithType(arrow::dictionary(arrow::int32(), arrow::utf8()));
  }
  return arrow::schema(std::move(fields), schema.metadata());
}

}  // namespace

Result<InferredSchema> InferAvro(const InputFile& input, const InferOptions& options) {
  InferredSchema inferred{.complete = true};
  ARROW_ASSIGN_OR_RAISE(const auto file, AvroFile::Open(input, options.format.text));
  ARROW_ASSIGN_OR_RAISE(inferred.schema, ArrowSchemaOf(file.type()));
  return inferred;
}

Result<std::unique_ptr<FileReader>> OpenAvroReader(const InputFile& input, const ReadOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto file, AvroFile::Open(input, options.format.text));
  auto plan = std::make_shared<AvroPlan>();
  plan->name = input.name;
  plan->type = file.type();
  plan->codec = file.codec();
  ARROW_ASSIGN_OR_RAISE(plan->file_schema, ArrowSchemaOf(file.type()));
  ARROW_RETURN_NOT_OK(Project(options.schema, plan.get()));
  if (options.dictionary_strings) plan->schema = WithDictionaries(*plan->schema);
  return std::make_unique<AvroReader>(std::move(file), std::move(plan));
}

}  // namespace glaux
