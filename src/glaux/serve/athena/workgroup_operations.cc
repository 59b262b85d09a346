#include "glaux/serve/athena/call_internal.h"

namespace glaux::serve::athena {
namespace {

constexpr size_t kMostWorkGroups = 1'000;

wire::WorkGroup PrimaryOf(const Service& service) {
  wire::WorkGroup primary{.Name = kPrimary, .State = "ENABLED", .CreationTime = Timestamp()};
  auto& configuration = primary.Configuration.emplace();
  configuration.ResultConfiguration = {.OutputLocation = service.options.output_location};
  configuration.EnforceWorkGroupConfiguration = false;
  return primary;
}

/// What every workgroup has, whatever is configured.
wire::WorkGroup Shown(wire::WorkGroup workgroup) {
  auto& configuration = *workgroup.Configuration;
  if (!configuration.ResultConfiguration) configuration.ResultConfiguration.emplace();
  configuration.PublishCloudWatchMetricsEnabled = false;
  configuration.RequesterPaysEnabled = false;
  configuration.EngineVersion = EngineVersion();
  return workgroup;
}

std::vector<wire::WorkGroup> AllWorkGroups(const Service& service, const KeptState& state) {
  auto all = state.WorkGroups;
  if (std::none_of(all.begin(), all.end(), [](const auto& one) { return one.Name == kPrimary; })) {
    all.push_back(PrimaryOf(service));
  }
  return all;
}

Status RefuseIfTrue(std::string_view field, const std::optional<bool>& value) {
  return value.value_or(false) ? RefuseIfSet(field, value) : Status::OK();
}

/// Only one version is there; it may be asked for.
Status CheckEngineVersion(const std::optional<wire::EngineVersion>& version) {
  const std::string wanted = version ? version->SelectedEngineVersion.value_or("AUTO") : "AUTO";
  if (wanted == "AUTO" || wanted == EngineVersion().EffectiveEngineVersion) return Status::OK();
  return InvalidRequest("INVALID_INPUT", "EngineVersion ", wanted, " is not there: expected AUTO");
}

Status CheckLocation(const std::optional<wire::ResultConfiguration>& configuration) {
  if (!configuration) return Status::OK();
  if (configuration->OutputLocation && !configuration->OutputLocation->starts_with("s3://")) {
    return InvalidRequest("INVALID_INPUT", "outputLocation is not a valid S3 path: ", *configuration->OutputLocation);
  }
  return CheckResultConfiguration(*configuration);
}

bool IsWorkGroupName(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
  });
}

Status NoWorkGroup(std::string_view name) {
  return InvalidRequest("INVALID_INPUT", "WorkGroup ", name.substr(0, 128), " is not found.");
}

/// The entry of a workgroup to change; `primary` gets one where there is none yet.
wire::WorkGroup* Entry(const Service& service, KeptState* state, const std::string& name) {
  for (auto& one : state->WorkGroups) {
    if (one.Name == name) return &one;
  }
  return name == kPrimary ? &state->WorkGroups.emplace_back(PrimaryOf(service)) : nullptr;
}

void Update(const wire::ResultConfigurationUpdates& updates, wire::ResultConfiguration* configuration) {
  if (updates.OutputLocation) configuration->OutputLocation = updates.OutputLocation;
  if (updates.RemoveOutputLocation.value_or(false)) configuration->OutputLocation.reset();
}

Status CheckUpdates(const wire::WorkGroupConfigurationUpdates& updates) {
  ARROW_RETURN_NOT_OK(RefuseIfTrue("PublishCloudWatchMetricsEnabled", updates.PublishCloudWatchMetricsEnabled));
  ARROW_RETURN_NOT_OK(RefuseIfTrue("RequesterPaysEnabled", updates.RequesterPaysEnabled));
  ARROW_RETURN_NOT_OK(RefuseIfSet("BytesScannedCutoffPerQuery", updates.BytesScannedCutoffPerQuery));
  ARROW_RETURN_NOT_OK(CheckEngineVersion(updates.EngineVersion));
  if (!updates.ResultConfigurationUpdates) return Status::OK();
  const auto& results = *updates.ResultConfigurationUpdates;
  return CheckLocation(wire::ResultConfiguration{.OutputLocation = results.OutputLocation,
                                                 .EncryptionConfiguration = results.EncryptionConfiguration,
                                                 .ExpectedBucketOwner = results.ExpectedBucketOwner,
                                                 .AclConfiguration = results.AclConfiguration});
}

}  // namespace

