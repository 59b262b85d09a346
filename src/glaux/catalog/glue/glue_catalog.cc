#include "glaux/catalog/glue/glue_catalog.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "glaux/catalog/entry_json.h"
#include "glaux/catalog/entry_rules.h"
#include "glaux/catalog/glue/glue_connection_internal.h"
#include "glaux/catalog/glue/glue_partitions_internal.h"
#include "glaux/catalog/glue/glue_statistics_internal.h"
#include "glaux/wire/glue_table.h"

namespace glaux {
namespace glue {
namespace {

namespace wg = wire::glue;

constexpr char kExternalTable[] = "EXTERNAL_TABLE";

/// Glue's own most for databases, tables and versions.
constexpr int kMostListed = 100;

/// The TableInput of a create, or of an update of the table that `before` shows: the one place that makes one.
boost::json::object MakeTableInput(const TableEntry& table, boost::json::object before) {
  auto input = wg::TableInputOf(std::move(before));
  wg::OverlayTable(ToJson(table), &input);
  if (table.table_type.empty()) input["TableType"] = kExternalTable;
  return input;
}

boost::json::object MakeDatabaseInput(const DatabaseEntry& database, boost::json::object before) {
  auto input = wg::DatabaseInputOf(std::move(before));
  wg::OverlayDatabase(ToJson(database), &input);
  return input;
}

/// What an update decides, without what the catalog sets.
bool SameDefinition(TableEntry a, TableEntry b) {
  for (auto* table : {&a, &b}) {
    table->version_id.clear();
    table->create_time = table->update_time = {};
    if (table->table_type.empty()) table->table_type = kExternalTable;
  }
  return ToJson(a) == ToJson(b);
}

bool SameDefinition(DatabaseEntry a, DatabaseEntry b) {
  a.create_time = b.create_time = {};
  return ToJson(a) == ToJson(b);
}

class GlueCatalog final : public Catalog {
 public:
  explicit GlueCatalog(GlueCatalogOptions options) : connection_(std::move(options)) {}

  CatalogTraits traits() const override {
    return {.optimistic_lock = connection_.options().version_check,
            .atomic_partitions = false,
            .table_versions = true,
            .read_segments = connection_.options().segments};
  }
  std::string name() const override { return "glue:" + connection_.options().endpoint_url; }

  // ---- databases --------------------------------------------------------------------------------------------------

  Result<Page<DatabaseEntry>> ListDatabases(const PageRequest& page) override {
    ARROW_RETURN_NOT_OK(CheckPage(page));
    wg::GetDatabasesRequest request{.NextToken = TokenOf(page), .MaxResults = SizeOf(page)};
    ARROW_ASSIGN_OR_RAISE(auto answer, connection_.Send(std::move(request), "databases"));
    Page<DatabaseEntry> out;
    for (auto& database : answer.DatabaseList) {
      ARROW_ASSIGN_OR_RAISE(auto entry, ReadDatabase(wg::GetDatabasesRequest::kOperation, std::move(database)));
      out.entries.push_back(std::move(entry));
    }
    out.next_token = answer.NextToken.value_or("");
    return out;
  }

  Result<DatabaseEntry> GetDatabase(std::string_view name) override {
    ARROW_ASSIGN_OR_RAISE(auto database, ShownDatabase(name));
    return ReadDatabase(wg::GetDatabaseRequest::kOperation, std::move(database));
  }

  Status CreateDatabase(const DatabaseEntry& database) override {
    DatabaseEntry entry = database;
    ARROW_ASSIGN_OR_RAISE(entry.name, CheckName("database name", database.name));
    return Once(
        [&] {
          wg::CreateDatabaseRequest request{.DatabaseInput = MakeDatabaseInput(entry, {})};
          return connection_.Send(std::move(request), entry.name, Idempotency::kUnsafe).status();
        },
        [&]() { return Holds(GetDatabase(entry.name), entry); });
  }

  Status UpdateDatabase(const DatabaseEntry& database) override {
    DatabaseEntry entry = database;
    ARROW_ASSIGN_OR_RAISE(entry.name, CheckName("database name", database.name));
    ARROW_ASSIGN_OR_RAISE(auto before, ShownDatabase(entry.name));
    wg::UpdateDatabaseRequest request{.Name = entry.name, .DatabaseInput = MakeDatabaseInput(entry, std::move(before))};
    return connection_.Send(std::move(request), entry.name).status();
  }

