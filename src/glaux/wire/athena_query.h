#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/wire/json_shape.h"

// Requests and answers of Amazon Athena about queries and their results. Names are those of the Amazon Athena API
// Reference. A request knows its operation and the shape of its answer.
namespace glaux::wire::athena {

/// The head that names an operation: "AmazonAthena.StartQueryExecution".
inline constexpr std::string_view kTargetPrefix = "AmazonAthena.";
inline constexpr std::string_view kContentType = "application/x-amz-json-1.1";

/// Bytes of a query's text at most.
inline constexpr size_t kMostQueryString = 262'144;

/// An answer without content.
struct Empty {};
BOOST_DESCRIBE_STRUCT(Empty, (), ())

struct QueryExecutionContext {
  std::optional<std::string> Database = {};
  std::optional<std::string> Catalog = {};
};
BOOST_DESCRIBE_STRUCT(QueryExecutionContext, (), (Database, Catalog))

struct ResultConfiguration {
  std::optional<std::string> OutputLocation = {};
  std::optional<boost::json::object> EncryptionConfiguration = {};
  std::optional<std::string> ExpectedBucketOwner = {};
  std::optional<boost::json::object> AclConfiguration = {};
};
BOOST_DESCRIBE_STRUCT(ResultConfiguration, (),
                      (OutputLocation, EncryptionConfiguration, ExpectedBucketOwner, AclConfiguration))

struct EngineVersion {
  std::optional<std::string> SelectedEngineVersion = {};
  std::optional<std::string> EffectiveEngineVersion = {};
};
BOOST_DESCRIBE_STRUCT(EngineVersion, (), (SelectedEngineVersion, EffectiveEngineVersion))

struct StartQueryExecutionResponse {
  std::string QueryExecutionId = {};
};
BOOST_DESCRIBE_STRUCT(StartQueryExecutionResponse, (), (QueryExecutionId))

struct StartQueryExecutionRequest {
  static constexpr std::string_view kOperation = "StartQueryExecution";
  using Answer = StartQueryExecutionResponse;
  std::string QueryString = {};
  std::optional<std::string> ClientRequestToken = {};
  std::optional<athena::QueryExecutionContext> QueryExecutionContext = {};
  std::optional<athena::ResultConfiguration> ResultConfiguration = {};
  std::optional<std::string> WorkGroup = {};
  std::optional<std::vector<std::string>> ExecutionParameters = {};
  std::optional<boost::json::object> ResultReuseConfiguration = {};
  std::optional<boost::json::object> EngineConfiguration = {};
};
BOOST_DESCRIBE_STRUCT(StartQueryExecutionRequest, (),
                      (QueryString, ClientRequestToken, QueryExecutionContext, ResultConfiguration, WorkGroup,
                       ExecutionParameters, ResultReuseConfiguration, EngineConfiguration))

struct AthenaError {
  std::optional<int64_t> ErrorCategory = {};  ///< 1 the system's, 2 the user's, 3 another
  std::optional<int64_t> ErrorType = {};
  std::optional<bool> Retryable = {};
  std::optional<std::string> ErrorMessage = {};
};
BOOST_DESCRIBE_STRUCT(AthenaError, (), (ErrorCategory, ErrorType, Retryable, ErrorMessage))

struct QueryExecutionStatus {
  std::optional<std::string> State = {};
  std::optional<std::string> StateChangeReason = {};
  std::optional<Timestamp> SubmissionDateTime = {};
  std::optional<Timestamp> CompletionDateTime = {};
  std::optional<athena::AthenaError> AthenaError = {};
};
BOOST_DESCRIBE_STRUCT(QueryExecutionStatus, (),
                      (State, StateChangeReason, SubmissionDateTime, CompletionDateTime, AthenaError))

struct ResultReuseInformation {
  bool ReusedPreviousResult = false;
};
BOOST_DESCRIBE_STRUCT(ResultReuseInformation, (), (ReusedPreviousResult))

struct QueryExecutionStatistics {
  std::optional<int64_t> EngineExecutionTimeInMillis = {};
  std::optional<int64_t> DataScannedInBytes = {};
  std::optional<std::string> DataManifestLocation = {};
  std::optional<int64_t> TotalExecutionTimeInMillis = {};
  std::optional<int64_t> QueryQueueTimeInMillis = {};
  std::optional<int64_t> QueryPlanningTimeInMillis = {};
  std::optional<athena::ResultReuseInformation> ResultReuseInformation = {};
};
BOOST_DESCRIBE_STRUCT(QueryExecutionStatistics, (),
                      (EngineExecutionTimeInMillis, DataScannedInBytes, DataManifestLocation,
                       TotalExecutionTimeInMillis, QueryQueueTimeInMillis, QueryPlanningTimeInMillis,
                       ResultReuseInformation))

struct QueryExecution {
  std::optional<std::string> QueryExecutionId = {};
  std::optional<std::string> Query = {};
  std::optional<std::string> StatementType = {};
  std::optional<std::string> SubstatementType = {};
  std::optional<athena::ResultConfiguration> ResultConfiguration = {};
  std::optional<boost::json::object> ResultReuseConfiguration = {};
  std::optional<athena::QueryExecutionContext> QueryExecutionContext = {};
  std::optional<QueryExecutionStatus> Status = {};
  std::optional<QueryExecutionStatistics> Statistics = {};
  std::optional<std::string> WorkGroup = {};
  std::optional<athena::EngineVersion> EngineVersion = {};
  std::optional<std::vector<std::string>> ExecutionParameters = {};
};
BOOST_DESCRIBE_STRUCT(QueryExecution, (),
                      (QueryExecutionId, Query, StatementType, SubstatementType, ResultConfiguration,
                       ResultReuseConfiguration, QueryExecutionContext, Status, Statistics, WorkGroup, EngineVersion,
                       ExecutionParameters))

struct GetQueryExecutionResponse {
  athena::QueryExecution QueryExecution = {};
};
BOOST_DESCRIBE_STRUCT(GetQueryExecutionResponse, (), (QueryExecution))

struct GetQueryExecutionRequest {
  static constexpr std::string_view kOperation = "GetQueryExecution";
  using Answer = GetQueryExecutionResponse;
  std::string QueryExecutionId = {};
};
BOOST_DESCRIBE_STRUCT(GetQueryExecutionRequest, (), (QueryExecutionId))

struct UnprocessedQueryExecutionId {
  std::optional<std::string> QueryExecutionId = {};
  std::optional<std::string> ErrorCode = {};
  std::optional<std::string> ErrorMessage = {};
};
BOOST_DESCRIBE_STRUCT(UnprocessedQueryExecutionId, (), (QueryExecutionId, ErrorCode, ErrorMessage))

struct BatchGetQueryExecutionResponse {
  std::optional<std::vector<QueryExecution>> QueryExecutions = {};
  std::optional<std::vector<UnprocessedQueryExecutionId>> UnprocessedQueryExecutionIds = {};
};
BOOST_DESCRIBE_STRUCT(BatchGetQueryExecutionResponse, (), (QueryExecutions, UnprocessedQueryExecutionIds))

struct BatchGetQueryExecutionRequest {
  static constexpr std::string_view kOperation = "BatchGetQueryExecution";
  using Answer = BatchGetQueryExecutionResponse;
  std::vector<std::string> QueryExecutionIds = {};
};
BOOST_DESCRIBE_STRUCT(BatchGetQueryExecutionRequest, (), (QueryExecutionIds))

struct ListQueryExecutionsResponse {
  std::optional<std::vector<std::string>> QueryExecutionIds = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(ListQueryExecutionsResponse, (), (QueryExecutionIds, NextToken))

struct ListQueryExecutionsRequest {
  static constexpr std::string_view kOperation = "ListQueryExecutions";
  using Answer = ListQueryExecutionsResponse;
  std::optional<std::string> NextToken = {};
  std::optional<int64_t> MaxResults = {};
  std::optional<std::string> WorkGroup = {};
};
BOOST_DESCRIBE_STRUCT(ListQueryExecutionsRequest, (), (NextToken, MaxResults, WorkGroup))

struct StopQueryExecutionRequest {
  static constexpr std::string_view kOperation = "StopQueryExecution";
  using Answer = Empty;
  std::string QueryExecutionId = {};
};
BOOST_DESCRIBE_STRUCT(StopQueryExecutionRequest, (), (QueryExecutionId))

/// One value of a result; NULL has no text.
struct Datum {
  std::optional<std::string> VarCharValue = {};
};
BOOST_DESCRIBE_STRUCT(Datum, (), (VarCharValue))

struct Row {
  std::optional<std::vector<Datum>> Data = {};
};
BOOST_DESCRIBE_STRUCT(Row, (), (Data))

struct ColumnInfo {
  std::optional<std::string> CatalogName = {};
  std::optional<std::string> SchemaName = {};
  std::optional<std::string> TableName = {};
  std::string Name = {};
  std::optional<std::string> Label = {};
  std::string Type = {};
  std::optional<int64_t> Precision = {};
  std::optional<int64_t> Scale = {};
  std::optional<std::string> Nullable = {};
  std::optional<bool> CaseSensitive = {};
};
BOOST_DESCRIBE_STRUCT(ColumnInfo, (),
                      (CatalogName, SchemaName, TableName, Name, Label, Type, Precision, Scale, Nullable,
                       CaseSensitive))

struct ResultSetMetadata {
  std::optional<std::vector<athena::ColumnInfo>> ColumnInfo = {};
};
BOOST_DESCRIBE_STRUCT(ResultSetMetadata, (), (ColumnInfo))

struct ResultSet {
  std::optional<std::vector<Row>> Rows = {};
  std::optional<athena::ResultSetMetadata> ResultSetMetadata = {};
};
BOOST_DESCRIBE_STRUCT(ResultSet, (), (Rows, ResultSetMetadata))

struct GetQueryResultsResponse {
  std::optional<int64_t> UpdateCount = {};
  std::optional<athena::ResultSet> ResultSet = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(GetQueryResultsResponse, (), (UpdateCount, ResultSet, NextToken))

struct GetQueryResultsRequest {
  static constexpr std::string_view kOperation = "GetQueryResults";
  using Answer = GetQueryResultsResponse;
  std::string QueryExecutionId = {};
  std::optional<std::string> NextToken = {};
  std::optional<int64_t> MaxResults = {};
  std::optional<std::string> QueryResultType = {};
};
BOOST_DESCRIBE_STRUCT(GetQueryResultsRequest, (), (QueryExecutionId, NextToken, MaxResults, QueryResultType))

struct QueryRuntimeStatisticsTimeline {
  std::optional<int64_t> QueryQueueTimeInMillis = {};
  std::optional<int64_t> EngineExecutionTimeInMillis = {};
  std::optional<int64_t> TotalExecutionTimeInMillis = {};
};
BOOST_DESCRIBE_STRUCT(QueryRuntimeStatisticsTimeline, (),
                      (QueryQueueTimeInMillis, EngineExecutionTimeInMillis, TotalExecutionTimeInMillis))

struct QueryRuntimeStatisticsRows {
  std::optional<int64_t> InputBytes = {};
  std::optional<int64_t> OutputBytes = {};
  std::optional<int64_t> OutputRows = {};
};
BOOST_DESCRIBE_STRUCT(QueryRuntimeStatisticsRows, (), (InputBytes, OutputBytes, OutputRows))

struct QueryRuntimeStatistics {
  std::optional<QueryRuntimeStatisticsTimeline> Timeline = {};
  std::optional<QueryRuntimeStatisticsRows> Rows = {};
};
BOOST_DESCRIBE_STRUCT(QueryRuntimeStatistics, (), (Timeline, Rows))

struct GetQueryRuntimeStatisticsResponse {
  std::optional<athena::QueryRuntimeStatistics> QueryRuntimeStatistics = {};
};
BOOST_DESCRIBE_STRUCT(GetQueryRuntimeStatisticsResponse, (), (QueryRuntimeStatistics))

struct GetQueryRuntimeStatisticsRequest {
  static constexpr std::string_view kOperation = "GetQueryRuntimeStatistics";
  using Answer = GetQueryRuntimeStatisticsResponse;
  std::string QueryExecutionId = {};
};
BOOST_DESCRIBE_STRUCT(GetQueryRuntimeStatisticsRequest, (), (QueryExecutionId))

}  // namespace glaux::wire::athena
