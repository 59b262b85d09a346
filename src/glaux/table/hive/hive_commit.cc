#include <algorithm>
#include <set>

#include "glaux/base/parallel.h"
#include "glaux/table/hive/hive_commit_internal.h"
#include "glaux/table/hive/hive_entry.h"
#include "glaux/table/hive/hive_path.h"

namespace glaux {
namespace {

/// Columns of the record that the table lacks are appended, types are widened; all else of the table stays.
Result<TableEntry> UpdateTable(const HivePlace& place, const CommitRecord& record) {
  auto& catalog = *place.environment.catalog;
  for (;;) {
    auto table = catalog.GetTable(place.id);
    if (!table.ok()) {
      if (KindOf(table.status()) != ErrorKind::kNotFound || !record.create.has_value()) return table.status();
      const Status database = catalog.CreateDatabase({.name = place.id.database});
      if (!database.ok() && KindOf(database) != ErrorKind::kAlreadyExists) return database;
      auto created = catalog.CreateTable(*record.create);
      if (created.ok() || KindOf(created.status()) != ErrorKind::kAlreadyExists) return created;
      continue;
    }
    TableEntry next = *table;
    for (const auto& column : record.columns) {
      auto at = std::find_if(next.storage.columns.begin(), next.storage.columns.end(),
                             [&](const Column& c) { return c.name == column.name; });
      if (at == next.storage.columns.end()) {
        next.storage.columns.push_back(column);
      } else {
        at->type = column.type;
      }
    }
    for (const auto& [name, value] : record.parameters) {
      if (value.empty()) {
        next.parameters.erase(name);
      } else {
        next.parameters[name] = value;
      }
    }
    if (next.storage.columns == table->storage.columns && next.parameters == table->parameters) return table;
    auto committed = catalog.CommitTable(table->version_id, next);
    if (committed.ok() || KindOf(committed.status()) != ErrorKind::kPrecondition) return committed;
  }
}

}  // namespace

Result<HivePlace> HivePlace::Make(const HiveEnvironment& environment, TableId id, std::string location) {
  if (!location.empty() && location.back() != '/') location += '/';
  ARROW_ASSIGN_OR_RAISE(auto resolved, environment.resolve(location));
  HivePlace place{.environment = environment,
                  .id = std::move(id),
                  .location = std::move(location),
                  .store = std::move(resolved.store),
                  .prefix = std::move(resolved.key)};
  place.log = std::make_shared<CommitLog>(place.store, place.prefix);
  return place;
}

Result<int64_t> FinishCommit(const HivePlace& place, const CommitRecord& record, const arrow::StopToken& stop) {
  ARROW_RETURN_NOT_OK(ParallelFor(std::span(record.objects), 0, Pool::kIo, stop, [&](const PendingObject& object) {
    return Prefix(Complete(*place.store, object).status(), "commit " + record.id);
  }));
  ARROW_ASSIGN_OR_RAISE(const auto table, UpdateTable(place, record));
  if (!record.partitions.empty()) {
    std::vector<std::string> keys;
    for (const auto& key : table.partition_keys) keys.push_back(key.name);
    PartitionChange change;
    for (const auto& values : record.partitions) {
      change.put.push_back(MakePartitionEntry(table, values, place.location + PartitionPath(keys, values)));
    }
    ARROW_RETURN_NOT_OK(place.environment.catalog->ApplyPartitions(place.id, change));
  }
  ARROW_RETURN_NOT_OK(place.log->Finish(record));
  return static_cast<int64_t>(record.partitions.size());
}

Result<CommitLog::State> FinishOpenCommit(const HivePlace& place, const arrow::StopToken& stop, int64_t* finished) {
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(auto state, place.log->Read());
    if (state.open.empty()) return state;
    const auto record = place.log->ReadRecord(state.open);
    if (!record.ok()) {
      // The owner may have finished and dropped the record between the two reads.
      ARROW_ASSIGN_OR_RAISE(const auto now, place.log->Read());
      if (KindOf(record.status()) == ErrorKind::kNotFound && now.version != state.version) continue;
      return record.status();
    }
    ARROW_RETURN_NOT_OK(FinishCommit(place, *record, stop).status());
    if (finished != nullptr) ++*finished;
  }
}

}  // namespace glaux
