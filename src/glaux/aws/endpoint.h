#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "glaux/aws/profile_files.h"
#include "glaux/aws/region.h"
#include "glaux/base/environment.h"
#include "glaux/base/status.h"

namespace glaux::aws {

/// A service as the settings of endpoints spell it.
struct ServiceName {
  std::string_view host;      ///< first label of its host: "portal.sso"
  std::string_view variable;  ///< after AWS_ENDPOINT_URL_: "SSO"
  std::string_view section;   ///< in a services section: "sso"
};

inline constexpr ServiceName kS3{"s3", "S3", "s3"};
inline constexpr ServiceName kGlue{"glue", "GLUE", "glue"};
inline constexpr ServiceName kAthena{"athena", "ATHENA", "athena"};
inline constexpr ServiceName kSts{"sts", "STS", "sts"};
inline constexpr ServiceName kSso{"portal.sso", "SSO", "sso"};
inline constexpr ServiceName kSsoOidc{"oidc", "SSO_OIDC", "sso_oidc"};

/// Where requests to a service go.
struct Endpoint {
  /// "https://sts.eu-central-1.amazonaws.com"; a path stays, a "/" at the end does not.
  std::string url;
  /// "AWS" or the setting that says it, for people.
  std::string source;
  /// Somebody set it: not AWS's own host.
  bool custom = false;
};

/// The endpoint of a service in a region: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's services section,
/// the profile's endpoint_url, else AWS's own (with AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT, or the
/// profile's use_fips_endpoint and use_dualstack_endpoint). AWS_IGNORE_CONFIGURED_ENDPOINT_URLS and the profile's
/// ignore_configured_endpoint_urls turn the first four off.
/// Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints", "Dual-stack and FIPS endpoints".
/// \return kInvalid: a URL that is none, a setting that is neither true nor false
Result<Endpoint> FindEndpoint(const Environment& environment, const ProfileFiles& files, const ServiceName& service,
                              const std::string& region);

/// AWS's own endpoint, by the partition of the region: amazonaws.com, amazonaws.com.cn, …
std::string AwsEndpoint(const ServiceName& service, std::string_view region, bool fips, bool dual_stack);

/// "true" or "false" in any case; unset is false.
/// \param variable of the environment, which wins over `key` of the selected profile
Result<bool> FindSwitch(const Environment& environment, const ProfileFiles& files, std::string_view variable,
                        const std::string& key);

}  // namespace glaux::aws
