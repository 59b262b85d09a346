#include <arrow/api.h>

#include <algorithm>
#include <set>

#include "glaux/base/near_names.h"
#include "glaux/base/random.h"
#include "glaux/format/format.h"
#include "glaux/lake/statement_types_internal.h"
#include "glaux/lake/statement_write_properties_internal.h"
#include "glaux/lake/statements_internal.h"
#include "glaux/schema/names.h"
#include "glaux/schema/types.h"
#include "glaux/sync/pump.h"
#include "glaux/table/hive/folder_table.h"
#include "glaux/table/hive/hive_entry.h"
#include "glaux/table/hive/hive_path.h"

namespace glaux {
namespace {

using RowReader = std::shared_ptr<arrow::RecordBatchReader>;

/// Read all rows and commit them. \return how many
Result<int64_t> WriteAll(StatementRun& run, RowReader reader, Table& table, const EvolutionPlan& plan,
                         const AppendOptions& options, const std::shared_ptr<arrow::Schema>& columns,
                         const std::string& subject) {
  ARROW_ASSIGN_OR_RAISE(const auto append, table.NewAppend(plan, options));
  const auto stream = MakeReaderStream(std::move(reader));
  ARROW_RETURN_NOT_OK(
      Pump(*stream, {.stop = options.stop}, [&](const std::shared_ptr<arrow::RecordBatch>& batch, int64_t) -> Status {
        ARROW_ASSIGN_OR_RAISE(const auto cast, CastColumns(*batch, columns, subject));
        return append->Write(cast);
      }));
  ARROW_RETURN_NOT_OK(run.BeginCommit());
  ARROW_ASSIGN_OR_RAISE(auto summary, append->Commit({}));
  run.Wrote(std::move(summary.files));
  return summary.rows;
}

/// The columns of a query as a table has them. kInvalid: a type that no table has, names that meet.
Result<std::shared_ptr<arrow::Schema>> TableColumns(const arrow::Schema& query, const std::string& subject) {
  ARROW_RETURN_NOT_OK(CheckNamed(query));
  auto names = NormalizeColumnNames(query.field_names());
  if (!names.ok()) return WithHint(Prefix(names.status(), subject), "give each column a name of its own with AS");
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (int i = 0; i < query.num_fields(); ++i) {
    const auto& name = (*names)[static_cast<size_t>(i)].column;
    auto type = StoredType(*query.field(i)->type());
    if (!type.ok()) {
      return WithHint(Prefix(type.status(), subject + ": column " + name), "cast it to a type that tables have");
    }
    fields.push_back(arrow::field(name, *std::move(type)));
  }
  return arrow::schema(std::move(fields));
}

/// Keys are the last columns, in their order: Athena asks for it.
Result<std::vector<PartitionField>> KeysAtTheEnd(const arrow::Schema& columns, const std::vector<std::string>& keys,
                                                 const std::string& subject) {
  std::vector<PartitionField> spec;
  const auto names = columns.field_names();
  for (const auto& key : keys) spec.push_back({Transform::kIdentity, FoldName(key)});
  for (const auto& field : spec) {
    if (std::find(names.begin(), names.end(), field.source_column) != names.end()) continue;
    return MakeError({.kind = ErrorKind::kInvalid, .hint = DidYouMean(field.source_column, names)}, subject,
                     ": partitioned_by names ", field.source_column, ", which is no column of the query");
  }
  bool last = spec.size() <= names.size();
  for (size_t i = 0; last && i < spec.size(); ++i)
    last = names[names.size() - spec.size() + i] == spec[i].source_column;
  if (!last) {
    return MakeError({.kind = ErrorKind::kInvalid,
                      .hint = "the query names the partition keys last, in the order of partitioned_by"},
                     subject, ": the last columns of the query are not those of partitioned_by, ", ToString(spec));
  }
  if (spec.size() == names.size()) {
    return MakeError(ErrorKind::kInvalid, subject,
                     ": every column is a partition key, so the files would have no columns");
  }
  for (const auto& field : spec) {
    const auto& type = *columns.GetFieldByName(field.source_column)->type();
    if (type.num_fields() == 0 && type.id() != arrow::Type::BINARY) continue;
    return MakeError(ErrorKind::kInvalid, subject, ": column ", field.source_column, " is a partition key of type ",
                     ToGlueType(type).ValueOr(type.ToString()), ", expected a number, a text, a date or a flag");
  }
  return spec;
}

/// The folder of a new table. Files that a table of this name has left there stay: the new one gets a folder beside it.
Result<std::shared_ptr<Table>> StageSomewhere(const HiveEnvironment& environment, TableEntry entry, bool given) {
  auto staged = StageHiveTable(environment, entry);
  if (staged.ok() || given || KindOf(staged.status()) != ErrorKind::kAlreadyExists) return staged;
  entry.storage.location.pop_back();
  entry.storage.location += "-" + NewId() + "/";
  return StageHiveTable(environment, std::move(entry));
}

Result<bool> HasLog(ObjectStore& store, const std::string& folder) {
  const auto state = store.Head(folder + "_glaux/state.json");
  if (!state.ok() && KindOf(state.status()) != ErrorKind::kNotFound) return state.status();
  return state.ok();
}

/// Delete the log of the commits of a folder that will see no other.
Status DropLog(ObjectStore& store, const std::string& folder) {
  std::vector<std::string> keys;
  ARROW_RETURN_NOT_OK(ForEachObject(store, folder + "_glaux/", [&](const ObjectInfo& object) {
    keys.push_back(object.key);
    return Status::OK();
  }));
  return store.Delete(keys).status();
}

/// What INSERT writes into, and how the query's columns get there.
struct InsertColumns {
  std::shared_ptr<arrow::Schema> columns;  ///< of the query, in its order
  EvolutionPlan plan;
};

/// The columns that a statement may name: the table's, and keys unless a time makes them.
std::vector<std::shared_ptr<arrow::Field>> Writable(const Table& table) {
  std::set<std::string> made;
  for (const auto& field : table.partition_spec()) {
    if (field.source_column.empty()) continue;
    for (auto& key : TimeKeysOf(field.transform)) made.insert(std::move(key));
  }
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const auto& field : table.schema()->fields()) {
    if (!made.contains(field->name())) fields.push_back(field);
  }
  return fields;
}

std::string NamesOf(const std::vector<std::shared_ptr<arrow::Field>>& fields) {
  std::string names;
  for (const auto& field : fields) {
    if (names.size() > 400) return names + ", …";
    names += (names.empty() ? "" : ", ") + field->name();
  }
  return names;
}

std::string TypeName(const arrow::DataType& type) { return ToGlueType(type).ValueOr(type.ToString()); }

Status CheckTypes(const arrow::Schema& query, const arrow::Schema& columns, const std::string& subject) {
  for (int i = 0; i < columns.num_fields(); ++i) {
    const auto& from = *query.field(i)->type();
    const auto& to = *columns.field(i)->type();
    if (CanInsert(from, to) || MayBeUntyped(from)) continue;
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "cast it in the query if that is meant"}, subject,
                     ": column ", i + 1, ", ", columns.field(i)->name(), ": expected ", TypeName(to), ", found ",
                     TypeName(from));
  }
  return Status::OK();
}

