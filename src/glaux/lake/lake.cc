#include "glaux/lake/lake.h"

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "glaux/catalog/memory_catalog.h"
#include "glaux/catalog/sqlite_catalog.h"
#include "glaux/engine/duckdb/duckdb_engine.h"
#include "glaux/lake/catalogs_internal.h"
#include "glaux/lake/engines_internal.h"
#include "glaux/lake/load_internal.h"
#include "glaux/lake/statement_engine_internal.h"
#include "glaux/lake/stores_internal.h"
#include "glaux/lake/sync_targets_internal.h"
#include "glaux/schema/names.h"
#include "glaux/sql/literal.h"
#include "glaux/table/hive/folder_table.h"
#include "glaux/table/hive/hive_table.h"

namespace glaux {
namespace {

namespace fs = std::filesystem;

/// Less than this, and no batch would fit.
constexpr int64_t kLeastMemory = 32 << 20;

/// Less than this, and the engine could not even spill.
constexpr int64_t kLeastEngineMemory = 48 << 20;

/// Edits that turn one name into the other.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t corner = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = corner + (a[i - 1] != b[j - 1]);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

class LocalLake final : public Lake {
 public:
  LocalLake(LakeConfig config, std::string root, std::shared_ptr<Catalog> catalog)
      : config_(std::move(config)),
        root_(std::move(root)),
        catalog_(std::move(catalog)),
        stores_(config_, root_),
        engine_memory_(config_.memory_limit) {
    load_.hive = {
        .catalog = catalog_,
        .resolve = [this](std::string_view uri) { return stores_.Resolve(uri); },
        .beside =
            [this](std::string_view uri) { return stores_.OpenFolder(uri, LakeStores::For::kWriting, S3Access()); }};
    load_.location_of = [this](const TableId& id) { return stores_.LocationOf(id); };
  }

  const LakeConfig& config() const override { return config_; }
  std::shared_ptr<const RequestMeter> meter() const override { return stores_.meter(); }
  Catalog& catalog() override { return *catalog_; }

  Result<QueryEngine*> engine() override {
    std::lock_guard lock(mutex_);
    if (engine_ == nullptr && config_.athena) {
      // Athena runs statements that write itself.
      ARROW_ASSIGN_OR_RAISE(engine_,
                            OpenAthenaEngine(*config_.athena, config_.s3, config_.database,
                                             config_.prices.value_or(DefaultPrices()).athena,
                                             [this](std::string_view uri) { return stores_.ResolveOnS3(uri); }));
    }
    if (engine_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(auto queries, MakeQueries());
      engine_ =
          MakeStatementEngine(std::move(queries), {.hive = load_.hive,
                                                   .open_table = [this](const TableId& id) { return OpenTable(id); },
                                                   .location_of = load_.location_of,
                                                   .find = [this](std::string_view uri) { return stores_.Find(uri); },
                                                   .database = config_.database,
                                                   .memory_limit = config_.memory_limit / 5,
                                                   .unchangeable = Unchangeable()});
    }
    return engine_.get();
  }

  Result<QueryEstimate> Estimate(const QueryRequest& given) override {
    ARROW_ASSIGN_OR_RAISE(auto* local, reading_engine());
    QueryRequest request = given;
    if (!request.parameters.empty()) {
      // EXPLAIN takes none, and partitions are left out by values.
      for (auto& value : request.parameters) value = sql::ToLiteral(value);
      ARROW_ASSIGN_OR_RAISE(request.sql, sql::BindLiterals(request.sql, request.parameters));
      request.parameters.clear();
    }
    if (!config_.athena) return EstimateQuery(*local, request);
    QueryRequest athenas = request;
    athenas.dialect = SqlDialect::kAthena;
    auto estimate = EstimateQuery(*local, athenas);
    if (estimate.ok()) return estimate;
    ARROW_ASSIGN_OR_RAISE(auto* remote, engine());
    return EstimateQuery(*remote, request);
  }

