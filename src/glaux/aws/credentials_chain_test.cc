#include "glaux/aws/credentials.h"
#include "glaux/aws/playing_for_test.h"
#include "glaux/testing/matchers.h"

namespace glaux::aws {
namespace {

using ::testing::AllOf;
using testing::Answer;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::PlayingTransport;
using testing::Sent;
using testing::StandingClock;
using Texts = std::map<std::string, std::string>;

/// One chain with its surroundings. Answers are by the beginning of the URL.
struct World {
  Texts variables = {{"HOME", "/home/ada"}};
  std::string config;
  std::string credentials;
  Texts files;
  Texts commands;
  std::map<std::string, http::Response> answers;
  StandingClock clock{testing::Time("2026-01-01T00:00:00Z")};
  std::shared_ptr<PlayingTransport> transport;
  CredentialsChainOptions options;

  std::shared_ptr<CredentialsProvider> Make() {
    auto all = files;
    if (!config.empty()) all["/home/ada/.aws/config"] = config;
    if (!credentials.empty()) all["/home/ada/.aws/credentials"] = credentials;
    transport = std::make_shared<PlayingTransport>([this](const Sent& sent) -> Result<http::Response> {
      // The longest beginning counts.
      for (auto answer = answers.rbegin(); answer != answers.rend(); ++answer) {
        if (sent.url.starts_with(answer->first)) return answer->second;
      }
      return MakeError(ErrorKind::kUnavailable, "connection refused");
    });
    options.environment = MakeFakeEnvironment(variables, all, commands);
    options.transport = transport;
    options.clock = &clock;
    return MakeCredentialsChain(options);
  }
  Result<Credentials> Get() { return Make()->Get(); }
};

std::string RoleXml(const std::string& action, const std::string& key) {
  return "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action +
         "Result><AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/r/s</Arn></AssumedRoleUser><Credentials>"
         "<AccessKeyId>" +
         key +
         "</AccessKeyId><SecretAccessKey>hidden</SecretAccessKey><SessionToken>t</SessionToken><Expiration>"
         "2026-01-01T01:00:00Z</Expiration></Credentials></" +
         action + "Result></" + action + "Response>";
}

constexpr char kSts[] = "https://sts.eu-central-1.amazonaws.com/";
constexpr char kKeys[] = "aws_access_key_id = AKIABASE\naws_secret_access_key = hidden-base\n";

TEST(CredentialsChain, SaysOfEachLinkWhyItHasNone) {
  World world;
  const auto none = world.Get();
  EXPECT_EQ(KindOf(none.status()), ErrorKind::kUnauthenticated);
  EXPECT_EQ(
      none.status().message(),
      "no AWS credentials were found\n"
      "  environment: AWS_ACCESS_KEY_ID is not set\n"
      "  web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set\n"
      "  profile: there is no /home/ada/.aws/config and no /home/ada/.aws/credentials\n"
      "  container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set\n"
      "  EC2 instance metadata: nothing answers at http://169.254.169.254, as outside of EC2");
  EXPECT_THAT(InfoOf(none.status()).hint, AllOf(HasSubstr("aws configure"), HasSubstr("AWS_ACCESS_KEY_ID")));
  EXPECT_EQ(world.transport->sent.size(), 1u);  // the metadata service, once
}

TEST(CredentialsChain, AsksNothingBeforeTheFirstGet) {
  World world;
  world.Make();
  EXPECT_TRUE(world.transport->sent.empty());
}

TEST(CredentialsChain, HalfAPairInTheEnvironmentIsAnErrorAndNotTheNextLink) {
  World world;
  world.variables["AWS_ACCESS_KEY_ID"] = "AKIA";
  world.credentials = std::string("[default]\n") + kKeys;
  const auto half = world.Get();
  EXPECT_EQ(KindOf(half.status()), ErrorKind::kUnauthenticated);
  EXPECT_EQ(half.status().message(),
            "AWS credentials: environment: AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not");
}

TEST(CredentialsChain, WebIdentityOfTheEnvironmentComesBeforeTheProfile) {
  World world;
  world.variables.insert({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"},
                          {"AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/r"},
                          {"AWS_ROLE_SESSION_NAME", "job 7"},
                          {"AWS_REGION", "eu-central-1"}});
  world.files["/token"] = "jwt\n";
  world.credentials = std::string("[default]\n") + kKeys;
  world.answers[kSts] = Answer(200, RoleXml("AssumeRoleWithWebIdentity", "ASIAWEB"));
  ASSERT_OK_AND_ASSIGN(const auto credentials, world.Get());
  EXPECT_EQ(credentials.access_key_id, "ASIAWEB");
  EXPECT_EQ(credentials.account_id, "111122223333");
  EXPECT_EQ(credentials.source, "web identity, role arn:aws:iam::111122223333:role/r");
  EXPECT_EQ(world.transport->sent.at(0).body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fr&"
            "RoleSessionName=job%207&WebIdentityToken=jwt");
  EXPECT_EQ(world.transport->sent.at(0).headers.Get("Authorization"), "");
}

TEST(CredentialsChain, AProfileThatTheCallerNamesComesBeforeTheEnvironment) {
  World world;
  world.variables.insert({{"AWS_ACCESS_KEY_ID", "AKIAENV"}, {"AWS_SECRET_ACCESS_KEY", "x"}, {"AWS_PROFILE", "other"}});
  world.credentials = std::string("[dev]\n") + kKeys;
  world.options.profile = "dev";
  ASSERT_OK_AND_ASSIGN(const auto credentials, world.Get());
  EXPECT_EQ(credentials.access_key_id, "AKIABASE");
  EXPECT_EQ(credentials.source, "profile dev");
}

TEST(CredentialsChain, RolesAreAssumedOverAnyNumberOfSourceProfiles) {
  World world;
  world.variables["AWS_PROFILE"] = "a";
  world.config =
      "[profile a]\nregion = eu-central-1\nrole_arn = role-a\nsource_profile = b\nexternal_id = x/1\n"
      "role_session_name = ada\nduration_seconds = 3600\n"
      "[profile b]\nrole_arn = role-b\nsource_profile = c\n";
  world.credentials = std::string("[c]\n") + kKeys;
  world.answers[kSts] = Answer(200, RoleXml("AssumeRole", "ASIAROLE"));
  ASSERT_OK_AND_ASSIGN(const auto credentials, world.Get());
  EXPECT_EQ(credentials.access_key_id, "ASIAROLE");
  EXPECT_EQ(credentials.source, "profile a: assumed role role-a");
  ASSERT_EQ(world.transport->sent.size(), 2u);
  EXPECT_THAT(world.transport->sent[0].body, HasSubstr("&RoleArn=role-b&RoleSessionName=glaux-1767225600000000"));
  EXPECT_THAT(world.transport->sent[0].headers.Get("Authorization"),
              HasSubstr("Credential=AKIABASE/20260101/eu-centra"));
  EXPECT_THAT(world.transport->sent[1].body,
              HasSubstr("&RoleArn=role-a&RoleSessionName=ada&ExternalId=x%2F1&DurationSeconds=3600"));
  EXPECT_THAT(world.transport->sent[1].headers.Get("Authorization"), HasSubstr("Credential=ASIAROLE/"));
  EXPECT_EQ(world.transport->sent[1].headers.Get("X-Amz-Security-Token"), "t");
}

TEST(CredentialsChain, ARoleIsAssumedWithTheKeysOfItsOwnProfileOrOfTheEnvironment) {
  World world;
  world.config = std::string("[default]\nregion = eu-central-1\nrole_arn = r\nsource_profile = default\n") + kKeys;
  world.answers[kSts] = Answer(200, RoleXml("AssumeRole", "ASIAROLE"));
  EXPECT_OK(world.Get());
  EXPECT_THAT(world.transport->sent.at(0).headers.Get("Authorization"), HasSubstr("Credential=AKIABASE/"));
}

/// What the profile file says -> the whole error.
TEST(CredentialsChain, WhatIsWrongInAProfileIsToldWithItsName) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"role_arn = r\nsource_profile = b\n[profile b]\nrole_arn = s\nsource_profile = default\n",
       "profile b: source_profile goes in a circle: default -> b -> default"},
      {"role_arn = r\nsource_profile = default\n",
       "profile default: source_profile goes in a circle: default -> default"},
      {"role_arn = r\n", "role_arn needs one of source_profile and credential_source, or web_identity_token_file"},
      {"role_arn = r\nsource_profile = b\ncredential_source = Environment\n",
       "role_arn needs only one of source_profile and credential_source"},
      {"role_arn = r\nsource_profile = b\n",
       "source_profile = b, but there is no such profile in /home/ada/.aws/config"},
      {"role_arn = r\nsource_profile = b\n[profile b]\nregion = x\n", "source_profile = b, which has no credentials"},
      {"role_arn = r\ncredential_source = Moon\n",
       "credential_source: expected Environment, EcsContainer or Ec2InstanceMetadata, found: Moon"},
      {"role_arn = r\ncredential_source = Environment\n", "but AWS_ACCESS_KEY_ID is not set"},
      {"role_arn = r\ncredential_source = EcsContainer\n", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set"},
      {"role_arn = r\nsource_profile = default\nmfa_serial = m\naws_access_key_id = a\naws_secret_access_key = "
       "hidden\n",
       "mfa_serial: glaux asks nobody for a code"},
      {"role_arn = r\nsource_profile = default\nduration_seconds = 10\naws_access_key_id = a\n"
       "aws_secret_access_key = hidden\n",
       "duration_seconds: expected 900 to 43200, found: 10"},
      {"aws_access_key_id = a\n", "aws_secret_access_key is missing beside aws_access_key_id"},
      {"sso_session = gone\nsso_account_id = 1\nsso_role_name = r\n", "has no [sso-session gone]"},
      {"sso_account_id = 1\nsso_role_name = r\nsso_region = eu-west-1\n", "sso_start_url is missing"},
      {"sso_session = s\nsso_account_id = 1\nsso_region = x\n[sso-session s]\nsso_region = y\nsso_start_url = u\n",
       "sso_region is not the one of [sso-session s]"},
      {"sso_session = s\nsso_account_id = 1\n[sso-session s]\nsso_region = y\nsso_start_url = u\n",
       "profile default: sso_role_name is missing"},
      {"credential_process = tell\n", "profile default: credential_process: expected \"Version\": 1"},
      {"web_identity_token_file = /gone\nrole_arn = r\n", "profile default: web_identity_token_file: "},
      {"login_session = arn\n", "`aws login` sessions are not read by glaux"},
  };
  for (const auto& [config, error] : cases) {
    SCOPED_TRACE(config);
    World world;
    world.config = "[default]\n" + config;
    world.commands["tell"] = R"({"Version": 2, "AccessKeyId": "a", "SecretAccessKey": "hidden"})";
    const auto credentials = world.Get();
    EXPECT_EQ(KindOf(credentials.status()), ErrorKind::kUnauthenticated) << credentials.status().ToString();
    EXPECT_THAT(credentials.status().message(), AllOf(HasSubstr(error), HasSubstr("AWS credentials: profile ")));
    EXPECT_THAT(credentials.status().ToString(), Not(HasSubstr("hidden")));
    EXPECT_TRUE(world.transport->sent.empty());
  }
}

