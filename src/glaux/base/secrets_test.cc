#include "glaux/base/secrets.h"

#include <gtest/gtest.h>

#include "glaux/base/status.h"

namespace glaux {
namespace {

TEST(Secrets, UserAndPasswordOfAnAddressAreHidden) {
  EXPECT_EQ(WithoutSecrets("read https://user:hunter2@host/x.csv: no"), "read https://***@host/x.csv: no");
  EXPECT_EQ(WithoutSecrets("'https://hunter2@host'"), "'https://***@host'");
  EXPECT_EQ(WithoutSecrets("s3://a:b@c@bucket/key"), "s3://***@bucket/key");
  // A slash belongs escaped into a password, and not everybody knows.
  EXPECT_EQ(WithoutSecrets("postgres://u:hun/ter?2@host/db"), "postgres://***@host/db");
}

TEST(Secrets, AddressesWithoutSecretsStay) {
  for (const char* text : {"s3://bucket/a@b.csv", "https://host:8080/a@b", "file:///home/a:b/c@d", "https://host",
                           "read s3://b/k and user@host", "s3://b/year=2026/month=01/x?.csv", "a://", "x?part=1&n=2"}) {
    EXPECT_EQ(WithoutSecrets(text), text);
  }
}

TEST(Secrets, ParametersOfAnAddressAreHiddenByTheirNames) {
  EXPECT_EQ(WithoutSecrets("get https://b/k?X-Amz-Credential=AK%2F2026&part=1&X-Amz-Signature=ab12&X-Amz-Date=3: no"),
            "get https://b/k?X-Amz-Credential=***&part=1&X-Amz-Signature=***&X-Amz-Date=3: no");
  EXPECT_EQ(WithoutSecrets("https://b/k?x-amz-security-token=F==&a=1, and"),
            "https://b/k?x-amz-security-token=***&a=1, and");
  EXPECT_EQ(WithoutSecrets("https://b/k?sv=2022&sig=a%2Bb%3D: not found"), "https://b/k?sv=2022&sig=***: not found");
  EXPECT_EQ(WithoutSecrets("https://b/k?AWSAccessKeyId=AK&Expires=1&Signature=s"),
            "https://b/k?AWSAccessKeyId=***&Expires=1&Signature=***");
  EXPECT_EQ(WithoutSecrets("https://b/k#access_token=s"), "https://b/k#access_token=***");
}

TEST(Secrets, SettingsAreHidden) {
  EXPECT_EQ(WithoutSecrets("found: aws_secret_access_key=hunter2"), "found: aws_secret_access_key=***");
  EXPECT_EQ(WithoutSecrets("host=x password = 'hunter 2' user=y"), "host=x password = '***' user=y");
  EXPECT_EQ(WithoutSecrets("aws_secret_access_key:hunter2"), "aws_secret_access_key:***");
  EXPECT_EQ(WithoutSecrets("CREATE SECRET (TYPE s3, SECRET 'hunter2')"), "CREATE SECRET (TYPE s3, SECRET '***')");
  EXPECT_EQ(WithoutSecrets(R"({"token":"hunter2","a":1})"), R"({"token":"***","a":1})");
}

TEST(Secrets, SentencesAboutSecretsStay) {
  for (const char* text : {"column token: expected a number, found: 5", "token", "unknown key password", "a secret",
                           "std::token::x", "the password is missing", ""}) {
    EXPECT_EQ(WithoutSecrets(text), text);
  }
}

TEST(Secrets, ASecondPassChangesNothing) {
  for (const char* text : {"https://u:p@h/x?sig=a&b=1", "password='x'", "token=x, SECRET 'a'"}) {
    const auto once = WithoutSecrets(text);
    EXPECT_EQ(WithoutSecrets(once), once);
  }
}

TEST(Secrets, ErrorsHideThemWhenTheyAreMade) {
  const auto error =
      MakeError({.kind = ErrorKind::kInvalid, .hint = "not https://u:hunter2@h"}, "get https://u:hunter2@h/x");
  EXPECT_EQ(error.message(), "get https://***@h/x");
  EXPECT_EQ(InfoOf(error).hint, "not https://***@h");
  EXPECT_EQ(Prefix(Status::Invalid("get a?token=hunter2"), "copy s3://u:hunter2@h").message(),
            "copy s3://***@h: get a?token=***");
}

TEST(Secrets, ARememberedAddressStaysDistinct) {
  EXPECT_EQ(RememberedAddress("s3://b/k.csv"), "s3://b/k.csv");
  const auto one = RememberedAddress("file:///d/k.csv?sig=hunter2");
  EXPECT_TRUE(one.starts_with("file:///d/k.csv?sig=***#")) << one;
  EXPECT_NE(one, RememberedAddress("file:///d/k.csv?sig=hunter3"));
  EXPECT_EQ(ShownAddress("file:///d/k.csv?sig=hunter2"), "/d/k.csv?sig=***");
}

}  // namespace
}  // namespace glaux
