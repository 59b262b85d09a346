// What an overwrite moves and replaces, and how what it replaced goes away.
#include <algorithm>
#include <map>
#include <set>

#include "glaux/base/parallel.h"
#include "glaux/table/hive/file_layout_internal.h"
#include "glaux/table/hive/folder_catalog_internal.h"
#include "glaux/table/hive/hive_path.h"

namespace glaux {
namespace {

/// Files outside the table's root are somebody else's: they are left where they are.
Status ListReplaced(const HivePlace& place, const FileLayout& layout, std::span<const std::string> locations,
                    const arrow::StopToken& stop, std::vector<std::string>* replaced) {
  std::vector<std::vector<std::string>> found(locations.size());
  ARROW_RETURN_NOT_OK(ParallelForIndex(locations.size(), 0, Pool::kIo, stop, [&](size_t i) -> Status {
    if (!locations[i].starts_with(place.location)) return Status::OK();
    return ForEachDataFile(place, layout, locations[i], [&](const std::string& uri, const ObjectInfo&) {
      found[i].push_back(uri.substr(place.location.size()));
      return Status::OK();
    });
  }));
  std::set<std::string> all;
  for (auto& paths : found) all.insert(paths.begin(), paths.end());
  replaced->assign(all.begin(), all.end());
  return Status::OK();
}

Status DeleteFiles(const HivePlace& place, std::span<const std::string> paths, int64_t* removed) {
  constexpr size_t kAtOnce = 1000;
  for (size_t begin = 0; begin < paths.size(); begin += kAtOnce) {
    std::vector<std::string> keys;
    for (const auto& path : paths.subspan(begin, std::min(kAtOnce, paths.size() - begin))) {
      keys.push_back(place.prefix + path);
    }
    ARROW_ASSIGN_OR_RAISE(const auto failures, place.store->Delete(keys));
    if (!failures.empty()) return failures.front().error;
    *removed += static_cast<int64_t>(keys.size());
  }
  return Status::OK();
}

}  // namespace

Status ForEachDataFile(const HivePlace& place, const FileLayout& layout, const std::string& location,
                       const std::function<Status(std::string uri, const ObjectInfo& object)>& visit) {
  ARROW_ASSIGN_OR_RAISE(const auto at, place.environment.resolve(location));
  return ForEachObject(*at.store, at.key, [&](const ObjectInfo& object) {
    const std::string_view below = std::string_view(object.key).substr(at.key.size());
    if (object.size == 0 || IsHiddenPath(below)) return Status::OK();
    if (layout.folder && (below.find('/') != std::string_view::npos || !layout.Counts(below))) return Status::OK();
    return visit(location + std::string(below), object);
  });
}

Result<std::vector<PartitionEntry>> PartitionsOf(const HivePlace& place, const FileLayout& layout,
                                                 std::span<const std::string> keys, const std::string& expression,
                                                 bool columns) {
  if (layout.folder) return PartitionFolders(*place.store, place.prefix, place.location, keys);
  return AllPartitions(*place.environment.catalog, place.id,
                       PartitionQuery{.expression = expression, .exclude_column_schema = !columns});
}

Status DescribeOverwrite(const HivePlace& place, const FileLayout& layout, const TableEntry& entry,
                         const AppendOptions& options, const std::vector<std::vector<std::string>>& written,
                         const arrow::StopToken& stop, CommitRecord* record, CommitSummary* summary) {
  if (!layout.single.empty()) return Status::OK();  // completing the upload replaces it
  record->replaces = true;
  record->grace = layout.folder ? std::chrono::seconds(0) : options.grace;
  const std::string run = place.location + record->id + "/";
  std::vector<std::string> locations;
  std::map<std::vector<std::string>, PartitionMove> moves;
  if (entry.partition_keys.empty()) {
    locations.push_back(FolderOf(entry.storage.location));
    if (!layout.folder) {
      record->location_from = locations.front();
      record->location_to = run;
    }
  } else {
    std::vector<std::string> keys;
    for (const auto& key : entry.partition_keys) keys.push_back(key.name);
    std::set<std::vector<std::string>> named(options.replace_partitions.begin(), options.replace_partitions.end());
    for (const auto& values : written) {
      named.insert(values);
      moves[values] = {.values = values, .from = std::nullopt, .to = run + PartitionPath(keys, values)};
    }
    ARROW_ASSIGN_OR_RAISE(const auto partitions, PartitionsOf(place, layout, keys));
    for (const auto& partition : partitions) {
      if (options.overwrite != Overwrite::kTable && !named.contains(partition.values)) continue;
      auto& move = moves[partition.values];
      move.values = partition.values;
      move.from = FolderOf(partition.storage.location);
      locations.push_back(*move.from);
    }
  }
  for (auto& [values, move] : moves) {
    ++(move.from.has_value() ? summary->partitions_replaced : summary->partitions_added);
    if (!layout.folder) record->moves.push_back(std::move(move));
  }
  ARROW_RETURN_NOT_OK(ListReplaced(place, layout, locations, stop, &record->replaced));
  summary->files_replaced = static_cast<int64_t>(record->replaced.size());
  return Status::OK();
}

Result<std::set<std::string>> ReplacedFiles(const HivePlace& place, const CommitLog::State& state) {
  std::set<std::string> files;
  for (const auto& item : state.replaced) {
    const auto record = place.log->ReadRecord(item.id);
    if (!record.ok() && KindOf(record.status()) == ErrorKind::kNotFound) continue;  // they are gone
    ARROW_RETURN_NOT_OK(record.status());
    for (const auto& path : record->replaced) files.insert(place.location + path);
  }
  return files;
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
