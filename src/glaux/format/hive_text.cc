#include <arrow/api.h>

#include <algorithm>
#include <mutex>

#include "glaux/format/csv_scan_internal.h"
#include "glaux/format/formats_internal.h"
#include "glaux/format/hive_column_internal.h"
#include "glaux/format/json_block_internal.h"
#include "glaux/format/json_column_kinds_internal.h"
#include "glaux/format/json_cursor_internal.h"

namespace glaux {
namespace {

/// What every block of a file is decoded with. Shared by tasks on any thread.
struct HivePlan {
  std::string name;
  HiveTextRules rules;
  std::shared_ptr<arrow::Schema> schema;
  /// For each field of a line the column that it goes to, or -1. Fields behind these are not wanted.
  std::vector<int> columns;

  void TellOpenQuote(int64_t line) const {
    const std::lock_guard lock(mutex);
    ++open_quotes;
    if (open_quote_line == 0 || line < open_quote_line) open_quote_line = line;
  }

  mutable std::mutex mutex;
  mutable int64_t open_quotes = 0;
  mutable int64_t open_quote_line = 0;
};

/// Takes the fields of one line after the other.
class HiveRows {
 public:
  explicit HiveRows(const HivePlan& plan) : plan_(plan) {}

  Status Begin(int64_t rows) {
    for (const auto& field : plan_.schema->fields()) {
      ARROW_ASSIGN_OR_RAISE(columns_.emplace_back(), HiveColumn::Make(field->type(), plan_.rules));
      if (!columns_.back()->Reserve(rows)) return NoMemory();
    }
    return Status::OK();
  }

  size_t wanted_fields() const { return plan_.columns.size(); }

  /// Field number `field` of the line.
  Status Field(size_t field, std::string_view text, int64_t line) {
    const int at = plan_.columns[field];
    if (at < 0) return Status::OK();
    auto& column = *columns_[static_cast<size_t>(at)];
    const auto& options = plan_.rules.options;
    const bool simple = options.serde == HiveTextOptions::Serde::kLazySimple;
    if (simple && text == options.null_text) return column.AppendNulls(1) ? Status::OK() : NoMemory();
    if (column.Append(text)) return Status::OK();
    if (!simple && !options.null_for_invalid) return Invalid(at, text, line);
    return column.AppendNulls(1) ? Status::OK() : NoMemory();
  }

  /// The line has ended: columns that got nothing are null.
  Status EndRow() {
    ++rows_;
    for (auto& column : columns_) {
      if (column->length() < rows_ && !column->AppendNulls(rows_ - column->length())) return NoMemory();
    }
    return Status::OK();
  }

  void AddRows(int64_t rows) { rows_ += rows; }

  Result<std::shared_ptr<arrow::RecordBatch>> Finish() {
    arrow::ArrayVector arrays;
    for (auto& column : columns_) {
      ARROW_ASSIGN_OR_RAISE(arrays.emplace_back(), column->Finish());
    }
    return arrow::RecordBatch::Make(plan_.schema, rows_, std::move(arrays));
  }

 private:
  Status NoMemory() const { return Status::OutOfMemory("read ", plan_.name, ": no memory for this block"); }

  Status Invalid(int column, std::string_view text, int64_t line) const {
    const auto& field = *plan_.schema->field(column);
    std::string expected = ExpectedWords(*field.type());
    if (field.type()->id() == arrow::Type::DATE32) expected = "a date as days since 1970-01-01";
    if (field.type()->id() == arrow::Type::TIMESTAMP) expected = "a timestamp as milliseconds since 1970-01-01";
    return MakeError(
        {.kind = ErrorKind::kCorrupt,
         .code = kTypeConflict,
         .hint = "OpenCSVSerde knows no empty values but strings: make the column a string and cast it in the query, "
                 "or set the table's property use.null.for.invalid.data to true"},
        "read ", plan_.name, ", line ", line, ", column ", field.name(), ": expected ", expected,
        ", found: ", text.empty() ? "nothing" : JsonExcerpt(text));
  }

