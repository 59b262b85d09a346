#pragma once

#include <optional>
#include <string>
#include <vector>

#include "glaux/wire/glue_database.h"
#include "glaux/wire/json_shape.h"

// Requests and answers of AWS Glue about the account's catalog as a whole, and about what hangs on its entries; see
// glue_database.h for what all have in common.
namespace glaux::wire::glue {

struct GetUserDefinedFunctionsResponse {
  std::optional<std::vector<boost::json::object>> UserDefinedFunctions = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(GetUserDefinedFunctionsResponse, (), (UserDefinedFunctions, NextToken))

struct GetUserDefinedFunctionsRequest {
  static constexpr std::string_view kOperation = "GetUserDefinedFunctions";
  using Answer = GetUserDefinedFunctionsResponse;
  std::optional<std::string> CatalogId = {};
  std::optional<std::string> DatabaseName = {};
  std::string Pattern = {};
  std::optional<std::string> FunctionType = {};
  std::optional<std::string> NextToken = {};
  std::optional<int64_t> MaxResults = {};
};
BOOST_DESCRIBE_STRUCT(GetUserDefinedFunctionsRequest, (),
                      (CatalogId, DatabaseName, Pattern, FunctionType, NextToken, MaxResults))

struct EncryptionAtRest {
  std::string CatalogEncryptionMode = {};
};
BOOST_DESCRIBE_STRUCT(EncryptionAtRest, (), (CatalogEncryptionMode))

struct ConnectionPasswordEncryption {
  bool ReturnConnectionPasswordEncrypted = false;
};
BOOST_DESCRIBE_STRUCT(ConnectionPasswordEncryption, (), (ReturnConnectionPasswordEncrypted))

struct DataCatalogEncryptionSettings {
  glue::EncryptionAtRest EncryptionAtRest = {};
  glue::ConnectionPasswordEncryption ConnectionPasswordEncryption = {};
};
BOOST_DESCRIBE_STRUCT(DataCatalogEncryptionSettings, (), (EncryptionAtRest, ConnectionPasswordEncryption))

struct GetDataCatalogEncryptionSettingsResponse {
  glue::DataCatalogEncryptionSettings DataCatalogEncryptionSettings = {};
};
BOOST_DESCRIBE_STRUCT(GetDataCatalogEncryptionSettingsResponse, (), (DataCatalogEncryptionSettings))

struct GetDataCatalogEncryptionSettingsRequest {
  static constexpr std::string_view kOperation = "GetDataCatalogEncryptionSettings";
  using Answer = GetDataCatalogEncryptionSettingsResponse;
  std::optional<std::string> CatalogId = {};
};
BOOST_DESCRIBE_STRUCT(GetDataCatalogEncryptionSettingsRequest, (), (CatalogId))

struct CatalogImportStatus {
  bool ImportCompleted = true;
};
BOOST_DESCRIBE_STRUCT(CatalogImportStatus, (), (ImportCompleted))

struct GetCatalogImportStatusResponse {
  CatalogImportStatus ImportStatus = {};
};
BOOST_DESCRIBE_STRUCT(GetCatalogImportStatusResponse, (), (ImportStatus))

struct GetCatalogImportStatusRequest {
  static constexpr std::string_view kOperation = "GetCatalogImportStatus";
  using Answer = GetCatalogImportStatusResponse;
  std::optional<std::string> CatalogId = {};
};
BOOST_DESCRIBE_STRUCT(GetCatalogImportStatusRequest, (), (CatalogId))

struct GetTagsResponse {
  std::optional<std::map<std::string, std::string>> Tags = {};
};
BOOST_DESCRIBE_STRUCT(GetTagsResponse, (), (Tags))

struct GetTagsRequest {
  static constexpr std::string_view kOperation = "GetTags";
  using Answer = GetTagsResponse;
  std::string ResourceArn = {};
};
BOOST_DESCRIBE_STRUCT(GetTagsRequest, (), (ResourceArn))

struct TagResourceRequest {
  static constexpr std::string_view kOperation = "TagResource";
  using Answer = Empty;
  std::string ResourceArn = {};
  std::map<std::string, std::string> TagsToAdd = {};
};
BOOST_DESCRIBE_STRUCT(TagResourceRequest, (), (ResourceArn, TagsToAdd))

struct UntagResourceRequest {
  static constexpr std::string_view kOperation = "UntagResource";
  using Answer = Empty;
  std::string ResourceArn = {};
  std::vector<std::string> TagsToRemove = {};
};
BOOST_DESCRIBE_STRUCT(UntagResourceRequest, (), (ResourceArn, TagsToRemove))

}  // namespace glaux::wire::glue
