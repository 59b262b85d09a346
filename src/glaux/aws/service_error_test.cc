#include "glaux/aws/service_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "glaux/aws/service_error_codes_internal.h"
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

// Amazon S3 API Reference, "Error responses", "List of error codes", with their statuses; without those of SOAP alone
// that have none.
constexpr struct {
  std::string_view code;
  int status;
} kOfS3[] = {
    {"AccessControlListNotSupported", 400},
    {"AccessDenied", 403},
    {"AccessPointAlreadyOwnedByYou", 409},
    {"AccountProblem", 403},
    {"AllAccessDisabled", 403},
    {"AmbiguousGrantByEmailAddress", 400},
    {"AuthorizationHeaderMalformed", 400},
    {"AuthorizationQueryParametersError", 400},
    {"BadDigest", 400},
    {"BucketAlreadyExists", 409},
    {"BucketAlreadyOwnedByYou", 409},
    {"BucketHasAccessPointsAttached", 400},
    {"BucketNotEmpty", 409},
    {"ClientTokenConflict", 409},
    {"ConditionalRequestConflict", 409},
    {"ConnectionClosedByRequester", 400},
    {"CredentialsNotSupported", 400},
    {"CrossLocationLoggingProhibited", 403},
    {"DeviceNotActiveError", 400},
    {"EndpointNotFound", 400},
    {"EntityTooLarge", 400},
    {"EntityTooSmall", 400},
    {"ExpiredToken", 400},
    {"IllegalLocationConstraintException", 400},
    {"IllegalVersioningConfigurationException", 400},
    {"IncompleteBody", 400},
    {"IncorrectEndpoint", 400},
    {"IncorrectNumberOfFilesInPostRequest", 400},
    {"InlineDataTooLarge", 400},
    {"InternalError", 500},
    {"InvalidAccessKeyId", 403},
    {"InvalidAccessPoint", 400},
    {"InvalidAccessPointAliasError", 400},
    {"InvalidArgument", 400},
    {"InvalidBucketAclWithObjectOwnership", 400},
    {"InvalidBucketName", 400},
    {"InvalidBucketOwnerAWSAccountID", 400},
    {"InvalidBucketState", 409},
    {"InvalidDigest", 400},
    {"InvalidEncryptionAlgorithmError", 400},
    {"InvalidHostHeader", 400},
    {"InvalidHttpMethod", 400},
    {"InvalidLocationConstraint", 400},
    {"InvalidObjectState", 403},
    {"InvalidPart", 400},
    {"InvalidPartOrder", 400},
    {"InvalidPayer", 403},
    {"InvalidPolicyDocument", 400},
    {"InvalidRange", 416},
    {"InvalidRegion", 403},
    {"InvalidRequest", 400},
    {"InvalidSOAPRequest", 400},
    {"InvalidSecurity", 403},
    {"InvalidSessionException", 400},
    {"InvalidSignature", 400},
    {"InvalidStorageClass", 400},
    {"InvalidTag", 400},
    {"InvalidTargetBucketForLogging", 400},
    {"InvalidToken", 400},
    {"InvalidURI", 400},
    {"KMS.DisabledException", 400},
    {"KMS.InvalidKeyUsageException", 400},
    {"KMS.KMSInvalidStateException", 400},
    {"KMS.NotFoundException", 400},
    {"KeyTooLongError", 400},
    {"MalformedACLError", 400},
    {"MalformedPOSTRequest", 400},
    {"MalformedPolicy", 400},
    {"MalformedXML", 400},
    {"MaxMessageLengthExceeded", 400},
    {"MaxPostPreDataLengthExceededError", 400},
    {"MetadataTooLarge", 400},
    {"MethodNotAllowed", 405},
    {"MissingAttachment", 400},
    {"MissingAuthenticationToken", 403},
    {"MissingContentLength", 411},
    {"MissingRequestBodyError", 400},
    {"MissingSecurityElement", 400},
    {"MissingSecurityHeader", 400},
    {"NoLoggingStatusForKey", 400},
    {"NoSuchAccessPoint", 404},
    {"NoSuchAsyncRequest", 404},
    {"NoSuchBucket", 404},
    {"NoSuchBucketPolicy", 404},
    {"NoSuchCORSConfiguration", 404},
    {"NoSuchKey", 404},
    {"NoSuchLifecycleConfiguration", 404},
    {"NoSuchMultiRegionAccessPoint", 404},
    {"NoSuchObjectLockConfiguration", 404},
    {"NoSuchTagSet", 404},
    {"NoSuchUpload", 404},
    {"NoSuchVersion", 404},
    {"NoSuchWebsiteConfiguration", 404},
    {"NoTransformationDefined", 404},
    {"NotDeviceOwnerError", 400},
    {"NotImplemented", 501},
    {"NotModified", 304},
    {"NotSignedUp", 403},
    {"ObjectLockConfigurationNotFoundError", 404},
    {"OperationAborted", 409},
    {"OwnershipControlsNotFoundError", 404},
    {"PermanentRedirect", 301},
    {"PermanentRedirectControlError", 301},
    {"PreconditionFailed", 412},
    {"Redirect", 307},
    {"RequestHeaderSectionTooLarge", 400},
    {"RequestIsNotMultiPartContent", 412},
    {"RequestTimeTooSkewed", 403},
    {"RequestTimeout", 400},
    {"RequestTorrentOfBucketError", 400},
    {"ResponseInterrupted", 400},
    {"RestoreAlreadyInProgress", 409},
    {"ServerSideEncryptionConfigurationNotFoundError", 400},
    {"ServiceUnavailable", 503},
    {"SignatureDoesNotMatch", 403},
    {"SlowDown", 503},
    {"TagPolicyException", 400},
    {"TemporaryRedirect", 307},
    {"TokenCodeInvalidError", 400},
    {"TokenRefreshRequired", 400},
    {"TooManyAccessPoints", 400},
    {"TooManyBuckets", 400},
    {"TooManyMultiRegionAccessPointregionsError", 400},
    {"TooManyMultiRegionAccessPoints", 400},
    {"UnauthorizedAccessError", 403},
    {"UnexpectedContent", 400},
    {"UnexpectedIPError", 403},
    {"UnresolvableGrantByEmailAddress", 400},
    {"UnsupportedArgument", 400},
    {"UnsupportedSignature", 400},
    {"UserKeyMustBeSpecified", 400},
};

