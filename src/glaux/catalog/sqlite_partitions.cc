#include <algorithm>
#include <set>

#include "glaux/catalog/entry_rules.h"
#include "glaux/catalog/partition_filter_internal.h"
#include "glaux/catalog/partition_key_internal.h"
#include "glaux/catalog/sqlite_storage_internal.h"

namespace glaux::sqlite {
namespace {

constexpr std::string_view kSelectUnbounded =
    "SELECT key, shape_id, location, storage_parameters, parameters, creation_time FROM partitions "
    "WHERE table_id = ? AND key >= ? ORDER BY key";
constexpr std::string_view kSelectBounded =
    "SELECT key, shape_id, location, storage_parameters, parameters, creation_time FROM partitions "
    "WHERE table_id = ? AND key >= ? AND key < ? ORDER BY key";

constexpr std::string_view kSelectOne =
    "SELECT key, shape_id, location, storage_parameters, parameters, creation_time FROM partitions "
    "WHERE table_id = ? AND key = ?";

std::string ShownValues(const TableId& table, const std::vector<std::string>& values) {
  std::string text = "partition [";
  for (const auto& value : values) {
    if (&value != &values.front()) text += ", ";
    for (const char c : value) text += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return text + "] of table " + table.ToString();
}

/// PartitionChange::Expect, before anything changes.
Status CheckExpected(Connection& connection, const TableId& table, int64_t table_id, const PartitionChange& change) {
  using Expect = PartitionChange::Expect;
  if (change.expect == Expect::kAnything) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto look, connection.Prepare(kSelectOne));
  const auto is_there = [&](const std::vector<std::string>& values) -> Result<bool> {
    look.Bind(table_id, Blob{EncodePartitionKey(values)});
    return look.Step();
  };
  const auto needed = [&](const std::vector<std::string>& values) -> Status {
    ARROW_ASSIGN_OR_RAISE(const bool there, is_there(values));
    return there ? Status::OK() : MakeError(ErrorKind::kNotFound, ShownValues(table, values), " is not there");
  };
  if (change.expect != Expect::kNew) {
    for (const auto& values : change.drop) ARROW_RETURN_NOT_OK(needed(values));
  }
  std::set<std::vector<std::string>> seen;
  if (change.expect == Expect::kMoves) seen.insert(change.drop.begin(), change.drop.end());
  for (const auto& partition : change.put) {
    if (change.expect == Expect::kThere) {
      ARROW_RETURN_NOT_OK(needed(partition.values));
      continue;
    }
    // A partition that is dropped makes place for one that is put, once.
    if (change.expect == Expect::kMoves && seen.erase(partition.values) > 0) continue;
    ARROW_ASSIGN_OR_RAISE(const bool there, is_there(partition.values));
    if (there || !seen.insert(partition.values).second) {
      return MakeError(ErrorKind::kAlreadyExists, ShownValues(table, partition.values), " is there already");
    }
  }
  return Status::OK();
}

/// What a page token is good for. Lengths keep the parts apart.
std::string RequestOf(const TableId& table, const PartitionQuery& query) {
  const Segment segment = query.segment.value_or(Segment{});
  std::string out = "partitions";
  for (const std::string& part :
       {table.database, table.name, query.expression, std::to_string(segment.number), std::to_string(segment.total)}) {
    out.append(" ").append(std::to_string(part.size())).append(" ").append(part);
  }
  return out;
}

Result<std::vector<Column>> PartitionKeys(Connection& connection, const TableId& table, const TableRow& row) {
  ARROW_ASSIGN_OR_RAISE(auto entry, ReadTableVersion(connection, table, row.id, row.version));
  if (!entry) {
    return Damaged(connection, "table " + table.ToString(), MakeError(ErrorKind::kCorrupt, "its version is not there"));
  }
  return std::move(entry->partition_keys);
}

Result<PartitionEntry> ReadEntry(const Statement& row, std::vector<std::string> values, Shapes& shapes,
                                 const PartitionQuery& query) {
  PartitionEntry entry;
  entry.values = std::move(values);
  ARROW_ASSIGN_OR_RAISE(const auto* shape, shapes.Get(row.Int(1)));
  if (query.exclude_column_schema) {
    // Field by field: copying 200 columns to drop them is what the caller wants to avoid.
    entry.storage.input_format = shape->input_format;
    entry.storage.output_format = shape->output_format;
    entry.storage.compressed = shape->compressed;
    entry.storage.number_of_buckets = shape->number_of_buckets;
    entry.storage.serde_info = shape->serde_info;
    entry.storage.bucket_columns = shape->bucket_columns;
    entry.storage.sort_columns = shape->sort_columns;
    entry.storage.stored_as_sub_directories = shape->stored_as_sub_directories;
  } else {
    entry.storage = *shape;
  }
  entry.storage.location = row.Bytes(2);
  ARROW_ASSIGN_OR_RAISE(entry.storage.parameters, ReadParameters(row.Bytes(3)));
  ARROW_ASSIGN_OR_RAISE(entry.parameters, ReadParameters(row.Bytes(4)));
  entry.creation_time = Timestamp(std::chrono::microseconds(row.Int(5)));
  return entry;
}

}  // namespace

Result<Page<PartitionEntry>> ReadPartitions(Connection& connection, const TableId& table, const PartitionQuery& query) {
  ARROW_RETURN_NOT_OK(CheckPage(query.page));
  if (query.segment) ARROW_RETURN_NOT_OK(CheckSegment(*query.segment));
  ARROW_ASSIGN_OR_RAISE(const TableRow row, FindTable(connection, table));
  ARROW_ASSIGN_OR_RAISE(const auto keys, PartitionKeys(connection, table, row));
  ARROW_ASSIGN_OR_RAISE(auto filter, PartitionFilter::Make(table, keys, query.expression));

  // A token holds the last key of its page: what others add or drop meanwhile neither repeats nor hides a partition.
  const std::string request = RequestOf(table, query);
  std::string after;
  if (!query.page.next_token.empty()) {
    ARROW_ASSIGN_OR_RAISE(after, ReadPageToken(request, query.page.next_token));
    after += '\0';  // the next byte string
  }

  Shapes shapes(connection, row.id);
  Page<PartitionEntry> page;
  std::string last_key;
  ARROW_ASSIGN_OR_RAISE(auto bounded, connection.Prepare(kSelectBounded));
  ARROW_ASSIGN_OR_RAISE(auto unbounded, connection.Prepare(kSelectUnbounded));
  for (const auto& range : filter.ranges()) {
    if (range.last && *range.last <= after) continue;
    const Blob first{std::max(range.first, after)};
    Statement& rows = range.last ? bounded : unbounded;
    if (range.last) {
      bounded.Bind(row.id, first, Blob{*range.last});
    } else {
      unbounded.Bind(row.id, first);
    }
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const bool found, rows.Step());
      if (!found) break;
      const std::string_view key = rows.Bytes(0);
      if (query.segment && !InSegment(key, *query.segment)) continue;
      auto values = DecodePartitionKey(key);
      if (values.ok() && values->size() != keys.size()) {
        values = MakeError(ErrorKind::kCorrupt, "it has ", values->size(), " values for ", keys.size(), " keys");
      }
      if (!values.ok()) return Damaged(connection, "a partition of table " + table.ToString(), values.status());
      ARROW_ASSIGN_OR_RAISE(const bool matches, filter.Matches(*values));
      if (!matches) continue;
      if (page.entries.size() == static_cast<size_t>(query.page.max_results)) {
        page.next_token = MakePageToken(request, last_key);
        return page;
      }
      auto entry = ReadEntry(rows, std::move(*values), shapes, query);
      if (!entry.ok()) return Damaged(connection, "a partition of table " + table.ToString(), entry.status());
      page.entries.push_back(std::move(*entry));
      last_key = key;
    }
  }
  return page;
}

