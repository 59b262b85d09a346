#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/wire/athena_query.h"

// Requests and answers of Amazon Athena about queries that are kept: named queries and prepared statements.
namespace glaux::wire::athena {

struct NamedQuery {
  std::string Name = {};
  std::optional<std::string> Description = {};
  std::string Database = {};
  std::string QueryString = {};
  std::optional<std::string> NamedQueryId = {};
  std::optional<std::string> WorkGroup = {};
};
BOOST_DESCRIBE_STRUCT(NamedQuery, (), (Name, Description, Database, QueryString, NamedQueryId, WorkGroup))

struct CreateNamedQueryResponse {
  std::optional<std::string> NamedQueryId = {};
};
BOOST_DESCRIBE_STRUCT(CreateNamedQueryResponse, (), (NamedQueryId))

struct CreateNamedQueryRequest {
  static constexpr std::string_view kOperation = "CreateNamedQuery";
  using Answer = CreateNamedQueryResponse;
  std::string Name = {};
  std::optional<std::string> Description = {};
  std::string Database = {};
  std::string QueryString = {};
  std::optional<std::string> ClientRequestToken = {};
  std::optional<std::string> WorkGroup = {};
};
BOOST_DESCRIBE_STRUCT(CreateNamedQueryRequest, (),
                      (Name, Description, Database, QueryString, ClientRequestToken, WorkGroup))

struct GetNamedQueryResponse {
  athena::NamedQuery NamedQuery = {};
};
BOOST_DESCRIBE_STRUCT(GetNamedQueryResponse, (), (NamedQuery))

struct GetNamedQueryRequest {
  static constexpr std::string_view kOperation = "GetNamedQuery";
  using Answer = GetNamedQueryResponse;
  std::string NamedQueryId = {};
};
BOOST_DESCRIBE_STRUCT(GetNamedQueryRequest, (), (NamedQueryId))

struct UnprocessedNamedQueryId {
  std::optional<std::string> NamedQueryId = {};
  std::optional<std::string> ErrorCode = {};
  std::optional<std::string> ErrorMessage = {};
};
BOOST_DESCRIBE_STRUCT(UnprocessedNamedQueryId, (), (NamedQueryId, ErrorCode, ErrorMessage))

struct BatchGetNamedQueryResponse {
  std::optional<std::vector<NamedQuery>> NamedQueries = {};
  std::optional<std::vector<UnprocessedNamedQueryId>> UnprocessedNamedQueryIds = {};
};
BOOST_DESCRIBE_STRUCT(BatchGetNamedQueryResponse, (), (NamedQueries, UnprocessedNamedQueryIds))

struct BatchGetNamedQueryRequest {
  static constexpr std::string_view kOperation = "BatchGetNamedQuery";
  using Answer = BatchGetNamedQueryResponse;
  std::vector<std::string> NamedQueryIds = {};
};
BOOST_DESCRIBE_STRUCT(BatchGetNamedQueryRequest, (), (NamedQueryIds))

struct ListNamedQueriesResponse {
  std::optional<std::vector<std::string>> NamedQueryIds = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(ListNamedQueriesResponse, (), (NamedQueryIds, NextToken))

struct ListNamedQueriesRequest {
  static constexpr std::string_view kOperation = "ListNamedQueries";
  using Answer = ListNamedQueriesResponse;
  std::optional<std::string> NextToken = {};
  std::optional<int64_t> MaxResults = {};
  std::optional<std::string> WorkGroup = {};
};
BOOST_DESCRIBE_STRUCT(ListNamedQueriesRequest, (), (NextToken, MaxResults, WorkGroup))

struct UpdateNamedQueryRequest {
  static constexpr std::string_view kOperation = "UpdateNamedQuery";
  using Answer = Empty;
  std::string NamedQueryId = {};
  std::string Name = {};
  std::optional<std::string> Description = {};
  std::string QueryString = {};
};
BOOST_DESCRIBE_STRUCT(UpdateNamedQueryRequest, (), (NamedQueryId, Name, Description, QueryString))

struct DeleteNamedQueryRequest {
  static constexpr std::string_view kOperation = "DeleteNamedQuery";
  using Answer = Empty;
  std::string NamedQueryId = {};
};
BOOST_DESCRIBE_STRUCT(DeleteNamedQueryRequest, (), (NamedQueryId))

struct PreparedStatement {
  std::optional<std::string> StatementName = {};
  std::optional<std::string> QueryStatement = {};
  std::optional<std::string> WorkGroupName = {};
  std::optional<std::string> Description = {};
  std::optional<Timestamp> LastModifiedTime = {};
};
BOOST_DESCRIBE_STRUCT(PreparedStatement, (),
                      (StatementName, QueryStatement, WorkGroupName, Description, LastModifiedTime))

struct CreatePreparedStatementRequest {
  static constexpr std::string_view kOperation = "CreatePreparedStatement";
  using Answer = Empty;
  std::string StatementName = {};
  std::string WorkGroup = {};
  std::string QueryStatement = {};
  std::optional<std::string> Description = {};
};
BOOST_DESCRIBE_STRUCT(CreatePreparedStatementRequest, (), (StatementName, WorkGroup, QueryStatement, Description))

struct GetPreparedStatementResponse {
  athena::PreparedStatement PreparedStatement = {};
};
BOOST_DESCRIBE_STRUCT(GetPreparedStatementResponse, (), (PreparedStatement))

struct GetPreparedStatementRequest {
  static constexpr std::string_view kOperation = "GetPreparedStatement";
  using Answer = GetPreparedStatementResponse;
  std::string StatementName = {};
  std::string WorkGroup = {};
};
BOOST_DESCRIBE_STRUCT(GetPreparedStatementRequest, (), (StatementName, WorkGroup))

struct UnprocessedPreparedStatementName {
  std::optional<std::string> StatementName = {};
  std::optional<std::string> ErrorCode = {};
  std::optional<std::string> ErrorMessage = {};
};
BOOST_DESCRIBE_STRUCT(UnprocessedPreparedStatementName, (), (StatementName, ErrorCode, ErrorMessage))

struct BatchGetPreparedStatementResponse {
  std::optional<std::vector<PreparedStatement>> PreparedStatements = {};
  std::optional<std::vector<UnprocessedPreparedStatementName>> UnprocessedPreparedStatementNames = {};
};
BOOST_DESCRIBE_STRUCT(BatchGetPreparedStatementResponse, (), (PreparedStatements, UnprocessedPreparedStatementNames))

struct BatchGetPreparedStatementRequest {
  static constexpr std::string_view kOperation = "BatchGetPreparedStatement";
  using Answer = BatchGetPreparedStatementResponse;
  std::vector<std::string> PreparedStatementNames = {};
  std::string WorkGroup = {};
};
BOOST_DESCRIBE_STRUCT(BatchGetPreparedStatementRequest, (), (PreparedStatementNames, WorkGroup))

struct PreparedStatementSummary {
  std::optional<std::string> StatementName = {};
  std::optional<Timestamp> LastModifiedTime = {};
};
BOOST_DESCRIBE_STRUCT(PreparedStatementSummary, (), (StatementName, LastModifiedTime))

struct ListPreparedStatementsResponse {
  std::optional<std::vector<PreparedStatementSummary>> PreparedStatements = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(ListPreparedStatementsResponse, (), (PreparedStatements, NextToken))

struct ListPreparedStatementsRequest {
  static constexpr std::string_view kOperation = "ListPreparedStatements";
  using Answer = ListPreparedStatementsResponse;
  std::string WorkGroup = {};
  std::optional<std::string> NextToken = {};
  std::optional<int64_t> MaxResults = {};
};
BOOST_DESCRIBE_STRUCT(ListPreparedStatementsRequest, (), (WorkGroup, NextToken, MaxResults))

struct UpdatePreparedStatementRequest {
  static constexpr std::string_view kOperation = "UpdatePreparedStatement";
  using Answer = Empty;
  std::string StatementName = {};
  std::string WorkGroup = {};
  std::string QueryStatement = {};
  std::optional<std::string> Description = {};
};
BOOST_DESCRIBE_STRUCT(UpdatePreparedStatementRequest, (), (StatementName, WorkGroup, QueryStatement, Description))

struct DeletePreparedStatementRequest {
  static constexpr std::string_view kOperation = "DeletePreparedStatement";
  using Answer = Empty;
  std::string StatementName = {};
  std::string WorkGroup = {};
};
BOOST_DESCRIBE_STRUCT(DeletePreparedStatementRequest, (), (StatementName, WorkGroup))

}  // namespace glaux::wire::athena
