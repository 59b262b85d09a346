#include "glaux/lake/model.h"

#include <arrow/api.h>

#include "glaux/schema/names.h"
#include "glaux/sync/batch_compute.h"

namespace glaux::model_internal {
namespace {

/// What stands between the path of a member and what is wrong there.
constexpr std::string_view kColon = ": ";

class FunctionReader final : public arrow::RecordBatchReader {
 public:
  FunctionReader(std::shared_ptr<arrow::Schema> schema,
                 std::function<Result<std::shared_ptr<arrow::RecordBatch>>()> next)
      : schema_(std::move(schema)), next_(std::move(next)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_ASSIGN_OR_RAISE(*batch, next_());
    return Status::OK();
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const std::function<Result<std::shared_ptr<arrow::RecordBatch>>()> next_;
};

/// The position of a member's column: as it is written, or as a table names it.
int FindMember(const arrow::Schema& schema, const std::string& member) {
  const int at = FindColumn(schema, member);
  return at >= 0 ? at : schema.GetFieldIndex(NormalizeColumnName(member));
}

}  // namespace

Status NullValue() { return MakeError(ErrorKind::kInvalid, kColon, "null, and the member is no std::optional"); }

Status UnknownEnumerator(std::string_view found, const std::vector<std::string_view>& names) {
  std::string known;
  for (const auto name : names) known.append(known.empty() ? "" : ", ").append(name);
  return MakeError(ErrorKind::kInvalid, kColon, "expected one of ", known, ", found: ", found);
}

Status Within(const Status& status, std::string_view step) {
  const auto& message = status.message();
  const bool is_path = message.starts_with(kColon) || message.starts_with(".");
  return MakeErrorMessage(InfoOf(status), "." + std::string(step) + (is_path ? "" : std::string(kColon)) + message);
}

Status InRow(const Status& status, std::string_view column, int64_t row) {
  auto placed = Within(status, column).message();
  placed.erase(0, column.empty() ? 2 : 1);
  const auto end = placed.find(kColon);
  return MakeErrorMessage(InfoOf(status),
                          "column " + placed.substr(0, end) + ", row " + std::to_string(row) + placed.substr(end));
}

Result<std::shared_ptr<arrow::RecordBatch>> Conform(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                    const std::shared_ptr<arrow::Schema>& model) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const auto& field : model->fields()) {
    const int at = FindMember(*batch->schema(), field->name());
    if (at < 0 && field->nullable()) continue;
    if (at < 0) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "make the member a std::optional, or give it a column"},
                       "rows as structs: there is ", NoColumn(field->name(), *batch->schema()));
    }
    fields.push_back(arrow::field(field->name(), batch->column(at)->type()));
    columns.push_back(batch->column(at));
  }
  return CastExactly(arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch->num_rows(), std::move(columns)),
                     model, "rows as structs");
}

Result<TableReadOptions> ColumnsFor(Lake& lake, const TableId& table, const arrow::Schema& model,
                                    TableReadOptions options) {
  if (options.columns.has_value()) return options;
  TableId named = table;
  if (named.database.empty()) named.database = lake.config().database;
  ARROW_ASSIGN_OR_RAISE(const auto opened, lake.OpenTable(named));
  options.columns.emplace();
  for (const auto& field : model.fields()) {
    const int at = FindMember(*opened->schema(), field->name());
    if (at >= 0) {
      options.columns->push_back(opened->schema()->field(at)->name());
    } else if (!field->nullable()) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "make the member a std::optional"}, "read ",
                       named.ToString(), " as structs: there is ", NoColumn(field->name(), *opened->schema()));
    }
  }
  return options;
}

std::shared_ptr<arrow::RecordBatchReader> ReaderOf(std::shared_ptr<arrow::Schema> schema,
                                                   std::function<Result<std::shared_ptr<arrow::RecordBatch>>()> next) {
  return std::make_shared<FunctionReader>(std::move(schema), std::move(next));
}

}  // namespace glaux::model_internal
