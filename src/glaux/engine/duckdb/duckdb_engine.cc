#include "glaux/engine/duckdb/duckdb_engine.h"

#include <duckdb.hpp>
#include <duckdb/catalog/catalog.hpp>
#include <duckdb/parser/parsed_data/drop_info.hpp>

#include <arrow/record_batch.h>

#include <filesystem>
#include <map>
#include <mutex>

#include "glaux/base/parallel.h"
#include "glaux/base/random.h"
#include "glaux/engine/duckdb/athena_functions_internal.h"
#include "glaux/engine/duckdb/lake_catalog_internal.h"
#include "glaux/engine/duckdb/lake_file_system_internal.h"
#include "glaux/engine/duckdb/query_run_internal.h"
#include "glaux/engine/duckdb/relation_scan_internal.h"

namespace glaux {

namespace {

using duckdb_engine::QueryRun;

/// Pulls a query's rows from its buffer.
class ResultReader : public arrow::RecordBatchReader {
 public:
  ResultReader(std::shared_ptr<QueryRun> run, std::shared_ptr<arrow::Schema> schema)
      : run_(std::move(run)), schema_(std::move(schema)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_ASSIGN_OR_RAISE(*batch, run_->buffer().Pop());
    if (*batch) run_->CountRows((*batch)->num_rows());
    return Status::OK();
  }

 private:
  const std::shared_ptr<QueryRun> run_;
  const std::shared_ptr<arrow::Schema> schema_;
};

class DuckDBEngine : public QueryEngine {
 public:
  DuckDBEngine(DuckDBEngineOptions options, std::string temp_directory, std::shared_ptr<duckdb::DuckDB> database)
      : options_(std::move(options)), temp_directory_(std::move(temp_directory)), database_(std::move(database)) {}

  ~DuckDBEngine() override {
    std::map<QueryId, std::shared_ptr<QueryRun>> runs;
    {
      std::lock_guard lock(mutex_);
      runs.swap(runs_);
    }
    for (auto& [id, run] : runs) {
      run->Cancel();
      run->buffer().Close(MakeError(ErrorKind::kCancelled, "the engine is closed"));  // a reader may outlive it
    }
    runs.clear();
    database_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(temp_directory_, ignored);
  }

  EngineTraits traits() const override {
    return {.name = "duckdb", .dialect = "duckdb", .billed = false, .streaming = true, .relations = true};
  }

  Result<QueryId> Submit(const QueryRequest& request) override {
    ARROW_RETURN_NOT_OK(duckdb_engine::CheckRelations(request.relations));
    const auto id = NewId();
    duckdb_engine::QueryRunOptions run_options{.default_database = options_.default_database,
                                               .allow_local_access = options_.allow_local_access,
                                               .spill_path = temp_directory_ + "/" + id + ".arrow"};
    try {
      auto run = std::make_shared<QueryRun>(database_, request, std::move(run_options));
      std::lock_guard lock(mutex_);
      runs_.emplace(id, std::move(run));
    } catch (const std::exception& error) {
      return duckdb_engine::ToStatus(duckdb::ErrorData(error), nullptr);
    }
    return id;
  }

  Result<QueryStatus> GetStatus(const QueryId& id, std::chrono::milliseconds wait) override {
    ARROW_ASSIGN_OR_RAISE(auto run, Find(id));
    return run->GetStatus(wait);
  }

