#include <algorithm>
#include <map>
#include <set>

#include "glaux/base/parallel.h"
#include "glaux/table/hive/hive_commit_internal.h"
#include "glaux/table/hive/hive_entry.h"
#include "glaux/table/hive/hive_path.h"

namespace glaux {
namespace {

/// Columns of the record that the table lacks are appended, types are widened, the location moves; all else of the
/// table stays. Nothing if somebody else has closed the commit.
Result<std::optional<TableEntry>> UpdateTable(const HivePlace& place, const CommitRecord& record) {
  auto& catalog = *place.environment.catalog;
  for (;;) {
    auto table = catalog.GetTable(place.id);
    // In this order: a later commit changes the entry only after this one is closed, so if it is open here, then an
    // entry that a later commit has changed is newer than the one above, and the swap below fails.
    ARROW_ASSIGN_OR_RAISE(const auto state, place.log->Read());
    if (state.open != record.id) return std::nullopt;
    if (!table.ok()) {
      if (KindOf(table.status()) != ErrorKind::kNotFound || !record.create.has_value()) return table.status();
      const Status database = catalog.CreateDatabase({.name = place.id.database});
      if (!database.ok() && KindOf(database) != ErrorKind::kAlreadyExists) return database;
      const auto created = catalog.CreateTable(*record.create);
      if (created.ok()) return *created;
      if (KindOf(created.status()) != ErrorKind::kAlreadyExists) return created.status();
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
    if (record.location_to.has_value()) {
      next.storage.location = *record.location_to;
      next.parameters[kRootParameter] = place.location;
    }
    if (next.storage == table->storage && next.parameters == table->parameters) return *table;
    const auto committed = catalog.CommitTable(table->version_id, next);
    if (committed.ok()) return *committed;
    if (KindOf(committed.status()) != ErrorKind::kPrecondition) return committed.status();
  }
}

/// Give partitions their new locations. What the catalog says of them beyond location and columns stays.
Status MovePartitions(const HivePlace& place, const TableEntry& table, const CommitRecord& record) {
  if (record.moves.empty()) return Status::OK();
  auto& catalog = *place.environment.catalog;
  std::map<std::vector<std::string>, std::optional<PartitionEntry>> known;
  for (const auto& move : record.moves) {
    if (move.to.has_value()) known.emplace(move.values, std::nullopt);
  }
  PartitionQuery query{.exclude_column_schema = true};
  do {
    ARROW_ASSIGN_OR_RAISE(auto page, catalog.GetPartitions(place.id, query));
    for (auto& entry : page.entries) {
      const auto at = known.find(entry.values);
      if (at != known.end()) at->second = std::move(entry);
    }
    query.page.next_token = std::move(page.next_token);
  } while (!query.page.next_token.empty());

  PartitionChange change{.replace_existing = true};
  for (const auto& move : record.moves) {
    if (!move.to.has_value()) {
      change.drop.push_back(move.values);
      continue;
    }
    auto& entry = known[move.values];
    if (!entry.has_value()) entry = MakePartitionEntry(table, move.values, *move.to);
    entry->storage.location = *move.to;
    entry->storage.columns = table.storage.columns;
    change.put.push_back(*std::move(entry));
  }
  return catalog.ApplyPartitions(place.id, change);
}

/// Partitions have no versions in a catalog: where somebody else has closed the commit while we changed them, later
/// commits may have moved them before we did. Do what those did again.
Status MoveAgainWhatCameAfter(const HivePlace& place, const TableEntry& table, const CommitRecord& record) {
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto state, place.log->Read());
    if (state.open == record.id) return Status::OK();
    auto after = std::find(state.recent.begin(), state.recent.end(), record.id);
    after = after == state.recent.end() ? state.recent.begin() : after + 1;
    std::vector<std::string> ids;
    for (const auto& item : state.replaced) {
      if (std::find(after, state.recent.end(), item.id) != state.recent.end()) ids.push_back(item.id);
    }
    if (state.open_replaces) ids.push_back(state.open);
    for (const auto& id : ids) {
      const auto later = place.log->ReadRecord(id);
      if (!later.ok() && KindOf(later.status()) == ErrorKind::kNotFound) continue;
      ARROW_RETURN_NOT_OK(later.status());
      ARROW_RETURN_NOT_OK(MovePartitions(place, table, *later));
    }
    ARROW_ASSIGN_OR_RAISE(const auto now, place.log->Read());
    if (now.version == state.version) return Status::OK();
  }
}

Status DoCommit(const HivePlace& place, const CommitRecord& record, const arrow::StopToken& stop) {
  ARROW_RETURN_NOT_OK(ParallelFor(std::span(record.objects), 0, Pool::kIo, stop, [&](const PendingObject& object) {
    return Prefix(Complete(*place.store, object).status(), "commit " + record.id);
  }));
  ARROW_ASSIGN_OR_RAISE(const auto table, UpdateTable(place, record));
  if (!table.has_value()) return Status::OK();
  if (!record.partitions.empty()) {
    std::vector<std::string> keys;
    for (const auto& key : table->partition_keys) keys.push_back(key.name);
    PartitionChange change;
    for (const auto& values : record.partitions) {
      change.put.push_back(MakePartitionEntry(*table, values, place.location + PartitionPath(keys, values)));
    }
    ARROW_RETURN_NOT_OK(place.environment.catalog->ApplyPartitions(place.id, change));
  }
  ARROW_RETURN_NOT_OK(MovePartitions(place, *table, record));
  if (!record.partitions.empty() || !record.moves.empty()) {
    ARROW_RETURN_NOT_OK(MoveAgainWhatCameAfter(place, *table, record));
  }
  const auto& resolve = place.environment.beside ? place.environment.beside : place.environment.resolve;
  for (const auto& attached : record.attached) {
    ARROW_RETURN_NOT_OK(Prefix(CompleteAttached(resolve, attached), "commit " + record.id));
  }
  return place.log->Finish(record, place.environment.clock->Now());
}

}  // namespace

std::string FolderOf(std::string location) {
  if (!location.empty() && location.back() != '/') location += '/';
  return location;
}

Result<HivePlace> HivePlace::Make(const HiveEnvironment& environment, const TableEntry& entry) {
  std::string location = FolderOf(entry.storage.location);
  // Somebody may have moved the table by hand since: then its root is where it is now.
  const auto root = entry.parameters.find(kRootParameter);
  if (root != entry.parameters.end() && !root->second.empty() && location.starts_with(FolderOf(root->second))) {
    location = FolderOf(root->second);
  }
  ARROW_ASSIGN_OR_RAISE(auto resolved, environment.resolve(location));
  HivePlace place{.environment = environment,
                  .id = entry.id,
                  .location = std::move(location),
                  .store = std::move(resolved.store),
                  .prefix = std::move(resolved.key),
                  .log = nullptr};
  place.log = std::make_shared<CommitLog>(place.store, place.prefix + "_glaux/");
  return place;
}

Status FinishCommit(const HivePlace& place, const CommitRecord& record, const arrow::StopToken& stop) {
  const Status done = DoCommit(place, record, stop);
  if (done.ok()) return done;
  // Whoever else has closed it has done all of it, and a later overwrite may have taken its files away already.
  const auto state = place.log->Read();
  return state.ok() && state->open != record.id ? Status::OK() : done;
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
    ARROW_RETURN_NOT_OK(FinishCommit(place, *record, stop));
    if (finished != nullptr) ++*finished;
  }
}

}  // namespace glaux
