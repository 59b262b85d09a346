#include "glaux/lake/aws_access_internal.h"

#include <mutex>

#include "glaux/aws/imds.h"
#include "glaux/aws/region.h"
#include "glaux/base/clock.h"

namespace glaux {

Result<std::shared_ptr<http::Transport>> SharedAwsTransport() {
  static std::mutex mutex;
  static auto* const transport = new std::weak_ptr<http::Transport>;
  std::lock_guard lock(mutex);
  if (auto there = transport->lock()) return there;
  const auto bundle = aws::FindVariable(*Environment::Process(), "AWS_CA_BUNDLE");
  ARROW_ASSIGN_OR_RAISE(auto made, http::MakeCurlTransport({.ca_file = bundle.value_or(""), .user_agent = "glaux"}));
  *transport = made;
  return made;
}

Result<aws::ProfileFiles> ReadAwsFiles(const S3Access& access, const Environment& environment) {
  return access.profile.empty() ? aws::ReadProfileFiles(environment)
                                : aws::ReadProfileFiles(environment, access.profile);
}

Result<std::string> AwsRegionOf(const S3Access& access, const Environment& environment,
                                const aws::ProfileFiles& files) {
  if (!access.region.empty()) return access.region;
  const auto found = aws::FindRegion(environment, files);
  if (!found) return std::string();
  ARROW_RETURN_NOT_OK(aws::CheckRegion(*found));
  return found->value;
}

std::string RegionOfInstance(const Environment& environment, const aws::ProfileFiles& files,
                             const std::shared_ptr<http::Transport>& transport) {
  const auto imds = aws::ReadImdsOptions(environment, files);
  if (!imds.ok() || imds->disabled) return "";
  const auto region = aws::Imds(*imds, transport, &Clock::System()).GetRegion();
  // Whatever else answers at this address is no reason to fail: who needs a region says that there is none.
  return region.ok() && aws::CheckRegion({*region, "EC2 instance metadata"}).ok() ? *region : "";
}

std::shared_ptr<aws::CredentialsProvider> AwsCredentialsOf(const S3Access& access,
                                                           const std::shared_ptr<const Environment>& environment,
                                                           const std::shared_ptr<http::Transport>& transport,
                                                           const std::string& region) {
  if (access.anonymous) return aws::MakeAnonymousCredentials();
  aws::CredentialsChainOptions chain{
      .environment = environment, .transport = transport, .role_arn = access.role_arn, .region = region};
  if (!access.profile.empty()) chain.profile = access.profile;
  if (!access.aws_access_key_id.empty()) {
    chain.keys = {.access_key_id = access.aws_access_key_id,
                  .secret_access_key = access.aws_secret_access_key,
                  .session_token = access.aws_session_token,
                  .source = "the configuration"};
  }
  return aws::MakeCredentialsChain(std::move(chain));
}

}  // namespace glaux
