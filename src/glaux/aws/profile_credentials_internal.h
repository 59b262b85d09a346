#pragma once

#include <memory>
#include <optional>
#include <string>

#include "glaux/aws/credentials.h"
#include "glaux/aws/imds.h"
#include "glaux/aws/profile_files.h"
#include "glaux/aws/sts.h"

namespace glaux::aws {

/// What every link of the chain works with.
struct LinkContext {
  const Environment& environment;
  const ProfileFiles& files;
  const std::shared_ptr<http::Transport>& transport;
  Clock* clock;
  /// Of the caller, before any setting: CredentialsChainOptions::region, sts_endpoint_url.
  const std::string& region;
  const std::string& sts_endpoint_url;
  Imds* imds;
};

/// STS as the environment and the selected profile set it.
Result<StsOptions> StsOf(const LinkContext& context);

/// Keys of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_ACCOUNT_ID and AWS_CREDENTIAL_EXPIRATION;
/// unset if none is there, kInvalid if one of the first two is missing.
Result<std::optional<Credentials>> CredentialsOfEnvironment(const Environment& environment);

/// A role with the token in a file, which is read every time.
/// \param setting names the file in errors: "AWS_WEB_IDENTITY_TOKEN_FILE"
Result<Credentials> CredentialsOfWebIdentity(const LinkContext& context, const std::string& setting,
                                             const std::string& token_file, AssumeRoleRequest request);

/// "glaux-1768471234567890": names the session of an assumed role in the logs of AWS.
std::string DefaultSessionName(Clock& clock);

/// What the selected profile leads to, over any number of source profiles; unset if it says nothing of credentials.
/// Errors begin with "profile NAME: ".
Result<std::optional<Credentials>> CredentialsOfProfile(const LinkContext& context);

}  // namespace glaux::aws
