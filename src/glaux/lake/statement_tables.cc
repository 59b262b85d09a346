#include <arrow/api.h>

#include <algorithm>

#include "glaux/lake/statements_internal.h"
#include "glaux/sql/view.h"
#include "glaux/table/hive/hive_entry.h"

namespace glaux {
namespace {

/// A change gives up after it has lost this many races.
constexpr int kMostAttempts = 20;

/// The classes behind STORED AS, and the SerDe where ROW FORMAT says none.
struct StoredAs {
  std::string_view word;
  std::string_view input_format;
  std::string_view output_format;
  std::string_view serde;
};

constexpr std::string_view kLazySimple = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe";
constexpr std::string_view kTextInput = "org.apache.hadoop.mapred.TextInputFormat";
constexpr std::string_view kTextOutput = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat";

// Parquet is not here: MakeParquetTableEntry says how such a table looks.
constexpr StoredAs kStoredAs[] = {
    {"TEXTFILE", kTextInput, kTextOutput, kLazySimple},
    {"JSONFILE", kTextInput, kTextOutput, "org.openx.data.jsonserde.JsonSerDe"},
    {"ORC", "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat", "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
     "org.apache.hadoop.hive.ql.io.orc.OrcSerde"},
    {"AVRO", "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
     "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat", "org.apache.hadoop.hive.serde2.avro.AvroSerDe"},
    {"SEQUENCEFILE", "org.apache.hadoop.mapred.SequenceFileInputFormat",
     "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat", kLazySimple},
    {"RCFILE", "org.apache.hadoop.hive.ql.io.RCFileInputFormat", "org.apache.hadoop.hive.ql.io.RCFileOutputFormat",
     "org.apache.hadoop.hive.serde2.columnar.LazyBinaryColumnarSerDe"},
};

Parameters SerDeParameters(const sql::CreateExternalTable& create) {
  Parameters parameters = create.serde_properties;
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) parameters.emplace(name, value);
  };
  if (create.delimited.has_value()) {
    const auto& rows = *create.delimited;
    set("field.delim", rows.field);
    set("escape.delim", rows.escape);
    set("colelction.delim", rows.collection_item);  // Hive's own spelling
    set("mapkey.delim", rows.map_key);
    set("line.delim", rows.line);
    if (rows.null_said) parameters.emplace("serialization.null.format", rows.null);
    set("serialization.format", rows.field);
  }
  parameters.emplace("serialization.format", "1");
  return parameters;
}

TableEntry MakeEntry(const sql::CreateExternalTable& create, TableId id, std::string location) {
  auto table = MakeParquetTableEntry(std::move(id), std::move(location), create.columns, create.partition_keys, {});
  auto& storage = table.storage;
  const bool by_class = !create.input_format.empty();
  const std::string word = by_class ? "" : create.stored_as.empty() ? "TEXTFILE" : create.stored_as;
  const auto* known = std::find_if(std::begin(kStoredAs), std::end(kStoredAs),
                                   [&](const StoredAs& stored) { return stored.word == word; });
  if (by_class) {
    storage.input_format = create.input_format;
    storage.output_format = create.output_format;
    storage.serde_info.serialization_library = kLazySimple;
  } else if (known != std::end(kStoredAs)) {
    storage.input_format = known->input_format;
    storage.output_format = known->output_format;
    storage.serde_info.serialization_library = known->serde;
  }
  if (!create.serde.empty()) storage.serde_info.serialization_library = create.serde;
  storage.serde_info.parameters = SerDeParameters(create);
  if (storage.input_format.find("Parquet") == std::string::npos) table.parameters.erase("classification");
  storage.bucket_columns = create.bucket_columns;
  storage.sort_columns = create.sort_columns;
  if (create.buckets > 0) storage.number_of_buckets = create.buckets;
  table.description = create.comment;
  for (const auto& [key, value] : create.properties) table.parameters[key] = value;
  return table;
}

Status CheckBucketColumns(const sql::CreateExternalTable& create) {
  for (const auto& name : create.bucket_columns) {
    const bool there = std::any_of(create.columns.begin(), create.columns.end(),
                                   [&](const Column& column) { return column.name == name; });
    if (there) continue;
    return MakeError(ErrorKind::kInvalid, "CREATE EXTERNAL TABLE ", create.table.name,
                     ": CLUSTERED BY names the column ", name, ", which is not there");
  }
  return Status::OK();
}

}  // namespace

Result<std::string> Statements::CheckLocation(const std::string& statement, const std::string& location) const {
  const std::string subject = statement + ": location " + location;
  constexpr const char* kHint = "a location is a folder of the lake, s3://bucket/folder/";
  if (location.find_first_of("*?\n\r") != std::string::npos) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = kHint}, subject, ": patterns are not taken");
  }
  const auto found = environment_.find(location);
  if (!found.ok()) return WithHint(Prefix(found.status(), subject), kHint);
  std::string_view key = found->key;
  while (key.ends_with('/')) key.remove_suffix(1);
  if (key.empty()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = kHint}, subject,
                     ": expected a folder, found a whole bucket");
  }
  const auto file = found->store->Head(key);
  if (file.ok()) {
    const size_t slash = location.rfind('/', location.size() - 2);
    return MakeError(
        {.kind = ErrorKind::kInvalid, .hint = "name the folder that the file is in, " + location.substr(0, slash + 1)},
        subject, ": expected a folder, found a file");
  }
  if (KindOf(file.status()) != ErrorKind::kNotFound) return Prefix(file.status(), subject);
  return location.ends_with('/') ? location : location + "/";
}

