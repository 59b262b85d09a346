#include "glaux/serve/athena/executions_internal.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "glaux/base/clock.h"
#include "glaux/serve/athena/call_internal.h"
#include "glaux/serve/athena/result_object_internal.h"

namespace glaux::serve::athena {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

milliseconds Between(SteadyClock::time_point begin, SteadyClock::time_point end) {
  return std::chrono::duration_cast<milliseconds>(end - begin);
}

/// What Trino calls an error of this kind, in front of the message.
std::string_view TrinoName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
      return "GENERIC_USER_ERROR";
    case ErrorKind::kNotFound:
      return "NOT_FOUND";
    case ErrorKind::kAlreadyExists:
      return "ALREADY_EXISTS";
    case ErrorKind::kUnauthenticated:
    case ErrorKind::kDenied:
      return "PERMISSION_DENIED";
    case ErrorKind::kNotImplemented:
      return "NOT_SUPPORTED";
    case ErrorKind::kTimeout:
      return "EXCEEDED_TIME_LIMIT";
    case ErrorKind::kCorrupt:
      return "HIVE_BAD_DATA";
    case ErrorKind::kPrecondition:
      return "TRANSACTION_CONFLICT";
    default:
      return "GENERIC_INTERNAL_ERROR";
  }
}

bool IsUsersError(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
    case ErrorKind::kNotFound:
    case ErrorKind::kAlreadyExists:
    case ErrorKind::kUnauthenticated:
    case ErrorKind::kDenied:
    case ErrorKind::kNotImplemented:
    case ErrorKind::kCorrupt:
      return true;
    default:
      return false;
  }
}

/// Whether an error's code is a name of Trino's already, and not the code of a service.
bool IsTrinoName(std::string_view code) {
  return code.find('_') != code.npos &&
         std::all_of(code.begin(), code.end(), [](char c) { return c == '_' || (c >= 'A' && c <= 'Z'); });
}

/// The number of an error in "Athena error catalog" of the Athena User Guide, by its name.
int64_t ErrorTypeOf(std::string_view name, ErrorKind kind, const StatementShape& shape) {
  constexpr int64_t kUser = 1000, kData = 1001, kDdl = 1003, kSyntax = 1006, kTimeout = 206, kEngine = 200;
  if (kind == ErrorKind::kTimeout) return kTimeout;
  if (!IsUsersError(kind)) return kEngine;
  if (shape.type == "DDL") return kDdl;
  for (const std::string_view syntax :
       {"SYNTAX_ERROR", "TYPE_MISMATCH", "TYPE_NOT_FOUND", "COLUMN_NOT_FOUND", "TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND",
        "FUNCTION_NOT_FOUND", "AMBIGUOUS_NAME", "EXPRESSION_NOT_AGGREGATE", "COLUMN_NAME_NOT_SPECIFIED"}) {
    if (name == syntax) return kSyntax;
  }
  return name == "HIVE_BAD_DATA" || name == "INVALID_CAST_ARGUMENT" ? kData : kUser;
}

/// Whether a statement leaves a list of the files that it has written, in place of rows.
bool HasManifest(const ExecutionPlan& plan) { return plan.shape.result == ResultKind::kCount; }

bool IsSameRequest(const wire::StartQueryExecutionRequest& a, const wire::StartQueryExecutionRequest& b) {
  return glaux::wire::PrintShape(a) == glaux::wire::PrintShape(b);
}

}  // namespace

struct Executions::Execution {
  explicit Execution(ExecutionPlan given) : plan(std::move(given)) {}

  const ExecutionPlan plan;
  const std::string id = NewUuid();
  const Timestamp submitted = Clock::System().Now();
  const SteadyClock::time_point queued_at = SteadyClock::now();
  std::string key;       ///< of the result object
  std::string location;  ///< its address

