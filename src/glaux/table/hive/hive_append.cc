#include <arrow/api.h>

#include <cstdio>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "glaux/base/parallel.h"
#include "glaux/base/random.h"
#include "glaux/format/format.h"
#include "glaux/schema/types.h"
#include "glaux/store/object_writer.h"
#include "glaux/table/hive/column_buffer.h"
#include "glaux/table/hive/hive_commit_internal.h"
#include "glaux/table/hive/hive_entry.h"
#include "glaux/table/hive/hive_path.h"
#include "glaux/table/hive/partitioner.h"
#include "glaux/table/hive/write_places_internal.h"

namespace glaux {
namespace {

using PartitionValues = std::vector<std::string>;

/// Bytes of a file that are kept before they go to the store as one part.
constexpr int64_t kLocalPart = 1 << 20;

/// A file with this many row groups is closed: until then it keeps what its footer will say of each column of each one.
constexpr int kMostRowGroups = 16;

/// A commit gives up after it has lost this many races.
constexpr int kMostAttempts = 50;

/// Rows of one partition that wait to be encoded.
struct PartitionRows {
  std::mutex mutex;
  std::vector<std::unique_ptr<ColumnBuffer>> columns;
  int64_t rows = 0;
};

/// All rows taken since the last flush. Strings are interned once for all partitions.
struct Generation {
  std::vector<std::unique_ptr<StringMemo>> memos;  // by file column; null where it is no string
  std::mutex mutex;
  std::map<PartitionValues, std::unique_ptr<PartitionRows>> partitions;
  std::atomic<int64_t> buffered{0};
  std::atomic<bool> any{false};

  int64_t memory() const {
    int64_t bytes = buffered;
    for (const auto& memo : memos) bytes += memo == nullptr ? 0 : memo->memory();
    return bytes;
  }
};

/// The data files of one partition: at most one open at a time.
struct PartitionFiles {
  std::mutex mutex;
  std::shared_ptr<ObjectWriter> object;
  std::unique_ptr<FileWriter> writer;
  std::string uri;
  int row_groups = 0;
};

std::string LastCommitOf(const CommitLog::State& state) {
  return state.recent.empty() ? std::string() : state.recent.back();
}

class HiveAppend final : public Append {
 public:
  HiveAppend(HivePlace place, TableEntry entry, bool staged, std::vector<PartitionField> spec,
             const EvolutionPlan& plan, AppendOptions options, std::string last_commit)
      : place_(std::move(place)),
        entry_(std::move(entry)),
        staged_(staged),
        plan_(plan),
        options_(std::move(options)),
        commit_id_(NewId()),
        last_commit_(std::move(last_commit)),
        places_(place_, entry_, staged_, options_.overwrite != Overwrite::kNone, commit_id_),
        partitioner_(spec, *plan.write_schema, place_.environment.clock->Now()) {
    for (const auto& key : entry_.partition_keys) keys_.push_back(key.name);
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (int i = 0; i < plan.write_schema->num_fields(); ++i) {
      const auto& field = plan.write_schema->field(i);
      const bool is_key = std::any_of(spec.begin(), spec.end(), [&](const PartitionField& key) {
        return key.transform == Transform::kIdentity && key.source_column == field->name();
      });
      if (is_key) continue;
      file_columns_.push_back(i);
      fields.push_back(arrow::field(field->name(), field->type()));
    }
    file_schema_ = arrow::schema(std::move(fields));
    generation_ = NewGeneration();
  }

  ~HiveAppend() override {
    if (!done_) (void)Abort();
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& given) override {
    if (given->num_rows() == 0) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto batch, Align(given));
    ARROW_ASSIGN_OR_RAISE(const auto split, partitioner_.Split(*batch));
    bool full = false;
    {
      std::shared_lock in_generation(generation_mutex_);
      ARROW_RETURN_NOT_OK(Add(*generation_, *batch, split));
      full = generation_->memory() > options_.memory_limit / 2;
    }
    rows_ += batch->num_rows();
    return full ? Flush(/*only_if_full=*/true) : Status::OK();
  }

