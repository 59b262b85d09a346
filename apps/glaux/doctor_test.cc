#include <arrow/io/memory.h>

#include <boost/json.hpp>
#include <sstream>

#include "app.h"
#include "doctor_report.h"
#include "glaux/testing/fake_clock.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"
#include "text_width.h"

namespace glaux::cli {
namespace {

using glaux::testing::TempDir;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class FakeTransport final : public http::Transport {
 public:
  Result<http::Response> Send(const http::Request& request) override {
    asked.push_back(request.url);
    for (const auto& [beginning, response] : answers) {
      if (request.url.starts_with(beginning)) return response;
    }
    return MakeError(ErrorKind::kUnavailable, "connection refused");
  }
  std::vector<std::string> asked;
  std::map<std::string, http::Response> answers;
};

http::Response Answer(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

constexpr char kIdentity[] =
    "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>"
    "<Arn>arn:aws:sts::111122223333:assumed-role/a-role-with-quite-a-long-name/a-session-with-a-long-name</Arn>"
    "<UserId>U</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
constexpr char kSts[] = "https://sts.eu-central-1.amazonaws.com";

struct World {
  TempDir folder;
  std::map<std::string, std::string> variables = {{"HOME", "/home/ada"}};
  std::map<std::string, std::string> files;
  Result<LakeConfig> config = LakeConfig{.found_by = "/data/glaux.yaml", .directory = folder / "no-lake"};
  glaux::testing::FakeClock clock{ParseTimestamp("2026-01-01T00:00:00Z").ValueOrDie()};
  std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();
  std::string ca_file;

  void SetKeys() {
    variables.insert({{"AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"},
                      {"AWS_SECRET_ACCESS_KEY", "hidden-secret"},
                      {"AWS_SESSION_TOKEN", "hidden-token"},
                      {"AWS_REGION", "eu-central-1"}});
  }
};

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

Outcome RunDoctor(World& world, std::vector<std::string> options = {}) {
  Outcome outcome;
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  std::istringstream in;
  Session session({
      .out = sink,
      .err = [&](std::string_view text) { outcome.err += text; },
      .in = &in,
      .environment = [](std::string_view) { return std::string(); },
      .out_terminal = [](ColorMode) { return Terminal{}; },
      .err_terminal = [](ColorMode) { return Terminal{}; },
      .find_config = [&](std::string_view, const std::string&) { return world.config; },
      .open_lake = [&](const LakeConfig&) -> Result<std::unique_ptr<Lake>> {
        return MakeError({.kind = ErrorKind::kCorrupt, .hint = "restore it"}, "open catalog: not a database");
      },
      .process = MakeFakeEnvironment(world.variables, world.files),
      .open_transport = [&](const http::CurlTransportOptions& given) -> Result<std::shared_ptr<http::Transport>> {
        world.ca_file = given.ca_file;
        return world.transport;
      },
      .clock = &world.clock,
  });
  std::vector<std::string> arguments = {"doctor"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  outcome.code = RunApp(std::move(arguments), &session);
  outcome.out = sink->Finish().ValueOrDie()->ToString();
  EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("hidden")));
  return outcome;
}

std::vector<int> Widths(const std::string& text) {
  std::vector<int> widths;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) widths.push_back(DisplayWidth(line));
  return widths;
}

TEST(Doctor, ShowsWhatIsUsedAndWhereItComesFrom) {
  World world;
  world.SetKeys();
  world.variables.insert({{"AWS_CREDENTIAL_EXPIRATION", "2026-01-01T00:42:00Z"},
                          {"AWS_ENDPOINT_URL_GLUE", "http://localhost:9000"},
                          {"HTTPS_PROXY", "http://ada:hidden@proxy:3128"},
                          {"AWS_CA_BUNDLE", "/ca.pem"}});
  world.files["/ca.pem"] = "pem";
  world.transport->answers[kSts] = Answer(200, kIdentity);
  const auto outcome = RunDoctor(world);
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(
      outcome.out,
      AllOf(HasSubstr("  found by        /data/glaux.yaml\n"), HasSubstr("  from            environment\n"),
            HasSubstr("  access key      AKIA…MPLE\n"), HasSubstr("  expire          2026-01-01T00:42:00Z (in 42 min"),
            HasSubstr("  account         111122223333 (STS)\n"),
            HasSubstr("  region          eu-central-1 (AWS_REGION)\n")));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("  glue            http://localhost:9000 (AWS_ENDPOINT_URL_GLUE)\n"),
                                 HasSubstr("  s3              https://s3.eu-central-1.amazonaws.com\n"),
                                 HasSubstr("  HTTPS_PROXY     http://…@proxy:3128\n"),
                                 HasSubstr("  memory limit    512 MiB\n"), HasSubstr("\nAll is well.\n")));
  EXPECT_THAT(Widths(outcome.out), Each(::testing::Le(80)));
  EXPECT_EQ(world.ca_file, "/ca.pem");
}

