#include "glaux/engine/duckdb/arrow_rows_internal.h"

#include <arrow/array/concatenate.h>
#include <arrow/c/bridge.h>
#include <arrow/compute/cast.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

namespace glaux::duckdb_engine {

using duckdb::idx_t;

namespace {

/// What DuckDB 1.5 converts wrongly or not at all, somewhere in a type; null if there is nothing.
const arrow::DataType* FindRefused(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::SPARSE_UNION:
    case arrow::Type::DENSE_UNION:
    case arrow::Type::RUN_END_ENCODED:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW:
      return &type;
    case arrow::Type::DICTIONARY: {
      const auto& values = *static_cast<const arrow::DictionaryType&>(type).value_type();
      return values.num_fields() > 0 || values.id() == arrow::Type::DICTIONARY ? &type : nullptr;
    }
    default:
      for (const auto& field : type.fields()) {
        if (const auto* found = FindRefused(*field->type())) return found;
      }
      return nullptr;
  }
}

/// The type with values in place of dictionaries. DuckDB 1.5 reads the wrong entries of a dictionary inside of a list
/// that does not begin at its first element.
std::shared_ptr<arrow::DataType> Decoded(const std::shared_ptr<arrow::DataType>& type) {
  const auto element = [&](int i) { return type->field(i)->WithType(Decoded(type->field(i)->type())); };
  switch (type->id()) {
    case arrow::Type::DICTIONARY:
      return static_cast<const arrow::DictionaryType&>(*type).value_type();
    case arrow::Type::LIST:
      return arrow::list(element(0));
    case arrow::Type::LARGE_LIST:
      return arrow::large_list(element(0));
    case arrow::Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(element(0), static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return std::make_shared<arrow::MapType>(map.key_field()->WithType(Decoded(map.key_type())),
                                              map.item_field()->WithType(Decoded(map.item_type())), map.keys_sorted());
    }
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (int i = 0; i < type->num_fields(); ++i) fields.push_back(element(i));
      return arrow::struct_(std::move(fields));
    }
    default:
      return type;
  }
}

bool HasOffset(const arrow::ArrayData& data) {
  return data.offset != 0 || std::any_of(data.child_data.begin(), data.child_data.end(),
                                         [](const auto& child) { return HasOffset(*child); });
}

}  // namespace

Result<std::shared_ptr<const ArrowColumns>> DescribeArrow(duckdb::ClientContext& context, const arrow::Schema& schema,
                                                          std::string_view subject) {
  if (schema.num_fields() == 0) return MakeError(ErrorKind::kInvalid, subject, " has no columns");
  auto columns = std::make_shared<ArrowColumns>();
  auto converted = arrow::schema(schema.fields(), schema.metadata());
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& field = schema.field(i);
    const auto decoded = Decoded(field->type());
    // A dictionary at the top is fine.
    if (field->type()->id() == arrow::Type::DICTIONARY || decoded->Equals(*field->type())) continue;
    ARROW_ASSIGN_OR_RAISE(converted, converted->SetField(i, field->WithType(decoded)));
    columns->decoded.emplace_back(i, decoded);
  }
  ARROW_RETURN_NOT_OK(arrow::ExportSchema(*converted, &columns->schema.arrow_schema));
  duckdb::case_insensitive_map_t<duckdb::string> seen;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& field = *schema.field(i);
    const auto [other, is_new] = seen.emplace(field.name(), field.name());
    if (!is_new) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "give one of them another name"}, subject, ": columns ",
                       other->second, " and ", field.name(), " have one name to SQL, which ignores case");
    }
    if (field.name().empty()) return MakeError(ErrorKind::kInvalid, subject, ": column ", i + 1, " has no name");
    const auto refuse = [&](const arrow::DataType& type, auto&&... why) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "cast it to a type that DuckDB has"}, subject, ", column ",
                       field.name(), ": DuckDB does not take ", type.ToString(), why...);
    };
    if (const auto* refused = FindRefused(*field.type())) return refuse(*refused);
    duckdb::shared_ptr<duckdb::ArrowType> type;
    try {
      type = duckdb::ArrowType::GetArrowLogicalType(context, *columns->schema.arrow_schema.children[i]);
      type->ThrowIfInvalid();
      columns->types.push_back(type->GetDuckType(true));
    } catch (const std::exception& error) {
      return refuse(*field.type(), ": ", duckdb::ErrorData(error).RawMessage());
    }
    columns->names.push_back(field.name());
    columns->table.AddColumn(static_cast<idx_t>(i), type, field.name());
  }
  return columns;
}

ArrowRows::ArrowRows(duckdb::ClientContext& context, std::shared_ptr<const ArrowColumns> columns,
                     duckdb::vector<duckdb::column_t> column_ids)
    : columns_(std::move(columns)), state_(duckdb::make_uniq<duckdb::ArrowArrayWrapper>(), context) {
  for (const auto id : column_ids) {
    // This is the one id that the conversion passes over.
    state_.column_ids.push_back(id < columns_->names.size() ? id : duckdb::COLUMN_IDENTIFIER_ROW_ID);
  }
}

Status ArrowRows::Begin(const arrow::RecordBatch& batch) {
  // A dictionary that an earlier batch left here would be told apart by its address alone, which may be in use again.
  state_.array_states.clear();
  state_.chunk_offset = 0;
  state_.chunk = duckdb::make_shared_ptr<duckdb::ArrowArrayWrapper>();
  auto arrays = batch.columns();
  arrow::FieldVector fields = batch.schema()->fields();
  for (auto& array : arrays) {
    // DuckDB 1.5 forgets the offset of a struct inside of a struct, and Arrow that of a list that it casts.
    if (!array->data()->child_data.empty() && HasOffset(*array->data())) {
      ARROW_ASSIGN_OR_RAISE(array, arrow::Concatenate({array}));
    }
  }
  for (const auto& [i, type] : columns_->decoded) {
    ARROW_ASSIGN_OR_RAISE(arrays[i], arrow::compute::Cast(*arrays[i], type));
    fields[i] = fields[i]->WithType(type);
  }
  const auto rows = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.num_rows(), std::move(arrays));
  return arrow::ExportRecordBatch(*rows, &state_.chunk->arrow_array);
}

void ArrowRows::Next(duckdb::DataChunk& chunk) {
  if (!state_.chunk->arrow_array.release) return;
  const auto left = static_cast<idx_t>(state_.chunk->arrow_array.length) - state_.chunk_offset;
  if (left == 0) return;
  chunk.SetCardinality(std::min<idx_t>(left, STANDARD_VECTOR_SIZE));
  duckdb::ArrowTableFunction::ArrowToDuckDB(state_, columns_->table.GetColumns(), chunk,
                                            /*arrow_scan_is_projected=*/false);
  for (idx_t i = 0; i < chunk.ColumnCount(); ++i) {
    if (state_.column_ids[i] != duckdb::COLUMN_IDENTIFIER_ROW_ID) continue;
    chunk.data[i].SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
    duckdb::ConstantVector::SetNull(chunk.data[i], true);
  }
  state_.chunk_offset += chunk.size();
}

}  // namespace glaux::duckdb_engine
