#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/environment.h"
#include "glaux/base/status.h"

/// The shared configuration and credentials files of the AWS SDKs and tools.
/// Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files", "Format of the config file".
namespace glaux::aws {

/// Keys in lower case, values as they stand. A value with sub-properties begins with a line break and has one
/// "name = value" a line.
using Properties = std::map<std::string, std::string>;

struct ProfileFiles {
  std::string config_path;       ///< "/home/ada/.aws/config"
  std::string credentials_path;  ///< "/home/ada/.aws/credentials"
  bool config_found = false;
  bool credentials_found = false;
  /// The profile that was asked for, which may not be there.
  std::string selected = "default";
  /// Somebody named it: AWS_PROFILE, or the caller. Then it has to be there.
  bool selected_by_name = false;

  std::map<std::string, Properties> profiles = {};
  std::map<std::string, Properties> sso_sessions = {};
  std::map<std::string, Properties> services = {};

  /// A property of a profile that has a value; unset if the profile is not there.
  std::optional<std::string> Find(const std::string& profile, const std::string& key) const;
  /// The same of the selected profile.
  std::optional<std::string> Find(const std::string& key) const { return Find(selected, key); }
  /// kInvalid if the selected profile was named and is not there: with names that are near.
  Status CheckSelected() const;
};

struct ProfileLocations {
  std::string config_path;
  std::string credentials_path;
  std::string profile;
  bool profile_by_name = false;
};

/// Where the files are: AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, else ~/.aws; which profile: `profile`, else
/// AWS_PROFILE, else "default".
ProfileLocations LocateProfileFiles(const Environment& environment, const std::optional<std::string>& profile = {});

/// Read both files. One that is not there is an empty one. kInvalid with file, line and what is wrong in it; kDenied.
Result<ProfileFiles> ReadProfileFiles(const Environment& environment, const std::optional<std::string>& profile = {});

/// Take the texts of both files in. Names in errors are `files->config_path` and `files->credentials_path`.
Status ParseProfileFiles(std::string_view config, std::string_view credentials, ProfileFiles* files);

/// The sub-property of a value: FindSubProperty("\nendpoint_url = http://a", "endpoint_url") is "http://a".
std::optional<std::string> FindSubProperty(std::string_view value, std::string_view name);

}  // namespace glaux::aws
