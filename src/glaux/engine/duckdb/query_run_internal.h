#pragma once

#include <duckdb.hpp>

#include <arrow/type_fwd.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "glaux/engine/duckdb/first_error_internal.h"
#include "glaux/engine/duckdb/query_state_internal.h"
#include "glaux/engine/duckdb/result_buffer_internal.h"
#include "glaux/engine/query_engine.h"

namespace glaux::duckdb_engine {

struct QueryRunOptions {
  std::string default_database;
  bool allow_local_access = false;
  /// Rows that wait for their reader, in bytes.
  int64_t buffer_bytes = 32 << 20;
  std::string spill_path;
};

/// One query on a connection and a thread of its own, from submission to its last row. Thread-safe.
class QueryRun {
 public:
  QueryRun(std::shared_ptr<duckdb::DuckDB> database, QueryRequest request, QueryRunOptions options);
  /// Cancels what still runs and waits for it.
  ~QueryRun();

  QueryStatus GetStatus(std::chrono::milliseconds wait);
  void Cancel();
  /// kInvalid the second time.
  Status TakeResults();
  ResultBuffer& buffer() { return buffer_; }
  void CountRows(int64_t rows) { rows_ += rows; }

 private:
  using SteadyClock = std::chrono::steady_clock;

  void Run();
  Status Execute(duckdb::Connection& connection);
  Status Stream(duckdb::Connection& connection, duckdb::QueryResult& result);
  Status Explain(duckdb::Connection& connection, bool io, const std::string& query,
                 duckdb::unique_ptr<duckdb::SQLStatement> statement);
  duckdb::unique_ptr<duckdb::PendingQueryResult> Begin(duckdb::Connection& connection,
                                                       duckdb::unique_ptr<duckdb::SQLStatement> statement);
  /// Stop for `reason` unless it is over.
  void Stop(const Status& reason);
  Status stop_reason();
  /// The Status of an error that DuckDB reports for this query.
  Status Failure(const duckdb::ErrorData& error) const;
  void WatchTimeout();
  void SamplePeakMemory(duckdb::Connection& connection);

  const std::shared_ptr<duckdb::DuckDB> database_;
  const QueryRequest request_;
  const QueryRunOptions options_;
  std::string sql_;  ///< as DuckDB gets it; the worker's
  const Timestamp submitted_;
  const SteadyClock::time_point begin_;

  arrow::StopSource stop_source_;
  duckdb::shared_ptr<QueryContext> context_;
  FirstError first_error_;
  ResultBuffer buffer_;
  std::atomic<int64_t> rows_{0};
  std::atomic<int64_t> peak_memory_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<duckdb::Connection> connection_;  ///< null once the query is over
  QueryState state_ = QueryState::kQueued;
  Status error_;
  Status stop_reason_;
  bool results_taken_ = false;
  std::chrono::milliseconds queue_time_{0};
  std::chrono::milliseconds execution_time_{0};
  SteadyClock::time_point running_since_;

  std::thread worker_;
  std::thread watch_;
};

}  // namespace glaux::duckdb_engine
