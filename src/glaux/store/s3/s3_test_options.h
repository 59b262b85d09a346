#pragma once

#include <memory>
#include <string>
#include <utility>

#include "glaux/store/s3/s3_store.h"

namespace glaux::testing {

/// Keys that do not change.
class FixedCredentials final : public aws::CredentialsProvider {
 public:
  explicit FixedCredentials(aws::Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<aws::Credentials> Get() override { return credentials_; }
  void Refuse(const aws::Credentials&) override {}

 private:
  const aws::Credentials credentials_;
};

inline std::shared_ptr<aws::CredentialsProvider> TestKeys() {
  return std::make_shared<FixedCredentials>(
      aws::Credentials{.access_key_id = "AKIAGLAUXTEST0000000",
                       .secret_access_key = Secret("glauxtestsecretglauxtestsecret0000000000"),
                       .session_token = {}});
}

}  // namespace glaux::testing
