#include "glaux/sync/source_run.h"

#include <arrow/api.h>

#include <algorithm>
#include <set>

#include "glaux/base/secrets.h"
#include "glaux/schema/names.h"
#include "glaux/schema/types.h"
#include "glaux/sync/batch_compute.h"
#include "glaux/table/row_filter.h"
#include "glaux/table/scan.h"

namespace glaux {
namespace {

/// Sampled bytes over all files of one source.
constexpr int64_t kSampleBudget = 16 << 20;
constexpr int64_t kLeastSample = 64 << 10;
constexpr int64_t kMostSample = 1 << 20;

/// Ends a stream once enough rows have passed.
class LimitedStream final : public RowStream {
 public:
  LimitedStream(std::shared_ptr<RowStream> stream, const std::atomic<int64_t>* left)
      : stream_(std::move(stream)), left_(left) {}
  Result<std::optional<Piece>> Next(size_t* own) override {
    if (*left_ <= 0) return std::nullopt;
    return stream_->Next(own);
  }
  std::vector<std::string> notes() const override { return stream_->notes(); }

 private:
  const std::shared_ptr<RowStream> stream_;
  const std::atomic<int64_t>* const left_;
};

std::string Quoted(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

}  // namespace

Result<std::unique_ptr<SourceRun>> SourceRun::Make(const SyncEnvironment& environment, const SourceConfig& config,
                                                   SourceRunOptions options) {
  auto run = std::unique_ptr<SourceRun>(new SourceRun(environment, config, std::move(options)));
  auto filter = Predicate::Parse(config.filter);
  if (!filter.ok()) return Prefix(filter.status(), config.place.ToString() + ", filter");
  run->filter_ = *std::move(filter);
  ARROW_RETURN_NOT_OK(
      CheckGivenTypes({.subject = "source " + config.name, .types = config.types, .hints = config.hints}));
  return run;
}

bool SourceRun::keeps_ledger() const {
  if (!reads_files() || options_.target == nullptr || config_.limit.has_value()) return false;
  if (options_.bounds.since.has_value() || options_.bounds.until.has_value()) return false;
  // A run that stops inside the files by cursor value has not done with any of them.
  if (config_.incremental.max_records.has_value() && !config_.incremental.datetime_field.empty()) return false;
  const bool adds = options_.mode == WriteMode::kAppend || options_.mode == WriteMode::kUpsert ||
                    options_.mode == WriteMode::kInsertNew;
  return config_.incremental.files.value_or(adds ? IncrementalConfig::Files::kNew : IncrementalConfig::Files::kAll) ==
         IncrementalConfig::Files::kNew;
}

Status SourceRun::Find() {
  const auto& incremental = config_.incremental;
  if (options_.target != nullptr) {
    ARROW_ASSIGN_OR_RAISE(auto streams, options_.target->Streams());
    if (const auto at = streams.find(options_.stream); at != streams.end()) {
      stored_state_ = at->second;
      ARROW_ASSIGN_OR_RAISE(state_, StreamState::Parse(at->second, options_.stream));
    }
  }
  ARROW_RETURN_NOT_OK(MakeCursor());
  switch (config_.kind) {
    case SourceConfig::Kind::kFiles:
      ARROW_RETURN_NOT_OK(FindFiles());
      break;
    case SourceConfig::Kind::kTable: {
      TableId id = config_.table;
      if (id.database.empty()) id.database = environment_.database;
      auto table = environment_.open_table(id);
      if (!table.ok()) return Prefix(table.status(), "source " + config_.name);
      table_ = *std::move(table);
      break;
    }
    case SourceConfig::Kind::kQuery:
      break;
  }
  if (cursor_ != nullptr && incremental.max_records.has_value()) ARROW_RETURN_NOT_OK(FindBoundary());
  return Status::OK();
}

Status SourceRun::MakeCursor() {
  if (config_.incremental.datetime_field.empty()) return Status::OK();
  const bool from_start = options_.full_refresh || options_.mode == WriteMode::kReplace;
  ARROW_ASSIGN_OR_RAISE(cursor_,
                        Cursor::Make(config_.incremental, from_start ? CursorState() : state_.cursor, options_.bounds,
                                     options_.doubles_matter, *environment_.clock, "source " + config_.name));
  return stop_behind_.has_value() ? cursor_->StopBehind(*stop_behind_) : Status::OK();
}

Result<std::unique_ptr<SourceRun>> SourceRun::Clone() const {
  auto clone = std::unique_ptr<SourceRun>(new SourceRun(environment_, config_, options_));
  clone->state_ = state_;
  clone->stop_behind_ = stop_behind_;
  ARROW_RETURN_NOT_OK(clone->MakeCursor());
  clone->filter_ = filter_;
  clone->files_ = files_;
  clone->known_files_ = known_files_;
  clone->chunk_ = chunk_;
  clone->table_ = table_;
  clone->inferred_ = inferred_;
  clone->shape_ = shape_;
  clone->path_columns_ = path_columns_;
  clone->all_columns_ = all_columns_;
  clone->schema_ = schema_;
  ARROW_ASSIGN_OR_RAISE(clone->own_quarantine_, Quarantine::Make({.on_error = OnError::kSkip}));
  return clone;
}

Status SourceRun::FindFiles() {
  ARROW_ASSIGN_OR_RAISE(auto found, FindSourceFiles(environment_, config_, options_.stop));
  found_.requests = found.requests;
  found_.files_empty = found.empty;
  found_.files_hidden = found.hidden;
  found_.files_links = static_cast<int64_t>(found.links.size());
  links_ = std::move(found.links);
  found_.files_not_selected = found.not_selected;
  files_ = std::move(found.files);
  if (keeps_ledger() && !options_.full_refresh && !files_.empty()) {
    std::vector<LoadedFile> asked;
    for (const auto& file : files_) asked.push_back(file.ledger);
    ARROW_ASSIGN_OR_RAISE(const auto known, options_.target->AlreadyLoaded(asked));
    std::vector<SourceFile> fresh;
    for (size_t i = 0; i < files_.size(); ++i) {
      if (known[i]) {
        known_files_.push_back(std::move(files_[i]));
      } else {
        fresh.push_back(std::move(files_[i]));
      }
    }
    files_ = std::move(fresh);
    found_.files_known = static_cast<int64_t>(known_files_.size());
  }
  chunk_ = files_;
  chunk_end_ = files_.size();
  return Status::OK();
}

void SourceRun::BeginChunks() { chunk_end_ = 0; }

bool SourceRun::TakeChunk(int64_t bytes) {
  chunk_.clear();
  int64_t taken = 0;
  while (chunk_end_ < files_.size() && (chunk_.empty() || taken + files_[chunk_end_].ledger.size <= bytes)) {
    taken += files_[chunk_end_].ledger.size;
    chunk_.push_back(files_[chunk_end_++]);
  }
  return !chunk_.empty();
}

int64_t SourceRun::DefaultSampleBytes() const {
  if (options_.sample_bytes.has_value()) return *options_.sample_bytes;
  if (config_.sample_bytes.has_value()) return *config_.sample_bytes;
  const auto files = std::max<int64_t>(1, static_cast<int64_t>(chunk_.size()));
  return std::clamp(kSampleBudget / files, kLeastSample, kMostSample);
}

Status SourceRun::Infer(int64_t sample_bytes) {
  switch (config_.kind) {
    case SourceConfig::Kind::kFiles:
      return InferFilesOfChunk(sample_bytes);
    case SourceConfig::Kind::kTable:
      return DescribeRelation(table_->schema());
    case SourceConfig::Kind::kQuery: {
      ARROW_ASSIGN_OR_RAISE(auto* engine, environment_.engine());
      auto result = Query(*engine, {.sql = "SELECT * FROM (" + config_.sql + "\n) LIMIT 0"});
      if (!result.ok()) return Prefix(result.status(), "source " + config_.name);
      return DescribeRelation(result->reader->schema());
    }
  }
  return Status::OK();
}

Status SourceRun::InferFilesOfChunk(int64_t sample_bytes) {
  // A query over several sources needs the columns of those that have nothing new, too.
  const bool nothing_new = chunk_.empty() && !known_files_.empty();
  if (nothing_new) chunk_ = {known_files_.back()};
  const auto target = options_.normalize_names && options_.target != nullptr ? options_.target->schema() : nullptr;
  const bool widen = options_.widen && target != nullptr;
  auto inferred = InferFiles(chunk_,
                             {.format = config_.format_options,
                              .sample_bytes = sample_bytes,
                              .integer_widths = widen,
                              .skip_bad_rows = options_.skip_bad_rows},
                             options_.stop);
  if (!inferred.ok()) return IfGone(inferred.status(), "source " + config_.name);
  inferred_ = *std::move(inferred);
  // A packed file may turn out to hold nothing.
  for (size_t i = chunk_.size(); i-- > 0;) {
    if (inferred_.schemas[i].schema->num_fields() > 0) continue;
    chunk_.erase(chunk_.begin() + static_cast<std::ptrdiff_t>(i));
    inferred_.schemas.erase(inferred_.schemas.begin() + static_cast<std::ptrdiff_t>(i));
    ++found_.files_empty;
  }
  sampled_ = !inferred_.complete;
  ShapeOptions options{.subject = "source " + config_.name,
                       .types = config_.types,
                       .hints = config_.hints,
                       .normalize_names = options_.normalize_names,
                       .stored_types = options_.stored_types};
  options.target = target.get();
  options.widen = widen;
  if (chunk_.empty()) options.types.clear();
  ARROW_ASSIGN_OR_RAISE(shape_, ShapeOf(chunk_, inferred_, options));
  if (nothing_new) {
    chunk_.clear();
    sampled_ = false;
  }
  if ((config_.keep_untyped || options_.keep_untyped) && !shape_.untyped.empty()) {
    // Only who has seen every row knows that there is no value.
    if (sampled_) return InferFilesOfChunk(0);
    arrow::FieldVector fields;
    for (const auto& field : shape_.schema->fields()) {
      fields.push_back(field->type()->id() == arrow::Type::NA ? field->WithType(arrow::utf8()) : field);
    }
    shape_.schema = arrow::schema(std::move(fields));
    shape_.untyped.clear();
  }
  auto fields = shape_.schema->fields();
  ARROW_RETURN_NOT_OK(AddPathColumns(&fields));
  if (config_.file_column.has_value()) {
    if (FindColumn(*arrow::schema(fields), *config_.file_column) >= 0) {
      return MakeError(ErrorKind::kInvalid, config_.place.ToString(), ": file_column ", *config_.file_column,
                       ": the files have a column of that name");
    }
    fields.push_back(arrow::field(*config_.file_column, arrow::utf8()));
  }
  return ChooseColumns(*arrow::schema(std::move(fields)));
}

/// Columns of `key=value` folders, behind those of the files: whole numbers where every value is one as numbers are
/// written, else text. A column of the files wins over a folder of its name.
Status SourceRun::AddPathColumns(arrow::FieldVector* fields) {
  std::vector<std::string> names;
  std::map<std::string, bool> whole_numbers;
  for (const auto& file : chunk_) {
    for (const auto& [key, value] : file.path_values) {
      const std::string name = options_.normalize_names ? NormalizeColumnName(key) : key;
      const auto [at, fresh] = whole_numbers.try_emplace(name, true);
      if (fresh) names.push_back(name);
      if (!value.has_value()) continue;
      const auto number = arrow::Scalar::Parse(arrow::int64(), *value);
      if (!number.ok() || (*number)->ToString() != *value) at->second = false;
    }
  }
  arrow::FieldVector added;
  const auto of_files = arrow::schema(*fields);
  for (const auto& name : names) {
    if (FindColumn(*of_files, name) >= 0) continue;
    added.push_back(arrow::field(name, whole_numbers[name] ? arrow::int64() : arrow::utf8()));
  }
  path_columns_ = arrow::schema(added);
  fields->insert(fields->end(), added.begin(), added.end());
  return Status::OK();
}

Status SourceRun::AddPathConstants(FileInput* input) const {
  for (const auto& field : path_columns_->fields()) {
    const auto target = wanted_->GetFieldByName(field->name());
    const auto type = target != nullptr ? target->type() : field->type();
    auto value = arrow::MakeNullScalar(type);
    for (const auto& [key, text] : input->file->path_values) {
      if ((options_.normalize_names ? NormalizeColumnName(key) : key) != field->name() || !text.has_value()) continue;
      ARROW_ASSIGN_OR_RAISE(value, CastScalar(arrow::MakeScalar(*text), type));
    }
    input->constants.emplace_back(field->name(), std::move(value));
  }
  return Status::OK();
}

std::vector<std::string> SourceRun::made_keys() const {
  std::vector<std::string> keys;
  if (table_ == nullptr) return keys;
  for (const auto& field : table_->partition_spec()) {
    for (auto& key : TimeKeysOf(field.transform)) keys.push_back(std::move(key));
  }
  return keys;
}

Status SourceRun::DescribeRelation(const std::shared_ptr<arrow::Schema>& schema) {
  arrow::FieldVector fields;
  std::vector<NameMapping> names;
  if (options_.normalize_names) {
    ARROW_ASSIGN_OR_RAISE(names, NormalizeColumnNames(schema->field_names()));
  }
  for (int i = 0; i < schema->num_fields(); ++i) {
    const auto& field = schema->field(i);
    auto type = field->type();
    if (options_.stored_types) {
      ARROW_ASSIGN_OR_RAISE(type, StoredType(*type));
    }
    fields.push_back(
        arrow::field(options_.normalize_names ? names[static_cast<size_t>(i)].column : field->name(), std::move(type)));
  }
  return ChooseColumns(*arrow::schema(std::move(fields)));
}

/// `columns` says what goes on; what only filter and cursor need is read beside it.
Status SourceRun::ChooseColumns(const arrow::Schema& all) {
  std::set<int> chosen;
  arrow::FieldVector given;
  if (config_.columns.has_value()) {
    for (const auto& name : *config_.columns) {
      const int at = FindColumn(all, options_.normalize_names ? NormalizeColumnName(name) : name);
      if (at < 0) {
        return MakeError(ErrorKind::kInvalid, config_.place.ToString(), ": source ", config_.name, " has ",
                         NoColumn(name, all));
      }
      if (chosen.insert(at).second) given.push_back(all.field(at));
    }
  } else {
    for (int i = 0; i < all.num_fields(); ++i) {
      chosen.insert(i);
      given.push_back(all.field(i));
    }
  }
  auto needed = filter_.Columns();
  if (cursor_ != nullptr) needed.push_back(config_.incremental.datetime_field);
  arrow::FieldVector read = given;
  for (const auto& name : needed) {
    const int at = FindColumn(all, name);
    if (at < 0 && all.num_fields() > 0) {
      return MakeError(ErrorKind::kInvalid, config_.place.ToString(), ": source ", config_.name, ": filter or ",
                       "datetime_field: ", NoColumn(name, all));
    }
    if (at >= 0 && chosen.insert(at).second) read.push_back(all.field(at));
  }
  schema_ = arrow::schema(std::move(given));
  all_columns_ = arrow::schema(std::move(read));
  return Status::OK();
}

std::vector<std::string> SourceRun::notes() const {
  std::vector<std::string> notes;
  const std::string name = "source " + config_.name + ": ";
  if (sampled_ && !chunk_.empty()) {
    notes.push_back(name + "types come from a sample of " + std::to_string(inferred_.rows_seen) +
                    " rows; every later value is checked against them");
  }
  std::set<std::string> seen;
  for (const auto& schema : inferred_.schemas) {
    for (const auto& note : schema.notes) {
      if (seen.insert(note).second && seen.size() <= 20) notes.push_back(name + note);
    }
  }
  if (reads_files() && files_.empty() && known_files_.empty()) {
    notes.push_back(name + (found_.files_empty + found_.files_hidden + found_.files_not_selected > 0
                                ? "of the files that match none counts: " + std::to_string(found_.files_empty) +
                                      " empty, " + std::to_string(found_.files_hidden) + " hidden, " +
                                      std::to_string(found_.files_not_selected) + " not selected"
                                : "no file matches " + ShownAddress(config_.uris.empty() ? "" : config_.uris.front()) +
                                      (config_.uris.size() > 1 ? " and the other addresses" : "")));
  }
  if (!links_.empty()) {
    notes.push_back(
        name + std::to_string(links_.size()) +
        (links_.size() == 1 ? " symbolic link or special file was" : " symbolic links or special files were") +
        " passed over, the first: " + links_.front() + "; a file that is named itself is read through its link");
  }
  if (!state_.updated_at.empty()) {
    const auto before = ParseTimestamp(state_.updated_at);
    if (before.ok() && *before > environment_.clock->Now()) {
      notes.push_back(name + "the last run was at " + state_.updated_at +
                      ", which is later than now; the clock may have gone backwards");
    }
  }
  if (config_.limit.has_value()) notes.push_back(name + "with a limit nothing is remembered of what was read");
  if (stream_ != nullptr) {
    for (const auto& note : stream_->notes()) notes.push_back(name + note);
  }
  return notes;
}

Result<std::shared_ptr<RowStream>> SourceRun::OpenFiles(const arrow::Schema& wanted, Quarantine* quarantine,
                                                        bool readers_go_on, bool in_order, bool dictionaries) {
  auto inputs = MakeFileInputs(chunk_, inferred_, shape_, wanted, config_.format_options);
  std::function<Status(BadRow)> on_bad_row;
  if (readers_go_on) {
    on_bad_row = [this, quarantine](BadRow row) {
      ++rows_read_;
      ++rows_set_aside_;
      return quarantine->Add(row);
    };
  }
  for (auto& input : inputs) {
    ARROW_RETURN_NOT_OK(AddPathConstants(&input));
    input.read.on_bad_row = on_bad_row;
    input.read.dictionary_strings = dictionaries;
  }
  FileStreamOptions options{.in_order = in_order, .progress = options_.progress};
  if (config_.file_column.has_value()) options.file_column = *config_.file_column;
  if (config_.incremental.max_records.has_value() && cursor_ == nullptr) {
    options.go_on = [this, most = *config_.incremental.max_records](size_t) { return rows_passed_ < most; };
  }
  file_stream_ = FileStream::Make(std::move(inputs), std::move(options));
  return file_stream_;
}

Result<std::shared_ptr<RowStream>> SourceRun::OpenRelation() {
  if (config_.kind == SourceConfig::Kind::kQuery) {
    ARROW_ASSIGN_OR_RAISE(auto* engine, environment_.engine());
    auto result = Query(*engine, {.sql = config_.sql});
    if (!result.ok()) return Prefix(result.status(), "source " + config_.name);
    return std::shared_ptr<RowStream>(MakeReaderStream(std::move(result->reader)));
  }
  ScanOptions scan{.filter = filter_, .stop = options_.stop};
  std::vector<std::string> columns;
  const auto table = table_->schema();
  for (const auto& field : all_columns_->fields())
    columns.push_back(table->field(FindColumn(*table, field->name()))->name());
  scan.columns = std::move(columns);
  if (cursor_ != nullptr) {
    const int at = FindColumn(*table, config_.incremental.datetime_field);
    ARROW_ASSIGN_OR_RAISE(const auto low, cursor_->LowerBound(table->field(at)->type()));
    if (low != nullptr) {
      // Rows without a value must still be seen, to be told of.
      const auto name = table->field(at)->name();
      const auto newer =
          Predicate::Or({Predicate::Compare(name, Predicate::Comparison::kGreaterEqual, low), Predicate::IsNull(name)});
      scan.filter = filter_.always_true() ? newer : Predicate::And({filter_, newer});
    }
  }
  auto reader = Scan(*table_, environment_.resolve, scan);
  if (!reader.ok()) return Prefix(reader.status(), "source " + config_.name);
  return std::shared_ptr<RowStream>(MakeReaderStream(*std::move(reader)));
}

Status SourceRun::Open(const std::shared_ptr<arrow::Schema>& wanted, const std::vector<std::string>& must_be_null,
                       Quarantine* quarantine, bool readers_go_on, bool in_order, bool dictionaries) {
  must_be_null_ = must_be_null;
  quarantine_ = quarantine;
  arrow::FieldVector fields;
  for (const auto& field : schema_->fields()) {
    const auto target = wanted->GetFieldByName(field->name());
    if (target != nullptr) fields.push_back(target);
  }
  wanted_ = arrow::schema(fields);
  // What is read: what goes on, what is filtered by, and what must be null.
  std::set<std::string> names;
  for (const auto& field : fields) names.insert(field->name());
  auto needed = filter_.Columns();
  if (cursor_ != nullptr) needed.push_back(FoldName(config_.incremental.datetime_field));
  for (const auto& name : must_be_null) needed.push_back(FoldName(name));
  for (const auto& field : all_columns_->fields()) {
    const bool is_needed = std::find(needed.begin(), needed.end(), FoldName(field->name())) != needed.end();
    if (is_needed && names.insert(field->name()).second) fields.push_back(field);
  }
  if (config_.limit.has_value()) limit_left_ = *config_.limit;
  if (reads_files()) {
    const bool simple = filter_.always_true() && cursor_ == nullptr && must_be_null.empty();
    ARROW_ASSIGN_OR_RAISE(
        stream_, OpenFiles(*arrow::schema(fields), quarantine, readers_go_on, in_order, dictionaries && simple));
  } else {
    ARROW_ASSIGN_OR_RAISE(stream_, OpenRelation());
  }
  if (config_.limit.has_value()) stream_ = std::make_shared<LimitedStream>(std::move(stream_), &limit_left_);
  return Status::OK();
}

Status SourceRun::SetAside(const arrow::RecordBatch& batch, const std::string& column, const std::string& reason) {
  ARROW_ASSIGN_OR_RAISE(const auto lines, JsonLines(batch.Slice(0, batch.num_rows())));
  rows_set_aside_ += batch.num_rows();
  for (const auto& line : lines) {
    ARROW_RETURN_NOT_OK(quarantine_->Add(
        {.file = "source " + config_.name, .column = column, .reason = reason, .content = line.substr(0, 64 << 10)}));
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> SourceRun::Process(const std::shared_ptr<arrow::RecordBatch>& decoded,
                                                               int64_t sequence) {
  rows_read_ += decoded->num_rows();
  auto batch = decoded;
  if (!reads_files() && options_.normalize_names) {
    ARROW_ASSIGN_OR_RAISE(const auto names, NormalizeColumnNames(batch->schema()->field_names()));
    std::vector<std::string> columns;
    for (const auto& name : names) columns.push_back(name.column);
    ARROW_ASSIGN_OR_RAISE(const auto schema, batch->schema()->WithNames(columns));
    batch = arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns());
  }
  const auto drop_to = [&](std::shared_ptr<arrow::RecordBatch> kept) {
    rows_filtered_ += batch->num_rows() - kept->num_rows();
    batch = std::move(kept);
  };
  if (!filter_.always_true()) {
    // Conditions fold names to lower case.
    std::vector<std::string> folded;
    for (const auto& name : batch->schema()->field_names()) folded.push_back(FoldName(name));
    const auto schema = batch->schema();
    ARROW_ASSIGN_OR_RAISE(const auto view, schema->WithNames(folded));
    ARROW_ASSIGN_OR_RAISE(const auto kept,
                          FilterRows(arrow::RecordBatch::Make(view, batch->num_rows(), batch->columns()), filter_));
    drop_to(arrow::RecordBatch::Make(schema, kept->num_rows(), kept->columns()));
  }
  if (cursor_ != nullptr && batch->num_rows() > 0) {
    // A file that is read once is read again only when it has changed: its rows are known by the file too. Where all
    // files are read every time, rows may have moved from one to another.
    const std::string origin =
        keeps_ledger() ? chunk_[static_cast<size_t>(FileOfSequence(sequence))].ledger.key : std::string();
    ARROW_ASSIGN_OR_RAISE(auto taken, cursor_->Take(batch, origin));
    int64_t without = 0;
    if (taken.without_value != nullptr && taken.without_value->num_rows() > 0) {
      without = taken.without_value->num_rows();
      ARROW_RETURN_NOT_OK(SetAside(*taken.without_value, config_.incremental.datetime_field,
                                   "it is null, so nobody can say whether the row is new"));
    }
    rows_filtered_ += batch->num_rows() - without - taken.batch->num_rows();
    batch = std::move(taken.batch);
  }
  for (const auto& column : must_be_null_) {
    const auto values = batch->GetColumnByName(column);
    if (values == nullptr || values->null_count() == batch->num_rows()) continue;
    ARROW_ASSIGN_OR_RAISE(const auto valid, IsValidMask(values));
    ARROW_ASSIGN_OR_RAISE(const auto bad, SelectRows(batch, valid));
    ARROW_RETURN_NOT_OK(SetAside(*bad, column, "the contract sends rows with a value here to quarantine"));
    ARROW_ASSIGN_OR_RAISE(const auto null, IsNullMask(values));
    ARROW_ASSIGN_OR_RAISE(batch, SelectRows(batch, null));
  }
  if (config_.limit.has_value()) {
    const int64_t left = std::max<int64_t>(0, limit_left_.fetch_sub(batch->num_rows()));
    if (left < batch->num_rows()) drop_to(batch->Slice(0, left));
  }
  rows_passed_ += batch->num_rows();
  // Exactly what goes on, in its order.
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const auto& field : wanted_->fields()) {
    auto column = batch->GetColumnByName(field->name());
    if (column == nullptr) continue;  // a file without this column
    fields.push_back(arrow::field(field->name(), column->type()));
    columns.push_back(std::move(column));
  }
  const int64_t rows = batch->num_rows();
  auto given = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(columns));
  if (reads_files()) return given;
  return CastExactly(given, wanted_, "source " + config_.name);
}

/// Reads a clone's rows, and keeps the clone.
Result<std::shared_ptr<arrow::RecordBatchReader>> SourceRun::ReaderOf(std::shared_ptr<SourceRun> clone,
                                                                      std::shared_ptr<arrow::Schema> columns,
                                                                      bool readers_go_on) const {
  ARROW_RETURN_NOT_OK(clone->Open(clone->schema_, {}, clone->own_quarantine_.get(), readers_go_on, false, false));
  return PrefetchingReader(clone->stream_, columns, {.stop = options_.stop},
                           [clone, columns](std::shared_ptr<arrow::RecordBatch> batch,
                                            int64_t sequence) -> Result<std::shared_ptr<arrow::RecordBatch>> {
                             ARROW_ASSIGN_OR_RAISE(const auto kept, clone->Process(batch, sequence));
                             return CastExactly(kept, columns, "source " + clone->config_.name);
                           });
}

Result<std::shared_ptr<arrow::RecordBatchReader>> SourceRun::OpenRows(Quarantine* quarantine, bool readers_go_on,
                                                                      bool counts) {
  if (!counts) {
    ARROW_ASSIGN_OR_RAISE(auto clone, Clone());
    return ReaderOf(std::move(clone), schema_, readers_go_on);
  }
  ARROW_RETURN_NOT_OK(Open(schema_, {}, quarantine, readers_go_on, false, false));
  return PrefetchingReader(stream_, schema_, {.stop = options_.stop},
                           [this](std::shared_ptr<arrow::RecordBatch> batch,
                                  int64_t sequence) -> Result<std::shared_ptr<arrow::RecordBatch>> {
                             ARROW_ASSIGN_OR_RAISE(const auto kept, Process(batch, sequence));
                             return CastExactly(kept, schema_, "source " + config_.name);
                           });
}

Status SourceRun::FindBoundary() {
  // The value behind which the record that is one too many would come; rows with that very value all belong to the run.
  if (reads_files() && files_.empty()) return Status::OK();
  ARROW_RETURN_NOT_OK(Infer(DefaultSampleBytes()));
  const int at = FindColumn(*all_columns_, config_.incremental.datetime_field);
  const auto schema = arrow::schema({all_columns_->field(at)});
  ARROW_ASSIGN_OR_RAISE(auto* engine, environment_.engine());
  const std::string column = Quoted(schema->field(0)->name());
  QueryRequest request{.sql = "SELECT " + column + " FROM glaux_source ORDER BY 1 LIMIT 1 OFFSET " +
                              std::to_string(*config_.incremental.max_records - 1)};
  request.relations.push_back({.name = "glaux_source",
                               .schema = schema,
                               .open = [this, schema]() -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
                                 // Rows that were taken before are known by all of their columns.
                                 ARROW_ASSIGN_OR_RAISE(auto pass, Clone());
                                 return ReaderOf(std::move(pass), schema, true);
                               }});
  ARROW_ASSIGN_OR_RAISE(const auto found, QueryTable(*engine, request));
  if (found->num_rows() == 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto value, found->column(0)->GetScalar(0));
  stop_behind_ = value->ToString();
  return cursor_->StopBehind(*stop_behind_);
}