  // What follows changes under the lock.
  QueryState state = QueryState::kQueued;
  bool stop = false;
  QueryEngine* engine = nullptr;
  QueryId engine_id;
  Timestamp completed = {};
  SteadyClock::time_point started_at = {};
  SteadyClock::time_point ended_at = {};
  Status error;
  std::string reason;
  std::string error_name;  ///< Trino's
  bool reused = false;     ///< the result is a former query's
  std::string manifest;    ///< address of the list of written files
  int64_t bytes_scanned = 0;
  int64_t rows = 0;
  int64_t bytes_written = 0;
  int64_t update_count = 0;
  std::vector<wire::ColumnInfo> columns;

  bool done() const { return state >= QueryState::kSucceeded; }
  size_t size() const {
    size_t size = 2 * plan.asked.QueryString.size() + plan.sql.size();
    for (const auto& column : columns) size += sizeof(column) + 2 * column.Name.size();
    return size;
  }
  milliseconds QueueTime() const {
    if (state == QueryState::kQueued) return Between(queued_at, SteadyClock::now());
    return Between(queued_at, started_at == SteadyClock::time_point() ? ended_at : started_at);
  }
  milliseconds EngineTime() const {
    if (started_at == SteadyClock::time_point()) return {};
    return Between(started_at, done() ? ended_at : SteadyClock::now());
  }
};

Executions::Executions(std::function<Result<QueryEngine*>()> engine, std::function<std::string(const Status&)> clean,
                       ExecutionLimits limits)
    : engine_(std::move(engine)), clean_(std::move(clean)), limits_(limits) {}

Executions::~Executions() {
  std::vector<std::pair<QueryEngine*, QueryId>> running;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
    for (const auto& execution : history_) {
      execution->stop = true;
      if (!execution->done() && execution->engine != nullptr) {
        running.emplace_back(execution->engine, execution->engine_id);
      }
    }
  }
  changed_.notify_all();
  for (const auto& [engine, id] : running) static_cast<void>(engine->Cancel(id));
  for (auto& worker : workers_) worker.join();
}

Result<std::string> Executions::Start(ExecutionPlan plan) {
  const auto execution = std::make_shared<Execution>(std::move(plan));
  const auto& asked = execution->plan.asked;
  const bool has_object = !HasManifest(execution->plan);
  const auto former = FindReusable(execution->plan);
  const std::string name = execution->id + (!has_object                                         ? ""
                                            : execution->plan.shape.result == ResultKind::kRows ? ".csv"
                                                                                                : ".txt");
  if (has_object) execution->key = execution->plan.prefix + name;
  execution->location = execution->plan.folder + name;
  if (former != nullptr) {
    execution->key = former->key;
    execution->location = former->location;
  }

  const std::lock_guard lock(mutex_);
  if (asked.ClientRequestToken) {
    if (const auto former = by_token_.find(*asked.ClientRequestToken); former != by_token_.end()) {
      if (IsSameRequest(by_id_.at(former->second)->plan.asked, asked)) return former->second;
      return InvalidRequest("INVALID_INPUT",
                            "Idempotent parameters do not match: the ClientRequestToken was used for "
                            "another query");
    }
  }
  if (queue_.size() >= limits_.max_queued) {
    return AthenaError(ErrorKind::kThrottled, "TooManyRequestsException", "You have exceeded the limit of ",
                       limits_.max_queued, " queries that wait: wait until some are done");
  }
  by_id_.emplace(execution->id, execution);
  if (asked.ClientRequestToken) by_token_.emplace(*asked.ClientRequestToken, execution->id);
  history_.push_back(execution);
  history_bytes_ += execution->size();
  if (former != nullptr) {
    execution->reused = true;
    execution->rows = former->rows;
    execution->columns = former->columns;
    End(*execution, Status::OK());
    Forget();
    return execution->id;
  }
  queue_.push_back(execution);
  if (queue_.size() > static_cast<size_t>(idle_) && workers_.size() < static_cast<size_t>(limits_.max_running)) {
    workers_.emplace_back([this] { Work(); });
  }
  Forget();
  changed_.notify_all();
  return execution->id;
}

