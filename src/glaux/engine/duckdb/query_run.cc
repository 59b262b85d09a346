#include "glaux/engine/duckdb/query_run_internal.h"

#include <duckdb/catalog/catalog_search_path.hpp>
#include <duckdb/common/arrow/arrow_appender.hpp>
#include <duckdb/common/arrow/arrow_converter.hpp>
#include <duckdb/common/arrow/arrow_type_extension.hpp>
#include <duckdb/main/client_data.hpp>
#include <duckdb/main/pending_query_result.hpp>
#include <duckdb/storage/buffer_manager.hpp>

#include <arrow/builder.h>
#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>

#include "glaux/engine/duckdb/athena_errors_internal.h"
#include "glaux/engine/duckdb/athena_tree_internal.h"
#include "glaux/engine/duckdb/explain_internal.h"
#include "glaux/engine/duckdb/lake_catalog_internal.h"
#include "glaux/engine/duckdb/relation_scan_internal.h"
#include "glaux/engine/duckdb/statement_internal.h"
#include "glaux/sql/athena_dialect.h"
#include "glaux/sql/literal.h"

namespace glaux::duckdb_engine {

namespace {

/// DuckDB computes 2,048 rows at a time; several of these make a batch.
constexpr duckdb::idx_t kBatchRows = 8192;

/// DuckDB keeps freed memory for its next query. More than this goes back to the system, whose it is while there is
/// none.
constexpr int64_t kWorthFlushing = 32 << 20;

std::chrono::milliseconds Since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

}  // namespace

QueryRun::QueryRun(std::shared_ptr<duckdb::DuckDB> database, QueryRequest request, QueryRunOptions options)
    : database_(std::move(database)),
      request_(std::move(request)),
      options_(std::move(options)),
      submitted_(Clock::System().Now()),
      begin_(SteadyClock::now()),
      context_(duckdb::make_shared_ptr<QueryContext>(stop_source_.token())),
      buffer_(options_.buffer_bytes, options_.spill_path),
      connection_(std::make_shared<duckdb::Connection>(*database_)) {
  context_->AttachTo(*connection_->context, context_);
  first_error_.Watch(*connection_);
  worker_ = std::thread([this] { Run(); });
  if (request_.timeout) watch_ = std::thread([this] { WatchTimeout(); });
}

QueryRun::~QueryRun() {
  Cancel();
  buffer_.Close(MakeError(ErrorKind::kCancelled, "the query was released"));
  worker_.join();
  if (watch_.joinable()) watch_.join();
}

QueryStatus QueryRun::GetStatus(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [&] { return state_ >= QueryState::kSucceeded; });
  QueryStatus status{.state = state_, .error = error_, .submitted = submitted_};
  status.notes = context_->notes();
  auto& statistics = status.statistics;
  statistics.rows = rows_;
  statistics.bytes_scanned = context_->bytes_scanned;
  statistics.files_opened = context_->files_opened();
  statistics.partitions_total = context_->partitions_total;
  statistics.partitions_scanned = context_->partitions_scanned;
  statistics.peak_memory = peak_memory_;
  statistics.queue_time = state_ == QueryState::kQueued ? Since(begin_) : queue_time_;
  statistics.execution_time = state_ == QueryState::kRunning ? Since(running_since_) : execution_time_;
  return status;
}

void QueryRun::Cancel() { Stop(MakeError(ErrorKind::kCancelled, "the query was cancelled")); }

Status QueryRun::TakeResults() {
  {
    std::lock_guard lock(mutex_);
    if (results_taken_) return MakeError(ErrorKind::kInvalid, "the rows of this query were taken already");
    results_taken_ = true;
  }
  buffer_.Attach();
  return Status::OK();
}

void QueryRun::Stop(const Status& reason) {
  std::shared_ptr<duckdb::Connection> connection;
  {
    std::lock_guard lock(mutex_);
    if (state_ >= QueryState::kSucceeded || !stop_reason_.ok()) return;
    stop_reason_ = reason;
    connection = connection_;
  }
  stop_source_.RequestStop();
  if (connection) connection->Interrupt();
  context_->relations().Stop();
  // A writer that waits for its reader waits no longer; the reader gets the reason.
  buffer_.Close(reason);
}

Status QueryRun::stop_reason() {
  std::lock_guard lock(mutex_);
  return stop_reason_;
}

