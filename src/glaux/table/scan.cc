#include "glaux/table/scan.h"

#include <arrow/api.h>

#include <algorithm>
#include <cctype>

#include "glaux/store/object_input.h"
#include "glaux/table/data_file.h"
#include "glaux/table/row_filter.h"

namespace glaux {
namespace {

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

class TableScan final : public arrow::RecordBatchReader {
 public:
  TableScan(ScanPlan plan, LocationResolver resolve, ScanOptions options, std::shared_ptr<arrow::Schema> read_schema,
            std::shared_ptr<arrow::Schema> schema)
      : plan_(std::move(plan)),
        resolve_(std::move(resolve)),
        options_(std::move(options)),
        read_schema_(std::move(read_schema)),
        schema_(std::move(schema)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    for (;;) {
      if (options_.stop.IsStopRequested()) return MakeError(ErrorKind::kCancelled, "scan cancelled");
      if (open_.reader == nullptr) {
        if (next_file_ == plan_.files.size()) {
          out->reset();
          return Status::OK();
        }
        ARROW_RETURN_NOT_OK(Open(plan_.files[next_file_++]));
      }
      ARROW_ASSIGN_OR_RAISE(const auto task, open_.reader->Next());
      if (!task.has_value()) {
        open_.reader.reset();
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(auto batch, (*task)());
      const int64_t position =
          (static_cast<int64_t>(next_file_ - 1) << kPositionBits) + rows_of_file_ + open_.reader->rows_left_out();
      rows_of_file_ += batch->num_rows();
      ARROW_ASSIGN_OR_RAISE(batch, Complete(*batch, plan_.files[next_file_ - 1], position));
      if (!options_.filter.always_true()) {
        ARROW_ASSIGN_OR_RAISE(batch, FilterRows(batch, options_.filter));
      }
      if (batch->num_rows() == 0) continue;
      ARROW_ASSIGN_OR_RAISE(*out, batch->SelectColumns(Positions(*batch)));
      return Status::OK();
    }
  }

 private:
  std::vector<int> Positions(const arrow::RecordBatch& batch) const {
    std::vector<int> positions;
    for (const auto& name : schema_->field_names()) positions.push_back(batch.schema()->GetFieldIndex(name));
    return positions;
  }

  Status Open(const DataFile& file) {
    ARROW_ASSIGN_OR_RAISE(const auto place, resolve_(file.location));
    ARROW_ASSIGN_OR_RAISE(auto object,
                          OpenInput(place.store, {.key = place.key, .size = file.size, .etag = file.etag}));
    const InputFile input{.name = file.location, .file = std::move(object)};
    arrow::FieldVector wanted;
    for (const auto& field : read_schema_->fields()) {
      if (std::find(plan_.partition_columns.begin(), plan_.partition_columns.end(), field->name()) ==
              plan_.partition_columns.end() &&
          field->name() != options_.position_column) {
        wanted.push_back(field);
      }
    }
    rows_of_file_ = 0;
    ARROW_ASSIGN_OR_RAISE(
        open_, OpenDataFile(plan_, file, input, wanted, {.batch_rows = options_.batch_rows}, options_.ranges));
    return Status::OK();
  }

  /// The batch with every column of the read schema: what the file lacks, and the partition's constants.
  /// \param position of the first row
  Result<std::shared_ptr<arrow::RecordBatch>> Complete(const arrow::RecordBatch& batch, const DataFile& file,
                                                       int64_t position) const {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (const auto& field : read_schema_->fields()) {
      const auto key = std::find(plan_.partition_columns.begin(), plan_.partition_columns.end(), field->name());
      const auto in_file = std::find(open_.names.begin(), open_.names.end(), field->name());
      std::shared_ptr<arrow::Array> column;
      if (field->name() == options_.position_column) {
        ARROW_ASSIGN_OR_RAISE(column, Count(position, batch.num_rows()));
      } else if (key != plan_.partition_columns.end()) {
        const auto& value = file.partition_values[key - plan_.partition_columns.begin()];
        ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayFromScalar(*value, batch.num_rows()));
      } else if (in_file != open_.names.end()) {
        column = batch.column(static_cast<int>(in_file - open_.names.begin()));
      } else {
        ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(field->type(), batch.num_rows()));
      }
      columns.push_back(std::move(column));
    }
    return arrow::RecordBatch::Make(read_schema_, batch.num_rows(), std::move(columns));
  }

  static Result<std::shared_ptr<arrow::Array>> Count(int64_t first, int64_t count) {
    arrow::Int64Builder numbers;
    ARROW_RETURN_NOT_OK(numbers.Reserve(count));
    for (int64_t i = 0; i < count; ++i) numbers.UnsafeAppend(first + i);
    return numbers.Finish();
  }

  const ScanPlan plan_;
  const LocationResolver resolve_;
  const ScanOptions options_;
  const std::shared_ptr<arrow::Schema> read_schema_;  // what is asked for and what the filter needs
  const std::shared_ptr<arrow::Schema> schema_;       // what is asked for
  size_t next_file_ = 0;
  int64_t rows_of_file_ = 0;  // that the open reader has given
  DataFileReader open_;
};

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(Table& table, const LocationResolver& resolve,
                                                       const ScanOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto plan, table.Plan({.filter = options.filter, .stop = options.stop}));
  auto rows = Scan(std::move(plan), resolve, options);
  return rows.ok() ? rows : Prefix(rows.status(), "scan " + table.id().ToString());
}

Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(ScanPlan plan, const LocationResolver& resolve,
                                                       const ScanOptions& options) {
  std::vector<std::string> wanted = options.columns.value_or(plan.schema->field_names());
  std::vector<std::shared_ptr<arrow::Field>> fields, read_fields;
  const auto field_of = [&](const std::string& name) -> Result<std::shared_ptr<arrow::Field>> {
    auto field = plan.schema->GetFieldByName(name);
    // A predicate's names are lower case, a folder's columns need not be.
    for (int i = 0; field == nullptr && i < plan.schema->num_fields(); ++i) {
      if (Lower(plan.schema->field(i)->name()) == name) field = plan.schema->field(i);
    }
    if (field == nullptr) return MakeError(ErrorKind::kInvalid, "there is no column ", name);
    return field;
  };
  for (const auto& name : wanted) {
    ARROW_ASSIGN_OR_RAISE(auto field, field_of(name));
    fields.push_back(std::move(field));
  }
  read_fields = fields;
  for (const auto& name : options.filter.Columns()) {
    ARROW_ASSIGN_OR_RAISE(auto field, field_of(name));
    const bool asked_for =
        std::any_of(fields.begin(), fields.end(), [&](const auto& known) { return known->name() == field->name(); });
    if (!asked_for) read_fields.push_back(std::move(field));
  }
  if (!options.position_column.empty()) {
    fields.push_back(arrow::field(options.position_column, arrow::int64()));
    read_fields.push_back(fields.back());
  }
  return std::make_shared<TableScan>(std::move(plan), resolve, options, arrow::schema(std::move(read_fields)),
                                     arrow::schema(std::move(fields)));
}

}  // namespace glaux
