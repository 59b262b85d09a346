#include "glaux/engine/athena/query_table_internal.h"

#include <algorithm>

#include "glaux/base/parallel.h"
#include "glaux/engine/athena/execution_error_internal.h"
#include "glaux/sql/literal.h"

namespace glaux::athena {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// Ids of a BatchGetQueryExecution.
constexpr size_t kBatch = 50;
/// After a start that was throttled, beside what the retry loop has waited.
constexpr milliseconds kThrottledPause{500};
constexpr milliseconds kMostThrottledPause{15'000};

RetryPolicy ShortRetry() {
  return {.max_attempts = 3, .base_delay = milliseconds(50), .deadline = milliseconds(5'000)};
}

bool IsLost(ErrorKind kind) {
  return kind == ErrorKind::kUnavailable || kind == ErrorKind::kTimeout || kind == ErrorKind::kCancelled;
}

bool MayPass(ErrorKind kind) {
  return kind == ErrorKind::kThrottled || kind == ErrorKind::kUnavailable || kind == ErrorKind::kTimeout;
}

wire::StartQueryExecutionRequest StartOf(const OpenQuery& query, const AthenaEngineOptions& options) {
  wire::StartQueryExecutionRequest start{.QueryString = query.sql, .ClientRequestToken = query.id};
  const auto& database = query.request.database.empty() ? options.database : query.request.database;
  if (!database.empty() || !options.catalog.empty()) {
    auto& context = start.QueryExecutionContext.emplace();
    if (!database.empty()) context.Database = database;
    if (!options.catalog.empty()) context.Catalog = options.catalog;
  }
  if (!options.output_location.empty()) start.ResultConfiguration.emplace().OutputLocation = options.output_location;
  if (!options.workgroup.empty()) start.WorkGroup = options.workgroup;
  for (const auto& value : query.request.parameters) {
    if (!start.ExecutionParameters) start.ExecutionParameters.emplace();
    start.ExecutionParameters->push_back(sql::ToLiteral(value));
  }
  if (options.result_reuse) {
    start.ResultReuseConfiguration = boost::json::object{
        {"ResultReuseByAgeConfiguration",
         boost::json::object{{"Enabled", true}, {"MaxAgeInMinutes", options.result_reuse->count()}}}};
  }
  return start;
}

}  // namespace

QueryTable::QueryTable(const AthenaEngineOptions& options, std::shared_ptr<AthenaConnection> connection)
    : options_(options), connection_(std::move(connection)), last_words_(options, ShortRetry()) {}

QueryTable::~QueryTable() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  abort_.RequestStop();
  turn_changed_.notify_all();
  look_changed_.notify_all();
  if (starter_.joinable()) starter_.join();
  if (looker_.joinable()) looker_.join();
  std::vector<std::string> ids;
  {
    const std::lock_guard lock(mutex_);
    const Status reason = MakeError(ErrorKind::kCancelled, "the engine is closed");
    for (const auto& [id, query] : by_id_) {
      query->stop_reading = true;
      if (auto open = EndFor(*query, reason); !open.empty()) ids.push_back(std::move(open));
    }
    ids.insert(ids.end(), unstopped_.begin(), unstopped_.end());
  }
  changed_.notify_all();
  static_cast<void>(ParallelFor(std::span(ids), 0, Pool::kIo, arrow::StopToken::Unstoppable(), [&](std::string& id) {
    static_cast<void>(last_words_.Send(wire::StopQueryExecutionRequest{.QueryExecutionId = id}, "query " + id));
    return Status::OK();  // an error would keep the others from being stopped
  }));
}

Status QueryTable::Add(const QueryPtr& query) {
  {
    const std::lock_guard lock(mutex_);
    by_id_.emplace(query->id, query);
    if (!looker_.joinable()) looker_ = std::thread([this] { Look(); });
    if (query->request.timeout) look_changed_.notify_all();
    if (!HasTurn() || !waiting_.empty()) {
      waiting_.push_back(query);
      if (!starter_.joinable()) starter_ = std::thread([this] { SendStarts(); });
      turn_changed_.notify_all();
      return Status::OK();
    }
    ++at_athena_;
    query->phase = OpenQuery::Phase::kStarting;
  }
  const Status started = SendStart(query);
  if (!started.ok()) {
    const std::lock_guard lock(mutex_);
    by_id_.erase(query->id);
  }
  return started;
}

Status QueryTable::SendStart(const QueryPtr& query) {
  const std::string subject = "query " + query->id;
  const auto send = [&](AthenaConnection& connection, const arrow::StopToken& stop) -> Result<std::string> {
    ARROW_ASSIGN_OR_RAISE(auto answer, connection.Send(StartOf(*query, options_), subject, stop));
    return std::move(answer.QueryExecutionId);
  };
  auto service_id = send(*connection_, abort_.token());
  bool wanted = true;
  {
    const std::lock_guard lock(mutex_);
    wanted = query->stop_reason.ok() && !stopping_;
  }
  // Athena may run what nobody wants any more: the same token tells its id.
  if (!service_id.ok() && !wanted && IsLost(KindOf(service_id.status()))) {
    service_id = send(last_words_, arrow::StopToken::Unstoppable());
  }
  AfterStart(query, service_id);
  const std::lock_guard lock(mutex_);
  return service_id.ok() || query->phase == OpenQuery::Phase::kWaiting ? Status::OK() : query->error;
}

void QueryTable::AfterStart(const QueryPtr& query, const Result<std::string>& service_id) {
  Lock lock(mutex_);
  const auto now = SteadyClock::now();
  if (service_id.ok()) {
    query->service_id = *service_id;
    query->phase = OpenQuery::Phase::kOpen;
    query->started_at = now;
    PlanNextLook(*query);
    open_[query->service_id] = query;
    if (!query->stop_reason.ok() || stopping_) {
      const Status reason =
          query->stop_reason.ok() ? MakeError(ErrorKind::kCancelled, "the engine is closed") : query->stop_reason;
      query->stop_reason = Status::OK();
      TellToStop(lock, {EndFor(*query, reason)});
    }
    look_changed_.notify_all();
    return;
  }
  const Status& why = service_id.status();
  if (query->throttled == 0) query->first_throttled = now;
  const bool again = KindOf(why) == ErrorKind::kThrottled && now - query->first_throttled < options_.patience;
  if (!query->stop_reason.ok() || stopping_) {
    const bool cancelled = query->stop_reason.ok() || KindOf(query->stop_reason) == ErrorKind::kCancelled;
    End(*query, cancelled ? QueryState::kCancelled : QueryState::kFailed,
        query->stop_reason.ok() ? MakeError(ErrorKind::kCancelled, "the engine is closed") : query->stop_reason);
  } else if (again) {
    --at_athena_;
    const milliseconds pause = std::min(kMostThrottledPause, kThrottledPause * (1 << std::min(query->throttled, 5)));
    ++query->throttled;
    query->start_not_before = now + std::chrono::duration_cast<SteadyClock::duration>(pause * Jitter());
    query->phase = OpenQuery::Phase::kWaiting;
    waiting_.push_front(query);
    if (!starter_.joinable()) starter_ = std::thread([this] { SendStarts(); });
    turn_changed_.notify_all();
  } else {
    const bool lost = KindOf(why) == ErrorKind::kUnavailable || KindOf(why) == ErrorKind::kTimeout;
    End(*query, QueryState::kFailed,
        lost ? Status::FromDetailAndArgs(why.code(), why.detail(), why.message(),
                                         "; it is not known whether Athena runs it")
             : why);
  }
}

void QueryTable::SendStarts() {
  Lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty() || !HasTurn()) {
      turn_changed_.wait(lock);
      continue;
    }
    const auto query = waiting_.front();
    if (query->done()) {
      waiting_.pop_front();
      continue;
    }
    if (query->start_not_before > SteadyClock::now()) {
      turn_changed_.wait_until(lock, query->start_not_before);
      continue;
    }
    waiting_.pop_front();
    ++at_athena_;
    query->phase = OpenQuery::Phase::kStarting;
    lock.unlock();
    static_cast<void>(SendStart(query));  // the query keeps its error
    lock.lock();
  }
}

