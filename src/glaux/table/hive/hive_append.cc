#include <arrow/api.h>
#include <arrow/util/byte_size.h>

#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "glaux/base/parallel.h"
#include "glaux/base/random.h"
#include "glaux/schema/types.h"
#include "glaux/table/hive/column_buffer.h"
#include "glaux/table/hive/data_files_internal.h"
#include "glaux/table/hive/hive_entry.h"
#include "glaux/table/hive/hive_path.h"
#include "glaux/table/hive/partitioner.h"

namespace glaux {
namespace {

using PartitionValues = std::vector<std::string>;

/// Fewer rows than this are not worth a second file.
constexpr int64_t kLeastRowsSideBySide = 256 << 10;

/// Bytes that a batch takes for each of its columns, roughly.
constexpr int64_t kBatchOverhead = 512;

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
  std::vector<std::shared_ptr<arrow::RecordBatch>> whole;  // of a table without partitions: batches as they came
  std::atomic<int64_t> buffered{0};
  std::atomic<bool> any{false};

  int64_t memory() const {
    int64_t bytes = buffered;
    for (const auto& memo : memos) bytes += memo == nullptr ? 0 : memo->memory();
    return bytes;
  }
};

/// Whether two of Glue's types hold the same values: "varchar(10)" and "string" do.
bool SameType(const std::string& left, const std::string& right) {
  if (left == right) return true;
  const auto one = ParseGlueType(left), other = ParseGlueType(right);
  return one.ok() && other.ok() && (*one)->Equals(**other);
}

std::string LastCommitOf(const CommitLog::State& state) {
  return state.recent.empty() ? std::string() : state.recent.back();
}

class HiveAppend final : public Append {
 public:
  HiveAppend(HivePlace place, TableEntry entry, bool staged, std::vector<PartitionField> spec,
             const EvolutionPlan& plan, AppendOptions options, FileLayout layout, std::string last_commit)
      : place_(std::move(place)),
        entry_(std::move(entry)),
        staged_(staged),
        plan_(plan),
        options_(std::move(options)),
        layout_(std::move(layout)),
        commit_id_(NewId()),
        last_commit_(std::move(last_commit)),
        // In a folder everything is where Hive looks for it.
        places_(place_, entry_, staged_ || layout_.folder,
                options_.overwrite == Overwrite::kTable || options_.overwrite == Overwrite::kPartitions, commit_id_),
        spec_(spec),
        partitioner_(spec, *plan.write_schema, place_.environment.clock->Now()),
        full_at_(FullAt(options_, spec)) {
    for (const auto& key : entry_.partition_keys) keys_.push_back(key.name);
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (int i = 0; i < plan.write_schema->num_fields(); ++i) {
      const auto& field = plan.write_schema->field(i);
      if (IsKey(field->name())) continue;
      file_columns_.push_back(i);
      fields.push_back(arrow::field(field->name(), field->type()));
    }
    file_schema_ = arrow::schema(std::move(fields));
    files_ =
        std::make_unique<DataFiles>(place_, layout_, places_, file_schema_, commit_id_, options_.target_file_bytes);
    write_alone_ = spec_.empty() && layout_.folder && !layout_.format->carries_schema();
    generation_ = NewGeneration();
  }

  ~HiveAppend() override {
    if (!done_) (void)Abort();
  }

