#include "glaux/sync/table_target.h"

#include <arrow/api.h>

#include <algorithm>
#include <atomic>
#include <set>

#include "glaux/base/parallel.h"
#include "glaux/sync/batch_compute_internal.h"
#include "glaux/sync/merge.h"
#include "glaux/sync/pump.h"
#include "glaux/sync/spool.h"
#include "glaux/table/scan.h"

namespace glaux {
namespace {

/// Columns that meet the data's: the table's own and its identity keys, not the keys that a time makes.
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

/// Whether rows have all keys of the write time.
bool BringsKeys(const arrow::Schema& rows, std::span<const std::string> keys) {
  return std::all_of(keys.begin(), keys.end(), [&](const auto& key) { return rows.GetFieldIndex(key) >= 0; });
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
  return {.memory_limit = options.memory_limit,
          .target_file_bytes = target.target_file_bytes,
          .compression = target.compression,
          .grace = target.in_catalog ? std::chrono::seconds(3600) : std::chrono::seconds(0),
          .ledger_watermark = options.ledger_watermark,
          .allow_reload = options.allow_reload,
          .parameters = options.parameters,
          .stop = options.stop};
}

class PlainWrite final : public TargetWrite {
 public:
  explicit PlainWrite(std::unique_ptr<Append> append) : append_(std::move(append)) {}
  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override { return append_->Write(batch); }
  void Attach(AttachedObject object) override { append_->Attach(std::move(object)); }
  Result<TargetSummary> Commit(std::span<const LoadedFile> sources, std::span<const StreamChange> streams) override {
    ARROW_ASSIGN_OR_RAISE(auto commit, append_->Commit(sources, streams));
    return ToSummary(std::move(commit));
  }

 private:
  const std::unique_ptr<Append> append_;
};

/// Keeps the new rows aside until all are there, then merges them with the target's.
class MergeWrite final : public TargetWrite {
 public:
  static Result<std::unique_ptr<TargetWrite>> Make(const TableTargetOptions& target, std::shared_ptr<Table> table,
                                                   bool has_rows, const EvolutionPlan& plan,
                                                   const TargetWriteOptions& options) {
    for (const auto& key : options.primary_key) {
      if (plan.write_schema->GetFieldIndex(key) < 0) {
        return MakeError(ErrorKind::kInvalid, "write into ", target.name, ": the data has no column ", key,
                         ", which is its primary key; there are ", plan.write_schema->ToString());
      }
    }
    auto fields = plan.write_schema->fields();
    fields.push_back(arrow::field(kSequenceColumn, arrow::int64()));
    auto write = std::make_unique<MergeWrite>();
    write->target_ = &target;
    write->table_ = std::move(table);
    write->has_rows_ = has_rows;
    write->plan_ = plan;
    write->options_ = options;
    write->incoming_schema_ = arrow::schema(std::move(fields));
    ARROW_ASSIGN_OR_RAISE(write->spool_, Spool::Make(write->incoming_schema_));
    // An overwrite notes the version of the table from which its rows are made: begin before they are read.
    if (options.mode == WriteMode::kUpsert || target.single_file) {
      auto append_options = ToAppendOptions(options, target);
      append_options.overwrite = Overwrite::kTable;
      EvolutionPlan whole = plan;
      whole.write_schema = plan.table_schema;
      ARROW_ASSIGN_OR_RAISE(write->append_, write->table_->NewAppend(whole, append_options));
    } else {
      ARROW_ASSIGN_OR_RAISE(write->append_, write->table_->NewAppend(plan, ToAppendOptions(options, target)));
    }
    return write;
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    for (const auto& key : options_.primary_key) {
      const auto column = batch->GetColumnByName(key);
      if (column == nullptr || column->null_count() > 0) {
        return MakeError({.kind = ErrorKind::kInvalid, .hint = "filter such rows out, or choose another primary_key"},
                         "write into ", target_->name, ": the primary key ", key, " is null in ",
                         column == nullptr ? batch->num_rows() : column->null_count(), " rows");
      }
    }
    ARROW_ASSIGN_OR_RAISE(const auto whole, CastExactly(batch, incoming_schema_, "write into " + target_->name));
    return spool_->Write(whole);
  }

  void Attach(AttachedObject object) override { append_->Attach(std::move(object)); }