TEST(CredentialsChain, AProfileThatIsNotThereIsAnErrorThatNamesNearOnes) {
  World world;
  world.variables["AWS_PROFILE"] = "porduction";
  world.config = "[profile production]\nregion = x\n";
  const auto credentials = world.Get();
  EXPECT_THAT(credentials.status().message(), HasSubstr("AWS credentials: profile: there is no profile porduction in"));
  EXPECT_THAT(InfoOf(credentials.status()).hint, HasSubstr("did you mean 'production'"));
}

TEST(CredentialsChain, WhatAServiceSaysKeepsItsCodeAndWhatPassesItsKind) {
  World world;
  world.config = "[default]\nregion = eu-central-1\nrole_arn = r\nsource_profile = base\n";
  world.credentials = std::string("[base]\n") + kKeys;
  world.answers[kSts] = Answer(403,
                               "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: ada is not authorized to "
                               "perform: sts:AssumeRole</Message></Error><RequestId>id-1</RequestId></ErrorResponse>");
  auto status = world.Get().status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnauthenticated);
  EXPECT_EQ(InfoOf(status).code, "AccessDenied");
  EXPECT_EQ(InfoOf(status).request_id, "id-1");
  EXPECT_THAT(status.message(), AllOf(HasSubstr("profile default: "), HasSubstr("not authorized")));
  EXPECT_THAT(status.ToString(), Not(HasSubstr("hidden")));

  world.answers.clear();
  status = world.Get().status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnavailable);
}