TEST(Doctor, NoCredentialsAreNoProblemOfALocalLake) {
  World world;
  const auto outcome = RunDoctor(world);
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("  from            none\n  asked           environment: AWS_ACCESS_KEY_ID is not set\n"
                              "                  web identity: "),
                    HasSubstr("Note: a lake in a local folder"), HasSubstr("All is well.")));
}

TEST(Doctor, ALakeOnS3NeedsCredentialsAndARegion) {
  World world;
  LakeConfig config{.directory = world.folder / "no-lake"};
  config.bucket = "b";
  config.prefix = "p/q";
  config.remote_store = true;
  world.config = config;
  const auto outcome = RunDoctor(world);
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("  store           s3://b/p/q\n"), HasSubstr("2 problems\n"),
                                 HasSubstr("this lake needs them"), HasSubstr("no AWS region is set")));
}

TEST(Doctor, ShowsWhatTheConfigurationSaysOfS3) {
  World world;
  world.files["/home/ada/.aws/credentials"] =
      "[minio]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = hidden\n";
  LakeConfig config{.directory = world.folder / "no-lake"};
  config.remote_files = true;
  config.s3 = {.profile = "minio", .region = "eu-west-1", .endpoint_url = "http://minio:9000"};
  world.config = config;
  const auto outcome = RunDoctor(world);
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("  from            profile minio\n"),
                    HasSubstr("  region          eu-west-1 (the configuration or the command line)\n"),
                    HasSubstr("  s3              http://minio:9000 (the configuration or the command line)\n"),
                    HasSubstr("Note: S3 is not at AWS")));
  EXPECT_TRUE(world.transport->asked.empty());

  config.s3 = {.anonymous = true, .region = "eu-west-1"};
  world.config = config;
  const auto unsigned_requests = RunDoctor(world);
  EXPECT_EQ(unsigned_requests.code, 0) << unsigned_requests.out;
  EXPECT_THAT(unsigned_requests.out, HasSubstr("  from            none: requests go unsigned\n"));
}

TEST(Doctor, EachProblemHasANextStepAndTheCodeIsThree) {
  World world;
  world.variables.insert({{"AWS_PROFILE", "dev"}, {"AWS_CA_BUNDLE", "/gone.pem"}, {"AWS_ENDPOINT_URL", "nowhere"}});
  world.files["/home/ada/.aws/config"] =
      "[profile dev]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\nsso_region = eu-west-1\n"
      "sso_start_url = https://s\n";
  world.config = LakeConfig{.found_by = "--lake", .directory = world.folder.path().string()};
  const auto outcome = RunDoctor(world);
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("4 problems\n"), HasSubstr("not a database\n     next: restore it\n"),
                                 HasSubstr("AWS_CA_BUNDLE: "), HasSubstr("AWS_ENDPOINT_URL: expected http://HOST")));
  EXPECT_EQ(outcome.err, "glaux: error: doctor: 4 problems found\n");
  EXPECT_THAT(Widths(outcome.out), Each(::testing::Le(80)));
}

