#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>

#include "glaux/aws/container.h"
#include "glaux/aws/credentials.h"
#include "glaux/aws/credentials_json_internal.h"
#include "glaux/aws/playing_for_test.h"
#include "glaux/aws/sso.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"
#include "glaux/testing/testdata.h"

// The cases that AWS's own SDKs share for the chain: variables, files, what services answer, and what comes out.

namespace glaux::aws {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using glaux::testing::ReadFileOrDie;
using ::testing::HasSubstr;
using testing::PlayingTransport;
using testing::Sent;
using testing::StandingClock;

/// What the cases expect of an error, in their words and in ours. Words that are ours already are not here.
const std::map<std::string, std::string>& OurWords() {
  static const std::map<std::string, std::string> words = {
      {"an error occurred while loading credentials: Error retrieving credentials: external process exited with code "
       "exit status: 1",
       "profile default: credential_process: "},
      {"Error retrieving credentials from external process, could not parse response: invalid JSON in response",
       "profile default: credential_process: invalid JSON in response"},
      {"InvalidIdentityTokenException: No OpenIDConnect provider found in your account",
       "No OpenIDConnect provider found in your account for https://s3-us-west-2.amazonaws.com/"},
      {"the credential provider was not enabled", "not asked, for AWS_EC2_METADATA_DISABLED is true"},
  };
  return words;
}

/// Variables of env.json, files below fs/, and commands that really run.
class CaseEnvironment final : public Environment {
 public:
  CaseEnvironment(std::map<std::string, std::string> variables, fs::path root)
      : variables_(std::move(variables)), root_(std::move(root)) {}

  std::optional<std::string> Variable(std::string_view name) const override {
    const auto found = variables_.find(std::string(name));
    return found == variables_.end() ? std::nullopt : std::optional<std::string>(found->second);
  }
  Result<std::string> ReadFile(const std::string& path) const override {
    const fs::path real = root_ / fs::path(path).relative_path();
    if (!fs::exists(real)) return MakeError(ErrorKind::kNotFound, "read ", path, ": there is no such file");
    return ReadFileOrDie(real);
  }
  Status WriteFile(const std::string& path, std::string_view) const override {
    return MakeError(ErrorKind::kDenied, "write ", path, ": the files of a case are for reading");
  }
  Result<std::string> RunCommand(const std::string& command) const override {
    return Environment::Process()->RunCommand(command);
  }

