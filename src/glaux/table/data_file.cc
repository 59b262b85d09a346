#include "glaux/table/data_file.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>

#include <algorithm>
#include <cctype>

namespace glaux {
namespace {

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Whether one value is surely less than another. Values that cannot be compared are not.
bool Precedes(const std::shared_ptr<arrow::Scalar>& a, const std::shared_ptr<arrow::Scalar>& b) {
  static const Status ready = arrow::compute::Initialize();
  if (!ready.ok() || !a->type->Equals(b->type)) return false;
  const auto less = arrow::compute::CallFunction("less", {arrow::Datum(a), arrow::Datum(b)});
  if (!less.ok()) return false;
  const auto& truth = static_cast<const arrow::BooleanScalar&>(*less->scalar());
  return truth.is_valid && truth.value;
}

/// The file's column that the table means. Tables of a catalog have lower-case names and files may have others;
/// folders of files keep the names of the files, so that there case may tell two columns apart.
Result<std::shared_ptr<arrow::Field>> Find(const arrow::Schema& in_file, const std::string& name,
                                           const arrow::Schema& table, const std::string& location) {
  std::shared_ptr<arrow::Field> found;
  for (const auto& column : in_file.fields()) {
    if (Lower(column->name()) != Lower(name)) continue;
    const bool is_another = column->name() != name && table.GetFieldIndex(column->name()) >= 0;
    if (is_another) continue;
    if (found != nullptr) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "load the file anew with one of them renamed"},
                       "read file ", location, ": columns ", found->name(), " and ", column->name(),
                       " have one name to the table, which ignores case");
    }
    found = column;
  }
  return found;
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> DataFileReader::Complete(
    const arrow::RecordBatch& batch, const std::shared_ptr<arrow::Schema>& schema) const {
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    const auto in_file = std::find(names.begin(), names.end(), field->name());
    if (in_file != names.end()) {
      columns.push_back(batch.column(static_cast<int>(in_file - names.begin())));
    } else {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), arrow::MakeArrayOfNull(field->type(), batch.num_rows()));
    }
  }
  return arrow::RecordBatch::Make(schema, batch.num_rows(), std::move(columns));
}

Result<DataFileReader> OpenDataFile(const ScanPlan& plan, const DataFile& file, const InputFile& input,
                                    const arrow::FieldVector& wanted, ReadOptions options,
                                    const std::vector<ColumnRange>& ranges) {
  ARROW_ASSIGN_OR_RAISE(const auto format, TableFormatByName(file.format));
  const auto& own = file.format_options != nullptr ? file.format_options : plan.format_options;
  if (own != nullptr) options.format = *own;
  DataFileReader opened;
  arrow::FieldVector fields;
  std::vector<ColumnRange> file_ranges;
  // Keys of Hive's JSON are looked for in every row: a look at some rows would tell too little.
  const bool by_key = options.format.json.hive.has_value() && !format->carries_schema() && file.format == "jsonl";
  InferredSchema found;
  if (!by_key) {
    ARROW_ASSIGN_OR_RAISE(found, format->Infer(input, {.format = options.format}));
  }
  for (const auto& field : wanted) {
    auto column = field;
    if (!by_key) {
      ARROW_ASSIGN_OR_RAISE(column, Find(*found.schema, field->name(), *plan.schema, file.location));
    }
    if (column == nullptr) continue;
    fields.push_back(arrow::field(column->name(), field->type()));
    opened.names.push_back(field->name());
    for (const auto& range : ranges) {
      if (range.column == field->name()) file_ranges.push_back({column->name(), range.least, range.greatest});
    }
  }
  if (!file_ranges.empty()) {
    options.may_hold = [file_ranges](const std::string& column, const auto& least, const auto& greatest) {
      return std::none_of(file_ranges.begin(), file_ranges.end(), [&](const ColumnRange& range) {
        return range.column == column && (Precedes(greatest, range.least) || Precedes(range.greatest, least));
      });
    };
  }
  options.schema = arrow::schema(std::move(fields));
  ARROW_ASSIGN_OR_RAISE(opened.reader, format->OpenReader(input, options));
  return opened;
}

}  // namespace glaux
