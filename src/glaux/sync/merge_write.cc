#include "glaux/sync/merge_write.h"

#include <arrow/api.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include "glaux/base/memory.h"
#include "glaux/base/parallel.h"
#include "glaux/sync/batch_compute.h"
#include "glaux/sync/merge.h"
#include "glaux/sync/pump.h"
#include "glaux/sync/spool.h"
#include "glaux/table/scan.h"

namespace glaux {
namespace {

/// A merge whose table changes again and again under it ends after so many.
constexpr int kMostMerges = 20;

/// A row of a file takes this many bytes, for a guess at how many there are.
constexpr int64_t kBytesOfRow = 16;

/// One more thread rewrites files for each of these bytes that the write may use.
constexpr int64_t kMemoryOfReader = 32 << 20;
constexpr int64_t kBatchRows = 16 << 10;

/// What rows are numbered with while they meet.
constexpr char kPositionColumn[] = "_glaux_position";

/// The values that new rows have in one column of their primary key: what of the table need not be looked at.
class KeyValues {
 public:
  /// \param listed keep every value, as long as there are few
  explicit KeyValues(bool listed) : listed_(listed) {}

  Status Add(const std::shared_ptr<arrow::Array>& values) {
    if (values->length() == 0) return Status::OK();
    if (listed_) {
      constexpr size_t kFew = 4096;
      ARROW_ASSIGN_OR_RAISE(const auto distinct, Distinct(values));
      for (int64_t i = 0; i < distinct->length(); ++i) {
        ARROW_ASSIGN_OR_RAISE(const auto value, distinct->GetScalar(i));
        list_.insert(value->ToString());
      }
      listed_ = list_.size() <= kFew;
      type_ = values->type();
      return Status::OK();
    }
    // NaN is not in any range.
    if (arrow::is_floating(values->type_id()) || arrow::is_nested(values->type_id())) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto range, MinMaxOf(values));
    const auto& [least, greatest] = range;
    if (least_ == nullptr) {
      least_ = least;
      greatest_ = greatest;
      return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(const bool less, CompareScalars(least, "less", least_));
    if (less) least_ = least;
    ARROW_ASSIGN_OR_RAISE(const bool greater, CompareScalars(greatest, "greater", greatest_));
    if (greater) greatest_ = greatest;
    return Status::OK();
  }

  /// Whether a partition with this value may hold such a row.
  bool MayHold(const arrow::Scalar& value) const {
    if (!listed_ || type_ == nullptr || !type_->Equals(value.type) || arrow::is_floating(value.type->id())) return true;
    return value.is_valid && list_.contains(value.ToString());
  }
  std::optional<ColumnRange> Range(const std::string& column) const {
    if (least_ == nullptr) return std::nullopt;
    return ColumnRange{.column = column, .least = least_, .greatest = greatest_};
  }

 private:
  bool listed_;
  std::set<std::string> list_;
  std::shared_ptr<arrow::DataType> type_;
  std::shared_ptr<arrow::Scalar> least_, greatest_;
};

/// Numbers of rows, few or many.
using RowSet = std::vector<bool>;

/// The rows of a batch that are (or are not) in a set. \param first the number of the batch's first row
Result<std::shared_ptr<arrow::RecordBatch>> Pick(const std::shared_ptr<arrow::RecordBatch>& batch, int64_t first,
                                                 const RowSet& rows, bool in_set) {
  arrow::BooleanBuilder mask;
  ARROW_RETURN_NOT_OK(mask.Reserve(batch->num_rows()));
  for (int64_t i = 0; i < batch->num_rows(); ++i) {
    const auto row = static_cast<size_t>(first + i);
    mask.UnsafeAppend((row < rows.size() && rows[row]) == in_set);
  }
  ARROW_ASSIGN_OR_RAISE(const auto bits, mask.Finish());
  return SelectRows(batch, bits);
}

class MergeWrite final : public TargetWrite {
 public:
  MergeWrite(const TableTargetOptions& target, std::shared_ptr<Table> table, bool has_rows, const EvolutionPlan& plan,
             TargetWriteOptions options)
      : target_(target), table_(std::move(table)), has_rows_(has_rows), plan_(plan), options_(std::move(options)) {}

