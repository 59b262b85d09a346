#include "glaux/aws/endpoint.h"

#include "glaux/testing/matchers.h"

namespace glaux::aws {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Variables = std::map<std::string, std::string>;

Result<Endpoint> Find(const Variables& variables, const std::string& config, const ServiceName& service,
                      const std::string& region = "eu-central-1") {
  ProfileFiles files{.config_path = "config", .credentials_path = "credentials"};
  ARROW_RETURN_NOT_OK(ParseProfileFiles(config, "", &files));
  return FindEndpoint(*MakeFakeEnvironment(variables), files, service, region);
}

std::string Url(const Variables& variables, const std::string& config, const ServiceName& service,
                const std::string& region = "eu-central-1") {
  const auto endpoint = Find(variables, config, service, region);
  return endpoint.ok() ? endpoint->url : endpoint.status().ToString();
}

TEST(Endpoint, IsTheRegionsOwnOfItsPartition) {
  EXPECT_EQ(Url({}, "", kS3), "https://s3.eu-central-1.amazonaws.com");
  EXPECT_EQ(Url({}, "", kAthena, "cn-north-1"), "https://athena.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(Url({}, "", kGlue, "us-isob-east-1"), "https://glue.us-isob-east-1.sc2s.sgov.gov");
  EXPECT_EQ(Url({}, "", kSts, "us-gov-west-1"), "https://sts.us-gov-west-1.amazonaws.com");
}

TEST(Endpoint, FipsAndDualStackChangeTheHost) {
  const Variables fips = {{"AWS_USE_FIPS_ENDPOINT", "True"}};
  const Variables dual = {{"AWS_USE_DUALSTACK_ENDPOINT", "true"}};
  EXPECT_EQ(Url(fips, "", kSts), "https://sts-fips.eu-central-1.amazonaws.com");
  EXPECT_EQ(Url(dual, "", kSts), "https://sts.eu-central-1.api.aws");
  EXPECT_EQ(Url(dual, "", kS3), "https://s3.dualstack.eu-central-1.amazonaws.com");
  EXPECT_EQ(Url(fips, "[default]\nuse_dualstack_endpoint = true\n", kS3),
            "https://s3-fips.dualstack.eu-central-1.amazonaws.com");
  ASSERT_FAILS(ErrorKind::kInvalid, "AWS_USE_FIPS_ENDPOINT: expected true or false, found: yes",
               Find({{"AWS_USE_FIPS_ENDPOINT", "yes"}}, "", kS3));
}

TEST(Endpoint, TheMostSpecificSettingWins) {
  const std::string config =
      "[default]\nservices = here\nendpoint_url = http://profile/\n[services here]\ns3 =\n  endpoint_url = "
      "http://section\n";
  const Variables both = {{"AWS_ENDPOINT_URL", "http://all"}, {"AWS_ENDPOINT_URL_S3", "http://s3:9000/"}};
  EXPECT_EQ(Url(both, config, kS3), "http://s3:9000");
  EXPECT_EQ(Url(both, config, kSts), "http://all");
  EXPECT_EQ(Url({}, config, kS3), "http://section");
  EXPECT_EQ(Url({}, config, kSts), "http://profile");
  ASSERT_OK_AND_ASSIGN(const auto endpoint, Find({}, config, kS3));
  EXPECT_TRUE(endpoint.custom);
  EXPECT_EQ(endpoint.source, "[services here] of config");
}

TEST(Endpoint, SettingsCanBeIgnored) {
  EXPECT_EQ(Url({{"AWS_ENDPOINT_URL", "http://all"}, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}},
                "[default]\nendpoint_url = http://profile\n", kS3),
            "https://s3.eu-central-1.amazonaws.com");
}

TEST(Endpoint, WhatIsNoUrlIsAnError) {
  ASSERT_FAILS(ErrorKind::kInvalid, "AWS_ENDPOINT_URL: expected http://HOST or https://HOST, found: localhost:9000",
               Find({{"AWS_ENDPOINT_URL", "localhost:9000"}}, "", kS3));
  const auto secret = Find({{"AWS_ENDPOINT_URL", "http://ada:pass@host"}}, "", kS3);
  EXPECT_THAT(secret.status().ToString(), Not(HasSubstr("pass@")));
  ASSERT_FAILS(ErrorKind::kInvalid, "config has no [services gone]", Find({}, "[default]\nservices = gone\n", kS3));
  ASSERT_FAILS(ErrorKind::kInvalid, "not the name of a region", Find({}, "", kS3, "evil.example/"));
}

TEST(Region, EnvironmentBeforeProfile) {
  ProfileFiles files{.config_path = "config", .credentials_path = "credentials"};
  ASSERT_OK(ParseProfileFiles("[default]\nregion = c\n", "", &files));
  const auto found = [&](const Variables& variables) {
    const auto region = FindRegion(*MakeFakeEnvironment(variables), files);
    return region.has_value() ? region->value + " from " + region->source : "none";
  };
  EXPECT_EQ(found({{"AWS_REGION", "a"}, {"AWS_DEFAULT_REGION", "b"}}), "a from AWS_REGION");
  EXPECT_EQ(found({{"AWS_REGION", " "}, {"AWS_DEFAULT_REGION", "b"}}), "b from AWS_DEFAULT_REGION");
  EXPECT_EQ(found({}), "c from profile default of config");
  files.selected = "other";
  EXPECT_EQ(found({}), "none");
}

}  // namespace
}  // namespace glaux::aws
