#pragma once

#include <optional>
#include <string>
#include <vector>

#include "glaux/wire/glue_database.h"
#include "glaux/wire/glue_entries.h"
#include "glaux/wire/json_shape.h"

// Requests and answers of AWS Glue's Data Catalog about tables; see glue_database.h for what all have in common.
namespace glaux::wire::glue {

struct CreateTableRequest {
  static constexpr std::string_view kOperation = "CreateTable";
  using Answer = Empty;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::optional<std::string> Name = {};
  std::optional<boost::json::object> TableInput = {};
  std::optional<std::vector<boost::json::object>> PartitionIndexes = {};
  std::optional<std::string> TransactionId = {};
  std::optional<boost::json::object> OpenTableFormatInput = {};
};
BOOST_DESCRIBE_STRUCT(CreateTableRequest, (),
                      (CatalogId, DatabaseName, Name, TableInput, PartitionIndexes, TransactionId,
                       OpenTableFormatInput))

struct GetTableResponse {
  boost::json::object Table = {};
};
BOOST_DESCRIBE_STRUCT(GetTableResponse, (), (Table))

struct GetTableRequest {
  static constexpr std::string_view kOperation = "GetTable";
  using Answer = GetTableResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string Name = {};
  std::optional<std::string> TransactionId = {};
  std::optional<boost::json::value> QueryAsOfTime = {};
  std::optional<boost::json::object> AuditContext = {};
  std::optional<bool> IncludeStatusDetails = {};
  std::optional<std::vector<std::string>> AttributesToGet = {};
};
BOOST_DESCRIBE_STRUCT(GetTableRequest, (),
                      (CatalogId, DatabaseName, Name, TransactionId, QueryAsOfTime, AuditContext, IncludeStatusDetails,
                       AttributesToGet))

struct GetTablesResponse {
  std::optional<std::vector<boost::json::object>> TableList = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(GetTablesResponse, (), (TableList, NextToken))

struct GetTablesRequest {
  static constexpr std::string_view kOperation = "GetTables";
  using Answer = GetTablesResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::optional<std::string> Expression = {};
  std::optional<std::string> NextToken = {};
  std::optional<int64_t> MaxResults = {};
  std::optional<std::string> TransactionId = {};
  std::optional<boost::json::value> QueryAsOfTime = {};
  std::optional<boost::json::object> AuditContext = {};
  std::optional<std::string> ResourceShareType = {};
  std::optional<bool> IncludeStatusDetails = {};
  std::optional<std::vector<std::string>> AttributesToGet = {};
};
BOOST_DESCRIBE_STRUCT(GetTablesRequest, (),
                      (CatalogId, DatabaseName, Expression, NextToken, MaxResults, TransactionId, QueryAsOfTime,
                       AuditContext, ResourceShareType, IncludeStatusDetails, AttributesToGet))

struct UpdateTableRequest {
  static constexpr std::string_view kOperation = "UpdateTable";
  using Answer = Empty;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::optional<std::string> Name = {};
  std::optional<boost::json::object> TableInput = {};
  std::optional<bool> SkipArchive = {};
  std::optional<std::string> TransactionId = {};
  /// The version that is to be replaced. Unset: whatever is there.
  std::optional<std::string> VersionId = {};
  std::optional<std::string> ViewUpdateAction = {};
  std::optional<bool> Force = {};
  std::optional<boost::json::object> UpdateOpenTableFormatInput = {};
};
BOOST_DESCRIBE_STRUCT(UpdateTableRequest, (),
                      (CatalogId, DatabaseName, Name, TableInput, SkipArchive, TransactionId, VersionId,
                       ViewUpdateAction, Force, UpdateOpenTableFormatInput))

struct DeleteTableRequest {
  static constexpr std::string_view kOperation = "DeleteTable";
  using Answer = Empty;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string Name = {};
  std::optional<std::string> TransactionId = {};
};
BOOST_DESCRIBE_STRUCT(DeleteTableRequest, (), (CatalogId, DatabaseName, Name, TransactionId))

struct TableError {
  std::optional<std::string> TableName = {};
  std::optional<glue::ErrorDetail> ErrorDetail = {};
};
BOOST_DESCRIBE_STRUCT(TableError, (), (TableName, ErrorDetail))

struct BatchDeleteTableResponse {
  std::optional<std::vector<TableError>> Errors = {};
};
BOOST_DESCRIBE_STRUCT(BatchDeleteTableResponse, (), (Errors))

struct BatchDeleteTableRequest {
  static constexpr std::string_view kOperation = "BatchDeleteTable";
  using Answer = BatchDeleteTableResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::vector<std::string> TablesToDelete = {};
  std::optional<std::string> TransactionId = {};
};
BOOST_DESCRIBE_STRUCT(BatchDeleteTableRequest, (), (CatalogId, DatabaseName, TablesToDelete, TransactionId))

struct TableVersion {
  std::optional<boost::json::object> Table = {};
  std::optional<std::string> VersionId = {};
};
BOOST_DESCRIBE_STRUCT(TableVersion, (), (Table, VersionId))

struct GetTableVersionResponse {
  glue::TableVersion TableVersion = {};
};
BOOST_DESCRIBE_STRUCT(GetTableVersionResponse, (), (TableVersion))

struct GetTableVersionRequest {
  static constexpr std::string_view kOperation = "GetTableVersion";
  using Answer = GetTableVersionResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::optional<std::string> VersionId = {};
  std::optional<boost::json::object> AuditContext = {};
};
BOOST_DESCRIBE_STRUCT(GetTableVersionRequest, (), (CatalogId, DatabaseName, TableName, VersionId, AuditContext))

struct GetTableVersionsResponse {
  std::optional<std::vector<TableVersion>> TableVersions = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(GetTableVersionsResponse, (), (TableVersions, NextToken))

struct GetTableVersionsRequest {
  static constexpr std::string_view kOperation = "GetTableVersions";
  using Answer = GetTableVersionsResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::optional<std::string> NextToken = {};
  std::optional<int64_t> MaxResults = {};
  std::optional<boost::json::object> AuditContext = {};
};
BOOST_DESCRIBE_STRUCT(GetTableVersionsRequest, (),
                      (CatalogId, DatabaseName, TableName, NextToken, MaxResults, AuditContext))

struct PropertyPredicate {
  std::optional<std::string> Key = {};
  std::optional<std::string> Value = {};
  std::optional<std::string> Comparator = {};
};
BOOST_DESCRIBE_STRUCT(PropertyPredicate, (), (Key, Value, Comparator))

struct SortCriterion {
  std::optional<std::string> FieldName = {};
  std::optional<std::string> Sort = {};
};
BOOST_DESCRIBE_STRUCT(SortCriterion, (), (FieldName, Sort))

struct SearchTablesRequest {
  static constexpr std::string_view kOperation = "SearchTables";
  using Answer = GetTablesResponse;  // the same two fields
  std::optional<std::string> CatalogId = {};
  std::optional<std::string> NextToken = {};
  std::optional<std::vector<PropertyPredicate>> Filters = {};
  std::optional<std::string> SearchText = {};
  std::optional<std::vector<SortCriterion>> SortCriteria = {};
  std::optional<int64_t> MaxResults = {};
  std::optional<std::string> ResourceShareType = {};
  std::optional<bool> IncludeStatusDetails = {};
};
BOOST_DESCRIBE_STRUCT(SearchTablesRequest, (),
                      (CatalogId, NextToken, Filters, SearchText, SortCriteria, MaxResults, ResourceShareType,
                       IncludeStatusDetails))

struct GetPartitionIndexesResponse {
  std::optional<std::vector<boost::json::object>> PartitionIndexDescriptorList = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(GetPartitionIndexesResponse, (), (PartitionIndexDescriptorList, NextToken))

struct GetPartitionIndexesRequest {
  static constexpr std::string_view kOperation = "GetPartitionIndexes";
  using Answer = GetPartitionIndexesResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(GetPartitionIndexesRequest, (), (CatalogId, DatabaseName, TableName, NextToken))

}  // namespace glaux::wire::glue
