#include "glaux/aws/region.h"

#include <algorithm>

namespace glaux::aws {

std::optional<std::string> FindVariable(const Environment& environment, std::string_view name) {
  auto value = environment.Variable(name);
  if (!value.has_value() || value->find_first_not_of(" \t\r\n") == std::string::npos) return std::nullopt;
  return value;
}

std::optional<Found> FindRegion(const Environment& environment, const ProfileFiles& files) {
  for (const std::string_view name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (auto value = FindVariable(environment, name)) return Found{std::move(*value), std::string(name)};
  }
  if (auto value = files.Find("region")) {
    return Found{std::move(*value), "profile " + files.selected + " of " + files.config_path};
  }
  return std::nullopt;
}

Status CheckRegion(const Found& region) {
  const bool good = !region.value.empty() && region.value.size() <= 63 && !region.value.starts_with('-') &&
                    !region.value.ends_with('-') && std::all_of(region.value.begin(), region.value.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
                    });
  if (good) return Status::OK();
  return MakeError({.kind = ErrorKind::kInvalid, .hint = "regions are named like eu-central-1"}, region.source,
                   ": not the name of a region: '", region.value, "'");
}

Status NoRegion() {
  return MakeError({.kind = ErrorKind::kInvalid,
                    .hint = "set AWS_REGION, or region in glaux.yaml or in the profile (aws configure set region "
                            "eu-central-1)"},
                   "no AWS region is set");
}

}  // namespace glaux::aws
