#include "glaux/engine/athena/athena_engine.h"

#include <arrow/record_batch.h>

#include <utility>

#include "glaux/base/random.h"
#include "glaux/engine/athena/query_table_internal.h"
#include "glaux/engine/athena/results_internal.h"
#include "glaux/engine/athena/unloaded_internal.h"

namespace glaux {
namespace athena {
namespace {

constexpr std::pair<AthenaResults, std::string_view> kResults[] = {{AthenaResults::kAuto, "auto"},
                                                                   {AthenaResults::kCsv, "csv"},
                                                                   {AthenaResults::kUnload, "unload"},
                                                                   {AthenaResults::kApi, "api"}};

/// Counts the rows of a query, and ends when it is cancelled.
class CountedRows final : public arrow::RecordBatchReader {
 public:
  CountedRows(std::shared_ptr<OpenQuery> query, std::shared_ptr<arrow::RecordBatchReader> rows)
      : query_(std::move(query)), rows_(std::move(rows)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return rows_->schema(); }
  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    if (query_->stop_reading) return MakeError(ErrorKind::kCancelled, "the query was cancelled");
    ARROW_RETURN_NOT_OK(rows_->ReadNext(batch));
    if (*batch) query_->rows += (*batch)->num_rows();
    return Status::OK();
  }

 private:
  const std::shared_ptr<OpenQuery> query_;
  const std::shared_ptr<arrow::RecordBatchReader> rows_;
};

class AthenaEngine final : public QueryEngine {
 public:
  explicit AthenaEngine(AthenaEngineOptions options)
      : options_(std::move(options)),
        connection_(std::make_shared<AthenaConnection>(options_, options_.retry)),
        queries_(options_, connection_) {}

  EngineTraits traits() const override {
    return {.name = "athena", .dialect = "athena", .billed = true, .streaming = false, .relations = false};
  }

  Result<QueryId> Submit(const QueryRequest& request) override {
    if (!request.relations.empty()) {
      return MakeError({.kind = ErrorKind::kNotImplemented, .service = "athena"},
                       "Athena reads no rows of the caller's: ", request.relations.front().name,
                       "; write them to a table first");
    }
    auto query = std::make_shared<OpenQuery>(NewId(), request);
    if (options_.results == AthenaResults::kUnload) {
      std::string folder = options_.output_location;
      if (!folder.ends_with('/')) folder += '/';
      folder += "unload/" + query->id + "/";
      if (auto unload = UnloadOf(request.sql, folder)) {
        query->sql = *std::move(unload);
        query->unload_location = folder;
      }
    }
    ARROW_RETURN_NOT_OK(queries_.Add(query));
    return query->id;
  }

  Result<QueryStatus> GetStatus(const QueryId& id, std::chrono::milliseconds wait) override {
    ARROW_ASSIGN_OR_RAISE(const auto query, queries_.Find(id));
    return queries_.StatusOf(*query, wait);
  }

  Status Cancel(const QueryId& id) override {
    ARROW_ASSIGN_OR_RAISE(const auto query, queries_.Find(id));
    return queries_.Stop(query, MakeError(ErrorKind::kCancelled, "the query was cancelled"));
  }

  Result<std::shared_ptr<arrow::RecordBatchReader>> Results(const QueryId& id) override {
    ARROW_ASSIGN_OR_RAISE(const auto query, queries_.Find(id));
    ARROW_RETURN_NOT_OK(queries_.TakeResults(*query));
    ARROW_RETURN_NOT_OK(queries_.Await(*query));
    const auto execution = queries_.ExecutionOf(*query);
    ARROW_ASSIGN_OR_RAISE(auto result, OpenResult(SourceOf(query), execution, query->unload_location));
    queries_.SetResultPath(*query, result.path);
    return std::make_shared<CountedRows>(query, std::move(result.rows));
  }

  void Release(const QueryId& id) override {
    const auto query = queries_.Remove(id);
    if (!query) return;
    static_cast<void>(queries_.Stop(query, MakeError(ErrorKind::kCancelled, "the query was released")));
    if (!query->unload_location.empty() && queries_.HasUnreadRows(*query)) {
      DropUnloaded(SourceOf(query), query->unload_location);
    }
  }