  Status Replace(std::vector<PartitionValues> partitions) override {
    if (options_.overwrite != Overwrite::kNamed || rows_ > 0) {
      return MakeError(ErrorKind::kInvalid, "append to ", place_.id.ToString(),
                       ": partitions to replace are named before the first row, of an append that waits for them");
    }
    for (const auto& values : partitions) {
      if (values.size() == keys_.size()) continue;
      return MakeError(ErrorKind::kInvalid, "append to ", place_.id.ToString(), ": a partition to replace has ",
                       values.size(), " values, expected: ", keys_.size(), ", one a partition key");
    }
    named_ = {partitions.begin(), partitions.end()};
    places_.Replace(named_);
    return Status::OK();
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& given) override {
    if (given->num_rows() == 0) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto batch, Align(given));
    if (write_alone_) {
      ARROW_ASSIGN_OR_RAISE(const bool written, WriteAlone(*batch));
      if (written) return Status::OK();
      write_alone_ = false;
    }
    PartitionedRows split;
    if (!spec_.empty()) {
      ARROW_ASSIGN_OR_RAISE(split, partitioner_.Split(*batch));
    }
    bool full = false;
    {
      std::shared_lock in_generation(generation_mutex_);
      ARROW_RETURN_NOT_OK(spec_.empty() ? AddWhole(*generation_, batch) : Add(*generation_, *batch, split));
      full = generation_->memory() > full_at_;
    }
    rows_ += batch->num_rows();
    return full ? Flush(/*only_if_full=*/true) : Status::OK();
  }

  void Attach(AttachedObject object) override { attached_.push_back(std::move(object)); }
  Result<std::vector<PartitionValues>> Partitions() override {
    ARROW_RETURN_NOT_OK(Flush(/*only_if_full=*/false));
    return files_->partitions();
  }

  Result<CommitSummary> Commit(std::span<const LoadedFile> sources, std::span<const StreamChange> streams) override {
    ARROW_RETURN_NOT_OK(Flush(/*only_if_full=*/false));
    const bool replaces_nothing = ReplacesNothing();
    if (!layout_.single.empty() && files_->partitions().empty() && !replaces_nothing) {
      ARROW_RETURN_NOT_OK(files_->Touch({}));  // a file without rows is a file
    }
    ARROW_RETURN_NOT_OK(files_->Close(options_.stop));
    CommitSummary summary{.commit_id = commit_id_, .rows = rows_, .files = files_->uris()};
    CommitRecord record{.id = commit_id_, .objects = files_->pending()};
    record.sources = {sources.begin(), sources.end()};
    record.streams = {streams.begin(), streams.end()};
    record.watermark = options_.ledger_watermark;
    record.attached = attached_;
    record.rows = rows_;
    record.parameters = options_.parameters;
    ARROW_RETURN_NOT_OK(DescribeTable(&record));
    for (const auto& object : record.objects) summary.bytes += object.size;

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
    const Status dropped = files_->Drop();
    const Status record = place_.log->DropRecord(commit_id_);
    return dropped.ok() ? record : dropped;
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

  /// Whether a column of the data is a partition key, and so not in the files.
  bool IsKey(const std::string& column) const {
    return std::any_of(spec_.begin(), spec_.end(), [&](const PartitionField& key) {
      return key.transform == Transform::kIdentity && key.source_column == column;
    });
  }

  /// Rows of a text file need no neighbours: encode them right here.
  Result<bool> WriteAlone(const arrow::RecordBatch& batch) {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (const int column : file_columns_) columns.push_back(batch.column(column));
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (size_t c = 0; c < columns.size(); ++c) {
      fields.push_back(arrow::field(file_schema_->field(static_cast<int>(c))->name(), columns[c]->type()));
    }
    const auto rows = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.num_rows(), std::move(columns));
    ARROW_ASSIGN_OR_RAISE(const bool written, files_->WriteAlone({}, *rows));
    if (written) rows_ += batch.num_rows();
    return written;
  }

