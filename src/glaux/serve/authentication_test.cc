#include "glaux/serve/authentication.h"

#include <filesystem>

#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::serve {
namespace {

class FixedClock final : public Clock {
 public:
  Timestamp Now() override { return now; }
  void SleepFor(std::chrono::microseconds duration) override { now += duration; }
  Timestamp now = ParseTimestamp("2026-01-31T08:30:00Z").ValueOrDie();
};

class AuthenticationTest : public ::testing::Test {
 protected:
  Request Signed() {
    aws::SignableRequest signable{.method = "PUT",
                                  .path = "/b/a%20b",
                                  .query = "x=1&uploads",
                                  .headers = {{"Host", "h:9000"}, {"X-Amz-Acl", "private"}}};
    aws::SignHeaders(&signable, {.region = "eu-west-1", .service = "s3"}, credentials, clock.now, options);
    return FromSignable(signable);
  }
  Request Presigned(std::chrono::seconds expires) {
    aws::SignableRequest signable{.method = "GET", .path = "/b/k", .query = "", .headers = {{"Host", "h:9000"}}};
    auto presigning = options;
    presigning.payload_hash = aws::kUnsignedPayload;
    presigning.content_sha256_header = false;
    aws::SignQuery(&signable, {.region = "us-east-1", .service = "s3"}, credentials, clock.now, expires, presigning);
    return FromSignable(signable);
  }
  static Request FromSignable(const aws::SignableRequest& signable) {
    Request request{.method = signable.method, .path = signable.path, .query = signable.query};
    request.headers = signable.headers;
    return request;
  }

  Result<Caller> Check(const Request& request, AuthenticationOptions with = {}) {
    with.keys = {{.id = "AKID/with/slash", .secret = Secret("secret")}};
    with.clock = &clock;
    details.clear();
    ARROW_ASSIGN_OR_RAISE(const auto query, Query::Parse(request.query));
    return Authenticator(with).Check(request, query, "s3", &details);
  }
  std::string CodeOf(const Request& request, AuthenticationOptions with = {}) {
    const auto caller = Check(request, with);
    return caller.ok() ? "OK" : InfoOf(caller.status()).code;
  }

