#include "glaux/catalog/sqlite_catalog.h"

#include <boost/json.hpp>

#include <charconv>
#include <filesystem>
#include <limits>

#include "glaux/catalog/entry_json.h"
#include "glaux/catalog/entry_rules.h"
#include "glaux/catalog/partition_key_internal.h"
#include "glaux/catalog/sqlite_catalog_internal.h"
#include "glaux/catalog/sqlite_file_internal.h"
#include "glaux/catalog/sqlite_storage_internal.h"

namespace glaux {
namespace sqlite {
namespace {

namespace json = boost::json;

/// Version ids count from "0", as Glue's. Nothing for what is no such number.
std::optional<int64_t> ParseVersion(std::string_view text) {
  int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc{} || end != text.data() + text.size() || std::to_string(version) != text) return std::nullopt;
  return version;
}

/// Where a page begins: the position in the token, or nothing on the first page.
Result<std::optional<std::string>> StartOf(std::string_view request, const PageRequest& page) {
  ARROW_RETURN_NOT_OK(CheckPage(page));
  if (page.next_token.empty()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(auto position, ReadPageToken(request, page.next_token));
  return position;
}

Result<DatabaseEntry> ReadDatabase(const Connection& connection, const Statement& row) {
  boost::system::error_code error;
  json::parse_options options;
  options.allow_invalid_utf8 = true;
  const auto text = row.Bytes(1);
  const json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  auto database = error ? Result<DatabaseEntry>(MakeError(ErrorKind::kCorrupt, "JSON is broken: ", error.message()))
                        : DatabaseFromJson(value);
  if (!database.ok()) return Damaged(connection, "database " + std::string(row.Bytes(0)), database.status());
  return database;
}

class SqliteCatalog final : public Catalog {
 public:
  SqliteCatalog(std::string name, ConnectionPool::Opener open, int max_connections,
                std::chrono::milliseconds busy_timeout, Clock& clock)
      : name_(std::move(name)), busy_timeout_(busy_timeout), clock_(clock), pool_(std::move(open), max_connections) {}

  /// Open the first connection, so that what is wrong with the file is said when it is opened.
  Status Start() { return pool_.Take().status(); }

  CatalogTraits traits() const override { return {}; }
  std::string name() const override { return name_; }

  Result<Page<DatabaseEntry>> ListDatabases(const PageRequest& page) override {
    static constexpr std::string_view kRequest = "databases";
    ARROW_ASSIGN_OR_RAISE(const auto start, StartOf(kRequest, page));
    return Read<Page<DatabaseEntry>>([&](Connection& connection) -> Result<Page<DatabaseEntry>> {
      Page<DatabaseEntry> out;
      ARROW_ASSIGN_OR_RAISE(auto rows,
                            connection.Prepare("SELECT name, entry FROM databases WHERE name > ? ORDER BY name LIMIT ?",
                                               start.value_or(""), int64_t{page.max_results} + 1));
      while (true) {
        ARROW_ASSIGN_OR_RAISE(const bool found, rows.Step());
        if (!found) return out;
        if (out.entries.size() == static_cast<size_t>(page.max_results)) {
          out.next_token = MakePageToken(kRequest, out.entries.back().name);
          return out;
        }
        ARROW_ASSIGN_OR_RAISE(auto database, ReadDatabase(connection, rows));
        out.entries.push_back(std::move(database));
      }
    });
  }

  Result<DatabaseEntry> GetDatabase(std::string_view name) override {
    ARROW_ASSIGN_OR_RAISE(const auto folded, CheckName("database name", name));
    return Read<DatabaseEntry>([&](Connection& connection) -> Result<DatabaseEntry> {
      ARROW_ASSIGN_OR_RAISE(const int64_t id, FindDatabase(connection, folded));
      ARROW_ASSIGN_OR_RAISE(auto row, connection.Prepare("SELECT name, entry FROM databases WHERE id = ?", id));
      ARROW_RETURN_NOT_OK(row.Step());
      return ReadDatabase(connection, row);
    });
  }

  Status CreateDatabase(const DatabaseEntry& database) override {
    DatabaseEntry entry = database;
    ARROW_ASSIGN_OR_RAISE(entry.name, CheckName("database name", database.name));
    entry.create_time = clock_.Now();
    return Write([&](Connection& connection) -> Status {
      ARROW_ASSIGN_OR_RAISE(const auto found, connection.Number("SELECT id FROM databases WHERE name = ?", entry.name));
      if (found) return MakeError(ErrorKind::kAlreadyExists, "database ", entry.name, " is there already");
      return connection.Run("INSERT INTO databases(name, entry) VALUES(?, ?)", entry.name,
                            json::serialize(ToJson(entry)));
    });
  }

  Status UpdateDatabase(const DatabaseEntry& database) override {
    DatabaseEntry entry = database;
    ARROW_ASSIGN_OR_RAISE(entry.name, CheckName("database name", database.name));
    return Write([&](Connection& connection) -> Status {
      ARROW_ASSIGN_OR_RAISE(const int64_t id, FindDatabase(connection, entry.name));
      {
        ARROW_ASSIGN_OR_RAISE(auto row, connection.Prepare("SELECT name, entry FROM databases WHERE id = ?", id));
        ARROW_RETURN_NOT_OK(row.Step());
        ARROW_ASSIGN_OR_RAISE(const auto before, ReadDatabase(connection, row));
        entry.create_time = before.create_time;
      }
      return connection.Run("UPDATE databases SET entry = ? WHERE id = ?", json::serialize(ToJson(entry)), id);
    });
  }

  Status DropDatabase(std::string_view name) override {
    ARROW_ASSIGN_OR_RAISE(const auto folded, CheckName("database name", name));
    return Write([&](Connection& connection) -> Status {
      ARROW_ASSIGN_OR_RAISE(const int64_t id, FindDatabase(connection, folded));
      ARROW_ASSIGN_OR_RAISE(const auto tables,
                            connection.Number("SELECT count(*) FROM tables WHERE database_id = ?", id));
      if (tables.value_or(0) > 0) {
        return MakeError({.kind = ErrorKind::kPrecondition, .hint = "drop its tables first"}, "database ", folded,
                         " holds ", *tables, *tables == 1 ? " table" : " tables");
      }
      return connection.Run("DELETE FROM databases WHERE id = ?", id);
    });
  }

  Result<Page<TableEntry>> ListTables(std::string_view database, const PageRequest& page) override {
    ARROW_ASSIGN_OR_RAISE(const auto folded, CheckName("database name", database));
    const std::string request = "tables " + folded;
    ARROW_ASSIGN_OR_RAISE(const auto start, StartOf(request, page));
    return Read<Page<TableEntry>>([&](Connection& connection) -> Result<Page<TableEntry>> {
      ARROW_ASSIGN_OR_RAISE(const int64_t id, FindDatabase(connection, folded));
      Page<TableEntry> out;
      ARROW_ASSIGN_OR_RAISE(auto rows, connection.Prepare("SELECT name, id, version FROM tables "
                                                          "WHERE database_id = ? AND name > ? ORDER BY name LIMIT ?",
                                                          id, start.value_or(""), int64_t{page.max_results} + 1));
      while (true) {
        ARROW_ASSIGN_OR_RAISE(const bool found, rows.Step());
        if (!found) return out;
        if (out.entries.size() == static_cast<size_t>(page.max_results)) {
          out.next_token = MakePageToken(request, out.entries.back().id.name);
          return out;
        }
        const TableId table{.database = folded, .name = std::string(rows.Bytes(0))};
        ARROW_ASSIGN_OR_RAISE(auto entry, Newest(connection, table, {.id = rows.Int(1), .version = rows.Int(2)}));
        out.entries.push_back(std::move(entry));
      }
    });
  }

  Result<TableEntry> GetTable(const TableId& id, std::string_view version_id) override {
    ARROW_ASSIGN_OR_RAISE(const auto table, CheckTableId(id));
    return Read<TableEntry>([&](Connection& connection) -> Result<TableEntry> {
      ARROW_ASSIGN_OR_RAISE(const TableRow row, FindTable(connection, table));
      if (version_id.empty()) return Newest(connection, table, row);
      if (const auto version = ParseVersion(version_id)) {
        ARROW_ASSIGN_OR_RAISE(auto entry, ReadTableVersion(connection, table, row.id, *version));
        if (entry) return std::move(*entry);
      }
      return MakeError(ErrorKind::kNotFound, "table ", table.ToString(), " has no version ", version_id);
    });
  }

  Result<TableEntry> CreateTable(const TableEntry& table) override {
    TableEntry entry = table;
    ARROW_RETURN_NOT_OK(CheckTable(&entry));
    entry.version_id = "0";
    entry.create_time = entry.update_time = clock_.Now();
    ARROW_RETURN_NOT_OK(Write([&](Connection& connection) -> Status {
      ARROW_ASSIGN_OR_RAISE(const int64_t database, FindDatabase(connection, entry.id.database));
      ARROW_ASSIGN_OR_RAISE(
          const auto found,
          connection.Number("SELECT id FROM tables WHERE database_id = ? AND name = ?", database, entry.id.name));
      if (found) return MakeError(ErrorKind::kAlreadyExists, "table ", entry.id.ToString(), " is there already");
      ARROW_RETURN_NOT_OK(
          connection.Run("INSERT INTO tables(database_id, name, version) VALUES(?, ?, 0)", database, entry.id.name));
      return WriteTableVersion(connection, connection.last_insert_id(), 0, entry);
    }));
    return entry;
  }

  Result<TableEntry> CommitTable(std::string_view expected_version, const TableEntry& table) override {
    TableEntry entry = table;
    ARROW_RETURN_NOT_OK(CheckTable(&entry));
    entry.update_time = clock_.Now();
    ARROW_RETURN_NOT_OK(Write([&](Connection& connection) -> Status {
      ARROW_ASSIGN_OR_RAISE(const TableRow row, FindTable(connection, entry.id));
      if (std::to_string(row.version) != expected_version) {
        return MakeError({.kind = ErrorKind::kPrecondition, .hint = "read the table again and repeat the change"},
                         "table ", entry.id.ToString(), " has version ", row.version, ", expected ", expected_version,
                         ": somebody else changed it");
      }
      ARROW_ASSIGN_OR_RAISE(const auto before, Newest(connection, entry.id, row));
      ARROW_RETURN_NOT_OK(CheckSamePartitionKeys(before, entry));
      entry.create_time = before.create_time;
      entry.version_id = std::to_string(row.version + 1);
      ARROW_RETURN_NOT_OK(connection.Run("UPDATE tables SET version = ? WHERE id = ?", row.version + 1, row.id));
      return WriteTableVersion(connection, row.id, row.version + 1, entry);
    }));
    return entry;
  }

  Status DropTable(const TableId& id) override {
    ARROW_ASSIGN_OR_RAISE(const auto table, CheckTableId(id));
    return Write([&](Connection& connection) -> Status {
      ARROW_ASSIGN_OR_RAISE(const TableRow row, FindTable(connection, table));
      for (const std::string_view from : {"partitions", "table_versions", "shapes"}) {
        ARROW_RETURN_NOT_OK(connection.Run("DELETE FROM " + std::string(from) + " WHERE table_id = ?", row.id));
      }
      ARROW_RETURN_NOT_OK(ForgetStatistics(connection, row.id));
      return connection.Run("DELETE FROM tables WHERE id = ?", row.id);
    });
  }

  Result<Page<TableEntry>> TableVersions(const TableId& id, const PageRequest& page) override {
    ARROW_ASSIGN_OR_RAISE(const auto table, CheckTableId(id));
    const std::string request = "versions " + table.database + "\n" + table.name;
    ARROW_ASSIGN_OR_RAISE(const auto start, StartOf(request, page));
    const auto before = start ? ParseVersion(*start) : std::numeric_limits<int64_t>::max();
    return Read<Page<TableEntry>>([&](Connection& connection) -> Result<Page<TableEntry>> {
      ARROW_ASSIGN_OR_RAISE(const TableRow row, FindTable(connection, table));
      Page<TableEntry> out;
      ARROW_ASSIGN_OR_RAISE(auto rows, connection.Prepare("SELECT version FROM table_versions WHERE table_id = ? "
                                                          "AND version < ? ORDER BY version DESC LIMIT ?",
                                                          row.id, before.value_or(0), int64_t{page.max_results} + 1));
      while (true) {
        ARROW_ASSIGN_OR_RAISE(const bool found, rows.Step());
        if (!found) return out;
        if (out.entries.size() == static_cast<size_t>(page.max_results)) {
          out.next_token = MakePageToken(request, out.entries.back().version_id);
          return out;
        }
        ARROW_ASSIGN_OR_RAISE(auto entry, Newest(connection, table, {.id = row.id, .version = rows.Int(0)}));
        out.entries.push_back(std::move(entry));
      }
    });
  }

  Result<Page<PartitionEntry>> GetPartitions(const TableId& table, const PartitionQuery& query) override {
    ARROW_ASSIGN_OR_RAISE(const auto id, CheckTableId(table));
    return Read<Page<PartitionEntry>>([&](Connection& connection) { return ReadPartitions(connection, id, query); });
  }

  Result<std::vector<PartitionEntry>> FindPartitions(const TableId& table,
                                                     std::span<const std::vector<std::string>> values) override {
    ARROW_ASSIGN_OR_RAISE(const auto id, CheckTableId(table));
    return Read<std::vector<PartitionEntry>>(
        [&](Connection& connection) { return sqlite::FindPartitions(connection, id, values); });
  }

  Status ApplyPartitions(const TableId& table, const PartitionChange& change) override {
    ARROW_ASSIGN_OR_RAISE(const auto id, CheckTableId(table));
    return Write([&](Connection& connection) { return WritePartitions(connection, id, change, clock_.Now()); });
  }

  Result<std::vector<ColumnStatistics>> GetStatistics(const TableId& table, const std::vector<std::string>& partition,
                                                      std::span<const std::string> columns) override {
    ARROW_ASSIGN_OR_RAISE(const auto id, CheckTableId(table));
    return Read<std::vector<ColumnStatistics>>(
        [&](Connection& connection) { return ReadStatistics(connection, id, partition, columns); });
  }

  Status ApplyStatistics(const TableId& table, const std::vector<std::string>& partition,
                         const StatisticsChange& change) override {
    ARROW_ASSIGN_OR_RAISE(const auto id, CheckTableId(table));
    return Write([&](Connection& connection) { return WriteStatistics(connection, id, partition, change); });
  }

 private:
  /// Run `work` on one unchanging state of the catalog.
  template <typename T, typename Work>
  Result<T> Read(Work&& work) {
    ARROW_ASSIGN_OR_RAISE(auto connection, pool_.Take());
    ARROW_ASSIGN_OR_RAISE(auto transaction, Transaction::Begin(*connection, Transaction::Mode::kRead));
    Result<T> result = work(*connection);
    ARROW_RETURN_NOT_OK(transaction.Commit());
    return result;
  }

  /// Run `work` as one transaction: all of it or, after an error, nothing.
  template <typename Work>
  Status Write(Work&& work) {
    // Threads of this process wait for each other here: SQLite would make them sleep and ask, in no order.
    const std::unique_lock lock(writer_, busy_timeout_);
    if (!lock.owns_lock()) {
      return MakeError({.kind = ErrorKind::kTimeout, .service = "sqlite"}, name_,
                       ": other threads were writing the catalog for ", busy_timeout_.count(), " ms");
    }
    ARROW_ASSIGN_OR_RAISE(auto connection, pool_.Take());
    ARROW_ASSIGN_OR_RAISE(auto transaction, Transaction::Begin(*connection, Transaction::Mode::kWrite));
    ARROW_RETURN_NOT_OK(work(*connection));
    return transaction.Commit();
  }

  static Result<TableEntry> Newest(Connection& connection, const TableId& table, const TableRow& row) {
    ARROW_ASSIGN_OR_RAISE(auto entry, ReadTableVersion(connection, table, row.id, row.version));
    if (entry) return std::move(*entry);
    return Damaged(connection, "table " + table.ToString(), MakeError(ErrorKind::kCorrupt, "its version is not there"));
  }

  const std::string name_;
  const std::chrono::milliseconds busy_timeout_;
  Clock& clock_;
  ConnectionPool pool_;
  std::timed_mutex writer_;
};

}  // namespace

Result<std::shared_ptr<Catalog>> MakeCatalog(std::string name, ConnectionPool::Opener open, int max_connections,
                                             std::chrono::milliseconds busy_timeout, Clock& clock) {
  auto catalog =
      std::make_shared<SqliteCatalog>(std::move(name), std::move(open), max_connections, busy_timeout, clock);
  ARROW_RETURN_NOT_OK(catalog->Start());
  return catalog;
}

}  // namespace sqlite

Result<std::shared_ptr<Catalog>> OpenSqliteCatalog(const SqliteCatalogOptions& options) {
  if (options.path.empty()) return MakeError(ErrorKind::kInvalid, "open catalog: path is empty");
  std::error_code error;
  // An absolute path also keeps SQLite from taking ":memory:" or "file:…" for more than names.
  const auto path = std::filesystem::absolute(options.path, error);
  if (!error && options.create) std::filesystem::create_directories(path.parent_path(), error);
  if (error) return ErrnoError(error.value(), "open catalog " + options.path);
  const auto busy_timeout = options.busy_timeout;
  const bool create = options.create;
  return sqlite::MakeCatalog(
      "sqlite:" + options.path,
      [path = path.string(), busy_timeout, create] { return sqlite::OpenCatalogFile(path, busy_timeout, create); },
      /*max_connections=*/16, busy_timeout, *options.clock);
}

}  // namespace glaux