TEST(Doctor, KeysThatAwsRefusesAreAProblem) {
  World world;
  world.SetKeys();
  world.transport->answers[kSts] = Answer(
      403,
      "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>The security token included in the request "
      "is invalid.</Message></Error></ErrorResponse>");
  const auto outcome = RunDoctor(world);
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("1 problem\n"), HasSubstr("who they belong to is not known: ")));
}

TEST(Doctor, WithoutARegionAwsCannotBeUsed) {
  World world;
  world.SetKeys();
  world.variables.erase("AWS_REGION");
  const auto outcome = RunDoctor(world, {"--offline"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("no AWS region is set\n"), HasSubstr("next: set AWS_REGION")));
}

TEST(Doctor, OfflineAsksNothing) {
  World world;
  world.SetKeys();
  EXPECT_EQ(RunDoctor(world, {"--offline"}).code, 0);
  world.variables = {{"HOME", "/home/ada"}};
  const auto outcome = RunDoctor(world, {"--offline"});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_THAT(outcome.out,
              HasSubstr("  from            EC2 instance metadata: the network is not asked (--offline)\n"));
  EXPECT_TRUE(world.transport->asked.empty());
}

TEST(Doctor, ExpiredCredentialsAreAProblem) {
  World world;
  world.SetKeys();
  world.variables["AWS_CREDENTIAL_EXPIRATION"] = "2025-12-31T23:00:00Z";
  const auto outcome = RunDoctor(world, {"--offline"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("2025-12-31T23:00:00Z (1 h 0 min ago)"),
                                 HasSubstr("the credentials have expired (environment)")));
}

TEST(Doctor, PrintsOneJsonObject) {
  World world;
  world.SetKeys();
  world.config = MakeError(ErrorKind::kInvalid, "glaux.yaml, line 1: no");
  const auto outcome = RunDoctor(world, {"--offline", "--json"});
  EXPECT_EQ(outcome.code, 3);
  const auto report = boost::json::parse(outcome.out).as_object();
  EXPECT_EQ(report.at("ok"), false);
  EXPECT_EQ(report.at("credentials").at("access_key_id").as_string(), "AKIA…MPLE");
  EXPECT_EQ(report.at("aws").at("region").as_string(), "eu-central-1");
  EXPECT_EQ(report.at("aws").at("region_source").as_string(), "AWS_REGION");
  EXPECT_EQ(report.at("problems").at(0).at("what").as_string(), "glaux.yaml, line 1: no");
}

TEST(DoctorReport, MasksKeysAndUsers) {
  EXPECT_EQ(MaskKeyId("AKIAIOSFODNN7EXAMPLE"), "AKIA…MPLE");
  EXPECT_EQ(MaskKeyId("foo"), "…");
  EXPECT_EQ(MaskKeyId("AKIAFAKE"), "…KE");
  EXPECT_EQ(MaskUser("http://a:b@proxy:1/x@y"), "http://…@proxy:1/x@y");
  EXPECT_EQ(MaskUser("a:b@proxy"), "…@proxy");
  EXPECT_EQ(MaskUser("http://proxy:1"), "http://proxy:1");
}

TEST(DoctorReport, WrapsLongWordsAndLinesOfTheirOwn) {
  DoctorReport report{.version = "glaux", .sections = {}, .notes = {}, .problems = {}};
  report.AddSection("A", "a").Add("arn", "arn", std::string(200, 'x'));
  report.problems.push_back({"first line\n  second line " + std::string(100, 'y'), "go on"});
  const auto text = ToText(report);
  EXPECT_THAT(Widths(text), Each(::testing::Le(80)));
  EXPECT_THAT(text,
              AllOf(StartsWith("glaux\n\nA\n  arn             xxx"), HasSubstr("  1. first line\n     second line\n")));
}

}  // namespace
}  // namespace glaux::cli