Result<std::vector<PartitionEntry>> FindPartitions(Connection& connection, const TableId& table,
                                                   std::span<const std::vector<std::string>> values) {
  ARROW_ASSIGN_OR_RAISE(const TableRow row, FindTable(connection, table));
  ARROW_ASSIGN_OR_RAISE(const auto keys, PartitionKeys(connection, table, row));
  Shapes shapes(connection, row.id);
  std::vector<PartitionEntry> found;
  ARROW_ASSIGN_OR_RAISE(auto rows, connection.Prepare(kSelectOne));
  for (const auto& wanted : values) {
    ARROW_RETURN_NOT_OK(CheckPartitionValues(table, keys, wanted));
    rows.Bind(row.id, Blob{EncodePartitionKey(wanted)});
    ARROW_ASSIGN_OR_RAISE(const bool there, rows.Step());
    if (!there) continue;
    auto entry = ReadEntry(rows, wanted, shapes, {});
    if (!entry.ok()) return Damaged(connection, "a partition of table " + table.ToString(), entry.status());
    found.push_back(std::move(*entry));
  }
  return found;
}

Status WritePartitions(Connection& connection, const TableId& table, const PartitionChange& change, Timestamp now) {
  ARROW_ASSIGN_OR_RAISE(const TableRow row, FindTable(connection, table));
  ARROW_ASSIGN_OR_RAISE(const auto keys, PartitionKeys(connection, table, row));

  ARROW_RETURN_NOT_OK(CheckExpected(connection, table, row.id, change));
  ARROW_ASSIGN_OR_RAISE(auto drop, connection.Prepare("DELETE FROM partitions WHERE table_id = ? AND key = ?"));
  for (const auto& values : change.drop) {
    ARROW_RETURN_NOT_OK(CheckPartitionValues(table, keys, values));
    const std::string key = EncodePartitionKey(values);
    drop.Bind(row.id, Blob{key});
    ARROW_RETURN_NOT_OK(drop.Run());
    ARROW_RETURN_NOT_OK(ForgetStatistics(connection, row.id, &key));
  }

  std::string sql =
      "INSERT INTO partitions(table_id, key, shape_id, location, storage_parameters, parameters, creation_time) "
      "VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT(table_id, key) DO ";
  sql += change.replace_existing ? "UPDATE SET shape_id = excluded.shape_id, location = excluded.location, "
                                   "storage_parameters = excluded.storage_parameters, parameters = excluded.parameters"
                                 : "NOTHING";
  ARROW_ASSIGN_OR_RAISE(auto put, connection.Prepare(sql));
  Shapes shapes(connection, row.id);
  const StorageDescriptor* last = nullptr;  // of the last partition, as given
  int64_t shape = 0;
  for (const auto& partition : change.put) {
    ARROW_RETURN_NOT_OK(CheckPartitionValues(table, keys, partition.values));
    if (last == nullptr || !SameShape(*last, partition.storage)) {
      StorageDescriptor storage = partition.storage;
      ARROW_RETURN_NOT_OK(CheckDescriptor("partition of table " + table.ToString(), &storage));
      ARROW_ASSIGN_OR_RAISE(shape, shapes.Intern(storage));
      last = &partition.storage;
    }
    put.Bind(row.id, Blob{EncodePartitionKey(partition.values)}, shape, partition.storage.location,
             PrintParameters(partition.storage.parameters), PrintParameters(partition.parameters),
             int64_t{now.time_since_epoch().count()});
    ARROW_RETURN_NOT_OK(put.Run());
  }
  return Status::OK();
}

}  // namespace glaux::sqlite