 private:
  const std::map<std::string, std::string> variables_;
  const fs::path root_;
};

struct Exchange {
  Sent request;
  http::Response response;
};

http::Headers ReadHeaders(const json::value& message) {
  http::Headers headers;
  if (const auto* given = message.as_object().if_contains("headers")) {
    for (const auto& [name, values] : given->as_object()) {
      for (const auto& value : values.as_array()) headers.Add(name, std::string(value.as_string()));
    }
  }
  return headers;
}

std::vector<Exchange> ReadTraffic(const fs::path& file) {
  std::vector<Exchange> exchanges;
  if (!fs::exists(file)) return exchanges;
  for (const auto& event : json::parse(ReadFileOrDie(file)).at("events").as_array()) {
    const auto& action = event.at("action").as_object();
    if (const auto* request = action.if_contains("Request")) {
      const auto& sent = request->at("request");
      exchanges.push_back({});
      exchanges.back().request = {.method = std::string(sent.at("method").as_string()),
                                  .url = std::string(sent.at("uri").as_string()),
                                  .headers = ReadHeaders(sent),
                                  .body = {}};
    } else if (const auto* response = action.if_contains("Response")) {
      const auto& ok = response->at("response").at("Ok");
      exchanges.back().response.status = static_cast<int>(ok.at("status").as_int64());
      // Lengths are of the traffic before secrets were taken out of it.
      exchanges.back().response.headers = ReadHeaders(ok);
      exchanges.back().response.headers.Remove("content-length");
    } else if (const auto* data = action.if_contains("Data")) {
      const std::string text(data->at("data").at("Utf8").as_string());
      const bool answer = data->at("direction").as_string() == "Response";
      (answer ? exchanges.back().response.body : exchanges.back().request.body) += text;
    }
  }
  return exchanges;
}

/// The same whatever the order of the query.
std::string Canonical(const std::string& url) {
  const auto question = url.find('?');
  std::string path = url.substr(0, question);
  while (path.ends_with('/')) path.pop_back();
  if (question == std::string::npos) return path;
  std::vector<std::string> parts;
  for (std::string_view rest = std::string_view(url).substr(question + 1); !rest.empty();) {
    const auto end = std::min(rest.find('&'), rest.size());
    parts.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::sort(parts.begin(), parts.end());
  for (const auto& part : parts) path += "|" + part;
  return path;
}

/// What of a request must be as it was recorded. Bodies were edited after recording, so only their action counts.
void ExpectSame(const Sent& sent, const Sent& recorded) {
  EXPECT_EQ(sent.method, recorded.method);
  EXPECT_EQ(Canonical(sent.url), Canonical(recorded.url));
  EXPECT_EQ(sent.body.substr(0, sent.body.find("&RoleArn")), recorded.body.substr(0, recorded.body.find("&RoleArn")));
  for (const auto* name :
       {"x-amz-sso_bearer_token", "x-aws-ec2-metadata-token", "content-type", "x-aws-ec2-metadata-token-ttl-seconds"}) {
    if (const auto value = recorded.headers.Find(name)) EXPECT_EQ(sent.headers.Get(name), *value) << name;
  }
  EXPECT_EQ(sent.headers.Find("authorization").has_value(), recorded.headers.Find("authorization").has_value());
}

struct Case {
  fs::path folder;
  json::object expected;
  std::shared_ptr<CaseEnvironment> environment;
  std::vector<Exchange> traffic;
};

Case ReadCase(const fs::path& folder) {
  Case test{.folder = folder,
            .expected = json::parse(ReadFileOrDie(folder / "test-case.json")).at("result").as_object(),
            .environment = nullptr,
            .traffic = ReadTraffic(folder / "http-traffic.json")};
  std::map<std::string, std::string> variables;
  for (const auto& [name, value] : json::parse(ReadFileOrDie(folder / "env.json")).as_object())
    variables[name] = value.as_string();
  test.environment = std::make_shared<CaseEnvironment>(std::move(variables), folder / "fs");
  return test;
}

void ExpectError(const json::value& expected, const Status& status) {
  std::string words(expected.as_string());
  if (const auto ours = OurWords().find(words); ours != OurWords().end()) words = ours->second;
  EXPECT_EQ(KindOf(status), ErrorKind::kUnauthenticated) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr(words));
  EXPECT_NE(InfoOf(status).hint, "");
}

void ExpectCredentials(const json::object& expected, const Result<Credentials>& credentials) {
  ASSERT_OK(credentials);
  const auto text = [&](const char* key) { return JsonText(expected, key); };
  EXPECT_EQ(credentials->access_key_id, text("access_key_id"));
  EXPECT_EQ(credentials->secret_access_key.Expose(), text("secret_access_key"));
  EXPECT_EQ(credentials->session_token.Expose(), text("session_token"));
  if (expected.contains("account_id")) EXPECT_EQ(credentials->account_id, text("account_id"));
  if (const auto* expiry = expected.if_contains("expiry")) {
    EXPECT_EQ(credentials->expiration, Timestamp(std::chrono::seconds(expiry->as_int64())));
  } else {
    EXPECT_EQ(credentials->expiration, std::nullopt);
  }
  EXPECT_NE(credentials->source, "");
}

void RunCredentialsCase(const Case& test) {
  // Long before whatever expires in the cases, so that nothing is renewed.
  StandingClock clock(testing::Time("2009-01-01T00:00:00Z"));
  size_t next = 0;
  const auto transport = std::make_shared<PlayingTransport>([&](const Sent& sent) -> Result<http::Response> {
    if (next >= test.traffic.size()) {
      ADD_FAILURE() << "nobody expected " << sent.method << " " << sent.url;
      return MakeError(ErrorKind::kUnavailable, "nothing listens at ", sent.url);
    }
    ExpectSame(sent, test.traffic[next].request);
    return test.traffic[next++].response;
  });
  CredentialsChainOptions options;
  options.environment = test.environment;
  options.transport = transport;
  options.clock = &clock;
  const auto credentials = MakeCredentialsChain(options)->Get();
  if (const auto* error = test.expected.if_contains("ErrorContains")) {
    ExpectError(*error, credentials.status());
  } else {
    ExpectCredentials(test.expected.at("Ok").as_object(), credentials);
  }
  EXPECT_EQ(next, test.traffic.size()) << "requests that were not made";
}

void RunTokenCase(const Case& test) {
  StandingClock clock(testing::Time("2024-01-01T00:00:00Z"));
  ASSERT_OK_AND_ASSIGN(const auto files, ReadProfileFiles(*test.environment));
  ASSERT_OK_AND_ASSIGN(const auto settings, FindSso(files, files.selected));
  ASSERT_TRUE(settings.has_value());
  const std::shared_ptr<http::Transport> transport = testing::NoTransport();
  ASSERT_OK_AND_ASSIGN(const auto token, LoadSsoToken({*test.environment, files, transport, clock}, *settings));
  const auto& expected = test.expected.at("Ok").as_object();
  EXPECT_EQ(token.access_token.Expose(), JsonText(expected, "token"));
  EXPECT_EQ(FormatTimestamp(token.expires_at), JsonText(expected, "expiration"));
}

std::vector<fs::path> CaseFolders(const fs::path& group) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(group)) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  return folders;
}