  Result<CommitSummary> Commit(std::span<const LoadedFile> sources, std::span<const StreamChange> streams) override {
    ARROW_RETURN_NOT_OK(Flush(/*only_if_full=*/false));
    ARROW_RETURN_NOT_OK(CloseFiles());
    CommitSummary summary{.commit_id = commit_id_, .rows = rows_, .files = uris_};
    CommitRecord record{.id = commit_id_, .objects = pending_};
    record.sources = {sources.begin(), sources.end()};
    record.streams = {streams.begin(), streams.end()};
    record.watermark = options_.ledger_watermark;
    record.rows = rows_;
    record.parameters = options_.parameters;
    ARROW_RETURN_NOT_OK(DescribeTable(&record));
    for (const auto& object : pending_) summary.bytes += object.size;

    for (int attempt = 0;; ++attempt) {
      ARROW_ASSIGN_OR_RAISE(const auto state, FinishOpenCommit(place_, arrow::StopToken::Unstoppable()));
      const auto loaded = CheckSources(state, sources);
      if (!loaded.ok() && KindOf(loaded.status()) == ErrorKind::kNotFound && attempt < kMostAttempts) {
        continue;  // the ledger was merged meanwhile
      }
      ARROW_RETURN_NOT_OK(loaded.status());
      if (*loaded) {
        ARROW_RETURN_NOT_OK(Abort());
        return CommitSummary{.commit_id = commit_id_, .already_loaded = true};
      }
      const Status expected = state.CheckStreams(streams);
      if (!expected.ok()) return Prefix(expected, "commit to " + place_.id.ToString());
      ARROW_RETURN_NOT_OK(CheckTable());
      ARROW_RETURN_NOT_OK(DescribePartitions(state, &record, &summary));
      if (attempt == 0 || record.replaces) ARROW_RETURN_NOT_OK(place_.log->WriteRecord(record));
      const auto begun = place_.log->Begin(state, record);
      if (begun.ok()) break;
      // After this many lost races something is wrong; nothing was added.
      if (KindOf(begun.status()) != ErrorKind::kPrecondition || attempt >= kMostAttempts) {
        if (KindOf(begun.status()) == ErrorKind::kCommitUnknown)
          done_ = true;  // it may have happened: leave the uploads
        return begun.status();
      }
    }
    // From here on the commit happens, if not by us then by the next who opens the table.
    done_ = true;
    const Status finished = FinishCommit(place_, record, arrow::StopToken::Unstoppable());
    if (!finished.ok()) {
      auto info = InfoOf(finished);
      info.kind = ErrorKind::kCommitUnknown;
      info.hint = "the commit is written down and will be finished by the next load or by glaux repair " +
                  place_.id.ToString() + "; its rows are not lost and will not be added twice";
      return MakeError(info, "commit ", commit_id_, " of ", place_.id.ToString(), ": ", finished.message());
    }
    // The commit is done; what cannot be deleted now, the next commit or a repair deletes.
    (void)DropReplaced(place_);
    return summary;
  }

  Status Abort() override {
    if (done_) return Status::OK();
    done_ = true;
    Status first;
    for (auto& [values, files] : files_) {
      files->writer.reset();
      files->object.reset();  // an unclosed writer drops its upload
    }
    for (const auto& object : pending_) {
      const Status status = glaux::Abort(*place_.store, object);
      if (first.ok()) first = status;
    }
    const Status record = place_.log->DropRecord(commit_id_);
    return first.ok() ? record : first;
  }

 private:
  std::shared_ptr<Generation> NewGeneration() const {
    auto generation = std::make_shared<Generation>();
    for (const auto& field : file_schema_->fields()) {
      generation->memos.push_back(field->type()->id() == arrow::Type::STRING ? std::make_unique<StringMemo>()
                                                                             : nullptr);
    }
    return generation;
  }

  /// The batch with exactly the columns of the write schema, in its order; columns that it lacks are null.
  Result<std::shared_ptr<arrow::RecordBatch>> Align(const std::shared_ptr<arrow::RecordBatch>& batch) const {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (const auto& field : plan_.write_schema->fields()) {
      auto column = batch->GetColumnByName(field->name());
      if (column == nullptr) {
        ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(field->type(), batch->num_rows()));
      } else if (column->type_id() == arrow::Type::DICTIONARY) {
        const auto& type = static_cast<const arrow::DictionaryType&>(*column->type());
        if (!type.value_type()->Equals(field->type()) || type.index_type()->id() != arrow::Type::INT32 ||
            field->type()->id() != arrow::Type::STRING) {
          return MakeError(ErrorKind::kInvalid, "append to ", place_.id.ToString(), ": column ", field->name(),
                           " must be ", field->type()->ToString(), ", found: ", type.ToString());
        }
      } else if (!column->type()->Equals(field->type())) {
        return MakeError(ErrorKind::kInvalid, "append to ", place_.id.ToString(), ": column ", field->name(),
                         " must be ", field->type()->ToString(), ", found: ", column->type()->ToString());
      }
      columns.push_back(std::move(column));
    }
    return arrow::RecordBatch::Make(plan_.write_schema, batch->num_rows(), std::move(columns));
  }

