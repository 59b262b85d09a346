#include "glaux/aws/imds.h"

#include "glaux/aws/playing_for_test.h"
#include "glaux/testing/matchers.h"

namespace glaux::aws {
namespace {

using testing::Answer;
using ::testing::HasSubstr;
using testing::PlayingTransport;
using testing::Sent;
using testing::StandingClock;

constexpr char kTokenPath[] = "/latest/api/token";
constexpr char kRegionPath[] = "/latest/meta-data/placement/region";
constexpr char kRolesPath[] = "/latest/meta-data/iam/security-credentials/";
constexpr char kKeys[] =
    R"({"Code":"Success","AccessKeyId":"ASIA","SecretAccessKey":"s","Token":"t","Expiration":"2026-01-01T06:00:00Z"})";

/// A metadata service. Answers are by path; what has none is 404.
struct World {
  StandingClock clock{testing::Time("2026-01-01T00:00:00Z")};
  std::map<std::string, http::Response> answers = {{kTokenPath, Answer(200, "token-1")},
                                                   {kRegionPath, Answer(200, "eu-central-1")},
                                                   {kRolesPath, Answer(200, "web\n")},
                                                   {std::string(kRolesPath) + "web", Answer(200, kKeys)}};
  Status dead;
  std::shared_ptr<PlayingTransport> transport =
      std::make_shared<PlayingTransport>([this](const Sent& sent) -> Result<http::Response> {
        if (!dead.ok()) return dead;
        const auto answer = answers.find(sent.url.substr(std::string("http://169.254.169.254").size()));
        return answer == answers.end() ? Answer(404, "") : answer->second;
      });
  Imds Make(ImdsOptions options = {}) { return Imds(std::move(options), transport, &clock); }
};

TEST(Imds, OneTokenServesUntilItExpires) {
  World world;
  Imds imds = world.Make();
  ASSERT_OK_AND_ASSIGN(const auto region, imds.GetRegion());
  EXPECT_EQ(region, "eu-central-1");
  ASSERT_OK_AND_ASSIGN(const auto credentials, imds.GetCredentials());
  EXPECT_EQ(credentials.access_key_id, "ASIA");
  EXPECT_EQ(credentials.source, "EC2 instance metadata, role web");
  ASSERT_EQ(world.transport->sent.size(), 4u);
  EXPECT_EQ(world.transport->sent[0].method, "PUT");
  EXPECT_EQ(world.transport->sent[0].headers.Get("x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(world.transport->sent[3].headers.Get("x-aws-ec2-metadata-token"), "token-1");
  world.clock.Advance(std::chrono::hours(6));
  EXPECT_OK(imds.GetRegion());
  EXPECT_EQ(world.transport->sent.size(), 6u);
}

TEST(Imds, ATokenThatIsRefusedIsReplacedOnce) {
  World world;
  Imds imds = world.Make();
  EXPECT_OK(imds.GetRegion());
  world.answers[kRegionPath] = Answer(401, "");
  ASSERT_FAILS(ErrorKind::kUnauthenticated, "HTTP status 401", imds.GetRegion());
  EXPECT_EQ(world.transport->sent.size(), 5u);  // token, region; region, token, region
}

TEST(Imds, WhereNothingAnswersItIsAskedOnce) {
  World world;
  world.dead = MakeError(ErrorKind::kTimeout, "connect: 1000 ms");
  Imds imds = world.Make();
  ASSERT_FAILS(ErrorKind::kTimeout, "connect", imds.GetCredentials());
  EXPECT_EQ(world.transport->sent.size(), 1u);
}

TEST(Imds, FaultsAfterTheTokenAreTriedAgain) {
  World world;
  world.answers[kRegionPath] = Answer(503, "");
  Imds imds = world.Make();
  ASSERT_FAILS(ErrorKind::kUnavailable, "HTTP status 503", imds.GetRegion());
  EXPECT_EQ(world.transport->sent.size(), 4u);
}

TEST(Imds, NoTokenMeansNoAnswerUnlessVersionOneIsAllowed) {
  World world;
  world.answers[kTokenPath] = Answer(403, "");
  Imds imds = world.Make();
  ASSERT_FAILS(ErrorKind::kDenied, "turned off", imds.GetRegion());
  Imds v1 = world.Make({.allow_v1 = true});
  ASSERT_OK_AND_ASSIGN(const auto region, v1.GetRegion());
  EXPECT_EQ(region, "eu-central-1");
  EXPECT_EQ(world.transport->sent.back().headers.Find("x-aws-ec2-metadata-token"), std::nullopt);
}

TEST(Imds, AnInstanceWithoutARoleIsNotFound) {
  World world;
  world.answers.erase(kRolesPath);
  ASSERT_FAILS(ErrorKind::kNotFound, "HTTP status 404", world.Make().GetCredentials());
  world.answers[kRolesPath] = Answer(200, "");
  ASSERT_FAILS(ErrorKind::kNotFound, "no role", world.Make().GetCredentials());
  world.answers[kRolesPath] = Answer(200, "web");
  world.answers[std::string(kRolesPath) + "web"] =
      Answer(200, R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"m"})");
  ASSERT_FAILS(ErrorKind::kUnauthenticated, "role web: AssumeRoleUnauthorizedAccess: m", world.Make().GetCredentials());
}

Result<ImdsOptions> Read(const std::map<std::string, std::string>& variables, const std::string& config = "") {
  ProfileFiles files{.config_path = "config", .credentials_path = "credentials"};
  ARROW_RETURN_NOT_OK(ParseProfileFiles(config, "", &files));
  return ReadImdsOptions(*MakeFakeEnvironment(variables), files);
}

TEST(ImdsOptions, ComeFromTheEnvironmentAndTheProfile) {
  ASSERT_OK_AND_ASSIGN(auto options, Read({}));
  EXPECT_EQ(options.endpoint, "http://169.254.169.254");
  EXPECT_FALSE(options.disabled);
  EXPECT_FALSE(options.allow_v1);
  EXPECT_EQ(options.timeout, std::chrono::seconds(1));

  ASSERT_OK_AND_ASSIGN(options, Read({{"AWS_EC2_METADATA_DISABLED", "True"}}));
  EXPECT_TRUE(options.disabled);
  ASSERT_OK_AND_ASSIGN(options, Read({{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"},
                                      {"AWS_METADATA_SERVICE_TIMEOUT", "3"},
                                      {"AWS_METADATA_SERVICE_NUM_ATTEMPTS", "2"},
                                      {"AWS_EC2_METADATA_V1_DISABLED", "false"}}));
  EXPECT_EQ(options.endpoint, "http://[fd00:ec2::254]");
  EXPECT_EQ(options.timeout, std::chrono::seconds(3));
  EXPECT_EQ(options.attempts, 2);
  EXPECT_TRUE(options.allow_v1);
  ASSERT_OK_AND_ASSIGN(options, Read({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://localhost:1338/"}},
                                     "[default]\nec2_metadata_service_endpoint_mode = IPv6\n"));
  EXPECT_EQ(options.endpoint, "http://localhost:1338");
}

TEST(ImdsOptions, WhatIsWrongIsNamed) {
  ASSERT_FAILS(ErrorKind::kInvalid, "AWS_EC2_METADATA_DISABLED: expected true or false, found: 1",
               Read({{"AWS_EC2_METADATA_DISABLED", "1"}}));
  ASSERT_FAILS(ErrorKind::kInvalid, "ec2_metadata_service_endpoint_mode of profile default: expected IPv4 or IPv6",
               Read({}, "[default]\nec2_metadata_service_endpoint_mode = 4\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "AWS_METADATA_SERVICE_TIMEOUT: expected a whole number",
               Read({{"AWS_METADATA_SERVICE_TIMEOUT", "1s"}}));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected http://HOST",
               Read({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "169.254.169.254"}}));
}

}  // namespace
}  // namespace glaux::aws
