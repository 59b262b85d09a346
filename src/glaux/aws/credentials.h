#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "glaux/base/clock.h"
#include "glaux/base/environment.h"
#include "glaux/base/secret.h"
#include "glaux/base/status.h"
#include "glaux/http/transport.h"

namespace glaux::aws {

struct Credentials {
  std::string access_key_id;
  Secret secret_access_key;
  /// Empty for long-term keys.
  Secret session_token;
  /// Unset: they do not expire.
  std::optional<Timestamp> expiration = {};
  /// Where the answer told it.
  std::string account_id = {};
  /// The link of the chain that gave them, for people: "environment", "profile dev of ~/.aws/credentials",
  /// "profile dev: assumed role arn:…", "EC2 instance metadata, role web".
  std::string source = {};

  /// Requests are sent unsigned.
  bool anonymous() const { return access_key_id.empty(); }
};

/// Gives credentials that are valid now; renews them before they expire, one thread at a time, while the others go on
/// with the old ones as long as these are valid. Thread-safe.
class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;
  /// kUnauthenticated: there are none; the message lists each link that was asked and what it said.
  virtual Result<Credentials> Get() = 0;
  /// The service refused these (ExpiredToken): the next Get asks again unless somebody renewed them meanwhile.
  virtual void Refuse(const Credentials& refused) = 0;
};

std::shared_ptr<CredentialsProvider> MakeStaticCredentials(Credentials credentials);
/// Requests go unsigned.
std::shared_ptr<CredentialsProvider> MakeAnonymousCredentials();

struct CredentialsChainOptions {
  std::shared_ptr<const Environment> environment;
  std::shared_ptr<http::Transport> transport;
  Clock* clock = &Clock::System();
  /// Keys that are given outright: no link is asked then.
  Credentials keys = {};
  /// Profile to use; else AWS_PROFILE, else "default".
  std::optional<std::string> profile = {};
  /// Role to assume with what the chain gives (the configuration's `role_arn`).
  std::string role_arn = {};
  std::string role_session_name = {};
  std::string external_id = {};
  /// For STS; else AWS_REGION, AWS_DEFAULT_REGION, the profile's, else us-east-1.
  std::string region = {};
  /// Of STS, else AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, the profile's, else AWS's own.
  std::string sts_endpoint_url = {};
};

/// ErrorInfo::code where no link of the chain is set up, as opposed to one that fails.
inline constexpr std::string_view kNoCredentials = "NoCredentials";

/// The chain in AWS's own order: environment variables; web identity token file of the environment; the profile of the
/// shared files (static keys, source_profile/role_arn, web identity, credential_process, SSO); container endpoint
/// (ECS, EKS Pod Identity); EC2 instance metadata (IMDSv2). Nothing is asked before the first Get.
/// Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers".
std::shared_ptr<CredentialsProvider> MakeCredentialsChain(CredentialsChainOptions options);

}  // namespace glaux::aws
