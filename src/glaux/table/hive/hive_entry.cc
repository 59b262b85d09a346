#include "glaux/table/hive/hive_entry.h"

#include <arrow/api.h>

#include <set>

#include "glaux/schema/types.h"

namespace glaux {
namespace {

bool IsTime(const arrow::DataType& type) {
  return type.id() == arrow::Type::TIMESTAMP || type.id() == arrow::Type::DATE32 || type.id() == arrow::Type::DATE64;
}

}  // namespace

Result<std::vector<Column>> PartitionKeysOf(std::span<const PartitionField> spec, const arrow::Schema& columns) {
  std::vector<Column> keys;
  std::set<std::string> names, identities;
  for (const auto& field : spec) {
    const auto source = field.source_column.empty() ? nullptr : columns.GetFieldByName(field.source_column);
    if (source == nullptr && !field.source_column.empty()) {
      return MakeError({.kind = ErrorKind::kInvalid,
                        .hint = "columns are: " +
                                [&] {
                                  std::string list;
                                  for (const auto& name : columns.field_names())
                                    list += (list.empty() ? "" : ", ") + name;
                                  return list.size() > 400 ? list.substr(0, 400) + "…" : list;
                                }()},
                       "partition by ", ToString(spec), ": there is no column ", field.source_column);
    }
    if (field.transform == Transform::kIdentity) {
      ARROW_ASSIGN_OR_RAISE(auto type, ToGlueType(*source->type()));
      identities.insert(source->name());
      if (!names.insert(source->name()).second) {
        return MakeError(ErrorKind::kInvalid, "partition by ", ToString(spec), ": key ", source->name(),
                         " appears twice");
      }
      keys.push_back({.name = source->name(), .type = std::move(type)});
      continue;
    }
    if (source != nullptr && !IsTime(*source->type())) {
      return MakeError(ErrorKind::kInvalid, "partition by ", ToString(spec), ": column ", source->name(),
                       " must be a date or timestamp, found: ", source->type()->ToString());
    }
    for (const auto& key : TimeKeysOf(field.transform)) {
      if (!names.insert(key).second) {
        return MakeError(ErrorKind::kInvalid, "partition by ", ToString(spec), ": key ", key, " appears twice");
      }
      keys.push_back({.name = key, .type = "string"});
    }
  }
  for (const auto& column : columns.fields()) {
    if (names.contains(column->name()) && !identities.contains(column->name())) {
      return MakeError(
          {.kind = ErrorKind::kInvalid, .hint = "partition by the column itself, or rename it in the data"},
          "partition by ", ToString(spec), ": the data has a column ", column->name(),
          ", and the partition key has the same name");
    }
  }
  return keys;
}

Result<std::vector<Column>> ColumnsOf(const arrow::Schema& schema, std::span<const PartitionField> spec) {
  std::vector<Column> columns;
  for (const auto& field : schema.fields()) {
    const bool is_key = std::any_of(spec.begin(), spec.end(), [&](const PartitionField& key) {
      return key.transform == Transform::kIdentity && key.source_column == field->name();
    });
    if (is_key) continue;
    auto type = ToGlueType(*field->type());
    if (!type.ok()) return Prefix(type.status(), "column " + field->name());
    columns.push_back({.name = field->name(), .type = *std::move(type)});
  }
  return columns;
}

TableEntry MakeParquetTableEntry(TableId id, std::string location, std::vector<Column> columns,
                                 std::vector<Column> partition_keys, std::span<const PartitionField> spec) {
  TableEntry table{.id = std::move(id)};
  table.table_type = "EXTERNAL_TABLE";
  table.partition_keys = std::move(partition_keys);
  table.parameters = {{"EXTERNAL", "TRUE"}, {"classification", "parquet"}};
  if (!spec.empty()) table.parameters[kPartitionByParameter] = ToString(spec);
  auto& storage = table.storage;
  storage.columns = std::move(columns);
  storage.location = std::move(location);
  storage.input_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat";
  storage.output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat";
  storage.serde_info.serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";
  storage.serde_info.parameters = {{"serialization.format", "1"}};
  return table;
}

PartitionEntry MakePartitionEntry(const TableEntry& table, std::vector<std::string> values, std::string location) {
  PartitionEntry partition{.values = std::move(values), .storage = table.storage};
  partition.storage.location = std::move(location);
  return partition;
}

Result<std::vector<std::shared_ptr<arrow::Field>>> FieldsOf(std::span<const Column> columns) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const auto& column : columns) {
    auto type = ParseGlueType(column.type);
    if (!type.ok()) return Prefix(type.status(), "column " + column.name);
    fields.push_back(arrow::field(column.name, *std::move(type)));
  }
  return fields;
}

}  // namespace glaux
