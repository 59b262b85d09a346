#include <arrow/util/utf8.h>

#include <algorithm>
#include <cstring>

#include "glaux/format/byte_source.h"
#include "glaux/format/formats_internal.h"
#include "glaux/format/projection_internal.h"

namespace glaux {
namespace {

std::shared_ptr<arrow::Schema> LineSchema() {
  return arrow::schema({arrow::field("line", arrow::utf8(), /*nullable=*/false),
                        arrow::field("line_number", arrow::int64(), /*nullable=*/false)});
}

/// What every block of a file is read with. Shared by tasks on any thread.
struct TxtPlan {
  std::string name;
  Projection projection;
  int64_t max_line_bytes = 0;
  std::function<Status(BadRow)> on_bad_row;
};

Status CheckLimit(int64_t max_line_bytes) {
  if (max_line_bytes >= 1 && max_line_bytes <= 1 << 30) return Status::OK();
  return MakeError(ErrorKind::kInvalid, "txt options: max_line_bytes is ", max_line_bytes, ", expected 1 to ", 1 << 30);
}

/// Whole lines of a file.
struct LineBlock {
  std::shared_ptr<arrow::Buffer> buffer;
  std::string_view text;
  int64_t first_line = 1;
};

/// The lines of one block as a batch, row by row if one of them is bad.
class LineDecoder {
 public:
  LineDecoder(std::shared_ptr<const TxtPlan> plan, LineBlock block)
      : plan_(std::move(plan)), block_(std::move(block)) {}

  Result<std::shared_ptr<arrow::RecordBatch>> Decode() {
    ARROW_RETURN_NOT_OK(Split());
    const auto where = "read " + plan_->name;
    auto batch = Batch(lines_, numbers_, where);
    if (batch.ok() || InfoOf(batch.status()).code != kTypeConflict) return batch;
    // One at a time, to know which it was.
    std::vector<std::string_view> lines;
    std::vector<int64_t> numbers;
    for (size_t i = 0; i < lines_.size(); ++i) {
      const auto one = Batch({lines_[i]}, {numbers_[i]}, where + ", line " + std::to_string(numbers_[i]));
      if (one.ok()) {
        lines.push_back(lines_[i]);
        numbers.push_back(numbers_[i]);
        continue;
      }
      if (!plan_->on_bad_row) return one.status();
      ARROW_RETURN_NOT_OK(Report(lines_[i], numbers_[i], one.status().message()));
    }
    return Batch(lines, numbers, where);
  }

 private:
  Status Split() {
    arrow::util::InitializeUTF8();
    int64_t number = block_.first_line;
    for (auto rest = block_.text; !rest.empty(); ++number) {
      const auto end = std::min(rest.find('\n'), rest.size());
      auto line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (static_cast<int64_t>(line.size()) > plan_->max_line_bytes) {
        ARROW_RETURN_NOT_OK(
            Bad(line, number, "line longer than max_line_bytes (" + std::to_string(plan_->max_line_bytes) + ")"));
      } else if (!arrow::util::ValidateUTF8(line)) {
        ARROW_RETURN_NOT_OK(Bad(line, number, "expected UTF-8, found other bytes"));
      } else {
        lines_.push_back(line);
        numbers_.push_back(number);
      }
    }
    return Status::OK();
  }

  Status Bad(std::string_view line, int64_t number, std::string reason) const {
    if (plan_->on_bad_row) return Report(line, number, std::move(reason));
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "say the file's encoding, or allow longer lines"}, "read ",
                     plan_->name, ", line ", number, ": ", reason);
  }

