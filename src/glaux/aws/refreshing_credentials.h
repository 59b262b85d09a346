#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "glaux/aws/credentials.h"

namespace glaux::aws {

/// New credentials are asked for when a quarter of their life is left, at most this long before they expire.
inline constexpr std::chrono::minutes kAdvisoryRefresh{15};
/// From here on a refresh that failed is tried again every few seconds, and not every minute.
inline constexpr std::chrono::minutes kMandatoryRefresh{5};

/// Keep what `load` gives, and call it again before that expires: in one thread at a time, while the others go on with
/// the old credentials as long as these are valid. A refresh that fails keeps them too. Credentials that were expired
/// when they came are given as they are: the service has the word (the metadata of EC2 gives such in an outage, and
/// they work), and `load` is asked again a little later. Thread-safe; `load` is never called twice at once.
std::shared_ptr<CredentialsProvider> MakeRefreshingCredentials(std::function<Result<Credentials>()> load,
                                                               Clock* clock = &Clock::System());

}  // namespace glaux::aws
