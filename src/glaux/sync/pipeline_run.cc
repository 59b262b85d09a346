#include "glaux/sync/pipeline_run.h"

#include <arrow/api.h>

#include <algorithm>
#include <atomic>

#include "glaux/base/random.h"
#include "glaux/schema/names.h"
#include "glaux/sync/batch_compute.h"
#include "glaux/sync/merge.h"
#include "glaux/sync/merge_write.h"
#include "glaux/sync/pipeline_checks.h"
#include "glaux/sync/pipeline_plan.h"
#include "glaux/sync/pump.h"
#include "glaux/sync/quarantine.h"
#include "glaux/sync/source_run.h"

namespace glaux {
namespace {

/// Runs that lose a race, or whose files change under them, plan again this often.
constexpr int kMostAttempts = 5;

std::string JoinShort(const std::vector<std::string>& items, size_t most) {
  std::string text;
  for (size_t i = 0; i < items.size() && i < most; ++i) text += (i > 0 ? ", " : "") + items[i];
  if (items.size() > most) text += ", and " + std::to_string(items.size() - most) + " more";
  return text;
}

/// One attempt at one pipeline.
class PipelineAttempt {
 public:
  PipelineAttempt(const SyncEnvironment& environment, const SyncConfig& config, const PipelineConfig& pipeline,
                  const SyncOptions& options, int64_t memory_limit, const BackfillStep& step, bool read_all,
                  int64_t rows_before, PipelineReport* report)
      : environment_(environment),
        config_(config),
        pipeline_(pipeline),
        options_(options),
        memory_limit_(memory_limit),
        step_(step),
        read_all_(read_all),
        rows_before_(rows_before),
        destination_(DestinationOf(config, pipeline, *environment.clock)),
        progress_(options.progress == nullptr ? Progress::None() : *options.progress),
        report_(*report) {}

  Status Run() {
    ARROW_ASSIGN_OR_RAISE(
        target_, environment_.open_target(destination_, options_.dry_run ? TargetUse::kLook : TargetUse::kWrite));
    report_.target = target_->name();
    report_.mode = destination_.mode;
    ARROW_RETURN_NOT_OK(CheckRange(config_, pipeline_, destination_, options_, target_->name()));
    ARROW_RETURN_NOT_OK(CheckJoin(config_, pipeline_, destination_));
    for (const auto& name : pipeline_.from) {
      ARROW_ASSIGN_OR_RAISE(auto source, MakeSource(name));
      ARROW_RETURN_NOT_OK(source->Find());
      sources_.push_back(std::move(source));
    }
    ARROW_RETURN_NOT_OK(CheckOwnFiles(pipeline_, destination_, sources_));
    const bool nothing_new =
        std::all_of(sources_.begin(), sources_.end(), [](const auto& source) { return source->nothing_new(); });
    if (nothing_new) {
      report_.nothing_new = true;
      return Status::OK();
    }
    const auto checkpoint =
        options_.checkpoint_bytes.has_value() ? options_.checkpoint_bytes : pipeline_.checkpoint_bytes;
    if (!checkpoint.has_value() || options_.dry_run) return RunChunk();
    ARROW_RETURN_NOT_OK(CheckCheckpoints(pipeline_, destination_, sources_));
    auto& source = *sources_.front();
    source.BeginChunks();
    while (source.TakeChunk(*checkpoint)) {
      ARROW_RETURN_NOT_OK(RunChunk());
      ARROW_RETURN_NOT_OK(target_->Refresh());
      if (source.reached_max_records()) break;
    }
    return Status::OK();
  }

  /// Types came from a sample, so that reading everything may settle what went wrong.
  bool sampled() const {
    return std::any_of(sources_.begin(), sources_.end(), [](const auto& source) { return source->sampled(); });
  }

  /// The report as it was at the last commit of the attempt.
  const PipelineReport& committed() const { return committed_; }

  void Describe() {
    report_.sources.clear();
    for (const auto& source : sources_) {
      report_.sources.push_back({.name = source->config().name, .counts = source->counts()});
      if (options_.dry_run) {
        for (const auto& file : source->files()) report_.sources.back().new_files.push_back(file.name);
      }
      for (auto& note : source->notes()) {
        if (std::find(report_.notes.begin(), report_.notes.end(), note) == report_.notes.end())
          report_.notes.push_back(std::move(note));
      }
    }
    if (quarantine_ != nullptr) CountSetAside();
  }