  const HivePlan& plan_;
  std::vector<std::unique_ptr<HiveColumn>> columns_;
  int64_t rows_ = 0;
};

std::string_view WithoutReturn(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Lines of which the fields are what stands between separators, without an escape character.
Status DecodePlain(const HivePlan& plan, const JsonBlock& block, HiveRows* rows) {
  const char separator = plan.rules.options.separators[0];
  const std::string_view text = block.text;
  const size_t wanted = rows->wanted_fields();
  int64_t line = block.first_line;
  size_t field = 0;
  size_t begin = 0;
  const auto end_row = [&](size_t at) -> Status {
    if (field < wanted) {
      ARROW_RETURN_NOT_OK(rows->Field(field, WithoutReturn(text.substr(begin, at - begin)), line));
    }
    field = 0;
    begin = at + 1;
    ++line;
    return rows->EndRow();
  };
  for (size_t base = 0; base < text.size(); base += 64) {
    const ByteMask bytes(text.data() + base);
    const uint64_t valid = text.size() - base < 64 ? (uint64_t{1} << (text.size() - base)) - 1 : ~uint64_t{0};
    uint64_t specials = bytes.Equal('\n') & valid;
    // A separator behind the last field that is wanted says nothing, and before the next line there is no other.
    if (field < wanted || specials != 0) specials |= bytes.Equal(separator) & valid;
    for (; specials != 0; specials &= specials - 1) {
      const size_t at = base + static_cast<size_t>(std::countr_zero(specials));
      if (text[at] == '\n') {
        ARROW_RETURN_NOT_OK(end_row(at));
      } else if (field < wanted) {
        ARROW_RETURN_NOT_OK(rows->Field(field++, text.substr(begin, at - begin), line));
        begin = at + 1;
      }
    }
  }
  return end_row(text.size());
}

/// The same with an escape character, or where the last column takes the rest.
Status DecodeEscaped(const HivePlan& plan, std::string_view text, int64_t line, HiveRows* rows) {
  const auto& options = plan.rules.options;
  const size_t wanted = rows->wanted_fields();
  const size_t last = options.last_takes_rest ? options.column_names.size() - 1 : std::string_view::npos;
  size_t field = 0;
  size_t begin = 0;
  for (size_t at = 0; at < text.size() && field < wanted && field != last; ++at) {
    if (options.escape && text[at] == *options.escape) {
      ++at;
    } else if (text[at] == options.separators[0]) {
      ARROW_RETURN_NOT_OK(rows->Field(field++, text.substr(begin, at - begin), line));
      begin = at + 1;
    }
  }
  if (field < wanted) ARROW_RETURN_NOT_OK(rows->Field(field, text.substr(begin), line));
  return Status::OK();
}

/// One line as OpenCSVSerde takes it apart. A quote begins or ends a quoted part wherever it stands; inside of a field
/// it is also a part of the text, unless it is the first thing of it or stands beside a separator.
class OpenCsvLine {
 public:
  explicit OpenCsvLine(const HiveTextOptions& options) : options_(options), separator_(options.separators[0]) {}

  Status Take(const HivePlan& plan, std::string_view text, int64_t line, HiveRows* rows) {
    if (text.empty()) return Status::OK();
    const size_t wanted = rows->wanted_fields();
    size_t field = 0;
    bool quoted = false;
    bool inside = false;  // of a field's text
    field_.clear();
    for (size_t at = 0; at < text.size() && field < wanted; ++at) {
      const char c = text[at];
      const char next = at + 1 < text.size() ? text[at + 1] : '\0';
      const bool has_next = at + 1 < text.size();
      if (options_.escape && c == *options_.escape) {
        const bool takes = has_next && (quoted || inside) && (next == *options_.escape || next == options_.quote);
        if (takes) field_ += text[++at];
      } else if (options_.quote && c == *options_.quote) {
        if ((quoted || inside) && has_next && next == c) {
          field_ += c;
          ++at;
        } else {
          if (at > 2 && text[at - 1] != separator_ && has_next && next != separator_) KeepQuote(c);
          quoted = !quoted;
        }
        inside = !inside;
      } else if (c == separator_ && !quoted) {
        ARROW_RETURN_NOT_OK(rows->Field(field++, field_, line));
        field_.clear();
        inside = false;
      } else {
        field_ += c;
        inside = true;
      }
    }
    if (field == wanted) return Status::OK();
    if (!quoted) return rows->Field(field, field_, line);
    plan.TellOpenQuote(line);  // and the field stays null
    return Status::OK();
  }

 private:
  /// Blanks before a quote are no text.
  void KeepQuote(char quote) {
    const bool blank = !field_.empty() && field_.find_first_not_of(" \t") == std::string::npos;
    if (blank) {
      field_.clear();
    } else {
      field_ += quote;
    }
  }

  const HiveTextOptions& options_;
  const char separator_;
  std::string field_;
};

Status DecodeOpenCsv(const HivePlan& plan, std::string_view text, int64_t line, OpenCsvLine* parser, HiveRows* rows) {
  const auto& options = plan.rules.options;
  const bool plain = (!options.quote || text.find(*options.quote) == std::string_view::npos) &&
                     (!options.escape || text.find(*options.escape) == std::string_view::npos);
  if (!plain) return parser->Take(plan, text, line, rows);
  if (text.empty()) return Status::OK();
  const size_t wanted = rows->wanted_fields();
  size_t begin = 0;
  for (size_t field = 0; field < wanted; ++field) {
    const size_t end = text.find(options.separators[0], begin);
    ARROW_RETURN_NOT_OK(rows->Field(field, text.substr(begin, end - begin), line));
    if (end == std::string_view::npos) break;
    begin = end + 1;
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> DecodeBlock(const HivePlan& plan, const JsonBlock& block) {
  HiveRows rows(plan);
  const int64_t lines = CountLineEnds(block.text) + 1;
  ARROW_RETURN_NOT_OK(rows.Begin(lines));
  if (rows.wanted_fields() == 0) {
    rows.AddRows(lines);
    return rows.Finish();
  }
  const auto& options = plan.rules.options;
  const bool simple = options.serde == HiveTextOptions::Serde::kLazySimple;
  if (simple && !options.escape && !options.last_takes_rest) {
    ARROW_RETURN_NOT_OK(DecodePlain(plan, block, &rows));
    return rows.Finish();
  }
  OpenCsvLine parser(options);
  int64_t line = block.first_line;
  for (size_t begin = 0;; ++line) {
    const size_t end = block.text.find('\n', begin);
    const auto text = WithoutReturn(block.text.substr(begin, end - begin));
    ARROW_RETURN_NOT_OK(simple ? DecodeEscaped(plan, text, line, &rows)
                               : DecodeOpenCsv(plan, text, line, &parser, &rows));
    ARROW_RETURN_NOT_OK(rows.EndRow());
    if (end == std::string_view::npos) break;
    begin = end + 1;
  }
  return rows.Finish();
}

class HiveTextReader final : public FileReader {
 public:
  HiveTextReader(std::unique_ptr<JsonSplitter> splitter, std::shared_ptr<const HivePlan> plan)
      : splitter_(std::move(splitter)), plan_(std::move(plan)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return plan_->schema; }

  Result<std::optional<DecodeTask>> Next() override {
    ARROW_ASSIGN_OR_RAISE(auto block, splitter_->Next());
    if (!block) return std::nullopt;
    return [plan = plan_, block = *std::move(block)] { return DecodeBlock(*plan, block); };
  }

  int64_t bytes_read() const override { return splitter_->stored_bytes_read(); }

  std::vector<std::string> notes() const override {
    std::vector<std::string> notes;
    if (const int64_t values = plan_->rules.not_utf8; values > 0) {
      notes.push_back(std::to_string(values) + (values == 1 ? " value has" : " values have") +
                      " bytes that are no UTF-8: they read as U+FFFD");
    }
    const std::lock_guard lock(plan_->mutex);
    if (plan_->open_quotes > 0) {
      notes.push_back(std::to_string(plan_->open_quotes) + (plan_->open_quotes == 1 ? " line" : " lines") +
                      " with a quote that is not closed in its line, the first of them line " +
                      std::to_string(plan_->open_quote_line) +
                      ": to OpenCSVSerde a line is a row, and the field that is cut off is null");
    }
    return notes;
  }

 private:
  std::unique_ptr<JsonSplitter> splitter_;
  std::shared_ptr<const HivePlan> plan_;
};

class HiveText final : public Format {
 public:
  std::string_view name() const override { return "hive-text"; }
  bool carries_schema() const override { return false; }
  bool can_write() const override { return false; }
  std::vector<std::string_view> extensions() const override { return {}; }

  /// Text says nothing of types: all columns are strings, as they are until somebody asks for other types.
  Result<InferredSchema> Infer(const InputFile&, const InferOptions& options) const override {
    arrow::FieldVector fields;
    for (const auto& name : options.format.hive_text.column_names) fields.push_back(arrow::field(name, arrow::utf8()));
    return InferredSchema{.schema = arrow::schema(std::move(fields)), .complete = true};
  }

  Result<std::unique_ptr<FileReader>> OpenReader(const InputFile& input, const ReadOptions& options) const override {
    const auto& text = options.format.hive_text;
    auto plan = std::make_shared<HivePlan>();
    plan->name = input.name;
    plan->rules.options = text;
    plan->rules.dialect =
        text.serde == HiveTextOptions::Serde::kLazySimple ? HiveDialect::kLazySimple : HiveDialect::kOpenCsv;
    plan->schema = options.schema;
    if (plan->schema == nullptr) {
      ARROW_ASSIGN_OR_RAISE(const auto all, Infer(input, {.format = options.format}));
      plan->schema = all.schema;
    }
    ARROW_RETURN_NOT_OK(Check(text));
    for (int i = 0; i < plan->schema->num_fields(); ++i) {
      const auto& field = *plan->schema->field(i);
      const auto at = std::find(text.column_names.begin(), text.column_names.end(), field.name());
      if (at == text.column_names.end()) {
        return MakeError(ErrorKind::kInvalid, "read ", input.name, ": no column ", field.name(), ", there are ",
                         text.column_names.size());
      }
      const auto place = static_cast<size_t>(at - text.column_names.begin());
      if (place >= plan->columns.size()) plan->columns.resize(place + 1, -1);
      plan->columns[place] = i;
      if (const auto column = HiveColumn::Make(field.type(), plan->rules); !column.ok()) {
        return Prefix(column.status(), "read " + input.name + ", column " + field.name());
      }
    }
    ARROW_ASSIGN_OR_RAISE(auto splitter, JsonSplitter::OpenLines(input, options.format.text, text.max_line_bytes,
                                                                 text.skip_lines, options.block_bytes));
    return std::make_unique<HiveTextReader>(std::move(splitter), std::move(plan));
  }

  Result<std::unique_ptr<FileWriter>> OpenWriter(std::shared_ptr<arrow::io::OutputStream>,
                                                 std::shared_ptr<arrow::Schema>, const WriteOptions&) const override {
    return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "write parquet"},
                     "files of Hive's text SerDes are read, not written");
  }

 private:
  static Status Check(const HiveTextOptions& options) {
    if (options.separators.empty() || options.separators.find('\n') != std::string::npos) {
      return MakeError(ErrorKind::kInvalid, "hive text options: separators must be there, and none a line end");
    }
    const char field = options.separators[0];
    const bool csv = options.serde == HiveTextOptions::Serde::kOpenCsv;
    if (options.escape == field ||
        (csv && (options.quote == field || (options.quote && options.quote == options.escape)))) {
      return MakeError(ErrorKind::kInvalid, "hive text options: separator, quote and escape must differ");
    }
    return Status::OK();
  }
};

}  // namespace

const Format& HiveTextFormat() {
  static const HiveText format;
  return format;
}

}  // namespace glaux
