#include "glaux/table/hive/hive_table.h"

#include <arrow/api.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <unordered_set>

#include "glaux/base/parallel.h"
#include "glaux/schema/names.h"
#include "glaux/schema/types.h"
#include "glaux/table/hive/file_layout_internal.h"
#include "glaux/table/hive/hive_entry.h"
#include "glaux/table/hive/hive_path.h"
#include "glaux/table/hive/hive_reading.h"
#include "glaux/table/hive/partition_columns_internal.h"
#include "glaux/table/hive/partition_projection_internal.h"
#include "glaux/table/hive/partition_values_internal.h"
#include "glaux/table/hive/passed_over_internal.h"

namespace glaux {
namespace {

Status CheckWritable(const TableEntry& entry) {
  const std::string subject = "write into " + entry.id.ToString();
  ARROW_ASSIGN_OR_RAISE(const auto reading, ReadingOf(entry.storage, entry, subject));
  if (reading.format == "parquet") return Status::OK();
  return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "make a Parquet table of it with CREATE TABLE AS"},
                   subject, ": input format ", entry.storage.input_format, " with SerDe ",
                   entry.storage.serde_info.serialization_library, " is read, and only Parquet is written");
}

/// Whether a file is of one of these commits: its name has the commit's id.
bool IsOf(const std::set<std::string>& commits, std::string_view location) {
  const std::string_view name = location.substr(location.rfind('/') + 1);
  return std::any_of(commits.begin(), commits.end(),
                     [&](const std::string& id) { return name.find(id) != std::string_view::npos; });
}

Status DeleteKeys(ObjectStore& store, const std::vector<std::string>& keys) {
  ARROW_ASSIGN_OR_RAISE(const auto failures, store.Delete(keys));
  return failures.empty() ? Status::OK() : failures.front().error;
}

/// Says from before a table leaves the catalog until its last file is gone that what lies here is to be removed.
std::string DropMarker(const HivePlace& place) { return place.prefix + "_glaux/dropped"; }

class HiveTable final : public Table {
 public:
  HiveTable(HivePlace place, TableEntry entry, bool staged, FileLayout layout)
      : place_(std::move(place)), layout_(std::move(layout)), entry_(std::move(entry)), staged_(staged) {}

  Status Load() {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    if (const auto exact = entry_.parameters.find(kArrowSchemaParameter);
        layout_.folder && exact != entry_.parameters.end()) {
      ARROW_ASSIGN_OR_RAISE(const auto columns, ParseArrowSchema(exact->second));
      fields = columns->fields();
    } else {
      ARROW_ASSIGN_OR_RAISE(fields, FieldsOf(entry_.storage.columns));
    }
    ARROW_ASSIGN_OR_RAISE(key_fields_, FieldsOf(entry_.partition_keys));
    keys_.clear();
    for (const auto& field : key_fields_) {
      keys_.push_back(field->name());
      fields.push_back(field);
    }
    schema_ = arrow::schema(std::move(fields));
    const auto spec = entry_.parameters.find(kPartitionByParameter);
    spec_.clear();
    if (spec != entry_.parameters.end()) {
      ARROW_ASSIGN_OR_RAISE(spec_, ParsePartitionSpec(spec->second));
    } else {
      for (const auto& key : keys_) spec_.push_back({Transform::kIdentity, key});
    }
    return Status::OK();
  }

  const TableId& id() const override { return entry_.id; }
  const TableEntry& entry() const override { return entry_; }
  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  const std::vector<std::string>& partition_columns() const override { return keys_; }
  std::vector<PartitionField> partition_spec() const override { return spec_; }
  std::string file_format() const override {
    if (layout_.folder) return std::string(layout_.format->name());
    const auto reading = ReadingOf(entry_.storage, entry_, "read " + entry_.id.ToString());
    return reading.ok() ? reading->format : "parquet";
  }

  Status Refresh() override {
    if (layout_.folder) {
      ARROW_ASSIGN_OR_RAISE(std::tie(entry_, staged_), layout_.load());
      return Load();
    }
    auto entry = place_.environment.catalog->GetTable(entry_.id);
    if (!entry.ok() && staged_ && KindOf(entry.status()) == ErrorKind::kNotFound) return Status::OK();
    ARROW_RETURN_NOT_OK(entry.status());
    entry_ = *std::move(entry);
    staged_ = false;
    return Load();
  }