 private:
  Result<std::unique_ptr<SourceRun>> MakeSource(const std::string& name) {
    const auto& source = config_.sources.at(name);
    SourceRunOptions options{.stream = StreamName(pipeline_, name),
                             .target = target_.get(),
                             .mode = destination_.mode,
                             .doubles_matter = destination_.mode == WriteMode::kAppend,
                             .full_refresh = options_.full_refresh,
                             .bounds = {.since = options_.since, .until = options_.until},
                             .normalize_names = pipeline_.sql.empty() && target_->normalizes_names(),
                             .stored_types = target_->normalizes_names(),
                             .keep_untyped = destination_.mode == WriteMode::kReplace && !target_->keeps_columns(),
                             .widen = Parts().contract().data_type == ContractMode::kEvolve,
                             .skip_bad_rows = pipeline_.on_error != OnError::kFail,
                             .progress = options_.progress,
                             .stop = options_.stop};
    if (read_all_ && !(source.limit.has_value() && destination_.kind == DestinationConfig::Kind::kStdout)) {
      options.sample_bytes = 0;
    }
    return SourceRun::Make(environment_, source, std::move(options));
  }

  Status RunChunk() {
    for (const auto& source : sources_) {
      ARROW_RETURN_NOT_OK(source->Infer(source->DefaultSampleBytes()));
      for (const auto& renamed : source->shape().renamed) report_.renamed_columns.push_back(renamed);
    }
    ARROW_RETURN_NOT_OK(MakePlan());
    if (plan_.evolution.table_schema->num_fields() == 0 ||
        (plan_.evolution.write_schema->num_fields() == 0 && Merges(destination_.mode))) {
      if (std::all_of(sources_.begin(), sources_.end(),
                      [](const auto& s) { return s->reads_files() && s->files().empty(); })) {
        report_.nothing_new = true;
        return Status::OK();
      }
      if (HasNoRows() && (target_->compares_columns() || target_->schema() != nullptr)) {
        report_.nothing_new = true;
        report_.notes.push_back("the new files have no rows");
        return Status::OK();
      }
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "give types, or read files that have rows"}, "pipeline ",
                       pipeline_.name, ": no source has a value in any column, so ", target_->name(),
                       " would have no columns");
    }
    Announce();
    if (options_.dry_run) return Preview();
    ARROW_RETURN_NOT_OK(OpenQuarantine());
    ARROW_ASSIGN_OR_RAISE(const auto write, target_->Begin(plan_.evolution, WriteOptionsOfTarget()));
    ARROW_RETURN_NOT_OK(pipeline_.sql.empty() ? ReadRows(*write) : ReadQuery(*write));
    for (const auto& source : sources_) ARROW_RETURN_NOT_OK(source->CheckComplete());
    return Commit(*write);
  }

  PipelineParts Parts() const { return {pipeline_, destination_, *target_, sources_}; }