  Result<TargetSummary> Commit(std::span<const LoadedFile> sources, std::span<const StreamChange> streams) override {
    ARROW_RETURN_NOT_OK(spool_->Finish());
    const bool whole = options_.mode == WriteMode::kUpsert || target_->single_file;
    ARROW_ASSIGN_OR_RAISE(auto* engine, target_->engine());
    const auto result_schema = whole ? plan_.table_schema : plan_.write_schema;
    MergeColumns columns{.all = result_schema->field_names(),
                         .primary_key = options_.primary_key,
                         .datetime_field = options_.datetime_field,
                         .in_order = target_->single_file};
    const auto target_schema = has_rows_ ? ComparableSchema(*table_) : arrow::schema({});
    columns.in_target = target_schema->field_names();
    QueryRequest request{.sql = SqlOf(columns)};
    request.relations.push_back({.name = "glaux_incoming",
                                 .schema = Incoming(result_schema),
                                 .open = [this, result_schema] { return ReadIncoming(result_schema); }});
    request.relations.push_back({.name = "glaux_target",
                                 .schema = TargetSchema(target_schema),
                                 .open = [this, target_schema] { return ReadTarget(target_schema); }});
    ARROW_ASSIGN_OR_RAISE(auto result, Query(*engine, request));
    std::atomic<int64_t> taken{0};
    const auto stream = MakeReaderStream(std::move(result.reader));
    ARROW_RETURN_NOT_OK(Pump(*stream, {.in_order = target_->single_file, .stop = options_.stop},
                             [&](std::shared_ptr<arrow::RecordBatch> batch, int64_t) -> Status {
                               const auto incoming = batch->GetColumnByName(kIncomingColumn);
                               taken += static_cast<const arrow::BooleanArray&>(*incoming).true_count();
                               ARROW_ASSIGN_OR_RAISE(const auto rows, CastExactly(batch, result_schema, target_->name));
                               return append_->Write(rows);
                             }));
    ARROW_ASSIGN_OR_RAISE(auto commit, append_->Commit(sources, streams));
    TargetSummary summary = ToSummary(std::move(commit));
    summary.rows = taken;
    summary.unchanged = spool_->rows() - taken;
    return summary;
  }

 private:
  std::string SqlOf(const MergeColumns& columns) const {
    if (options_.mode == WriteMode::kUpsert) return UpsertSql(columns);
    // A single file is written whole: its own rows come first.
    return InsertNewSql(columns, target_->single_file);
  }

  /// The relation's columns: those of the result, and the order in which rows came.
  std::shared_ptr<arrow::Schema> Incoming(const std::shared_ptr<arrow::Schema>& result) const {
    auto fields = result->fields();
    fields.push_back(arrow::field(kSequenceColumn, arrow::int64()));
    return arrow::schema(std::move(fields));
  }

  Result<std::shared_ptr<arrow::RecordBatchReader>> ReadIncoming(const std::shared_ptr<arrow::Schema>& result) const {
    ARROW_ASSIGN_OR_RAISE(auto reader, spool_->Read());
    return PrefetchingReader(MakeReaderStream(std::move(reader)), Incoming(result),
                             {.threads = 1, .stop = options_.stop},
                             [schema = Incoming(result)](std::shared_ptr<arrow::RecordBatch> batch, int64_t) {
                               return CastExactly(batch, schema, "merge");
                             });
  }

  /// A table without rows still needs its keys for SQL to name them.
  std::shared_ptr<arrow::Schema> TargetSchema(const std::shared_ptr<arrow::Schema>& target) const {
    auto fields = target->fields();
    for (const auto& key : options_.primary_key) {
      if (target->GetFieldIndex(key) < 0) fields.push_back(plan_.write_schema->GetFieldByName(key));
    }
    if (target_->single_file) fields.push_back(arrow::field(kSequenceColumn, arrow::int64()));
    return arrow::schema(std::move(fields));
  }

  Result<std::shared_ptr<arrow::RecordBatchReader>> ReadTarget(const std::shared_ptr<arrow::Schema>& target) const {
    const auto schema = TargetSchema(target);
    if (!has_rows_) return arrow::RecordBatchReader::Make({}, schema);
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          Scan(*table_, target_->resolve, {.columns = target->field_names(), .stop = options_.stop}));
    return PrefetchingReader(
        MakeReaderStream(std::move(reader)), schema, {.threads = 1, .stop = options_.stop},
        [single_file = target_->single_file, schema](std::shared_ptr<arrow::RecordBatch> batch,
                                                     int64_t sequence) -> Result<std::shared_ptr<arrow::RecordBatch>> {
          if (single_file) {
            ARROW_ASSIGN_OR_RAISE(batch, WithSequence(batch, kSequenceColumn, sequence));
          }
          return CastExactly(batch, schema, "merge");
        });
  }

  const TableTargetOptions* target_ = nullptr;
  std::shared_ptr<Table> table_;
  bool has_rows_ = false;
  EvolutionPlan plan_;
  TargetWriteOptions options_;
  std::shared_ptr<arrow::Schema> incoming_schema_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Append> append_;
};

class TableTarget final : public Target {
 public:
  explicit TableTarget(TableTargetOptions options) : options_(std::move(options)) {}

