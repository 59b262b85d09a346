#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>

#include "glaux/table/row_filter.h"

namespace glaux {
namespace {

namespace compute = arrow::compute;

/// Kernels beyond Arrow's core are registered once.
Status InitializeKernels() {
  static const Status status = compute::Initialize();
  return status;
}

Result<std::shared_ptr<arrow::Scalar>> CastLiteral(const std::shared_ptr<arrow::Scalar>& literal,
                                                   const std::shared_ptr<arrow::DataType>& type,
                                                   const std::string& column) {
  auto cast = compute::Cast(arrow::Datum(literal), type);
  if (!cast.ok()) {
    return MakeError(ErrorKind::kInvalid, "filter: ", literal->ToString(), " does not fit column ", column, " of type ",
                     type->ToString());
  }
  return cast->scalar();
}

/// Numbers with a fraction against an integer column: compare as double, do not cut the literal.
std::shared_ptr<arrow::DataType> ComparisonType(const arrow::Scalar& literal,
                                                const std::shared_ptr<arrow::DataType>& column) {
  const bool fraction = arrow::is_floating(literal.type->id()) || arrow::is_decimal(literal.type->id());
  return fraction && arrow::is_integer(column->id()) ? arrow::float64() : column;
}

constexpr const char* kComparisons[] = {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"};

Result<arrow::Datum> Evaluate(const arrow::RecordBatch& batch, const Predicate& predicate) {
  const auto column = [&]() -> Result<std::shared_ptr<arrow::Array>> {
    auto array = batch.GetColumnByName(predicate.column());
    // A predicate's names are lower case, columns need not be.
    for (int i = 0; array == nullptr && i < batch.num_columns(); ++i) {
      std::string name = batch.column_name(i);
      for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      if (name == predicate.column()) array = batch.column(i);
    }
    if (array == nullptr) return MakeError(ErrorKind::kInvalid, "filter: there is no column ", predicate.column());
    return array;
  };
  switch (predicate.op()) {
    case Predicate::Op::kTrue:
      return arrow::Datum(true);
    case Predicate::Op::kCompare: {
      ARROW_ASSIGN_OR_RAISE(auto array, column());
      const auto& literal = predicate.values().front();
      const auto type = ComparisonType(*literal, array->type());
      ARROW_ASSIGN_OR_RAISE(auto value, CastLiteral(literal, type, predicate.column()));
      arrow::Datum left(array);
      if (!type->Equals(array->type())) {
        ARROW_ASSIGN_OR_RAISE(left, compute::Cast(left, type));
      }
      return compute::CallFunction(kComparisons[static_cast<size_t>(predicate.comparison())], {left, value});
    }
    case Predicate::Op::kIn: {
      std::vector<Predicate> equals;
      for (const auto& value : predicate.values()) {
        equals.push_back(Predicate::Compare(predicate.column(), Predicate::Comparison::kEqual, value));
      }
      return equals.empty() ? Result<arrow::Datum>(arrow::Datum(false))
                            : Evaluate(batch, Predicate::Or(std::move(equals)));
    }
    case Predicate::Op::kLike: {
      ARROW_ASSIGN_OR_RAISE(auto array, column());
      const compute::MatchSubstringOptions options(predicate.pattern());
      return compute::CallFunction("match_like", {array}, &options);
    }
    case Predicate::Op::kIsNull: {
      ARROW_ASSIGN_OR_RAISE(auto array, column());
      return compute::CallFunction("is_null", {array});
    }
    case Predicate::Op::kNot: {
      ARROW_ASSIGN_OR_RAISE(auto child, Evaluate(batch, predicate.children().front()));
      return compute::CallFunction("invert", {child});
    }
    case Predicate::Op::kAnd:
    case Predicate::Op::kOr: {
      arrow::Datum all;
      for (const auto& child : predicate.children()) {
        ARROW_ASSIGN_OR_RAISE(auto part, Evaluate(batch, child));
        if (all.kind() == arrow::Datum::NONE) {
          all = std::move(part);
          continue;
        }
        ARROW_ASSIGN_OR_RAISE(
            all,
            compute::CallFunction(predicate.op() == Predicate::Op::kAnd ? "and_kleene" : "or_kleene", {all, part}));
      }
      return all;
    }
  }
  return MakeError(ErrorKind::kOther, "filter: unknown operator");
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> FilterRows(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                       const Predicate& predicate) {
  ARROW_RETURN_NOT_OK(InitializeKernels());
  ARROW_ASSIGN_OR_RAISE(const auto mask, Evaluate(*batch, predicate));
  if (mask.is_scalar()) {
    const auto& truth = static_cast<const arrow::BooleanScalar&>(*mask.scalar());
    return truth.is_valid && truth.value ? batch : batch->Slice(0, 0);
  }
  ARROW_ASSIGN_OR_RAISE(const auto filtered, compute::Filter(batch, mask));
  return filtered.record_batch();
}

}  // namespace glaux
