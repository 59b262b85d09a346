// What an overwrite moves and replaces, and how what it replaced goes away.
#include <algorithm>
#include <map>
#include <set>

#include "glaux/base/parallel.h"
#include "glaux/table/hive/hive_commit_internal.h"
#include "glaux/table/hive/hive_path.h"

namespace glaux {
namespace {

/// Files outside the table's root are somebody else's: they are left where they are.
Status ListReplaced(const HivePlace& place, std::span<const std::string> locations, const arrow::StopToken& stop,
                    std::vector<std::string>* replaced) {
  std::vector<std::vector<std::string>> found(locations.size());
  ARROW_RETURN_NOT_OK(ParallelForIndex(locations.size(), 0, Pool::kIo, stop, [&](size_t i) -> Status {
    if (!locations[i].starts_with(place.location)) return Status::OK();
    return ForEachDataFile(place, locations[i], [&](std::string uri, const ObjectInfo&) {
      found[i].push_back(std::move(uri));
      return Status::OK();
    });
  }));
  std::set<std::string> all;
  for (auto& uris : found) all.insert(uris.begin(), uris.end());
  replaced->assign(all.begin(), all.end());
  return Status::OK();
}

Status DeleteFiles(const HivePlace& place, std::span<const std::string> uris, int64_t* removed) {
  constexpr size_t kAtOnce = 1000;
  for (size_t begin = 0; begin < uris.size(); begin += kAtOnce) {
    std::vector<std::string> keys;
    for (const auto& uri : uris.subspan(begin, std::min(kAtOnce, uris.size() - begin))) {
      if (uri.starts_with(place.location)) keys.push_back(place.prefix + uri.substr(place.location.size()));
    }
    if (keys.empty()) continue;
    ARROW_ASSIGN_OR_RAISE(const auto failures, place.store->Delete(keys));
    if (!failures.empty()) return failures.front().error;
    *removed += static_cast<int64_t>(keys.size());
  }
  return Status::OK();
}

}  // namespace

Status ForEachDataFile(const HivePlace& place, const std::string& location,
                       const std::function<Status(std::string uri, const ObjectInfo& object)>& visit) {
  ARROW_ASSIGN_OR_RAISE(const auto at, place.environment.resolve(location));
  return ForEachObject(*at.store, at.key, [&](const ObjectInfo& object) {
    const std::string_view below = std::string_view(object.key).substr(at.key.size());
    if (object.size == 0 || IsHiddenPath(below)) return Status::OK();
    return visit(location + std::string(below), object);
  });
}

Status DescribeOverwrite(const HivePlace& place, const TableEntry& entry, const AppendOptions& options,
                         const std::vector<std::vector<std::string>>& written, const arrow::StopToken& stop,
                         CommitRecord* record) {
  record->replaces = true;
  record->grace = options.grace;
  record->moves.clear();
  const std::string run = place.location + record->id + "/";
  std::vector<std::string> locations;
  if (entry.partition_keys.empty()) {
    record->location_from = FolderOf(entry.storage.location);
    record->location_to = run;
    locations.push_back(*record->location_from);
    return ListReplaced(place, locations, stop, &record->replaced);
  }
  std::vector<std::string> keys;
  for (const auto& key : entry.partition_keys) keys.push_back(key.name);
  std::set<std::vector<std::string>> replaced(options.replace_partitions.begin(), options.replace_partitions.end());
  std::map<std::vector<std::string>, PartitionMove> moves;
  for (const auto& values : written) {
    replaced.insert(values);
    moves[values] = {.values = values, .from = std::nullopt, .to = run + PartitionPath(keys, values)};
  }
  ARROW_ASSIGN_OR_RAISE(const auto partitions, AllPartitions(*place.environment.catalog, place.id,
                                                             PartitionQuery{.exclude_column_schema = true}));
  for (const auto& partition : partitions) {
    if (options.overwrite == Overwrite::kPartitions && !replaced.contains(partition.values)) continue;
    auto& move = moves[partition.values];
    move.values = partition.values;
    move.from = FolderOf(partition.storage.location);
    locations.push_back(*move.from);
  }
  for (auto& [values, move] : moves) record->moves.push_back(std::move(move));
  return ListReplaced(place, locations, stop, &record->replaced);
}

Result<int64_t> DropReplaced(const HivePlace& place) {
  ARROW_ASSIGN_OR_RAISE(const auto state, place.log->Read());
  const Timestamp now = place.environment.clock->Now();
  std::set<std::string> due;
  for (const auto& item : state.replaced) {
    if (item.until <= now) due.insert(item.id);
  }
  int64_t removed = 0;
  if (due.empty()) return removed;
  for (const auto& id : due) {
    const auto record = place.log->ReadRecord(id);
    if (!record.ok() && KindOf(record.status()) == ErrorKind::kNotFound) continue;  // somebody else was faster
    ARROW_RETURN_NOT_OK(record.status());
    ARROW_RETURN_NOT_OK(DeleteFiles(place, record->replaced, &removed));
  }
  // Only now: the record says which files are left if this is cut off.
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto before, place.log->Read());
    auto after = before;
    if (std::erase_if(after.replaced, [&](const auto& item) { return due.contains(item.id); }) == 0) break;
    const auto swapped = place.log->Swap(before, std::move(after));
    if (swapped.ok()) break;
    if (KindOf(swapped.status()) != ErrorKind::kPrecondition) return swapped.status();
  }
  for (const auto& id : due) ARROW_RETURN_NOT_OK(place.log->DropRecord(id));
  return removed;
}

}  // namespace glaux
