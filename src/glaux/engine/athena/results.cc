#include "glaux/engine/athena/results_internal.h"

#include <arrow/builder.h>
#include <arrow/table.h>

#include "glaux/engine/athena/result_reader_internal.h"
#include "glaux/engine/athena/unloaded_internal.h"

namespace glaux::athena {
namespace {

/// Lines of the first page: a result that is not longer needs no second request.
constexpr int64_t kFirstPage = 101;
constexpr int64_t kWholePage = 1000;

Result<OpenedResult> CountResult(const wire::GetQueryResultsResponse& page) {
  arrow::Int64Builder rows;
  ARROW_RETURN_NOT_OK(rows.Append(page.UpdateCount.value_or(0)));
  ARROW_ASSIGN_OR_RAISE(const auto array, rows.Finish());
  const auto schema = arrow::schema({arrow::field("rows", arrow::int64())});
  ARROW_ASSIGN_OR_RAISE(auto reader,
                        arrow::RecordBatchReader::Make({arrow::RecordBatch::Make(schema, 1, {array})}, schema));
  return OpenedResult{.rows = std::move(reader), .path = "the number of rows"};
}

bool CannotBeRead(ErrorKind kind) {
  return kind == ErrorKind::kNotFound || kind == ErrorKind::kDenied || kind == ErrorKind::kUnauthenticated;
}

}  // namespace

Result<OpenedResult> OpenResult(const ResultSource& source, const wire::QueryExecution& execution,
                                const std::string& unload_location) {
  const std::string id = execution.QueryExecutionId.value_or("");
  const std::string subject = "query " + id;
  if (!unload_location.empty()) {
    const auto manifest = execution.Statistics ? execution.Statistics->DataManifestLocation.value_or("") : "";
    ARROW_ASSIGN_OR_RAISE(auto rows, ReadUnloaded(source, manifest, unload_location, subject));
    return OpenedResult{.rows = std::move(rows), .path = "Parquet files of UNLOAD"};
  }
  const std::string location =
      execution.ResultConfiguration ? execution.ResultConfiguration->OutputLocation.value_or("") : "";
  const bool is_rows = location.ends_with(".csv");
  const bool is_lines = location.ends_with(".txt");
  int64_t lines = source.results == AthenaResults::kApi ? kWholePage : kFirstPage;
  if (source.results == AthenaResults::kCsv || !(is_rows || is_lines)) lines = 1;
  ARROW_ASSIGN_OR_RAISE(
      auto page,
      source.connection->Send(wire::GetQueryResultsRequest{.QueryExecutionId = id, .MaxResults = lines}, subject));
  if (!is_rows && !is_lines) return CountResult(page);

  std::vector<wire::ColumnInfo> infos;
  if (page.ResultSet && page.ResultSet->ResultSetMetadata && page.ResultSet->ResultSetMetadata->ColumnInfo) {
    infos = *page.ResultSet->ResultSetMetadata->ColumnInfo;
  }
  ARROW_ASSIGN_OR_RAISE(auto schema, SchemaOf(infos, source.explain, source.note));
  if (infos.empty()) {
    ARROW_ASSIGN_OR_RAISE(auto nothing, arrow::RecordBatchReader::Make({}, schema));
    return OpenedResult{.rows = std::move(nothing), .path = "no rows"};
  }
  ARROW_ASSIGN_OR_RAISE(const auto columns, ResultColumns::Make(std::move(schema)));
  const ResultForm form = is_rows ? ResultForm::kCsv : ResultForm::kLines;
  const auto pages = [&] { return ReadResultPages(source.connection, id, std::move(page), columns, form); };
  if (source.results == AthenaResults::kApi) return OpenedResult{.rows = pages(), .path = "pages of GetQueryResults"};
  if (source.results != AthenaResults::kCsv && !page.NextToken) {
    return OpenedResult{.rows = pages(), .path = "first page of GetQueryResults"};
  }

  const auto open = [&]() -> Result<std::shared_ptr<ObjectReader>> {
    ARROW_ASSIGN_OR_RAISE(const auto place, source.resolve(location));
    ARROW_ASSIGN_OR_RAISE(auto object, place.store->OpenObject(place.key));
    return std::shared_ptr<ObjectReader>(std::move(object));
  };
  auto object = open();
  if (!object.ok()) {
    const Status why = Prefix(object.status(), "read the result of " + subject + ", " + location);
    if (source.results == AthenaResults::kCsv || !CannotBeRead(KindOf(why))) {
      return WithHint(why, "the result object is needed: allow s3:GetObject there, or take results: api");
    }
    source.note(why.message() + "; its rows come page by page, which is slow");
    return OpenedResult{.rows = pages(), .path = "pages of GetQueryResults, for the result object cannot be read"};
  }
  ARROW_ASSIGN_OR_RAISE(auto rows, ReadResultObject(*std::move(object), columns, form, subject));
  return OpenedResult{.rows = std::move(rows), .path = "result object " + location};
}

}  // namespace glaux::athena