TEST(CredentialsChain, TheConfiguredRoleIsAssumedWithWhatTheChainGives) {
  World world;
  world.variables.insert({{"AWS_ACCESS_KEY_ID", "AKIAENV"}, {"AWS_SECRET_ACCESS_KEY", "hidden"}});
  world.options.role_arn = "arn:aws:iam::1:role/lake";
  world.options.external_id = "e";
  world.options.region = "eu-central-1";
  world.answers[kSts] = Answer(200, RoleXml("AssumeRole", "ASIALAKE"));
  ASSERT_OK_AND_ASSIGN(const auto credentials, world.Get());
  EXPECT_EQ(credentials.access_key_id, "ASIALAKE");
  EXPECT_EQ(credentials.source, "assumed role arn:aws:iam::1:role/lake (by environment)");
  EXPECT_THAT(world.transport->sent.at(0).body, HasSubstr("&ExternalId=e"));
  world.options.sts_endpoint_url = "http://localhost:4566/";
  EXPECT_FALSE(world.Get().ok());
  EXPECT_EQ(world.transport->sent.at(0).url, "http://localhost:4566/");
}

TEST(CredentialsChain, AnExpirationInTheEnvironmentIsKept) {
  World world;
  world.variables.insert({{"AWS_ACCESS_KEY_ID", "A"},
                          {"AWS_SECRET_ACCESS_KEY", "b"},
                          {"AWS_SESSION_TOKEN", "c"},
                          {"AWS_CREDENTIAL_EXPIRATION", "2026-01-01T03:00:00+02:00"}});
  ASSERT_OK_AND_ASSIGN(const auto credentials, world.Get());
  EXPECT_EQ(credentials.expiration, testing::Time("2026-01-01T01:00:00Z"));
}

TEST(CredentialsChain, AProcessOfTheProfileIsAskedAgainBeforeItsCredentialsExpire) {
  World world;
  world.config = "[default]\ncredential_process = tell\naws_account_id = 42\n";
  world.commands["tell"] =
      R"({"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "b", "Expiration": "2026-01-01T01:00:00Z"})";
  const auto provider = world.Make();
  ASSERT_OK_AND_ASSIGN(const auto credentials, provider->Get());
  EXPECT_EQ(credentials.account_id, "42");
  EXPECT_EQ(credentials.expiration, testing::Time("2026-01-01T01:00:00Z"));
  EXPECT_EQ(credentials.source, "profile default: credential_process");
}

}  // namespace
}  // namespace glaux::aws
