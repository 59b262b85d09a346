#include "glaux/lake/load_internal.h"

#include <arrow/api.h>

#include <algorithm>

#include "glaux/lake/inputs_internal.h"
#include "glaux/sync/merge_write.h"
#include "glaux/sync/pipeline_plan.h"
#include "glaux/sync/pump.h"
#include "glaux/sync/request_plan.h"
#include "glaux/sync/shape.h"
#include "glaux/table/hive/hive_entry.h"

namespace glaux {
namespace {

/// Sampled bytes over all files of one load.
constexpr int64_t kSampleBudget = 16 << 20;
constexpr int64_t kLeastSample = 64 << 10;
constexpr int64_t kMostSample = 1 << 20;
/// Loads that lose a race plan again, this often.
constexpr int kMostAttempts = 5;

/// Year, month and day of the write time.
std::vector<PartitionField> DefaultPartitioning() { return {{Transform::kDay, ""}}; }

std::string JoinShort(const std::vector<std::string>& items, size_t most) {
  std::string text;
  for (size_t i = 0; i < items.size() && i < most; ++i) text += (i > 0 ? ", " : "") + items[i];
  if (items.size() > most) text += ", and " + std::to_string(items.size() - most) + " more";
  return text;
}

class LoadRun {
 public:
  LoadRun(Lake& lake, const LoadEnvironment& environment, const LoadOptions& options)
      : lake_(lake),
        environment_(environment),
        options_(options),
        progress_(options.progress == nullptr ? Progress::None() : *options.progress) {}

  Result<LoadSummary> Run() {
    ARROW_RETURN_NOT_OK(CheckGivenTypes(ShapeOptionsFor(nullptr)));
    ARROW_ASSIGN_OR_RAISE(found_, FindInputs(lake_, options_.inputs, options_.format, options_.stop));
    for (int attempt = 1;; ++attempt) {
      auto summary = Attempt(/*sample_bytes=*/SampleBytes());
      if (!summary.ok() && InfoOf(summary.status()).code == kTypeConflict && sampled_) {
        // The sample was too small to know a column's type. Nothing was committed: look at every row, then load again.
        progress_.Note("a value beyond the sample does not fit the type that the sample gave (" +
                       summary.status().message() + "); reading every row to settle the types");
        summary = Attempt(/*sample_bytes=*/0);
      }
      if (!summary.ok() && KindOf(summary.status()) == ErrorKind::kPrecondition && attempt < kMostAttempts) continue;
      return summary;
    }
  }

 private:
  int64_t SampleBytes() const {
    if (options_.sample_bytes.has_value()) return *options_.sample_bytes;
    const auto files = std::max<int64_t>(1, static_cast<int64_t>(found_.files.size()));
    return std::clamp(kSampleBudget / files, kLeastSample, kMostSample);
  }

  ShapeOptions ShapeOptionsFor(const arrow::Schema* target) const {
    return {.subject = "load",
            .types = options_.types,
            .target = target,
            .widen = target != nullptr && options_.contract.data_type == ContractMode::kEvolve};
  }

  Result<std::shared_ptr<Table>> OpenOrNull() {
    auto table = lake_.OpenTable(options_.table);
    if (table.ok()) return table;
    if (KindOf(table.status()) == ErrorKind::kNotFound) return std::shared_ptr<Table>();
    return table.status();
  }

  Result<LoadSummary> Attempt(int64_t sample_bytes) {
    LoadSummary summary;
    summary.files_empty = found_.empty;
    if (found_.empty > 0)
      summary.notes.push_back(std::to_string(found_.empty) + " empty files (no bytes) were passed over");
    if (found_.hidden > 0)
      summary.notes.push_back(std::to_string(found_.hidden) +
                              " hidden files (names beginning with . or _) were passed over");
    if (found_.links > 0)
      summary.notes.push_back(std::to_string(found_.links) +
                              (found_.links == 1 ? " symbolic link was" : " symbolic links were") +
                              " passed over; one that is named itself is followed");

    ARROW_ASSIGN_OR_RAISE(auto table, OpenOrNull());
    if (table != nullptr) ARROW_RETURN_NOT_OK(CheckPartitioning(*table));
    ARROW_ASSIGN_OR_RAISE(auto files, NewFiles(table, &summary));
    if (files.empty()) {
      if (table != nullptr) summary.location = table->entry().storage.location;
      return summary;
    }
    ARROW_ASSIGN_OR_RAISE(
        auto inferred,
        InferFiles(files,
                   {.format = options_.format_options,
                    .sample_bytes = sample_bytes,
                    .integer_widths = table != nullptr && options_.contract.data_type == ContractMode::kEvolve},
                   options_.stop));
    summary.files_empty += DropFilesWithoutColumns(&files, &inferred);
    if (files.empty()) {
      if (table != nullptr) summary.location = table->entry().storage.location;
      return summary;
    }
    sampled_ = !inferred.complete;
    if (sampled_) {
      summary.notes.push_back("types come from a sample of " + std::to_string(inferred.rows_seen) +
                              " rows; every later value is checked against them");
    }
    const auto comparable = table == nullptr ? arrow::schema(arrow::FieldVector{}) : ComparableSchema(*table);
    ARROW_ASSIGN_OR_RAISE(const auto shape,
                          ShapeOf(files, inferred, ShapeOptionsFor(table == nullptr ? nullptr : comparable.get())));
    summary.renamed_columns = shape.renamed;
    ARROW_ASSIGN_OR_RAISE(const auto plan, Plan(*comparable, shape, files));
    if (!plan.quarantine_columns.empty()) {
      return MakeError(
          ErrorKind::kNotImplemented, "load ", options_.table.ToString(),
          ": the contract discard_row needs a quarantine, which load does not have; use discard_value or freeze");
    }
    summary.differences = plan.differences;
    if (plan.table_schema->num_fields() == 0) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "give types with --type, or load files that have rows"},
                       "load ", options_.table.ToString(),
                       ": no file has a value in any column, so the table would have no columns");
    }

