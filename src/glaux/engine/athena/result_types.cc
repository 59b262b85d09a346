#include "glaux/engine/athena/result_types_internal.h"

#include <boost/json.hpp>

#include <algorithm>

#include "glaux/schema/types.h"

namespace glaux::athena {
namespace {

namespace json = boost::json;
using glaux::wire::athena::ColumnInfo;
using TypePtr = std::shared_ptr<arrow::DataType>;

bool IsNested(std::string_view type) {
  return type.starts_with("array") || type.starts_with("map") || type.starts_with("row");
}

/// One precision for all times: results have more digits than the type of a column says.
TypePtr InMicroseconds(const TypePtr& type) {
  if (type->id() == arrow::Type::TIMESTAMP) {
    const auto& timestamp = static_cast<const arrow::TimestampType&>(*type);
    if (timestamp.unit() == arrow::TimeUnit::NANO) return type;
    return arrow::timestamp(arrow::TimeUnit::MICRO, timestamp.timezone());
  }
  if (type->id() == arrow::Type::TIME32) return arrow::time64(arrow::TimeUnit::MICRO);
  if (type->id() == arrow::Type::DURATION) return arrow::utf8();  // "2 00:00:00.000": a text until somebody reads it
  if (type->num_fields() == 0) return type;
  arrow::FieldVector fields;
  for (const auto& field : type->fields()) fields.push_back(field->WithType(InMicroseconds(field->type())));
  switch (type->id()) {
    case arrow::Type::LIST:
      return arrow::list(fields[0]);
    case arrow::Type::MAP:
      return arrow::map(fields[0]->type()->field(0)->type(), fields[0]->type()->field(1));
    case arrow::Type::STRUCT:
      return arrow::struct_(fields);
    default:
      return type;
  }
}

/// The type of a column by its metadata; what has no type of its own here is text, as the result has it.
TypePtr PlainType(const ColumnInfo& column) {
  if (column.Type == "decimal") {
    const auto precision = column.Precision.value_or(38);
    const auto scale = column.Scale.value_or(0);
    if (precision < 1 || precision > 38 || scale < 0 || scale > precision) return arrow::utf8();
    return arrow::decimal128(static_cast<int32_t>(precision), static_cast<int32_t>(scale));
  }
  if (column.Type == "timestamp") return arrow::timestamp(arrow::TimeUnit::MICRO);
  if (column.Type == "timestamp with time zone") return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  if (column.Type == "time") return arrow::time64(arrow::TimeUnit::MICRO);
  if (column.Type == "varbinary" || column.Type == "binary") return arrow::binary();
  static constexpr std::string_view kPlain[] = {"boolean", "tinyint", "smallint", "integer", "int",
                                                "bigint",  "float",   "real",     "double",  "date"};
  if (std::find(std::begin(kPlain), std::end(kPlain), column.Type) == std::end(kPlain)) return arrow::utf8();
  const auto type = ParseAthenaType(column.Type);
  return type.ok() ? *type : arrow::utf8();
}

/// The Output is the root of the plan, or of its first fragment.
const json::object* FindOutput(const json::value& plan) {
  const auto* object = plan.if_object();
  if (object == nullptr) return nullptr;
  const auto* name = object->if_contains("name");
  if (name != nullptr && name->is_string() && name->get_string() == "Output") return object;
  for (const auto& [key, value] : *object) {
    const auto* inside = value.if_object();
    if (inside == nullptr) continue;
    const auto* inner = inside->if_contains("name");
    if (inner != nullptr && inner->is_string() && inner->get_string() == "Output") return inside;
  }
  return nullptr;
}

/// "[a, b]" as the descriptor has it. Names that hold ", " cannot be told apart: then there are too many.
std::vector<std::string> ColumnNames(const json::object& output) {
  std::vector<std::string> names;
  const auto* descriptor = output.if_contains("descriptor");
  if (descriptor == nullptr || !descriptor->is_object()) return names;
  const auto* list = descriptor->get_object().if_contains("columnNames");
  if (list == nullptr || !list->is_string()) return names;
  std::string_view text(list->get_string());
  if (text.size() < 2 || text.front() != '[') return names;
  text = text.substr(1, text.size() - 2);
  for (;;) {
    const size_t end = std::min(text.find(", "), text.size());
    names.emplace_back(text.substr(0, end));
    if (end == text.size()) return names;
    text.remove_prefix(end + 2);
  }
}

Status NoOutputs(std::string_view why) {
  return MakeError({.kind = ErrorKind::kCorrupt, .service = "athena"},
                   "EXPLAIN (FORMAT JSON) does not tell the columns: ", why);
}

}  // namespace

Result<std::vector<ExplainedColumn>> ReadExplainedColumns(std::string_view text) {
  boost::system::error_code error;
  const auto plan = json::parse(text, error);
  if (error) return NoOutputs(error.message());
  const auto* output = FindOutput(plan);
  const auto* outputs = output == nullptr ? nullptr : output->if_contains("outputs");
  if (outputs == nullptr || !outputs->is_array()) return NoOutputs("there is no Output with outputs");
  const auto names = ColumnNames(*output);
  std::vector<ExplainedColumn> columns;
  for (const auto& one : outputs->get_array()) {
    const auto* symbol = one.is_object() ? one.get_object().if_contains("symbol") : nullptr;
    // Trino has had both names of the field.
    const auto* name = symbol != nullptr || !one.is_object() ? symbol : one.get_object().if_contains("name");
    const auto* type = one.is_object() ? one.get_object().if_contains("type") : nullptr;
    if (type == nullptr || !type->is_string()) return NoOutputs("an output has no type");
    columns.push_back({.name = name != nullptr && name->is_string() ? std::string(name->get_string()) : "",
                       .type = std::string(type->get_string())});
  }
  if (names.size() == columns.size()) {
    for (size_t i = 0; i < names.size(); ++i) columns[i].name = names[i];
  }
  return columns;
}

Result<std::shared_ptr<arrow::Schema>> SchemaOf(const std::vector<ColumnInfo>& columns,
                                                const std::function<Result<std::vector<ExplainedColumn>>()>& explain,
                                                const std::function<void(std::string_view)>& note) {
  std::vector<ExplainedColumn> explained;
  const bool nested =
      std::any_of(columns.begin(), columns.end(), [](const ColumnInfo& column) { return IsNested(column.Type); });
  if (nested) {
    auto told = explain();
    if (told.ok() && told->size() == columns.size()) {
      explained = *std::move(told);
    } else {
      note("array, map and row columns are text: " +
           (told.ok() ? "EXPLAIN tells of other columns" : told.status().message()));
    }
  }
  arrow::FieldVector fields;
  for (size_t i = 0; i < columns.size(); ++i) {
    TypePtr type;
    if (!IsNested(columns[i].Type)) {
      type = PlainType(columns[i]);
    } else if (!explained.empty()) {
      const auto parsed = ParseAthenaType(explained[i].type);
      if (!parsed.ok()) note("column " + columns[i].Name + " is text: " + parsed.status().message());
      type = parsed.ok() ? InMicroseconds(*parsed) : arrow::utf8();
    } else {
      type = arrow::utf8();
    }
    fields.push_back(arrow::field(columns[i].Name, std::move(type)));
  }
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::Schema>> SchemaOf(const std::vector<ExplainedColumn>& columns) {
  arrow::FieldVector fields;
  for (const auto& column : columns) {
    ARROW_ASSIGN_OR_RAISE(const auto type, ParseAthenaType(column.type));
    fields.push_back(arrow::field(column.name, InMicroseconds(type)));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace glaux::athena
