#include "glaux/aws/sso.h"

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

constexpr char kConfig[] =
    "[profile dev]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Reader & Writer\n"
    "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n";
constexpr char kRole[] =
    R"({"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"s","sessionToken":"t","expiration":1767229200000}})";

std::string Token(const std::string& expires_at, const std::string& more = "") {
  return R"({"accessToken":"old-token","expiresAt":")" + expires_at + "\"" + more + "}";
}
const std::string kRefreshable =
    R"(,"refreshToken":"refresh-1","clientId":"id","clientSecret":"hush","registrationExpiresAt":"2026-03-01T00:00:00Z","other":"kept")";

struct World {
  explicit World(const std::string& token) {
    files.selected = "dev";
    EXPECT_OK(ParseProfileFiles(kConfig, "", &files));
    settings = FindSso(files, "dev").ValueOrDie().value();
    path = SsoTokenPath(*MakeFakeEnvironment({{"HOME", "/home/ada"}}), settings);
    environment =
        MakeFakeEnvironment({{"HOME", "/home/ada"}}, token.empty() ? std::map<std::string, std::string>{}
                                                                   : std::map<std::string, std::string>{{path, token}});
    playing = std::make_shared<PlayingTransport>([this](const Sent& sent) -> Result<http::Response> {
      return sent.url.starts_with("https://oidc.") ? oidc : Answer(200, kRole);
    });
    transport = playing;
  }
  SsoContext context() { return {*environment, files, transport, clock}; }

  ProfileFiles files{.config_path = "config", .credentials_path = "credentials"};
  SsoSettings settings;
  std::string path;
  std::shared_ptr<Environment> environment;
  StandingClock clock{testing::Time("2026-01-01T00:00:00Z")};
  std::shared_ptr<PlayingTransport> playing;
  std::shared_ptr<http::Transport> transport;
  http::Response oidc = Answer(200, R"({"accessToken":"new-token","expiresIn":28800,"refreshToken":"refresh-2"})");
};

TEST(Sso, TheTokenIsCachedUnderTheNameOfTheSession) {
  World world("");
  EXPECT_EQ(world.path, "/home/ada/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json");
}

TEST(Sso, AValidTokenIsExchangedForCredentialsOfTheRole) {
  World world(Token("2026-01-01T08:00:00UTC"));
  ASSERT_OK_AND_ASSIGN(const auto credentials, GetSsoCredentials(world.context(), world.settings));
  EXPECT_EQ(credentials.access_key_id, "ASIA");
  EXPECT_EQ(credentials.expiration, testing::Time("2026-01-01T01:00:00Z"));
  EXPECT_EQ(credentials.account_id, "111122223333");
  EXPECT_EQ(credentials.source, "profile dev: SSO role Reader & Writer");
  ASSERT_EQ(world.playing->sent.size(), 1u);
  EXPECT_EQ(world.playing->sent[0].url,
            "https://portal.sso.eu-west-1.amazonaws.com/federation/"
            "credentials?account_id=111122223333&role_name=Reader%20%26%20Writer");
  EXPECT_EQ(world.playing->sent[0].headers.Get("x-amz-sso_bearer_token"), "old-token");
  EXPECT_EQ(world.playing->sent[0].headers.Get("Authorization"), "");
}

TEST(Sso, ATokenAboutToExpireIsRenewedAndTheCacheKeepsTheRest) {
  World world(Token("2026-01-01T00:04:00Z", kRefreshable));
  ASSERT_OK_AND_ASSIGN(const auto token, LoadSsoToken(world.context(), world.settings));
  EXPECT_EQ(token.access_token.Expose(), "new-token");
  EXPECT_EQ(token.expires_at, testing::Time("2026-01-01T08:00:00Z"));
  ASSERT_EQ(world.playing->sent.size(), 1u);
  EXPECT_EQ(world.playing->sent[0].url, "https://oidc.eu-west-1.amazonaws.com/token");
  EXPECT_EQ(world.playing->sent[0].body,
            R"({"clientId":"id","clientSecret":"hush","grantType":"refresh_token","refreshToken":"refresh-1"})");
  ASSERT_OK_AND_ASSIGN(const auto cache, world.environment->ReadFile(world.path));
  EXPECT_THAT(cache,
              AllOf(HasSubstr(R"("accessToken":"new-token")"), HasSubstr(R"("expiresAt":"2026-01-01T08:00:00Z")"),
                    HasSubstr(R"("refreshToken":"refresh-2")"), HasSubstr(R"("other":"kept")")));
  // What was written is what the next process reads.
  ASSERT_OK_AND_ASSIGN(const auto again, LoadSsoToken(world.context(), world.settings));
  EXPECT_EQ(again.access_token.Expose(), "new-token");
  EXPECT_EQ(world.playing->sent.size(), 1u);
}

TEST(Sso, AFailedRenewalKeepsATokenThatIsStillValid) {
  World world(Token("2026-01-01T00:04:00Z", kRefreshable));
  world.oidc = Answer(400, R"({"error":"invalid_grant","error_description":"Invalid refresh token provided"})");
  ASSERT_OK_AND_ASSIGN(const auto token, LoadSsoToken(world.context(), world.settings));
  EXPECT_EQ(token.access_token.Expose(), "old-token");
}

TEST(Sso, AnExpiredTokenIsAnErrorWithTheCommandThatSignsIn) {
  World world(Token("2025-12-31T23:00:00Z"));
  const auto expired = LoadSsoToken(world.context(), world.settings).status();
  EXPECT_EQ(KindOf(expired), ErrorKind::kUnauthenticated);
  EXPECT_EQ(expired.message(), "the SSO session expired at 2025-12-31T23:00:00Z");
  EXPECT_EQ(InfoOf(expired).hint, "aws sso login --profile dev signs in");

  World refused(Token("2025-12-31T23:00:00Z", kRefreshable));
  refused.oidc = Answer(400, R"({"error":"invalid_grant","error_description":"Invalid refresh token provided"})");
  const auto status = LoadSsoToken(refused.context(), refused.settings).status();
  EXPECT_THAT(status.message(), AllOf(HasSubstr("and was not renewed: "), HasSubstr("Invalid refresh token provided")));
  EXPECT_THAT(status.ToString(), AllOf(Not(HasSubstr("hush")), Not(HasSubstr("refresh-1"))));
  EXPECT_THAT(InfoOf(status).hint, HasSubstr("aws sso login"));
}

TEST(Sso, NobodySignedInIsAnErrorWithTheCommandThatSignsIn) {
  World world("");
  ASSERT_FAILS(ErrorKind::kUnauthenticated, "nobody is signed in to SSO",
               LoadSsoToken(world.context(), world.settings));
  World broken("{");
  ASSERT_FAILS(ErrorKind::kUnauthenticated, "not a token", LoadSsoToken(broken.context(), broken.settings));
}

}  // namespace
}  // namespace glaux::aws
