#include "glaux/aws/container.h"

#include "glaux/aws/playing_for_test.h"
#include "glaux/testing/matchers.h"

namespace glaux::aws {
namespace {

using testing::Answer;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::PlayingTransport;
using testing::Sent;
using testing::StandingClock;
using Texts = std::map<std::string, std::string>;

constexpr char kKeys[] =
    R"({"AccessKeyId":"ASIA","SecretAccessKey":"hidden","Token":"t","Expiration":"2026-01-01T06:00:00Z","RoleArn":"arn"})";

Result<std::optional<std::string>> FullUrl(const std::string& url) {
  return FindContainerUrl(*MakeFakeEnvironment({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", url}}));
}

TEST(ContainerUrl, OnlyThisMachineAndContainerHostsAreAskedWithoutTls) {
  for (const auto* url : {"http://127.0.0.1/x", "http://127.9.9.9:80/x", "http://[::1]:8080/x", "http://localhost",
                          "http://169.254.170.23/v1", "http://[fd00:ec2:0:0::23]/v1", "https://anywhere.example/x"}) {
    EXPECT_OK(FullUrl(url)) << url;
  }
  for (const auto* url : {"http://example.com/x", "http://127.0.0.1.example.com/x", "http://169.254.169.254/x",
                          "http://localhost@example.com/x", "http://[fd00:ec2::254]/x", "ftp://localhost/x"}) {
    ASSERT_FAILS(ErrorKind::kInvalid, "asked without TLS", FullUrl(url));
  }
  ASSERT_FAILS(ErrorKind::kInvalid, "did not specify a host", FullUrl("http:///x"));
}

struct World {
  StandingClock clock{testing::Time("2026-01-01T00:00:00Z")};
  std::vector<http::Response> answers = {Answer(200, kKeys)};
  size_t next = 0;
  PlayingTransport transport{
      [this](const Sent&) -> Result<http::Response> { return answers.at(std::min(next++, answers.size() - 1)); }};
  Result<Credentials> Get(const Texts& variables = {}, const Texts& files = {}) {
    return GetContainerCredentials("http://169.254.170.2/c", *MakeFakeEnvironment(variables, files), transport, clock);
  }
};

TEST(ContainerCredentials, SendTheTokenOfTheFileOrTheVariable) {
  World world;
  ASSERT_OK_AND_ASSIGN(const auto credentials, world.Get());
  EXPECT_EQ(credentials.access_key_id, "ASIA");
  EXPECT_EQ(credentials.source, "container endpoint, role arn");
  EXPECT_EQ(world.transport.sent.back().headers.Get("Authorization"), "");
  const Texts both = {{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/t"}, {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "plain"}};
  EXPECT_OK(world.Get(both, {{"/t", "from-file\n"}}));
  EXPECT_EQ(world.transport.sent.back().headers.Get("Authorization"), "from-file");
  EXPECT_OK(world.Get({{"AWS_CONTAINER_AUTHORIZATION_TOKEN", "plain"}}));
  EXPECT_EQ(world.transport.sent.back().headers.Get("Authorization"), "plain");
}

TEST(ContainerCredentials, ATokenCannotBeginAnotherHeader) {
  World world;
  ASSERT_FAILS(ErrorKind::kInvalid, "AWS_CONTAINER_AUTHORIZATION_TOKEN: the token has a line break in it",
               world.Get({{"AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nHost: b"}}));
  ASSERT_FAILS(ErrorKind::kNotFound, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
               world.Get({{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/gone"}}));
  EXPECT_TRUE(world.transport.sent.empty());
}

TEST(ContainerCredentials, FaultsAreTriedAgainAndRefusalsAreNot) {
  World world;
  world.answers = {Answer(500, ""), Answer(429, ""), Answer(200, kKeys)};
  EXPECT_OK(world.Get());
  EXPECT_EQ(world.transport.sent.size(), 3u);
  World refused;
  refused.answers = {Answer(400, R"({"code":"InvalidTaskRole","message":"no such role"})")};
  const auto status = refused.Get().status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnauthenticated);
  EXPECT_THAT(status.message(), HasSubstr("HTTP status 400: InvalidTaskRole: no such role"));
  EXPECT_EQ(refused.transport.sent.size(), 1u);
}

TEST(ContainerCredentials, ABrokenAnswerIsNotQuoted) {
  World world;
  world.answers = {Answer(200, R"({"AccessKeyId":"ASIA","SecretAccessKey":"hidden")")};
  const auto status = world.Get().status();
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalid);
  EXPECT_THAT(status.ToString(), Not(HasSubstr("hidden")));
  world.answers = {Answer(200, R"({"AccessKeyId":"ASIA"})")};
  ASSERT_FAILS(ErrorKind::kInvalid, "no SecretAccessKey", world.Get());
}

}  // namespace
}  // namespace glaux::aws