Executions::ExecutionPtr Executions::FindReusable(const ExecutionPlan& plan) {
  if (!plan.reuse || plan.shape.result != ResultKind::kRows) return nullptr;
  const Timestamp oldest = Clock::System().Now() - *plan.reuse;
  ExecutionPtr found;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = history_.rbegin(); at != history_.rend() && found == nullptr; ++at) {
      const auto& one = **at;
      const bool fits = one.state == QueryState::kSucceeded && !one.reused && one.completed >= oldest &&
                        one.plan.sql == plan.sql && one.plan.database == plan.database &&
                        one.plan.workgroup == plan.workgroup && one.plan.shape.result == plan.shape.result;
      if (fits) found = *at;
    }
  }
  // Its result may be gone meanwhile.
  return found != nullptr && found->plan.store->Head(found->key).ok() ? found : nullptr;
}

void Executions::Forget() {
  for (auto at = history_.begin(); at != history_.end();) {
    if (history_.size() <= limits_.max_history && history_bytes_ <= limits_.max_history_bytes) return;
    if (!(*at)->done()) {
      ++at;
      continue;
    }
    history_bytes_ -= std::min(history_bytes_, (*at)->size());
    if ((*at)->plan.asked.ClientRequestToken) by_token_.erase(*(*at)->plan.asked.ClientRequestToken);
    by_id_.erase((*at)->id);
    at = history_.erase(at);
  }
}

Result<Executions::ExecutionPtr> Executions::Find(const std::string& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end())
    return InvalidRequest("INVALID_INPUT", "QueryExecution ", id.substr(0, 128), " was not found");
  return found->second;
}

void Executions::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (stopping_) return;
    const auto execution = queue_.front();
    queue_.pop_front();
    if (execution->done()) continue;  // stopped while it waited
    execution->state = QueryState::kRunning;
    execution->started_at = SteadyClock::now();
    lock.unlock();
    Run(execution);
    lock.lock();
    Forget();
  }
}

void Executions::Run(const ExecutionPtr& execution) {
  const Status outcome = execution->plan.done_here ? DoHere(execution) : RunOnEngine(execution);
  const std::lock_guard lock(mutex_);
  execution->engine = nullptr;
  End(*execution, outcome);
}

Status Executions::DoHere(const ExecutionPtr& execution) {
  ARROW_RETURN_NOT_OK(execution->plan.done_here());
  ARROW_ASSIGN_OR_RAISE(auto nothing, arrow::RecordBatchReader::Make({}, arrow::schema({})));
  return WriteResult(execution, std::move(nothing));
}

Status Executions::RunOnEngine(const ExecutionPtr& execution) {
  ARROW_ASSIGN_OR_RAISE(auto* const started, engine_());
  QueryEngine& engine = *started;
  ARROW_ASSIGN_OR_RAISE(const auto id, engine.Submit({.sql = execution->plan.sql,
                                                      .dialect = SqlDialect::kAthena,
                                                      .database = execution->plan.database}));
  bool stop;
  {
    const std::lock_guard lock(mutex_);
    execution->engine = &engine;
    execution->engine_id = id;
    stop = execution->stop;
  }
  if (stop) static_cast<void>(engine.Cancel(id));
  auto rows = engine.Results(id);
  Status outcome = rows.ok() ? WriteResult(execution, *std::move(rows)) : rows.status();
  if (const auto status = engine.GetStatus(id, milliseconds(100)); status.ok()) {
    if (outcome.ok() && HasManifest(execution->plan)) outcome = WriteManifest(execution, status->files_written);
    const std::lock_guard lock(mutex_);
    execution->bytes_scanned = status->statistics.bytes_scanned;
  }
  {
    const std::lock_guard lock(mutex_);
    execution->engine = nullptr;  // Stop finds nothing to cancel any more
  }
  engine.Release(id);
  return outcome;
}

