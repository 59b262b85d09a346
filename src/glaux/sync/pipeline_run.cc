#include "glaux/sync/pipeline_run.h"

#include <arrow/api.h>

#include <boost/json.hpp>

#include <algorithm>
#include <atomic>
#include <set>

#include "glaux/base/random.h"
#include "glaux/schema/names.h"
#include "glaux/schema/types.h"
#include "glaux/sync/batch_compute_internal.h"
#include "glaux/sync/merge.h"
#include "glaux/sync/merge_write.h"
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

/// Whether a name has the id of a commit in it, as all files of folders that pipelines write.
bool HasRunId(std::string_view name) {
  size_t digits = 0;
  for (const char c : name) {
    digits = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ? digits + 1 : 0;
    if (digits == 32) return true;
  }
  return false;
}

/// Whether a name is one that a destination of a file a day gives: "{date}.jsonl" and "2026-01-31.jsonl".
bool IsNameByTime(std::string_view name, std::string_view pattern) {
  const auto take = [&](std::string_view token, std::string_view shape) {
    if (!pattern.starts_with(token)) return false;
    if (name.size() < shape.size()) return false;
    for (size_t i = 0; i < shape.size(); ++i) {
      const bool digit = name[i] >= '0' && name[i] <= '9';
      if (shape[i] == '0' ? !digit : name[i] != shape[i]) return false;
    }
    pattern.remove_prefix(token.size());
    name.remove_prefix(shape.size());
    return true;
  };
  while (!pattern.empty()) {
    if (take("{date}", "0000-00-00") || take("{time}", "000000")) continue;
    if (name.empty() || name[0] != pattern[0]) return false;
    name.remove_prefix(1);
    pattern.remove_prefix(1);
  }
  return name.empty();
}

bool Adds(WriteMode mode) { return mode == WriteMode::kAppend || Merges(mode); }

