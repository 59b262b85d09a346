#include "glaux/engine/duckdb/duckdb_file.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <mutex>

#include "glaux/engine/duckdb/arrow_rows_internal.h"
#include "glaux/engine/duckdb/duckdb_file_internal.h"
#include "glaux/engine/duckdb/query_state_internal.h"
#include "glaux/schema/types.h"

namespace glaux {

namespace {

using duckdb_engine::ArrowColumns;
using duckdb_engine::DuckDBFile;
using duckdb_engine::Quoted;
using Columns = std::optional<std::vector<DuckDBFile::Column>>;

constexpr char kStage[] = "temp.main.glaux_stage";
constexpr char kStageTable[] = "glaux_stage";

bool SameName(const std::string& a, const std::string& b) { return duckdb::StringUtil::CIEquals(a, b); }

bool SameColumns(const Columns& a, const Columns& b) {
  if (a.has_value() != b.has_value()) return false;
  if (!a) return true;
  return std::equal(a->begin(), a->end(), b->begin(), b->end(), [](const auto& left, const auto& right) {
    return SameName(left.name, right.name) && left.type == right.type;
  });
}

/// A table's columns as the evolution compares them. What Arrow has no type for is compared as text, which the
/// insertion's cast reads.
std::shared_ptr<arrow::Schema> StoredSchema(const Columns& columns) {
  arrow::FieldVector fields;
  if (columns) {
    for (const auto& column : *columns) {
      auto type = ParseDuckDBType(column.type.ToString());
      if (type.ok()) type = StoredType(**type);
      fields.push_back(arrow::field(column.name, type.ok() ? *type : arrow::utf8()));
    }
  }
  return arrow::schema(std::move(fields));
}

/// What a new column becomes: the lake's type for it, except that DuckDB has times of day and instants of its own.
Result<std::string> NewColumnType(const arrow::DataType& stored, const arrow::DataType& data) {
  if (data.id() == arrow::Type::TIME32 || data.id() == arrow::Type::TIME64) return "TIME";
  if (data.id() == arrow::Type::TIMESTAMP && !static_cast<const arrow::TimestampType&>(data).timezone().empty()) {
    return "TIMESTAMP WITH TIME ZONE";
  }
  return ToDuckDBType(stored);
}

class FileWriter : public DuckDBFileWriter {
 public:
  FileWriter(DuckDBTarget target, DuckDBWriteOptions options, std::shared_ptr<arrow::Schema> schema,
             std::unique_ptr<DuckDBFile> file)
      : target_(std::move(target)),
        options_(std::move(options)),
        schema_(std::move(schema)),
        subject_("write table " + target_.schema + "." + target_.table + " of " + target_.path),
        file_(std::move(file)) {}

  ~FileWriter() override {
    try {
      appender_.reset();
    } catch (const std::exception&) {  // rows that nobody wants
    }
  }

  /// All that can be refused before there is a row.
  Status Prepare() {
    ARROW_RETURN_NOT_OK(Guard([&]() -> Status {
      file_->context().RunFunctionInTransaction(
          [&] { described_ = duckdb_engine::DescribeArrow(file_->context(), *Typed(), subject_); });
      ARROW_RETURN_NOT_OK(described_);
      before_ = file_->Columns(target_.table);
      return Plan();
    }));
    return CheckOptions();
  }

  Status Begin() {
    ARROW_RETURN_NOT_OK(Prepare());
    return Guard([&]() -> Status {
      MakeStage();
      return Status::OK();
    });
  }

  const std::vector<SchemaDifference>& differences() const override { return plan_.differences; }
  bool table_created() const override { return !before_; }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    if (!batch->schema()->Equals(*schema_, /*check_metadata=*/false)) {
      return MakeError(ErrorKind::kInvalid, subject_, ": a batch has columns ", batch->schema()->ToString(),
                       ", expected ", schema_->ToString());
    }
    if (batch->num_rows() == 0) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto typed, batch->SelectColumns(typed_));
    return Guard([&]() -> Status {
      duckdb_engine::ArrowRows rows(file_->context(), *described_, staged_);
      ARROW_RETURN_NOT_OK(rows.Begin(*typed));
      std::lock_guard lock(mutex_);
      if (!appender_) return MakeError(ErrorKind::kInvalid, subject_, ": the write is over");
      for (;;) {
        duckdb::DataChunk chunk;
        chunk.Initialize(duckdb::Allocator::DefaultAllocator(), stage_types_);
        rows.Next(chunk);
        if (chunk.size() == 0) return Status::OK();
        appender_->AppendDataChunk(chunk);
      }
    });
  }