  /// The batch with exactly the columns of the write schema, in its order; columns that it lacks are null.
  Result<std::shared_ptr<arrow::RecordBatch>> Align(const std::shared_ptr<arrow::RecordBatch>& batch) const {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (const auto& field : plan_.write_schema->fields()) {
      auto column = batch->GetColumnByName(field->name());
      if (column == nullptr) {
        ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(field->type(), batch->num_rows()));
      } else if (column->type_id() == arrow::Type::DICTIONARY && !column->type()->Equals(field->type())) {
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

  /// Without partitions nothing is regrouped: the batches wait as they are.
  static Status AddWhole(Generation& generation, const std::shared_ptr<arrow::RecordBatch>& batch) {
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, arrow::util::ReferencedBufferSize(*batch));
    std::lock_guard lock(generation.mutex);
    generation.any = true;
    generation.whole.push_back(batch);
    // What a batch costs beside its rows counts where there are many small ones.
    generation.buffered += bytes + kBatchOverhead * (batch->num_columns() + 1);
    return Status::OK();
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
      if (only_if_full && generation_->memory() <= full_at_) return Status::OK();
      if (!generation_->any) return Status::OK();
      full = std::exchange(generation_, NewGeneration());
    }
    if (spec_.empty()) return FlushWhole(full->whole);
    std::vector<std::pair<const PartitionValues, std::unique_ptr<PartitionRows>>*> work;
    for (auto& entry : full->partitions) work.push_back(&entry);
    if (place_.store->traits().remote && work.size() > 1) {
      // Threads that encode are few, and would each wait for every upload to begin.
      ARROW_RETURN_NOT_OK(ParallelForIndex(work.size(), 0, Pool::kIo, options_.stop,
                                           [&](size_t i) { return files_->Touch(work[i]->first); }));
    }
    return ParallelForIndex(work.size(), 0, Pool::kCpu, options_.stop, [&](size_t i) -> Status {
      auto rows = std::move(work[i]->second);
      return Encode(work[i]->first, *rows);
    });
  }