 private:
  ResultSource SourceOf(const std::shared_ptr<OpenQuery>& query) {
    return {.connection = connection_,
            .results = options_.results,
            .resolve = options_.resolve,
            .explain = [this, query] { return Explain(query->request); },
            .note = [query](std::string_view note) { query->AddNote(note); }};
  }

  /// The columns of a query, as its plan has them. Costs nothing.
  Result<std::vector<ExplainedColumn>> Explain(QueryRequest request) {
    request.sql = "EXPLAIN (FORMAT JSON) " + request.sql;
    auto query = std::make_shared<OpenQuery>(NewId(), std::move(request));
    ARROW_RETURN_NOT_OK(queries_.Add(query));
    const Status status = queries_.Await(*query);
    queries_.Remove(query->id);
    ARROW_RETURN_NOT_OK(status);
    const std::string service_id = queries_.ExecutionOf(*query).QueryExecutionId.value_or("");
    std::string text;
    std::optional<std::string> token;
    do {
      ARROW_ASSIGN_OR_RAISE(
          const auto page,
          connection_->Send(
              wire::GetQueryResultsRequest{.QueryExecutionId = service_id, .NextToken = token, .MaxResults = 1000},
              "query " + service_id));
      token = page.NextToken;
      if (!page.ResultSet || !page.ResultSet->Rows) break;
      for (const auto& row : *page.ResultSet->Rows) {
        if (!row.Data || row.Data->empty()) continue;
        const std::string line = row.Data->front().VarCharValue.value_or("");
        if (text.empty() && line == "Query Plan") continue;  // a header, which lines have not
        text += line + "\n";
      }
    } while (token);
    return ReadExplainedColumns(text);
  }

  const AthenaEngineOptions options_;
  const std::shared_ptr<AthenaConnection> connection_;
  QueryTable queries_;
};

}  // namespace
}  // namespace athena

std::string_view AthenaResultsName(AthenaResults results) {
  for (const auto& [one, name] : athena::kResults) {
    if (one == results) return name;
  }
  return "auto";
}

Result<AthenaResults> ParseAthenaResults(std::string_view name) {
  std::string known;
  for (const auto& [results, one] : athena::kResults) {
    if (one == name) return results;
    known += (known.empty() ? "" : ", ") + std::string(one);
  }
  return MakeError(ErrorKind::kInvalid, "results: expected one of ", known, ", found: ", name);
}

Status AthenaEngineOptions::Validate() const {
  const auto bad = [](std::string_view field, const auto& found, std::string_view expected) {
    return MakeError(ErrorKind::kInvalid, "open Athena: ", field, ": expected ", expected, ", found: ", found);
  };
  if (region.empty()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "set region under aws, or AWS_REGION"},
                     "open Athena: nobody says which region it is in");
  }
  if (!endpoint_url.starts_with("http://") && !endpoint_url.starts_with("https://")) {
    return bad("endpoint_url", endpoint_url, "http://… or https://…");
  }
  if (!output_location.empty() && (!output_location.starts_with("s3://") || output_location.size() < 6)) {
    return bad("output_location", output_location, "s3://bucket/prefix/");
  }
  if (results == AthenaResults::kUnload && output_location.empty()) {
    return MakeError(ErrorKind::kInvalid,
                     "open Athena: results: unload writes below output_location, and nobody says what that is");
  }
  if (max_concurrent < 1) return bad("max_concurrent", max_concurrent, "1 or more");
  if (first_poll.count() < 1 || max_poll < first_poll) {
    return bad("max_poll", std::to_string(max_poll.count()) + " ms", "not less than first_poll, from 1 ms");
  }
  if (result_reuse && (result_reuse->count() < 1 || result_reuse->count() > 10'080)) {
    return bad("result_reuse", std::to_string(result_reuse->count()) + " minutes", "1 minute to 7 days");
  }
  return Status::OK();
}

Result<std::unique_ptr<QueryEngine>> MakeAthenaEngine(AthenaEngineOptions options) {
  ARROW_RETURN_NOT_OK(options.Validate());
  while (options.endpoint_url.ends_with('/')) options.endpoint_url.pop_back();
  return std::make_unique<athena::AthenaEngine>(std::move(options));
}

}  // namespace glaux