  std::string name() const override { return options_.name; }
  std::shared_ptr<arrow::Schema> schema() const override {
    if (options_.table == nullptr) return nullptr;
    // Without a column of its own it is a folder that nothing was written into; its keys are only wanted.
    const auto& table = *options_.table;
    if (table.schema()->num_fields() == static_cast<int>(table.partition_columns().size())) return nullptr;
    return ComparableSchema(table);
  }
  bool normalizes_names() const override { return options_.in_catalog; }
  bool keeps_order() const override { return options_.single_file; }
  bool takes_dictionaries(WriteMode mode) const override {
    return options_.in_catalog && mode != WriteMode::kUpsert && mode != WriteMode::kInsertNew;
  }
  bool keeps_columns() const override { return options_.in_catalog; }
  std::string quarantine_folder() const override { return options_.quarantine_folder; }
  LocationResolver attachments() const override { return options_.beside ? options_.beside : options_.resolve; }
  std::shared_ptr<Table> table() const override { return options_.table; }

  MadeKeys made_keys() const override {
    MadeKeys made;
    for (const auto& field : options_.table == nullptr ? options_.partition_by : options_.table->partition_spec()) {
      auto& to = field.source_column.empty() ? made.of_write_time : made.of_columns;
      for (auto& key : TimeKeysOf(field.transform)) to.push_back(std::move(key));
    }
    return made;
  }

  Result<std::map<std::string, std::string>> Streams() override {
    if (options_.table == nullptr) return std::map<std::string, std::string>();
    return options_.table->Streams();
  }
  Status ChangeStream(const StreamChange& change) override {
    ARROW_RETURN_NOT_OK(MustBeThere());
    return options_.table->ChangeStream(change);
  }
  Result<std::vector<bool>> AlreadyLoaded(std::span<const LoadedFile> files) override {
    if (options_.table == nullptr) return std::vector<bool>(files.size(), false);
    ARROW_ASSIGN_OR_RAISE(auto loaded, options_.table->AlreadyLoaded(files));
    // An open commit may just have been finished, with new columns.
    ARROW_RETURN_NOT_OK(options_.table->Refresh());
    return loaded;
  }
  Result<std::vector<LoadedFile>> Loaded() override {
    if (options_.table == nullptr) return std::vector<LoadedFile>();
    return options_.table->Loaded();
  }
  Result<int64_t> ForgetLoaded(const std::function<bool(const LoadedFile&)>& forget) override {
    ARROW_RETURN_NOT_OK(MustBeThere());
    return options_.table->ForgetLoaded(forget);
  }

  Status Refresh() override {
    auto table = options_.open();
    if (!table.ok() && KindOf(table.status()) != ErrorKind::kNotFound) return table.status();
    options_.table = table.ok() ? *std::move(table) : nullptr;
    return Status::OK();
  }

  Status Check(const EvolutionPlan& plan) override {
    return options_.table == nullptr ? Stage(plan).status() : Status::OK();
  }

  Result<std::unique_ptr<TargetWrite>> Begin(const EvolutionPlan& plan, const TargetWriteOptions& options) override {
    auto table = options_.table;
    const bool there = schema() != nullptr;
    if (table == nullptr) {
      ARROW_ASSIGN_OR_RAISE(table, Stage(plan));
    }
    if (options.mode == WriteMode::kUpsert || options.mode == WriteMode::kInsertNew) {
      return MergeWrite::Make(options_, std::move(table), there, plan, options);
    }
    auto append_options = ToAppendOptions(options, options_);
    if (options.mode == WriteMode::kReplace) append_options.overwrite = Overwrite::kTable;
    if (options.mode == WriteMode::kOverwritePartitions) {
      if (table->partition_columns().empty()) {
        return MakeError({.kind = ErrorKind::kInvalid, .hint = "use mode replace, or partition_by for a new target"},
                         "write into ", options_.name, ": overwrite_partitions, and it is not partitioned");
      }
      append_options.overwrite = Overwrite::kPartitions;
    }
    ARROW_ASSIGN_OR_RAISE(auto append, table->NewAppend(plan, append_options));
    return std::make_unique<PlainWrite>(std::move(append));
  }

 private:
  /// The new table's columns are those of the plan, without the keys that rows bring along.
  Result<std::shared_ptr<Table>> Stage(const EvolutionPlan& plan) const {
    const auto made = made_keys().of_write_time;
    arrow::FieldVector columns;
    for (const auto& field : plan.table_schema->fields()) {
      const bool is_key = std::find(made.begin(), made.end(), field->name()) != made.end();
      if (!is_key || !BringsKeys(*plan.write_schema, made)) columns.push_back(field);
    }
    return options_.stage(*arrow::schema(std::move(columns)));
  }

  Status MustBeThere() const {
    return options_.table != nullptr ? Status::OK()
                                     : MakeError(ErrorKind::kNotFound, options_.name, " is not there yet");
  }

  TableTargetOptions options_;
};

}  // namespace

std::unique_ptr<Target> MakeTableTarget(TableTargetOptions options) {
  return std::make_unique<TableTarget>(std::move(options));
}

}  // namespace glaux