  Result<DuckDBWriteSummary> Commit(const std::vector<State>& states) override {
    std::lock_guard lock(mutex_);
    if (!appender_) return MakeError(ErrorKind::kInvalid, subject_, ": the write is over");
    auto appender = std::move(appender_);
    ARROW_RETURN_NOT_OK(Guard([&] {
      appender->Close();
      return Status::OK();
    }));
    DuckDBWriteSummary summary;
    ARROW_RETURN_NOT_OK(file_->Transact(subject_, [&]() -> Status {
      for (const auto& state : states) ARROW_RETURN_NOT_OK(file_->SetState(state.stream, state.expected, state.next));
      if (!SameColumns(file_->Columns(target_.table), before_)) {
        return MakeError({.kind = ErrorKind::kPrecondition, .hint = "repeat the run"}, subject_,
                         ": the table's columns changed while the rows were written");
      }
      ARROW_RETURN_NOT_OK(CheckRows());
      ARROW_RETURN_NOT_OK(ChangeTable());
      summary = Apply();
      return Status::OK();
    }));
    return summary;
  }

 private:
  template <typename Work>
  Status Guard(const Work& work) {
    try {
      return work();
    } catch (const std::exception& error) {
      return Prefix(duckdb_engine::ToStatus(duckdb::ErrorData(error), nullptr), subject_);
    }
  }

  /// The batches' columns without those of type null, which no table has.
  std::shared_ptr<arrow::Schema> Typed() {
    arrow::FieldVector fields;
    for (int i = 0; i < schema_->num_fields(); ++i) {
      if (schema_->field(i)->type()->id() == arrow::Type::NA) continue;
      typed_.push_back(i);
      fields.push_back(schema_->field(i));
    }
    return arrow::schema(std::move(fields));
  }