Result<Statements::Rows> Statements::operator()(const sql::CreateExternalTable& create) {
  ARROW_ASSIGN_OR_RAISE(const auto id, Named(create.table));
  const std::string statement = "CREATE EXTERNAL TABLE " + id.ToString();
  if (create.columns.empty()) {
    return MakeError(
        {.kind = ErrorKind::kInvalid, .hint = "name the columns with their types: (id bigint, name string)"}, statement,
        ": the table has no columns");
  }
  if (create.location.empty()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "add LOCATION 's3://bucket/folder/'"}, statement,
                     ": LOCATION is missing");
  }
  ARROW_RETURN_NOT_OK(CheckBucketColumns(create));
  ARROW_RETURN_NOT_OK(HasDatabase(id.database).status());
  if (create.if_not_exists) {
    const auto there = catalog().GetTable(id);
    if (there.ok()) return NoRows();
    if (KindOf(there.status()) != ErrorKind::kNotFound) return there.status();
  }
  ARROW_ASSIGN_OR_RAISE(auto location, CheckLocation(statement, create.location));
  ARROW_RETURN_NOT_OK(run_.BeginCommit());
  ARROW_RETURN_NOT_OK(NeedDatabase(id.database));
  const auto made = catalog().CreateTable(MakeEntry(create, id, std::move(location)));
  if (!made.ok() && create.if_not_exists && KindOf(made.status()) == ErrorKind::kAlreadyExists) return NoRows();
  ARROW_RETURN_NOT_OK(made.status());
  return NoRows();
}

Result<Statements::Rows> Statements::operator()(const sql::DropTable& drop) {
  ARROW_ASSIGN_OR_RAISE(const auto id, Named(drop.table));
  const auto entry = EntryOf(id);
  if (!entry.ok()) {
    return drop.if_exists && KindOf(entry.status()) == ErrorKind::kNotFound ? Result<Rows>(NoRows()) : entry.status();
  }
  const bool is_view = entry->table_type == sql::kViewType;
  if (is_view != drop.view) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = is_view ? "DROP VIEW drops it" : "DROP TABLE drops it"},
                     drop.view ? "DROP VIEW " : "DROP TABLE ", id.ToString(), ": it is a ", is_view ? "view" : "table");
  }
  ARROW_RETURN_NOT_OK(run_.BeginCommit());
  ARROW_RETURN_NOT_OK(catalog().DropTable(id));
  return NoRows();
}

Status Statements::Change(const TableId& id, std::string_view statement,
                          const std::function<Status(TableEntry*)>& change) {
  for (int attempt = 1;; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(auto entry, TableOf(statement, id));
    const std::string version = entry.version_id;
    ARROW_RETURN_NOT_OK(change(&entry));
    if (attempt == 1) ARROW_RETURN_NOT_OK(run_.BeginCommit());
    const auto stored = catalog().CommitTable(version, entry);
    const bool lost = !stored.ok() && KindOf(stored.status()) == ErrorKind::kPrecondition;
    if (!lost || attempt == kMostAttempts) return stored.status();
  }
}

Result<Statements::Rows> Statements::operator()(const sql::AddColumns& add) {
  ARROW_RETURN_NOT_OK(Change(add.table, "ALTER TABLE", [&](TableEntry* table) -> Status {
    const auto is_there = [&](const std::vector<Column>& columns, const std::string& name) {
      return std::any_of(columns.begin(), columns.end(), [&](const Column& column) { return column.name == name; });
    };
    for (const auto& column : add.columns) {
      if (is_there(table->storage.columns, column.name) || is_there(table->partition_keys, column.name)) {
        return MakeError(ErrorKind::kAlreadyExists, "ALTER TABLE ", table->id.ToString(), " ADD COLUMNS: column ",
                         column.name, " is there already");
      }
      table->storage.columns.push_back(column);
    }
    return Status::OK();
  }));
  return NoRows();
}

Result<Statements::Rows> Statements::operator()(const sql::ReplaceColumns& replace) {
  ARROW_RETURN_NOT_OK(Change(replace.table, "ALTER TABLE", [&](TableEntry* table) {
    table->storage.columns = replace.columns;
    return Status::OK();
  }));
  return NoRows();
}

Result<Statements::Rows> Statements::operator()(const sql::SetTableLocation& set) {
  ARROW_ASSIGN_OR_RAISE(const auto id, Named(set.table));
  ARROW_ASSIGN_OR_RAISE(const auto location, CheckLocation("ALTER TABLE " + id.ToString(), set.location));
  ARROW_RETURN_NOT_OK(Change(set.table, "ALTER TABLE", [&](TableEntry* table) {
    table->storage.location = location;
    return Status::OK();
  }));
  return NoRows();
}

Result<Statements::Rows> Statements::operator()(const sql::SetTableProperties& set) {
  ARROW_RETURN_NOT_OK(Change(set.table, "ALTER TABLE", [&](TableEntry* table) {
    for (const auto& [key, value] : set.properties) table->parameters[key] = value;
    return Status::OK();
  }));
  return NoRows();
}

Result<Statements::Rows> Statements::operator()(const sql::UnsetTableProperties& unset) {
  ARROW_RETURN_NOT_OK(Change(unset.table, "ALTER TABLE", [&](TableEntry* table) {
    for (const auto& key : unset.keys) table->parameters.erase(key);
    return Status::OK();
  }));
  return NoRows();
}

}  // namespace glaux
