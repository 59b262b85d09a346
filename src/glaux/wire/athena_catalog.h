#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/wire/athena_query.h"

// Requests and answers of Amazon Athena about catalogs, databases and tables.
namespace glaux::wire::athena {

struct DataCatalogSummary {
  std::optional<std::string> CatalogName = {};
  std::optional<std::string> Type = {};
};
BOOST_DESCRIBE_STRUCT(DataCatalogSummary, (), (CatalogName, Type))

struct ListDataCatalogsResponse {
  std::optional<std::vector<DataCatalogSummary>> DataCatalogsSummary = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(ListDataCatalogsResponse, (), (DataCatalogsSummary, NextToken))

struct ListDataCatalogsRequest {
  static constexpr std::string_view kOperation = "ListDataCatalogs";
  using Answer = ListDataCatalogsResponse;
  std::optional<std::string> NextToken = {};
  std::optional<int64_t> MaxResults = {};
  std::optional<std::string> WorkGroup = {};
};
BOOST_DESCRIBE_STRUCT(ListDataCatalogsRequest, (), (NextToken, MaxResults, WorkGroup))

struct DataCatalog {
  std::string Name = {};
  std::optional<std::string> Description = {};
  std::string Type = {};
  std::optional<std::map<std::string, std::string>> Parameters = {};
};
BOOST_DESCRIBE_STRUCT(DataCatalog, (), (Name, Description, Type, Parameters))

struct GetDataCatalogResponse {
  std::optional<athena::DataCatalog> DataCatalog = {};
};
BOOST_DESCRIBE_STRUCT(GetDataCatalogResponse, (), (DataCatalog))

struct GetDataCatalogRequest {
  static constexpr std::string_view kOperation = "GetDataCatalog";
  using Answer = GetDataCatalogResponse;
  std::string Name = {};
  std::optional<std::string> WorkGroup = {};
};
BOOST_DESCRIBE_STRUCT(GetDataCatalogRequest, (), (Name, WorkGroup))

struct Database {
  std::string Name = {};
  std::optional<std::string> Description = {};
  std::optional<std::map<std::string, std::string>> Parameters = {};
};
BOOST_DESCRIBE_STRUCT(Database, (), (Name, Description, Parameters))

struct ListDatabasesResponse {
  std::optional<std::vector<Database>> DatabaseList = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(ListDatabasesResponse, (), (DatabaseList, NextToken))

struct ListDatabasesRequest {
  static constexpr std::string_view kOperation = "ListDatabases";
  using Answer = ListDatabasesResponse;
  std::string CatalogName = {};
  std::optional<std::string> NextToken = {};
  std::optional<int64_t> MaxResults = {};
  std::optional<std::string> WorkGroup = {};
  std::optional<std::vector<std::string>> AttributesToGet = {};
};
BOOST_DESCRIBE_STRUCT(ListDatabasesRequest, (), (CatalogName, NextToken, MaxResults, WorkGroup, AttributesToGet))

struct GetDatabaseResponse {
  std::optional<athena::Database> Database = {};
};
BOOST_DESCRIBE_STRUCT(GetDatabaseResponse, (), (Database))

struct GetDatabaseRequest {
  static constexpr std::string_view kOperation = "GetDatabase";
  using Answer = GetDatabaseResponse;
  std::string CatalogName = {};
  std::string DatabaseName = {};
  std::optional<std::string> WorkGroup = {};
};
BOOST_DESCRIBE_STRUCT(GetDatabaseRequest, (), (CatalogName, DatabaseName, WorkGroup))

struct Column {
  std::string Name = {};
  std::optional<std::string> Type = {};
  std::optional<std::string> Comment = {};
};
BOOST_DESCRIBE_STRUCT(Column, (), (Name, Type, Comment))

struct TableMetadata {
  std::string Name = {};
  std::optional<Timestamp> CreateTime = {};
  std::optional<Timestamp> LastAccessTime = {};
  std::optional<std::string> TableType = {};
  std::optional<std::vector<Column>> Columns = {};
  std::optional<std::vector<Column>> PartitionKeys = {};
  std::optional<std::map<std::string, std::string>> Parameters = {};
};
BOOST_DESCRIBE_STRUCT(TableMetadata, (),
                      (Name, CreateTime, LastAccessTime, TableType, Columns, PartitionKeys, Parameters))

struct ListTableMetadataResponse {
  std::optional<std::vector<TableMetadata>> TableMetadataList = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(ListTableMetadataResponse, (), (TableMetadataList, NextToken))

struct ListTableMetadataRequest {
  static constexpr std::string_view kOperation = "ListTableMetadata";
  using Answer = ListTableMetadataResponse;
  std::string CatalogName = {};
  std::string DatabaseName = {};
  std::optional<std::string> Expression = {};
  std::optional<std::string> NextToken = {};
  std::optional<int64_t> MaxResults = {};
  std::optional<std::string> WorkGroup = {};
  std::optional<std::vector<std::string>> AttributesToGet = {};
};
BOOST_DESCRIBE_STRUCT(ListTableMetadataRequest, (),
                      (CatalogName, DatabaseName, Expression, NextToken, MaxResults, WorkGroup, AttributesToGet))

struct GetTableMetadataResponse {
  std::optional<athena::TableMetadata> TableMetadata = {};
};
BOOST_DESCRIBE_STRUCT(GetTableMetadataResponse, (), (TableMetadata))

struct GetTableMetadataRequest {
  static constexpr std::string_view kOperation = "GetTableMetadata";
  using Answer = GetTableMetadataResponse;
  std::string CatalogName = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::optional<std::string> WorkGroup = {};
};
BOOST_DESCRIBE_STRUCT(GetTableMetadataRequest, (), (CatalogName, DatabaseName, TableName, WorkGroup))

}  // namespace glaux::wire::athena