  Status Add(Generation& generation, const arrow::RecordBatch& batch, const PartitionedRows& split) {
    generation.any = true;
    std::vector<PreparedColumn> prepared;
    for (size_t c = 0; c < file_columns_.size(); ++c) {
      ARROW_ASSIGN_OR_RAISE(auto column, PrepareColumn(batch.column(file_columns_[c]), generation.memos[c].get()));
      prepared.push_back(std::move(column));
    }
    for (const auto& group : split.groups) {
      PartitionRows* partition = nullptr;
      {
        std::lock_guard lock(generation.mutex);
        auto& slot = generation.partitions[group.values];
        if (slot == nullptr) {
          slot = std::make_unique<PartitionRows>();
          for (size_t c = 0; c < file_columns_.size(); ++c) {
            slot->columns.push_back(
                ColumnBuffer::Make(file_schema_->field(static_cast<int>(c))->type(), generation.memos[c].get()));
          }
        }
        partition = slot.get();
      }
      const std::span rows(split.rows.data() + group.begin, static_cast<size_t>(group.end - group.begin));
      std::lock_guard lock(partition->mutex);
      int64_t grown = 0;
      for (size_t c = 0; c < prepared.size(); ++c) {
        auto& buffer = *partition->columns[c];
        grown -= buffer.memory();
        ARROW_RETURN_NOT_OK(buffer.Append(prepared[c], rows));
        grown += buffer.memory();
      }
      partition->rows += static_cast<int64_t>(rows.size());
      generation.buffered += grown;
    }
    return Status::OK();
  }

  /// Encode all buffered rows, one row group a partition, while other threads fill the next generation.
  Status Flush(bool only_if_full) {
    std::lock_guard one_at_a_time(flush_mutex_);
    std::shared_ptr<Generation> full;
    {
      std::unique_lock swap(generation_mutex_);
      if (only_if_full && generation_->memory() <= options_.memory_limit / 2) return Status::OK();
      if (!generation_->any) return Status::OK();
      full = std::exchange(generation_, NewGeneration());
    }
    std::vector<std::pair<const PartitionValues, std::unique_ptr<PartitionRows>>*> work;
    for (auto& entry : full->partitions) work.push_back(&entry);
    return ParallelForIndex(work.size(), 0, Pool::kCpu, options_.stop, [&](size_t i) -> Status {
      auto rows = std::move(work[i]->second);
      return Encode(work[i]->first, *rows);
    });
  }

  Status Encode(const PartitionValues& values, PartitionRows& rows) {
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (size_t c = 0; c < rows.columns.size(); ++c) {
      ARROW_ASSIGN_OR_RAISE(auto array, rows.columns[c]->Finish());
      rows.columns[c].reset();
      fields.push_back(arrow::field(file_schema_->field(static_cast<int>(c))->name(), array->type()));
      arrays.push_back(std::move(array));
    }
    const auto batch = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.rows, std::move(arrays));