  Status MakePlan() {
    if (pipeline_.sql.empty()) {
      ARROW_ASSIGN_OR_RAISE(plan_, PlanRows(Parts()));
    } else {
      ARROW_ASSIGN_OR_RAISE(const auto schema, SchemaOfQuery());
      ARROW_ASSIGN_OR_RAISE(plan_, PlanQueryRows(Parts(), *schema));
    }
    for (const auto& renamed : plan_.renamed) report_.renamed_columns.push_back(renamed);
    if (target_->compares_columns()) return Status::OK();
    report_.target_created = target_->schema() == nullptr;
    if (!Parts().makes_anew()) report_.differences = plan_.evolution.differences;
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::Schema>> SchemaOfQuery() {
    ARROW_ASSIGN_OR_RAISE(auto* engine, environment_.engine());
    ARROW_ASSIGN_OR_RAISE(auto request, RequestOf("SELECT * FROM (" + pipeline_.sql + "\n) LIMIT 0", false));
    auto result = Query(*engine, request);
    if (!result.ok()) return Prefix(result.status(), pipeline_.place.ToString() + ", sql");
    return result->reader->schema();
  }

  Status Preview() {
    auto options = WriteOptionsOfTarget();
    for (const auto& source : sources_) {
      report_.requests += source->RequestsToRead();
      const auto expected = source->Expected();
      options.expected.rows += expected.rows;
      options.expected.bytes += expected.bytes;
      options.expected.sources += expected.sources;
      if (!source->reads_files() && environment_.meter != nullptr && !environment_.meter->Read().empty()) {
        report_.notes.push_back("requests are counted without those that reading source " + source->config().name +
                                " takes");
      }
    }
    ARROW_ASSIGN_OR_RAISE(auto preview, target_->Preview(plan_.evolution, options));
    report_.requests += preview.requests;
    for (auto& note : preview.notes) report_.notes.push_back(std::move(note));
    report_.planned_table = std::move(preview.table);
    if (target_->compares_columns()) {
      report_.target_created = preview.created;
      report_.differences = std::move(preview.differences);
    }
    return Status::OK();
  }

  /// Headers and nothing below them.
  bool HasNoRows() const {
    return std::all_of(sources_.begin(), sources_.end(),
                       [](const auto& source) { return source->reads_files() && source->has_no_rows(); });
  }

  Result<QueryRequest> RequestOf(const std::string& sql, bool counted) {
    QueryRequest request{.sql = sql};
    for (const auto& source : sources_) {
      request.relations.push_back(
          {.name = source->config().name,
           .schema = source->schema(),
           .open = [this, source = source.get(), counted, opened = std::make_shared<std::atomic<bool>>(!counted)] {
             // Only the first reading counts: a query may read a source twice.
             return source->OpenRows(quarantine_.get(), readers_go_on_, /*counts=*/!opened->exchange(true));
           }});
    }
    return request;
  }

  /// What will change, before anything changes.
  void Announce() {
    if (target_->compares_columns()) return;
    if (report_.target_created) {
      progress_.Note("create " + target_->name() + " with " +
                     std::to_string(plan_.evolution.table_schema->num_fields()) + " columns");
      return;
    }
    if (Parts().makes_anew()) return;
    for (const auto& difference : plan_.evolution.differences) {
      if (difference.changes_table()) progress_.Note("alter " + target_->name() + ": " + difference.ToString());
    }
  }

  std::string QuarantineFolder() const {
    std::string folder = pipeline_.quarantine.value_or(target_->quarantine_folder());
    if (!folder.empty() && !folder.ends_with('/')) folder += '/';
    return folder;
  }

  Status OpenQuarantine() {
    if (quarantine_ != nullptr) return Status::OK();
    // The contract's discard_row is about quarantine, whatever is to become of rows that do not parse.
    const bool by_contract = pipeline_.on_error == OnError::kFail && !plan_.evolution.quarantine_columns.empty();
    const auto attachments = target_->attachments();
    const LocationResolver make_folder = [this](std::string_view uri) {
      return environment_.make_folder(uri, destination_.s3);
    };
    ARROW_ASSIGN_OR_RAISE(
        quarantine_, Quarantine::Make({.on_error = by_contract ? OnError::kQuarantine : pipeline_.on_error,
                                       .folder = QuarantineFolder(),
                                       .run_id = run_id_,
                                       .open_folder = attachments ? attachments : make_folder,
                                       .clock = environment_.clock,
                                       .max_errors = pipeline_.max_errors,
                                       .rows_before = rows_before_ + report_.rows_skipped + report_.rows_quarantined}));
    readers_go_on_ = pipeline_.on_error != OnError::kFail;
    return Status::OK();
  }

  TargetWriteOptions WriteOptionsOfTarget() const {
    TargetWriteOptions options{.mode = destination_.mode,
                               .primary_key = destination_.primary_key,
                               .datetime_field = destination_.datetime_field,
                               .contract = Parts().contract(),
                               .allow_reload = options_.full_refresh || destination_.mode != WriteMode::kAppend,
                               .memory_limit = memory_limit_ / 5,
                               .made_from_rows = !step_.side_by_side,
                               .stop = options_.stop};
    if (target_->normalizes_names()) {
      for (auto& key : options.primary_key) key = NormalizeColumnName(key);
      if (!options.datetime_field.empty()) options.datetime_field = NormalizeColumnName(options.datetime_field);
    }
    if (Merges(destination_.mode)) options.sequence_column = kSequenceColumn;
    for (const auto& source : sources_) {
      if (const auto watermark = source->LedgerWatermark(); watermark.has_value()) options.ledger_watermark = watermark;
    }
    if (target_->table() != nullptr || target_->normalizes_names()) {
      const auto untyped = UntypedColumns(target_->table().get(), *plan_.evolution.table_schema, plan_.untyped);
      if (untyped.has_value()) options.parameters[kUntypedColumnsParameter] = *untyped;
    }
    return options;
  }

  /// Hand a batch of the plan's columns to the target.
  Status Give(TargetWrite& write, std::shared_ptr<arrow::RecordBatch> batch, int64_t sequence) {
    if (batch->num_rows() == 0) return Status::OK();
    rows_given_ += batch->num_rows();
    if (Merges(destination_.mode)) {
      ARROW_ASSIGN_OR_RAISE(batch, WithSequence(batch, kSequenceColumn, sequence));
    } else if (batch->num_columns() != plan_.evolution.write_schema->num_fields()) {
      ARROW_ASSIGN_OR_RAISE(batch, WithAllColumns(*batch));
    }
    return write.Write(batch);
  }

  /// Columns that a file lacks are null.
  Result<std::shared_ptr<arrow::RecordBatch>> WithAllColumns(const arrow::RecordBatch& batch) const {
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    for (const auto& field : plan_.evolution.write_schema->fields()) {
      auto column = batch.GetColumnByName(field->name());
      if (column == nullptr) {
        ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(field->type(), batch.num_rows()));
      }
      fields.push_back(arrow::field(field->name(), column->type()));
      columns.push_back(std::move(column));
    }
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.num_rows(), std::move(columns));
  }

  Status ReadRows(TargetWrite& write) {
    int64_t bytes = 0, files_before = 0;
    for (const auto& source : sources_) {
      for (const auto& file : source->files()) bytes += file.ledger.size;
    }
    progress_.Begin("read", bytes);
    const bool in_order = target_->keeps_order();
    Status status;
    for (const auto& source : sources_) {
      status = source->Open(plan_.evolution.write_schema, plan_.evolution.quarantine_columns, quarantine_.get(),
                            readers_go_on_, in_order, target_->takes_dictionaries(destination_.mode));
      if (!status.ok()) break;
      const PumpOptions pump{
          .in_order = in_order, .threads = source->config().limit.has_value() ? 1 : 0, .stop = options_.stop};
      status = Pump(source->stream(), pump, [&](std::shared_ptr<arrow::RecordBatch> batch, int64_t sequence) -> Status {
        ARROW_ASSIGN_OR_RAISE(auto rows, source->Process(batch, sequence));
        return Give(write, std::move(rows), FileSequence(files_before) + sequence);
      });
      if (!status.ok()) break;
      files_before += std::max<int64_t>(1, static_cast<int64_t>(source->files().size()));
    }
    progress_.End();
    return status;
  }

  Status ReadQuery(TargetWrite& write) {
    ARROW_ASSIGN_OR_RAISE(auto* engine, environment_.engine());
    ARROW_ASSIGN_OR_RAISE(auto request, RequestOf(pipeline_.sql, true));
    auto result = Query(*engine, request);
    if (!result.ok()) return Prefix(result.status(), pipeline_.place.ToString() + ", sql");
    const auto stream = MakeReaderStream(std::move(result->reader));
    progress_.Begin("query", 0);
    const Status status =
        Pump(*stream, {.in_order = target_->keeps_order(), .stop = options_.stop},
             [&](std::shared_ptr<arrow::RecordBatch> batch, int64_t sequence) -> Status {
               ARROW_ASSIGN_OR_RAISE(const auto schema, batch->schema()->WithNames(plan_.result_names));
               ARROW_ASSIGN_OR_RAISE(auto rows,
                                     CastExactly(arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns()),
                                                 plan_.evolution.write_schema, "pipeline " + pipeline_.name));
               return Give(write, std::move(rows), sequence);
             });
    progress_.End();
    return status;
  }

  /// Every row that was read is in exactly one place.
  Status CheckBalance() const {
    int64_t passed = 0;
    for (const auto& source : sources_) {
      const auto counts = source->counts();
      passed += counts.rows_passed;
      if (counts.rows_read != counts.rows_passed + counts.rows_filtered + counts.rows_set_aside) {
        return MakeError(ErrorKind::kCorrupt, "pipeline ", pipeline_.name, ", source ", source->config().name,
                         ": rows do not balance: ", counts.rows_read, " read, ", counts.rows_passed, " passed on, ",
                         counts.rows_filtered, " filtered, ", counts.rows_set_aside, " set aside; nothing was written");
      }
    }
    if (pipeline_.sql.empty() && passed != rows_given_before_ + rows_given_) {
      return MakeError(ErrorKind::kCorrupt, "pipeline ", pipeline_.name, ": rows do not balance: ", passed,
                       " came from the sources, ", rows_given_before_ + rows_given_,
                       " reached the target; nothing was written");
    }
    return Status::OK();
  }

  Status Commit(TargetWrite& write) {
    ARROW_RETURN_NOT_OK(CheckBalance());
    std::vector<LoadedFile> ledger;
    std::vector<StreamChange> changes;
    for (const auto& source : sources_) {
      for (auto& entry : source->LedgerEntries()) ledger.push_back(std::move(entry));
      ARROW_ASSIGN_OR_RAISE(auto change, source->StateChange());
      if (change.has_value()) changes.push_back(*std::move(change));
    }
    if (step_.before_commit) {
      ARROW_ASSIGN_OR_RAISE(const auto replaces, write.Replaces());
      ARROW_RETURN_NOT_OK(step_.before_commit(replaces));
    }
    ARROW_ASSIGN_OR_RAISE(const auto kept, quarantine_->Close());
    const bool attached = target_->attachments() != nullptr;
    if (kept.has_value() && attached) write.Attach(*kept);
    progress_.Begin("commit", 0);
    auto summary = write.Commit(ledger, changes);
    progress_.End();
    if (!summary.ok()) {
      if (KindOf(summary.status()) == ErrorKind::kCommitUnknown) quarantine_->Release();
      return summary.status();
    }
    if (summary->already_loaded) {
      // The other run has set the same rows aside.
      quarantine_.reset();
      report_.notes.push_back("another run has written the same files meanwhile; nothing was added");
      rows_given_before_ += rows_given_.exchange(0);
      return Status::OK();
    }
    if (attached) {
      quarantine_->Release();
    } else {
      ARROW_RETURN_NOT_OK(quarantine_->Publish());
    }
    if (summary->rows + summary->unchanged != rows_given_) {
      return MakeError(ErrorKind::kCorrupt, "pipeline ", pipeline_.name, ": rows do not balance: ", rows_given_.load(),
                       " were given to ", target_->name(), ", which has written ", summary->rows, " and left out ",
                       summary->unchanged, "; they are committed as ", summary->commit_id);
    }
    if (kept.has_value()) report_.quarantine = report_.quarantine.empty() ? kept->uri() : kept->folder;
    CountSetAside();
    quarantine_.reset();
    run_id_ = NewId();
    rows_given_before_ += rows_given_;
    rows_given_ = 0;
    if (target_->compares_columns()) {
      report_.target_created = summary->created;
      report_.differences = std::move(summary->differences);
    }
    report_.rows_written += summary->rows;
    report_.rows_unchanged += summary->unchanged;
    report_.bytes_written += summary->bytes;
    report_.partitions_added += summary->partitions_added;
    report_.partitions_replaced += summary->partitions_replaced;
    if (!summary->commit_id.empty()) report_.commits.push_back(summary->commit_id);
    for (auto& file : summary->files) report_.files.push_back(std::move(file));
    if (!plan_.untyped.empty()) {
      report_.notes.push_back(std::to_string(plan_.untyped.size()) +
                              (plan_.untyped.size() == 1 ? " column has" : " columns have") +
                              " no value yet, so no type: " + JoinShort(plan_.untyped, 8));
    }
    committed_ = report_;
    return Status::OK();
  }

  void CountSetAside() {
    auto& count = quarantine_->on_error() == OnError::kQuarantine ? report_.rows_quarantined : report_.rows_skipped;
    count += quarantine_->rows();
    for (const auto& reason : quarantine_->reasons()) {
      report_.reasons.push_back(std::to_string(reason.rows) + (reason.rows == 1 ? " row: " : " rows, the first: ") +
                                reason.text);
    }
  }

  const SyncEnvironment& environment_;
  const SyncConfig& config_;
  const PipelineConfig& pipeline_;
  const SyncOptions& options_;
  const int64_t memory_limit_;
  const BackfillStep& step_;
  const bool read_all_;
  const int64_t rows_before_;  // that attempts before have set aside and committed
  const DestinationConfig destination_;
  Progress& progress_;
  PipelineReport& report_;
  PipelineReport committed_;

  std::unique_ptr<Target> target_;
  std::vector<std::unique_ptr<SourceRun>> sources_;
  PipelinePlan plan_;
  std::string run_id_ = NewId();
  std::unique_ptr<Quarantine> quarantine_;
  bool readers_go_on_ = false;
  std::atomic<int64_t> rows_given_{0};  // since the last commit
  int64_t rows_given_before_ = 0;
};