    if (table == nullptr) {
      if (options_.contract.tables == ContractMode::kFreeze) {
        return MakeError(ErrorKind::kNotFound, "load ", options_.table.ToString(),
                         ": there is no such table, and the contract freezes tables");
      }
      ARROW_ASSIGN_OR_RAISE(table, Stage(*plan.table_schema));
      summary.table_created = true;
    }
    summary.location = table->entry().storage.location;
    Announce(*table, plan, summary.table_created);
    if (options_.dry_run) {
      for (const auto& file : files) summary.bytes_read += file.ledger.size;
      summary.files_loaded = static_cast<int64_t>(files.size());
      summary.requests = RequestsToRead(files);
      summary.requests += table->RequestsOf(plan, AppendOptionsOf(), ExpectedOf(files, inferred, sample_bytes));
      if (!summary.requests.empty()) {
        for (auto& note : WhatIsNotKnown(*table, /*merges=*/false)) summary.notes.push_back(std::move(note));
      }
      return summary;
    }
    ARROW_RETURN_NOT_OK(Write(*table, files, inferred, shape, plan, &summary));
    return summary;
  }

  /// A packed file may turn out to hold nothing. \return how many did
  static int64_t DropFilesWithoutColumns(std::vector<SourceFile>* files, InferredFiles* inferred) {
    int64_t dropped = 0;
    for (size_t i = files->size(); i-- > 0;) {
      if (inferred->schemas[i].schema->num_fields() > 0) continue;
      files->erase(files->begin() + static_cast<std::ptrdiff_t>(i));
      inferred->schemas.erase(inferred->schemas.begin() + static_cast<std::ptrdiff_t>(i));
      ++dropped;
    }
    return dropped;
  }

  /// The plan for all files together; where that is refused, the error names the first file that is at fault.
  Result<EvolutionPlan> Plan(const arrow::Schema& table, const DataShape& shape,
                             const std::vector<SourceFile>& files) const {
    auto contract = options_.contract;
    // What is made anew gets its columns from the data; whether it may be made is the contract's word on tables.
    if (table.num_fields() == 0) contract.columns = ContractMode::kEvolve;
    auto plan = PlanEvolution(table, *shape.schema, contract, {}, options_.table.ToString());
    if (plan.ok()) return plan;
    for (size_t i = 0; i < files.size(); ++i) {
      auto alone = PlanEvolution(table, *shape.file_schemas[i], contract, {},
                                 options_.table.ToString() + ", file " + files[i].name);
      if (!alone.ok()) return alone;
    }
    return plan;
  }

  /// What will change, before anything changes.
  void Announce(const Table& table, const EvolutionPlan& plan, bool created) {
    const std::string name = table.id().ToString();
    if (created) {
      const auto spec = table.partition_spec();
      progress_.Note("create table " + name + " with " + std::to_string(plan.table_schema->num_fields()) +
                     " columns, " +
                     (spec.empty()                    ? std::string("not partitioned")
                      : spec == DefaultPartitioning() ? std::string("partitioned by the day of the load")
                                                      : "partitioned by " + ToString(spec)));
      return;
    }
    for (const auto& difference : plan.differences) {
      if (difference.changes_table()) progress_.Note("alter table " + name + ": " + difference.ToString());
    }
  }

  /// The files that the ledger does not have.
  Result<std::vector<SourceFile>> NewFiles(const std::shared_ptr<Table>& table, LoadSummary* summary) {
    if (table == nullptr || options_.again) return found_.files;
    std::vector<LoadedFile> asked;
    for (const auto& file : found_.files) asked.push_back(file.ledger);
    ARROW_ASSIGN_OR_RAISE(const auto loaded, table->AlreadyLoaded(asked));
    // An open commit may just have been finished, with new columns.
    ARROW_RETURN_NOT_OK(table->Refresh());
    std::vector<SourceFile> files;
    for (size_t i = 0; i < loaded.size(); ++i) {
      if (loaded[i]) {
        ++summary->files_skipped;
      } else {
        files.push_back(found_.files[i]);
      }
    }
    return files;
  }

  Result<std::shared_ptr<Table>> Stage(const arrow::Schema& schema) {
    auto spec = DefaultPartitioning();
    if (options_.partition_by.has_value()) {
      if (*options_.partition_by == "none") {
        spec.clear();
      } else {
        ARROW_ASSIGN_OR_RAISE(spec, ParsePartitionSpec(*options_.partition_by));
      }
    }
    ARROW_ASSIGN_OR_RAISE(auto keys, PartitionKeysOf(spec, schema));
    ARROW_ASSIGN_OR_RAISE(auto columns, ColumnsOf(schema, spec));
    if (columns.empty()) {
      return MakeError(ErrorKind::kInvalid, "create table ", options_.table.ToString(),
                       ": every column is a partition key, so the files would have no columns");
    }
    auto entry = MakeParquetTableEntry(options_.table, environment_.location_of(options_.table), std::move(columns),
                                       std::move(keys), spec);
    return StageHiveTable(environment_.hive, std::move(entry));
  }

  Status CheckPartitioning(const Table& table) const {
    if (!options_.partition_by.has_value()) return Status::OK();
    std::vector<PartitionField> asked;
    if (*options_.partition_by != "none") {
      ARROW_ASSIGN_OR_RAISE(asked, ParsePartitionSpec(*options_.partition_by));
    }
    const auto spec = table.partition_spec();
    if (asked == spec) return Status::OK();
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "leave --partition-by out, or load into a new table"},
                     "load ", options_.table.ToString(), ": the table is partitioned by ",
                     spec.empty() ? "nothing" : ToString(spec), ", asked for: ", *options_.partition_by,
                     "; partition keys never change");
  }

  AppendOptions AppendOptionsOf() const {
    return {.memory_limit = lake_.config().memory_limit / 5,
            .target_file_bytes = options_.target_file_bytes,
            .compression = options_.compression,
            .allow_reload = options_.again,
            .stop = options_.stop};
  }

  Status Write(Table& table, const std::vector<SourceFile>& files, const InferredFiles& inferred,
               const DataShape& shape, const EvolutionPlan& plan, LoadSummary* summary) {
    auto append_options = AppendOptionsOf();
    const auto untyped = UntypedColumns(&table, *plan.table_schema, shape.untyped);
    if (untyped.has_value()) append_options.parameters[kUntypedColumnsParameter] = *untyped;
    if (untyped.has_value() && !shape.untyped.empty()) {
      summary->notes.push_back(std::to_string(shape.untyped.size()) +
                               " columns have no value yet, so no type: " + JoinShort(shape.untyped, 8));
    }
    ARROW_ASSIGN_OR_RAISE(const auto append, table.NewAppend(plan, append_options));
    auto inputs = MakeFileInputs(files, inferred, shape, *plan.write_schema, options_.format_options);
    for (auto& input : inputs) input.read.dictionary_strings = true;
    int64_t bytes = 0;
    for (const auto& file : files) bytes += file.ledger.size;
    progress_.Begin("load", bytes);
    const auto stream = FileStream::Make(std::move(inputs), {.progress = &progress_});
    const Status read =
        Pump(*stream, {.stop = options_.stop},
             [&](const std::shared_ptr<arrow::RecordBatch>& batch, int64_t) { return append->Write(batch); });
    progress_.End();
    ARROW_RETURN_NOT_OK(read);
    ARROW_RETURN_NOT_OK(stream->CheckKeys());
    for (auto& note : stream->notes()) summary->notes.push_back(std::move(note));
    for (const int64_t count : stream->rows_of_files()) summary->files_empty += count == 0;
    std::vector<LoadedFile> sources;
    for (const auto& file : files) sources.push_back(file.ledger);
    progress_.Begin("commit", 0);
    auto commit = append->Commit(sources);
    progress_.End();
    ARROW_RETURN_NOT_OK(commit.status());
    summary->commit = *std::move(commit);
    summary->bytes_read = bytes;
    summary->files_loaded = summary->commit.already_loaded ? 0 : static_cast<int64_t>(files.size());
    if (summary->commit.already_loaded) summary->files_skipped += static_cast<int64_t>(files.size());
    return Status::OK();
  }

  Lake& lake_;
  const LoadEnvironment& environment_;
  const LoadOptions& options_;
  Progress& progress_;
  FoundFiles found_;
  bool sampled_ = false;
};

}  // namespace

Result<LoadSummary> LoadIntoLake(Lake& lake, const LoadEnvironment& environment, const LoadOptions& options) {
  return LoadRun(lake, environment, options).Run();
}

}  // namespace glaux