  Status DropDatabase(std::string_view name) override {
    ARROW_ASSIGN_OR_RAISE(const auto folded, CheckName("database name", name));
    // Glue would drop the tables too. Whoever makes one between these calls loses it: Glue has no condition for that.
    wg::GetTablesRequest tables{.DatabaseName = folded, .MaxResults = 1};
    ARROW_ASSIGN_OR_RAISE(const auto answer, connection_.Send(std::move(tables), folded));
    if (answer.TableList && !answer.TableList->empty()) {
      return MakeError({.kind = ErrorKind::kPrecondition, .service = "glue", .hint = "drop its tables first"},
                       "database ", folded, " holds tables");
    }
    return Once(
        [&] {
          return connection_.Send(wg::DeleteDatabaseRequest{.Name = folded}, folded, Idempotency::kUnsafe).status();
        },
        [&] { return IsGone(GetDatabase(folded).status()); });
  }

  // ---- tables -----------------------------------------------------------------------------------------------------

  Result<Page<TableEntry>> ListTables(std::string_view database, const PageRequest& page) override {
    ARROW_ASSIGN_OR_RAISE(const auto folded, CheckName("database name", database));
    ARROW_RETURN_NOT_OK(CheckPage(page));
    wg::GetTablesRequest request{.DatabaseName = folded, .NextToken = TokenOf(page), .MaxResults = SizeOf(page)};
    ARROW_ASSIGN_OR_RAISE(auto answer, connection_.Send(std::move(request), folded));
    Page<TableEntry> out;
    for (auto& table : answer.TableList.value_or(std::vector<boost::json::object>())) {
      ARROW_ASSIGN_OR_RAISE(auto entry, ReadTable(wg::GetTablesRequest::kOperation, folded, std::move(table)));
      out.entries.push_back(std::move(entry));
    }
    out.next_token = answer.NextToken.value_or("");
    return out;
  }

  Result<TableEntry> GetTable(const TableId& id, std::string_view version_id) override {
    ARROW_ASSIGN_OR_RAISE(const auto table, CheckTableId(id));
    if (version_id.empty()) {
      ARROW_ASSIGN_OR_RAISE(auto shown, ShownTable(table));
      return ReadTable(wg::GetTableRequest::kOperation, table.database, std::move(shown));
    }
    // Glue calls what is no number invalid; to a caller it is a version that is not there.
    const bool number =
        std::all_of(version_id.begin(), version_id.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!number) return MakeError(ErrorKind::kNotFound, "table ", table.ToString(), " has no version ", version_id);
    wg::GetTableVersionRequest request{
        .DatabaseName = table.database, .TableName = table.name, .VersionId = std::string(version_id)};
    const std::string subject = table.ToString() + " version " + std::string(version_id);
    ARROW_ASSIGN_OR_RAISE(auto answer, connection_.Send(std::move(request), subject));
    return ReadVersion(wg::GetTableVersionRequest::kOperation, table.database, std::move(answer.TableVersion));
  }

  Result<TableEntry> CreateTable(const TableEntry& table) override {
    TableEntry entry = table;
    ARROW_RETURN_NOT_OK(CheckTable(&entry));
    ARROW_RETURN_NOT_OK(Once(
        [&] {
          wg::CreateTableRequest request{.DatabaseName = entry.id.database, .TableInput = MakeTableInput(entry, {})};
          return connection_.Send(std::move(request), entry.id.ToString(), Idempotency::kUnsafe).status();
        },
        [&]() { return Holds(GetTable(entry.id, {}), entry); }));
    return GetTable(entry.id, {});
  }

  Result<TableEntry> CommitTable(std::string_view expected_version, const TableEntry& table) override {
    TableEntry entry = table;
    ARROW_RETURN_NOT_OK(CheckTable(&entry));
    ARROW_ASSIGN_OR_RAISE(auto shown, ShownTable(entry.id));
    ARROW_ASSIGN_OR_RAISE(const auto before, ReadTable(wg::GetTableRequest::kOperation, entry.id.database, shown));
    if (before.version_id != expected_version) return Changed(entry.id, before.version_id, expected_version);
    ARROW_RETURN_NOT_OK(CheckSamePartitionKeys(before, entry));

    wg::UpdateTableRequest request{.DatabaseName = entry.id.database,
                                   .TableInput = MakeTableInput(entry, std::move(shown))};
    if (connection_.options().version_check) request.VersionId = std::string(expected_version);
    bool looked = false;
    auto updated = Once([&] { return connection_.Send(request, entry.id.ToString(), Idempotency::kUnsafe).status(); },
                        [&]() -> Result<bool> {
                          looked = true;
                          return DidCommit(entry, expected_version);
                        });
    // A try that was lost may be the one that this one now stands behind.
    if (looked && KindOf(updated) == ErrorKind::kPrecondition && !updated.ok()) {
      const auto committed = DidCommit(entry, expected_version);
      if (committed.ok() && *committed) updated = Status::OK();
    }
    ARROW_RETURN_NOT_OK(updated);
    ARROW_ASSIGN_OR_RAISE(auto now, GetTable(entry.id, {}));
    if (SameDefinition(now, entry)) return now;
    // Somebody has followed already. What is returned is what this call made, with a version that is gone: whoever
    // commits on top of it has to read the table again.
    entry.version_id = expected_version;
    entry.create_time = now.create_time;
    entry.update_time = now.update_time;
    return entry;
  }