/// The table's columns that the query's go to, by position or as the statement names them.
Result<std::vector<std::shared_ptr<arrow::Field>>> TargetsOf(const Table& table, const std::vector<std::string>& named,
                                                             const std::string& subject) {
  const auto writable = Writable(table);
  if (named.empty()) return writable;
  std::vector<std::shared_ptr<arrow::Field>> targets;
  std::vector<std::string> names;
  for (const auto& field : writable) names.push_back(field->name());
  for (const auto& name : named) {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) {
      const bool made = table.schema()->GetFieldIndex(name) >= 0;
      return MakeError({.kind = ErrorKind::kInvalid, .hint = made ? "leave it out" : DidYouMean(name, names)}, subject,
                       made ? ": a time makes the partition key " : ": there is no column ", name);
    }
    targets.push_back(writable[static_cast<size_t>(at - names.begin())]);
  }
  // Keys of the write time are all given or none.
  std::set<std::string> optional;
  for (const auto& field : table.partition_spec()) {
    const auto keys = field.source_column.empty() ? TimeKeysOf(field.transform) : std::vector<std::string>();
    const bool none = std::none_of(keys.begin(), keys.end(), [&](const std::string& key) {
      return std::find(named.begin(), named.end(), key) != named.end();
    });
    if (none) optional.insert(keys.begin(), keys.end());
  }
  for (const auto& key : table.partition_columns()) {
    const bool given = std::find(named.begin(), named.end(), key) != named.end();
    const bool writes = std::find(names.begin(), names.end(), key) != names.end();
    if (given || !writes || optional.contains(key)) continue;
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "every row needs a partition"}, subject,
                     ": the partition key ", key, " is missing among the columns");
  }
  return targets;
}

