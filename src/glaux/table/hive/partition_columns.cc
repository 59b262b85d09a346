#include "glaux/table/hive/partition_columns_internal.h"

#include <arrow/api.h>

#include <algorithm>

#include "glaux/schema/evolution.h"
#include "glaux/schema/types.h"
#include "glaux/table/hive/hive_path.h"

namespace glaux {
namespace {

/// Whether a file with a column of type `stored` is read as `wanted`.
Result<bool> Reads(const std::string& stored, const std::string& wanted) {
  ARROW_ASSIGN_OR_RAISE(const auto in_partition, ParseGlueType(stored));
  ARROW_ASSIGN_OR_RAISE(const auto in_table, ParseGlueType(wanted));
  const auto schema = [](const auto& type) { return arrow::schema({arrow::field("c", type)}); };
  return PlanEvolution(*schema(in_table), *schema(in_partition),
                       {.columns = ContractMode::kDiscardValue, .data_type = ContractMode::kFreeze}, {}, "")
      .ok();
}

}  // namespace

Status PartitionColumns::Check(const PartitionEntry& partition) {
  const auto& columns = partition.storage.columns;
  if (columns.empty() || columns == good_ || columns == table_.storage.columns) return Status::OK();
  for (const auto& column : columns) ARROW_RETURN_NOT_OK(CheckOne(partition, column));
  good_ = columns;
  return Status::OK();
}

Status PartitionColumns::CheckOne(const PartitionEntry& partition, const Column& column) const {
  const auto& known = table_.storage.columns;
  const auto at = std::find_if(known.begin(), known.end(), [&](const Column& one) { return one.name == column.name; });
  if (at == known.end() || at->type == column.type) return Status::OK();
  const auto reads = Reads(column.type, at->type);
  if (reads.ok() && *reads) return Status::OK();
  std::vector<std::string> keys;
  for (const auto& key : table_.partition_keys) keys.push_back(key.name);
  return MakeError(
      {.kind = ErrorKind::kInvalid,
       .code = "HIVE_PARTITION_SCHEMA_MISMATCH",
       .hint = "register the partition anew with the columns of the table, or change the table's type back"},
      "HIVE_PARTITION_SCHEMA_MISMATCH: column ", column.name, " of table ", table_.id.ToString(), " is ", at->type,
      ", and partition ", PartitionPath(keys, partition.values), " has it as ", column.type);
}

}  // namespace glaux
