#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/catalog/catalog.h"
#include "glaux/catalog/sqlite_connection_internal.h"

namespace glaux::sqlite {

/// Text of a stored JSON column, parsed. kCorrupt.
Result<Parameters> ReadParameters(std::string_view text);
/// Nothing for an empty map: most partitions have none.
std::optional<std::string> PrintParameters(const Parameters& parameters);

/// A kCorrupt error about what is stored, whatever kind the reader gave.
Status Damaged(const Connection& connection, std::string_view what, const Status& status);

/// The storage descriptors of one table, each stored once without location and parameters. For one transaction.
class Shapes {
 public:
  Shapes(Connection& connection, int64_t table_id) : connection_(connection), table_id_(table_id) {}

  /// The id of a descriptor's shape, adding it to the table's if it is new.
  Result<int64_t> Intern(const StorageDescriptor& storage);
  /// The shape with this id: a descriptor with neither location nor parameters. Good as long as this object.
  Result<const StorageDescriptor*> Get(int64_t id);

 private:
  Connection& connection_;
  int64_t table_id_;
  std::map<std::string, int64_t> ids_;
  std::map<int64_t, StorageDescriptor> shapes_;
};

/// Whether two descriptors differ at most in location and parameters.
bool SameShape(const StorageDescriptor& left, const StorageDescriptor& right);

/// A table's row.
struct TableRow {
  int64_t id = 0;
  int64_t version = 0;
};

/// kNotFound names the database or the table. `id` is folded.
Result<int64_t> FindDatabase(Connection& connection, std::string_view name);
Result<TableRow> FindTable(Connection& connection, const TableId& id);

/// The version of a table; nothing if there is none with this number.
Result<std::optional<TableEntry>> ReadTableVersion(Connection& connection, const TableId& id, int64_t table_id,
                                                   int64_t version);
Status WriteTableVersion(Connection& connection, int64_t table_id, int64_t version, const TableEntry& table);

/// Catalog::GetPartitions, FindPartitions and ApplyPartitions, inside a transaction of the caller. `table` is folded.
Result<Page<PartitionEntry>> ReadPartitions(Connection& connection, const TableId& table, const PartitionQuery& query);
Result<std::vector<PartitionEntry>> FindPartitions(Connection& connection, const TableId& table,
                                                   std::span<const std::vector<std::string>> values);
Status WritePartitions(Connection& connection, const TableId& table, const PartitionChange& change, Timestamp now);

/// Catalog::GetStatistics and ApplyStatistics, inside a transaction of the caller. `table` is folded.
Result<std::vector<ColumnStatistics>> ReadStatistics(Connection& connection, const TableId& table,
                                                     const std::vector<std::string>& partition,
                                                     std::span<const std::string> columns);
Status WriteStatistics(Connection& connection, const TableId& table, const std::vector<std::string>& partition,
                       const StatisticsChange& change);
/// Forget those of a table with its partitions, or of the partition with this key.
Status ForgetStatistics(Connection& connection, int64_t table_id, const std::string* partition_key = nullptr);

}  // namespace glaux::sqlite
