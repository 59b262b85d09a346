#pragma once

#include <optional>
#include <string>
#include <vector>

#include "glaux/wire/glue_database.h"
#include "glaux/wire/glue_entries.h"
#include "glaux/wire/json_shape.h"

// Requests and answers of AWS Glue's Data Catalog about partitions; see glue_database.h for what all have in common.
namespace glaux::wire::glue {

/// Most entries of one call.
inline constexpr size_t kMostCreated = 100;
inline constexpr size_t kMostUpdated = 100;
inline constexpr size_t kMostDeleted = 25;
inline constexpr size_t kMostGot = 1000;

struct CreatePartitionRequest {
  static constexpr std::string_view kOperation = "CreatePartition";
  using Answer = Empty;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  boost::json::object PartitionInput = {};
};
BOOST_DESCRIBE_STRUCT(CreatePartitionRequest, (), (CatalogId, DatabaseName, TableName, PartitionInput))

struct GetPartitionResponse {
  boost::json::object Partition = {};
};
BOOST_DESCRIBE_STRUCT(GetPartitionResponse, (), (Partition))

struct GetPartitionRequest {
  static constexpr std::string_view kOperation = "GetPartition";
  using Answer = GetPartitionResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::vector<std::string> PartitionValues = {};
  std::optional<boost::json::object> AuditContext = {};
};
BOOST_DESCRIBE_STRUCT(GetPartitionRequest, (), (CatalogId, DatabaseName, TableName, PartitionValues, AuditContext))

struct Segment {
  int64_t SegmentNumber = 0;
  int64_t TotalSegments = 1;
};
BOOST_DESCRIBE_STRUCT(Segment, (), (SegmentNumber, TotalSegments))

struct GetPartitionsResponse {
  std::optional<std::vector<boost::json::object>> Partitions = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(GetPartitionsResponse, (), (Partitions, NextToken))

struct GetPartitionsRequest {
  static constexpr std::string_view kOperation = "GetPartitions";
  using Answer = GetPartitionsResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::optional<std::string> Expression = {};
  std::optional<std::string> NextToken = {};
  std::optional<glue::Segment> Segment = {};
  std::optional<int64_t> MaxResults = {};
  std::optional<bool> ExcludeColumnSchema = {};
  std::optional<std::string> TransactionId = {};
  std::optional<boost::json::value> QueryAsOfTime = {};
  std::optional<boost::json::object> AuditContext = {};
};
BOOST_DESCRIBE_STRUCT(GetPartitionsRequest, (),
                      (CatalogId, DatabaseName, TableName, Expression, NextToken, Segment, MaxResults,
                       ExcludeColumnSchema, TransactionId, QueryAsOfTime, AuditContext))

struct PartitionValueList {
  std::vector<std::string> Values = {};
};
BOOST_DESCRIBE_STRUCT(PartitionValueList, (), (Values))

struct BatchGetPartitionResponse {
  std::optional<std::vector<boost::json::object>> Partitions = {};
  std::optional<std::vector<PartitionValueList>> UnprocessedKeys = {};
};
BOOST_DESCRIBE_STRUCT(BatchGetPartitionResponse, (), (Partitions, UnprocessedKeys))

struct BatchGetPartitionRequest {
  static constexpr std::string_view kOperation = "BatchGetPartition";
  using Answer = BatchGetPartitionResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::vector<PartitionValueList> PartitionsToGet = {};
  std::optional<boost::json::object> AuditContext = {};
  std::optional<boost::json::object> QuerySessionContext = {};
};
BOOST_DESCRIBE_STRUCT(BatchGetPartitionRequest, (),
                      (CatalogId, DatabaseName, TableName, PartitionsToGet, AuditContext, QuerySessionContext))

/// What became of one partition of a batch.
struct PartitionError {
  std::optional<std::vector<std::string>> PartitionValues = {};
  std::optional<glue::ErrorDetail> ErrorDetail = {};
};
BOOST_DESCRIBE_STRUCT(PartitionError, (), (PartitionValues, ErrorDetail))

/// Of BatchCreatePartition and BatchDeletePartition: what is not named here has happened.
struct PartitionErrorsResponse {
  std::optional<std::vector<PartitionError>> Errors = {};
};
BOOST_DESCRIBE_STRUCT(PartitionErrorsResponse, (), (Errors))

struct BatchCreatePartitionRequest {
  static constexpr std::string_view kOperation = "BatchCreatePartition";
  using Answer = PartitionErrorsResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::vector<boost::json::object> PartitionInputList = {};
};
BOOST_DESCRIBE_STRUCT(BatchCreatePartitionRequest, (), (CatalogId, DatabaseName, TableName, PartitionInputList))

struct BatchUpdatePartitionFailureEntry {
  std::optional<std::vector<std::string>> PartitionValueList = {};
  std::optional<glue::ErrorDetail> ErrorDetail = {};
};
BOOST_DESCRIBE_STRUCT(BatchUpdatePartitionFailureEntry, (), (PartitionValueList, ErrorDetail))

struct BatchUpdatePartitionResponse {
  std::optional<std::vector<BatchUpdatePartitionFailureEntry>> Errors = {};
};
BOOST_DESCRIBE_STRUCT(BatchUpdatePartitionResponse, (), (Errors))

struct BatchUpdatePartitionRequestEntry {
  std::vector<std::string> PartitionValueList = {};
  boost::json::object PartitionInput = {};
};
BOOST_DESCRIBE_STRUCT(BatchUpdatePartitionRequestEntry, (), (PartitionValueList, PartitionInput))

struct BatchUpdatePartitionRequest {
  static constexpr std::string_view kOperation = "BatchUpdatePartition";
  using Answer = BatchUpdatePartitionResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::vector<BatchUpdatePartitionRequestEntry> Entries = {};
};
BOOST_DESCRIBE_STRUCT(BatchUpdatePartitionRequest, (), (CatalogId, DatabaseName, TableName, Entries))

struct UpdatePartitionRequest {
  static constexpr std::string_view kOperation = "UpdatePartition";
  using Answer = Empty;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::vector<std::string> PartitionValueList = {};
  boost::json::object PartitionInput = {};
};
BOOST_DESCRIBE_STRUCT(UpdatePartitionRequest, (),
                      (CatalogId, DatabaseName, TableName, PartitionValueList, PartitionInput))

struct DeletePartitionRequest {
  static constexpr std::string_view kOperation = "DeletePartition";
  using Answer = Empty;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::vector<std::string> PartitionValues = {};
};
BOOST_DESCRIBE_STRUCT(DeletePartitionRequest, (), (CatalogId, DatabaseName, TableName, PartitionValues))

struct BatchDeletePartitionRequest {
  static constexpr std::string_view kOperation = "BatchDeletePartition";
  using Answer = PartitionErrorsResponse;
  std::optional<std::string> CatalogId = {};
  std::string DatabaseName = {};
  std::string TableName = {};
  std::vector<PartitionValueList> PartitionsToDelete = {};
};
BOOST_DESCRIBE_STRUCT(BatchDeletePartitionRequest, (), (CatalogId, DatabaseName, TableName, PartitionsToDelete))

}  // namespace glaux::wire::glue