/// The target's list of columns that had no value yet, if it changes: new ones in, those that got a type out.
std::optional<std::string> UntypedColumns(const Table* table, const arrow::Schema& columns,
                                          const std::vector<std::string>& untyped) {
  std::set<std::string> names;
  std::optional<std::string> before;
  if (table != nullptr) {
    const auto& parameters = table->entry().parameters;
    if (const auto at = parameters.find(kUntypedColumnsParameter); at != parameters.end()) before = at->second;
  }
  if (before.has_value()) {
    boost::system::error_code error;
    const auto list = boost::json::parse(*before, error);
    if (!error && list.is_array()) {
      for (const auto& name : list.as_array()) {
        if (name.is_string()) names.emplace(name.as_string().c_str());
      }
    }
  }
  names.insert(untyped.begin(), untyped.end());
  for (const auto& name : columns.field_names()) names.erase(name);
  boost::json::array list;
  for (const auto& name : names) list.emplace_back(name);
  std::string text = list.empty() ? std::string() : boost::json::serialize(list);
  if (text == before.value_or("")) return std::nullopt;
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
    ARROW_RETURN_NOT_OK(CheckRange());
    ARROW_RETURN_NOT_OK(CheckJoin());
    for (const auto& name : pipeline_.from) {
      ARROW_ASSIGN_OR_RAISE(auto source, MakeSource(name));
      ARROW_RETURN_NOT_OK(source->Find());
      sources_.push_back(std::move(source));
    }
    ARROW_RETURN_NOT_OK(CheckOwnFiles());
    const bool nothing_new =
        std::all_of(sources_.begin(), sources_.end(), [](const auto& source) { return source->nothing_new(); });
    if (nothing_new) {
      report_.nothing_new = true;
      return Status::OK();
    }
    const auto checkpoint =
        options_.checkpoint_bytes.has_value() ? options_.checkpoint_bytes : pipeline_.checkpoint_bytes;
    if (!checkpoint.has_value() || options_.dry_run) return RunChunk();
    ARROW_RETURN_NOT_OK(CheckCheckpoints());
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
                             .widen = contract().data_type == ContractMode::kEvolve,
                             .skip_bad_rows = pipeline_.on_error != OnError::kFail,
                             .progress = options_.progress,
                             .stop = options_.stop};
    if (read_all_ && !(source.limit.has_value() && destination_.kind == DestinationConfig::Kind::kStdout)) {
      options.sample_bytes = 0;
    }
    return SourceRun::Make(environment_, source, std::move(options));
  }

  Status CheckRange() const {
    if (!options_.since.has_value() && !options_.until.has_value()) return Status::OK();
    for (const auto& name : pipeline_.from) {
      if (config_.sources.at(name).incremental.datetime_field.empty()) {
        return MakeError({.kind = ErrorKind::kInvalid, .hint = "give the source a datetime_field"}, "pipeline ",
                         pipeline_.name, ": --since and --until go by the datetime_field, and source ", name,
                         " has none");
      }
    }
    if (destination_.mode == WriteMode::kAppend && destination_.kind != DestinationConfig::Kind::kStdout) {
      return MakeError(
          {.kind = ErrorKind::kInvalid, .hint = "upsert, insert_new and overwrite_partitions can read a range again"},
          "pipeline ", pipeline_.name, ": a range of rows read again would be added to ", target_->name(),
          " a second time (mode append)");
    }
    return Status::OK();
  }

  /// Rows that are added are joined with what? With what is new of the other source, or with all of it: nobody can
  /// guess.
  Status CheckJoin() const {
    if (pipeline_.sql.empty() || pipeline_.from.size() < 2 || !Adds(destination_.mode) ||
        destination_.kind == DestinationConfig::Kind::kStdout) {
      return Status::OK();
    }
    for (const auto& name : pipeline_.from) {
      const auto& source = config_.sources.at(name);
      if (source.kind != SourceConfig::Kind::kFiles || source.incremental.files.has_value()) continue;
      return MakeError({.kind = ErrorKind::kInvalid,
                        .hint = "files: new reads a file once, files: all reads every file in every run"},
                       pipeline_.place.ToString(), ": pipeline ", pipeline_.name,
                       " adds rows that come from several sources; say of source ", name,
                       " whether its files are new or all (incremental: { files: … })");
    }
    return Status::OK();
  }

  /// A source that reads what this pipeline has written would have its rows come again and again.
  Status CheckOwnFiles() const {
    if (destination_.kind != DestinationConfig::Kind::kFiles) return Status::OK();
    const std::string folder = destination_.uri.substr(0, destination_.uri.rfind('/') + 1);
    const bool is_folder = destination_.uri == folder || destination_.uri.find('{') != std::string::npos;
    for (const auto& source : sources_) {
      // A file may be replaced by what is made of it alone.
      if (!Adds(destination_.mode) && source->files().size() == 1) continue;
      for (const auto& file : source->files()) {
        const auto& key = file.ledger.key;
        const bool below = key.starts_with(folder);
        const std::string_view name = std::string_view(key).substr(below ? folder.size() : 0);
        const bool own = key == destination_.uri || (is_folder && below && HasRunId(name)) ||
                         (below && !destination_.name_by_time.empty() && IsNameByTime(name, destination_.name_by_time));
        if (!own) continue;
        return MakeError({.kind = ErrorKind::kInvalid, .hint = "exclude it in the source (select: { exclude: … })"},
                         "pipeline ", pipeline_.name, ": source ", source->config().name, " reads ", file.name,
                         ", which the pipeline itself has written; its rows would come again in every run");
      }
    }
    return Status::OK();
  }

  Status CheckCheckpoints() const {
    if (sources_.size() != 1 || !sources_.front()->reads_files() || !pipeline_.sql.empty()) {
      return MakeError(ErrorKind::kInvalid, pipeline_.place.ToString(), ": pipeline ", pipeline_.name,
                       ": checkpoints need one source of files and no sql");
    }
    if (!Adds(destination_.mode) || !sources_.front()->keeps_ledger()) {
      return MakeError(
          ErrorKind::kInvalid, pipeline_.place.ToString(), ": pipeline ", pipeline_.name,
          ": checkpoints need mode append, upsert or insert_new, and files that are read once (files: new)");
    }
    return Status::OK();
  }

  SchemaContract contract() const {
    SchemaContract otherwise;
    if (target_->keeps_order()) otherwise.data_type = ContractMode::kEvolve;  // a single file is written whole
    return pipeline_.contract.value_or(destination_.contract.value_or(otherwise));
  }

  Status RunChunk() {
    for (const auto& source : sources_) {
      ARROW_RETURN_NOT_OK(source->Infer(source->DefaultSampleBytes()));
      for (const auto& renamed : source->shape().renamed) report_.renamed_columns.push_back(renamed);
    }
    if (pipeline_.sql.empty()) {
      ARROW_RETURN_NOT_OK(PlanRows());
    } else {
      ARROW_RETURN_NOT_OK(PlanQuery());
    }
    if (plan_.table_schema->num_fields() == 0 || (plan_.write_schema->num_fields() == 0 && Merges(destination_.mode))) {
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
    ARROW_ASSIGN_OR_RAISE(const auto write, target_->Begin(plan_, WriteOptionsOfTarget()));
    ARROW_RETURN_NOT_OK(pipeline_.sql.empty() ? ReadRows(*write) : ReadQuery(*write));
    for (const auto& source : sources_) ARROW_RETURN_NOT_OK(source->CheckComplete());
    return Commit(*write);
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
    ARROW_ASSIGN_OR_RAISE(auto preview, target_->Preview(plan_, options));
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

  /// Compare the data with the target under the contract.
  Status MakePlan(const arrow::Schema& data) {
    auto there = destination_.mode == WriteMode::kReplace && !target_->keeps_columns() ? nullptr : target_->schema();
    if (there != nullptr && !kept_keys_.empty()) {
      auto fields = there->fields();
      for (const auto& key : kept_keys_) fields.push_back(arrow::field(key, arrow::utf8()));
      there = arrow::schema(std::move(fields));
    }
    report_.target_created = target_->schema() == nullptr && !target_->compares_columns();
    if (report_.target_created && contract().tables == ContractMode::kFreeze) {
      return MakeError(ErrorKind::kNotFound, "pipeline ", pipeline_.name, ": ", target_->name(),
                       " is not there, and the contract freezes tables");
    }
    const auto nothing = arrow::schema(arrow::FieldVector{});
    const auto& table = there == nullptr ? *nothing : *there;
    // A target that compares for itself applies the contract there.
    auto contract_here = target_->compares_columns() ? SchemaContract() : contract();
    // What is made anew gets its columns from the data; whether it may be made is the contract's word on tables.
    if (there == nullptr) contract_here.columns = ContractMode::kEvolve;
    auto plan = PlanEvolution(table, data, contract_here, Rules(), target_->name());
    if (!plan.ok()) {
      ARROW_RETURN_NOT_OK(NameFileAtFault(table));
      return plan.status();
    }
    plan_ = *std::move(plan);
    for (const auto& column : plan_.quarantine_columns) {
      if (data.GetFieldIndex(column) < 0) {
        return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "use discard_value, freeze or evolve"},
                         "pipeline ", pipeline_.name, ": the contract discard_row for ", column,
                         ", which lies inside a column");
      }
    }
    const bool anew = destination_.mode == WriteMode::kReplace && !target_->keeps_columns();
    if (!target_->compares_columns() && !anew) report_.differences = plan_.differences;
    return Status::OK();
  }

  EvolutionRules Rules() const { return {.stored_types = !target_->keeps_types(destination_.mode)}; }

  /// The first file that alone is refused, where the files together are.
  Status NameFileAtFault(const arrow::Schema& table) const {
    if (!pipeline_.sql.empty()) return Status::OK();
    for (const auto& source : sources_) {
      for (size_t i = 0; i < source->files().size(); ++i) {
        ARROW_RETURN_NOT_OK(PlanEvolution(table, *source->shape().file_schemas[i], contract(), Rules(),
                                          target_->name() + ", file " + source->files()[i].name)
                                .status());
      }
    }
    return Status::OK();
  }

  Status PlanRows() {
    std::vector<std::pair<std::string, std::shared_ptr<arrow::DataType>>> columns;
    for (const auto& source : sources_) {
      for (const auto& field : source->schema()->fields()) {
        const auto at =
            std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.first == field->name(); });
        if (at == columns.end()) {
          columns.emplace_back(field->name(), field->type());
        } else {
          at->second = UnifyTypes(at->second, field->type());
        }
      }
    }
    arrow::FieldVector fields;
    untyped_.clear();
    for (auto& [name, type] : columns) {
      if (type->id() == arrow::Type::NA) untyped_.push_back(name);
      fields.push_back(arrow::field(name, std::move(type)));
    }
    const bool brought = std::all_of(sources_.begin(), sources_.end(),
                                     [&](const auto& source) { return BringsKeys(*source->schema()); });
    KeepKeys(brought, &fields);
    if (!brought) DropMadeKeys(&fields);
    return MakePlan(*arrow::schema(std::move(fields)));
  }

  /// Whether rows with these columns have all keys that the target makes of the time of the write.
  bool BringsKeys(const arrow::Schema& rows) const {
    const auto made = target_->made_keys().of_write_time;
    return !made.empty() && !Merges(destination_.mode) &&
           std::all_of(made.begin(), made.end(), [&](const auto& key) { return rows.GetFieldIndex(key) >= 0; });
  }

  /// Keys of the time of the write are those of the rows, if these bring them: they are text, whatever they look like.
  void KeepKeys(bool brought, arrow::FieldVector* fields) {
    kept_keys_.clear();
    if (!brought) return;
    kept_keys_ = target_->made_keys().of_write_time;
    for (auto& field : *fields) {
      const bool is_key = std::find(kept_keys_.begin(), kept_keys_.end(), field->name()) != kept_keys_.end();
      if (is_key && (arrow::is_integer(field->type()->id()) || field->type()->id() == arrow::Type::NA)) {
        field = field->WithType(arrow::utf8());
      }
    }
  }

  /// Keys that times have made in a table that is read, and that the target makes by itself: no columns of the data.
  void DropMadeKeys(arrow::FieldVector* fields) const {
    const auto made = target_->made_keys();
    std::set<std::string> keys(made.of_write_time.begin(), made.of_write_time.end());
    keys.insert(made.of_columns.begin(), made.of_columns.end());
    std::erase_if(*fields, [&](const auto& field) {
      return keys.contains(field->name()) && std::all_of(sources_.begin(), sources_.end(), [&](const auto& source) {
               const auto of_source = source->made_keys();
               return source->schema()->GetFieldIndex(field->name()) < 0 ||
                      std::find(of_source.begin(), of_source.end(), field->name()) != of_source.end();
             });
    });
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

  Status PlanQuery() {
    ARROW_ASSIGN_OR_RAISE(auto* engine, environment_.engine());
    ARROW_ASSIGN_OR_RAISE(auto request, RequestOf("SELECT * FROM (" + pipeline_.sql + "\n) LIMIT 0", false));
    auto result = Query(*engine, request);
    if (!result.ok()) return Prefix(result.status(), pipeline_.place.ToString() + ", sql");
    const auto schema = result->reader->schema();
    result_names_ = schema->field_names();
    if (target_->normalizes_names()) {
      ARROW_ASSIGN_OR_RAISE(const auto names, NormalizeColumnNames(result_names_));
      result_names_.clear();
      for (const auto& name : names) {
        if (name.rewritten()) report_.renamed_columns.push_back(name.source + " -> " + name.column);
        result_names_.push_back(name.column);
      }
    }
    arrow::FieldVector fields;
    for (int i = 0; i < schema->num_fields(); ++i) {
      auto type = schema->field(i)->type();
      if (target_->normalizes_names()) {
        ARROW_ASSIGN_OR_RAISE(type, StoredType(*type));
      }
      fields.push_back(arrow::field(result_names_[static_cast<size_t>(i)], std::move(type)));
    }
    KeepKeys(BringsKeys(*arrow::schema(fields)), &fields);
    return MakePlan(*arrow::schema(std::move(fields)));
  }

  /// What will change, before anything changes.
  void Announce() {
    if (target_->compares_columns()) return;
    if (report_.target_created) {
      progress_.Note("create " + target_->name() + " with " + std::to_string(plan_.table_schema->num_fields()) +
                     " columns");
      return;
    }
    if (destination_.mode == WriteMode::kReplace && !target_->keeps_columns()) return;
    for (const auto& difference : plan_.differences) {
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
    const bool by_contract = pipeline_.on_error == OnError::kFail && !plan_.quarantine_columns.empty();
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
                               .contract = contract(),
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
      const auto untyped = UntypedColumns(target_->table().get(), *plan_.table_schema, untyped_);
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
    } else if (batch->num_columns() != plan_.write_schema->num_fields()) {
      ARROW_ASSIGN_OR_RAISE(batch, WithAllColumns(*batch));
    }
    return write.Write(batch);
  }

  /// Columns that a file lacks are null.
  Result<std::shared_ptr<arrow::RecordBatch>> WithAllColumns(const arrow::RecordBatch& batch) const {
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    for (const auto& field : plan_.write_schema->fields()) {
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
      status = source->Open(plan_.write_schema, plan_.quarantine_columns, quarantine_.get(), readers_go_on_, in_order,
                            target_->takes_dictionaries(destination_.mode));
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
               ARROW_ASSIGN_OR_RAISE(const auto schema, batch->schema()->WithNames(result_names_));
               ARROW_ASSIGN_OR_RAISE(auto rows,
                                     CastExactly(arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns()),
                                                 plan_.write_schema, "pipeline " + pipeline_.name));
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
    if (!untyped_.empty()) {
      report_.notes.push_back(std::to_string(untyped_.size()) +
                              (untyped_.size() == 1 ? " column has" : " columns have") +
                              " no value yet, so no type: " + JoinShort(untyped_, 8));
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
  EvolutionPlan plan_;
  std::vector<std::string> untyped_;
  std::vector<std::string> result_names_;
  std::vector<std::string> kept_keys_;  // partition keys that the rows bring along
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