  Status Init() {
    for (const auto& key : options_.primary_key) {
      if (plan_.write_schema->GetFieldIndex(key) < 0) {
        return MakeError(ErrorKind::kInvalid, "write into ", target_.name, ": primary_key: the data has ",
                         NoColumn(key, *plan_.write_schema));
      }
      const auto& keys = table_->partition_columns();
      key_values_.emplace_back(std::find(keys.begin(), keys.end(), key) != keys.end());
    }
    if (!options_.datetime_field.empty() && plan_.table_schema->GetFieldIndex(options_.datetime_field) < 0) {
      return MakeError(ErrorKind::kInvalid, "write into ", target_.name, ": there is no column ",
                       options_.datetime_field, ", which is its datetime_field; there are ",
                       plan_.table_schema->ToString());
    }
    for (const auto& field : plan_.write_schema->fields()) {
      if (field->name() != kSequenceColumn && field->name() != kPositionColumn) continue;
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "give it another name, with sql in the pipeline"},
                       "write into ", target_.name, ": the data has a column ", field->name(),
                       ", which an upsert needs for itself");
    }
    auto fields = plan_.write_schema->fields();
    fields.push_back(arrow::field(kSequenceColumn, arrow::int64()));
    incoming_schema_ = arrow::schema(std::move(fields));
    ARROW_ASSIGN_OR_RAISE(spool_, Spool::Make(incoming_schema_));
    return Status::OK();
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    for (const auto& key : options_.primary_key) {
      const auto column = batch->GetColumnByName(key);
      if (column == nullptr || column->null_count() > 0) {
        return MakeError({.kind = ErrorKind::kInvalid, .hint = "filter such rows out, or choose another primary_key"},
                         "write into ", target_.name, ": the primary key ", key, " is null in ",
                         column == nullptr ? batch->num_rows() : column->null_count(), " rows");
      }
    }
    ARROW_ASSIGN_OR_RAISE(const auto whole, CastExactly(batch, incoming_schema_, "write into " + target_.name));
    if (has_rows_) {
      std::lock_guard lock(mutex_);
      for (size_t i = 0; i < key_values_.size(); ++i) {
        ARROW_RETURN_NOT_OK(key_values_[i].Add(whole->GetColumnByName(options_.primary_key[i])));
      }
    }
    return spool_->Write(whole);
  }

  void Attach(AttachedObject object) override { attached_.push_back(std::move(object)); }

  Result<TargetSummary> Commit(std::span<const LoadedFile> sources, std::span<const StreamChange> streams) override {
    ARROW_RETURN_NOT_OK(spool_->Finish());
    ReleaseUnusedMemory();  // of the readers, before the engine takes its own
    ARROW_ASSIGN_OR_RAISE(auto* engine, target_.engine());
    ARROW_ASSIGN_OR_RAISE(
        last_of_key_, LastOfEachKey(*engine, Incoming(nullptr), static_cast<size_t>(spool_->rows()), options_.stop));
    for (int merges = 1;; ++merges) {
      auto summary = Merge(*engine, sources, streams);
      if (summary.ok() || InfoOf(summary.status()).code != kRowsChanged || merges == kMostMerges) return summary;
      // The columns are still those that the rows were made for, or the commit says so.
      ARROW_RETURN_NOT_OK(table_->Refresh());
    }
  }

 private:
  bool upserts() const { return options_.mode == WriteMode::kUpsert; }

  Result<TargetSummary> Merge(QueryEngine& engine, std::span<const LoadedFile> sources,
                              std::span<const StreamChange> streams) {
    taken_ = last_of_key_;
    dropped_.clear();
    old_ = ScanPlan();
    // A commit notes the version of the table from which its rows are made: begin before they are read.
    EvolutionPlan whole = plan_;
    if (upserts() || target_.single_file) whole.write_schema = plan_.table_schema;
    ARROW_ASSIGN_OR_RAISE(append_, table_->NewAppend(whole, ToAppendOptions(options_, target_)));
    for (const auto& object : attached_) append_->Attach(object);
    if (has_rows_) {
      ARROW_ASSIGN_OR_RAISE(old_, PlanOfKeys());
      dropped_.resize(old_.files.size());
      ARROW_RETURN_NOT_OK(Meet(engine));
      ReleaseUnusedMemory();
    }
    ARROW_RETURN_NOT_OK(WriteOldRows(whole.write_schema));
    ARROW_RETURN_NOT_OK(WriteNewRows(whole.write_schema));
    ARROW_ASSIGN_OR_RAISE(auto commit, append_->Commit(sources, streams));
    TargetSummary summary = ToSummary(std::move(commit));
    summary.rows = std::count(taken_.begin(), taken_.end(), true);
    summary.unchanged = spool_->rows() - summary.rows;
    return summary;
  }

