#include "glaux/engine/query_engine.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>

namespace glaux {

namespace {

/// A query's rows; releases the query with itself.
class OwningReader : public arrow::RecordBatchReader {
 public:
  OwningReader(QueryEngine& engine, QueryId id, std::shared_ptr<arrow::RecordBatchReader> rows)
      : engine_(engine), id_(std::move(id)), rows_(std::move(rows)), schema_(rows_->schema()) {}
  ~OwningReader() override { Release(); }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    if (!rows_) return MakeError(ErrorKind::kInvalid, "read query ", id_, ": its rows are closed");
    return rows_->ReadNext(batch);
  }

  Status Close() override {
    Release();
    return Status::OK();
  }

 private:
  void Release() {
    if (!rows_) return;
    rows_.reset();
    engine_.Release(id_);
  }

  QueryEngine& engine_;
  const QueryId id_;
  std::shared_ptr<arrow::RecordBatchReader> rows_;
  const std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

std::string_view QueryStateName(QueryState state) {
  switch (state) {
    case QueryState::kQueued:
      return "QUEUED";
    case QueryState::kRunning:
      return "RUNNING";
    case QueryState::kSucceeded:
      return "SUCCEEDED";
    case QueryState::kFailed:
      return "FAILED";
    case QueryState::kCancelled:
      return "CANCELLED";
  }
  return "UNKNOWN";
}

Result<QueryResult> Query(QueryEngine& engine, const QueryRequest& request) {
  ARROW_ASSIGN_OR_RAISE(auto id, engine.Submit(request));
  auto rows = engine.Results(id);
  if (!rows.ok()) {
    engine.Release(id);
    return rows.status();
  }
  return QueryResult{.id = id, .reader = std::make_shared<OwningReader>(engine, id, std::move(rows).ValueUnsafe())};
}

Result<std::shared_ptr<arrow::Table>> QueryTable(QueryEngine& engine, const QueryRequest& request) {
  ARROW_ASSIGN_OR_RAISE(auto result, Query(engine, request));
  return result.reader->ToTable();
}

}  // namespace glaux
