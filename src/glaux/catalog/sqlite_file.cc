#include "glaux/catalog/sqlite_file_internal.h"

namespace glaux::sqlite {
namespace {

// A shape is a storage descriptor without location and parameters, which partitions of a table mostly share: it is kept
// once a table and found again by its hash. Shapes are never changed, and go with their table.
// Partition keys are encoded values (partition_key_internal.h), so that the primary key is in the order of the values.
constexpr char kTables[] = R"(
  CREATE TABLE databases(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    entry TEXT NOT NULL);
  CREATE TABLE tables(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    database_id INTEGER NOT NULL REFERENCES databases(id),
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE(database_id, name));
  CREATE TABLE shapes(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    table_id INTEGER NOT NULL,
    hash INTEGER NOT NULL,
    descriptor TEXT NOT NULL);
  CREATE INDEX shapes_by_hash ON shapes(table_id, hash);
  CREATE TABLE table_versions(
    table_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    entry TEXT NOT NULL,
    shape_id INTEGER NOT NULL,
    location TEXT NOT NULL,
    storage_parameters TEXT,
    PRIMARY KEY(table_id, version)) WITHOUT ROWID;
  CREATE TABLE partitions(
    table_id INTEGER NOT NULL,
    key BLOB NOT NULL,
    shape_id INTEGER NOT NULL,
    location TEXT NOT NULL,
    storage_parameters TEXT,
    parameters TEXT,
    creation_time INTEGER NOT NULL,
    PRIMARY KEY(table_id, key)) WITHOUT ROWID;
)";

enum class Content { kNew, kCatalog };

Result<Content> Recognize(Connection& connection) {
  ARROW_ASSIGN_OR_RAISE(const auto application, connection.Number("PRAGMA application_id"));
  ARROW_ASSIGN_OR_RAISE(const auto version, connection.Number("PRAGMA user_version"));
  if (application == kApplicationId) {
    if (*version > kSchemaVersion) {
      return MakeError({.kind = ErrorKind::kNotImplemented, .service = "sqlite", .hint = "update glaux"}, "catalog ",
                       connection.path(), " was made by a newer glaux: its tables have version ", *version,
                       ", this program knows ", kSchemaVersion);
    }
    return Content::kCatalog;
  }
  ARROW_ASSIGN_OR_RAISE(const auto objects, connection.Number("SELECT count(*) FROM sqlite_schema"));
  if (application == 0 && version == 0 && objects == 0) return Content::kNew;
  // Another process may have made the tables between these looks.
  ARROW_ASSIGN_OR_RAISE(const auto application_now, connection.Number("PRAGMA application_id"));
  if (application != kApplicationId && application_now == kApplicationId) return Recognize(connection);
  return MakeError({.kind = ErrorKind::kCorrupt, .service = "sqlite", .hint = "name another file for the catalog"},
                   "catalog ", connection.path(), ": the file is a SQLite database of another program");
}

}  // namespace

Result<std::unique_ptr<Connection>> OpenCatalogFile(const std::string& path, std::chrono::milliseconds busy_timeout,
                                                    bool create) {
  const int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
  auto opened = Connection::Open(path, flags, busy_timeout);
  if (create && KindOf(opened.status()) == ErrorKind::kNotFound) {
    // The file may be made and the folder is there: SQLite was refused that, tried to read, and reports the second.
    auto info = InfoOf(opened.status());
    info.kind = ErrorKind::kDenied;
    return MakeErrorMessage(std::move(info), opened.status().message());
  }
  ARROW_ASSIGN_OR_RAISE(auto connection, std::move(opened));
  // A file of somebody else must be left as it is, so look before the first pragma that writes.
  ARROW_ASSIGN_OR_RAISE(Content content, Recognize(*connection));
  if (content == Content::kNew && !create) {
    return MakeError(ErrorKind::kNotFound, "catalog ", path, ": the file is empty");
  }
  ARROW_RETURN_NOT_OK(connection->Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"));
  if (content == Content::kCatalog) return connection;

  ARROW_ASSIGN_OR_RAISE(auto transaction, Transaction::Begin(*connection, Transaction::Mode::kWrite));
  // Another process may have made the tables while we waited for the lock.
  ARROW_ASSIGN_OR_RAISE(content, Recognize(*connection));
  if (content == Content::kNew) {
    ARROW_RETURN_NOT_OK(connection->Execute(kTables));
    const std::string marks = "PRAGMA application_id = " + std::to_string(kApplicationId) +
                              "; PRAGMA user_version = " + std::to_string(kSchemaVersion);
    ARROW_RETURN_NOT_OK(connection->Execute(marks.c_str()));
  }
  ARROW_RETURN_NOT_OK(transaction.Commit());
  return connection;
}

}  // namespace glaux::sqlite