  Status DropTable(const TableId& id) override {
    ARROW_ASSIGN_OR_RAISE(const auto table, CheckTableId(id));
    return Once(
        [&] {
          wg::DeleteTableRequest request{.DatabaseName = table.database, .Name = table.name};
          return connection_.Send(std::move(request), table.ToString(), Idempotency::kUnsafe).status();
        },
        [&] { return IsGone(GetTable(table, {}).status()); });
  }

  Result<Page<TableEntry>> TableVersions(const TableId& id, const PageRequest& page) override {
    ARROW_ASSIGN_OR_RAISE(const auto table, CheckTableId(id));
    ARROW_RETURN_NOT_OK(CheckPage(page));
    wg::GetTableVersionsRequest request{.DatabaseName = table.database,
                                        .TableName = table.name,
                                        .NextToken = TokenOf(page),
                                        .MaxResults = SizeOf(page)};
    ARROW_ASSIGN_OR_RAISE(auto answer, connection_.Send(std::move(request), table.ToString()));
    Page<TableEntry> out;
    for (auto& version : answer.TableVersions.value_or(std::vector<wg::TableVersion>())) {
      ARROW_ASSIGN_OR_RAISE(auto entry,
                            ReadVersion(wg::GetTableVersionsRequest::kOperation, table.database, std::move(version)));
      out.entries.push_back(std::move(entry));
    }
    out.next_token = answer.NextToken.value_or("");
    return out;
  }

  // ---- partitions -------------------------------------------------------------------------------------------------

  Result<Page<PartitionEntry>> GetPartitions(const TableId& table, const PartitionQuery& query) override {
    ARROW_ASSIGN_OR_RAISE(const auto id, CheckTableId(table));
    ARROW_RETURN_NOT_OK(CheckPage(query.page));
    if (query.segment) ARROW_RETURN_NOT_OK(CheckSegment(*query.segment));
    return glue::GetPartitions(connection_, id, query);
  }

  Result<std::vector<PartitionEntry>> FindPartitions(const TableId& table,
                                                     std::span<const std::vector<std::string>> values) override {
    ARROW_ASSIGN_OR_RAISE(const auto id, CheckTableId(table));
    return glue::FindPartitions(connection_, id, values);
  }

  Status ApplyPartitions(const TableId& table, const PartitionChange& change) override {
    // Batches go one by one, so what is wrong has to be found before the first.
    ARROW_ASSIGN_OR_RAISE(const auto entry, GetTable(table, {}));
    for (const auto& values : change.drop) {
      ARROW_RETURN_NOT_OK(CheckPartitionValues(entry.id, entry.partition_keys, values));
    }
    PartitionChange checked = change;
    for (auto& partition : checked.put) {
      ARROW_RETURN_NOT_OK(CheckPartitionValues(entry.id, entry.partition_keys, partition.values));
      ARROW_RETURN_NOT_OK(CheckDescriptor("partition of table " + entry.id.ToString(), &partition.storage));
    }
    return glue::ApplyPartitions(connection_, entry.id, checked);
  }

  // ---- statistics -------------------------------------------------------------------------------------------------

  Result<std::vector<ColumnStatistics>> GetStatistics(const TableId& table, const std::vector<std::string>& partition,
                                                      std::span<const std::string> columns) override {
    ARROW_ASSIGN_OR_RAISE(const auto id, CheckTableId(table));
    std::vector<std::string> folded;
    for (const auto& column : columns) {
      ARROW_ASSIGN_OR_RAISE(folded.emplace_back(), CheckName("column", column));
    }
    return glue::GetStatistics(connection_, id, partition, folded);
  }

  Status ApplyStatistics(const TableId& table, const std::vector<std::string>& partition,
                         const StatisticsChange& change) override {
    ARROW_ASSIGN_OR_RAISE(const auto id, CheckTableId(table));
    StatisticsChange folded = change;
    for (auto& one : folded.put) {
      ARROW_ASSIGN_OR_RAISE(one.column, CheckName("column", one.column));
    }
    for (auto& column : folded.drop) {
      ARROW_ASSIGN_OR_RAISE(column, CheckName("column", column));
    }
    return glue::ApplyStatistics(connection_, id, partition, folded);
  }

 private:
  static std::optional<std::string> TokenOf(const PageRequest& page) {
    return page.next_token.empty() ? std::nullopt : std::optional(page.next_token);
  }
  static int64_t SizeOf(const PageRequest& page) { return std::min(page.max_results, kMostListed); }

