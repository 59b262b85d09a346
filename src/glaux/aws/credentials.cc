#include "glaux/aws/credentials.h"

namespace glaux::aws {
namespace {

class StaticCredentials final : public CredentialsProvider {
 public:
  explicit StaticCredentials(Credentials credentials) : credentials_(std::move(credentials)) {}
  Result<Credentials> Get() override { return credentials_; }
  void Refuse(const Credentials&) override {}

 private:
  const Credentials credentials_;
};

}  // namespace

std::shared_ptr<CredentialsProvider> MakeStaticCredentials(Credentials credentials) {
  return std::make_shared<StaticCredentials>(std::move(credentials));
}

std::shared_ptr<CredentialsProvider> MakeAnonymousCredentials() {
  Credentials anonymous;
  anonymous.source = "anonymous";
  return std::make_shared<StaticCredentials>(std::move(anonymous));
}

}  // namespace glaux::aws
