#include "glaux/format/projection_internal.h"

#include <arrow/api.h>
#include <arrow/compute/cast.h>

#include <algorithm>
#include <set>

#include "glaux/format/parquet_internal.h"

namespace glaux {
namespace {

std::shared_ptr<arrow::DataType> PlainType(const std::shared_ptr<arrow::DataType>& type) {
  return type->id() == arrow::Type::DICTIONARY ? static_cast<const arrow::DictionaryType&>(*type).value_type() : type;
}

std::shared_ptr<arrow::DataType> DictionaryOfStrings() { return arrow::dictionary(arrow::int32(), arrow::utf8()); }

Result<std::shared_ptr<arrow::Array>> Encode(const arrow::Array& array) {
  const auto& strings = static_cast<const arrow::StringArray&>(array);
  arrow::StringDictionary32Builder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(array.length()));
  for (int64_t i = 0; i < array.length(); ++i) {
    ARROW_RETURN_NOT_OK(strings.IsNull(i) ? builder.AppendNull() : builder.Append(strings.GetView(i)));
  }
  return builder.Finish();
}

}  // namespace

std::shared_ptr<arrow::Schema> PlainSchema(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    fields.push_back(arrow::field(field->name(), PlainType(field->type()), field->nullable()));
  }
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::Array>> WithoutDictionary(const std::shared_ptr<arrow::Array>& array,
                                                        const std::shared_ptr<arrow::DataType>& type,
                                                        std::string_view where) {
  if (array->type()->Equals(*type)) return array;
  if (!PlainType(array->type())->Equals(*type)) {
    return MakeError(ErrorKind::kInvalid, where, ": expected ", type->ToString(), ", found a batch with ",
                     array->type()->ToString());
  }
  auto dense = arrow::compute::Cast(*array, type);
  if (!dense.ok()) {
    return MakeError(ErrorKind::kNotImplemented, where, ": a dictionary of ", type->ToString(), ": ",
                     dense.status().message());
  }
  return dense;
}

Result<Projection> Projection::Make(const std::string& file_name, const arrow::Schema& file_schema,
                                    const ReadOptions& options) {
  Projection projection;
  projection.schema_ = options.schema != nullptr ? options.schema : PlainSchema(file_schema);
  std::set<int> taken;
  for (int i = 0; i < projection.schema_->num_fields(); ++i) {
    const auto& name = projection.schema_->field(i)->name();
    int at = i;
    if (options.schema != nullptr) {
      const auto found = file_schema.GetAllFieldIndices(name);
      if (found.size() != 1) {
        return MakeError(ErrorKind::kInvalid, "read ", file_name, ": ", found.empty() ? "no" : "more than one",
                         " column ", name, " in the file, which has ", file_schema.num_fields(), " columns");
      }
      at = found[0];
    }
    if (!taken.insert(at).second) {
      return MakeError(ErrorKind::kInvalid, "read ", file_name, ": column ", name, " is asked for twice");
    }
    projection.file_columns_.push_back(at);
  }
  if (options.dictionary_strings) {
    arrow::FieldVector fields = projection.schema_->fields();
    for (auto& field : fields) {
      if (field->type()->id() == arrow::Type::STRING) field = field->WithType(DictionaryOfStrings());
    }
    projection.schema_ = arrow::schema(std::move(fields));
  }
  return projection;
}

Result<std::shared_ptr<arrow::RecordBatch>> Projection::Apply(const arrow::ArrayVector& columns, int64_t rows,
                                                              std::string_view where) const {
  arrow::ArrayVector converted;
  for (int i = 0; i < schema_->num_fields(); ++i) {
    const auto& field = *schema_->field(i);
    auto column = columns[static_cast<size_t>(i)];
    if (!column->type()->Equals(*field.type())) {
      const auto at = std::string(where) + ", column " + field.name();
      ARROW_ASSIGN_OR_RAISE(column, WithoutDictionary(column, PlainType(column->type()), at));
      ARROW_ASSIGN_OR_RAISE(column, ConvertExactly(column, PlainType(field.type()), at));
      if (field.type()->id() == arrow::Type::DICTIONARY) {
        ARROW_ASSIGN_OR_RAISE(column, Encode(*column));
      }
    }
    converted.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(schema_, rows, std::move(converted));
}

}  // namespace glaux