/// Add what checkpoints of attempts before have committed.
void AddCommitted(const PipelineReport& before, PipelineReport* report) {
  const auto put_before = [](const auto& items, auto* to) { to->insert(to->begin(), items.begin(), items.end()); };
  put_before(before.commits, &report->commits);
  put_before(before.files, &report->files);
  put_before(before.reasons, &report->reasons);
  put_before(before.differences, &report->differences);
  report->target_created = report->target_created || before.target_created;
  report->rows_written += before.rows_written;
  report->rows_unchanged += before.rows_unchanged;
  report->rows_skipped += before.rows_skipped;
  report->rows_quarantined += before.rows_quarantined;
  report->bytes_written += before.bytes_written;
  report->partitions_added += before.partitions_added;
  report->partitions_replaced += before.partitions_replaced;
  if (report->quarantine.empty()) {
    report->quarantine = before.quarantine;
  } else if (!before.quarantine.empty()) {
    report->quarantine.resize(report->quarantine.rfind('/') + 1);
  }
}

}  // namespace

DestinationConfig DestinationOf(const SyncConfig& config, const PipelineConfig& pipeline, Clock& clock) {
  DestinationConfig destination = config.destinations.at(pipeline.to);
  // "2026-01-31T08:30:00Z"
  const std::string now = FormatTimestamp(std::chrono::floor<std::chrono::seconds>(clock.Now()));
  const std::string time = now.substr(11, 2) + now.substr(14, 2) + now.substr(17, 2);
  for (const auto& [token, text] : {std::pair<std::string_view, std::string>("{pipeline}", pipeline.name),
                                    {"{date}", now.substr(0, 10)},
                                    {"{time}", time}}) {
    // In the folder, only what is the same in every run: the log of commits is there.
    const size_t from = token == "{pipeline}" ? 0 : destination.uri.rfind('/') + 1;
    const bool by_time = token != "{pipeline}" && destination.uri.find("{run}", from) == std::string::npos &&
                         destination.uri.find("{part}", from) == std::string::npos &&
                         destination.uri.find(token, from) != std::string::npos;
    if (by_time && destination.name_by_time.empty()) destination.name_by_time = destination.uri.substr(from);
    for (size_t at = destination.uri.find(token, from); at != std::string::npos; at = destination.uri.find(token, at)) {
      destination.uri.replace(at, token.size(), text);
    }
  }
  return destination;
}

