#include "glaux/aws/endpoint.h"

#include <algorithm>

namespace glaux::aws {
namespace {

struct Partition {
  std::string_view prefix;
  std::string_view suffix;
  std::string_view dual_stack_suffix;
};

/// Source: partitions of the endpoint rules that all SDKs share. The first prefix that fits counts.
constexpr Partition kPartitions[] = {
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
    {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
    {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"", "amazonaws.com", "api.aws"},
};

/// A URL that something set, checked and without "/" at its end.
Result<Endpoint> Custom(std::string url, std::string source) {
  const auto scheme = url.find("://");
  const std::string_view rest =
      scheme == std::string::npos ? std::string_view() : std::string_view(url).substr(scheme + 3);
  const bool http = url.starts_with("http://") || url.starts_with("https://");
  // A URL with a user's name and password in it must not get into a message.
  const bool shown = rest.find('@') == std::string_view::npos;
  if (!http || rest.empty() || rest.starts_with('/') || url.find_first_of(" \t\r\n?#") != std::string::npos || !shown) {
    return MakeError(ErrorKind::kInvalid, source,
                     ": expected http://HOST or https://HOST, found: ", shown ? url : "an address with a user in it");
  }
  while (url.ends_with('/')) url.pop_back();
  return Endpoint{.url = std::move(url), .source = std::move(source), .custom = true};
}

}  // namespace

Result<bool> FindSwitch(const Environment& environment, const ProfileFiles& files, std::string_view variable,
                        const std::string& key) {
  std::string source(variable);
  auto value = FindVariable(environment, variable);
  if (!value.has_value()) {
    value = files.Find(key);
    source = key + " of profile " + files.selected;
  }
  if (!value.has_value()) return false;
  std::string lower = *value;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower == "true") return true;
  if (lower == "false") return false;
  return MakeError(ErrorKind::kInvalid, source, ": expected true or false, found: ", *value);
}

Result<Endpoint> FindEndpoint(const Environment& environment, const ProfileFiles& files, const ServiceName& service,
                              const std::string& region) {
  ARROW_ASSIGN_OR_RAISE(const bool ignored, FindSwitch(environment, files, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                                       "ignore_configured_endpoint_urls"));
  if (!ignored) {
    for (const auto& name : {"AWS_ENDPOINT_URL_" + std::string(service.variable), std::string("AWS_ENDPOINT_URL")}) {
      if (auto url = FindVariable(environment, name)) return Custom(std::move(*url), name);
    }
    if (const auto name = files.Find("services")) {
      const auto section = files.services.find(*name);
      if (section == files.services.end()) {
        return MakeError(ErrorKind::kInvalid, "profile ", files.selected, ": services = ", *name, ", but ",
                         files.config_path, " has no [services ", *name, "]");
      }
      const auto settings = section->second.find(std::string(service.section));
      if (settings != section->second.end()) {
        if (auto url = FindSubProperty(settings->second, "endpoint_url"))
          return Custom(std::move(*url), "[services " + *name + "] of " + files.config_path);
      }
    }
    if (auto url = files.Find("endpoint_url")) {
      return Custom(std::move(*url), "endpoint_url of profile " + files.selected);
    }
  }
  ARROW_RETURN_NOT_OK(CheckRegion({region, "region"}));
  ARROW_ASSIGN_OR_RAISE(const bool fips, FindSwitch(environment, files, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"));
  ARROW_ASSIGN_OR_RAISE(const bool dual_stack,
                        FindSwitch(environment, files, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"));
  return Endpoint{.url = AwsEndpoint(service, region, fips, dual_stack), .source = "AWS"};
}

std::string AwsEndpoint(const ServiceName& service, std::string_view region, bool fips, bool dual_stack) {
  const auto* partition = std::find_if(std::begin(kPartitions), std::end(kPartitions),
                                       [&](const Partition& p) { return region.starts_with(p.prefix); });
  std::string host = "https://" + std::string(service.host);
  if (fips) host += "-fips";
  // S3 is older than the suffix of the others and has a label instead.
  const bool s3 = service.host == kS3.host;
  if (s3 && dual_stack) host += ".dualstack";
  host.append(".").append(region).append(".");
  host += dual_stack && !s3 ? partition->dual_stack_suffix : partition->suffix;
  return host;
}

}  // namespace glaux::aws