  static Status Changed(const TableId& id, std::string_view found, std::string_view expected) {
    return MakeError({.kind = ErrorKind::kPrecondition,
                      .service = "glue",
                      .operation = "UpdateTable",
                      .hint = "read the table again and repeat the change"},
                     "table ", id.ToString(), " has version ", found, ", expected ", expected,
                     ": somebody else changed it");
  }

  static Result<bool> IsGone(const Status& looked) {
    if (looked.ok()) return false;
    if (KindOf(looked) == ErrorKind::kNotFound) return true;
    return looked;
  }

  /// Whether what was read is what a write made whose answer was lost.
  template <typename Entry>
  static Result<bool> Holds(const Result<Entry>& found, const Entry& written) {
    if (found.ok()) return SameDefinition(*found, written);
    if (KindOf(found.status()) == ErrorKind::kNotFound) return false;
    return found.status();
  }

  /// Whether an update whose answer was lost went through: whether one of the versions since `expected_version` is what
  /// it made. kPrecondition: there are some, and none is. kCommitUnknown: not all of them were kept.
  Result<bool> DidCommit(const TableEntry& entry, std::string_view expected_version) {
    ARROW_ASSIGN_OR_RAISE(const auto now, GetTable(entry.id, {}));
    if (now.version_id == expected_version) return false;
    if (SameDefinition(now, entry)) return true;
    PageRequest request;
    do {
      ARROW_ASSIGN_OR_RAISE(auto page, TableVersions(entry.id, request));
      for (const auto& version : page.entries) {
        if (version.version_id == expected_version) return Changed(entry.id, now.version_id, expected_version);
        if (SameDefinition(version, entry)) return true;
      }
      request.next_token = std::move(page.next_token);
    } while (!request.next_token.empty());
    return MakeError(ErrorKind::kCommitUnknown, "table ", entry.id.ToString(), " has no version ", expected_version);
  }

  Result<boost::json::object> ShownDatabase(std::string_view name) {
    ARROW_ASSIGN_OR_RAISE(const auto folded, CheckName("database name", name));
    ARROW_ASSIGN_OR_RAISE(auto answer, connection_.Send(wg::GetDatabaseRequest{.Name = folded}, folded));
    return std::move(answer.Database);
  }

  /// \param table folded
  Result<boost::json::object> ShownTable(const TableId& table) {
    wg::GetTableRequest request{.DatabaseName = table.database, .Name = table.name};
    ARROW_ASSIGN_OR_RAISE(auto answer, connection_.Send(std::move(request), table.ToString()));
    return std::move(answer.Table);
  }

  Result<DatabaseEntry> ReadDatabase(std::string_view operation, boost::json::object shown) const {
    auto entry = DatabaseFromJson(std::move(shown));
    return entry.ok() ? entry : connection_.BadAnswer(operation, "databases", entry.status());
  }

  Result<TableEntry> ReadTable(std::string_view operation, const std::string& database,
                               boost::json::object shown) const {
    auto entry = TableFromJson(std::move(shown));
    if (!entry.ok()) return connection_.BadAnswer(operation, database, entry.status());
    if (entry->id.database.empty()) entry->id.database = database;
    return entry;
  }

  Result<TableEntry> ReadVersion(std::string_view operation, const std::string& database,
                                 wg::TableVersion version) const {
    ARROW_ASSIGN_OR_RAISE(auto entry,
                          ReadTable(operation, database, std::move(version.Table).value_or(boost::json::object())));
    if (version.VersionId) entry.version_id = *version.VersionId;
    return entry;
  }

  GlueConnection connection_;
};

}  // namespace
}  // namespace glue

Status GlueCatalogOptions::Validate() const {
  const auto bad = [](std::string_view field, const auto& found, std::string_view expected) {
    return MakeError(ErrorKind::kInvalid, "open Glue catalog: ", field, ": expected ", expected, ", found: ", found);
  };
  if (region.empty()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "set region beside catalog: glue, or AWS_REGION"},
                     "open Glue catalog: nobody says which region it is in");
  }
  if (!endpoint_url.starts_with("http://") && !endpoint_url.starts_with("https://")) {
    return bad("endpoint_url", endpoint_url, "http://… or https://…");
  }
  if (segments < 1 || segments > 10) return bad("segments", segments, "1 to 10");
  if (max_parallel < 1) return bad("max_parallel", max_parallel, "1 or more");
  return Status::OK();
}

Result<std::shared_ptr<Catalog>> MakeGlueCatalog(GlueCatalogOptions options) {
  ARROW_RETURN_NOT_OK(options.Validate());
  while (options.endpoint_url.ends_with('/')) options.endpoint_url.pop_back();
  return std::make_shared<glue::GlueCatalog>(std::move(options));
}

}  // namespace glaux
