#pragma once

#include <memory>
#include <optional>
#include <string>

#include "glaux/aws/credentials.h"
#include "glaux/aws/profile_files.h"
#include "glaux/base/clock.h"
#include "glaux/base/environment.h"
#include "glaux/base/secret.h"
#include "glaux/http/transport.h"

/// Credentials of IAM Identity Center: `aws sso login` leaves a token in a cache, which is exchanged for those of a
/// role. Source: AWS SDKs and Tools Reference Guide, "IAM Identity Center credential provider"; IAM Identity Center
/// Portal API and OIDC API References.
namespace glaux::aws {

/// What a profile says of its sign-in.
struct SsoSettings {
  std::string profile;
  /// Name of the [sso-session]; empty: the profile says it all, as in older files.
  std::string session = {};
  std::string start_url = {};
  std::string region = {};
  /// Empty where the profile is for tokens only.
  std::string account_id = {};
  std::string role_name = {};
};

struct SsoToken {
  Secret access_token;
  Timestamp expires_at{};
};

/// Unset if the profile has no sso_ property. kInvalid: it lacks one that it needs, or contradicts its session.
Result<std::optional<SsoSettings>> FindSso(const ProfileFiles& files, const std::string& profile);

/// Where the token is: "~/.aws/sso/cache/<SHA-1 of the session's name or the start URL>.json".
std::string SsoTokenPath(const Environment& environment, const SsoSettings& settings);

/// What asking needs.
struct SsoContext {
  const Environment& environment;
  const ProfileFiles& files;
  const std::shared_ptr<http::Transport>& transport;
  Clock& clock;
};

/// The token of the cache. One of a session that is about to expire is renewed with its refresh token, and the cache is
/// written. kUnauthenticated: there is none or it has expired, with the command that signs in.
Result<SsoToken> LoadSsoToken(const SsoContext& context, const SsoSettings& settings);

/// The credentials of the role that the profile names.
Result<Credentials> GetSsoCredentials(const SsoContext& context, const SsoSettings& settings);

}  // namespace glaux::aws