TEST(CredentialsSuite, TheChainAnswersEveryCase) {
  GLAUX_TESTDATA_OR_SKIP(suite, "aws-credentials-chain");
  int cases = 0;
  for (const auto* group : {"default-credential-provider-chain", "profile-provider"}) {
    for (const auto& folder : CaseFolders(suite / "data" / group)) {
      SCOPED_TRACE(folder.filename().string());
      RunCredentialsCase(ReadCase(folder));
      ++cases;
    }
  }
  EXPECT_GE(cases, 24);
}

TEST(CredentialsSuite, TokensOfSsoAreFound) {
  GLAUX_TESTDATA_OR_SKIP(suite, "aws-credentials-chain");
  int cases = 0;
  for (const auto& folder : CaseFolders(suite / "data" / "default-token-provider-chain")) {
    SCOPED_TRACE(folder.filename().string());
    RunTokenCase(ReadCase(folder));
    ++cases;
  }
  EXPECT_GE(cases, 2);
}

TEST(CredentialsSuite, AddressesOfContainersAreChecked) {
  GLAUX_TESTDATA_OR_SKIP(suite, "aws-credentials-chain");
  const auto cases = json::parse(ReadFileOrDie(suite / "data" / "ecs-tests.json")).at("tests").as_array();
  ASSERT_GE(cases.size(), 11u);
  for (const auto& test : cases) {
    SCOPED_TRACE(std::string(test.at("docs").as_string()));
    std::map<std::string, std::string> variables;
    for (const auto& [name, value] : test.at("env").as_object()) variables[name] = value.as_string();
    const auto url = FindContainerUrl(*MakeFakeEnvironment(variables));
    const auto& expected = test.at("result").as_object();
    if (expected.contains("Ok")) {
      ASSERT_OK(url);
      EXPECT_EQ(*url, std::string(expected.at("Ok").as_string()));
    } else if (variables.empty()) {
      ASSERT_OK(url);
      EXPECT_EQ(*url, std::nullopt);  // not set up: the chain goes on and says so
    } else {
      EXPECT_THAT(url.status().message(), HasSubstr(std::string(expected.at("ErrorContains").as_string())));
    }
  }
}

}  // namespace
}  // namespace glaux::aws
