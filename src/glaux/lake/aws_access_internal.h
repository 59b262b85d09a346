#pragma once

#include <memory>
#include <string>

#include "glaux/aws/credentials.h"
#include "glaux/aws/profile_files.h"
#include "glaux/base/environment.h"
#include "glaux/http/transport.h"
#include "glaux/store/s3_access.h"

namespace glaux {

// What a lake needs to talk to AWS, whichever service: from what an access says, then from the environment and the
// shared AWS files.

/// One pool of connections for the process, however many lakes it opens.
Result<std::shared_ptr<http::Transport>> SharedAwsTransport();
/// The shared AWS files, with the profile of `access` where it names one.
Result<aws::ProfileFiles> ReadAwsFiles(const S3Access& access, const Environment& environment);
/// Empty where nobody says one.
Result<std::string> AwsRegionOf(const S3Access& access, const Environment& environment, const aws::ProfileFiles& files);
/// The region of the EC2 instance that this runs on, asked from its metadata. Empty where it is none, or says nothing.
std::string RegionOfInstance(const Environment& environment, const aws::ProfileFiles& files,
                             const std::shared_ptr<http::Transport>& transport);
std::shared_ptr<aws::CredentialsProvider> AwsCredentialsOf(const S3Access& access,
                                                           const std::shared_ptr<const Environment>& environment,
                                                           const std::shared_ptr<http::Transport>& transport,
                                                           const std::string& region);

}  // namespace glaux