  Status Plan() {
    if (!before_ && options_.contract.tables != ContractMode::kEvolve) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "let the contract make it (tables: evolve)"}, subject_,
                       ": the table is not there, and the contract says ", ContractModeName(options_.contract.tables));
    }
    // Names that the table has in another case are the table's.
    arrow::FieldVector fields;
    for (const auto& field : schema_->fields()) {
      if (SameName(field->name(), options_.sequence_column)) continue;
      auto name = field->name();
      if (before_) {
        for (const auto& column : *before_) {
          if (SameName(column.name, name)) name = column.name;
        }
      }
      fields.push_back(field->WithName(name));
    }
    const auto contract = before_ ? options_.contract : SchemaContract{};
    ARROW_ASSIGN_OR_RAISE(
        plan_, PlanEvolution(*StoredSchema(before_), *arrow::schema(std::move(fields)), contract, {}, subject_));
    if (!plan_.quarantine_columns.empty()) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "use discard_value or freeze"}, subject_, ", column ",
                       plan_.quarantine_columns[0],
                       ": the contract discard_row needs a quarantine, which this does not have");
    }
    if (plan_.write_schema->num_fields() == 0) {
      return MakeError(ErrorKind::kInvalid, subject_, ": no column of the rows is one of the table's");
    }
    return Status::OK();
  }

  bool keyed() const { return options_.mode == DuckDBWrite::kUpsert || options_.mode == DuckDBWrite::kInsertNew; }
  bool one_row_a_key() const { return options_.mode != DuckDBWrite::kAppend && !options_.primary_key.empty(); }

  Status CheckOptions() const {
    const auto invalid = [&](auto&&... what) { return MakeError(ErrorKind::kInvalid, subject_, ": ", what...); };
    const auto written = [&](const std::string& name) {
      const auto& fields = plan_.write_schema->fields();
      return std::any_of(fields.begin(), fields.end(),
                         [&](const auto& field) { return SameName(field->name(), name); });
    };
    if (keyed() && options_.primary_key.empty()) return invalid("a write by key has no primary_key");
    for (const auto& key : options_.primary_key) {
      if (!written(key)) return invalid("the rows have no column ", key, ", which is in primary_key");
    }
    if (!options_.datetime_field.empty() && !written(options_.datetime_field)) {
      return invalid("the rows have no column ", options_.datetime_field, ", which is the datetime_field");
    }
    if (options_.sequence_column.empty()) return Status::OK();
    for (const auto& field : schema_->fields()) {
      if (!SameName(field->name(), options_.sequence_column)) continue;
      if (field->type()->id() == arrow::Type::INT64) return Status::OK();
      return invalid("sequence_column ", field->name(), " is ", field->type()->ToString(), ", expected int64");
    }
    return invalid("the rows have no column ", options_.sequence_column, ", which is the sequence_column");
  }

  void MakeStage() {
    std::string columns;
    for (size_t i = 0; i < (*described_)->names.size(); ++i) {
      const auto& name = (*described_)->names[i];
      const bool is_sequence = SameName(name, options_.sequence_column);
      const auto& fields = plan_.write_schema->fields();
      const bool written =
          std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return SameName(field->name(), name); });
      if (!written && !is_sequence) continue;
      staged_.push_back(i);
      stage_types_.push_back((*described_)->types[i]);
      if (!columns.empty()) columns += ", ";
      columns += Quoted(name) + " " + (*described_)->types[i].ToString();
    }
    file_->Run(std::string("CREATE TEMP TABLE ") + kStageTable + " (" + columns + ")");
    appender_ = std::make_unique<duckdb::Appender>(file_->connection(), "temp", "main", kStageTable);
  }

  /// What must not be found out by a cast or a comparison: keys without a value, and whole numbers that a floating
  /// point column would round.
  Status CheckRows() {
    const auto stage = std::string(kStage);
    if (one_row_a_key()) {
      for (const auto& key : options_.primary_key) {
        const auto nulls = file_->Count("SELECT count(*) FROM " + stage + " WHERE " + Quoted(key) + " IS NULL");
        if (nulls == 0) continue;
        return MakeError(ErrorKind::kInvalid, subject_, ", column ", key, ": ", nulls,
                         nulls == 1 ? " row has" : " rows have", " no value in the primary key");
      }
    }
    for (const auto& difference : plan_.differences) {
      if (difference.kind != SchemaDifference::Kind::kCastValue || !difference.applied) continue;
      const auto column = std::find_if(before_->begin(), before_->end(),
                                       [&](const auto& known) { return known.name == difference.column; });
      if (column == before_->end()) continue;  // a nested one
      const auto type = column->type.id();
      if (type != duckdb::LogicalTypeId::DOUBLE && type != duckdb::LogicalTypeId::FLOAT) continue;
      const auto name = Quoted(column->name);
      const auto rows = file_->Rows("SELECT " + name + "::VARCHAR FROM " + stage + " WHERE TRY_CAST(CAST(" + name +
                                    " AS " + column->type.ToString() + ") AS DECIMAL(38, 0)) <> " + name + " LIMIT 1");
      if (rows->RowCount() == 0 || difference.data_type->id() == arrow::Type::FLOAT) continue;
      return MakeError(ErrorKind::kInvalid, subject_, ", column ", column->name, ": a ", column->type.ToString(),
                       " cannot hold ", rows->GetValue(0, 0).ToString());
    }
    return Status::OK();
  }

  Status ChangeTable() {
    const auto table = file_->Name(target_.table);
    const auto stored = StoredSchema(before_);
    std::string definitions;
    for (int i = 0; i < plan_.table_schema->num_fields(); ++i) {
      const auto& field = *plan_.table_schema->field(i);
      if (i < stored->num_fields()) {
        if (field.type()->Equals(*stored->field(i)->type())) continue;
        ARROW_ASSIGN_OR_RAISE(const auto type, ToDuckDBType(*field.type()));
        file_->Run("ALTER TABLE " + table + " ALTER COLUMN " + Quoted(field.name()) + " SET DATA TYPE " + type);
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(const auto type, NewColumnType(*field.type(), *DataType(field.name())));
      if (before_) {
        file_->Run("ALTER TABLE " + table + " ADD COLUMN " + Quoted(field.name()) + " " + type);
      } else {
        definitions += (definitions.empty() ? "" : ", ") + Quoted(field.name()) + " " + type;
      }
    }
    if (before_) return Status::OK();
    file_->Run("CREATE SCHEMA IF NOT EXISTS " + Quoted(file_->catalog()) + "." + Quoted(target_.schema));
    file_->Run("CREATE TABLE " + table + " (" + definitions + ")");
    return Status::OK();
  }

  std::shared_ptr<arrow::DataType> DataType(const std::string& column) const {
    for (const auto& field : schema_->fields()) {
      if (SameName(field->name(), column)) return field->type();
    }
    return arrow::null();
  }

  std::string Keys(const std::string& table) const {
    std::string keys;
    for (const auto& key : options_.primary_key) keys += (keys.empty() ? "" : ", ") + table + "." + Quoted(key);
    return keys;
  }
  std::string SameKey() const {
    std::string condition;
    for (const auto& key : options_.primary_key) {
      condition += (condition.empty() ? "" : " AND ") + ("s." + Quoted(key) + " = t." + Quoted(key));
    }
    return condition;
  }

  DuckDBWriteSummary Apply() {
    DuckDBWriteSummary summary;
    const auto table = file_->Name(target_.table), stage = std::string(kStage);
    const auto drop = [&](const std::string& rows) {
      summary.unchanged += file_->Count("DELETE FROM " + stage + " WHERE rowid IN (" + rows + ")");
    };
    if (one_row_a_key()) {
      std::string order;
      for (const auto& column : {options_.datetime_field, options_.sequence_column}) {
        if (!column.empty()) order += "s." + Quoted(column) + " DESC NULLS LAST, ";
      }
      drop("SELECT rowid FROM (SELECT s.rowid, row_number() OVER (PARTITION BY " + Keys("s") + " ORDER BY " + order +
           "s.rowid DESC) AS place FROM " + stage + " s) WHERE place > 1");
    }
    const auto matches = stage + " s WHERE EXISTS (SELECT 1 FROM " + table + " t WHERE " + SameKey();
    if (options_.mode == DuckDBWrite::kInsertNew) drop("SELECT s.rowid FROM " + matches + ")");
    if (options_.mode == DuckDBWrite::kUpsert) {
      if (!options_.datetime_field.empty()) {
        const auto field = Quoted(options_.datetime_field);
        drop("SELECT s.rowid FROM " + matches + " AND t." + field + " IS NOT NULL AND (s." + field + " IS NULL OR s." +
             field + " < t." + field + "))");
      }
      summary.updated = file_->Count("SELECT count(*) FROM " + matches + ")");
      file_->Run("DELETE FROM " + table + " t USING " + stage + " s WHERE " + SameKey());
    }
    if (options_.mode == DuckDBWrite::kReplace) file_->Run("DELETE FROM " + table);
    std::string columns;
    for (const auto& field : plan_.write_schema->fields()) {
      columns += (columns.empty() ? "" : ", ") + Quoted(field->name());
    }
    summary.inserted =
        file_->Count("INSERT INTO " + table + " (" + columns + ") SELECT " + columns + " FROM " + stage) -
        summary.updated;
    return summary;
  }

  const DuckDBTarget target_;
  const DuckDBWriteOptions options_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::string subject_;
  const std::unique_ptr<DuckDBFile> file_;
  std::vector<int> typed_;  // columns of the batches that have a type
  Result<std::shared_ptr<const ArrowColumns>> described_ = std::shared_ptr<const ArrowColumns>();
  Columns before_;  // the table's
  EvolutionPlan plan_;
  duckdb::vector<duckdb::column_t> staged_;  // of typed_
  duckdb::vector<duckdb::LogicalType> stage_types_;
  std::mutex mutex_;
  std::unique_ptr<duckdb::Appender> appender_;  // null once the write is over
};

