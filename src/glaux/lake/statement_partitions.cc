#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <set>

#include "glaux/base/near_names.h"
#include "glaux/lake/statements_internal.h"
#include "glaux/schema/types.h"
#include "glaux/table/hive/hive_entry.h"
#include "glaux/table/hive/hive_path.h"

namespace glaux {
namespace {

using Values = std::vector<std::string>;

std::vector<std::string> KeysOf(const TableEntry& table) {
  std::vector<std::string> keys;
  for (const auto& key : table.partition_keys) keys.push_back(key.name);
  return keys;
}

/// "day=01/n=2"
std::string Shown(const TableEntry& table, const Values& values) {
  auto path = PartitionPath(KeysOf(table), values);
  if (!path.empty()) path.pop_back();
  return path;
}

std::string FolderOf(const TableEntry& table) {
  const std::string& location = table.storage.location;
  return location.ends_with('/') ? location : location + "/";
}

}  // namespace

Result<Values> Statements::ValuesOf(const TableEntry& table, const sql::PartitionSpec& spec) const {
  const std::string subject = "ALTER TABLE " + table.id.ToString() + " PARTITION";
  const auto keys = KeysOf(table);
  if (keys.empty()) return MakeError(ErrorKind::kInvalid, subject, ": the table has no partition keys");
  Values values(keys.size());
  std::vector<bool> given(keys.size());
  for (const auto& [key, value] : spec) {
    const auto at = std::find(keys.begin(), keys.end(), key);
    if (at == keys.end()) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = DidYouMean(key, keys)}, subject, ": ", key,
                       " is no partition key of the table");
    }
    const auto i = static_cast<size_t>(at - keys.begin());
    ARROW_ASSIGN_OR_RAISE(const auto type, ParseGlueType(table.partition_keys[i].type));
    if (value != kHiveNullPartition && !arrow::Scalar::Parse(type, value).ok()) {
      return MakeError(ErrorKind::kInvalid, subject, ": partition key ", key, ": expected ",
                       table.partition_keys[i].type, ", found ", value);
    }
    values[i] = value;
    given[i] = true;
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!given[i]) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "every partition key needs a value"}, subject,
                       ": the value of partition key ", keys[i], " is missing");
    }
  }
  return values;
}

Result<Statements::Rows> Statements::operator()(const sql::AddPartitions& add) {
  ARROW_ASSIGN_OR_RAISE(const auto table, TableOf("ALTER TABLE", add.table));
  const std::string statement = "ALTER TABLE " + table.id.ToString() + " ADD PARTITION";
  PartitionChange change;
  std::set<Values> asked;
  for (const auto& partition : add.partitions) {
    ARROW_ASSIGN_OR_RAISE(auto values, ValuesOf(table, partition.values));
    if (!asked.insert(values).second) {
      return MakeError(ErrorKind::kInvalid, statement, ": partition ", Shown(table, values), " is there twice");
    }
    std::string location = FolderOf(table) + PartitionPath(KeysOf(table), values);
    if (!partition.location.empty()) {
      ARROW_ASSIGN_OR_RAISE(location, CheckLocation(statement, partition.location));
    }
    change.put.push_back(MakePartitionEntry(table, std::move(values), std::move(location)));
  }
  if (!add.if_not_exists) {
    ARROW_ASSIGN_OR_RAISE(const auto there,
                          AllPartitions(catalog(), table.id, PartitionQuery{.exclude_column_schema = true}));
    for (const auto& partition : there) {
      if (!asked.contains(partition.values)) continue;
      return MakeError(
          {.kind = ErrorKind::kAlreadyExists, .hint = "ADD IF NOT EXISTS passes over those that are there"}, statement,
          ": partition ", Shown(table, partition.values), " is there already");
    }
  }
  ARROW_RETURN_NOT_OK(run_.BeginCommit());
  ARROW_RETURN_NOT_OK(catalog().ApplyPartitions(table.id, change));
  return NoRows();
}

