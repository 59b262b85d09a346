#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/cancel.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "glaux/engine/query_engine.h"

namespace glaux {

/// One statement on a thread of its own, from submission to its result. Thread-safe.
class StatementRun {
 public:
  /// What a statement gives: rows in memory; columns may be none.
  using Work = std::function<Result<std::shared_ptr<arrow::Table>>(StatementRun&)>;

  StatementRun(QueryEngine& queries, QueryRequest request, Work work);
  /// Cancels what still runs and waits for it.
  ~StatementRun();

  QueryStatus GetStatus(std::chrono::milliseconds wait);
  void Cancel();
  /// Waits for the end. kInvalid the second time.
  Result<std::shared_ptr<arrow::RecordBatchReader>> TakeResults();

  // ---- for the work, on its thread ----
  const QueryRequest& request() const { return request_; }
  arrow::StopToken stop() { return stop_source_.token(); }
  /// Begin a query of the engine below; it is cancelled with the statement. One at a time.
  Result<std::shared_ptr<arrow::RecordBatchReader>> Query(std::string sql);
  /// Tell of the files that were written, for QueryStatus.
  void Wrote(std::vector<std::string> files);
  /// Keep the statistics of the query and release it. Its reader is not read any more.
  void EndQuery();
  /// From now on the statement ends as its work does: Cancel and the timeout come too late. The reason to stop if that
  /// came first.
  Status BeginCommit();

 private:
  using SteadyClock = std::chrono::steady_clock;

  void Run(const Work& work);
  void Stop(const Status& reason);
  void WatchTimeout();
  std::chrono::milliseconds Elapsed() const;

  QueryEngine& queries_;
  const QueryRequest request_;
  const Timestamp submitted_;
  const SteadyClock::time_point begin_;
  arrow::StopSource stop_source_;

  std::mutex mutex_;
  std::condition_variable changed_;
  QueryState state_ = QueryState::kRunning;
  Status error_;
  Status stop_reason_;
  bool committing_ = false;
  QueryId query_;  ///< of the engine below, while it runs
  QueryStatistics statistics_;
  std::vector<std::string> notes_;
  std::vector<std::string> files_written_;
  std::shared_ptr<arrow::Table> rows_;
  bool taken_ = false;

  std::thread worker_;
  std::thread watch_;
};

}  // namespace glaux