  /// Several files side by side where there is work for several threads and no promise of one file.
  Status FlushWhole(std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
    int64_t rows = 0;
    for (const auto& batch : batches) rows += batch->num_rows();
    const int64_t most = layout_.single.empty() ? std::max<int64_t>(1, rows / kLeastRowsSideBySide) : 1;
    const size_t parts =
        std::min<size_t>({static_cast<size_t>(PoolSize(Pool::kCpu)), static_cast<size_t>(most), batches.size()});
    return ParallelForIndex(parts, 0, Pool::kCpu, options_.stop, [&](size_t part) -> Status {
      const size_t begin = batches.size() * part / parts, end = batches.size() * (part + 1) / parts;
      return files_->Write({}, std::span(batches).subspan(begin, end - begin));
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

    return files_->Write(values, {&batch, 1});
  }

  /// What the catalog needs: the whole entry of a new table, else new and widened columns.
  Status DescribeTable(CommitRecord* record) {
    std::vector<Column> columns;
    arrow::FieldVector fields;
    for (const auto& field : plan_.table_schema->fields()) {
      if (IsKey(field->name()) || std::find(keys_.begin(), keys_.end(), field->name()) != keys_.end()) continue;
      fields.push_back(arrow::field(field->name(), field->type(), field->nullable()));
    }
    if (layout_.folder) {
      const auto schema = arrow::schema(std::move(fields));
      columns = ArrowColumns(*schema);
      ARROW_ASSIGN_OR_RAISE(record->parameters[kArrowSchemaParameter], PrintArrowSchema(*schema));
    } else {
      for (const auto& field : fields) {
        auto type = ToGlueType(*field->type());
        if (!type.ok()) return Prefix(type.status(), "column " + field->name());
        columns.push_back({.name = field->name(), .type = *std::move(type)});
      }
    }
    if (staged_) {
      record->create = entry_;
      record->create->storage.columns = columns;
      for (const auto& [name, value] : record->parameters) {
        if (!value.empty()) record->create->parameters[name] = value;
      }
    }
    for (const auto& column : columns) {
      const auto at = std::find_if(entry_.storage.columns.begin(), entry_.storage.columns.end(),
                                   [&](const Column& known) { return known.name == column.name; });
      if (at == entry_.storage.columns.end() || !SameType(at->type, column.type)) record->columns.push_back(column);
    }
    return Status::OK();
  }

  bool ReplacesNothing() const {
    if (options_.overwrite == Overwrite::kNamed) return named_.empty();
    return options_.overwrite == Overwrite::kPartitions && files_->partitions().empty() &&
           options_.replace_partitions.empty();
  }

  /// Which partitions the commit registers, moves, drops; whether the table is still as this append needs it.
  Status DescribePartitions(const CommitLog::State& state, CommitRecord* record, CommitSummary* summary) {
    const bool overwrite = options_.overwrite != Overwrite::kNone && (layout_.folder || !staged_);
    if (overwrite && options_.made_from_rows && LastCommitOf(state) != last_commit_) {
      return MakeError({.kind = ErrorKind::kPrecondition, .code = kRowsChanged, .hint = "run the same command again"},
                       "commit to ", place_.id.ToString(),
                       ": another run has changed the table since this overwrite was begun; nothing was changed");
    }
    record->replaces = false;
    record->replaced.clear();
    record->moves.clear();
    summary->partitions_added = summary->partitions_replaced = 0;
    if (!overwrite && !layout_.single.empty()) {
      ARROW_ASSIGN_OR_RAISE(const bool there, Exists(*place_.store, place_.prefix + layout_.single));
      if (there) {
        return MakeError({.kind = ErrorKind::kPrecondition, .hint = "overwrite it, or write into a folder"},
                         "commit to ", place_.location, layout_.single,
                         ": the file has appeared meanwhile; nothing was changed");
      }
    }
    const bool adds = !overwrite || ReplacesNothing() || options_.overwrite == Overwrite::kNamed;
    if (adds) {
      ARROW_RETURN_NOT_OK(places_.Describe(state, record, &summary->partitions_added));
      if (layout_.folder && !keys_.empty()) ARROW_RETURN_NOT_OK(CountAdded(*record, summary));
      if (!overwrite || ReplacesNothing()) return Status::OK();
    }
    auto written = files_->partitions();
    auto replacing = options_;
    if (options_.overwrite == Overwrite::kNamed) {
      std::erase_if(written, [&](const auto& values) { return !named_.contains(values); });
      replacing.replace_partitions = {named_.begin(), named_.end()};
    }
    return DescribeOverwrite(place_, layout_, entry_, replacing, written, options_.stop, record, summary);
  }

  Status CountAdded(const CommitRecord& record, CommitSummary* summary) const {
    ARROW_ASSIGN_OR_RAISE(const auto partitions, PartitionsOf(place_, layout_, keys_));
    std::set<PartitionValues> known;
    for (const auto& partition : partitions) known.insert(partition.values);
    summary->partitions_added = std::count_if(record.partitions.begin(), record.partitions.end(),
                                              [&](const auto& values) { return !known.contains(values); });
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
  /// Rows that are kept before they are encoded, in bytes. Where there is one partition, no more than some of its files
  /// will hold, or files would grow far beyond the size they should have.
  static int64_t FullAt(const AppendOptions& options, const std::vector<PartitionField>& spec) {
    const int64_t half = options.memory_limit / 2;
    return spec.empty() ? std::min(half, std::max<int64_t>(2 * options.target_file_bytes, 1 << 20)) : half;
  }

  const AppendOptions options_;
  const FileLayout layout_;
  const std::string commit_id_;
  const std::string last_commit_;  // of the table, when this append was made
  WritePlaces places_;
  const std::vector<PartitionField> spec_;
  const Partitioner partitioner_;
  const int64_t full_at_;
  std::vector<std::string> keys_;
  std::vector<int> file_columns_;  // columns of the write schema that go into files
  std::shared_ptr<arrow::Schema> file_schema_;

  std::shared_mutex generation_mutex_;
  std::shared_ptr<Generation> generation_;
  std::mutex flush_mutex_;
  std::unique_ptr<DataFiles> files_;
  std::vector<AttachedObject> attached_;
  std::set<PartitionValues> named_;  // whose rows are replaced, where the caller says so
  std::atomic<bool> write_alone_{false};
  std::atomic<int64_t> rows_{0};
  bool done_ = false;
};

/// Rows that bring all keys of the run's time along keep them: the columns are the keys.
std::vector<PartitionField> WithKeysOfRows(const std::vector<PartitionField>& spec, const arrow::Schema& rows) {
  std::vector<PartitionField> kept;
  for (const auto& field : spec) {
    const auto keys = field.source_column.empty() ? TimeKeysOf(field.transform) : std::vector<std::string>();
    const bool brought = !keys.empty() && std::all_of(keys.begin(), keys.end(), [&](const std::string& key) {
      const auto column = rows.GetFieldByName(key);
      return column != nullptr && column->type()->id() == arrow::Type::STRING;
    });
    if (!brought) kept.push_back(field);
    for (size_t k = 0; brought && k < keys.size(); ++k) kept.push_back({Transform::kIdentity, keys[k]});
  }
  return kept;
}

/// A column of the data must not hide behind a key of its name.
Status CheckKeysApart(const HivePlace& place, const TableEntry& entry, std::span<const PartitionField> spec,
                      const arrow::Schema& rows) {
  for (const auto& key : entry.partition_keys) {
    const bool is_column = std::any_of(spec.begin(), spec.end(), [&](const PartitionField& field) {
      return field.transform == Transform::kIdentity && field.source_column == key.name;
    });
    if (is_column || rows.GetFieldIndex(key.name) < 0) continue;
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "rename the column in the data, or leave it out"},
                     "append to ", place.id.ToString(), ": the data has a column ", key.name,
                     ", and a partition key that is made of a time has the same name");
  }
  return Status::OK();
}

/// Values of a key are in the folders of files that are there already, and Glue lets no key change.
Status CheckKeyTypes(const HivePlace& place, const TableEntry& entry, const arrow::Schema& columns) {
  for (const auto& key : entry.partition_keys) {
    const auto column = columns.GetFieldByName(key.name);
    if (column == nullptr) continue;
    ARROW_ASSIGN_OR_RAISE(const auto type, ToGlueType(*column->type()));
    if (SameType(key.type, type)) continue;
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "partition keys never change; write into a new table"},
                     "append to ", place.id.ToString(), ": partition key ", key.name, " is ", key.type,
                     ", and would have to become ", type);
  }
  return Status::OK();
}

}  // namespace