Result<wire::WorkGroup> FindWorkGroup(const Service& service, const std::optional<std::string>& name) {
  const std::string wanted = name.value_or(kPrimary);
  for (auto& one : AllWorkGroups(service, *service.kept->Get())) {
    if (one.Name == wanted) return Shown(std::move(one));
  }
  return NoWorkGroup(wanted);
}

Result<wire::Empty> Run(Service& service, wire::CreateWorkGroupRequest request) {
  if (!IsWorkGroupName(request.Name)) {
    return Constraint("name", "Member must satisfy regular expression pattern: [a-zA-Z0-9._-]{1,128}");
  }
  wire::WorkGroup made{.Name = request.Name, .State = "ENABLED", .Description = request.Description};
  if (request.Description) ARROW_RETURN_NOT_OK(CheckLength("description", *request.Description, 0, 1024));
  if (request.Tags) ARROW_RETURN_NOT_OK(CheckTags(*request.Tags));
  auto& configuration = made.Configuration.emplace();
  if (request.Configuration) {
    const auto& asked = *request.Configuration;
    ARROW_RETURN_NOT_OK(RefuseIfTrue("PublishCloudWatchMetricsEnabled", asked.PublishCloudWatchMetricsEnabled));
    ARROW_RETURN_NOT_OK(RefuseIfTrue("RequesterPaysEnabled", asked.RequesterPaysEnabled));
    ARROW_RETURN_NOT_OK(RefuseIfSet("BytesScannedCutoffPerQuery", asked.BytesScannedCutoffPerQuery));
    ARROW_RETURN_NOT_OK(CheckEngineVersion(asked.EngineVersion));
    ARROW_RETURN_NOT_OK(CheckLocation(asked.ResultConfiguration));
    configuration.ResultConfiguration = asked.ResultConfiguration;
    configuration.EnforceWorkGroupConfiguration = asked.EnforceWorkGroupConfiguration;
  }
  // As on AWS, where a workgroup enforces unless it is told otherwise.
  if (!configuration.EnforceWorkGroupConfiguration) configuration.EnforceWorkGroupConfiguration = true;
  made.CreationTime = Clock::System().Now();
  ARROW_RETURN_NOT_OK(service.kept->Change([&](KeptState* state) -> Status {
    const auto all = AllWorkGroups(service, *state);
    if (std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.Name == made.Name; })) {
      return InvalidRequest("INVALID_INPUT", "WorkGroup ", made.Name, " is already created");
    }
    if (all.size() >= kMostWorkGroups) {
      return InvalidRequest("INVALID_INPUT", "there are ", all.size(), " workgroups already: delete some");
    }
    state->WorkGroups.push_back(made);
    return request.Tags ? AddTags(*request.Tags, made.Name, state) : Status::OK();
  }));
  return wire::Empty{};
}

Result<wire::GetWorkGroupResponse> Run(Service& service, wire::GetWorkGroupRequest request) {
  ARROW_ASSIGN_OR_RAISE(auto workgroup, FindWorkGroup(service, request.WorkGroup));
  return wire::GetWorkGroupResponse{.WorkGroup = std::move(workgroup)};
}

Result<wire::ListWorkGroupsResponse> Run(Service& service, wire::ListWorkGroupsRequest request) {
  ARROW_ASSIGN_OR_RAISE(const size_t size, PageSize(request.MaxResults, 1, 50));
  wire::ListWorkGroupsResponse answer;
  ARROW_ASSIGN_OR_RAISE(const auto page,
                        PageOf(
                            AllWorkGroups(service, *service.kept->Get()), [](const auto& one) { return one.Name; },
                            request.NextToken, size, &answer.NextToken));
  auto& shown = answer.WorkGroups.emplace();
  for (const auto& one : page) {
    shown.push_back({.Name = one.Name,
                     .State = one.State,
                     .Description = one.Description,
                     .CreationTime = one.CreationTime,
                     .EngineVersion = EngineVersion()});
  }
  return answer;
}

