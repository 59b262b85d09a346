#pragma once

#include <optional>
#include <string>

#include "glaux/aws/profile_files.h"
#include "glaux/base/environment.h"
#include "glaux/base/status.h"

namespace glaux::aws {

/// A setting and where it was found, for people: "AWS_REGION", "profile dev of /home/ada/.aws/config".
struct Found {
  std::string value;
  std::string source;
};

/// A variable of the environment; unset, empty and blank are the same.
std::optional<std::string> FindVariable(const Environment& environment, std::string_view name);

/// The region of the environment, else of the selected profile: AWS_REGION, AWS_DEFAULT_REGION, `region`. Unset where
/// none of them says it; then what runs on EC2 may ask the instance metadata (imds.h).
std::optional<Found> FindRegion(const Environment& environment, const ProfileFiles& files);

/// kInvalid for what cannot be part of a host name: a region goes into the addresses of services.
Status CheckRegion(const Found& region);

/// The error that says how to set a region.
Status NoRegion();

}  // namespace glaux::aws