double QueryTable::Jitter() { return 0.8 + 0.4 * static_cast<double>(random_() % 1000) / 1000; }

void QueryTable::PlanNextLook(OpenQuery& query) {
  const auto now = SteadyClock::now();
  const auto age = std::chrono::duration_cast<milliseconds>(now - query.started_at);
  const auto pause = std::clamp(age / 10, options_.first_poll, options_.max_poll);
  query.next_look = now + std::chrono::duration_cast<SteadyClock::duration>(pause * Jitter());
}

std::optional<SteadyTime> QueryTable::NextLook() const {
  std::optional<SteadyTime> next;
  const auto take = [&](SteadyTime time) { next = next ? std::min(*next, time) : time; };
  for (const auto& [id, query] : open_) take(query->next_look);
  for (const auto& [id, query] : by_id_) {
    if (const auto deadline = query->deadline(); deadline && !query->done() && query->stop_reason.ok()) take(*deadline);
  }
  if (!unstopped_.empty()) take(SteadyClock::now() + options_.max_poll);
  return next;
}

void QueryTable::Look() {
  Lock lock(mutex_);
  while (!stopping_) {
    const auto next = NextLook();
    if (!next) {
      look_changed_.wait(lock);
      continue;
    }
    if (*next > SteadyClock::now()) {
      look_changed_.wait_until(lock, *next);
      if (stopping_) break;
    }
    const auto now = SteadyClock::now();
    std::vector<std::string> stop = std::exchange(unstopped_, {});
    for (const auto& [id, query] : by_id_) {
      const auto deadline = query->deadline();
      if (query->done() || !query->stop_reason.ok() || !deadline || *deadline > now) continue;
      auto open = EndFor(*query, MakeError(ErrorKind::kTimeout, "query ", query->name(),
                                           " ran longer than its timeout of ", query->request.timeout->count(), " ms"));
      if (!open.empty()) stop.push_back(std::move(open));
    }
    if (!stop.empty()) TellToStop(lock, stop);
    std::vector<QueryPtr> queries;
    bool due = false;
    for (const auto& [id, query] : open_) {
      due = due || query->next_look <= now;
      queries.push_back(query);
    }
    // Who is due takes all others along: they cost no request.
    for (size_t at = 0; due && at < queries.size() && !stopping_; at += kBatch) {
      const auto end = std::min(at + kBatch, queries.size());
      LookAt(lock, {queries.begin() + static_cast<ptrdiff_t>(at), queries.begin() + static_cast<ptrdiff_t>(end)});
    }
  }
}

