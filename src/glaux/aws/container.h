#pragma once

#include <memory>
#include <optional>
#include <string>

#include "glaux/aws/credentials.h"
#include "glaux/base/clock.h"
#include "glaux/base/environment.h"
#include "glaux/http/transport.h"

/// Credentials of containers: ECS tasks, EKS Pod Identity, and whatever speaks like them.
/// Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
namespace glaux::aws {

/// The URL that AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI name; unset if neither is
/// set. kInvalid: a full URI without host, or one without TLS whose host is neither this machine nor one of AWS's own
/// container addresses, which would send the token to anybody.
Result<std::optional<std::string>> FindContainerUrl(const Environment& environment);

/// Ask the endpoint, with the token of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE (read every time) or
/// AWS_CONTAINER_AUTHORIZATION_TOKEN.
Result<Credentials> GetContainerCredentials(const std::string& url, const Environment& environment,
                                            http::Transport& transport, Clock& clock);

}  // namespace glaux::aws
