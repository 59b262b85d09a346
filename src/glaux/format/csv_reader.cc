#include <arrow/api.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <map>

#include "glaux/format/csv_bad_rows_internal.h"
#include "glaux/format/csv_file_internal.h"

namespace glaux {
namespace {

/// What every block of a file is decoded with. Shared by tasks on any thread.
struct DecodePlan {
  std::string name;
  CsvOptions options;
  CsvDialect dialect;
  CsvRules rules;
  int file_columns = 0;
  std::shared_ptr<arrow::Schema> schema;
  /// For each field of `schema`, its column in the file.
  std::vector<int> columns;
  std::function<Status(BadRow)> on_bad_row;
};

std::string ExpectedWords(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
      return "no value";
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      return "a decimal(" + std::to_string(decimal.precision()) + "," + std::to_string(decimal.scale()) + ")";
    }
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return "a date";
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
      return "base64";
    default: {
      const auto name = type.ToString();
      return (std::string_view("aeiou").find(name[0]) == std::string_view::npos ? "a " : "an ") + name;
    }
  }
}

/// At most about 60 bytes, cut between characters.
std::string Excerpt(std::string_view value) {
  constexpr size_t kMost = 60;
  if (value.size() <= kMost) return std::string(value);
  size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80) --end;
  return std::string(value.substr(0, end)) + "…";
}

/// Why a value is none of its column's type. No reason: it is one, but there was no memory for it.
struct Conflict {
  ErrorInfo info = {.kind = ErrorKind::kInvalid};
  std::string reason;
};

Conflict ConflictOf(const DecodePlan& plan, const CsvCells& cells, int64_t row, int field) {
  const auto& type = *plan.schema->field(field)->type();
  std::string value;
  cells.Each(plan.columns[static_cast<size_t>(field)], row, row + 1, [&](int64_t, const CsvCell& cell) {
    value = cell.text;
    return true;
  });
  Conflict conflict;
  if (!IsStringColumn(type)) {
    conflict.info.code = kTypeConflict;
    conflict.reason = "expected " + ExpectedWords(type) + ", found: " + Excerpt(value);
  } else if (!arrow::util::ValidateUTF8(value)) {
    for (auto& c : value) {
      if (static_cast<unsigned char>(c) > 0x7e) c = '?';
    }
    conflict.info.hint = "convert the file to UTF-8 first";
    conflict.reason = "expected UTF-8, found bytes that are not (as ?): " + Excerpt(value);
  }
  return conflict;
}

Status ConversionError(const DecodePlan& plan, const CsvBlock& block, const CsvCells& cells, int64_t row, int field) {
  const int column = plan.columns[static_cast<size_t>(field)];
  std::ostringstream where;
  where << "read " << plan.name << ", line " << block.LineAt(cells.fields().Begin(row, column)) << ", column "
        << plan.schema->field(field)->name() << ": ";
  auto conflict = ConflictOf(plan, cells, row, field);
  if (conflict.reason.empty()) return Status::OutOfMemory(where.str(), "no memory for this block");
  return MakeError(std::move(conflict.info), where.str(), conflict.reason);
}

using Columns = std::vector<std::unique_ptr<CsvColumn>>;

Result<Columns> MakeColumns(const DecodePlan& plan, int64_t rows) {
  Columns columns;
  for (const auto& field : plan.schema->fields()) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), CsvColumn::Make(field->type(), plan.rules));
    ARROW_RETURN_NOT_OK(columns.back()->Reserve(rows));
  }
  return columns;
}

Result<std::shared_ptr<arrow::RecordBatch>> DecodeFields(const DecodePlan& plan, const CsvBlock& block,
                                                         const CsvCells& cells) {
  const int64_t rows = cells.rows();
  ARROW_ASSIGN_OR_RAISE(const auto columns, MakeColumns(plan, rows));
  // Column by column over few rows: the rows' text and field ends stay in the nearest caches meanwhile.
  constexpr int64_t kTileBytes = 32 << 10;
  const int64_t row_bytes = static_cast<int64_t>(block.text.size()) / std::max<int64_t>(rows, 1) + 1;
  const int64_t tile = std::clamp<int64_t>(kTileBytes / row_bytes, 64, 1024) / 64 * 64;
  for (int64_t first = 0; first < rows; first += tile) {
    const int64_t last = std::min(first + tile, rows);
    for (size_t i = 0; i < columns.size(); ++i) {
      const int64_t failed = columns[i]->Append(cells, plan.columns[i], first, last);
      if (failed >= 0) return ConversionError(plan, block, cells, failed, static_cast<int>(i));
    }
  }
  arrow::ArrayVector arrays;
  for (const auto& column : columns) {
    ARROW_ASSIGN_OR_RAISE(arrays.emplace_back(), column->Finish());
  }
  return arrow::RecordBatch::Make(plan.schema, rows, std::move(arrays));
}