Result<wire::BatchGetQueryExecutionResponse> QueryTable::Ask(const wire::BatchGetQueryExecutionRequest& request,
                                                             const std::string& subject) {
  if (one_by_one_) return AskOneByOne(request);
  auto answer = connection_->Send(request, subject, abort_.token());
  if (answer.ok()) return answer;
  const auto info = InfoOf(answer.status());
  // A policy without it, a server that does not know it, one that breaks on it.
  const bool refused = info.kind == ErrorKind::kDenied || info.kind == ErrorKind::kNotImplemented ||
                       info.code == "UnknownOperationException" || info.http_status >= 500;
  if (!refused) return answer;
  auto all = AskOneByOne(request);
  one_by_one_ = all.ok();
  return all.ok() ? all : answer;
}

Result<wire::BatchGetQueryExecutionResponse> QueryTable::AskOneByOne(
    const wire::BatchGetQueryExecutionRequest& request) {
  wire::BatchGetQueryExecutionResponse all;
  auto& found = all.QueryExecutions.emplace();
  auto& missing = all.UnprocessedQueryExecutionIds.emplace();
  for (const auto& id : request.QueryExecutionIds) {
    auto one = connection_->Send(wire::GetQueryExecutionRequest{.QueryExecutionId = id}, "query " + id, abort_.token());
    if (one.ok()) {
      found.push_back(std::move(one->QueryExecution));
    } else if (KindOf(one.status()) == ErrorKind::kInvalid) {
      missing.push_back(
          {.QueryExecutionId = id, .ErrorCode = InfoOf(one.status()).code, .ErrorMessage = one.status().message()});
    } else {
      return one.status();
    }
  }
  return all;
}

