#pragma once

#include <memory>
#include <optional>
#include <string>

#include "glaux/aws/client.h"
#include "glaux/aws/credentials.h"
#include "glaux/aws/profile_files.h"
#include "glaux/base/environment.h"

/// The part of AWS Security Token Service that gives and names credentials.
/// Source: AWS Security Token Service API Reference, version 2011-06-15.
namespace glaux::aws {

struct StsOptions {
  std::shared_ptr<http::Transport> transport;
  Clock* clock = &Clock::System();
  std::string endpoint_url = {};
  /// To sign for.
  std::string region = "us-east-1";
  RetryPolicy retry = {.max_attempts = 3, .deadline = std::chrono::seconds(60)};
};

struct StsSettings {
  const Environment& environment;
  const ProfileFiles& files;
  /// Before any setting.
  std::string region = {};
  std::string endpoint_url = {};
};

/// STS as the environment and the selected profile set it; the region is us-east-1 where nothing says one.
Result<StsOptions> FindSts(const StsSettings& settings, std::shared_ptr<http::Transport> transport, Clock* clock);

struct AssumeRoleRequest {
  std::string role_arn;
  std::string session_name;
  std::string external_id = {};
  /// Unset: an hour, says AWS.
  std::optional<int> duration_seconds = {};
};

/// A role with the word of other credentials. `source` of the result is left empty.
Result<Credentials> AssumeRole(const StsOptions& options, std::shared_ptr<CredentialsProvider> base,
                               const AssumeRoleRequest& request);
/// A role with the token of an identity provider (IAM roles of Kubernetes service accounts, GitHub Actions).
Result<Credentials> AssumeRoleWithWebIdentity(const StsOptions& options, const Secret& token,
                                              const AssumeRoleRequest& request);

struct CallerIdentity {
  std::string account;
  std::string arn;
  std::string user_id;
};

/// Whose credentials these are. No permission is needed for it.
Result<CallerIdentity> GetCallerIdentity(const StsOptions& options, std::shared_ptr<CredentialsProvider> credentials);

/// What an error answer of a service that speaks the query protocol says.
ServiceError DecodeQueryError(const http::Response& response);

}  // namespace glaux::aws
