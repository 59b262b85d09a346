#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/wire/athena_query.h"

// Requests and answers of Amazon Athena about workgroups.
namespace glaux::wire::athena {

struct WorkGroupConfiguration {
  std::optional<athena::ResultConfiguration> ResultConfiguration = {};
  std::optional<bool> EnforceWorkGroupConfiguration = {};
  std::optional<bool> PublishCloudWatchMetricsEnabled = {};
  std::optional<int64_t> BytesScannedCutoffPerQuery = {};
  std::optional<bool> RequesterPaysEnabled = {};
  std::optional<athena::EngineVersion> EngineVersion = {};
};
BOOST_DESCRIBE_STRUCT(WorkGroupConfiguration, (),
                      (ResultConfiguration, EnforceWorkGroupConfiguration, PublishCloudWatchMetricsEnabled,
                       BytesScannedCutoffPerQuery, RequesterPaysEnabled, EngineVersion))

struct Tag {
  std::optional<std::string> Key = {};
  std::optional<std::string> Value = {};
};
BOOST_DESCRIBE_STRUCT(Tag, (), (Key, Value))

struct CreateWorkGroupRequest {
  static constexpr std::string_view kOperation = "CreateWorkGroup";
  using Answer = Empty;
  std::string Name = {};
  std::optional<WorkGroupConfiguration> Configuration = {};
  std::optional<std::string> Description = {};
  std::optional<std::vector<Tag>> Tags = {};
};
BOOST_DESCRIBE_STRUCT(CreateWorkGroupRequest, (), (Name, Configuration, Description, Tags))

struct WorkGroup {
  std::string Name = {};
  std::optional<std::string> State = {};
  std::optional<WorkGroupConfiguration> Configuration = {};
  std::optional<std::string> Description = {};
  std::optional<Timestamp> CreationTime = {};
};
BOOST_DESCRIBE_STRUCT(WorkGroup, (), (Name, State, Configuration, Description, CreationTime))

struct GetWorkGroupResponse {
  athena::WorkGroup WorkGroup = {};
};
BOOST_DESCRIBE_STRUCT(GetWorkGroupResponse, (), (WorkGroup))

struct GetWorkGroupRequest {
  static constexpr std::string_view kOperation = "GetWorkGroup";
  using Answer = GetWorkGroupResponse;
  std::string WorkGroup = {};
};
BOOST_DESCRIBE_STRUCT(GetWorkGroupRequest, (), (WorkGroup))

struct WorkGroupSummary {
  std::optional<std::string> Name = {};
  std::optional<std::string> State = {};
  std::optional<std::string> Description = {};
  std::optional<Timestamp> CreationTime = {};
  std::optional<athena::EngineVersion> EngineVersion = {};
};
BOOST_DESCRIBE_STRUCT(WorkGroupSummary, (), (Name, State, Description, CreationTime, EngineVersion))

struct ListWorkGroupsResponse {
  std::optional<std::vector<WorkGroupSummary>> WorkGroups = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(ListWorkGroupsResponse, (), (WorkGroups, NextToken))

struct ListWorkGroupsRequest {
  static constexpr std::string_view kOperation = "ListWorkGroups";
  using Answer = ListWorkGroupsResponse;
  std::optional<std::string> NextToken = {};
  std::optional<int64_t> MaxResults = {};
};
BOOST_DESCRIBE_STRUCT(ListWorkGroupsRequest, (), (NextToken, MaxResults))

struct ResultConfigurationUpdates {
  std::optional<std::string> OutputLocation = {};
  std::optional<bool> RemoveOutputLocation = {};
  std::optional<boost::json::object> EncryptionConfiguration = {};
  std::optional<bool> RemoveEncryptionConfiguration = {};
  std::optional<std::string> ExpectedBucketOwner = {};
  std::optional<bool> RemoveExpectedBucketOwner = {};
  std::optional<boost::json::object> AclConfiguration = {};
  std::optional<bool> RemoveAclConfiguration = {};
};
BOOST_DESCRIBE_STRUCT(ResultConfigurationUpdates, (),
                      (OutputLocation, RemoveOutputLocation, EncryptionConfiguration, RemoveEncryptionConfiguration,
                       ExpectedBucketOwner, RemoveExpectedBucketOwner, AclConfiguration, RemoveAclConfiguration))

struct WorkGroupConfigurationUpdates {
  std::optional<bool> EnforceWorkGroupConfiguration = {};
  std::optional<athena::ResultConfigurationUpdates> ResultConfigurationUpdates = {};
  std::optional<bool> PublishCloudWatchMetricsEnabled = {};
  std::optional<int64_t> BytesScannedCutoffPerQuery = {};
  std::optional<bool> RemoveBytesScannedCutoffPerQuery = {};
  std::optional<bool> RequesterPaysEnabled = {};
  std::optional<athena::EngineVersion> EngineVersion = {};
};
BOOST_DESCRIBE_STRUCT(WorkGroupConfigurationUpdates, (),
                      (EnforceWorkGroupConfiguration, ResultConfigurationUpdates, PublishCloudWatchMetricsEnabled,
                       BytesScannedCutoffPerQuery, RemoveBytesScannedCutoffPerQuery, RequesterPaysEnabled,
                       EngineVersion))

struct UpdateWorkGroupRequest {
  static constexpr std::string_view kOperation = "UpdateWorkGroup";
  using Answer = Empty;
  std::string WorkGroup = {};
  std::optional<std::string> Description = {};
  std::optional<WorkGroupConfigurationUpdates> ConfigurationUpdates = {};
  std::optional<std::string> State = {};
};
BOOST_DESCRIBE_STRUCT(UpdateWorkGroupRequest, (), (WorkGroup, Description, ConfigurationUpdates, State))

struct DeleteWorkGroupRequest {
  static constexpr std::string_view kOperation = "DeleteWorkGroup";
  using Answer = Empty;
  std::string WorkGroup = {};
  std::optional<bool> RecursiveDeleteOption = {};
};
BOOST_DESCRIBE_STRUCT(DeleteWorkGroupRequest, (), (WorkGroup, RecursiveDeleteOption))

struct ListEngineVersionsResponse {
  std::optional<std::vector<EngineVersion>> EngineVersions = {};
  std::optional<std::string> NextToken = {};
};
BOOST_DESCRIBE_STRUCT(ListEngineVersionsResponse, (), (EngineVersions, NextToken))

struct ListEngineVersionsRequest {
  static constexpr std::string_view kOperation = "ListEngineVersions";
  using Answer = ListEngineVersionsResponse;
  std::optional<std::string> NextToken = {};
  std::optional<int64_t> MaxResults = {};
};
BOOST_DESCRIBE_STRUCT(ListEngineVersionsRequest, (), (NextToken, MaxResults))

}  // namespace glaux::wire::athena