RequestCounts SourceRun::RequestsToRead() const { return glaux::RequestsToRead(chunk_); }

ExpectedWrite SourceRun::Expected() const {
  auto expected = ExpectedOf(chunk_, inferred_, DefaultSampleBytes());
  if (!keeps_ledger()) expected.sources = 0;
  return expected;
}

Status SourceRun::CheckComplete() const { return file_stream_ == nullptr ? Status::OK() : file_stream_->CheckKeys(); }

std::vector<LoadedFile> SourceRun::LedgerEntries() const {
  if (!keeps_ledger()) return {};
  size_t count = chunk_.size();
  if (file_stream_ != nullptr && config_.incremental.max_records.has_value()) count = file_stream_->files_begun();
  std::vector<LoadedFile> entries;
  for (size_t i = 0; i < count; ++i) entries.push_back(chunk_[i].ledger);
  return entries;
}

Result<std::optional<StreamChange>> SourceRun::StateChange() const {
  const bool range = options_.bounds.since.has_value() || options_.bounds.until.has_value();
  if (cursor_ == nullptr || range || config_.limit.has_value() || !last_chunk()) return std::nullopt;
  StreamState next = state_;
  ARROW_ASSIGN_OR_RAISE(next.cursor, cursor_->State());
  next.updated_at = FormatTimestamp(environment_.clock->Now());
  ++next.runs;
  return StreamChange{.stream = options_.stream, .expected = stored_state_, .next = next.ToString()};
}

std::optional<Timestamp> SourceRun::LedgerWatermark() const {
  if (!keeps_ledger() || !config_.incremental.overlap_window.has_value() || chunk_.empty() || !last_chunk())
    return std::nullopt;
  Timestamp newest = {};
  for (const auto& file : files_) newest = std::max(newest, file.ledger.modified);
  return newest - *config_.incremental.overlap_window;
}

SourceCounts SourceRun::counts() const {
  SourceCounts counts = found_;
  counts.rows_read = rows_read_;
  counts.rows_filtered = rows_filtered_;
  counts.rows_set_aside = rows_set_aside_;
  counts.rows_passed = rows_passed_;
  counts.files = static_cast<int64_t>(chunk_end_);
  for (size_t i = 0; i < chunk_end_; ++i) counts.bytes += files_[i].ledger.size;
  return counts;
}

}  // namespace glaux
