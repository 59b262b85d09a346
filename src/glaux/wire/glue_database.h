#pragma once

#include <optional>
#include <string>
#include <vector>

#include "glaux/wire/glue_entries.h"
#include "glaux/wire/json_shape.h"

// Requests and answers of AWS Glue's Data Catalog about databases. Names are those of the AWS Glue Web API Reference.
// A request knows its operation and the shape of its answer.
namespace glaux::wire::glue {

/// An answer without content.
struct Empty {};
BOOST_DESCRIBE_STRUCT(Empty, (), ())

struct CreateDatabaseRequest {
  static constexpr std::string_view kOperation = "CreateDatabase";
  using Answer = Empty;
  std::optional<std::string> CatalogId = {};
  boost::json::object DatabaseInput = {};
  std::optional<std::map<std::string, std::string>> Tags = {};
};
BOOST_DESCRIBE_STRUCT(CreateDatabaseRequest, (), (CatalogId, DatabaseInput, Tags))

struct GetDatabaseResponse {
  boost::json::object Database = {};
};
BOOST_DESCRIBE_STRUCT(GetDatabaseResponse, (), (Database))

struct GetDatabaseRequest {
  static constexpr std::string_view kOperation = "GetDatabase";
  using Answer = GetDatabaseResponse;
  std::optional<std::string> CatalogId = {};
  std::string Name = {};
};
BOOST_DESCRIBE_STRUCT(GetDatabaseRequest, (), (CatalogId, Name))

struct GetDatabasesResponse {
  std::vector<boost::json::object> DatabaseList = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(GetDatabasesResponse, (), (DatabaseList, NextToken))

struct GetDatabasesRequest {
  static constexpr std::string_view kOperation = "GetDatabases";
  using Answer = GetDatabasesResponse;
  std::optional<std::string> CatalogId = {};
  std::optional<std::string> NextToken = {};
  std::optional<int64_t> MaxResults = {};
  std::optional<std::string> ResourceShareType = {};
  std::optional<std::vector<std::string>> AttributesToGet = {};
};
BOOST_DESCRIBE_STRUCT(GetDatabasesRequest, (), (CatalogId, NextToken, MaxResults, ResourceShareType, AttributesToGet))

struct UpdateDatabaseRequest {
  static constexpr std::string_view kOperation = "UpdateDatabase";
  using Answer = Empty;
  std::optional<std::string> CatalogId = {};
  std::string Name = {};
  boost::json::object DatabaseInput = {};
};
BOOST_DESCRIBE_STRUCT(UpdateDatabaseRequest, (), (CatalogId, Name, DatabaseInput))

struct DeleteDatabaseRequest {
  static constexpr std::string_view kOperation = "DeleteDatabase";
  using Answer = Empty;
  std::optional<std::string> CatalogId = {};
  std::string Name = {};
};
BOOST_DESCRIBE_STRUCT(DeleteDatabaseRequest, (), (CatalogId, Name))

}  // namespace glaux::wire::glue
