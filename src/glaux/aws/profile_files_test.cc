#include "glaux/aws/profile_files.h"

#include <boost/json.hpp>

#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"
#include "glaux/testing/testdata.h"

namespace glaux::aws {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

ProfileFiles NamedFiles() { return {.config_path = "config", .credentials_path = "credentials"}; }

std::string TextOr(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value == nullptr ? std::string() : std::string(value->as_string());
}

std::map<std::string, Properties> Sections(const json::object& config, std::string_view key) {
  std::map<std::string, Properties> sections;
  if (const auto* given = config.if_contains(key)) {
    for (const auto& [name, properties] : given->as_object()) {
      auto& section = sections[std::string(name)];
      for (const auto& [property, value] : properties.as_object()) section[std::string(property)] = value.as_string();
    }
  }
  return sections;
}

json::array Cases(const std::filesystem::path& file) {
  return json::parse(glaux::testing::ReadFileOrDie(file)).at("tests").as_array();
}

TEST(ProfileFilesSharedCases, AreParsedAsEverySdkDoes) {
  GLAUX_TESTDATA_OR_SKIP(folder, "aws-profile-parser");
  const auto cases = Cases(folder / "data" / "profile-parser-tests.json");
  ASSERT_GT(cases.size(), 50u);
  for (const auto& test : cases) {
    SCOPED_TRACE(std::string(test.at("name").as_string()));
    const auto& input = test.at("input").as_object();
    const auto& output = test.at("output").as_object();
    ProfileFiles files = NamedFiles();
    const Status status = ParseProfileFiles(TextOr(input, "configFile"), TextOr(input, "credentialsFile"), &files);
    if (const auto error = TextOr(output, "errorContaining"); !error.empty()) {
      EXPECT_EQ(KindOf(status), ErrorKind::kInvalid);
      EXPECT_THAT(status.message(), HasSubstr(error));
      continue;
    }
    EXPECT_OK(status);
    const auto& config = output.at("config").as_object();
    EXPECT_EQ(files.profiles, Sections(config, "profiles"));
    EXPECT_EQ(files.sso_sessions, Sections(config, "sso_sessions"));
  }
}

TEST(ProfileFilesSharedCases, AreFoundWhereEverySdkLooks) {
  GLAUX_TESTDATA_OR_SKIP(folder, "aws-profile-parser");
  int tested = 0;
  for (const auto& test : Cases(folder / "data" / "file-location-tests.json")) {
    SCOPED_TRACE(std::string(test.at("name").as_string()));
    if (test.at("platform").as_string() == "windows") continue;  // glaux has no Windows build
    std::map<std::string, std::string> variables;
    for (const auto& [name, value] : test.at("environment").as_object()) variables[name] = value.as_string();
    const auto locations = LocateProfileFiles(*MakeFakeEnvironment(variables));
    EXPECT_EQ(locations.config_path, test.at("configLocation").as_string());
    EXPECT_EQ(locations.credentials_path, test.at("credentialsLocation").as_string());
    if (const auto* profile = test.as_object().if_contains("profile"))
      EXPECT_EQ(locations.profile, profile->as_string());
    ++tested;
  }
  EXPECT_EQ(tested, 4);
}

TEST(ProfileFiles, ServicesHaveSubProperties) {
  ProfileFiles files = NamedFiles();
  ASSERT_OK(ParseProfileFiles(
      "[profile a]\nservices = local\n[services local]\ns3 =\n  # where\n  endpoint_url = http://s3 # x\n"
      "sts =\n  Endpoint_URL = http://sts\n",
      "", &files));
  EXPECT_EQ(FindSubProperty(files.services["local"]["s3"], "endpoint_url"), "http://s3");
  EXPECT_EQ(FindSubProperty(files.services["local"]["sts"], "endpoint_url"), "http://sts");
  EXPECT_EQ(FindSubProperty(files.services["local"]["sts"], "region"), std::nullopt);
}

TEST(ProfileFiles, IndentedCommentsBetweenPropertiesAreComments) {
  ProfileFiles files = NamedFiles();
  ASSERT_OK(ParseProfileFiles("[profile a]\n  # first\nregion = eu-west-1\n", "", &files));
  EXPECT_EQ(files.Find("a", "region"), "eu-west-1");
}

TEST(ProfileFiles, AByteOrderMarkIsNoPartOfTheFirstSection) {
  ProfileFiles files = NamedFiles();
  ASSERT_OK(ParseProfileFiles("\xef\xbb\xbf[default]\nregion = eu-west-1\n", "", &files));
  EXPECT_EQ(files.Find("default", "region"), "eu-west-1");
}

TEST(ProfileFiles, AnErrorNamesFileAndLineAndShowsNothingOfIt) {
  ProfileFiles files = NamedFiles();
  const Status status = ParseProfileFiles("", "[default]\naws_access_key_id = A\nwJalrXUtnFEMI\n", &files);
  EXPECT_THAT(status.message(), HasSubstr("credentials, line 3: Expected an '=' sign"));
  EXPECT_THAT(status.ToString(), Not(HasSubstr("wJalr")));
}

TEST(ProfileFiles, ANamedProfileHasToBeThere) {
  const auto environment = MakeFakeEnvironment({{"HOME", "/home/ada"}, {"AWS_PROFILE", "porduction"}},
                                               {{"/home/ada/.aws/config", "[profile production]\nregion = x\n"}});
  ASSERT_OK_AND_ASSIGN(const auto files, ReadProfileFiles(*environment));
  const Status status = files.CheckSelected();
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalid);
  EXPECT_THAT(status.message(), HasSubstr("there is no profile porduction in /home/ada/.aws/config or "
                                          "/home/ada/.aws/credentials (no such file)"));
  EXPECT_THAT(InfoOf(status).hint, HasSubstr("did you mean 'production'"));

  ASSERT_OK_AND_ASSIGN(const auto none, ReadProfileFiles(*MakeFakeEnvironment({{"HOME", "/"}})));
  EXPECT_OK(none.CheckSelected());
}

TEST(ProfileFiles, HomeStandsForTheTildeOfAVariable) {
  const auto locations = LocateProfileFiles(
      *MakeFakeEnvironment({{"HOME", "/home/ada/"}, {"AWS_CONFIG_FILE", "~/c"}, {"AWS_PROFILE", " "}}), "given");
  EXPECT_EQ(locations.config_path, "/home/ada/c");
  EXPECT_EQ(locations.credentials_path, "/home/ada/.aws/credentials");
  EXPECT_EQ(locations.profile, "given");
}

}  // namespace
}  // namespace glaux::aws
