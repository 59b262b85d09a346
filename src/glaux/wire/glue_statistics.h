#pragma once

#include <optional>
#include <string>
#include <vector>

#include "glaux/wire/glue_database.h"
#include "glaux/wire/glue_entries.h"
#include "glaux/wire/json_shape.h"

// Requests and answers of AWS Glue's Data Catalog about column statistics; see glue_database.h for what all have in
// common.
namespace glaux::wire::glue {

/// Most columns of one call.
inline constexpr size_t kMostColumnsGot = 100;
inline constexpr size_t kMostColumnsUpdated = 25;

struct ColumnStatistics {
  std::string ColumnName = {};
  std::string ColumnType = {};
  Timestamp AnalyzedTime = {};
  boost::json::object StatisticsData = {};
};
BOOST_DESCRIBE_STRUCT(ColumnStatistics, (), (ColumnName, ColumnType, AnalyzedTime, StatisticsData))

struct ColumnError {
  std::optional<std::string> ColumnName = {};
  std::optional<ErrorDetail> Error = {};
};
BOOST_DESCRIBE_STRUCT(ColumnError, (), (ColumnName, Error))

struct GetColumnStatisticsResponse {
  std::optional<std::vector<ColumnStatistics>> ColumnStatisticsList = {};
  std::optional<std::vector<ColumnError>> Errors = {};
};
BOOST_DESCRIBE_STRUCT(GetColumnStatisticsResponse, (), (ColumnStatisticsList, Errors))

struct GetColumnStatisticsForTableRequest {
  static constexpr std::string_view kOperation = "GetColumnStatisticsForTable";
  using Answer = GetColumnStatisticsResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::vector<std::string> ColumnNames = {};
};
BOOST_DESCRIBE_STRUCT(GetColumnStatisticsForTableRequest, (), (CatalogId, DatabaseName, TableName, ColumnNames))

struct GetColumnStatisticsForPartitionRequest {
  static constexpr std::string_view kOperation = "GetColumnStatisticsForPartition";
  using Answer = GetColumnStatisticsResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::vector<std::string> PartitionValues = {};
  std::vector<std::string> ColumnNames = {};
};
BOOST_DESCRIBE_STRUCT(GetColumnStatisticsForPartitionRequest, (),
                      (CatalogId, DatabaseName, TableName, PartitionValues, ColumnNames))

struct ColumnStatisticsError {
  std::optional<glue::ColumnStatistics> ColumnStatistics = {};
  std::optional<ErrorDetail> Error = {};
};
BOOST_DESCRIBE_STRUCT(ColumnStatisticsError, (), (ColumnStatistics, Error))

struct UpdateColumnStatisticsResponse {
  std::optional<std::vector<ColumnStatisticsError>> Errors = {};
};
BOOST_DESCRIBE_STRUCT(UpdateColumnStatisticsResponse, (), (Errors))

struct UpdateColumnStatisticsForTableRequest {
  static constexpr std::string_view kOperation = "UpdateColumnStatisticsForTable";
  using Answer = UpdateColumnStatisticsResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::vector<ColumnStatistics> ColumnStatisticsList = {};
};
BOOST_DESCRIBE_STRUCT(UpdateColumnStatisticsForTableRequest, (),
                      (CatalogId, DatabaseName, TableName, ColumnStatisticsList))

struct UpdateColumnStatisticsForPartitionRequest {
  static constexpr std::string_view kOperation = "UpdateColumnStatisticsForPartition";
  using Answer = UpdateColumnStatisticsResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::vector<std::string> PartitionValues = {};
  std::vector<ColumnStatistics> ColumnStatisticsList = {};
};
BOOST_DESCRIBE_STRUCT(UpdateColumnStatisticsForPartitionRequest, (),
                      (CatalogId, DatabaseName, TableName, PartitionValues, ColumnStatisticsList))

struct DeleteColumnStatisticsForTableRequest {
  static constexpr std::string_view kOperation = "DeleteColumnStatisticsForTable";
  using Answer = Empty;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::string ColumnName = {};
};
BOOST_DESCRIBE_STRUCT(DeleteColumnStatisticsForTableRequest, (), (CatalogId, DatabaseName, TableName, ColumnName))

struct DeleteColumnStatisticsForPartitionRequest {
  static constexpr std::string_view kOperation = "DeleteColumnStatisticsForPartition";
  using Answer = Empty;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::vector<std::string> PartitionValues = {};
  std::string ColumnName = {};
};
BOOST_DESCRIBE_STRUCT(DeleteColumnStatisticsForPartitionRequest, (),
                      (CatalogId, DatabaseName, TableName, PartitionValues, ColumnName))

}  // namespace glaux::wire::glue