std::string StreamName(const PipelineConfig& pipeline, const std::string& source) {
  return pipeline.name + "/" + source;
}

PipelineReport RunPipeline(const SyncEnvironment& environment, const SyncConfig& config, const PipelineConfig& pipeline,
                           const SyncOptions& options, int64_t memory_limit, const BackfillStep& step) {
  const auto begun = std::chrono::steady_clock::now();
  PipelineReport report;
  Progress& progress = options.progress == nullptr ? Progress::None() : *options.progress;
  // What is printed cannot be taken back: look at every row before the first one is.
  const bool prints = config.destinations.at(pipeline.to).kind == DestinationConfig::Kind::kStdout;
  bool read_all = prints;
  PipelineReport before;
  for (int attempt = 1;; ++attempt) {
    PipelineReport next{.name = pipeline.name};
    PipelineAttempt run(environment, config, pipeline, options, memory_limit, step, read_all,
                        before.rows_skipped + before.rows_quarantined, &next);
    Status status = run.Run();
    run.Describe();
    PipelineReport committed = run.committed();
    AddCommitted(before, &next);
    AddCommitted(before, &committed);
    report = std::move(next);
    before = std::move(committed);
    report.error = status;
    if (status.ok() || prints) break;
    if (!read_all && InfoOf(status).code == kTypeConflict && run.sampled()) {
      // The sample was too small to know a column's type. Nothing was committed: look at every row, then begin again.
      progress.Note("a value beyond the sample does not fit the type that the sample gave (" + status.message() +
                    "); reading every row to settle the types");
      read_all = true;
      continue;
    }
    if (KindOf(status) != ErrorKind::kPrecondition || attempt >= kMostAttempts) break;
    progress.Note("pipeline " + pipeline.name + ": begin again: " + status.message());
  }
  report.duration = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
  return report;
}

}  // namespace glaux
