#include <arrow/api.h>
#include <arrow/compute/api.h>

#include "glaux/lake/statement_types_internal.h"
#include "glaux/schema/types.h"

namespace glaux {
namespace {

/// tinyint, smallint, int, bigint: 0 to 3; -1 for what is no signed whole number.
int WholeWidth(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT8:
      return 0;
    case arrow::Type::INT16:
      return 1;
    case arrow::Type::INT32:
      return 2;
    case arrow::Type::INT64:
      return 3;
    default:
      return -1;
  }
}

/// Digits that every value of a whole type has room in.
constexpr int kDigits[] = {3, 5, 10, 19};

bool CanInsertDecimal(const arrow::DecimalType& from, const arrow::DataType& to) {
  if (to.id() == arrow::Type::DOUBLE || to.id() == arrow::Type::FLOAT) return true;
  if (from.scale() == 0 && from.precision() == 38 && to.id() == arrow::Type::INT64) return true;
  if (!arrow::is_decimal(to.id())) return false;
  const auto& wanted = static_cast<const arrow::DecimalType&>(to);
  // Sums of decimals have 38 digits in the embedded engine, whatever the column has.
  if (from.precision() == 38 && from.scale() <= wanted.scale()) return true;
  return wanted.scale() >= from.scale() && wanted.precision() - wanted.scale() >= from.precision() - from.scale();
}

}  // namespace

bool CanInsert(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.Equals(to) || from.id() == arrow::Type::NA) return true;
  if (from.id() == arrow::Type::DICTIONARY) {
    return CanInsert(*static_cast<const arrow::DictionaryType&>(from).value_type(), to);
  }
  const int width = WholeWidth(from);
  if (width >= 0) {
    if (WholeWidth(to) >= 0) return WholeWidth(to) >= width;
    if (to.id() == arrow::Type::DOUBLE || to.id() == arrow::Type::FLOAT) return true;
    if (!arrow::is_decimal(to.id())) return false;
    const auto& decimal = static_cast<const arrow::DecimalType&>(to);
    return decimal.precision() - decimal.scale() >= kDigits[width];
  }
  if (arrow::is_decimal(from.id())) return CanInsertDecimal(static_cast<const arrow::DecimalType&>(from), to);
  switch (from.id()) {
    case arrow::Type::FLOAT:
      return to.id() == arrow::Type::DOUBLE;
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP:
      return to.id() == arrow::Type::TIMESTAMP;
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return to.id() == arrow::Type::STRING;
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::FIXED_SIZE_BINARY:
      return to.id() == arrow::Type::BINARY;
    default:
      break;
  }
  const bool nested = from.num_fields() > 0 && from.num_fields() == to.num_fields() && from.id() == to.id();
  for (int i = 0; nested && i < from.num_fields(); ++i) {
    if (from.id() == arrow::Type::STRUCT && from.field(i)->name() != to.field(i)->name()) return false;
    if (!CanInsert(*from.field(i)->type(), *to.field(i)->type())) return false;
  }
  return nested;
}

bool MayBeUntyped(const arrow::DataType& from) { return from.id() == arrow::Type::INT32; }

Result<std::shared_ptr<arrow::RecordBatch>> CastColumns(const arrow::RecordBatch& batch,
                                                        const std::shared_ptr<arrow::Schema>& schema,
                                                        const std::string& subject) {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (int c = 0; c < schema->num_fields(); ++c) {
    auto column = batch.column(c);
    const auto& field = *schema->field(c);
    if (!CanInsert(*column->type(), *field.type())) {
      if (column->null_count() != column->length()) {
        return MakeError({.kind = ErrorKind::kInvalid, .hint = "cast it in the query if that is meant"}, subject,
                         ": column ", c + 1, ", ", field.name(), ": expected ",
                         ToGlueType(*field.type()).ValueOr(field.type()->ToString()), ", found ",
                         ToGlueType(*column->type()).ValueOr(column->type()->ToString()));
      }
      ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(field.type(), column->length()));
    } else if (!column->type()->Equals(field.type())) {
      // Digits that a wider decimal has no place for are an error, and so is all else that does not fit.
      auto cast = arrow::compute::Cast(*column, field.type(), arrow::compute::CastOptions::Safe(field.type()));
      if (!cast.ok()) {
        return MakeError(ErrorKind::kInvalid, subject, ": column ", field.name(),
                         ": a value does not fit: ", cast.status().message());
      }
      column = *std::move(cast);
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema, batch.num_rows(), std::move(columns));
}

}  // namespace glaux