  Status Report(std::string_view line, int64_t number, std::string reason) const {
    return plan_->on_bad_row({.file = plan_->name,
                              .line = number,
                              .column = "line",
                              .reason = std::move(reason),
                              .content = std::string(line.substr(0, 64 << 10))});
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Batch(const std::vector<std::string_view>& lines,
                                                    const std::vector<int64_t>& numbers,
                                                    const std::string& where) const {
    arrow::ArrayVector columns;
    for (const int column : plan_->projection.file_columns()) {
      if (column == 0) {
        arrow::StringBuilder builder;
        ARROW_RETURN_NOT_OK(builder.Reserve(static_cast<int64_t>(lines.size())));
        for (const auto line : lines) ARROW_RETURN_NOT_OK(builder.Append(line));
        ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), builder.Finish());
      } else {
        arrow::Int64Builder builder;
        ARROW_RETURN_NOT_OK(builder.AppendValues(numbers));
        ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), builder.Finish());
      }
    }
    return plan_->projection.Apply(columns, static_cast<int64_t>(lines.size()), where);
  }

  std::shared_ptr<const TxtPlan> plan_;
  LineBlock block_;
  std::vector<std::string_view> lines_;
  std::vector<int64_t> numbers_;
};

class TxtReader final : public FileReader {
 public:
  TxtReader(std::shared_ptr<const TxtPlan> plan, std::unique_ptr<ByteSource> source, int64_t block_bytes)
      : plan_(std::move(plan)),
        source_(std::move(source)),
        block_bytes_(std::clamp<int64_t>(block_bytes, 1, 1 << 30)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return plan_->projection.schema(); }

  Result<std::optional<DecodeTask>> Next() override {
    ARROW_ASSIGN_OR_RAISE(auto block, NextBlock());
    if (!block) return std::nullopt;
    return DecodeTask([plan = plan_, block = *std::move(block)] { return LineDecoder(plan, block).Decode(); });
  }

  int64_t bytes_read() const override { return source_->stored_bytes_read(); }

 private:
  Result<std::optional<LineBlock>> NextBlock() {
    if (ended_) return std::nullopt;
    int64_t capacity = block_bytes_;
    while (true) {
      const auto kept = static_cast<int64_t>(rest_.size());
      capacity = std::max(capacity, kept + block_bytes_);
      ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer, arrow::AllocateBuffer(capacity));
      uint8_t* data = buffer->mutable_data();
      if (kept > 0) std::memcpy(data, rest_.data(), rest_.size());
      ARROW_ASSIGN_OR_RAISE(const int64_t got, source_->Read(capacity - kept, data + kept));
      ended_ = got < capacity - kept;
      const std::string_view text(reinterpret_cast<const char*>(data), static_cast<size_t>(kept + got));
      const size_t last = text.rfind('\n');
      const size_t whole = ended_ ? text.size() : last == std::string_view::npos ? 0 : last + 1;
      rest_buffer_ = buffer;
      rest_ = text.substr(whole);
      // The line's end may be two bytes more.
      if (static_cast<int64_t>(rest_.size()) > plan_->max_line_bytes + 2 && whole == 0) {
        return MakeError({.kind = ErrorKind::kInvalid, .hint = "allow longer lines if the file is right"}, "read ",
                         plan_->name, ", line ", line_, ": line longer than max_line_bytes (", plan_->max_line_bytes,
                         ")");
      }
      if (whole > 0) {
        LineBlock block{.buffer = std::move(buffer), .text = text.substr(0, whole), .first_line = line_};
        line_ += std::count(block.text.begin(), block.text.end(), '\n');
        return block;
      }
      if (ended_) return std::nullopt;
      capacity *= 2;
    }
  }

  std::shared_ptr<const TxtPlan> plan_;
  std::unique_ptr<ByteSource> source_;
  int64_t block_bytes_;
  std::shared_ptr<arrow::Buffer> rest_buffer_;
  std::string_view rest_;
  int64_t line_ = 1;
  bool ended_ = false;
};