  /// What only reads: pipelines cannot change the lake by SQL.
  Result<QueryEngine*> reading_engine() {
    std::lock_guard lock(mutex_);
    if (queries_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(queries_, MakeQueries());
    }
    return queries_.get();
  }

  Result<Location> Resolve(std::string_view uri) override { return stores_.Resolve(uri); }
  Result<std::vector<std::string>> Buckets() override { return stores_.Buckets(); }

  std::shared_ptr<BucketHost> bucket_host() override { return stores_.bucket_host(); }

  Result<std::shared_ptr<Table>> OpenTable(const TableId& id) override {
    auto table = OpenHiveTable(load_.hive, id);
    if (table.ok() || KindOf(table.status()) != ErrorKind::kNotFound) return table;
    return WithHint(table.status(), NearNames(id));
  }

  Result<LoadSummary> Load(const LoadOptions& options) override {
    LoadOptions folded = options;
    if (folded.table.database.empty()) folded.table.database = config_.database;
    ARROW_ASSIGN_OR_RAISE(folded.table.database, NormalizeTableName(folded.table.database));
    ARROW_ASSIGN_OR_RAISE(folded.table.name, NormalizeTableName(folded.table.name));
    return LoadIntoLake(*this, load_, folded);
  }

  Result<std::unique_ptr<Target>> OpenTarget(const DestinationConfig& destination, TargetUse use) override {
    return OpenSyncTarget(TargetsLake(nullptr), destination, use);
  }

  SyncEnvironment sync_environment(std::shared_ptr<arrow::io::OutputStream> out) override {
    using For = LakeStores::For;
    {
      std::lock_guard lock(mutex_);
      engine_memory_ = std::max(config_.memory_limit / 2, std::min(config_.memory_limit, kLeastEngineMemory));
    }
    SyncEnvironment environment;
    environment.open_folder = [this](std::string_view uri, const S3Access& access) {
      return stores_.OpenFolder(uri, For::kReading, access);
    };
    environment.make_folder = [this](std::string_view uri, const S3Access& access) {
      return stores_.OpenFolder(uri, For::kWriting, access);
    };
    environment.list_committed = ListCommitted;
    environment.open_table = [this](const TableId& id) { return OpenTable(id); };
    environment.resolve = load_.hive.resolve;
    environment.engine = [this] { return reading_engine(); };
    environment.clock = load_.hive.clock;
    environment.memory_limit = config_.memory_limit;
    environment.database = config_.database;
    environment.meter = stores_.meter();
    if (config_.prices.has_value()) environment.prices = *config_.prices;
    environment.open_target = [lake = TargetsLake(std::move(out))](const DestinationConfig& destination,
                                                                   TargetUse use) {
      return OpenSyncTarget(lake, destination, use);
    };
    return environment;
  }

  Status DropTable(const TableId& id) override {
    const Status status = DropHiveTable(load_.hive, id, load_.location_of(id));
    return KindOf(status) == ErrorKind::kNotFound && !status.ok() ? WithHint(status, NearNames(id)) : status;
  }

 private:
  /// A lake that is not there, and that was opened to be looked at.
  Status Unchangeable() const {
    std::error_code error;
    if (config_.create || fs::exists(root_, error)) return Status::OK();
    return MakeError(ErrorKind::kNotFound, "the lake ", root_, " is not there");
  }

  SyncLake TargetsLake(std::shared_ptr<arrow::io::OutputStream> out) {
    return {.hive = load_.hive,
            .location_of = load_.location_of,
            .open_folder = [this](std::string_view uri, LakeStores::For purpose,
                                  const S3Access& access) { return stores_.OpenFolder(uri, purpose, access); },
            .engine = [this] { return reading_engine(); },
            .database = config_.database,
            .memory_limit = config_.memory_limit,
            .out = std::move(out)};
  }