Status Executions::WriteManifest(const ExecutionPtr& execution, const std::vector<std::string>& files) {
  const auto& plan = execution->plan;
  const std::string name = execution->id + "-manifest.csv";
  std::string manifest;
  for (const auto& file : files) manifest.append(file).append("\n");
  const auto put = PutString(*plan.store, plan.prefix + name, manifest);
  if (!put.ok()) return Prefix(put.status(), "the rows are written, and the list of their files is not");
  const std::lock_guard lock(mutex_);
  execution->manifest = plan.folder + name;
  return Status::OK();
}

Status Executions::WriteResult(const ExecutionPtr& execution, std::shared_ptr<arrow::RecordBatchReader> rows) {
  const auto& plan = execution->plan;
  if (plan.shape.result == ResultKind::kCount) {
    ARROW_ASSIGN_OR_RAISE(const auto count, ReadUpdateCount(*rows));
    const std::lock_guard lock(mutex_);
    execution->update_count = count.value_or(0);
    return Status::OK();
  }
  std::vector<wire::ColumnInfo> columns;
  if (plan.shape.result != ResultKind::kDone) {
    ARROW_ASSIGN_OR_RAISE(columns, ColumnsOf(*rows->schema()));
  }
  ARROW_ASSIGN_OR_RAISE(const auto bytes, ResultBytes::Make(std::move(rows), plan.shape.result));
  PutOptions options;
  if (plan.store->traits().attributes) {
    options.attributes =
        ObjectAttributes{{"content-type", plan.shape.result == ResultKind::kRows ? "text/csv" : "text/plain"}};
  }
  ARROW_RETURN_NOT_OK(plan.store->PutStream(execution->key, *bytes, options).status());
  ARROW_RETURN_NOT_OK(PutString(*plan.store, execution->key + ".metadata", MetadataOf(columns)).status());
  const std::lock_guard lock(mutex_);
  execution->rows = bytes->rows();
  execution->bytes_written = bytes->bytes();
  execution->columns = std::move(columns);
  history_bytes_ += execution->columns.size() * sizeof(wire::ColumnInfo);
  return Status::OK();
}

void Executions::End(Execution& execution, const Status& outcome) {
  execution.ended_at = SteadyClock::now();
  execution.completed = Clock::System().Now();
  execution.error = outcome;
  if (outcome.ok()) {
    execution.state = QueryState::kSucceeded;
  } else if (execution.stop) {
    execution.state = QueryState::kCancelled;
    execution.reason = "Query cancelled by user";
  } else {
    execution.state = QueryState::kFailed;
    const std::string code = InfoOf(outcome).code;
    execution.error_name = IsTrinoName(code) ? code : std::string(TrinoName(KindOf(outcome)));
    const std::string name = execution.error_name + ": ";
    std::string message = clean_(outcome);
    if (const size_t at = message.find(name); at != message.npos) message.erase(at, name.size());
    execution.reason = name + message;
  }
}

Status Executions::Stop(const std::string& id) {
  QueryEngine* engine = nullptr;
  QueryId engine_id;
  {
    const std::lock_guard lock(mutex_);
    ARROW_ASSIGN_OR_RAISE(const auto execution, Find(id));
    if (execution->done()) return Status::OK();
    execution->stop = true;
    if (execution->state == QueryState::kQueued) {
      End(*execution, MakeError(ErrorKind::kCancelled, "the query was stopped"));
      return Status::OK();
    }
    engine = execution->engine;
    engine_id = execution->engine_id;
  }
  // Without an engine it is about to be submitted, and looks at `stop` then, or is at its end.
  if (engine != nullptr) static_cast<void>(engine->Cancel(engine_id));
  return Status::OK();
}