    PartitionFiles* files = nullptr;
    {
      std::lock_guard lock(files_mutex_);
      auto& slot = files_[values];
      if (slot == nullptr) slot = std::make_unique<PartitionFiles>();
      files = slot.get();
    }
    std::lock_guard lock(files->mutex);
    if (files->writer == nullptr) ARROW_RETURN_NOT_OK(OpenFile(values, files));
    ARROW_RETURN_NOT_OK(files->writer->Write(batch));
    ARROW_RETURN_NOT_OK(files->writer->Flush());
    ARROW_ASSIGN_OR_RAISE(const int64_t written, files->writer->bytes_written());
    const bool full = written >= options_.target_file_bytes || ++files->row_groups >= kMostRowGroups;
    return full ? CloseFile(files) : Status::OK();
  }

  Status OpenFile(const PartitionValues& values, PartitionFiles* files) {
    char number[16];
    std::snprintf(number, sizeof number, "%05d", next_file_++);
    const std::string name = commit_id_ + "-" + number + "." + options_.compression + ".parquet";
    ARROW_ASSIGN_OR_RAISE(const std::string location, places_.LocationOf(values));
    ARROW_ASSIGN_OR_RAISE(const auto at, place_.environment.resolve(location));
    if (at.store->name() != place_.store->name()) {
      return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "move the partition to the table's own store"},
                       "append to ", place_.id.ToString(), ": partition ", PartitionPath(keys_, values), " is at ",
                       location, ", in another store than the table (", place_.location, ")");
    }
    const std::string key = at.key + name;
    files->uri = location + name;
    const int64_t part_size = std::max(place_.store->traits().min_part_size, kLocalPart);
    ARROW_ASSIGN_OR_RAISE(files->object, ObjectWriter::Open(place_.store, key, part_size));
    ARROW_ASSIGN_OR_RAISE(const auto* format, FormatByName("parquet"));
    WriteOptions write;
    write.format.parquet.compression = options_.compression;
    ARROW_ASSIGN_OR_RAISE(files->writer, format->OpenWriter(files->object, file_schema_, write));
    return Status::OK();
  }

  Status CloseFile(PartitionFiles* files) {
    ARROW_RETURN_NOT_OK(files->writer->Close());
    ARROW_RETURN_NOT_OK(files->object->Close());
    std::lock_guard lock(files_mutex_);
    pending_.push_back(files->object->pending());
    uris_.push_back(std::move(files->uri));
    files->writer.reset();
    files->object.reset();
    files->row_groups = 0;
    return Status::OK();
  }

  Status CloseFiles() {
    std::vector<PartitionFiles*> open;
    for (auto& [values, files] : files_) {
      if (files->writer != nullptr) open.push_back(files.get());
    }
    // Little is left to encode, and a store that keeps its promises waits for the disk.
    return ParallelFor(std::span(open), 0, Pool::kIo, options_.stop,
                       [&](PartitionFiles* files) { return CloseFile(files); });
  }

  /// What the catalog needs: the whole entry of a new table, else new and widened columns.
  Status DescribeTable(CommitRecord* record) {
    const std::set<std::string> keys(keys_.begin(), keys_.end());
    std::vector<Column> columns;
    for (const auto& field : plan_.table_schema->fields()) {
      if (keys.contains(field->name())) continue;
      auto type = ToGlueType(*field->type());
      if (!type.ok()) return Prefix(type.status(), "column " + field->name());
      columns.push_back({.name = field->name(), .type = *std::move(type)});
    }
    if (staged_) {
      record->create = entry_;
      record->create->storage.columns = columns;
    }
    for (const auto& column : columns) {
      const auto at = std::find_if(entry_.storage.columns.begin(), entry_.storage.columns.end(),
                                   [&](const Column& known) { return known.name == column.name; });
      if (at == entry_.storage.columns.end() || at->type != column.type) record->columns.push_back(column);
    }
    return Status::OK();
  }

  /// Which partitions the commit registers, moves, drops; whether the table is still as this append needs it.
  Status DescribePartitions(const CommitLog::State& state, CommitRecord* record, CommitSummary* summary) {
    const bool overwrite = options_.overwrite != Overwrite::kNone && !staged_;
    if (overwrite && LastCommitOf(state) != last_commit_) {
      return MakeError({.kind = ErrorKind::kPrecondition, .hint = "run the same command again"}, "commit to ",
                       place_.id.ToString(),
                       ": another run has changed the table since this overwrite was begun; nothing was changed");
    }
    const bool replaces_nothing =
        options_.overwrite == Overwrite::kPartitions && files_.empty() && options_.replace_partitions.empty();
    if (!overwrite || replaces_nothing) return places_.Describe(state, record, &summary->partitions_added);
    std::vector<PartitionValues> written;
    for (const auto& [values, files] : files_) written.push_back(values);
    ARROW_RETURN_NOT_OK(DescribeOverwrite(place_, entry_, options_, written, options_.stop, record));
    summary->partitions_added = summary->partitions_replaced = 0;
    for (const auto& move : record->moves) {
      ++(move.from.has_value() ? summary->partitions_replaced : summary->partitions_added);
    }
    summary->files_replaced = static_cast<int64_t>(record->replaced.size());
    return Status::OK();
  }

  /// Whether all of the sources are in the ledger by now. kPrecondition if only some are.
  Result<bool> CheckSources(const CommitLog::State& state, std::span<const LoadedFile> sources) const {
    if (sources.empty() || options_.allow_reload) return false;
    ARROW_ASSIGN_OR_RAISE(const auto ledger, place_.log->ReadLedger(state));
    std::set<std::string> keys;
    for (const auto& file : ledger) keys.insert(file.key + "\n" + file.etag);
    size_t known = 0;
    for (const auto& file : sources) {
      known += keys.contains(file.key + "\n" + file.etag) || state.PastWatermark(file);
    }
    if (known == 0) return false;
    if (known == sources.size()) return true;
    return MakeError({.kind = ErrorKind::kPrecondition, .hint = "run the same command again: it loads what is left"},
                     "commit to ", place_.id.ToString(), ": another run has loaded ", known, " of these ",
                     sources.size(), " files meanwhile; nothing was added");
  }

  /// The table must still be the one that the batches were made for.
  Status CheckTable() const {
    const auto now = place_.environment.catalog->GetTable(place_.id);
    if (staged_) {
      if (now.ok()) {
        return MakeError(ErrorKind::kPrecondition, "commit to ", place_.id.ToString(),
                         ": another run has created the table meanwhile");
      }
      return KindOf(now.status()) == ErrorKind::kNotFound ? Status::OK() : now.status();
    }
    ARROW_RETURN_NOT_OK(now.status());
    if (now->storage.columns != entry_.storage.columns || now->partition_keys != entry_.partition_keys ||
        now->storage.location != entry_.storage.location) {
      return MakeError(ErrorKind::kPrecondition, "commit to ", place_.id.ToString(),
                       ": the table's columns have changed meanwhile; nothing was added");
    }
    return Status::OK();
  }

  const HivePlace place_;
  const TableEntry entry_;
  const bool staged_;
  const EvolutionPlan plan_;
  const AppendOptions options_;
  const std::string commit_id_;
  const std::string last_commit_;  // of the table, when this append was made
  WritePlaces places_;
  const Partitioner partitioner_;
  std::vector<std::string> keys_;
  std::vector<int> file_columns_;  // columns of the write schema that go into files
  std::shared_ptr<arrow::Schema> file_schema_;

  std::shared_mutex generation_mutex_;
  std::shared_ptr<Generation> generation_;
  std::mutex flush_mutex_;
  std::mutex files_mutex_;
  std::map<PartitionValues, std::unique_ptr<PartitionFiles>> files_;
  std::vector<PendingObject> pending_;
  std::vector<std::string> uris_;  // of the pending objects
  std::atomic<int> next_file_{0};
  std::atomic<int64_t> rows_{0};
  bool done_ = false;
};

}  // namespace