  /// The files of all partitions that may hold one of the new rows' keys.
  Result<ScanPlan> PlanOfKeys() const {
    ARROW_ASSIGN_OR_RAISE(auto plan, table_->Plan({.stop = options_.stop}));
    if (target_.single_file) return plan;
    std::erase_if(plan.files, [&](const DataFile& file) {
      for (size_t k = 0; k < plan.partition_columns.size(); ++k) {
        const auto key = std::find(options_.primary_key.begin(), options_.primary_key.end(), plan.partition_columns[k]);
        if (key == options_.primary_key.end()) continue;
        if (!key_values_[static_cast<size_t>(key - options_.primary_key.begin())].MayHold(*file.partition_values[k]))
          return true;
      }
      return false;
    });
    return plan;
  }

  Status Meet(QueryEngine& engine) {
    return MeetTarget(engine, options_.mode, Incoming(&last_of_key_), OldRows(), options_.stop,
                      [this](const MergeMeeting& meeting) -> Status {
                        if (meeting.target_stays) {
                          taken_[static_cast<size_t>(meeting.incoming)] = false;
                          return Status::OK();
                        }
                        auto& rows = dropped_[static_cast<size_t>(meeting.target >> kPositionBits)];
                        const auto row = static_cast<size_t>(meeting.target & ((int64_t{1} << kPositionBits) - 1));
                        if (rows.size() <= row) rows.resize(row + 1);
                        rows[row] = true;
                        return Status::OK();
                      });
  }

  /// The columns by which rows meet, under the names that a merge gives them.
  std::shared_ptr<arrow::Schema> MeetingSchema(bool with_order) const {
    arrow::FieldVector fields;
    for (size_t i = 0; i < options_.primary_key.size(); ++i) {
      fields.push_back(
          arrow::field(MergeKeyColumn(i), plan_.table_schema->GetFieldByName(options_.primary_key[i])->type()));
    }
    if (!options_.datetime_field.empty()) {
      fields.push_back(arrow::field(kMergeTime, plan_.table_schema->GetFieldByName(options_.datetime_field)->type()));
    }
    fields.push_back(arrow::field(kMergePosition, arrow::int64()));
    if (with_order) fields.push_back(arrow::field(kMergeOrder, arrow::int64()));
    return arrow::schema(std::move(fields));
  }

  /// Names of those columns in the table, with what `position` and `order` are called.
  std::vector<std::string> MeetingNames(const std::string& position, const std::string& order) const {
    auto names = options_.primary_key;
    if (!options_.datetime_field.empty()) names.push_back(options_.datetime_field);
    names.push_back(position);
    if (!order.empty()) names.push_back(order);
    return names;
  }

