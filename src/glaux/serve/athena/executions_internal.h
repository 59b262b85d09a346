#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "glaux/engine/query_engine.h"
#include "glaux/serve/athena/statement_text_internal.h"
#include "glaux/store/object_store.h"
#include "glaux/wire/athena_query.h"

namespace glaux::serve::athena {

/// A query that may run: what was asked, and what follows from it.
struct ExecutionPlan {
  glaux::wire::athena::StartQueryExecutionRequest asked;
  /// What the engine gets.
  std::string sql;
  StatementShape shape;
  std::string database;
  std::string workgroup;
  /// Where the result goes: the folder as an address, and its store with the prefix of keys.
  std::string folder;
  std::shared_ptr<ObjectStore> store;
  std::string prefix;
  /// What the server does itself; null: the engine runs it.
  std::function<Status()> done_here = {};
  /// Answer with the result of the same query if it is no older than this. Unset: run it.
  std::optional<std::chrono::minutes> reuse = {};
};

/// The result of a query that is done.
struct ExecutionResult {
  std::shared_ptr<ObjectStore> store;
  std::string key;  ///< empty: the statement has no rows
  ResultKind kind = ResultKind::kRows;
  std::vector<glaux::wire::athena::ColumnInfo> columns;
  int64_t update_count = 0;
};

struct ExecutionLimits {
  int max_running = 8;
  /// Queries that wait; the next one is refused (TooManyRequestsException).
  size_t max_queued = 1'000;
  /// Queries that are remembered after their end, and bytes of their texts. The oldest go first.
  size_t max_history = 10'000;
  size_t max_history_bytes = 64 << 20;
};

/// Queries, those that wait, run and are done. Thread-safe. Destroying it cancels what runs.
class Executions {
 public:
  /// \param clean takes what is nobody's business out of an error's message
  Executions(std::function<Result<QueryEngine*>()> engine, std::function<std::string(const Status&)> clean,
             ExecutionLimits limits);
  ~Executions();

  /// \return the id; that of a former query where it was asked with the same token
  Result<std::string> Start(ExecutionPlan plan);
  Result<glaux::wire::athena::QueryExecution> Get(const std::string& id);
  Result<glaux::wire::athena::QueryRuntimeStatistics> GetRuntimeStatistics(const std::string& id);
  /// Ids of a workgroup's queries, newest first, which follow the one with the id `after` (empty: from the newest).
  std::vector<std::string> List(const std::string& workgroup, const std::string& after, size_t most);
  Status Stop(const std::string& id);
  /// kInvalid unless the query has succeeded.
  Result<ExecutionResult> GetResult(const std::string& id);

 private:
  struct Execution;
  using ExecutionPtr = std::shared_ptr<Execution>;

  /// The newest query of before whose result the plan may take; null if there is none.
  ExecutionPtr FindReusable(const ExecutionPlan& plan);
  Result<ExecutionPtr> Find(const std::string& id);
  void Work();
  void Run(const ExecutionPtr& execution);
  Status DoHere(const ExecutionPtr& execution);
  Status RunOnEngine(const ExecutionPtr& execution);
  Status WriteManifest(const ExecutionPtr& execution, const std::vector<std::string>& files);
  Status WriteResult(const ExecutionPtr& execution, std::shared_ptr<arrow::RecordBatchReader> rows);
  void End(Execution& execution, const Status& outcome);
  void Forget();

  const std::function<Result<QueryEngine*>()> engine_;
  const std::function<std::string(const Status&)> clean_;
  const ExecutionLimits limits_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::map<std::string, ExecutionPtr> by_id_;
  std::map<std::string, std::string> by_token_;
  std::deque<ExecutionPtr> history_;  ///< oldest first
  size_t history_bytes_ = 0;
  std::deque<ExecutionPtr> queue_;
  std::vector<std::thread> workers_;
  int idle_ = 0;
};

}  // namespace glaux::serve::athena
