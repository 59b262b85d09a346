#include <arrow/api.h>
#include <arrow/compute/cast.h>

#include "glaux/format/parquet_internal.h"

namespace glaux {
namespace {

/// Arrow's safe cast checks integers, decimals and times; a float that lost digits of a double passes it.
bool MayRoundSilently(const arrow::DataType& from, const arrow::DataType& to) {
  return (from.id() == arrow::Type::DOUBLE && to.id() == arrow::Type::FLOAT) ||
         (arrow::is_floating(from.id()) && (to.id() == arrow::Type::HALF_FLOAT || arrow::is_decimal(to.id()))) ||
         (arrow::is_decimal(from.id()) && arrow::is_floating(to.id()));
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> ConvertExactly(const std::shared_ptr<arrow::Array>& array,
                                                     const std::shared_ptr<arrow::DataType>& type,
                                                     std::string_view where) {
  if (array->type()->Equals(*type)) return array;
  const auto conflict = [&](std::string_view why) {
    return MakeError({.kind = ErrorKind::kInvalid, .code = kTypeConflict}, where, ": expected ", type->ToString(),
                     ", found ", array->type()->ToString(), why.empty() ? "" : ": ", why);
  };
  if (type->id() == arrow::Type::NA) {
    if (array->null_count() < array->length()) return conflict("values where none were expected");
    return std::make_shared<arrow::NullArray>(array->length());
  }
  if (type->id() == arrow::Type::DICTIONARY && array->type_id() != arrow::Type::DICTIONARY) {
    // Arrow's cast into a dictionary takes its values as they are only.
    const auto& values = static_cast<const arrow::DictionaryType&>(*type).value_type();
    if (!array->type()->Equals(*values)) {
      ARROW_ASSIGN_OR_RAISE(const auto plain, ConvertExactly(array, values, where));
      return ConvertExactly(plain, type, where);
    }
  }
  auto converted = arrow::compute::Cast(*array, type, arrow::compute::CastOptions::Safe(type));
  if (!converted.ok()) return conflict(converted.status().message());
  if (MayRoundSilently(*array->type(), *type)) {
    const auto back = arrow::compute::Cast(**converted, array->type());
    if (!back.ok() || !(*back)->Equals(*array, arrow::EqualOptions::Defaults().nans_equal(true))) {
      return conflict("a value would lose digits");
    }
  }
  return converted;
}

}  // namespace glaux