  static Result<std::shared_ptr<arrow::RecordBatch>> Rename(const arrow::RecordBatch& batch,
                                                            const std::vector<std::string>& names,
                                                            const std::shared_ptr<arrow::Schema>& schema) {
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    for (size_t i = 0; i < names.size(); ++i) {
      const auto column = batch.GetColumnByName(names[i]);
      if (column == nullptr) continue;  // the cast makes it null
      fields.push_back(arrow::field(schema->field(static_cast<int>(i))->name(), column->type()));
      columns.push_back(column);
    }
    return CastExactly(arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.num_rows(), std::move(columns)),
                       schema, "merge");
  }

  /// \param only rows that are read; null: all
  MergeSide Incoming(const RowSet* only) const {
    const auto schema = MeetingSchema(/*with_order=*/true);
    const auto names = MeetingNames(kPositionColumn, kSequenceColumn);
    std::vector<int> columns;
    for (const auto& name : names) {
      const int at = incoming_schema_->GetFieldIndex(name);
      if (at >= 0) columns.push_back(at);
    }
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    const auto open = [this, only, schema, names, columns]() -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
      ARROW_ASSIGN_OR_RAISE(auto reader, spool_->Read(columns));
      return PrefetchingReader(MakeReaderStream(std::move(reader)), schema, {.threads = 1, .stop = options_.stop},
                               [=, first = int64_t{0}](const std::shared_ptr<arrow::RecordBatch>& batch,
                                                       int64_t) mutable -> Result<std::shared_ptr<arrow::RecordBatch>> {
                                 ARROW_ASSIGN_OR_RAISE(auto rows, WithSequence(batch, kPositionColumn, first));
                                 if (only != nullptr) {
                                   ARROW_ASSIGN_OR_RAISE(rows, Pick(rows, first, *only, true));
                                 }
                                 first += batch->num_rows();
                                 return Rename(*rows, names, schema);
                               });
    };
    return {.schema = schema, .open = open, .rows = spool_->rows()};
  }

  MergeSide OldRows() const {
    const auto schema = MeetingSchema(/*with_order=*/false);
    const auto names = MeetingNames(kPositionColumn, {});
    int64_t bytes = 0;
    for (const auto& file : old_.files) bytes += file.size;
    ScanOptions scan{.columns = std::vector<std::string>(), .position_column = kPositionColumn, .stop = options_.stop};
    for (const auto& name : std::set<std::string>(names.begin(), names.end())) {
      if (old_.schema->GetFieldIndex(name) >= 0) scan.columns->push_back(name);
    }
    for (size_t i = 0; i < options_.primary_key.size(); ++i) {
      const auto range = key_values_[i].Range(options_.primary_key[i]);
      if (range.has_value()) scan.ranges.push_back(*range);
    }
    const auto open = [this, schema, names, scan]() -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
      ARROW_ASSIGN_OR_RAISE(auto reader, Scan(old_, target_.resolve, scan));
      return PrefetchingReader(
          MakeReaderStream(std::move(reader)), schema, {.threads = 1, .stop = options_.stop},
          [=](const std::shared_ptr<arrow::RecordBatch>& batch, int64_t) { return Rename(*batch, names, schema); });
    };
    return {.schema = schema, .open = open, .rows = std::max(bytes / kBytesOfRow, 2 * spool_->rows())};
  }

  /// The rows that stay of partitions in which others do not.
  Status WriteOldRows(const std::shared_ptr<arrow::Schema>& schema) {
    std::set<std::vector<std::string>> touched;
    for (size_t i = 0; i < old_.files.size(); ++i) {
      if (!dropped_[i].empty()) touched.insert(old_.files[i].partition);
    }
    if (!target_.single_file) ARROW_RETURN_NOT_OK(append_->Replace({touched.begin(), touched.end()}));
    std::vector<size_t> files;
    for (size_t i = 0; i < old_.files.size(); ++i) {
      if (target_.single_file || touched.contains(old_.files[i].partition)) files.push_back(i);
    }
    const auto most = std::clamp<int64_t>(options_.memory_limit / kMemoryOfReader, 1, PoolSize(Pool::kCpu));
    return ParallelFor(std::span(files), target_.single_file ? 1 : static_cast<int>(most), Pool::kCpu, options_.stop,
                       [&](size_t file) { return WriteOldFile(file, schema); });
  }

  Status WriteOldFile(size_t file, const std::shared_ptr<arrow::Schema>& schema) {
    ScanPlan one = old_;
    one.files = {old_.files[file]};
    const auto columns = ComparableSchema(*table_)->field_names();
    ARROW_ASSIGN_OR_RAISE(
        const auto reader,
        Scan(std::move(one), target_.resolve, {.columns = columns, .batch_rows = kBatchRows, .stop = options_.stop}));
    for (int64_t first = 0;;) {
      ARROW_ASSIGN_OR_RAISE(auto batch, reader->Next());
      if (batch == nullptr) return Status::OK();
      const int64_t rows = batch->num_rows();
      ARROW_ASSIGN_OR_RAISE(batch, Pick(batch, first, dropped_[file], false));
      first += rows;
      ARROW_ASSIGN_OR_RAISE(batch, CastExactly(batch, schema, target_.name));
      ARROW_RETURN_NOT_OK(append_->Write(batch));
    }
  }

  Status WriteNewRows(const std::shared_ptr<arrow::Schema>& schema) {
    ARROW_ASSIGN_OR_RAISE(auto reader, spool_->Read());
    const auto rows =
        PrefetchingReader(MakeReaderStream(std::move(reader)), incoming_schema_, {.threads = 1, .stop = options_.stop},
                          [this, first = int64_t{0}](const std::shared_ptr<arrow::RecordBatch>& batch,
                                                     int64_t) mutable -> Result<std::shared_ptr<arrow::RecordBatch>> {
                            const int64_t begin = first;
                            first += batch->num_rows();
                            return Pick(batch, begin, taken_, true);
                          });
    const auto stream = MakeReaderStream(rows);
    return Pump(*stream, {.in_order = target_.single_file, .stop = options_.stop},
                [&](const std::shared_ptr<arrow::RecordBatch>& batch, int64_t) -> Status {
                  ARROW_ASSIGN_OR_RAISE(const auto cast, CastExactly(batch, schema, target_.name));
                  return append_->Write(cast);
                });
  }

  const TableTargetOptions& target_;
  const std::shared_ptr<Table> table_;
  const bool has_rows_;
  const EvolutionPlan plan_;
  const TargetWriteOptions options_;
  std::shared_ptr<arrow::Schema> incoming_schema_;
  std::unique_ptr<Spool> spool_;
  std::mutex mutex_;
  std::vector<KeyValues> key_values_;  // by column of the primary key

  std::vector<AttachedObject> attached_;

  RowSet last_of_key_;  // of the new rows
  std::unique_ptr<Append> append_;
  RowSet taken_;                 // new rows that are written
  ScanPlan old_;                 // the target's rows that may meet one
  std::vector<RowSet> dropped_;  // of them, by file
};

}  // namespace