Result<InsertColumns> PlanInsert(const Table& table, const std::vector<std::string>& named, const arrow::Schema& query,
                                 const std::string& subject) {
  ARROW_ASSIGN_OR_RAISE(auto targets, TargetsOf(table, named, subject));
  if (static_cast<int>(targets.size()) != query.num_fields()) {
    return MakeError(ErrorKind::kInvalid, subject, ": expected ", targets.size(), " columns (", NamesOf(targets),
                     "), and the query has ", query.num_fields());
  }
  InsertColumns out;
  out.columns = arrow::schema(targets);
  ARROW_RETURN_NOT_OK(CheckTypes(query, *out.columns, subject));
  const auto has = [](const arrow::Schema& schema, const std::string& name) { return schema.GetFieldIndex(name) >= 0; };
  std::vector<std::shared_ptr<arrow::Field>> kept, written;
  for (const auto& field : Writable(table)) {
    const auto& keys = table.partition_columns();
    const bool key = std::find(keys.begin(), keys.end(), field->name()) != keys.end();
    if (has(*out.columns, field->name())) written.push_back(field);
    if (!key || has(*out.columns, field->name())) kept.push_back(field);
  }
  out.plan.table_schema = arrow::schema(std::move(kept));
  out.plan.write_schema = arrow::schema(std::move(written));
  return out;
}

}  // namespace

Result<Statements::Rows> Statements::operator()(const sql::CreateTableAs& create) {
  ARROW_ASSIGN_OR_RAISE(const auto id, Named(create.table));
  const std::string statement = "CREATE TABLE " + id.ToString();
  ARROW_ASSIGN_OR_RAISE(const auto properties, TableProperties::Read(create.properties));
  ARROW_RETURN_NOT_OK(HasDatabase(id.database).status());
  const auto there = catalog().GetTable(id);
  if (there.ok()) {
    // The commit that has made it may be cut off: asking for the streams finishes it, and its rows are to be seen.
    if (const auto table = environment_.open_table(id); table.ok()) ARROW_RETURN_NOT_OK((*table)->Streams().status());
  }
  if (there.ok() && create.if_not_exists) return CountRows(0);
  if (there.ok()) return MakeError(ErrorKind::kAlreadyExists, "table ", id.ToString(), " is there already");
  if (KindOf(there.status()) != ErrorKind::kNotFound) return there.status();
  std::string location = properties.location;
  if (!location.empty()) {
    ARROW_ASSIGN_OR_RAISE(location, CheckLocation(statement, location));
  } else {
    location = environment_.location_of(id);
  }
  const std::string sql = create.with_data ? create.query.sql : WithoutRows(create.query);
  ARROW_ASSIGN_OR_RAISE(auto reader, run_.Query(sql));
  ARROW_ASSIGN_OR_RAISE(const auto columns, TableColumns(*reader->schema(), statement));
  ARROW_ASSIGN_OR_RAISE(const auto spec, KeysAtTheEnd(*columns, properties.partitioned_by, statement));
  ARROW_ASSIGN_OR_RAISE(auto keys, PartitionKeysOf(spec, *columns));
  ARROW_ASSIGN_OR_RAISE(auto stored, ColumnsOf(*columns, spec));
  auto entry = MakeParquetTableEntry(id, location, std::move(stored), std::move(keys), spec);
  entry.parameters["parquet.compression"] = FoldName(properties.compression);
  ARROW_ASSIGN_OR_RAISE(const auto table,
                        StageSomewhere(environment_.hive, std::move(entry), !properties.location.empty()));
  // Staging finishes a statement for this table that was cut off in its commit.
  if (catalog().GetTable(id).ok()) {
    if (create.if_not_exists) return CountRows(0);
    return MakeError(ErrorKind::kAlreadyExists, "table ", id.ToString(),
                     " is there already: another statement has made it meanwhile");
  }
  ARROW_ASSIGN_OR_RAISE(
      const int64_t rows,
      WriteAll(run_, std::move(reader), *table, {.table_schema = columns, .write_schema = columns},
               {.memory_limit = environment_.memory_limit, .compression = properties.compression, .stop = run_.stop()},
               columns, statement));
  return CountRows(rows);
}