  Result<std::unique_ptr<QueryEngine>> MakeQueries() {
    LakeAccess access;
    access.catalog = catalog_;
    access.open_table = [this](const TableId& id) { return OpenTable(id); };
    access.resolve = load_.hive.resolve;
    access.resolve_named = [this](std::string_view uri) { return stores_.ResolveNamed(uri); };
    return MakeDuckDBEngine(std::move(access), {.default_database = config_.database,
                                                .memory_limit = engine_memory_,
                                                .allow_local_access = config_.allow_local_access});
  }

  /// "did you mean billing.cur", or where to look.
  std::string NearNames(const TableId& id) {
    // Of a catalog that others share, only what is beside: it may have thousands of databases.
    auto databases = config_.glue ? catalog_->GetDatabase(id.database).Map([](DatabaseEntry one) {
      return std::vector<DatabaseEntry>{std::move(one)};
    })
                                  : AllDatabases(*catalog_);
    std::string best;
    size_t least = id.ToString().size() / 3 + 2;
    size_t tables = 0;
    if (databases.ok()) {
      for (const auto& database : *databases) {
        const auto entries = AllTables(*catalog_, database.name);
        if (!entries.ok()) continue;
        for (const auto& entry : *entries) {
          ++tables;
          const size_t distance =
              std::min(Distance(entry.id.ToString(), id.ToString()), entry.id.name == id.name ? size_t{1} : SIZE_MAX);
          if (distance < least) {
            least = distance;
            best = entry.id.ToString();
          }
        }
      }
    }
    if (!best.empty()) return "did you mean " + best + "?";
    if (config_.glue) return "glaux tables lists the tables of " + catalog_->name();
    return tables == 0 ? "the lake " + root_ + " has no tables yet; glaux load makes one"
                       : "glaux tables lists the tables of the lake " + root_;
  }

  const LakeConfig config_;
  const std::string root_;
  const std::shared_ptr<Catalog> catalog_;
  LakeStores stores_;
  LoadEnvironment load_;
  std::mutex mutex_;
  int64_t engine_memory_;                 // of pipelines a part: rows are read and written at the same time
  std::unique_ptr<QueryEngine> engine_;   // of the lake's users
  std::unique_ptr<QueryEngine> queries_;  // of pipelines
};

}  // namespace

Result<std::unique_ptr<Lake>> Lake::Open(const LakeConfig& config) {
  if (config.memory_limit < kLeastMemory) {
    return MakeError(ErrorKind::kInvalid, "open lake ", config.directory, ": memory_limit is ", config.memory_limit,
                     " bytes, and at least 32MiB are needed");
  }
  std::error_code error;
  if (config.glue.has_value()) {
    ARROW_ASSIGN_OR_RAISE(auto catalog, OpenGlueCatalog(*config.glue, config.s3));
    if (!config.remote_store && config.create)
      fs::create_directories(config.directory + "/store/" + config.bucket, error);
    if (error) return ErrnoError(error.value(), "open lake " + config.directory);
    const fs::path root = fs::weakly_canonical(config.directory, error);
    if (error) return ErrnoError(error.value(), "open lake " + config.directory);
    return std::make_unique<LocalLake>(config, root.string(), std::move(catalog));
  }
  if (!config.create && !fs::exists(config.directory, error)) {
    return std::make_unique<LocalLake>(config, fs::absolute(config.directory).lexically_normal().string(),
                                       MakeMemoryCatalog());
  }
  fs::create_directories(config.directory + "/store/" + config.bucket, error);
  if (error) return ErrnoError(error.value(), "open lake " + config.directory);
  const fs::path root = fs::canonical(config.directory, error);
  if (error) return ErrnoError(error.value(), "open lake " + config.directory);
  ARROW_ASSIGN_OR_RAISE(auto catalog, OpenSqliteCatalog({.path = (root / "catalog.sqlite").string()}));
  return std::make_unique<LocalLake>(config, root.string(), std::move(catalog));
}

}  // namespace glaux
