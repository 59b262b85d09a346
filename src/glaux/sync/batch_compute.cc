#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/io/memory.h>

#include "glaux/base/near_names.h"
#include "glaux/format/format.h"
#include "glaux/schema/names.h"
#include "glaux/sync/batch_compute.h"

namespace glaux {
namespace {

namespace compute = arrow::compute;

Result<arrow::Datum> Call(const char* function, const std::vector<arrow::Datum>& arguments,
                          const compute::FunctionOptions* options = nullptr) {
  // Kernels beyond Arrow's core are registered once.
  static const Status ready = compute::Initialize();
  ARROW_RETURN_NOT_OK(ready);
  return compute::CallFunction(function, arguments, options);
}

Result<std::shared_ptr<arrow::Array>> CallForArray(const char* function, const std::vector<arrow::Datum>& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto result, Call(function, arguments));
  return result.make_array();
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> SelectRows(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                       const std::shared_ptr<arrow::Array>& mask) {
  const auto& bits = static_cast<const arrow::BooleanArray&>(*mask);
  if (bits.true_count() == batch->num_rows()) return batch;
  if (bits.true_count() == 0) return batch->Slice(0, 0);
  ARROW_ASSIGN_OR_RAISE(const auto selected, Call("filter", {batch, mask}));
  return selected.record_batch();
}

Result<std::shared_ptr<arrow::Array>> CompareWith(const std::shared_ptr<arrow::Array>& values, const char* comparison,
                                                  const std::shared_ptr<arrow::Scalar>& scalar) {
  return CallForArray(comparison, {values, scalar});
}

Result<bool> CompareScalars(const std::shared_ptr<arrow::Scalar>& left, const char* comparison,
                            const std::shared_ptr<arrow::Scalar>& right) {
  ARROW_ASSIGN_OR_RAISE(const auto result, Call(comparison, {left, right}));
  const auto& truth = static_cast<const arrow::BooleanScalar&>(*result.scalar());
  return truth.is_valid && truth.value;
}

Result<std::shared_ptr<arrow::Scalar>> CastScalar(const std::shared_ptr<arrow::Scalar>& value,
                                                  const std::shared_ptr<arrow::DataType>& type) {
  const auto options = compute::CastOptions::Safe(type);
  ARROW_ASSIGN_OR_RAISE(const auto result, Call("cast", {value}, &options));
  return result.scalar();
}

Result<std::shared_ptr<arrow::Scalar>> MaxOf(const std::shared_ptr<arrow::Array>& values) {
  ARROW_ASSIGN_OR_RAISE(const auto result, Call("max", {values}));
  return result.scalar();
}

Result<std::pair<std::shared_ptr<arrow::Scalar>, std::shared_ptr<arrow::Scalar>>> MinMaxOf(
    const std::shared_ptr<arrow::Array>& values) {
  ARROW_ASSIGN_OR_RAISE(const auto result, Call("min_max", {values}));
  const auto& both = static_cast<const arrow::StructScalar&>(*result.scalar());
  return std::pair(both.value[0], both.value[1]);
}

Result<std::shared_ptr<arrow::Array>> Distinct(const std::shared_ptr<arrow::Array>& values) {
  return CallForArray("unique", {values});
}

Result<std::shared_ptr<arrow::Array>> IsNullMask(const std::shared_ptr<arrow::Array>& values) {
  return CallForArray("is_null", {values});
}

Result<std::shared_ptr<arrow::Array>> IsValidMask(const std::shared_ptr<arrow::Array>& values) {
  return CallForArray("is_valid", {values});
}

Result<std::shared_ptr<arrow::Array>> IsNullOrNaNMask(const std::shared_ptr<arrow::Array>& values) {
  const compute::NullOptions options(/*nan_is_null=*/true);
  ARROW_ASSIGN_OR_RAISE(const auto result, Call("is_null", {values}, &options));
  return result.make_array();
}

Result<std::shared_ptr<arrow::Array>> Negated(const std::shared_ptr<arrow::Array>& mask) {
  return CallForArray("invert", {mask});
}

Result<std::shared_ptr<arrow::Array>> Decode(const std::shared_ptr<arrow::Array>& array) {
  if (array->type_id() != arrow::Type::DICTIONARY) return array;
  const auto& type = static_cast<const arrow::DictionaryType&>(*array->type()).value_type();
  const auto options = compute::CastOptions::Safe(type);
  ARROW_ASSIGN_OR_RAISE(const auto result, Call("cast", {array}, &options));
  return result.make_array();
}

std::string NoColumn(const std::string& name, const arrow::Schema& there) {
  constexpr size_t kMost = 30;
  const auto names = there.field_names();
  std::string text = "no column " + name + "; there are ";
  for (size_t i = 0; i < names.size() && i < kMost; ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kMost) text += ", and " + std::to_string(names.size() - kMost) + " more";
  const auto near = NearMatches(name, names);
  return near.empty() ? text : text + "; did you mean " + near.front() + "?";
}

Result<std::shared_ptr<arrow::RecordBatch>> CastExactly(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                        const std::shared_ptr<arrow::Schema>& schema,
                                                        std::string_view subject) {
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    auto column = batch->GetColumnByName(field->name());
    if (column == nullptr) {
      ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(field->type(), batch->num_rows()));
    } else if (!column->type()->Equals(field->type())) {
      const auto options = compute::CastOptions::Safe(field->type());
      auto cast = Call("cast", {column}, &options);
      if (!cast.ok()) {
        return MakeError({.kind = ErrorKind::kInvalid, .code = kTypeConflict}, subject, ", column ", field->name(),
                         ": expected ", field->type()->ToString(), ", found: ", column->type()->ToString(), ": ",
                         cast.status().message());
      }
      column = cast->make_array();
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> WithSequence(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                         const std::string& column, int64_t first) {
  arrow::Int64Builder order;
  ARROW_RETURN_NOT_OK(order.Reserve(batch->num_rows()));
  for (int64_t i = 0; i < batch->num_rows(); ++i) order.UnsafeAppend(first + i);
  ARROW_ASSIGN_OR_RAISE(auto values, order.Finish());
  return batch->AddColumn(batch->num_columns(), column, std::move(values));
}

Result<std::vector<std::string>> JsonLines(const std::shared_ptr<arrow::RecordBatch>& batch) {
  ARROW_ASSIGN_OR_RAISE(const auto* format, FormatByName("jsonl"));
  ARROW_ASSIGN_OR_RAISE(const auto sink, arrow::io::BufferOutputStream::Create());
  WriteOptions options;
  options.format.json.omit_nulls = true;
  ARROW_ASSIGN_OR_RAISE(const auto writer, format->OpenWriter(sink, batch->schema(), options));
  ARROW_RETURN_NOT_OK(writer->Write(batch));
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(const auto buffer, sink->Finish());
  std::vector<std::string> lines;
  const std::string_view text(*buffer);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (static_cast<int64_t>(lines.size()) != batch->num_rows()) {
    return MakeError(ErrorKind::kOther, "rows as JSON: ", lines.size(), " lines for ", batch->num_rows(), " rows");
  }
  return lines;
}

int FindColumn(const arrow::Schema& schema, std::string_view name) {
  const int exact = schema.GetFieldIndex(std::string(name));
  if (exact >= 0) return exact;
  const std::string folded = FoldName(name);
  for (int i = 0; i < schema.num_fields(); ++i) {
    if (FoldName(schema.field(i)->name()) == folded) return i;
  }
  return -1;
}

}  // namespace glaux