void QueryTable::LookAt(Lock& lock, const std::vector<QueryPtr>& queries) {
  wire::BatchGetQueryExecutionRequest request;
  for (const auto& query : queries) request.QueryExecutionIds.push_back(query->service_id);
  const std::string subject =
      queries.size() == 1 ? "query " + queries.front()->service_id : std::to_string(queries.size()) + " queries";
  lock.unlock();
  const auto answer = Ask(request, subject);
  lock.lock();
  if (!answer.ok()) return LookFailed(queries, answer.status());
  looks_fail_since_.reset();
  std::map<std::string, const wire::QueryExecution*> found;
  if (answer->QueryExecutions) {
    for (const auto& execution : *answer->QueryExecutions) found[execution.QueryExecutionId.value_or("")] = &execution;
  }
  std::map<std::string, std::string> missing;
  if (answer->UnprocessedQueryExecutionIds) {
    for (const auto& one : *answer->UnprocessedQueryExecutionIds) {
      missing[one.QueryExecutionId.value_or("")] = one.ErrorCode.value_or("") + ": " + one.ErrorMessage.value_or("");
    }
  }
  for (const auto& query : queries) {
    if (query->done()) continue;
    PlanNextLook(*query);
    if (const auto execution = found.find(query->service_id); execution != found.end()) {
      Apply(query, *execution->second);
    } else if (const auto why = missing.find(query->service_id); why != missing.end()) {
      End(*query, QueryState::kFailed,
          MakeError({.kind = ErrorKind::kNotFound, .service = "athena", .operation = "BatchGetQueryExecution"},
                    "query ", query->service_id, " cannot be looked at: ", why->second));
    }
  }
}

void QueryTable::Apply(const QueryPtr& query, const wire::QueryExecution& execution) {
  query->execution = execution;
  const std::string state = execution.Status ? execution.Status->State.value_or("") : "";
  if (state == "RUNNING") query->state = QueryState::kRunning;
  if (state == "SUCCEEDED") return End(*query, QueryState::kSucceeded, Status::OK());
  if (state == "FAILED") return End(*query, QueryState::kFailed, FailureOf(execution));
  if (state == "CANCELLED") {
    const auto reason = execution.Status->StateChangeReason.value_or("somebody stopped it");
    End(*query, QueryState::kCancelled,
        MakeError({.kind = ErrorKind::kCancelled, .service = "athena"}, "query ", query->service_id,
                  " was cancelled: ", reason));
  }
}