Result<wire::QueryExecution> Executions::Get(const std::string& id) {
  const std::lock_guard lock(mutex_);
  ARROW_ASSIGN_OR_RAISE(const auto found, Find(id));
  const Execution& execution = *found;
  const auto& plan = execution.plan;
  wire::QueryExecution shown{.QueryExecutionId = execution.id,
                             .Query = plan.asked.QueryString,
                             .StatementType = plan.shape.type,
                             .SubstatementType = plan.shape.substatement,
                             .WorkGroup = plan.workgroup,
                             .ExecutionParameters = plan.asked.ExecutionParameters};
  shown.ResultConfiguration = plan.asked.ResultConfiguration.value_or(wire::ResultConfiguration());
  shown.ResultConfiguration->OutputLocation = execution.location;
  shown.ResultReuseConfiguration = plan.asked.ResultReuseConfiguration;
  shown.QueryExecutionContext = plan.asked.QueryExecutionContext.value_or(wire::QueryExecutionContext());
  shown.EngineVersion = EngineVersion();
  auto& status = shown.Status.emplace();
  status.State = std::string(QueryStateName(execution.state));
  status.SubmissionDateTime = execution.submitted;
  if (execution.done()) status.CompletionDateTime = execution.completed;
  if (!execution.reason.empty()) status.StateChangeReason = execution.reason;
  if (execution.state == QueryState::kFailed) {
    const ErrorKind kind = KindOf(execution.error);
    status.AthenaError = {.ErrorCategory = IsUsersError(kind) ? 2 : 1,
                          .ErrorType = ErrorTypeOf(execution.error_name, kind, execution.plan.shape),
                          .Retryable = kind == ErrorKind::kUnavailable || kind == ErrorKind::kThrottled ||
                                       kind == ErrorKind::kPrecondition,
                          .ErrorMessage = execution.reason};
  }
  const auto queue = execution.QueueTime().count(), engine = execution.EngineTime().count();
  shown.Statistics = {.EngineExecutionTimeInMillis = engine,
                      .DataScannedInBytes = execution.bytes_scanned,
                      .TotalExecutionTimeInMillis = queue + engine,
                      .QueryQueueTimeInMillis = queue,
                      .ResultReuseInformation = wire::ResultReuseInformation{.ReusedPreviousResult = execution.reused}};
  if (!execution.manifest.empty()) shown.Statistics->DataManifestLocation = execution.manifest;
  return shown;
}

Result<wire::QueryRuntimeStatistics> Executions::GetRuntimeStatistics(const std::string& id) {
  const std::lock_guard lock(mutex_);
  ARROW_ASSIGN_OR_RAISE(const auto execution, Find(id));
  const auto queue = execution->QueueTime().count(), engine = execution->EngineTime().count();
  wire::QueryRuntimeStatistics shown;
  shown.Timeline = {.QueryQueueTimeInMillis = queue,
                    .EngineExecutionTimeInMillis = engine,
                    .TotalExecutionTimeInMillis = queue + engine};
  shown.Rows = {
      .InputBytes = execution->bytes_scanned, .OutputBytes = execution->bytes_written, .OutputRows = execution->rows};
  return shown;
}

std::vector<std::string> Executions::List(const std::string& workgroup, const std::string& after, size_t most) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  // Ids are ordered by time, roughly: a page goes on although the query that it ended with is forgotten.
  const bool known = by_id_.contains(after);
  bool listing = after.empty();
  for (auto at = history_.rbegin(); at != history_.rend() && ids.size() < most; ++at) {
    const auto& execution = **at;
    if (!known && execution.id < after) listing = true;
    if (listing && execution.plan.workgroup == workgroup) ids.push_back(execution.id);
    if (execution.id == after) listing = true;
  }
  return ids;
}

Result<ExecutionResult> Executions::GetResult(const std::string& id) {
  const std::lock_guard lock(mutex_);
  ARROW_ASSIGN_OR_RAISE(const auto execution, Find(id));
  if (execution->state != QueryState::kSucceeded) {
    return InvalidRequest("INVALID_QUERY_EXECUTION_STATE",
                          execution->done() ? "Query did not finish successfully. Final query state: "
                                            : "Query has not yet finished. Current state: ",
                          QueryStateName(execution->state));
  }
  return ExecutionResult{.store = execution->plan.store,
                         .key = execution->key,
                         .kind = execution->plan.shape.result,
                         .columns = execution->columns,
                         .update_count = execution->update_count};
}

}  // namespace glaux::serve::athena