Result<wire::Empty> Run(Service& service, wire::UpdateWorkGroupRequest request) {
  if (request.State && request.State != "ENABLED" && request.State != "DISABLED") {
    return Constraint("state", "Member must satisfy enum value set: [ENABLED, DISABLED]");
  }
  if (request.Description) ARROW_RETURN_NOT_OK(CheckLength("description", *request.Description, 0, 1024));
  if (request.ConfigurationUpdates) ARROW_RETURN_NOT_OK(CheckUpdates(*request.ConfigurationUpdates));
  ARROW_RETURN_NOT_OK(service.kept->Change([&](KeptState* state) -> Status {
    auto* workgroup = Entry(service, state, request.WorkGroup);
    if (workgroup == nullptr) return NoWorkGroup(request.WorkGroup);
    if (request.Description) workgroup->Description = request.Description;
    if (request.State) workgroup->State = request.State;
    if (!request.ConfigurationUpdates) return Status::OK();
    auto& configuration = *workgroup->Configuration;
    const auto& updates = *request.ConfigurationUpdates;
    if (updates.EnforceWorkGroupConfiguration) {
      configuration.EnforceWorkGroupConfiguration = updates.EnforceWorkGroupConfiguration;
    }
    if (updates.ResultConfigurationUpdates) {
      if (!configuration.ResultConfiguration) configuration.ResultConfiguration.emplace();
      Update(*updates.ResultConfigurationUpdates, &*configuration.ResultConfiguration);
    }
    return Status::OK();
  }));
  return wire::Empty{};
}

Result<wire::Empty> Run(Service& service, wire::DeleteWorkGroupRequest request) {
  if (request.WorkGroup == kPrimary) return InvalidRequest("INVALID_INPUT", "WorkGroup primary cannot be deleted");
  ARROW_RETURN_NOT_OK(service.kept->Change([&](KeptState* state) -> Status {
    const auto is_it = [&](const auto& one) { return one.Name == request.WorkGroup; };
    if (std::none_of(state->WorkGroups.begin(), state->WorkGroups.end(), is_it)) return NoWorkGroup(request.WorkGroup);
    const auto named = [&](const auto& one) { return one.WorkGroup == request.WorkGroup; };
    const auto prepared = [&](const auto& one) { return one.WorkGroupName == request.WorkGroup; };
    const bool empty = std::none_of(state->NamedQueries.begin(), state->NamedQueries.end(), named) &&
                       std::none_of(state->PreparedStatements.begin(), state->PreparedStatements.end(), prepared);
    if (!empty && !request.RecursiveDeleteOption.value_or(false)) {
      return InvalidRequest("INVALID_INPUT", "WorkGroup ", request.WorkGroup,
                            " is not empty: delete its queries, or set RecursiveDeleteOption");
    }
    std::erase_if(state->WorkGroups, is_it);
    std::erase_if(state->NamedQueries, named);
    std::erase_if(state->PreparedStatements, prepared);
    if (state->Tags) std::erase_if(*state->Tags, named);
    return Status::OK();
  }));
  return wire::Empty{};
}

Result<wire::ListEngineVersionsResponse> Run(Service&, wire::ListEngineVersionsRequest request) {
  ARROW_RETURN_NOT_OK(PageSize(request.MaxResults, 1, 10).status());
  wire::ListEngineVersionsResponse answer;
  const std::string version = *EngineVersion().EffectiveEngineVersion;
  auto& versions = answer.EngineVersions.emplace();
  for (const auto& selected : {std::string("AUTO"), version}) {
    versions.push_back({.SelectedEngineVersion = selected, .EffectiveEngineVersion = version});
  }
  return answer;
}

}  // namespace glaux::serve::athena
