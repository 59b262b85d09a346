#include <arrow/type.h>

#include "result_writer_internal.h"
#include "text_width.h"

namespace glaux::cli {
namespace {

/// CSV (RFC 4180, lines end with a line feed) and its sister with tabs. A null is nothing, an empty string is "".
class DelimitedWriter final : public ResultWriter {
 public:
  DelimitedWriter(std::shared_ptr<arrow::Schema> schema, Sink sink, char delimiter)
      : schema_(std::move(schema)), buffer_(std::move(sink)), delimiter_(delimiter), special_("\"\r\n") {
    special_ += delimiter;
    for (int i = 0; i < schema_->num_fields(); ++i) {
      if (i > 0) buffer_.text() += delimiter_;
      AppendField(schema_->field(i)->name());
    }
    if (schema_->num_fields() > 0) buffer_.text() += '\n';
  }

  Status Write(const arrow::RecordBatch& batch) override {
    ARROW_ASSIGN_OR_RAISE(const auto printers, MakePrinters(batch, CellStyle::kText));
    if (printers.empty()) return Status::OK();
    std::string cell;
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      for (size_t i = 0; i < printers.size(); ++i) {
        if (i > 0) buffer_.text() += delimiter_;
        if (printers[i]->IsNull(row)) continue;
        cell.clear();
        printers[i]->Append(row, &cell);
        AppendField(cell);
      }
      buffer_.text() += '\n';
      ARROW_RETURN_NOT_OK(buffer_.WriteIfLarge());
    }
    return buffer_.Write();
  }

  Status Finish() override { return buffer_.Write(); }

 private:
  void AppendField(std::string_view value) {
    auto& out = buffer_.text();
    if (!value.empty() && value.find_first_of(special_) == std::string_view::npos) {
      out += value;
      return;
    }
    out += '"';
    for (const char c : value) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }

  const std::shared_ptr<arrow::Schema> schema_;
  TextBuffer buffer_;
  const char delimiter_;
  std::string special_;
};

/// One object a line, or an array of them that also is one object a line.
class JsonWriter final : public ResultWriter {
 public:
  JsonWriter(const std::shared_ptr<arrow::Schema>& schema, Sink sink, bool lines)
      : buffer_(std::move(sink)), lines_(lines) {
    const auto named = WithUniqueNames(schema);
    for (const auto& field : named->fields()) {
      std::string name = keys_.empty() ? "" : ",";
      AppendJsonString(field->name(), &name);
      keys_.push_back(name + ":");
    }
    if (!lines_) buffer_.text() += '[';
  }

  Status Write(const arrow::RecordBatch& batch) override {
    ARROW_ASSIGN_OR_RAISE(const auto printers, MakePrinters(batch, CellStyle::kJson));
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      auto& out = buffer_.text();
      if (!lines_) out += any_ ? ",\n" : "\n";
      any_ = true;
      out += '{';
      for (size_t i = 0; i < printers.size(); ++i) {
        out += keys_[i];
        printers[i]->Append(row, &out);
      }
      out += '}';
      if (lines_) out += '\n';
      ARROW_RETURN_NOT_OK(buffer_.WriteIfLarge());
    }
    return buffer_.Write();
  }

  Status Finish() override {
    if (!lines_) buffer_.text() += any_ ? "\n]\n" : "]\n";
    return buffer_.Write();
  }

 private:
  TextBuffer buffer_;
  const bool lines_;
  bool any_ = false;
  std::vector<std::string> keys_;
};

class MarkdownWriter final : public ResultWriter {
 public:
  MarkdownWriter(const std::shared_ptr<arrow::Schema>& schema, Sink sink) : buffer_(std::move(sink)) {
    if (schema->num_fields() == 0) return;
    auto& out = buffer_.text();
    for (const auto& field : schema->fields()) {
      out += "| ";
      AppendCell(field->name());
      out += ' ';
    }
    out += "|\n";
    for (const auto& field : schema->fields()) out += IsNumberType(*field->type()) ? "| ---: " : "| --- ";
    out += "|\n";
  }

  Status Write(const arrow::RecordBatch& batch) override {
    ARROW_ASSIGN_OR_RAISE(const auto printers, MakePrinters(batch, CellStyle::kText));
    if (printers.empty()) return Status::OK();
    std::string cell;
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      for (const auto& printer : printers) {
        cell.clear();
        printer->Append(row, &cell);
        buffer_.text() += "| ";
        AppendCell(cell);
        buffer_.text() += ' ';
      }
      buffer_.text() += "|\n";
      ARROW_RETURN_NOT_OK(buffer_.WriteIfLarge());
    }
    return buffer_.Write();
  }

  Status Finish() override { return buffer_.Write(); }

 private:
  /// What would end the cell or begin markup is escaped; a line break stays one.
  void AppendCell(std::string_view value) {
    auto& out = buffer_.text();
    while (true) {
      const auto line_end = value.find('\n');
      auto line = value.substr(0, line_end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      for (const char c : Printable(line)) {
        if (c == '|' || c == '\\' || c == '`' || c == '*' || c == '_' || c == '<' || c == '[') out += '\\';
        out += c;
      }
      if (line_end == std::string_view::npos) return;
      out += "<br>";
      value.remove_prefix(line_end + 1);
    }
  }

  TextBuffer buffer_;
};

}  // namespace

std::unique_ptr<ResultWriter> MakeDelimitedWriter(std::shared_ptr<arrow::Schema> schema, Sink sink, char delimiter) {
  return std::make_unique<DelimitedWriter>(std::move(schema), std::move(sink), delimiter);
}

std::unique_ptr<ResultWriter> MakeJsonWriter(std::shared_ptr<arrow::Schema> schema, Sink sink, bool lines) {
  return std::make_unique<JsonWriter>(schema, std::move(sink), lines);
}

std::unique_ptr<ResultWriter> MakeMarkdownWriter(std::shared_ptr<arrow::Schema> schema, Sink sink) {
  return std::make_unique<MarkdownWriter>(schema, std::move(sink));
}

}  // namespace glaux::cli
