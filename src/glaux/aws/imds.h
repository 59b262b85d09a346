#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "glaux/aws/credentials.h"
#include "glaux/aws/profile_files.h"
#include "glaux/base/clock.h"
#include "glaux/base/environment.h"
#include "glaux/http/transport.h"

namespace glaux::aws {

struct ImdsOptions {
  std::string endpoint = "http://169.254.169.254";
  /// AWS_EC2_METADATA_DISABLED: ask nothing.
  bool disabled = false;
  /// Ask without a session token where none is given out (IMDSv1). Off unless somebody says so.
  bool allow_v1 = false;
  /// For connecting and for the first byte: what is not EC2 must not wait.
  std::chrono::milliseconds timeout{1'000};
  /// Tries for the session token. What comes after it is asked for three times at least.
  int attempts = 1;
};

/// AWS_EC2_METADATA_DISABLED, _SERVICE_ENDPOINT, _SERVICE_ENDPOINT_MODE, _V1_DISABLED, AWS_METADATA_SERVICE_TIMEOUT,
/// AWS_METADATA_SERVICE_NUM_ATTEMPTS and the properties of the profile with the same names.
Result<ImdsOptions> ReadImdsOptions(const Environment& environment, const ProfileFiles& files);

/// The metadata service of an EC2 instance (IMDSv2). Thread-safe.
/// Source: Amazon EC2 User Guide, "Use the Instance Metadata Service", "Retrieve security credentials".
class Imds {
 public:
  Imds(ImdsOptions options, std::shared_ptr<http::Transport> transport, Clock* clock);

  /// The text of "/latest/meta-data/…". kNotFound: the instance has no such thing. kUnavailable, kTimeout: nothing
  /// answers, so this is no EC2 instance. kDenied: the service is there and turned off.
  Result<std::string> Get(const std::string& path);
  /// The instance's role. kNotFound: it has none.
  Result<Credentials> GetCredentials();
  /// The region that the instance is in.
  Result<std::string> GetRegion() { return Get("/latest/meta-data/placement/region"); }

  const ImdsOptions& options() const { return options_; }

 private:
  /// "" where v1 is what answers.
  Result<std::string> Token();
  Result<http::Response> Send(const http::Request& request, int attempts);

  const ImdsOptions options_;
  const std::shared_ptr<http::Transport> transport_;
  Clock* const clock_;
  std::mutex mutex_;
  std::string token_;
  Timestamp token_expires_{};
};

}  // namespace glaux::aws
