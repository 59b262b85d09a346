#include "glaux/lake/write.h"

#include <arrow/api.h>
#include <arrow/util/byte_size.h>

#include <algorithm>

#include "glaux/schema/names.h"
#include "glaux/schema/types.h"
#include "glaux/store/memory_store.h"
#include "glaux/sync/batch_compute.h"
#include "glaux/sync/merge.h"
#include "glaux/sync/merge_write.h"
#include "glaux/sync/pipeline_plan.h"
#include "glaux/sync/pump.h"
#include "glaux/sync/request_plan.h"

namespace glaux {
namespace {

/// Writes that lose a race plan again, this often.
constexpr int kMostAttempts = 50;

/// Rows of a batch at most: what one thread casts at a time.
constexpr int64_t kBatchRows = 64 << 10;

const char kRecords[] = "records";

/// Names of a model as the table has them, with the types that a table stores.
Result<std::shared_ptr<arrow::Schema>> StoredModel(const Model& model) {
  if (model.columns() == nullptr) return nullptr;
  ARROW_ASSIGN_OR_RAISE(const auto names, NormalizeColumnNames(model.columns()->field_names()));
  arrow::FieldVector fields;
  for (int i = 0; i < model.columns()->num_fields(); ++i) {
    const auto& field = model.columns()->field(i);
    auto type = StoredType(*field->type());
    if (!type.ok()) return Prefix(type.status(), "model, column " + field->name());
    fields.push_back(arrow::field(names[static_cast<size_t>(i)].column, *std::move(type)));
  }
  return arrow::schema(std::move(fields));
}

class RecordWrite {
 public:
  RecordWrite(Lake& lake, const TableId& table, const Records& records, const TableWriteOptions& options)
      : lake_(lake), records_(records), options_(options), files_{SourceFile{.name = kRecords}} {
    destination_.name = "write";
    destination_.kind = DestinationConfig::Kind::kTable;
    destination_.table = table;
    destination_.mode = options.mode;
    destination_.primary_key = options.primary_key;
    destination_.datetime_field = options.datetime_field;
    destination_.partition_by = options.partition_by;
    destination_.format_options.parquet.compression = options.compression;
    destination_.target_file_bytes = options.target_file_bytes;
  }

  Result<WriteSummary> Run(const Model& model) {
    ARROW_RETURN_NOT_OK(CheckGivenTypes({.subject = "write", .types = options_.types}));
    if (Merges(options_.mode) && options_.primary_key.empty()) {
      return MakeError(ErrorKind::kInvalid, "write into ", destination_.table.ToString(), ": ",
                       WriteModeName(options_.mode), " needs a primary_key");
    }
    ARROW_ASSIGN_OR_RAISE(model_, StoredModel(model));
    ARROW_RETURN_NOT_OK(OpenRecords());
    const bool repeatable = !std::holds_alternative<std::shared_ptr<arrow::RecordBatchReader>>(records_.content());
    for (int attempt = 1;; ++attempt) {
      auto summary = Attempt();
      if (summary.ok() || KindOf(summary.status()) != ErrorKind::kPrecondition) return summary;
      // A stream that was not begun can be planned again, too.
      if (attempt == kMostAttempts || (!repeatable && begun_)) return summary;
    }
  }

 private:
  /// The records as a file that is there already, so that they go the way of files.
  Status OpenRecords() {
    if (const auto* text = std::get_if<std::string>(&records_.content())) {
      const size_t first = text->find_first_not_of(" \t\r\n");
      const bool is_array = first != std::string::npos && (*text)[first] == '[';
      ARROW_ASSIGN_OR_RAISE(files_[0].format, FormatByName(is_array ? "json" : "jsonl"));
      files_[0].place = {.store = MakeMemoryStore(), .key = kRecords};
      return PutString(*files_[0].place.store, kRecords, *text).status();
    }
    // What comes as Arrow says its types itself.
    ARROW_ASSIGN_OR_RAISE(files_[0].format, FormatByName("arrow"));
    return Status::OK();
  }

  bool is_json() const { return std::holds_alternative<std::string>(records_.content()); }

  std::shared_ptr<arrow::Schema> SchemaOfRecords() const {
    if (const auto* batch = std::get_if<std::shared_ptr<arrow::RecordBatch>>(&records_.content()))
      return (*batch)->schema();
    if (const auto* table = std::get_if<std::shared_ptr<arrow::Table>>(&records_.content())) return (*table)->schema();
    return std::get<std::shared_ptr<arrow::RecordBatchReader>>(records_.content())->schema();
  }