Status QueryRun::Failure(const duckdb::ErrorData& error) const {
  const auto first = first_error_.Behind(error);
  const Status status = ToStatus(first, context_.get());
  if (request_.dialect != SqlDialect::kAthena || InfoOf(status).service != "duckdb") return status;
  const auto& database = request_.database.empty() ? options_.default_database : request_.database;
  return ToAthenaStatus(first, status, {.asked = request_.sql, .run = sql_, .database = database});
}

void QueryRun::WatchTimeout() {
  std::unique_lock lock(mutex_);
  if (changed_.wait_until(lock, begin_ + *request_.timeout, [&] { return state_ >= QueryState::kSucceeded; })) return;
  lock.unlock();
  Stop(MakeError(ErrorKind::kTimeout, "the query ran longer than its timeout of ", request_.timeout->count(), " ms"));
}

void QueryRun::SamplePeakMemory(duckdb::Connection& connection) {
  const auto used = static_cast<int64_t>(duckdb::BufferManager::GetBufferManager(*connection.context).GetUsedMemory());
  if (used > peak_memory_) peak_memory_ = used;
}

void QueryRun::Run() {
  std::shared_ptr<duckdb::Connection> connection;
  {
    std::lock_guard lock(mutex_);
    connection = connection_;
    state_ = QueryState::kRunning;
    queue_time_ = Since(begin_);
    running_since_ = SteadyClock::now();
  }
  Status outcome;
  try {
    outcome = Execute(*connection);
  } catch (const std::exception& error) {
    outcome = Failure(duckdb::ErrorData(error));
  }
  {
    std::lock_guard lock(mutex_);
    connection_.reset();
  }
  connection.reset();  // gives back what the query held
  if (peak_memory_ > kWorthFlushing) duckdb::Allocator::FlushAll();
  const auto reason = stop_reason();
  if (!outcome.ok() && !reason.ok()) {
    outcome = reason;
  } else if (auto failure = context_->relations().failure(); !outcome.ok() && !failure.ok()) {
    outcome = failure;
  }
  {
    std::lock_guard lock(mutex_);
    error_ = outcome;
    execution_time_ = Since(running_since_);
    const bool cancelled = !reason.ok() && KindOf(reason) == ErrorKind::kCancelled;
    state_ = outcome.ok() ? QueryState::kSucceeded : cancelled ? QueryState::kCancelled : QueryState::kFailed;
  }
  buffer_.Finish(outcome);
  changed_.notify_all();
  // Last: a reader that is in the middle of a batch holds up nobody but Release.
  context_->relations().Finish();
}

Status QueryRun::Execute(duckdb::Connection& connection) {
  const bool is_athena = request_.dialect == SqlDialect::kAthena;
  // DuckDB's own EXPLAIN (FORMAT JSON) is another one.
  auto explain = sql::ParseExplain(request_.sql);
  if (explain && !explain->io && !is_athena) explain.reset();
  const std::string given(explain ? explain->query : request_.sql);
  sql_ = is_athena ? sql::AthenaToDuckDB(given) : given;
  auto statements = connection.ExtractStatements(sql_);
  if (statements.size() != 1) {
    return MakeError(ErrorKind::kInvalid, "a query is one statement, this text has ", statements.size());
  }
  ARROW_RETURN_NOT_OK(CheckStatement(*statements[0], options_.allow_local_access));
  const bool needs_database = !is_athena || GiveAthenasMeaning(*statements[0]);

  const auto& database = request_.database.empty() ? options_.default_database : request_.database;
  Status no_database;
  connection.context->RunFunctionInTransaction([&] {
    auto schema = duckdb::Catalog::GetSchema(*connection.context, kCatalogName, duckdb::StringUtil::Lower(database),
                                             duckdb::OnEntryNotFound::RETURN_NULL);
    if (schema) {
      duckdb::ClientData::Get(*connection.context)
          .catalog_search_path->Set(duckdb::CatalogSearchEntry(kCatalogName, schema->name),
                                    duckdb::CatalogSetPathType::SET_SCHEMA);
    } else if (!request_.database.empty() && needs_database) {
      // A default database that is not there yet only matters to names that need it.
      no_database = is_athena ? MakeError({.kind = ErrorKind::kNotFound, .code = "SCHEMA_NOT_FOUND"}, "Schema '",
                                          duckdb::StringUtil::Lower(database), "' does not exist")
                              : MakeError(ErrorKind::kNotFound, "there is no database ", request_.database);
    }
  });
  ARROW_RETURN_NOT_OK(no_database);
  ARROW_RETURN_NOT_OK(context_->relations().ShowTo(connection, request_.relations));
  ARROW_RETURN_NOT_OK(stop_reason());

  if (explain) {
    const std::string query = is_athena ? statements[0]->ToString() : sql_;
    return Explain(connection, explain->io, query, std::move(statements[0]));
  }
  auto pending = Begin(connection, std::move(statements[0]));
  for (;;) {
    if (pending->HasError()) return Failure(pending->GetErrorObject());
    ARROW_RETURN_NOT_OK(stop_reason());
    const auto progress = pending->ExecuteTask();
    SamplePeakMemory(connection);
    if (duckdb::PendingQueryResult::IsResultReady(progress)) break;
    if (progress == duckdb::PendingExecutionResult::BLOCKED ||
        progress == duckdb::PendingExecutionResult::NO_TASKS_AVAILABLE) {
      pending->WaitForTask();
    }
  }
  if (pending->HasError()) return Failure(pending->GetErrorObject());
  auto result = pending->Execute();
  if (result->HasError()) return Failure(result->GetErrorObject());
  return Stream(connection, *result);
}