  Result<ScanPlan> Plan(const PlanOptions& options) override {
    constexpr int kMostAttempts = 100;
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      ARROW_ASSIGN_OR_RAISE(auto plan, TryPlan(options));
      if (plan.has_value()) return *std::move(plan);
    }
    return MakeError({.kind = ErrorKind::kUnavailable, .hint = "try again when fewer overwrites run"}, "read ",
                     entry_.id.ToString(), ": overwrites closed ", kMostAttempts, " times while its files were listed");
  }

  Result<std::unique_ptr<Append>> NewAppend(const EvolutionPlan& plan, const AppendOptions& options) override {
    if (layout_.folder) return NewFolderAppend(plan, options);
    ARROW_RETURN_NOT_OK(CheckWritable(entry_));
    if (HasProjection(entry_) && entry_.parameters.contains("storage.location.template")) {
      return MakeError(ErrorKind::kNotImplemented, "write into ", entry_.id.ToString(),
                       ": its partitions are where storage.location.template says, and rows are not written there");
    }
    ARROW_ASSIGN_OR_RAISE(auto layout, ParquetLayout(options.compression));
    return MakeHiveAppend(place_, entry_, staged_, spec_, plan, options, std::move(layout));
  }

  RequestCounts RequestsOf(const EvolutionPlan& plan, const AppendOptions& options,
                           const ExpectedWrite& expected) const override {
    const int64_t segments = segments_;
    return RequestsOfAppend({.place = place_,
                             .layout = layout_,
                             .entry = entry_,
                             .staged = staged_,
                             .partitioned = !spec_.empty(),
                             .log = {.there = segments >= 0 || !staged_, .segments = std::max<int64_t>(0, segments)}},
                            plan, options, expected);
  }

  Result<std::vector<bool>> AlreadyLoaded(std::span<const LoadedFile> files) override {
    // A commit that was cut off counts: it will happen. ReadLedger finishes it, then its files are in the ledger.
    ARROW_ASSIGN_OR_RAISE(const auto ledger, ReadLedger(place_));
    if (!ledger.state.etag.empty()) segments_ = static_cast<int64_t>(ledger.state.ledger.size());
    // An overwrite that was cut off may have left files that nobody is to read any more.
    if (!ledger.state.replaced.empty()) (void)DropReplaced(place_);
    const auto name = [](const LoadedFile& file) {
      return file.key + "\n" + file.etag + "\n" + std::to_string(file.size);
    };
    std::unordered_set<std::string> known;
    for (const auto& file : ledger.files) known.insert(name(file));
    std::vector<bool> loaded;
    for (const auto& file : files) loaded.push_back(ledger.state.PastWatermark(file) || known.contains(name(file)));
    return loaded;
  }

  Result<std::map<std::string, std::string>> Streams() override {
    ARROW_ASSIGN_OR_RAISE(auto state, FinishOpenCommit(place_, arrow::StopToken::Unstoppable()));
    if (!state.etag.empty()) segments_ = static_cast<int64_t>(state.ledger.size());
    return std::move(state.streams);
  }

  Status ChangeStream(const StreamChange& change) override { return glaux::ChangeStream(place_, change); }

  Result<int64_t> ForgetLoaded(const std::function<bool(const LoadedFile&)>& forget) override {
    return glaux::ForgetLoaded(place_, forget);
  }

  Result<std::vector<LoadedFile>> Loaded() override {
    ARROW_ASSIGN_OR_RAISE(auto ledger, ReadLedger(place_));
    std::stable_sort(ledger.files.begin(), ledger.files.end(),
                     [](const LoadedFile& a, const LoadedFile& b) { return a.key < b.key; });
    return std::move(ledger.files);
  }

  Result<RepairSummary> Repair(std::chrono::seconds grace) override {
    RepairSummary summary;
    const auto never = arrow::StopToken::Unstoppable();
    ARROW_RETURN_NOT_OK(FinishOpenCommit(place_, never, &summary.commits_finished).status());
    const Timestamp oldest = place_.environment.clock->Now() - grace;

    ARROW_ASSIGN_OR_RAISE(const auto uploads, place_.store->ListMultipart(place_.prefix + layout_.single));
    for (const auto& upload : uploads) {
      if (!layout_.single.empty() && upload.key != place_.prefix + layout_.single) continue;
      if (upload.initiated > oldest) continue;
      const Status status = place_.store->AbortMultipart(upload.key, upload.upload_id);
      if (!status.ok() && KindOf(status) != ErrorKind::kNotFound) return status;
      ++summary.uploads_dropped;
    }
    ARROW_ASSIGN_OR_RAISE(summary.files_removed, DropReplaced(place_));
    ARROW_ASSIGN_OR_RAISE(const auto records, place_.log->ListRecords());
    ARROW_ASSIGN_OR_RAISE(const auto state, place_.log->Read());
    for (const auto& record : records) {
      const size_t slash = record.key.rfind('/') + 1;
      const std::string id = record.key.substr(slash, record.key.size() - slash - std::string_view(".json").size());
      const bool needed = id == state.open || std::any_of(state.replaced.begin(), state.replaced.end(),
                                                          [&](const auto& item) { return item.id == id; });
      if (needed || record.last_modified > oldest) continue;
      ARROW_RETURN_NOT_OK(place_.log->DropRecord(id));
    }
    ARROW_ASSIGN_OR_RAISE(summary.partitions_added, RegisterFolders());
    if (!staged_ && !layout_.folder) ARROW_RETURN_NOT_OK(TakeBackDrop(oldest));
    return summary;
  }

 private:
  struct Kept {
    std::string location;
    std::vector<std::string> texts;
    std::vector<std::shared_ptr<arrow::Scalar>> values;
    HiveReading reading;
    /// Why a query that keeps it fails.
    Status refused = {};
  };

  /// Nothing if an overwrite began or ended meanwhile, so that old and new locations may be mixed.
  Result<std::optional<ScanPlan>> TryPlan(const PlanOptions& options) {
    ScanPlan plan{.schema = schema_, .partition_columns = keys_};
    if (layout_.folder) plan.format_options = std::make_shared<const FormatOptions>(layout_.options);
    if (!layout_.single.empty()) return PlanOfOneFile(std::move(plan));
    HiveReading reading;
    if (layout_.folder) {
      reading.format = layout_.format->name();
    } else {
      ARROW_ASSIGN_OR_RAISE(reading, ReadingOf(entry_.storage, entry_, "read " + entry_.id.ToString()));
    }
    ARROW_ASSIGN_OR_RAISE(const auto before, place_.log->Read());
    std::optional<CommitRecord> overwrite;
    if (before.open_replaces) {
      auto record = place_.log->ReadRecord(before.open);
      if (!record.ok() && KindOf(record.status()) == ErrorKind::kNotFound) {
        ARROW_ASSIGN_OR_RAISE(const auto now, place_.log->Read());
        if (now.version != before.version) return std::nullopt;  // closed, and its record is gone
      }
      ARROW_ASSIGN_OR_RAISE(overwrite, std::move(record));
    }
    std::set<std::string> replaced;  // files that are there and do not count any more
    if (layout_.folder) {
      ARROW_ASSIGN_OR_RAISE(replaced, ReplacedFiles(place_, before));
    }
    ARROW_ASSIGN_OR_RAISE(auto partitions, KeptPartitions(options, overwrite, reading, &plan));

    std::vector<std::vector<DataFile>> found(partitions.size());
    ARROW_RETURN_NOT_OK(ParallelForIndex(partitions.size(), 0, Pool::kIo, options.stop,
                                         [&](size_t i) { return ListFiles(partitions[i], &found[i]); }));
    ARROW_ASSIGN_OR_RAISE(const auto after, place_.log->Read());
    if (after.open_replaces && after.open != before.open) return std::nullopt;
    if (after.overwrites != before.overwrites) {
      // The one that was open has ended: what was listed is what it replaced, and all of it while its grace lasts.
      const bool still_whole = overwrite.has_value() && after.overwrites == before.overwrites + 1 &&
                               overwrite->grace > std::chrono::minutes(1);
      if (!still_whole) return std::nullopt;
    }
    // A commit that began after `before` may have shown some of its files already: leave all of them out.
    std::set<std::string> unseen;
    if (!before.open.empty()) unseen.insert(before.open);
    if (!after.open.empty()) unseen.insert(after.open);
    for (const auto& id : after.recent) {
      if (!before.Knows(id)) unseen.insert(id);
    }
    const bool nothing = std::all_of(found.begin(), found.end(), [](const auto& files) { return files.empty(); });
    if (nothing && !layout_.folder && !staged_ && before.version == 0) {
      ARROW_RETURN_NOT_OK(ExplainNothing(partitions, &plan));
    }
    for (auto& files : found) {
      for (auto& file : files) {
        if (!IsOf(unseen, file.location) && !replaced.contains(file.location)) plan.files.push_back(std::move(file));
      }
    }
    return plan;
  }

  /// Nobody of ours has written here, and there is no file: say what there is.
  Status ExplainNothing(const std::vector<Kept>& partitions, ScanPlan* plan) const {
    if (HasProjection(entry_)) return Status::OK();  // a folder that is not there is a partition without rows
    if (!keys_.empty() && plan->partitions_total == 0) {
      plan->notes.push_back("table " + entry_.id.ToString() + " has no partitions in the catalog: MSCK REPAIR TABLE " +
                            entry_.id.ToString() + " registers the folders below " + entry_.storage.location);
      return Status::OK();
    }
    std::vector<std::string> locations;
    for (const auto& partition : partitions) locations.push_back(partition.location);
    ARROW_ASSIGN_OR_RAISE(auto why, WhyNoFiles(place_, locations));
    if (!why.empty()) plan->notes.push_back("table " + entry_.id.ToString() + " has no rows: " + why);
    return Status::OK();
  }

  Result<std::optional<ScanPlan>> PlanOfOneFile(ScanPlan plan) const {
    plan.partitions_total = plan.partitions_kept = 1;
    const auto there = place_.store->Head(place_.prefix + layout_.single);
    if (!there.ok() && KindOf(there.status()) == ErrorKind::kNotFound) return plan;
    ARROW_RETURN_NOT_OK(there.status());
    plan.files.push_back({.location = place_.location + layout_.single,
                          .size = there->size,
                          .etag = there->etag,
                          .format = std::string(layout_.format->name())});
    return plan;
  }

  /// Partition keys follow the table's rules for names, columns keep theirs: find the column that a key is made of.
  Result<std::unique_ptr<Append>> NewFolderAppend(const EvolutionPlan& plan, const AppendOptions& options) {
    auto spec = spec_;
    for (auto& field : spec) {
      for (const auto& column : plan.table_schema->fields()) {
        if (!field.source_column.empty() && NormalizeColumnName(column->name()) == field.source_column) {
          field.source_column = column->name();
          break;
        }
      }
    }
    auto entry = entry_;
    if (staged_) {
      ARROW_ASSIGN_OR_RAISE(entry.partition_keys, PartitionKeysOf(spec, *plan.table_schema));
      for (auto& key : entry.partition_keys) key.name = NormalizeColumnName(key.name);
    }
    if (!layout_.single.empty() && options.overwrite == Overwrite::kNone) {
      ARROW_ASSIGN_OR_RAISE(const bool there, Exists(*place_.store, place_.prefix + layout_.single));
      if (there) {
        return MakeError({.kind = ErrorKind::kInvalid, .hint = "overwrite it, or write into a folder"}, "append to ",
                         place_.location, layout_.single, ": a single file cannot be appended to");
      }
    }
    return MakeHiveAppend(place_, entry, staged_, std::move(spec), plan, options, layout_);
  }

  /// Partitions with their locations; with those from before an overwrite that is open.
  Result<std::vector<Kept>> KeptPartitions(const PlanOptions& options, const std::optional<CommitRecord>& overwrite,
                                           const HiveReading& reading, ScanPlan* plan) {
    std::vector<Kept> kept;
    if (staged_ && !layout_.folder) return kept;
    if (keys_.empty()) {
      plan->partitions_total = plan->partitions_kept = 1;
      if (layout_.folder) {
        kept.push_back({.location = place_.location, .texts = {}, .values = {}, .reading = reading});
        return kept;
      }
      ARROW_ASSIGN_OR_RAISE(const auto now, place_.environment.catalog->GetTable(entry_.id));
      kept.push_back({.location = FolderOf(now.storage.location), .texts = {}, .values = {}, .reading = reading});
      if (overwrite.has_value() && overwrite->location_from.has_value()) {
        kept.back().location = *overwrite->location_from;
      }
      return kept;
    }
    std::map<std::vector<std::string>, std::string> from;
    if (overwrite.has_value()) {
      for (const auto& move : overwrite->moves) {
        if (move.from.has_value()) from.emplace(move.values, *move.from);
      }
    }
    const auto over_keys = OverKeys(options.filter, keys_);
    std::vector<Kept> located;
    if (HasProjection(entry_) && !layout_.folder) {
      ARROW_ASSIGN_OR_RAISE(auto projected, ProjectPartitions(entry_, key_fields_, options.key_values, over_keys,
                                                              place_.environment.clock->Now()));
      for (auto& partition : projected) {
        located.push_back({.location = std::move(partition.location),
                           .texts = std::move(partition.values),
                           .values = {},
                           .reading = reading});
      }
      return KeepPartitions(options, over_keys, 0, std::move(located), plan);
    }
    // Ours have the columns that the table had, whose types only ever grow wider.
    const bool others = !entry_.parameters.contains(kPartitionByParameter);
    ARROW_ASSIGN_OR_RAISE(auto partitions, PartitionsOf(place_, layout_, keys_,
                                                        over_keys.always_true() ? std::string() : over_keys.ToString(),
                                                        others || reading.by_place));
    PartitionColumns columns(entry_);
    for (auto& partition : partitions) {
      const auto moved = from.find(partition.values);
      auto location = moved == from.end() ? std::move(partition.storage.location) : std::move(moved->second);
      if (moved != from.end()) from.erase(moved);
      Status refused = columns.Check(partition);
      auto own = ReadingOfPartition(partition, reading);
      if (refused.ok()) refused = own.status();
      located.push_back({.location = FolderOf(std::move(location)),
                         .texts = std::move(partition.values),
                         .values = {},
                         .reading = std::move(own).ValueOr(reading),
                         .refused = std::move(refused)});
    }
    // What is left was dropped by the overwrite already, or does not pass the filter.
    const size_t filtered = layout_.folder ? 0 : located.size();
    for (auto& [values, location] : from) {
      located.push_back({.location = std::move(location), .texts = values, .values = {}, .reading = reading});
    }
    return KeepPartitions(options, over_keys, filtered, std::move(located), plan);
  }

  /// Those that the filters let pass, with their typed values. The first `filtered` have passed `over_keys` already.
  Result<std::vector<Kept>> KeepPartitions(const PlanOptions& options, const Predicate& over_keys, size_t filtered,
                                           std::vector<Kept> located, ScanPlan* plan) const {
    std::vector<Kept> kept;
    for (size_t i = 0; i < located.size(); ++i) {
      auto values = TypedValues(located[i].texts, key_fields_);
      if (!values.ok()) return Prefix(values.status(), "read " + entry_.id.ToString());
      if (i >= filtered && !over_keys.always_true()) {
        ARROW_ASSIGN_OR_RAISE(const auto truth, over_keys.Evaluate([&](const std::string& column) {
          const auto key = std::find(keys_.begin(), keys_.end(), column);
          return key == keys_.end() ? nullptr : (*values)[key - keys_.begin()];
        }));
        if (truth != Predicate::Truth::kTrue) continue;
      }
      ++plan->partitions_total;
      if (options.keep_partition) {
        ARROW_ASSIGN_OR_RAISE(const bool keep, options.keep_partition(*values));
        if (!keep) continue;
      }
      ARROW_RETURN_NOT_OK(located[i].refused);
      located[i].values = *std::move(values);
      kept.push_back(std::move(located[i]));
    }
    plan->partitions_kept = static_cast<int64_t>(kept.size());
    return kept;
  }

  /// A partition may have a SerDe of its own, or other properties of it, or columns.
  Result<HiveReading> ReadingOfPartition(const PartitionEntry& partition, const HiveReading& of_table) const {
    const auto& storage = partition.storage;
    const bool says_nothing = storage.input_format.empty() && storage.serde_info.serialization_library.empty();
    if (layout_.folder || says_nothing || ReadsAlike(storage, entry_.storage)) return of_table;
    auto path = PartitionPath(keys_, partition.values);
    path.pop_back();
    const std::string subject = "read " + entry_.id.ToString() + ", partition " + path;
    if (!storage.columns.empty()) return ReadingOf(storage, entry_, subject);
    auto with_columns = storage;
    with_columns.columns = entry_.storage.columns;
    return ReadingOf(with_columns, entry_, subject);
  }

  Status ListFiles(const Kept& partition, std::vector<DataFile>* files) const {
    return ForEachDataFile(place_, layout_, partition.location, [&](std::string uri, const ObjectInfo& object) {
      files->push_back({.location = std::move(uri),
                        .size = object.size,
                        .etag = object.etag,
                        .format = partition.reading.format,
                        .format_options = partition.reading.options,
                        .partition_values = partition.values,
                        .partition = partition.texts});
      return Status::OK();
    });
  }

  /// Athena's MSCK REPAIR TABLE: folders below the table that look like partitions and are not registered.
  Result<int64_t> RegisterFolders() {
    if (keys_.empty() || staged_ || layout_.folder) return 0;
    std::set<std::vector<std::string>> known, fresh;
    ARROW_ASSIGN_OR_RAISE(const auto partitions, AllPartitions(*place_.environment.catalog, entry_.id,
                                                               PartitionQuery{.exclude_column_schema = true}));
    for (const auto& partition : partitions) known.insert(partition.values);
    // Folders of partitions that an overwrite has dropped hold files for a while that do not count any more.
    ARROW_ASSIGN_OR_RAISE(const auto state, place_.log->Read());
    ARROW_ASSIGN_OR_RAISE(const auto replaced, ReplacedFiles(place_, state));
    ARROW_RETURN_NOT_OK(ForEachObject(*place_.store, place_.prefix, [&](const ObjectInfo& object) {
      const std::string_view below = std::string_view(object.key).substr(place_.prefix.size());
      if (IsHiddenPath(below) || replaced.contains(place_.location + std::string(below))) return Status::OK();
      auto values = ParsePartitionPath(below, keys_);
      if (values.ok() && !known.contains(*values)) fresh.insert(*std::move(values));
      return Status::OK();
    }));
    PartitionChange change;
    for (const auto& values : fresh) {
      change.put.push_back(MakePartitionEntry(entry_, values, place_.location + PartitionPath(keys_, values)));
    }
    if (!change.put.empty()) ARROW_RETURN_NOT_OK(place_.environment.catalog->ApplyPartitions(entry_.id, change));
    return static_cast<int64_t>(change.put.size());
  }

  /// A drop that was cut off before the table left the catalog did not happen.
  Status TakeBackDrop(Timestamp oldest) const {
    const auto marker = place_.store->Head(DropMarker(place_));
    if (!marker.ok()) return KindOf(marker.status()) == ErrorKind::kNotFound ? Status::OK() : marker.status();
    if (marker->last_modified > oldest) return Status::OK();
    return DeleteKeys(*place_.store, {DropMarker(place_)});
  }

  const HivePlace place_;
  const FileLayout layout_;
  TableEntry entry_;
  bool staged_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::shared_ptr<arrow::Field>> key_fields_;
  std::vector<std::string> keys_;
  std::vector<PartitionField> spec_;
  std::atomic<int64_t> segments_{-1};  // of the ledger, when it was last looked at; -1: it was not, or is not there
};

