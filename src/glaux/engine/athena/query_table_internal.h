#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "glaux/engine/athena/query_internal.h"

namespace glaux::athena {

/// The queries of an engine from their start to their end at Athena. Thread-safe.
///
/// Up to max_concurrent are at Athena; others wait for their turn. One thread, the looker, asks for all that are open;
/// a second one, made when a query has to wait, sends the starts of those whose turn comes.
class QueryTable {
 public:
  using QueryPtr = std::shared_ptr<OpenQuery>;

  QueryTable(const AthenaEngineOptions& options, std::shared_ptr<AthenaConnection> connection);
  /// Stops what is open, at Athena too.
  ~QueryTable();

  /// Begin a query, here or when its turn comes. An error: it is not in the table.
  Status Add(const QueryPtr& query);
  /// kNotFound.
  Result<QueryPtr> Find(const QueryId& id);
  QueryStatus StatusOf(OpenQuery& query, std::chrono::milliseconds wait);
  /// Wait until a query is done. Its error.
  Status Await(OpenQuery& query);
  /// End a query for this reason, at Athena too. \return why Athena could not be told; it is told again later
  Status Stop(const QueryPtr& query, const Status& reason);
  /// Take a query out. Null: there is none.
  QueryPtr Remove(const QueryId& id);
  /// Take the right to its rows; kInvalid the second time.
  Status TakeResults(OpenQuery& query);
  /// Athena had it, and nobody took its rows.
  bool HasUnreadRows(OpenQuery& query);
  wire::QueryExecution ExecutionOf(OpenQuery& query);
  void SetResultPath(OpenQuery& query, std::string path);

 private:
  using Lock = std::unique_lock<std::mutex>;

  bool HasTurn() const { return at_athena_ < options_.max_concurrent; }
  Status SendStart(const QueryPtr& query);
  void AfterStart(const QueryPtr& query, const Result<std::string>& service_id);
  void SendStarts();
  void Look();
  std::optional<SteadyTime> NextLook() const;
  /// What Athena says of queries: in one request, or one by one where that one may not be sent.
  Result<wire::BatchGetQueryExecutionResponse> Ask(const wire::BatchGetQueryExecutionRequest& request,
                                                   const std::string& subject);
  Result<wire::BatchGetQueryExecutionResponse> AskOneByOne(const wire::BatchGetQueryExecutionRequest& request);
  void LookAt(Lock& lock, const std::vector<QueryPtr>& queries);
  void Apply(const QueryPtr& query, const wire::QueryExecution& execution);
  void LookFailed(const std::vector<QueryPtr>& queries, const Status& why);
  void PlanNextLook(OpenQuery& query);
  /// Under the lock. \return Athena's id, where Athena is to be told
  std::string EndFor(OpenQuery& query, const Status& reason);
  void End(OpenQuery& query, QueryState state, const Status& error);
  void TellToStop(Lock& lock, const std::vector<std::string>& service_ids);
  double Jitter();

  const AthenaEngineOptions& options_;
  const std::shared_ptr<AthenaConnection> connection_;
  /// Gives up soon, for what happens while the engine ends.
  AthenaConnection last_words_;
  arrow::StopSource abort_;

  std::mutex mutex_;
  std::condition_variable changed_;       ///< of a query, for who waits for it
  std::condition_variable look_changed_;  ///< for the looker
  std::condition_variable turn_changed_;  ///< for the starter
  bool stopping_ = false;
  std::map<QueryId, QueryPtr> by_id_;
  std::map<std::string, QueryPtr> open_;  ///< by Athena's id, also released ones until they are stopped
  std::deque<QueryPtr> waiting_;
  std::vector<std::string> unstopped_;  ///< Athena's ids of queries that could not be stopped yet
  int at_athena_ = 0;
  std::optional<SteadyTime> looks_fail_since_;
  bool one_by_one_ = false;  ///< of the looker alone
  std::minstd_rand random_{std::random_device{}()};
  std::thread looker_;
  std::thread starter_;
};

}  // namespace glaux::athena
