#include <arrow/record_batch.h>
#include <arrow/table.h>

#include "glaux/lake/statement_run_internal.h"

namespace glaux {
namespace {

/// Rows of a table that it keeps alive.
class TableReader : public arrow::RecordBatchReader {
 public:
  explicit TableReader(std::shared_ptr<arrow::Table> table) : table_(std::move(table)), reader_(*table_) {}
  std::shared_ptr<arrow::Schema> schema() const override { return table_->schema(); }
  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override { return reader_.ReadNext(batch); }

 private:
  const std::shared_ptr<arrow::Table> table_;
  arrow::TableBatchReader reader_;
};

}  // namespace

StatementRun::StatementRun(QueryEngine& queries, QueryRequest request, Work work)
    : queries_(queries), request_(std::move(request)), submitted_(Clock::System().Now()), begin_(SteadyClock::now()) {
  worker_ = std::thread([this, work = std::move(work)] { Run(work); });
  if (request_.timeout.has_value()) watch_ = std::thread([this] { WatchTimeout(); });
}

StatementRun::~StatementRun() {
  Cancel();
  worker_.join();
  if (watch_.joinable()) watch_.join();
}

std::chrono::milliseconds StatementRun::Elapsed() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - begin_);
}

QueryStatus StatementRun::GetStatus(std::chrono::milliseconds wait) {
  QueryStatus status{.submitted = submitted_};
  QueryId query;
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, wait, [&] { return state_ >= QueryState::kSucceeded; });
    status.state = state_;
    status.error = error_;
    status.statistics = statistics_;
    status.notes = notes_;
    if (status.state == QueryState::kSucceeded) status.files_written = files_written_;
    if (!status.done()) status.statistics.execution_time = Elapsed();
    query = query_;
  }
  if (!query.empty()) {
    // It may be over and released by now.
    if (const auto running = queries_.GetStatus(query); running.ok()) {
      const auto elapsed = status.statistics.execution_time;
      status.statistics = running->statistics;
      status.statistics.execution_time = elapsed;
      status.notes.insert(status.notes.end(), running->notes.begin(), running->notes.end());
    }
  }
  return status;
}

void StatementRun::Cancel() { Stop(MakeError(ErrorKind::kCancelled, "the query was cancelled")); }

Result<std::shared_ptr<arrow::RecordBatchReader>> StatementRun::TakeResults() {
  std::unique_lock lock(mutex_);
  if (taken_) return MakeError(ErrorKind::kInvalid, "the rows of this query were taken already");
  taken_ = true;
  changed_.wait(lock, [&] { return state_ >= QueryState::kSucceeded; });
  if (!error_.ok()) return error_;
  return std::make_shared<TableReader>(std::exchange(rows_, nullptr));
}

Result<std::shared_ptr<arrow::RecordBatchReader>> StatementRun::Query(std::string sql) {
  ARROW_ASSIGN_OR_RAISE(const auto id, queries_.Submit({.sql = std::move(sql),
                                                        .dialect = request_.dialect,
                                                        .database = request_.database,
                                                        .timeout = std::nullopt,
                                                        .relations = request_.relations}));
  bool stopped = false;
  {
    std::lock_guard lock(mutex_);
    query_ = id;
    stopped = !stop_reason_.ok();
  }
  if (stopped) static_cast<void>(queries_.Cancel(id));
  return queries_.Results(id);
}

void StatementRun::Wrote(std::vector<std::string> files) {
  std::lock_guard lock(mutex_);
  files_written_ = std::move(files);
}

void StatementRun::EndQuery() {
  QueryId id;
  {
    std::lock_guard lock(mutex_);
    id = query_;
  }
  if (id.empty()) return;
  const auto status = queries_.GetStatus(id);
  {
    std::lock_guard lock(mutex_);
    if (status.ok()) {
      statistics_ = status->statistics;
      notes_.insert(notes_.end(), status->notes.begin(), status->notes.end());
    }
    query_.clear();
  }
  queries_.Release(id);
}

Status StatementRun::BeginCommit() {
  std::lock_guard lock(mutex_);
  if (stop_reason_.ok()) committing_ = true;
  return stop_reason_;
}

void StatementRun::Run(const Work& work) {
  Result<std::shared_ptr<arrow::Table>> outcome = work(*this);
  EndQuery();
  {
    std::lock_guard lock(mutex_);
    statistics_.execution_time = Elapsed();
    if (outcome.ok()) {
      rows_ = *std::move(outcome);
      statistics_.rows = rows_->num_rows();
      state_ = QueryState::kSucceeded;
    } else {
      error_ = stop_reason_.ok() ? outcome.status() : stop_reason_;
      const bool cancelled = !stop_reason_.ok() && KindOf(stop_reason_) == ErrorKind::kCancelled;
      state_ = cancelled ? QueryState::kCancelled : QueryState::kFailed;
    }
  }
  changed_.notify_all();
}

void StatementRun::Stop(const Status& reason) {
  QueryId query;
  {
    std::lock_guard lock(mutex_);
    if (state_ >= QueryState::kSucceeded || committing_ || !stop_reason_.ok()) return;
    stop_reason_ = reason;
    query = query_;
  }
  stop_source_.RequestStop();
  // Not found: it has just been released.
  if (!query.empty()) static_cast<void>(queries_.Cancel(query));
}

void StatementRun::WatchTimeout() {
  std::unique_lock lock(mutex_);
  if (changed_.wait_until(lock, begin_ + *request_.timeout, [&] { return state_ >= QueryState::kSucceeded; })) return;
  lock.unlock();
  Stop(MakeError(ErrorKind::kTimeout, "the query ran longer than its timeout of ", request_.timeout->count(), " ms"));
}

}  // namespace glaux
