#include "glaux/aws/service_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/testing/matchers.h"

namespace glaux::aws {
namespace {

using ::testing::HasSubstr;

TEST(DecodeXmlError, FindsTheErrorOfS3AndOfSts) {
  const auto s3 = DecodeXmlError({.headers = {{"x-amz-id-2", "HOST"}},
                                  .body = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>gone &amp; "
                                          "lost</Message><Key>k</Key><RequestId>R</RequestId></Error>"});
  EXPECT_EQ(s3.code, "NoSuchKey");
  EXPECT_EQ(s3.message, "gone & lost");
  EXPECT_EQ(s3.request_id, "R");
  EXPECT_EQ(s3.host_id, "HOST");
  EXPECT_THAT(s3.extra, ::testing::ElementsAre(::testing::Pair("Key", "k")));
  const auto sts = DecodeXmlError({.body = "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>ExpiredToken"
                                           "</Code></Error><RequestId>R2</RequestId></ErrorResponse>"});
  EXPECT_EQ(sts.code, "ExpiredToken");
  EXPECT_EQ(sts.request_id, "R2");
}

TEST(DecodeXmlError, TakesWhatHeadersTellWhereThereIsNoBody) {
  const auto error = DecodeXmlError({.headers = {{"x-amz-request-id", "R"}, {"x-amz-bucket-region", "eu-west-1"}}});
  EXPECT_EQ(error.code, "");
  EXPECT_EQ(error.request_id, "R");
  EXPECT_THAT(error.extra, ::testing::ElementsAre(::testing::Pair("Region", "eu-west-1")));
  for (const char* body : {"<Error><Code>Cut", "<html><body>no</body></html>", "{}", "\xff\xfe"}) {
    EXPECT_EQ(DecodeXmlError({.body = body}).request_id, "") << body;
  }
}

TEST(DecodeJsonError, FindsTheNameInHeaderOrBody) {
  EXPECT_EQ(
      DecodeJsonError({.body = R"({"__type":"com.amazonaws.glue#EntityNotFoundException","Message":"gone"})"}).code,
      "EntityNotFoundException");
  const auto error =
      DecodeJsonError({.headers = {{"x-amzn-ErrorType", "ThrottlingException:http://x/"}}, .body = "{}"});
  EXPECT_EQ(error.code, "ThrottlingException");
  EXPECT_EQ(DecodeJsonError({.body = "<html>"}).code, "");
}

TEST(KindOfServiceError, GoesByTheCodeAndElseByTheStatus) {
  EXPECT_EQ(KindOfServiceError("SlowDown", 503), ErrorKind::kThrottled);
  EXPECT_EQ(KindOfServiceError("RequestTimeout", 400), ErrorKind::kTimeout);
  EXPECT_EQ(KindOfServiceError("SomethingNew", 503), ErrorKind::kUnavailable);
  EXPECT_EQ(KindOfServiceError("", 412), ErrorKind::kPrecondition);
  EXPECT_EQ(KindOfServiceError("", 400), ErrorKind::kInvalid);
}

TEST(KindOfServiceError, KnowsCodesWhoseStatusWouldMislead) {
  EXPECT_EQ(KindOfServiceError("ExpiredToken", 400), ErrorKind::kUnauthenticated);
  EXPECT_EQ(KindOfServiceError("EntityNotFoundException", 400), ErrorKind::kNotFound);
  EXPECT_EQ(KindOfServiceError("AlreadyExistsException", 400), ErrorKind::kAlreadyExists);
  EXPECT_EQ(KindOfServiceError("ConcurrentModificationException", 400), ErrorKind::kPrecondition);
  EXPECT_EQ(KindOfServiceError("AccessDeniedException", 400), ErrorKind::kDenied);
  EXPECT_EQ(KindOfServiceError("InvalidObjectState", 403), ErrorKind::kPrecondition);
  EXPECT_EQ(KindOfServiceError("RequestTimeTooSkewed", 403), ErrorKind::kUnauthenticated);
  EXPECT_EQ(KindOfServiceError("BadDigest", 400), ErrorKind::kUnavailable);
  EXPECT_EQ(KindOfServiceError("BucketNotEmpty", 409), ErrorKind::kPrecondition);
  EXPECT_EQ(KindOfServiceError("MalformedQueryString", 404), ErrorKind::kInvalid);
  EXPECT_EQ(KindOfServiceError("ServiceUnavailable", 503), ErrorKind::kUnavailable);
  EXPECT_EQ(KindOfServiceError("InternalError", 200), ErrorKind::kUnavailable);
  EXPECT_EQ(KindOfServiceError("Unheard", 200), ErrorKind::kUnavailable);
}

std::string HintOf(const std::string& code, const std::string& message, int status, http::Headers headers = {}) {
  const Call call{.operation = "GetObject", .subject = "s3://b/k"};
  return InfoOf(ToStatus("s3", call, {.status = status, .headers = std::move(headers)},
                         {.code = code, .message = message}))
      .hint;
}

TEST(ToStatus, SaysWhatToDo) {
  EXPECT_THAT(HintOf("InvalidObjectState", "", 403), HasSubstr("restore"));
  EXPECT_THAT(HintOf("ExpiredToken", "", 400), HasSubstr("renew"));
  EXPECT_THAT(HintOf("SlowDown", "", 503), HasSubstr("less at once"));
  EXPECT_THAT(HintOf("AccessDenied", "Access Denied", 403), HasSubstr("glaux doctor"));
  EXPECT_THAT(HintOf("AccessDenied", "Bucket is requester pays bucket but no header found", 403),
              HasSubstr("request_payer"));
  EXPECT_THAT(HintOf("AccessDenied", "Access Denied because object protected by object lock", 403),
              HasSubstr("retention"));
  EXPECT_THAT(HintOf("AccessDenied", "User: arn:x is not authorized to perform: kms:Decrypt on resource", 403),
              HasSubstr("kms:Decrypt"));
  EXPECT_THAT(HintOf("AccessDeniedException", "Insufficient Lake Formation permission(s): Required Select on t", 400),
              HasSubstr("Lake Formation"));
  EXPECT_THAT(HintOf("", "", 502, {{"Content-Type", "text/html; charset=utf-8"}}), HasSubstr("proxy"));
  EXPECT_EQ(HintOf("NoSuchKey", "The specified key does not exist.", 404), "");
}

}  // namespace
}  // namespace glaux::aws