Status CheckTarget(const DuckDBTarget& target) {
  if (target.table.empty() || target.schema.empty()) {
    return MakeError(ErrorKind::kInvalid, "write into DuckDB file ", target.path, ": the target has no ",
                     target.table.empty() ? "table" : "schema");
  }
  if (SameName(target.table, duckdb_engine::kStateTable)) {
    return MakeError(ErrorKind::kInvalid, "write into DuckDB file ", target.path, ": table ", target.table,
                     " keeps the states of streams");
  }
  return Status::OK();
}

}  // namespace

Result<DuckDBWritePlan> PlanDuckDBWrite(const DuckDBTarget& target, std::shared_ptr<arrow::Schema> schema,
                                        const DuckDBWriteOptions& options) {
  ARROW_RETURN_NOT_OK(CheckTarget(target));
  auto file = DuckDBFile::Open(target, /*create=*/false);
  if (KindOf(file.status()) == ErrorKind::kNotFound) {
    ARROW_RETURN_NOT_OK(DuckDBFile::CheckFolder(target));
    file = DuckDBFile::OpenNothing(target);
  }
  ARROW_RETURN_NOT_OK(file.status());
  FileWriter writer(target, options, std::move(schema), *std::move(file));
  ARROW_RETURN_NOT_OK(writer.Prepare());
  return DuckDBWritePlan{.table_created = writer.table_created(), .differences = writer.differences()};
}

Result<std::unique_ptr<DuckDBFileWriter>> DuckDBFileWriter::Open(const DuckDBTarget& target,
                                                                 std::shared_ptr<arrow::Schema> schema,
                                                                 const DuckDBWriteOptions& options) {
  ARROW_RETURN_NOT_OK(CheckTarget(target));
  ARROW_ASSIGN_OR_RAISE(auto file, DuckDBFile::Open(target, /*create=*/true));
  auto writer = std::make_unique<FileWriter>(target, options, std::move(schema), std::move(file));
  ARROW_RETURN_NOT_OK(writer->Begin());
  return writer;
}

}  // namespace glaux
