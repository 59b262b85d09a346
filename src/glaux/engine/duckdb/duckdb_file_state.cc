#include <duckdb/catalog/catalog.hpp>
#include <duckdb/catalog/catalog_entry/table_catalog_entry.hpp>
#include <duckdb/main/database_manager.hpp>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include "glaux/engine/duckdb/duckdb_file_internal.h"
#include "glaux/engine/duckdb/query_state_internal.h"

namespace glaux {

namespace duckdb_engine {

namespace {

std::string Literal(std::string_view text) {
  return "'" + duckdb::StringUtil::Replace(std::string(text), "'", "''") + "'";
}

bool IsLocked(const duckdb::ErrorData& error) {
  const auto& message = error.RawMessage();
  return message.find("Could not set lock") != std::string::npos ||
         message.find("Conflicting lock") != std::string::npos;
}

/// Another process has made the file this moment and has not written its headers yet.
bool IsBeingMade(const duckdb::ErrorData& error, const std::string& path) {
  namespace fs = std::filesystem;
  constexpr std::uintmax_t kHeaders = 3 * 4096;
  if (error.RawMessage().find("not a valid DuckDB database") == std::string::npos) return false;
  std::error_code failed;
  const auto size = fs::file_size(path, failed);
  if (failed || size >= kHeaders) return false;
  const auto modified = fs::last_write_time(path, failed);
  return !failed && fs::file_time_type::clock::now() - modified < std::chrono::seconds(2);
}

Status NoFolder(const std::string& path) {
  return MakeError({.kind = ErrorKind::kNotFound, .service = "duckdb", .hint = "make the folder first"},
                   "open DuckDB file ", path, ": there is no such folder");
}

Status OpenError(const std::exception& exception, const std::string& path) {
  const duckdb::ErrorData error(exception);
  const auto& message = error.RawMessage();
  const auto says = [&](const char* words) { return message.find(words) != std::string::npos; };
  if (IsLocked(error)) {
    return MakeError({.kind = ErrorKind::kUnavailable,
                      .service = "duckdb",
                      .hint = "close the program that has the file open, or wait until it is done"},
                     "open DuckDB file ", path, ": another process has it open: ", message);
  }
  if (says("not a valid DuckDB database") || error.Type() == duckdb::ExceptionType::SERIALIZATION) {
    return MakeError(
        {.kind = ErrorKind::kInvalid, .service = "duckdb", .hint = "name another file, or remove this one"},
        "open DuckDB file ", path, ": it is no DuckDB database: ", message);
  }
  if (says("No such file or directory")) return NoFolder(path);
  if (says("Permission denied")) {
    return MakeError({.kind = ErrorKind::kDenied, .service = "duckdb", .hint = "give this user access to the file"},
                     "open DuckDB file ", path, ": ", message);
  }
  return Prefix(ToStatus(error, nullptr), "open DuckDB file " + path);
}

}  // namespace

struct DuckDBFile::Instance {
  Instance(const std::string& path, duckdb::DBConfig& config) : database(path, &config) {}
  duckdb::DuckDB database;
  std::mutex transaction;
};

std::shared_ptr<DuckDBFile::Instance> DuckDBFile::Make(const std::string& path, int64_t memory_limit) {
  duckdb::DBConfig config;
  config.options.maximum_memory = static_cast<duckdb::idx_t>(memory_limit);
  for (const auto* setting : {"autoload_known_extensions", "autoinstall_known_extensions"}) {
    config.SetOptionByName(setting, duckdb::Value::BOOLEAN(false));
  }
  return std::make_shared<Instance>(path, config);
}

std::shared_ptr<DuckDBFile::Instance> DuckDBFile::Share(const std::string& path, const DuckDBTarget& target) {
  struct Slot {
    std::weak_ptr<Instance> instance;
    bool is_open = false;  // until the instance is gone, which is later than its last user
  };
  struct Slots {
    std::mutex mutex;
    std::condition_variable closed;
    std::map<std::string, Slot> by_path;
  };
  static auto& slots = *new Slots;  // outlives every file
  std::unique_lock lock(slots.mutex);
  auto& slot = slots.by_path[path];
  std::shared_ptr<Instance> shared;
  slots.closed.wait(lock, [&] { return !slot.is_open || (shared = slot.instance.lock()); });
  if (shared) return shared;
  auto made = Make(path, target.memory_limit);
  shared = std::shared_ptr<Instance>(made.get(), [made, path](Instance*) mutable {
    made.reset();
    std::lock_guard closing(slots.mutex);
    slots.by_path[path].is_open = false;
    slots.closed.notify_all();
  });
  slot = {.instance = shared, .is_open = true};
  return shared;
}

std::shared_ptr<DuckDBFile::Instance> DuckDBFile::ShareWhenFree(const std::string& path, const DuckDBTarget& target) {
  using std::chrono::milliseconds;
  const auto deadline = std::chrono::steady_clock::now() + target.wait_for_lock;
  for (milliseconds pause(20);; pause = std::min(pause * 2, milliseconds(250))) {
    try {
      return Share(path, target);
    } catch (const std::exception& exception) {
      const duckdb::ErrorData error(exception);
      const bool passes = IsLocked(error) || IsBeingMade(error, path);
      if (!passes || std::chrono::steady_clock::now() >= deadline) throw;
    }
    std::this_thread::sleep_for(pause);
  }
}

std::string Quoted(std::string_view name) {
  return '"' + duckdb::StringUtil::Replace(std::string(name), "\"", "\"\"") + '"';
}

Result<std::unique_ptr<DuckDBFile>> DuckDBFile::Open(const DuckDBTarget& target, bool create) {
  if (target.path.empty()) return MakeError(ErrorKind::kInvalid, "a DuckDB target has no path");
  std::error_code error;
  const auto path = std::filesystem::weakly_canonical(std::filesystem::absolute(target.path), error);
  if (error) return ErrnoError(error.value(), "open DuckDB file " + target.path);
  if (std::filesystem::is_directory(path, error)) {
    return MakeError(ErrorKind::kInvalid, "open DuckDB file ", target.path, ": it is a folder");
  }
  if (!create && !std::filesystem::exists(path, error)) {
    return MakeError(ErrorKind::kNotFound, "open DuckDB file ", target.path, ": it is not there");
  }
  try {
    auto file = std::make_unique<DuckDBFile>();
    file->Attach(target, ShareWhenFree(path.string(), target));
    return file;
  } catch (const std::exception& exception) {
    return OpenError(exception, target.path);
  }
}

Result<std::unique_ptr<DuckDBFile>> DuckDBFile::OpenNothing(const DuckDBTarget& target) {
  try {
    auto file = std::make_unique<DuckDBFile>();
    file->Attach(target, Make(":memory:", target.memory_limit));
    return file;
  } catch (const std::exception& exception) {
    return OpenError(exception, target.path);
  }
}

Status DuckDBFile::CheckFolder(const DuckDBTarget& target) {
  std::error_code error;
  const auto path = std::filesystem::weakly_canonical(std::filesystem::absolute(target.path), error);
  if (error) return ErrnoError(error.value(), "open DuckDB file " + target.path);
  return std::filesystem::is_directory(path.parent_path(), error) ? Status::OK() : NoFolder(target.path);
}

void DuckDBFile::Attach(const DuckDBTarget& target, std::shared_ptr<Instance> instance) {
  path_ = target.path;
  schema_ = target.schema;
  instance_ = std::move(instance);
  connection_ = std::make_unique<duckdb::Connection>(instance_->database);
  catalog_ = duckdb::DatabaseManager::GetDefaultDatabase(context());
  Run("SET TimeZone = 'UTC'");
}

std::string DuckDBFile::Name(std::string_view table) const {
  return Quoted(catalog_) + "." + Quoted(schema_) + "." + Quoted(table);
}

std::optional<std::vector<DuckDBFile::Column>> DuckDBFile::Columns(const std::string& table) {
  std::optional<std::vector<Column>> columns;
  context().RunFunctionInTransaction([&] {
    const auto entry = duckdb::Catalog::GetEntry<duckdb::TableCatalogEntry>(context(), catalog_, schema_, table,
                                                                            duckdb::OnEntryNotFound::RETURN_NULL);
    if (!entry) return;
    columns.emplace();
    for (const auto& column : entry->GetColumns().Logical()) columns->push_back({column.Name(), column.Type()});
  });
  return columns;
}

duckdb::unique_ptr<duckdb::MaterializedQueryResult> DuckDBFile::Rows(const std::string& sql,
                                                                     duckdb::vector<duckdb::Value> values) {
  duckdb::unique_ptr<duckdb::QueryResult> result;
  if (values.empty()) {
    result = connection_->Query(sql);
  } else {
    auto prepared = connection_->Prepare(sql);
    if (prepared->HasError()) prepared->GetErrorObject().Throw();
    result = prepared->Execute(values, /*allow_stream_result=*/false);
  }
  if (result->HasError()) result->ThrowError();
  return duckdb::unique_ptr_cast<duckdb::QueryResult, duckdb::MaterializedQueryResult>(std::move(result));
}

int64_t DuckDBFile::Count(const std::string& sql) { return Rows(sql)->GetValue(0, 0).GetValue<int64_t>(); }

Status DuckDBFile::Transact(std::string_view what, const std::function<Status()>& work) {
  std::lock_guard lock(instance_->transaction);
  Status outcome;
  try {
    connection_->BeginTransaction();
    outcome = work();
    if (outcome.ok()) {
      connection_->Commit();
      return outcome;
    }
  } catch (const std::exception& error) {
    outcome = Prefix(ToStatus(duckdb::ErrorData(error), nullptr), std::string(what));
  }
  try {
    if (context().transaction.HasActiveTransaction()) connection_->Rollback();
  } catch (const std::exception&) {  // a transaction that DuckDB gave up is rolled back already
  }
  return outcome;
}

std::optional<std::string> DuckDBFile::State(const std::string& stream) {
  if (!Columns(kStateTable)) return std::nullopt;
  const auto rows = Rows("SELECT state FROM " + Name(kStateTable) + " WHERE stream = " + Literal(stream));
  if (rows->RowCount() == 0 || rows->GetValue(0, 0).IsNull()) return std::nullopt;
  return rows->GetValue(0, 0).GetValue<std::string>();
}

Status DuckDBFile::SetState(const std::string& stream, const std::optional<std::string>& expected,
                            const std::optional<std::string>& next) {
  if (State(stream) != expected) {
    return MakeError({.kind = ErrorKind::kPrecondition, .hint = "read the state again and repeat the run"},
                     "set the state of stream ", stream, " in ", path_, ": it is not what it was when this run began");
  }
  const auto table = Name(kStateTable);
  if (next) {
    Run("CREATE SCHEMA IF NOT EXISTS " + Quoted(catalog_) + "." + Quoted(schema_));
    Run("CREATE TABLE IF NOT EXISTS " + table + " (stream VARCHAR, state VARCHAR, updated_at TIMESTAMP)");
  } else if (!expected) {
    return Status::OK();
  }
  Run("DELETE FROM " + table + " WHERE stream = " + Literal(stream));
  if (next) {
    (void)Rows("INSERT INTO " + table + " VALUES ($1, $2, current_timestamp::TIMESTAMP)",
               {duckdb::Value(stream), duckdb::Value(*next)});
  }
  return Status::OK();
}

}  // namespace duckdb_engine

using duckdb_engine::DuckDBFile;

Result<std::optional<std::string>> ReadDuckDBState(const DuckDBTarget& target, const std::string& stream) {
  auto file = DuckDBFile::Open(target, /*create=*/false);
  if (KindOf(file.status()) == ErrorKind::kNotFound) return std::nullopt;
  ARROW_RETURN_NOT_OK(file);
  std::optional<std::string> state;
  ARROW_RETURN_NOT_OK((*file)->Transact("read the state of stream " + stream + " in " + target.path, [&] {
    state = (*file)->State(stream);
    return Status::OK();
  }));
  return state;
}

Result<std::vector<std::string>> ListDuckDBStates(const DuckDBTarget& target) {
  auto file = DuckDBFile::Open(target, /*create=*/false);
  std::vector<std::string> streams;
  if (KindOf(file.status()) == ErrorKind::kNotFound) return streams;
  ARROW_RETURN_NOT_OK(file);
  ARROW_RETURN_NOT_OK((*file)->Transact("list the states in " + target.path, [&] {
    if (!(*file)->Columns(duckdb_engine::kStateTable)) return Status::OK();
    const auto rows = (*file)->Rows("SELECT stream FROM " + (*file)->Name(duckdb_engine::kStateTable) + " ORDER BY 1");
    for (duckdb::idx_t i = 0; i < rows->RowCount(); ++i) {
      streams.push_back(rows->GetValue(0, i).GetValue<std::string>());
    }
    return Status::OK();
  }));
  return streams;
}

Status WriteDuckDBState(const DuckDBTarget& target, const std::string& stream,
                        const std::optional<std::string>& expected, const std::optional<std::string>& next) {
  ARROW_ASSIGN_OR_RAISE(const auto file, DuckDBFile::Open(target, /*create=*/true));
  return file->Transact("set the state of stream " + stream + " in " + target.path,
                        [&] { return file->SetState(stream, expected, next); });
}

}  // namespace glaux