/// Take the rows of which a value does not convert out of `fields`; what is wrong with them is put to `bad`.
Status RemoveConflicts(const DecodePlan& plan, const CsvBlock& block, CsvFields* fields, std::vector<CsvBadText>* bad) {
  const CsvCells cells(block.text, *fields, plan.dialect, plan.options.null_values);
  // The columns are decoded to see what fails, and thrown away.
  ARROW_ASSIGN_OR_RAISE(const auto columns, MakeColumns(plan, fields->rows()));
  std::map<int64_t, int> first_field;  // by row
  for (size_t i = 0; i < columns.size(); ++i) {
    for (int64_t row = 0; row < fields->rows(); ++row) {
      row = columns[i]->Append(cells, plan.columns[i], row, fields->rows());
      if (row < 0) break;
      first_field.emplace(row, static_cast<int>(i));
    }
  }
  std::vector<int64_t> rows;
  for (const auto& [row, field] : first_field) {
    auto conflict = ConflictOf(plan, cells, row, field);
    if (conflict.reason.empty()) return Status::OutOfMemory("read ", plan.name, ": no memory for this block");
    bad->push_back({.begin = fields->Begin(row, 0),
                    .end = fields->End(row, fields->columns() - 1),
                    .column = plan.schema->field(field)->name(),
                    .reason = std::move(conflict.reason)});
    rows.push_back(row);
  }
  fields->Remove(rows);
  return Status::OK();
}

/// The rows of a block that can be decoded; the others are told of.
Result<std::shared_ptr<arrow::RecordBatch>> DecodeGoodRows(const DecodePlan& plan, const CsvBlock& block) {
  std::vector<CsvBadText> bad;
  ARROW_ASSIGN_OR_RAISE(auto fields, CsvFields::Find(plan.name, block, plan.dialect, plan.file_columns,
                                                     plan.options.max_line_bytes, &bad));
  ARROW_RETURN_NOT_OK(RemoveConflicts(plan, block, &fields, &bad));
  std::sort(bad.begin(), bad.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  ARROW_ASSIGN_OR_RAISE(
      auto batch, DecodeFields(plan, block, CsvCells(block.text, fields, plan.dialect, plan.options.null_values)));
  ARROW_RETURN_NOT_OK(TellOfBadText(plan.name, block, bad, plan.on_bad_row));
  return batch;
}

Result<std::shared_ptr<arrow::RecordBatch>> DecodeStrictly(const DecodePlan& plan, const CsvBlock& block) {
  ARROW_ASSIGN_OR_RAISE(const auto fields, CsvFields::Find(plan.name, block, plan.dialect, plan.file_columns,
                                                           plan.options.max_line_bytes));
  return DecodeFields(plan, block, CsvCells(block.text, fields, plan.dialect, plan.options.null_values));
}

Result<std::shared_ptr<arrow::RecordBatch>> DecodeBlock(const DecodePlan& plan, const CsvBlock& block) {
  auto batch = DecodeStrictly(plan, block);
  if (batch.ok() || !plan.on_bad_row || KindOf(batch.status()) != ErrorKind::kInvalid) return batch;
  return DecodeGoodRows(plan, block);
}

class CsvReader final : public FileReader {
 public:
  CsvReader(CsvFile file, std::shared_ptr<const DecodePlan> plan) : file_(std::move(file)), plan_(std::move(plan)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return plan_->schema; }

  Result<std::optional<DecodeTask>> Next() override {
    ARROW_ASSIGN_OR_RAISE(auto block, file_.Next());
    if (!block) return std::nullopt;
    return [plan = plan_, block = *std::move(block)] { return DecodeBlock(*plan, block); };
  }

  int64_t bytes_read() const override { return file_.stored_bytes_read(); }

 private:
  CsvFile file_;
  std::shared_ptr<const DecodePlan> plan_;
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

Result<std::unique_ptr<FileReader>> OpenCsvReader(const InputFile& input, const ReadOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto file, CsvFile::Open(input, options.format, options.block_bytes));
  if (options.on_bad_row) file.PassOverBadRows(options.on_bad_row);
  auto schema = options.schema;
  if (schema == nullptr) {
    ARROW_ASSIGN_OR_RAISE(const CsvBlock* block, file.Peek());
    static const CsvBlock kNoBlock;
    ARROW_ASSIGN_OR_RAISE(
        schema, InferCsvBlock(file, block != nullptr ? *block : kNoBlock, static_cast<bool>(options.on_bad_row)));
  }
  if (options.dictionary_strings) schema = WithDictionaries(*schema);
  auto plan = std::make_shared<DecodePlan>(DecodePlan{.name = input.name,
                                                      .options = file.options(),
                                                      .dialect = file.dialect(),
                                                      .rules = file.rules(),
                                                      .file_columns = static_cast<int>(file.columns().size()),
                                                      .schema = schema,
                                                      .columns = {},
                                                      .on_bad_row = options.on_bad_row});
  for (const auto& field : schema->fields()) {
    const auto at = std::find(file.columns().begin(), file.columns().end(), field->name());
    if (at == file.columns().end()) {
      return MakeError(ErrorKind::kInvalid, "read ", input.name, ": no column ", field->name(),
                       " in the file, which has ", file.columns().size(), " columns");
    }
    if (const auto column = CsvColumn::Make(field->type(), plan->rules); !column.ok()) {
      return Prefix(column.status(), "read " + input.name + ", column " + field->name());
    }
    plan->columns.push_back(static_cast<int>(at - file.columns().begin()));
  }
  return std::make_unique<CsvReader>(std::move(file), std::move(plan));
}

}  // namespace glaux