Result<Statements::Rows> Statements::operator()(const sql::InsertInto& insert) {
  ARROW_ASSIGN_OR_RAISE(const auto entry, TableOf("INSERT INTO", insert.table));
  const std::string statement = "INSERT INTO " + entry.id.ToString();
  if (entry.storage.number_of_buckets > 0) {
    return MakeError(ErrorKind::kNotImplemented, statement, ": a table in buckets (CLUSTERED BY) is only read");
  }
  ARROW_ASSIGN_OR_RAISE(const auto compression, CompressionOfTable(entry));
  ARROW_ASSIGN_OR_RAISE(const auto table, environment_.open_table(entry.id));
  ARROW_ASSIGN_OR_RAISE(auto reader, run_.Query(insert.query.sql));
  ARROW_ASSIGN_OR_RAISE(const auto columns, PlanInsert(*table, insert.columns, *reader->schema(), statement));
  ARROW_ASSIGN_OR_RAISE(
      const int64_t rows,
      WriteAll(run_, std::move(reader), *table, columns.plan,
               {.memory_limit = environment_.memory_limit, .compression = compression, .stop = run_.stop()},
               columns.columns, statement));
  return CountRows(rows);
}

Result<Statements::Rows> Statements::operator()(const sql::Unload& unload) {
  ARROW_ASSIGN_OR_RAISE(const auto properties, UnloadProperties::Read(unload.properties));
  ARROW_ASSIGN_OR_RAISE(const auto location, CheckLocation("UNLOAD", unload.location));
  const std::string statement = "UNLOAD TO " + location;
  ARROW_ASSIGN_OR_RAISE(const auto place, environment_.find(location));
  ARROW_ASSIGN_OR_RAISE(const bool has_log, HasLog(*place.store, place.key));
  if (has_log) {
    // Asking for the streams finishes a commit that was cut off: its rows are in the folder then.
    const FolderSpec look{
        .location = location, .format = properties.format, .format_options = properties.format_options};
    ARROW_ASSIGN_OR_RAISE(const auto there, OpenFolderTable(environment_.hive.resolve, look, *environment_.hive.clock));
    ARROW_RETURN_NOT_OK(there->Streams().status());
  }
  ARROW_RETURN_NOT_OK(ForEachObject(*place.store, place.key, [&](const ObjectInfo& object) {
    if (IsHiddenPath(std::string_view(object.key).substr(place.key.size()))) return Status::OK();
    return MakeError({.kind = ErrorKind::kAlreadyExists,
                      .code = "HIVE_PATH_ALREADY_EXISTS",
                      .hint = "name a folder that is empty or not there"},
                     statement, ": the folder is not empty");
  }));
  ARROW_ASSIGN_OR_RAISE(auto reader, run_.Query(unload.query.sql));
  ARROW_ASSIGN_OR_RAISE(const auto columns, TableColumns(*reader->schema(), statement));
  ARROW_ASSIGN_OR_RAISE(const auto spec, KeysAtTheEnd(*columns, properties.partitioned_by, statement));
  ARROW_ASSIGN_OR_RAISE(const auto folder, OpenFolderTable(environment_.hive.resolve,
                                                           {.location = location,
                                                            .format = properties.format,
                                                            .format_options = properties.format_options,
                                                            .partition_by = spec},
                                                           *environment_.hive.clock));
  ARROW_ASSIGN_OR_RAISE(const int64_t rows,
                        WriteAll(run_, std::move(reader), *folder, {.table_schema = columns, .write_schema = columns},
                                 {.memory_limit = environment_.memory_limit, .stop = run_.stop()}, columns, statement));
  // The commit is done: what is left of it would be a file among the others to whoever reads the whole folder.
  static_cast<void>(DropLog(*place.store, place.key));
  return CountRows(rows);
}

}  // namespace glaux
