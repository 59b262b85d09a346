#include "glaux/table/hive/hive_table.h"

#include <arrow/api.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "glaux/base/parallel.h"
#include "glaux/schema/types.h"
#include "glaux/table/hive/hive_commit_internal.h"
#include "glaux/table/hive/hive_entry.h"
#include "glaux/table/hive/hive_path.h"

namespace glaux {
namespace {

/// The file's extension says its format; Hive itself goes by the table's input format.
Result<std::string> FormatOfTable(const TableEntry& entry) {
  const auto& input = entry.storage.input_format;
  if (input.empty() || input.find("Parquet") != std::string::npos) return "parquet";
  return MakeError(ErrorKind::kNotImplemented, "read ", entry.id.ToString(), ": input format ", input,
                   " is not supported, only Parquet is");
}

Result<std::vector<std::shared_ptr<arrow::Scalar>>> TypedValues(
    std::span<const std::string> values, const std::vector<std::shared_ptr<arrow::Field>>& keys) {
  std::vector<std::shared_ptr<arrow::Scalar>> typed;
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto& type = keys[i]->type();
    if (values[i] == kHiveNullPartition) {
      typed.push_back(arrow::MakeNullScalar(type));
      continue;
    }
    auto scalar = arrow::Scalar::Parse(type, values[i]);
    if (!scalar.ok()) {
      return MakeError(ErrorKind::kCorrupt, "partition key ", keys[i]->name(), ": expected ", type->ToString(),
                       ", found: ", values[i]);
    }
    typed.push_back(*std::move(scalar));
  }
  return typed;
}

/// The part of a filter that speaks of partition keys only: conjuncts over nothing else.
Predicate OverKeys(const Predicate& filter, const std::vector<std::string>& keys) {
  const auto only_keys = [&](const Predicate& p) {
    const auto columns = p.Columns();
    return !columns.empty() && std::all_of(columns.begin(), columns.end(), [&](const std::string& column) {
      return std::find(keys.begin(), keys.end(), column) != keys.end();
    });
  };
  if (filter.op() == Predicate::Op::kAnd) {
    std::vector<Predicate> kept;
    for (const auto& child : filter.children()) {
      if (auto part = OverKeys(child, keys); !part.always_true()) kept.push_back(std::move(part));
    }
    return kept.empty() ? Predicate() : Predicate::And(std::move(kept));
  }
  return only_keys(filter) ? filter : Predicate();
}

/// Which commit wrote a file of ours: the name begins with its id.
std::string_view CommitOf(std::string_view key) {
  const size_t slash = key.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? key : key.substr(slash + 1);
  const size_t dash = name.find('-');
  return dash == 32 ? name.substr(0, 32) : std::string_view();
}

class HiveTable final : public Table {
 public:
  HiveTable(HivePlace place, TableEntry entry, bool staged)
      : place_(std::move(place)), entry_(std::move(entry)), staged_(staged) {}