void QueryTable::LookFailed(const std::vector<QueryPtr>& queries, const Status& why) {
  const auto now = SteadyClock::now();
  if (stopping_) return;
  if (!looks_fail_since_) looks_fail_since_ = now;
  const bool wait = MayPass(KindOf(why)) && now - *looks_fail_since_ < options_.patience;
  for (const auto& query : queries) {
    if (query->done()) continue;
    if (wait) {
      PlanNextLook(*query);
      query->next_look = std::max(query->next_look, now + std::min(options_.max_poll, milliseconds(1'000)));
      continue;
    }
    // It may still run, and nobody would see it.
    if (auto open = EndFor(*query, why); !open.empty()) unstopped_.push_back(std::move(open));
    query->state = QueryState::kFailed;
  }
}

void QueryTable::End(OpenQuery& query, QueryState state, const Status& error) {
  if (query.done()) return;
  if (query.phase != OpenQuery::Phase::kWaiting) --at_athena_;
  query.phase = OpenQuery::Phase::kDone;
  query.state = state;
  query.error = error;
  open_.erase(query.service_id);
  changed_.notify_all();
  turn_changed_.notify_all();
}

std::string QueryTable::EndFor(OpenQuery& query, const Status& reason) {
  if (query.done() || !query.stop_reason.ok()) return {};
  query.stop_reason = reason;
  if (query.phase == OpenQuery::Phase::kStarting) return {};  // who starts it sees the reason
  const auto state = KindOf(reason) == ErrorKind::kCancelled ? QueryState::kCancelled : QueryState::kFailed;
  End(query, state, reason);
  return query.service_id;
}

void QueryTable::TellToStop(Lock& lock, const std::vector<std::string>& service_ids) {
  lock.unlock();
  std::vector<std::string> failed;
  for (const auto& id : service_ids) {
    if (id.empty()) continue;
    const auto stopped = last_words_.Send(wire::StopQueryExecutionRequest{.QueryExecutionId = id}, "query " + id);
    if (!stopped.ok() && MayPass(KindOf(stopped.status()))) failed.push_back(id);
  }
  lock.lock();
  unstopped_.insert(unstopped_.end(), failed.begin(), failed.end());
}

Result<QueryTable::QueryPtr> QueryTable::Find(const QueryId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return MakeError(ErrorKind::kNotFound, "there is no query ", id);
  return found->second;
}

QueryStatus QueryTable::StatusOf(OpenQuery& query, milliseconds wait) {
  Lock lock(mutex_);
  changed_.wait_for(lock, wait, [&] { return query.done(); });
  QueryStatus status{.state = query.state,
                     .error = query.error,
                     .submitted = query.submitted,
                     .service_id = query.service_id,
                     .result_path = query.result_path,
                     .notes = query.notes()};
  auto& statistics = status.statistics;
  statistics.rows = query.rows;
  const auto told = query.execution.Statistics.value_or(wire::QueryExecutionStatistics());
  statistics.bytes_scanned = told.DataScannedInBytes.value_or(0);
  statistics.queue_time = milliseconds(told.QueryQueueTimeInMillis.value_or(0));
  statistics.execution_time = milliseconds(told.EngineExecutionTimeInMillis.value_or(0));
  statistics.planning_time = milliseconds(told.QueryPlanningTimeInMillis.value_or(0));
  if (query.done() && query.execution.Status) {
    statistics.dollars =
        IsBilled(query.execution) ? AthenaDollars(statistics.bytes_scanned, options_.dollars_per_terabyte) : 0.0;
  }
  return status;
}

Status QueryTable::Await(OpenQuery& query) {
  Lock lock(mutex_);
  changed_.wait(lock, [&] { return query.done(); });
  return query.error;
}

Status QueryTable::Stop(const QueryPtr& query, const Status& reason) {
  query->stop_reading = true;
  Lock lock(mutex_);
  const std::string service_id = EndFor(*query, reason);
  if (service_id.empty()) return Status::OK();
  lock.unlock();
  const auto stopped =
      last_words_.Send(wire::StopQueryExecutionRequest{.QueryExecutionId = service_id}, "query " + service_id);
  if (stopped.ok()) return Status::OK();
  lock.lock();
  if (MayPass(KindOf(stopped.status()))) {
    unstopped_.push_back(service_id);
    look_changed_.notify_all();
  }
  return stopped.status();
}

QueryTable::QueryPtr QueryTable::Remove(const QueryId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  auto query = std::move(found->second);
  by_id_.erase(found);
  return query;
}

Status QueryTable::TakeResults(OpenQuery& query) {
  const std::lock_guard lock(mutex_);
  if (query.results_taken) return MakeError(ErrorKind::kInvalid, "the rows of this query were taken already");
  query.results_taken = true;
  return Status::OK();
}

bool QueryTable::HasUnreadRows(OpenQuery& query) {
  const std::lock_guard lock(mutex_);
  return !query.results_taken && !query.service_id.empty();
}

wire::QueryExecution QueryTable::ExecutionOf(OpenQuery& query) {
  const std::lock_guard lock(mutex_);
  return query.execution;
}

void QueryTable::SetResultPath(OpenQuery& query, std::string path) {
  const std::lock_guard lock(mutex_);
  query.result_path = std::move(path);
}

}  // namespace glaux::athena
