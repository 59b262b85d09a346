#include "glaux/sync/table_target.h"

#include <arrow/api.h>

#include <algorithm>

#include "glaux/sync/batch_compute.h"
#include "glaux/sync/merge_write.h"
#include "glaux/sync/request_plan.h"
#include "glaux/table/scan.h"

namespace glaux {
namespace {

/// Whether rows have all keys of the write time.
bool BringsKeys(const arrow::Schema& rows, std::span<const std::string> keys) {
  return std::all_of(keys.begin(), keys.end(), [&](const auto& key) { return rows.GetFieldIndex(key) >= 0; });
}

class PlainWrite final : public TargetWrite {
 public:
  PlainWrite(std::unique_ptr<Append> append, WriteMode mode) : append_(std::move(append)), mode_(mode) {}
  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override { return append_->Write(batch); }
  void Attach(AttachedObject object) override { append_->Attach(std::move(object)); }
  Result<std::vector<std::vector<std::string>>> Replaces() override {
    if (mode_ != WriteMode::kOverwritePartitions) return TargetWrite::Replaces();
    return append_->Partitions();
  }
  Result<TargetSummary> Commit(std::span<const LoadedFile> sources, std::span<const StreamChange> streams) override {
    ARROW_ASSIGN_OR_RAISE(auto commit, append_->Commit(sources, streams));
    return ToSummary(std::move(commit));
  }

 private:
  const std::unique_ptr<Append> append_;
  const WriteMode mode_;
};

/// The rows of a file that is there, and behind them the new ones, as a new file in its place.
class LongerFileWrite final : public TargetWrite {
 public:
  static Result<std::unique_ptr<TargetWrite>> Make(const TableTargetOptions& target, std::shared_ptr<Table> table,
                                                   bool has_rows, const EvolutionPlan& plan,
                                                   const TargetWriteOptions& options) {
    EvolutionPlan whole = plan;
    whole.write_schema = plan.table_schema;
    auto write = std::make_unique<LongerFileWrite>();
    write->name_ = target.name;
    write->schema_ = plan.table_schema;
    // It notes the version from which the rows are made: before they are read.
    ARROW_ASSIGN_OR_RAISE(write->append_, table->NewAppend(whole, ToAppendOptions(options, target)));
    if (!has_rows) return write;
    ARROW_ASSIGN_OR_RAISE(
        auto reader,
        Scan(*table, target.resolve, {.columns = ComparableSchema(*table)->field_names(), .stop = options.stop}));
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, reader->Next());
      if (batch == nullptr) return write;
      write->rows_before_ += batch->num_rows();
      ARROW_RETURN_NOT_OK(write->Write(batch));
    }
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    ARROW_ASSIGN_OR_RAISE(const auto whole, CastExactly(batch, schema_, "write into " + name_));
    return append_->Write(whole);
  }

  void Attach(AttachedObject object) override { append_->Attach(std::move(object)); }

  Result<TargetSummary> Commit(std::span<const LoadedFile> sources, std::span<const StreamChange> streams) override {
    ARROW_ASSIGN_OR_RAISE(auto commit, append_->Commit(sources, streams));
    auto summary = ToSummary(std::move(commit));
    if (!summary.already_loaded) summary.rows -= rows_before_;
    return summary;
  }

 private:
  std::string name_;
  std::shared_ptr<arrow::Schema> schema_;
  int64_t rows_before_ = 0;
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
  bool takes_dictionaries(WriteMode mode) const override { return options_.in_catalog && !Merges(mode); }
  bool keeps_columns() const override { return options_.in_catalog; }
  bool keeps_types(WriteMode mode) const override {
    // The engine that merges rows has fewer types than files have.
    return !options_.in_catalog && !Merges(mode);
  }
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

  Result<TargetPreview> Preview(const EvolutionPlan& plan, const TargetWriteOptions& options) override {
    TargetPreview preview;
    if (options_.table == nullptr) {
      ARROW_ASSIGN_OR_RAISE(preview.table, Stage(plan));
    }
    const auto& table = options_.table == nullptr ? *preview.table : *options_.table;
    preview.requests = table.RequestsOf(plan, ToAppendOptions(options, options_), options.expected);
    const bool merges = Merges(options.mode);
    const bool longer = options.mode == WriteMode::kAppend && options_.single_file;
    if (!preview.requests.empty()) preview.notes = WhatIsNotKnown(table, (merges || longer) && schema() != nullptr);
    return preview;
  }

  Result<std::unique_ptr<TargetWrite>> Begin(const EvolutionPlan& plan, const TargetWriteOptions& options) override {
    auto table = options_.table;
    const bool there = schema() != nullptr;
    if (table == nullptr) {
      ARROW_ASSIGN_OR_RAISE(table, Stage(plan));
    }
    if (Merges(options.mode)) {
      return MakeMergeWrite(options_, std::move(table), there, plan, options);
    }
    if (options.mode == WriteMode::kAppend && options_.single_file) {
      return LongerFileWrite::Make(options_, std::move(table), there, plan, options);
    }
    if (options.mode == WriteMode::kOverwritePartitions && table->partition_columns().empty()) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "use mode replace, or partition_by for a new target"},
                       "write into ", options_.name, ": overwrite_partitions, and it is not partitioned");
    }
    ARROW_ASSIGN_OR_RAISE(auto append, table->NewAppend(plan, ToAppendOptions(options, options_)));
    return std::make_unique<PlainWrite>(std::move(append), options.mode);
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
    ARROW_ASSIGN_OR_RAISE(auto table, options_.stage(*arrow::schema(std::move(columns))));
    // To stage it ends what a run that was cut off had begun, and that may have made it, of the same sources.
    const auto there = options_.open();
    if (there.ok()) {
      return MakeError(ErrorKind::kPrecondition, options_.name, " was not there, and is now: another run has made it");
    }
    if (KindOf(there.status()) != ErrorKind::kNotFound) return there.status();
    return table;
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