// Of 400s these may pass: what arrived was not what was sent, or not all of it.
constexpr std::string_view kPassing[] = {"BadDigest", "IncompleteBody", "RequestTimeout", "ConnectionClosedByRequester",
                                         "ResponseInterrupted"};

TEST(KindOfServiceError, KnowsEveryCodeOfS3AndRepeatsWhatMayPass) {
  for (const auto& [code, status] : kOfS3) {
    SCOPED_TRACE(code);
    EXPECT_NE(FindServiceError(code), nullptr);
    const auto kind = KindOfServiceError(code, 0);
    const bool passing = status == 500 || status == 503 ||
                         std::find(std::begin(kPassing), std::end(kPassing), code) != std::end(kPassing);
    EXPECT_EQ(kind == ErrorKind::kUnavailable || kind == ErrorKind::kTimeout || kind == ErrorKind::kThrottled, passing);
    if (status == 404) {
      EXPECT_EQ(kind, ErrorKind::kNotFound);
    }
    if (status == 412 && code != "RequestIsNotMultiPartContent") {
      EXPECT_EQ(kind, ErrorKind::kPrecondition);
    }
  }
}

// AWS SDKs, "standard" retry mode: codes that are throttling, and codes that pass.
TEST(KindOfServiceError, ThrottlesAndRepeatsAsTheSdksDo) {
  for (const char* code :
       {"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "SlowDown",
        "PriorRequestNotComplete", "EC2ThrottledException"}) {
    EXPECT_EQ(KindOfServiceError(code, 400), ErrorKind::kThrottled) << code;
  }
  for (const char* code : {"RequestTimeout", "RequestTimeoutException"}) {
    EXPECT_EQ(KindOfServiceError(code, 400), ErrorKind::kTimeout) << code;
  }
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
              HasSubstr("requester_pays"));
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