  Status Cancel(const QueryId& id) override {
    ARROW_ASSIGN_OR_RAISE(auto run, Find(id));
    run->Cancel();
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::RecordBatchReader>> Results(const QueryId& id) override {
    ARROW_ASSIGN_OR_RAISE(auto run, Find(id));
    ARROW_RETURN_NOT_OK(run->TakeResults());
    ARROW_ASSIGN_OR_RAISE(auto schema, run->buffer().WaitForSchema());
    return std::make_shared<ResultReader>(std::move(run), std::move(schema));
  }

  void Release(const QueryId& id) override {
    std::shared_ptr<QueryRun> run;
    {
      std::lock_guard lock(mutex_);
      const auto found = runs_.find(id);
      if (found == runs_.end()) return;
      run = std::move(found->second);
      runs_.erase(found);
    }
    run->Cancel();
  }

 private:
  Result<std::shared_ptr<QueryRun>> Find(const QueryId& id) {
    std::lock_guard lock(mutex_);
    const auto found = runs_.find(id);
    if (found == runs_.end()) return MakeError(ErrorKind::kNotFound, "there is no query ", id);
    return found->second;
  }

  const DuckDBEngineOptions options_;
  const std::string temp_directory_;
  std::shared_ptr<duckdb::DuckDB> database_;
  std::mutex mutex_;
  std::map<QueryId, std::shared_ptr<QueryRun>> runs_;
};

Result<std::string> MakeTempDirectory(const std::string& parent) {
  std::error_code error;
  const auto root = parent.empty() ? std::filesystem::temp_directory_path(error) : std::filesystem::path(parent);
  if (error) return ErrnoError(error.value(), "find the system's temporary folder");
  const auto folder = std::filesystem::absolute(root) / ("glaux-duckdb-" + NewId());
  std::filesystem::create_directories(folder, error);
  if (error) return ErrnoError(error.value(), "make " + folder.string());
  return folder.string();
}

/// Functions by which a SELECT would change the engine or read memory.
constexpr const char* kUnsafeFunctions[] = {"arrow_scan",       "arrow_scan_dumb",     "checkpoint",
                                            "disable_logging",  "disable_peg_parser",  "disable_profiling",
                                            "enable_logging",   "enable_peg_parser",   "enable_profiling",
                                            "force_checkpoint", "truncate_duckdb_logs"};

void DropUnsafeFunctions(duckdb::ClientContext& context) {
  context.RunFunctionInTransaction([&] {
    for (const auto* function : kUnsafeFunctions) {
      duckdb::DropInfo info;
      info.type = duckdb::CatalogType::TABLE_FUNCTION_ENTRY;
      info.schema = DEFAULT_SCHEMA;
      info.name = function;
      info.if_not_found = duckdb::OnEntryNotFound::RETURN_NULL;
      info.allow_drop_internal = true;
      duckdb::Catalog::GetSystemCatalog(context).DropEntry(context, info);
    }
  });
}

std::shared_ptr<duckdb::DuckDB> OpenDatabase(const LakeAccess& lake, const DuckDBEngineOptions& options,
                                             const std::string& temp_directory) {
  duckdb::DBConfig config;
  config.file_system = duckdb_engine::MakeFileSystem(lake, options.allow_local_access, temp_directory);
  duckdb_engine::RegisterCatalog(config, lake, options.default_database);
  config.options.database_type = duckdb_engine::kCatalogType;
  config.options.maximum_memory = static_cast<duckdb::idx_t>(options.memory_limit);
  config.options.maximum_threads =
      static_cast<duckdb::idx_t>(options.threads > 0 ? options.threads : PoolSize(Pool::kCpu));
  config.options.temporary_directory = temp_directory;
  const auto set = [&](const std::string& name, const duckdb::Value& value) { config.SetOptionByName(name, value); };
  set("enable_external_file_cache", duckdb::Value::BOOLEAN(false));
  set("catalog_error_max_schemas", duckdb::Value::UBIGINT(20));
  if (!options.allow_local_access) {
    set("autoload_known_extensions", duckdb::Value::BOOLEAN(false));
    set("autoinstall_known_extensions", duckdb::Value::BOOLEAN(false));
    set("allow_community_extensions", duckdb::Value::BOOLEAN(false));
    // URIs are left to our file system, which knows the lake's border.
    for (const auto* scheme : {"s3://", "s3a://", "file://"}) config.options.allowed_directories.insert(scheme);
    set("enable_external_access", duckdb::Value::BOOLEAN(false));
  }
  auto database = std::make_shared<duckdb::DuckDB>(duckdb_engine::kCatalogName, &config);
  duckdb::Connection connection(*database);
  const auto run = [&](const char* statement) {
    const auto result = connection.Query(statement);
    if (result->HasError()) result->ThrowError();
  };
  run("SET GLOBAL TimeZone = 'UTC'");
  duckdb_engine::RegisterRelationScan(connection);
  duckdb_engine::RegisterAthenaFunctions(*connection.context);
  if (!options.allow_local_access) {
    DropUnsafeFunctions(*connection.context);
    run("SET GLOBAL lock_configuration = true");
  }
  return database;
}

}  // namespace

Result<std::unique_ptr<QueryEngine>> MakeDuckDBEngine(LakeAccess lake, const DuckDBEngineOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto temp_directory, MakeTempDirectory(options.temp_directory));
  try {
    auto database = OpenDatabase(lake, options, temp_directory);
    return std::make_unique<DuckDBEngine>(options, std::move(temp_directory), std::move(database));
  } catch (const std::exception& error) {
    std::error_code ignored;
    std::filesystem::remove_all(temp_directory, ignored);
    return Prefix(duckdb_engine::ToStatus(duckdb::ErrorData(error), nullptr), "start DuckDB");
  }
}

}  // namespace glaux