  FixedClock clock;
  aws::Credentials credentials{.access_key_id = "AKID/with/slash", .secret_access_key = Secret("secret")};
  aws::SigningOptions options{.normalize_path = false,
                              .double_encode_path = false,
                              .payload_hash = std::string(aws::kEmptySha256),
                              .content_sha256_header = true};
  std::vector<std::pair<std::string, std::string>> details;
};

TEST_F(AuthenticationTest, AcceptsWhatItsClientSigns) {
  ASSERT_OK_AND_ASSIGN(const auto caller, Check(Signed()));
  EXPECT_FALSE(caller.anonymous);
  EXPECT_EQ(caller.access_key_id, "AKID/with/slash");
  EXPECT_EQ(caller.scope.region, "eu-west-1");
  EXPECT_EQ(caller.payload_hash, aws::kEmptySha256);
  ASSERT_OK_AND_ASSIGN(const auto presigned, Check(Presigned(std::chrono::seconds(60))));
  EXPECT_TRUE(presigned.presigned);
  EXPECT_EQ(presigned.payload_hash, aws::kUnsignedPayload);
}

TEST_F(AuthenticationTest, WhatWasChangedOnTheWayIsRefused) {
  const auto refused = [&](auto change) {
    Request request = Signed();
    change(request);
    return CodeOf(request);
  };
  EXPECT_EQ(refused([](Request& r) { r.method = "GET"; }), "SignatureDoesNotMatch");
  EXPECT_EQ(details.back().first, "CanonicalRequest");
  EXPECT_EQ(refused([](Request& r) { r.path = "/b/c"; }), "SignatureDoesNotMatch");
  EXPECT_EQ(refused([](Request& r) { r.query += "&y=2"; }), "SignatureDoesNotMatch");
  EXPECT_EQ(refused([](Request& r) { r.headers.Set("x-amz-acl", "public-read"); }), "SignatureDoesNotMatch");
  EXPECT_EQ(refused([](Request& r) { r.headers.Set("x-amz-meta-new", "1"); }), "AccessDenied");
  EXPECT_EQ(refused([](Request& r) { r.headers.Remove("x-amz-content-sha256"); }), "InvalidRequest");
  EXPECT_EQ(refused([](Request& r) { r.headers.Set("x-amz-content-sha256", "UNSIGNED-PAYLOAD"); }),
            "SignatureDoesNotMatch");
  EXPECT_EQ(refused([](Request& r) { r.path = "/b/a b"; }), "OK") << "the same path, encoded less";
}

TEST_F(AuthenticationTest, WrongKeysAndServicesAreTold) {
  credentials.access_key_id = "OTHER";
  EXPECT_EQ(CodeOf(Signed()), "InvalidAccessKeyId");
  credentials.access_key_id = "AKID/with/slash";
  credentials.secret_access_key = Secret("other");
  EXPECT_EQ(CodeOf(Signed()), "SignatureDoesNotMatch");
  Request request;
  request.headers.Set("Authorization", "AWS AKID:sig");
  EXPECT_EQ(CodeOf(request), "InvalidRequest");
  request.headers.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID, SignedHeaders=host, Signature=x");
  EXPECT_EQ(CodeOf(request), "AuthorizationHeaderMalformed");
}

TEST_F(AuthenticationTest, UnsignedRequestsNeedAnonymous) {
  EXPECT_EQ(CodeOf({}), "AccessDenied");
  EXPECT_EQ(CodeOf({}, {.anonymous = true}), "OK");
}

TEST_F(AuthenticationTest, OldSignaturesAreRefused) {
  const Request request = Signed();
  const Request url = Presigned(std::chrono::seconds(60));
  clock.now += std::chrono::seconds(61);
  EXPECT_EQ(CodeOf(request), "OK");
  ASSERT_FAILS(ErrorKind::kDenied, "Request has expired", Check(url));
  clock.now += std::chrono::minutes(15);
  EXPECT_EQ(CodeOf(request), "RequestTimeTooSkewed");
  clock.now -= std::chrono::minutes(40);
  EXPECT_EQ(CodeOf(request), "RequestTimeTooSkewed");
  EXPECT_EQ(CodeOf(url), "AccessDenied");
}

TEST_F(AuthenticationTest, BrokenPresignedUrlsAreTold) {
  Request url = Presigned(std::chrono::seconds(60));
  const std::string whole = url.query;
  url.query.replace(url.query.find("Expires=60"), 10, "Expires=");
  EXPECT_EQ(CodeOf(url), "AuthorizationQueryParametersError");
  url.query = whole;
  url.query.replace(url.query.find("Expires=60"), 10, "Expires=9999999");
  EXPECT_EQ(CodeOf(url), "AuthorizationQueryParametersError");
  url.query = whole;
  url.query.replace(url.query.find("Expires=60"), 10, "Expires=61");
  EXPECT_EQ(CodeOf(url), "SignatureDoesNotMatch");
  url.query = whole;
  url.headers.Set("Authorization", "AWS4-HMAC-SHA256 Credential=…");
  EXPECT_EQ(CodeOf(url), "InvalidArgument");
}

TEST(AccessKeys, AreReadAndMade) {
  ASSERT_OK_AND_ASSIGN(const auto keys, ParseAccessKeys("A:b,C:d:e"));
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[1].id, "C");
  EXPECT_EQ(keys[1].secret.Expose(), "d:e");
  for (const char* bad : {"", "A", ":b", "A:", "A:b,"})
    EXPECT_EQ(KindOf(ParseAccessKeys(bad).status()), ErrorKind::kInvalid) << bad;
  const auto status = ParseAccessKeys("topsecret").status();
  EXPECT_EQ(status.message().find("topsecret"), std::string::npos);
  const auto one = MakeAccessKey(), two = MakeAccessKey();
  EXPECT_NE(one.id, two.id);
  EXPECT_EQ(one.id.size(), 20u);
  EXPECT_EQ(one.secret.Expose().size(), 40u);
}

TEST(AccessKeys, ArePutIntoAFileOfTheOwnerOnce) {
  testing::TempDir dir;
  const std::string path = dir / "serve.keys";
  ASSERT_OK_AND_ASSIGN(const auto first, KeepAccessKeys(path));
  EXPECT_TRUE(first.made);
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  ASSERT_OK_AND_ASSIGN(const auto second, KeepAccessKeys(path));
  EXPECT_FALSE(second.made);
  ASSERT_EQ(second.keys.size(), 1u);
  EXPECT_EQ(second.keys[0].id, first.keys[0].id);
  EXPECT_EQ(second.keys[0].secret, first.keys[0].secret);
  dir.Write("two.keys", "A:b\nC:d\n");
  ASSERT_OK_AND_ASSIGN(const auto two, KeepAccessKeys(dir / "two.keys"));
  EXPECT_EQ(two.keys.size(), 2u);
  dir.Write("bad.keys", "secret\n");
  ASSERT_FAILS(ErrorKind::kInvalid, "bad.keys", KeepAccessKeys(dir / "bad.keys"));
}

TEST(ParsedQuery, KeepsOrderAndDecodes) {
  ASSERT_OK_AND_ASSIGN(const auto query, Query::Parse("a=1&b=x%20y+z&&uploads&a=2&e%3D=%C3%BC"));
  EXPECT_EQ(query.Get("a"), "1");
  EXPECT_EQ(query.Get("b"), "x y z");
  EXPECT_TRUE(query.Has("uploads"));
  EXPECT_EQ(query.Get("e="), "ü");
  EXPECT_EQ(query.Encoded(), "a=1&b=x%20y%20z&uploads=&a=2&e%3D=%C3%BC");
  EXPECT_EQ(KindOf(Query::Parse("a=%zz").status()), ErrorKind::kInvalid);
}

}  // namespace
}  // namespace glaux::serve