Result<std::shared_ptr<Table>> MakeTable(const HiveEnvironment& environment, TableEntry entry, bool staged) {
  ARROW_ASSIGN_OR_RAISE(auto place, HivePlace::Make(environment, entry));
  return MakeHiveTable(std::move(place), std::move(entry), staged, {});
}

}  // namespace

Result<std::shared_ptr<Table>> MakeHiveTable(HivePlace place, TableEntry entry, bool staged, FileLayout layout) {
  auto table = std::make_shared<HiveTable>(std::move(place), std::move(entry), staged, std::move(layout));
  const Status loaded = table->Load();
  if (!loaded.ok()) return Prefix(loaded, "open table " + table->id().ToString());
  return table;
}

Result<std::shared_ptr<Table>> OpenHiveTable(const HiveEnvironment& environment, const TableId& id) {
  ARROW_ASSIGN_OR_RAISE(auto entry, environment.catalog->GetTable(id));
  if (entry.table_type == "VIRTUAL_VIEW") {
    return MakeError(ErrorKind::kNotImplemented, "open table ", id.ToString(), ": it is a view");
  }
  return MakeTable(environment, std::move(entry), false);
}

Result<std::shared_ptr<Table>> StageHiveTable(const HiveEnvironment& environment, TableEntry entry) {
  ARROW_ASSIGN_OR_RAISE(const auto place, HivePlace::Make(environment, entry));
  entry.storage.location = place.location;
  // Before anything of the log is believed: a part of it may be gone.
  ARROW_ASSIGN_OR_RAISE(const bool dropped, Exists(*place.store, DropMarker(place)));
  if (dropped) {
    return MakeError({.kind = ErrorKind::kAlreadyExists, .hint = "repeat the drop"}, "create table ",
                     entry.id.ToString(), " at ", place.location,
                     ": a drop of the table that was there has not ended, or was cut off");
  }
  // A first commit may be open, from a run that was cut off: finishing it makes the table.
  ARROW_ASSIGN_OR_RAISE(const auto state, FinishOpenCommit(place, arrow::StopToken::Unstoppable()));
  if (state.version > 0) {
    auto there = OpenHiveTable(environment, entry.id);
    if (there.ok() || KindOf(there.status()) != ErrorKind::kNotFound) return there;
  }
  ARROW_RETURN_NOT_OK(ForEachObject(*place.store, place.prefix, [&](const ObjectInfo& object) {
    const std::string_view below = std::string_view(object.key).substr(place.prefix.size());
    if (IsHiddenPath(below)) return Status::OK();
    return MakeError({.kind = ErrorKind::kAlreadyExists, .hint = "move the files away, or drop what is there"},
                     "create table ", entry.id.ToString(), " at ", place.location,
                     ": there is a file already: ", below);
  }));
  return MakeTable(environment, std::move(entry), true);
}