Result<std::unique_ptr<Append>> MakeHiveAppend(HivePlace place, const TableEntry& entry, bool staged,
                                               std::vector<PartitionField> spec, const EvolutionPlan& plan,
                                               const AppendOptions& options) {
  for (const auto& field : spec) {
    if (!field.source_column.empty() && plan.write_schema->GetFieldIndex(field.source_column) < 0) {
      return MakeError(
          {.kind = ErrorKind::kInvalid, .hint = "every row needs a partition: the column must be in the data"},
          "append to ", place.id.ToString(), ", partitioned by ", ToString(spec), ": the data has no column ",
          field.source_column);
    }
  }
  std::string last_commit;
  AppendOptions checked = options;
  // A grace beyond what times can say means never.
  checked.grace = std::clamp(options.grace, std::chrono::seconds(0), std::chrono::seconds(std::chrono::days(36'500)));
  if (options.overwrite != Overwrite::kPartitions && !options.replace_partitions.empty()) {
    return MakeError(ErrorKind::kInvalid, "append to ", place.id.ToString(),
                     ": partitions to replace are named, and the append does not overwrite partitions");
  }
  for (const auto& values : options.replace_partitions) {
    if (values.size() == entry.partition_keys.size() && !values.empty()) continue;
    return MakeError(ErrorKind::kInvalid, "append to ", place.id.ToString(), ": a partition to replace has ",
                     values.size(), " values, expected: ", entry.partition_keys.size(), ", one a partition key");
  }
  if (options.overwrite != Overwrite::kNone) {
    // An open commit's rows are not seen yet, and would be replaced without having been looked at.
    ARROW_ASSIGN_OR_RAISE(const auto state, FinishOpenCommit(place, arrow::StopToken::Unstoppable()));
    last_commit = LastCommitOf(state);
  }
  return std::make_unique<HiveAppend>(std::move(place), entry, staged, std::move(spec), plan, std::move(checked),
                                      std::move(last_commit));
}

}  // namespace glaux