class TxtWriter final : public FileWriter {
 public:
  static Result<std::unique_ptr<FileWriter>> Open(std::shared_ptr<arrow::io::OutputStream> sink,
                                                  std::shared_ptr<arrow::Schema> schema) {
    auto writer = std::make_unique<TxtWriter>();
    for (int i = 0; i < schema->num_fields(); ++i) {
      const auto& field = *schema->field(i);
      if (field.name() == "line_number" && arrow::is_integer(field.type()->id())) continue;
      if (writer->column_ >= 0 || field.type()->id() != arrow::Type::STRING) return NotLines(*schema);
      writer->column_ = i;
    }
    if (writer->column_ < 0) return NotLines(*schema);
    ARROW_ASSIGN_OR_RAISE(writer->sink_start_, sink->Tell());
    writer->sink_ = std::move(sink);
    writer->schema_ = std::move(schema);
    return writer;
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    const auto& field = *schema_->field(column_);
    if (batch->num_columns() != schema_->num_fields()) {
      return MakeError(ErrorKind::kInvalid, "write txt: expected a batch of ", schema_->num_fields(),
                       " columns, found ", batch->num_columns());
    }
    ARROW_ASSIGN_OR_RAISE(const auto column,
                          WithoutDictionary(batch->column(column_), field.type(), "write txt, column " + field.name()));
    const auto& lines = static_cast<const arrow::StringArray&>(*column);
    for (int64_t i = 0; i < lines.length(); ++i, ++rows_) {
      if (lines.IsNull(i)) return Refuse("null, which text has no sign for");
      const auto line = lines.GetView(i);
      if (line.find_first_of("\r\n") != std::string_view::npos) return Refuse("a line break within a value");
      out_.append(line).push_back('\n');
      if (out_.size() >= kDrainBytes) ARROW_RETURN_NOT_OK(Flush());
    }
    return Status::OK();
  }

  Status Flush() override {
    if (out_.empty()) return Status::OK();
    ARROW_RETURN_NOT_OK(sink_->Write(out_.data(), static_cast<int64_t>(out_.size())));
    out_.clear();
    return Status::OK();
  }

  Result<int64_t> bytes_written() const override {
    ARROW_ASSIGN_OR_RAISE(const int64_t at, sink_->Tell());
    return at - sink_start_;
  }

  Status Close() override { return Flush(); }

 private:
  static constexpr size_t kDrainBytes = 256 << 10;

  static Status NotLines(const arrow::Schema& schema) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "choose one string column, or write csv"},
                     "write txt: expected one string column (and line_number, which is left out), found ",
                     schema.num_fields(), " columns: ", schema.ToString());
  }

  Status Refuse(std::string_view found) const {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "write csv or jsonl"}, "write txt, row ", rows_ + 1,
                     ", column ", schema_->field(column_)->name(), ": expected one line, found ", found);
  }

  std::shared_ptr<arrow::io::OutputStream> sink_;
  int64_t sink_start_ = 0;
  std::shared_ptr<arrow::Schema> schema_;
  int column_ = -1;
  int64_t rows_ = 0;
  std::string out_;
};

class Txt final : public Format {
 public:
  std::string_view name() const override { return "txt"; }
  bool carries_schema() const override { return true; }
  bool is_text() const override { return true; }
  std::vector<std::string_view> extensions() const override { return {"txt", "text", "log"}; }

  Result<InferredSchema> Infer(const InputFile& input, const InferOptions& options) const override {
    ARROW_RETURN_NOT_OK(OpenDecompressed(input, options.format.text).status());
    return InferredSchema{.schema = LineSchema(), .complete = true};
  }

  Result<std::unique_ptr<FileReader>> OpenReader(const InputFile& input, const ReadOptions& options) const override {
    const int64_t limit = options.format.txt.max_line_bytes;
    ARROW_RETURN_NOT_OK(CheckLimit(limit));
    ARROW_ASSIGN_OR_RAISE(auto projection, Projection::Make(input.name, *LineSchema(), options));
    ARROW_ASSIGN_OR_RAISE(auto source, OpenDecompressed(input, options.format.text));
    auto plan = std::make_shared<TxtPlan>(TxtPlan{.name = input.name,
                                                  .projection = std::move(projection),
                                                  .max_line_bytes = limit,
                                                  .on_bad_row = options.on_bad_row});
    return std::make_unique<TxtReader>(std::move(plan), std::move(source), options.block_bytes);
  }

  Result<std::unique_ptr<FileWriter>> OpenWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                 std::shared_ptr<arrow::Schema> schema,
                                                 const WriteOptions&) const override {
    return TxtWriter::Open(std::move(sink), std::move(schema));
  }
};

}  // namespace

const Format& TxtFormat() {
  static const Txt format;
  return format;
}

}  // namespace glaux
