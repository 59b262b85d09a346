#include <algorithm>
#include <set>

#include "glaux/catalog/entry_rules.h"
#include "glaux/catalog/partition_key_internal.h"
#include "glaux/catalog/sqlite_storage_internal.h"

namespace glaux::sqlite {
namespace {

// Most catalogs have none, so the table comes with the first of them; a glaux that does not know it passes it over, and
// since ids of tables are never used again, what such a glaux leaves behind belongs to nobody.
constexpr char kMakeTable[] = R"(
  CREATE TABLE IF NOT EXISTS column_statistics(
    table_id INTEGER NOT NULL,
    key BLOB NOT NULL,
    column TEXT NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    analyzed_time INTEGER NOT NULL,
    PRIMARY KEY(table_id, key, column)) WITHOUT ROWID;
)";

Result<bool> HasTable(Connection& connection) {
  ARROW_ASSIGN_OR_RAISE(const auto there,
                        connection.Number("SELECT 1 FROM sqlite_schema WHERE name = 'column_statistics'"));
  return there.has_value();
}

/// Whose statistics they are: of a table, whose key is empty, or of a partition.
struct Subject {
  int64_t table_id = 0;
  std::string key;
  std::set<std::string> columns;
};

Result<Subject> FindSubject(Connection& connection, const TableId& table, const std::vector<std::string>& partition) {
  ARROW_ASSIGN_OR_RAISE(const TableRow row, FindTable(connection, table));
  ARROW_ASSIGN_OR_RAISE(const auto entry, ReadTableVersion(connection, table, row.id, row.version));
  if (!entry) {
    return Damaged(connection, "table " + table.ToString(), MakeError(ErrorKind::kCorrupt, "its version is not there"));
  }
  Subject subject{.table_id = row.id, .key = {}, .columns = {}};
  for (const auto* columns : {&entry->storage.columns, &entry->partition_keys}) {
    for (const auto& column : *columns) subject.columns.insert(column.name);
  }
  if (partition.empty()) return subject;
  ARROW_RETURN_NOT_OK(CheckPartitionValues(table, entry->partition_keys, partition));
  subject.key = EncodePartitionKey(partition);
  ARROW_ASSIGN_OR_RAISE(const auto there, connection.Number("SELECT 1 FROM partitions WHERE table_id = ? AND key = ?",
                                                            row.id, Blob{subject.key}));
  if (!there) return MakeError(ErrorKind::kNotFound, "the partition of table ", table.ToString(), " is not there");
  return subject;
}

}  // namespace

Result<std::vector<ColumnStatistics>> ReadStatistics(Connection& connection, const TableId& table,
                                                     const std::vector<std::string>& partition,
                                                     std::span<const std::string> columns) {
  ARROW_ASSIGN_OR_RAISE(const auto subject, FindSubject(connection, table, partition));
  std::vector<ColumnStatistics> found;
  ARROW_ASSIGN_OR_RAISE(const bool there, HasTable(connection));
  if (!there) return found;
  ARROW_ASSIGN_OR_RAISE(auto row, connection.Prepare("SELECT type, data, analyzed_time FROM column_statistics "
                                                     "WHERE table_id = ? AND key = ? AND column = ?"));
  for (const auto& name : columns) {
    ARROW_ASSIGN_OR_RAISE(auto column, CheckName("column", name));
    row.Bind(subject.table_id, Blob{subject.key}, column);
    ARROW_ASSIGN_OR_RAISE(const bool known, row.Step());
    if (!known) continue;
    found.push_back({.column = std::move(column),
                     .type = std::string(row.Bytes(0)),
                     .data = std::string(row.Bytes(1)),
                     .analyzed_time = Timestamp(std::chrono::microseconds(row.Int(2)))});
  }
  return found;
}

Status WriteStatistics(Connection& connection, const TableId& table, const std::vector<std::string>& partition,
                       const StatisticsChange& change) {
  ARROW_ASSIGN_OR_RAISE(const auto subject, FindSubject(connection, table, partition));
  const auto known = [&](const std::string& name) -> Result<std::string> {
    ARROW_ASSIGN_OR_RAISE(auto column, CheckName("column", name));
    if (subject.columns.contains(column)) return column;
    return MakeError(ErrorKind::kNotFound, "table ", table.ToString(), " has no column ", column);
  };
  ARROW_RETURN_NOT_OK(connection.Execute(kMakeTable));
  for (const auto& name : change.drop) {
    ARROW_ASSIGN_OR_RAISE(const auto column, known(name));
    ARROW_RETURN_NOT_OK(connection.Run("DELETE FROM column_statistics WHERE table_id = ? AND key = ? AND column = ?",
                                       subject.table_id, Blob{subject.key}, column));
  }
  for (const auto& one : change.put) {
    ARROW_ASSIGN_OR_RAISE(const auto column, known(one.column));
    ARROW_RETURN_NOT_OK(
        connection.Run("INSERT OR REPLACE INTO column_statistics(table_id, key, column, type, data, analyzed_time) "
                       "VALUES(?, ?, ?, ?, ?, ?)",
                       subject.table_id, Blob{subject.key}, column, one.type, one.data,
                       int64_t{one.analyzed_time.time_since_epoch().count()}));
  }
  return Status::OK();
}

Status ForgetStatistics(Connection& connection, int64_t table_id, const std::string* partition_key) {
  ARROW_ASSIGN_OR_RAISE(const bool there, HasTable(connection));
  if (!there) return Status::OK();
  if (partition_key == nullptr) return connection.Run("DELETE FROM column_statistics WHERE table_id = ?", table_id);
  return connection.Run("DELETE FROM column_statistics WHERE table_id = ? AND key = ?", table_id, Blob{*partition_key});
}

}  // namespace glaux::sqlite
