#include "glaux/catalog/sqlite_storage_internal.h"

#include <boost/json.hpp>

#include "glaux/catalog/entry_json.h"
#include "glaux/catalog/partition_key_internal.h"

namespace glaux::sqlite {
namespace {

namespace json = boost::json;

Result<json::value> ParseStored(std::string_view text) {
  // What came in is not checked to be UTF-8 everywhere (comments, parameters); it must come out as it was.
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  boost::system::error_code error;
  json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return MakeError(ErrorKind::kCorrupt, "JSON is broken: ", error.message());
  return value;
}

/// A descriptor without what a shape leaves out.
StorageDescriptor ShapeOf(const StorageDescriptor& storage) {
  StorageDescriptor shape = storage;
  shape.location.clear();
  shape.parameters.clear();
  return shape;
}

}  // namespace

Status Damaged(const Connection& connection, std::string_view what, const Status& status) {
  if (KindOf(status) != ErrorKind::kInvalid && KindOf(status) != ErrorKind::kCorrupt) return status;
  return MakeError({.kind = ErrorKind::kCorrupt, .service = "sqlite", .hint = "put back a copy of the file"},
                   "catalog ", connection.path(), ": ", what, " is damaged: ", status.message());
}

Result<Parameters> ReadParameters(std::string_view text) {
  if (text.empty()) return Parameters{};
  ARROW_ASSIGN_OR_RAISE(const auto value, ParseStored(text));
  return ParametersFromJson(value);
}

std::optional<std::string> PrintParameters(const Parameters& parameters) {
  if (parameters.empty()) return std::nullopt;
  return json::serialize(ToJson(parameters));
}

bool SameShape(const StorageDescriptor& left, const StorageDescriptor& right) {
  return left.columns == right.columns && left.input_format == right.input_format &&
         left.output_format == right.output_format && left.compressed == right.compressed &&
         left.number_of_buckets == right.number_of_buckets && left.serde_info == right.serde_info &&
         left.bucket_columns == right.bucket_columns && left.sort_columns == right.sort_columns &&
         left.stored_as_sub_directories == right.stored_as_sub_directories;
}

Result<int64_t> Shapes::Intern(const StorageDescriptor& storage) {
  const std::string text = json::serialize(ToJson(ShapeOf(storage)));
  if (const auto it = ids_.find(text); it != ids_.end()) return it->second;
  const auto hash = static_cast<int64_t>(StableHash(text));
  ARROW_ASSIGN_OR_RAISE(const auto found,
                        connection_.Number("SELECT id FROM shapes WHERE table_id = ? AND hash = ? AND descriptor = ?",
                                           table_id_, hash, text));
  int64_t id = 0;
  if (found) {
    id = *found;
  } else {
    ARROW_RETURN_NOT_OK(
        connection_.Run("INSERT INTO shapes(table_id, hash, descriptor) VALUES(?, ?, ?)", table_id_, hash, text));
    id = connection_.last_insert_id();
  }
  ids_.emplace(text, id);
  return id;
}

Result<const StorageDescriptor*> Shapes::Get(int64_t id) {
  if (const auto it = shapes_.find(id); it != shapes_.end()) return &it->second;
  ARROW_ASSIGN_OR_RAISE(
      auto row, connection_.Prepare("SELECT descriptor FROM shapes WHERE id = ? AND table_id = ?", id, table_id_));
  ARROW_ASSIGN_OR_RAISE(const bool found, row.Step());
  const std::string what = "storage descriptor " + std::to_string(id);
  if (!found) return Damaged(connection_, what, MakeError(ErrorKind::kCorrupt, "it is not there"));
  auto storage = [&]() -> Result<StorageDescriptor> {
    ARROW_ASSIGN_OR_RAISE(const auto value, ParseStored(row.Bytes(0)));
    return StorageDescriptorFromJson(value);
  }();
  if (!storage.ok()) return Damaged(connection_, what, storage.status());
  return &shapes_.emplace(id, std::move(*storage)).first->second;
}

Result<int64_t> FindDatabase(Connection& connection, std::string_view name) {
  ARROW_ASSIGN_OR_RAISE(const auto id, connection.Number("SELECT id FROM databases WHERE name = ?", name));
  if (!id) return MakeError(ErrorKind::kNotFound, "database ", name, " is not there");
  return *id;
}

Result<TableRow> FindTable(Connection& connection, const TableId& id) {
  ARROW_ASSIGN_OR_RAISE(const int64_t database, FindDatabase(connection, id.database));
  ARROW_ASSIGN_OR_RAISE(
      auto row,
      connection.Prepare("SELECT id, version FROM tables WHERE database_id = ? AND name = ?", database, id.name));
  ARROW_ASSIGN_OR_RAISE(const bool found, row.Step());
  if (!found) return MakeError(ErrorKind::kNotFound, "table ", id.ToString(), " is not there");
  return TableRow{.id = row.Int(0), .version = row.Int(1)};
}

Result<std::optional<TableEntry>> ReadTableVersion(Connection& connection, const TableId& id, int64_t table_id,
                                                   int64_t version) {
  ARROW_ASSIGN_OR_RAISE(auto row, connection.Prepare("SELECT entry, shape_id, location, storage_parameters "
                                                     "FROM table_versions WHERE table_id = ? AND version = ?",
                                                     table_id, version));
  ARROW_ASSIGN_OR_RAISE(const bool found, row.Step());
  if (!found) return std::nullopt;
  auto table = [&]() -> Result<TableEntry> {
    ARROW_ASSIGN_OR_RAISE(const auto value, ParseStored(row.Bytes(0)));
    ARROW_ASSIGN_OR_RAISE(TableEntry entry, TableFromJson(value));
    Shapes shapes(connection, table_id);
    ARROW_ASSIGN_OR_RAISE(const auto* shape, shapes.Get(row.Int(1)));
    entry.storage = *shape;
    entry.storage.location = row.Bytes(2);
    ARROW_ASSIGN_OR_RAISE(entry.storage.parameters, ReadParameters(row.Bytes(3)));
    return entry;
  }();
  if (!table.ok()) return Damaged(connection, "table " + id.ToString(), table.status());
  return std::move(*table);
}

Status WriteTableVersion(Connection& connection, int64_t table_id, int64_t version, const TableEntry& table) {
  Shapes shapes(connection, table_id);
  ARROW_ASSIGN_OR_RAISE(const int64_t shape, shapes.Intern(table.storage));
  TableEntry rest = table;
  rest.storage = {};
  auto entry = ToJson(rest);
  entry.erase("StorageDescriptor");
  return connection.Run(
      "INSERT INTO table_versions(table_id, version, entry, shape_id, location, storage_parameters) "
      "VALUES(?, ?, ?, ?, ?, ?)",
      table_id, version, json::serialize(entry), shape, table.storage.location,
      PrintParameters(table.storage.parameters));
}

}  // namespace glaux::sqlite