Result<Statements::Rows> Statements::operator()(const sql::DropPartitions& drop) {
  ARROW_ASSIGN_OR_RAISE(const auto table, TableOf("ALTER TABLE", drop.table));
  PartitionChange change;
  for (const auto& partition : drop.partitions) {
    ARROW_ASSIGN_OR_RAISE(auto values, ValuesOf(table, partition));
    change.drop.push_back(std::move(values));
  }
  if (!drop.if_exists) {
    ARROW_ASSIGN_OR_RAISE(const auto there,
                          AllPartitions(catalog(), table.id, PartitionQuery{.exclude_column_schema = true}));
    std::set<Values> known;
    for (const auto& partition : there) known.insert(partition.values);
    for (const auto& values : change.drop) {
      if (known.contains(values)) continue;
      return MakeError({.kind = ErrorKind::kNotFound, .hint = "DROP IF EXISTS passes over those that are not there"},
                       "ALTER TABLE ", table.id.ToString(), " DROP PARTITION: there is no partition ",
                       Shown(table, values));
    }
  }
  ARROW_RETURN_NOT_OK(run_.BeginCommit());
  ARROW_RETURN_NOT_OK(catalog().ApplyPartitions(table.id, change));
  return NoRows();
}

Result<Statements::Rows> Statements::operator()(const sql::SetPartitionLocation& set) {
  ARROW_ASSIGN_OR_RAISE(const auto table, TableOf("ALTER TABLE", set.table));
  ARROW_ASSIGN_OR_RAISE(const auto values, ValuesOf(table, set.partition));
  ARROW_ASSIGN_OR_RAISE(auto location, CheckLocation("ALTER TABLE " + table.id.ToString(), set.location));
  ARROW_ASSIGN_OR_RAISE(auto there, AllPartitions(catalog(), table.id));
  const auto at = std::find_if(there.begin(), there.end(),
                               [&](const PartitionEntry& partition) { return partition.values == values; });
  if (at == there.end()) {
    return MakeError({.kind = ErrorKind::kNotFound, .hint = "ALTER TABLE … ADD PARTITION makes it"}, "ALTER TABLE ",
                     table.id.ToString(), ": there is no partition ", Shown(table, values));
  }
  at->storage.location = std::move(location);
  ARROW_RETURN_NOT_OK(run_.BeginCommit());
  ARROW_RETURN_NOT_OK(
      catalog().ApplyPartitions(table.id, {.put = {std::move(*at)}, .replace_existing = true, .drop = {}}));
  return NoRows();
}

Result<Statements::Rows> Statements::operator()(const sql::RepairTable& repair) {
  ARROW_ASSIGN_OR_RAISE(const auto entry, TableOf("MSCK REPAIR TABLE", repair.table));
  if (entry.partition_keys.empty()) return TextRows({"result"}, {});
  ARROW_ASSIGN_OR_RAISE(const auto table, environment_.open_table(entry.id));
  const auto values_now = [&]() -> Result<std::set<Values>> {
    ARROW_ASSIGN_OR_RAISE(const auto partitions,
                          AllPartitions(catalog(), entry.id, PartitionQuery{.exclude_column_schema = true}));
    std::set<Values> values;
    for (const auto& partition : partitions) values.insert(partition.values);
    return values;
  };
  ARROW_ASSIGN_OR_RAISE(const auto before, values_now());
  ARROW_RETURN_NOT_OK(run_.BeginCommit());
  // Uploads of others are none of this statement's business: no grace is long enough.
  constexpr auto kLeaveUploads = std::chrono::hours(24 * 365 * 10);
  ARROW_RETURN_NOT_OK(table->Repair(kLeaveUploads).status());
  ARROW_ASSIGN_OR_RAISE(const auto after, values_now());
  std::string missing = "Partitions not in metastore:";
  std::vector<std::vector<std::string>> rows;
  for (const auto& values : after) {
    if (before.contains(values)) continue;
    const std::string shown = entry.id.name + ":" + Shown(entry, values);
    missing += "\t" + shown;
    rows.push_back({"Repair: Added partition to metastore " + shown});
  }
  if (!rows.empty()) rows.insert(rows.begin(), {missing});
  return TextRows({"result"}, rows);
}

}  // namespace glaux