  Result<WriteSummary> Attempt() {
    WriteSummary summary;
    ARROW_ASSIGN_OR_RAISE(target_,
                          lake_.OpenTarget(destination_, options_.dry_run ? TargetUse::kLook : TargetUse::kWrite));
    if (target_->table() != nullptr) summary.location = target_->table()->entry().storage.location;
    const auto sources = Sources();
    ARROW_ASSIGN_OR_RAISE(const bool written, FinishWhatIsOpen(sources));
    if (written) {
      summary.commit.already_loaded = true;
      return summary;
    }
    const auto there = target_->schema();
    ARROW_RETURN_NOT_OK(Infer(there.get()));
    summary.renamed_columns = shape_.renamed;
    for (const auto& note : inferred_.schemas[0].notes) summary.notes.push_back(note);
    ARROW_RETURN_NOT_OK(Plan(there.get()));
    summary.differences = plan_.differences;
    summary.table_created = there == nullptr;
    auto write_options = OptionsOfTarget();
    if (options_.dry_run) {
      write_options.expected = Expected();
      ARROW_ASSIGN_OR_RAISE(auto preview, target_->Preview(plan_, write_options));
      summary.requests = preview.requests;
      for (auto& note : preview.notes) summary.notes.push_back(std::move(note));
      return summary;
    }
    ARROW_ASSIGN_OR_RAISE(const auto write, target_->Begin(plan_, write_options));
    begun_ = true;
    ARROW_RETURN_NOT_OK(WriteRows(*write));
    ARROW_ASSIGN_OR_RAISE(summary.commit, write->Commit(sources, {}));
    if (summary.table_created) {
      ARROW_RETURN_NOT_OK(target_->Refresh());
      if (target_->table() != nullptr) summary.location = target_->table()->entry().storage.location;
    }
    return summary;
  }

  std::vector<LoadedFile> Sources() const {
    if (options_.once.empty()) return {};
    return {{.key = "write:" + options_.once, .etag = {}, .size = 0, .modified = Clock::System().Now()}};
  }

  /// A commit that was cut off may add columns: they are to be known before the records are compared with the table's.
  /// \return whether the ledger has these records
  Result<bool> FinishWhatIsOpen(const std::vector<LoadedFile>& sources) {
    if (target_->table() == nullptr || options_.dry_run) return false;
    if (sources.empty()) {
      ARROW_RETURN_NOT_OK(target_->Streams().status());
      ARROW_RETURN_NOT_OK(target_->Refresh());
      return false;
    }
    ARROW_ASSIGN_OR_RAISE(const auto known, target_->AlreadyLoaded(sources));
    return known.front();
  }

  /// Columns of the records under the names that the table has for them.
  Status Infer(const arrow::Schema* there) {
    const bool widen = there != nullptr && options_.contract.data_type == ContractMode::kEvolve;
    if (is_json()) {
      ARROW_ASSIGN_OR_RAISE(inferred_, InferFiles(files_, {.sample_bytes = 0, .integer_widths = widen}, options_.stop));
    } else {
      inferred_ = {.schemas = {{.schema = SchemaOfRecords(), .complete = true}}, .complete = true};
    }
    ShapeOptions options{.subject = "write", .types = options_.types, .target = there, .widen = widen};
    for (const auto& name : inferred_.schemas[0].schema->field_names()) {
      if (model_ == nullptr) break;
      const auto column = NormalizeColumnName(name);
      const auto field = model_->GetFieldByName(column);
      if (field == nullptr) {
        return MakeError(ErrorKind::kInvalid, "write into ", target_->name(), ": the records have a column ", name,
                         ", and the model has ", NoColumn(column, *model_));
      }
      if (options.types.contains(name) || options.types.contains(column)) continue;
      ARROW_ASSIGN_OR_RAISE(options.types[column], ToGlueType(*field->type()));
    }
    ARROW_ASSIGN_OR_RAISE(shape_, ShapeOf(files_, inferred_, options));
    if (model_ == nullptr) return Status::OK();
    auto fields = shape_.schema->fields();
    for (const auto& field : model_->fields()) {
      if (shape_.schema->GetFieldIndex(field->name()) < 0) fields.push_back(field);
    }
    shape_.schema = arrow::schema(std::move(fields));
    return Status::OK();
  }

  /// Compare with the table, under the contract.
  Status Plan(const arrow::Schema* there) {
    auto contract = options_.contract;
    if (there == nullptr && contract.tables == ContractMode::kFreeze) {
      return MakeError(ErrorKind::kNotFound, "write into ", target_->name(),
                       ": there is no such table, and the contract freezes tables");
    }
    // What is made anew gets its columns from the data; whether it may be made is the contract's word on tables.
    if (there == nullptr) contract.columns = ContractMode::kEvolve;
    const auto nothing = arrow::schema(arrow::FieldVector{});
    ARROW_ASSIGN_OR_RAISE(
        plan_, PlanEvolution(there == nullptr ? *nothing : *there, *shape_.schema, contract, {}, target_->name()));
    if (!plan_.quarantine_columns.empty()) {
      return MakeError(ErrorKind::kNotImplemented, "write into ", target_->name(),
                       ": the contract discard_row needs a quarantine, which a write does not have; use discard_value "
                       "or freeze");
    }
    if (plan_.table_schema->num_fields() > 0) return Status::OK();
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "give a model, or types"}, "write into ", target_->name(),
                     ": no record has a value in any column, so the table would have no columns");
  }