int64_t AppendPlace::FilesOf(int64_t rows, int64_t bytes, int64_t target_file_bytes) const {
  if (!layout.single.empty()) return 1;
  const int64_t by_size = std::max<int64_t>(1, bytes / std::max<int64_t>(1, target_file_bytes));
  // Text is encoded row by row into one file; so is what is put together by partition.
  if (partitioned || (layout.folder && layout.format->is_text())) return by_size;
  const int64_t side_by_side = std::min<int64_t>(PoolSize(Pool::kCpu), rows / kLeastRowsSideBySide);
  return std::max(by_size, side_by_side);
}

Result<std::unique_ptr<Append>> MakeHiveAppend(HivePlace place, const TableEntry& entry, bool staged,
                                               std::vector<PartitionField> spec, const EvolutionPlan& plan,
                                               const AppendOptions& options, FileLayout layout) {
  for (const auto& field : spec) {
    if (!field.source_column.empty() && plan.write_schema->GetFieldIndex(field.source_column) < 0) {
      return MakeError(
          {.kind = ErrorKind::kInvalid, .hint = "every row needs a partition: the column must be in the data"},
          "append to ", place.id.ToString(), ", partitioned by ", ToString(spec), ": the data has no column ",
          field.source_column);
    }
  }
  spec = WithKeysOfRows(spec, *plan.write_schema);
  ARROW_RETURN_NOT_OK(CheckKeysApart(place, entry, spec, *plan.write_schema));
  if (!staged && !layout.folder) ARROW_RETURN_NOT_OK(CheckKeyTypes(place, entry, *plan.table_schema));
  std::string last_commit;
  AppendOptions checked = options;
  // A grace beyond what times can say means never.
  checked.grace = std::clamp(options.grace, std::chrono::seconds(0), kLongestGrace);
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
                                      std::move(layout), std::move(last_commit));
}

}  // namespace glaux
