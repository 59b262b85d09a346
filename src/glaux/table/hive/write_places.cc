#include "glaux/table/hive/hive_path.h"
#include "glaux/table/hive/write_places_internal.h"

namespace glaux {

WritePlaces::WritePlaces(HivePlace place, const TableEntry& entry, bool fresh, bool overwrite, std::string commit_id)
    : place_(std::move(place)),
      fresh_(fresh),
      overwrite_(overwrite && !fresh),
      run_(place_.location + std::move(commit_id) + "/"),
      table_location_(FolderOf(entry.storage.location)) {
  for (const auto& key : entry.partition_keys) keys_.push_back(key.name);
}

std::string WritePlaces::DefaultOf(const std::vector<std::string>& values) const {
  return place_.location + PartitionPath(keys_, values);
}

bool WritePlaces::Surroundings::HasReplacedFilesBelow(const std::string& location) const {
  const auto at = replaced.lower_bound(location);
  return at != replaced.end() && at->starts_with(location);
}

Result<WritePlaces::Surroundings> WritePlaces::Look(const CommitLog::State& state) const {
  Surroundings seen{.overwrites = state.overwrites, .known = {}, .replaced = {}};
  ARROW_ASSIGN_OR_RAISE(auto partitions, AllPartitions(*place_.environment.catalog, place_.id,
                                                       PartitionQuery{.exclude_column_schema = true}));
  for (auto& partition : partitions) {
    seen.known.emplace(std::move(partition.values), FolderOf(std::move(partition.storage.location)));
  }
  ARROW_ASSIGN_OR_RAISE(seen.replaced, ReplacedFiles(place_, state));
  return seen;
}

void WritePlaces::Replace(std::set<std::vector<std::string>> partitions) {
  // In a folder, or a new table, files lie side by side with those that they replace.
  if (!fresh_) replaced_ = std::move(partitions);
}

Result<std::string> WritePlaces::LocationOf(const std::vector<std::string>& values) {
  std::lock_guard lock(mutex_);
  const auto at = chosen_.find(values);
  if (at != chosen_.end()) return at->second.location;
  Chosen chosen;
  if (overwrite_ || replaced_.contains(values)) {
    chosen.location = run_ + PartitionPath(keys_, values);
  } else if (keys_.empty()) {
    chosen.location = table_location_;
  } else if (fresh_) {
    chosen.location = DefaultOf(values);
  } else {
    if (!surroundings_.has_value()) {
      // Under the lock: everybody waits for this anyway, and it happens once.
      ARROW_ASSIGN_OR_RAISE(const auto state, place_.log->Read());
      ARROW_ASSIGN_OR_RAISE(surroundings_, Look(state));
    }
    const auto known = surroundings_->known.find(values);
    chosen.known = known != surroundings_->known.end();
    chosen.location = chosen.known ? known->second : DefaultOf(values);
    if (!chosen.known && surroundings_->HasReplacedFilesBelow(chosen.location)) {
      chosen.location = run_ + PartitionPath(keys_, values);
    }
  }
  return chosen_.emplace(values, std::move(chosen)).first->second.location;
}

Status WritePlaces::Describe(const CommitLog::State& state, CommitRecord* record, int64_t* added) {
  std::lock_guard lock(mutex_);
  record->partitions.clear();
  record->moves.clear();
  *added = 0;
  if (keys_.empty()) return Status::OK();
  const auto changed = [&](const std::vector<std::string>& values) {
    return MakeError({.kind = ErrorKind::kPrecondition, .hint = "run the same command again"}, "commit to ",
                     place_.id.ToString(), ": an overwrite has moved partition ", PartitionPath(keys_, values),
                     " meanwhile; nothing was added");
  };
  const bool look_again = surroundings_.has_value() && surroundings_->overwrites != state.overwrites;
  std::optional<Surroundings> now;
  if (look_again) {
    ARROW_ASSIGN_OR_RAISE(now, Look(state));
  }
  for (const auto& [values, chosen] : chosen_) {
    if (replaced_.contains(values)) continue;
    if (look_again) {
      const auto at = now->known.find(values);
      const bool same = at != now->known.end() ? at->second == chosen.location
                                               : !chosen.known && !now->HasReplacedFilesBelow(chosen.location);
      if (!same) return changed(values);
    }
    *added += !chosen.known;
    const bool by_values = chosen.location == DefaultOf(values);
    if (by_values) {
      record->partitions.push_back(values);
    } else if (!chosen.known) {
      record->moves.push_back({.values = values, .from = std::nullopt, .to = chosen.location});
    }
  }
  return Status::OK();
}

}  // namespace glaux