duckdb::unique_ptr<duckdb::PendingQueryResult> QueryRun::Begin(duckdb::Connection& connection,
                                                               duckdb::unique_ptr<duckdb::SQLStatement> statement) {
  if (request_.parameters.empty()) {
    return connection.PendingQuery(std::move(statement), /*allow_stream_result=*/true);
  }
  const auto prepared = connection.Prepare(std::move(statement));
  if (prepared->HasError()) prepared->error.Throw();
  duckdb::vector<duckdb::Value> values;
  for (const auto& text : request_.parameters) values.push_back(ValueOfParameter(text));
  return prepared->PendingQuery(values, /*allow_stream_result=*/true);
}

Status QueryRun::Explain(duckdb::Connection& connection, bool io, const std::string& query,
                         duckdb::unique_ptr<duckdb::SQLStatement> statement) {
  if (statement->type != duckdb::StatementType::SELECT_STATEMENT) {
    return MakeError(ErrorKind::kNotImplemented, "EXPLAIN in JSON is of queries: SELECT, WITH, VALUES");
  }
  if (io && !request_.parameters.empty()) {
    return MakeError(ErrorKind::kNotImplemented, "EXPLAIN (TYPE IO) is of queries without parameters");
  }
  ARROW_ASSIGN_OR_RAISE(const std::string plan,
                        io ? ExplainIo(connection, query) : ExplainOutput(connection, std::move(statement)));
  const auto schema = arrow::schema({arrow::field("Query Plan", arrow::utf8())});
  buffer_.SetSchema(schema);
  arrow::StringBuilder lines;
  ARROW_RETURN_NOT_OK(lines.Append(plan));
  ARROW_ASSIGN_OR_RAISE(auto array, lines.Finish());
  return buffer_.Push(arrow::RecordBatch::Make(schema, 1, {std::move(array)}));
}

Status QueryRun::Stream(duckdb::Connection& connection, duckdb::QueryResult& result) {
  auto properties = connection.context->GetClientProperties();
  ArrowSchema c_schema;
  duckdb::ArrowConverter::ToArrowSchema(&c_schema, result.types, result.names, properties);
  ARROW_ASSIGN_OR_RAISE(auto schema, arrow::ImportSchema(&c_schema));
  ARROW_ASSIGN_OR_RAISE(schema, NamedByPlace(std::move(schema)));
  buffer_.SetSchema(schema);
  const auto extensions = duckdb::ArrowTypeExtensionData::GetExtensionTypes(*connection.context, result.types);

  duckdb::unique_ptr<duckdb::ArrowAppender> appender;
  const auto flush = [&]() -> Status {
    if (!appender) return Status::OK();
    ArrowArray c_batch = appender->Finalize();
    appender.reset();
    ARROW_ASSIGN_OR_RAISE(auto batch, arrow::ImportRecordBatch(&c_batch, schema));
    return buffer_.Push(batch);
  };
  for (;;) {
    ARROW_RETURN_NOT_OK(stop_reason());
    auto chunk = result.FetchRaw();
    if (result.HasError()) return Failure(result.GetErrorObject());
    SamplePeakMemory(connection);
    if (!chunk || chunk->size() == 0) return flush();
    if (!appender) {
      appender = duckdb::make_uniq<duckdb::ArrowAppender>(result.types, kBatchRows, properties, extensions);
    }
    appender->Append(*chunk, 0, chunk->size(), chunk->size());
    if (appender->RowCount() + STANDARD_VECTOR_SIZE > kBatchRows) ARROW_RETURN_NOT_OK(flush());
  }
}

}  // namespace glaux::duckdb_engine