  Status Load() {
    ARROW_ASSIGN_OR_RAISE(auto fields, FieldsOf(entry_.storage.columns));
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

  Status Refresh() override {
    auto entry = place_.environment.catalog->GetTable(entry_.id);
    if (!entry.ok() && staged_ && KindOf(entry.status()) == ErrorKind::kNotFound) return Status::OK();
    ARROW_RETURN_NOT_OK(entry.status());
    entry_ = *std::move(entry);
    staged_ = false;
    return Load();
  }

  Result<ScanPlan> Plan(const PlanOptions& options) override {
    ScanPlan plan{.schema = schema_, .partition_columns = keys_};
    ARROW_ASSIGN_OR_RAISE(const auto format, FormatOfTable(entry_));
    ARROW_ASSIGN_OR_RAISE(const auto before, place_.log->Read());
    ARROW_ASSIGN_OR_RAISE(auto partitions, KeptPartitions(options, &plan));

    std::vector<std::vector<DataFile>> found(partitions.size());
    ARROW_RETURN_NOT_OK(ParallelForIndex(partitions.size(), 0, Pool::kIo, options.stop,
                                         [&](size_t i) { return ListFiles(partitions[i], format, &found[i]); }));
    // A commit that began after `before` may have shown some of its files already: leave all of them out.
    ARROW_ASSIGN_OR_RAISE(const auto after, place_.log->Read());
    std::set<std::string_view> unseen;
    if (!before.open.empty()) unseen.insert(before.open);
    if (!after.open.empty()) unseen.insert(after.open);
    for (const auto& id : after.recent) {
      if (!before.Knows(id)) unseen.insert(id);
    }
    for (auto& files : found) {
      for (auto& file : files) {
        if (!unseen.contains(CommitOf(file.location))) plan.files.push_back(std::move(file));
      }
    }
    return plan;
  }

  Result<std::unique_ptr<Append>> NewAppend(const EvolutionPlan& plan, const AppendOptions& options) override {
    return MakeHiveAppend(place_, entry_, staged_, spec_, plan, options);
  }

  Result<std::vector<bool>> AlreadyLoaded(std::span<const LoadedFile> files) override {
    // A commit that was cut off counts: it will happen. Finish it first, then its files are in the ledger.
    ARROW_ASSIGN_OR_RAISE(const auto state, FinishOpenCommit(place_, arrow::StopToken::Unstoppable()));
    ARROW_ASSIGN_OR_RAISE(const auto ledger, place_.log->ReadLedger(state));
    const auto name = [](const LoadedFile& file) {
      return file.key + "\n" + file.etag + "\n" + std::to_string(file.size);
    };
    std::unordered_set<std::string> known;
    for (const auto& file : ledger) known.insert(name(file));
    std::vector<bool> loaded;
    for (const auto& file : files) loaded.push_back(known.contains(name(file)));
    return loaded;
  }

  Result<RepairSummary> Repair(std::chrono::seconds grace) override {
    RepairSummary summary;
    const auto never = arrow::StopToken::Unstoppable();
    ARROW_RETURN_NOT_OK(FinishOpenCommit(place_, never, &summary.commits_finished).status());
    const Timestamp oldest = place_.environment.clock->Now() - grace;

    ARROW_ASSIGN_OR_RAISE(const auto uploads, place_.store->ListMultipart(place_.prefix));
    for (const auto& upload : uploads) {
      if (upload.initiated > oldest) continue;
      const Status status = place_.store->AbortMultipart(upload.key, upload.upload_id);
      if (!status.ok() && KindOf(status) != ErrorKind::kNotFound) return status;
      ++summary.uploads_dropped;
    }
    ARROW_ASSIGN_OR_RAISE(const auto records, place_.log->ListRecords());
    for (const auto& record : records) {
      if (record.last_modified > oldest) continue;
      const size_t slash = record.key.rfind('/') + 1;
      ARROW_RETURN_NOT_OK(place_.log->DropRecord(
          record.key.substr(slash, record.key.size() - slash - std::string_view(".json").size())));
    }
    ARROW_ASSIGN_OR_RAISE(summary.partitions_added, RegisterFolders());
    return summary;
  }

 private:
  struct Kept {
    std::string location;
    std::vector<std::shared_ptr<arrow::Scalar>> values;
  };

  Result<std::vector<Kept>> KeptPartitions(const PlanOptions& options, ScanPlan* plan) {
    std::vector<Kept> kept;
    if (staged_) return kept;
    if (keys_.empty()) {
      plan->partitions_total = plan->partitions_kept = 1;
      kept.push_back({.location = place_.location});
      return kept;
    }
    const auto over_keys = OverKeys(options.filter, keys_);
    // A plan needs values and locations; the columns of each partition would be most of the bytes.
    ARROW_ASSIGN_OR_RAISE(
        auto partitions,
        AllPartitions(*place_.environment.catalog, entry_.id,
                      PartitionQuery{.expression = over_keys.always_true() ? std::string() : over_keys.ToString(),
                                     .exclude_column_schema = true}));
    plan->partitions_total = static_cast<int64_t>(partitions.size());
    for (auto& partition : partitions) {
      auto values = TypedValues(partition.values, key_fields_);
      if (!values.ok()) return Prefix(values.status(), "read " + entry_.id.ToString());
      if (options.keep_partition) {
        ARROW_ASSIGN_OR_RAISE(const bool keep, options.keep_partition(*values));
        if (!keep) continue;
      }
      auto location = std::move(partition.storage.location);
      if (!location.empty() && location.back() != '/') location += '/';
      kept.push_back({std::move(location), *std::move(values)});
    }
    plan->partitions_kept = static_cast<int64_t>(kept.size());
    return kept;
  }

  Status ListFiles(const Kept& partition, const std::string& format, std::vector<DataFile>* files) const {
    ARROW_ASSIGN_OR_RAISE(const auto place, place_.environment.resolve(partition.location));
    return ForEachObject(*place.store, place.key, [&](const ObjectInfo& object) {
      const std::string_view below = std::string_view(object.key).substr(place.key.size());
      if (object.size == 0 || IsHiddenPath(below)) return Status::OK();
      files->push_back({.location = partition.location + std::string(below),
                        .size = object.size,
                        .etag = object.etag,
                        .format = format,
                        .partition_values = partition.values});
      return Status::OK();
    });
  }

  /// Athena's MSCK REPAIR TABLE: folders below the table that look like partitions and are not registered.
  Result<int64_t> RegisterFolders() {
    if (keys_.empty() || staged_) return 0;
    std::set<std::vector<std::string>> known, fresh;
    ARROW_ASSIGN_OR_RAISE(const auto partitions, AllPartitions(*place_.environment.catalog, entry_.id,
                                                               PartitionQuery{.exclude_column_schema = true}));
    for (const auto& partition : partitions) known.insert(partition.values);
    ARROW_RETURN_NOT_OK(ForEachObject(*place_.store, place_.prefix, [&](const ObjectInfo& object) {
      const std::string_view below = std::string_view(object.key).substr(place_.prefix.size());
      if (IsHiddenPath(below)) return Status::OK();
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

  const HivePlace place_;
  TableEntry entry_;
  bool staged_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::shared_ptr<arrow::Field>> key_fields_;
  std::vector<std::string> keys_;
  std::vector<PartitionField> spec_;
};

Result<std::shared_ptr<Table>> MakeTable(const HiveEnvironment& environment, TableEntry entry, bool staged) {
  ARROW_ASSIGN_OR_RAISE(auto place, HivePlace::Make(environment, entry.id, entry.storage.location));
  auto table = std::make_shared<HiveTable>(std::move(place), std::move(entry), staged);
  const Status loaded = table->Load();
  if (!loaded.ok()) return Prefix(loaded, "open table " + table->id().ToString());
  return table;
}

}  // namespace

Result<std::shared_ptr<Table>> OpenHiveTable(const HiveEnvironment& environment, const TableId& id) {
  ARROW_ASSIGN_OR_RAISE(auto entry, environment.catalog->GetTable(id));
  if (entry.table_type == "VIRTUAL_VIEW") {
    return MakeError(ErrorKind::kNotImplemented, "open table ", id.ToString(), ": it is a view");
  }
  return MakeTable(environment, std::move(entry), false);
}

Result<std::shared_ptr<Table>> StageHiveTable(const HiveEnvironment& environment, TableEntry entry) {
  ARROW_ASSIGN_OR_RAISE(const auto place, HivePlace::Make(environment, entry.id, entry.storage.location));
  entry.storage.location = place.location;
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

Status DropHiveTable(const HiveEnvironment& environment, const TableId& id) {
  ARROW_ASSIGN_OR_RAISE(const auto entry, environment.catalog->GetTable(id));
  ARROW_ASSIGN_OR_RAISE(const auto place, HivePlace::Make(environment, id, entry.storage.location));
  ARROW_RETURN_NOT_OK(environment.catalog->DropTable(id));
  ARROW_ASSIGN_OR_RAISE(const auto uploads, place.store->ListMultipart(place.prefix));
  for (const auto& upload : uploads) {
    const Status status = place.store->AbortMultipart(upload.key, upload.upload_id);
    if (!status.ok() && KindOf(status) != ErrorKind::kNotFound) return status;
  }
  std::vector<std::string> keys;
  const auto flush = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto failures, place.store->Delete(keys));
    keys.clear();
    return failures.empty() ? Status::OK() : failures.front().error;
  };
  ARROW_ASSIGN_OR_RAISE(const auto objects, ListAll(*place.store, place.prefix));
  for (const auto& object : objects) {
    keys.push_back(object.key);
    if (keys.size() == 1000) ARROW_RETURN_NOT_OK(flush());
  }
  return keys.empty() ? Status::OK() : flush();
}

}  // namespace glaux