  TargetWriteOptions OptionsOfTarget() const {
    TargetWriteOptions options{.mode = options_.mode,
                               .contract = options_.contract,
                               .memory_limit = lake_.config().memory_limit / 5,
                               .stop = options_.stop};
    for (const auto& key : options_.primary_key) options.primary_key.push_back(NormalizeColumnName(key));
    if (!options_.datetime_field.empty()) options.datetime_field = NormalizeColumnName(options_.datetime_field);
    if (Merges(options_.mode)) options.sequence_column = kSequenceColumn;
    const auto untyped = UntypedColumns(target_->table().get(), *plan_.table_schema, shape_.untyped);
    if (untyped.has_value()) options.parameters[kUntypedColumnsParameter] = *untyped;
    return options;
  }

  ExpectedWrite Expected() const {
    ExpectedWrite expected;
    if (is_json()) {
      expected.rows = inferred_.rows_seen;
      expected.bytes =
          static_cast<int64_t>(static_cast<double>(std::get<std::string>(records_.content()).size()) / kJsonByText);
    } else if (const auto* batch = std::get_if<std::shared_ptr<arrow::RecordBatch>>(&records_.content())) {
      expected.rows = (*batch)->num_rows();
      expected.bytes = arrow::util::TotalBufferSize(**batch);
    } else if (const auto* table = std::get_if<std::shared_ptr<arrow::Table>>(&records_.content())) {
      expected.rows = (*table)->num_rows();
      expected.bytes = arrow::util::TotalBufferSize(**table);
    }
    expected.sources = options_.once.empty() ? 0 : 1;
    return expected;
  }

  Status WriteRows(TargetWrite& write) {
    if (!is_json()) return PumpRows(*MakeReaderStream(RowsOfRecords()), write);
    const auto stream =
        FileStream::Make(MakeFileInputs(files_, inferred_, shape_, *plan_.write_schema, {}), {.in_order = true});
    ARROW_RETURN_NOT_OK(PumpRows(*stream, write));
    return stream->CheckKeys();
  }

  std::shared_ptr<arrow::RecordBatchReader> RowsOfRecords() const {
    if (const auto* reader = std::get_if<std::shared_ptr<arrow::RecordBatchReader>>(&records_.content()))
      return *reader;
    auto table = std::get_if<std::shared_ptr<arrow::Table>>(&records_.content());
    auto rows = std::make_shared<arrow::TableBatchReader>(
        table != nullptr
            ? *table
            : arrow::Table::FromRecordBatches({std::get<std::shared_ptr<arrow::RecordBatch>>(records_.content())})
                  .ValueOrDie());
    rows->set_chunksize(kBatchRows);
    return rows;
  }

  Status PumpRows(RowStream& stream, TargetWrite& write) {
    return Pump(stream, {.in_order = target_->keeps_order(), .stop = options_.stop},
                [&](std::shared_ptr<arrow::RecordBatch> batch, int64_t sequence) -> Status {
                  if (batch->num_rows() == 0) return Status::OK();
                  if (!is_json()) {
                    ARROW_ASSIGN_OR_RAISE(const auto schema, batch->schema()->WithNames(shape_.column_names[0]));
                    batch = arrow::RecordBatch::Make(schema, batch->num_rows(), batch->columns());
                  }
                  ARROW_ASSIGN_OR_RAISE(batch, CastExactly(batch, plan_.write_schema, "write into " + target_->name()));
                  if (Merges(options_.mode)) {
                    ARROW_ASSIGN_OR_RAISE(batch, WithSequence(batch, kSequenceColumn, sequence));
                  }
                  return write.Write(batch);
                });
  }

  Lake& lake_;
  const Records& records_;
  const TableWriteOptions& options_;
  DestinationConfig destination_;
  std::vector<SourceFile> files_;  // the one that the records are
  std::shared_ptr<arrow::Schema> model_;
  std::unique_ptr<Target> target_;
  InferredFiles inferred_;
  DataShape shape_;
  EvolutionPlan plan_;
  bool begun_ = false;
};

}  // namespace

Result<WriteSummary> Write(Lake& lake, const TableId& table, const Records& records, const Model& model,
                           const TableWriteOptions& options) {
  return RecordWrite(lake, table, records, options).Run(model);
}

Result<WriteSummary> Write(Lake& lake, const TableId& table, const Records& records, const TableWriteOptions& options) {
  return Write(lake, table, records, Model(), options);
}

}  // namespace glaux