std::shared_ptr<arrow::Schema> ComparableSchema(const Table& table) {
  std::set<std::string> made(table.partition_columns().begin(), table.partition_columns().end());
  for (const auto& field : table.partition_spec()) {
    if (field.transform == Transform::kIdentity) made.erase(field.source_column);
  }
  arrow::FieldVector fields;
  for (const auto& field : table.schema()->fields()) {
    if (!made.contains(field->name())) fields.push_back(field);
  }
  return arrow::schema(std::move(fields));
}

TargetSummary ToSummary(CommitSummary commit) {
  return {.commit_id = std::move(commit.commit_id),
          .rows = commit.rows,
          .bytes = commit.bytes,
          .files = std::move(commit.files),
          .partitions_added = commit.partitions_added,
          .partitions_replaced = commit.partitions_replaced,
          .already_loaded = commit.already_loaded};
}

AppendOptions ToAppendOptions(const TargetWriteOptions& options, const TableTargetOptions& target) {
  AppendOptions append{.memory_limit = options.memory_limit,
                       .target_file_bytes = target.target_file_bytes,
                       .compression = target.compression,
                       .grace = target.in_catalog ? std::chrono::seconds(3600) : std::chrono::seconds(0),
                       .ledger_watermark = options.ledger_watermark,
                       .allow_reload = options.allow_reload,
                       .parameters = options.parameters,
                       .stop = options.stop};
  if (Merges(options.mode)) append.overwrite = target.single_file ? Overwrite::kTable : Overwrite::kNamed;
  if (options.mode == WriteMode::kReplace) append.overwrite = Overwrite::kTable;
  if (options.mode == WriteMode::kAppend && target.single_file) append.overwrite = Overwrite::kTable;
  if (options.mode == WriteMode::kOverwritePartitions) {
    append.overwrite = Overwrite::kPartitions;
    append.made_from_rows = options.made_from_rows;
  }
  return append;
}

Result<std::unique_ptr<TargetWrite>> MakeMergeWrite(const TableTargetOptions& target, std::shared_ptr<Table> table,
                                                    bool has_rows, const EvolutionPlan& plan,
                                                    const TargetWriteOptions& options) {
  auto write = std::make_unique<MergeWrite>(target, std::move(table), has_rows, plan, options);
  ARROW_RETURN_NOT_OK(write->Init());
  return write;
}

}  // namespace glaux