Status DropHiveTable(const HiveEnvironment& environment, const TableId& id, const std::string& location) {
  auto entry = environment.catalog->GetTable(id);
  const bool known = entry.ok();
  if (!known && (KindOf(entry.status()) != ErrorKind::kNotFound || location.empty())) return entry.status();
  TableEntry fallen{.id = id};
  fallen.storage.location = location;
  auto found = HivePlace::Make(environment, known ? *entry : fallen);
  if (!found.ok()) return known ? found.status() : entry.status();
  const HivePlace& place = *found;
  const std::string marker = DropMarker(place);
  if (known) {
    ARROW_RETURN_NOT_OK(PutString(*place.store, marker, ""));
    ARROW_RETURN_NOT_OK(environment.catalog->DropTable(id));
  } else {
    ARROW_ASSIGN_OR_RAISE(const bool dropped, Exists(*place.store, marker));
    if (!dropped) return entry.status();
  }
  ARROW_ASSIGN_OR_RAISE(const auto uploads, place.store->ListMultipart(place.prefix));
  for (const auto& upload : uploads) {
    const Status status = place.store->AbortMultipart(upload.key, upload.upload_id);
    if (!status.ok() && KindOf(status) != ErrorKind::kNotFound) return status;
  }
  std::vector<std::string> keys;
  ARROW_ASSIGN_OR_RAISE(const auto objects, ListAll(*place.store, place.prefix));
  for (const auto& object : objects) {
    if (object.key == marker) continue;
    keys.push_back(object.key);
    if (keys.size() < 1000) continue;
    ARROW_RETURN_NOT_OK(DeleteKeys(*place.store, keys));
    keys.clear();
  }
  if (!keys.empty()) ARROW_RETURN_NOT_OK(DeleteKeys(*place.store, keys));
  return DeleteKeys(*place.store, {marker});
}

}  // namespace glaux
