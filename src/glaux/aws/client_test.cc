#include "glaux/aws/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <mutex>

#include "glaux/aws/service_error.h"
#include "glaux/testing/fake_clock.h"
#include "glaux/testing/matchers.h"

namespace glaux::aws {
namespace {

using testing::FakeClock;
using ::testing::HasSubstr;

std::string S3Error(const std::string& code, const std::string& more = "") {
  return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>Because.</Message>" + more +
         "<RequestId>REQ1</RequestId></Error>";
}

/// Plays answers in turn and keeps what was asked.
class PlayedTransport final : public http::Transport {
 public:
  struct Answer {
    int status = 200;
    http::Headers headers = {};
    std::string body = {};
    Status cut = {};  ///< after the body
  };
  std::deque<Answer> answers;
  std::vector<http::Request> asked;

  Result<http::Response> Send(const http::Request& request) override {
    asked.push_back(request);
    if (answers.empty()) return MakeError(ErrorKind::kUnavailable, "connection refused");
    const auto answer = answers.front();
    answers.pop_front();
    if (request.on_head) ARROW_RETURN_NOT_OK(request.on_head({answer.status, answer.headers}));
    if (request.on_data) ARROW_RETURN_NOT_OK(request.on_data(std::as_bytes(std::span(answer.body))));
    ARROW_RETURN_NOT_OK(answer.cut);
    return http::Response{
        .status = answer.status, .headers = answer.headers, .body = request.on_data ? "" : answer.body};
  }
};

/// Gives "key1", and after each refusal the next.
class CountedCredentials final : public CredentialsProvider {
 public:
  int refused = 0;
  std::optional<Timestamp> expiration;
  Result<Credentials> Get() override {
    return Credentials{.access_key_id = "key" + std::to_string(refused + 1),
                       .secret_access_key = Secret("hush"),
                       .expiration = expiration};
  }
  void Refuse(const Credentials&) override { ++refused; }
};

class ClientTest : public ::testing::Test {
 protected:
  Result<http::Response> Send(Idempotency idempotency = Idempotency::kSafe) {
    call_.idempotency = idempotency;
    return client_.Send(call_);
  }

  FakeClock clock_;
  std::shared_ptr<PlayedTransport> transport_ = std::make_shared<PlayedTransport>();
  std::shared_ptr<CountedCredentials> credentials_ = std::make_shared<CountedCredentials>();
  Client client_{{.service = "s3",
                  .transport = transport_,
                  .credentials = credentials_,
                  .clock = &clock_,
                  .decode_error = DecodeXmlError}};
  Call call_{.operation = "GetObject",
             .subject = "s3://b/k",
             .request = {.url = "https://b.s3.amazonaws.com:443/k?x=1"},
             .scope = {"us-east-1", "s3"}};
};

TEST_F(ClientTest, SignsForTheHostOfTheUrl) {
  transport_->answers = {{.body = "hello"}};
  ASSERT_OK_AND_ASSIGN(const auto response, Send());
  EXPECT_EQ(response.body, "hello");
  const auto& headers = transport_->asked.at(0).headers;
  EXPECT_EQ(headers.Get("host"), "b.s3.amazonaws.com");
  EXPECT_THAT(headers.Get("authorization"), HasSubstr("Credential=key1/"));
  EXPECT_THAT(headers.Get("authorization"), HasSubstr("/us-east-1/s3/aws4_request"));
}

TEST_F(ClientTest, TellsTheServicesOwnWords) {
  transport_->answers = {{.status = 404, .body = S3Error("NoSuchKey")}};
  const auto status = Send().status();
  EXPECT_EQ(status.message(), "GetObject s3://b/k: NoSuchKey (404): Because");
  const auto info = InfoOf(status);
  EXPECT_EQ(info.kind, ErrorKind::kNotFound);
  EXPECT_EQ(info.code, "NoSuchKey");
  EXPECT_EQ(info.request_id, "REQ1");
  EXPECT_EQ(info.http_status, 404);
  EXPECT_EQ(info.operation, "GetObject");
}

TEST_F(ClientTest, RepeatsWhatTheServiceCouldNotDo) {
  transport_->answers = {
      {.status = 503, .body = S3Error("SlowDown")}, {.status = 500, .body = S3Error("InternalError")}, {}};
  ASSERT_OK(Send().status());
  EXPECT_EQ(client_.metrics().requests, 3);
  EXPECT_EQ(client_.metrics().retries, 2);
  EXPECT_EQ(client_.metrics().throttled, 1);
}

TEST_F(ClientTest, DoesNotRepeatAnUnsafeCallWhoseAnswerWasLost) {
  EXPECT_EQ(KindOf(Send(Idempotency::kUnsafe).status()), ErrorKind::kUnavailable);
  EXPECT_EQ(transport_->asked.size(), 1u);
}

TEST_F(ClientTest, WaitsAsLongAsRetryAfterSays) {
  transport_->answers = {{.status = 503, .headers = {{"Retry-After", "9"}}}, {}};
  ASSERT_OK(Send().status());
  EXPECT_GE(clock_.slept(), std::chrono::seconds(9));
}

TEST_F(ClientTest, RenewsExpiredCredentialsOnce) {
  transport_->answers = {{.status = 400, .body = S3Error("ExpiredToken")}, {}};
  ASSERT_OK(Send(Idempotency::kUnsafe).status());
  EXPECT_THAT(transport_->asked.at(1).headers.Get("authorization"), HasSubstr("Credential=key2/"));

  transport_->answers = {{.status = 400, .body = S3Error("ExpiredToken")},
                         {.status = 400, .body = S3Error("ExpiredToken")}};
  const auto status = Send().status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnauthenticated);
  EXPECT_THAT(InfoOf(status).hint, HasSubstr("renew"));
  EXPECT_TRUE(transport_->answers.empty());
}

TEST_F(ClientTest, SignsWithTheServicesTimeOnceItIsKnown) {
  // This machine's clock is at 2024-10-04, the service's a year later.
  transport_->answers = {
      {.status = 403, .headers = {{"Date", "Sat, 04 Oct 2025 10:00:00 GMT"}}, .body = S3Error("RequestTimeTooSkewed")},
      {},
      {}};
  ASSERT_OK(Send().status());
  EXPECT_EQ(transport_->asked.at(1).headers.Get("x-amz-date"), "20251004T100000Z");
  ASSERT_OK(Send().status());
  EXPECT_EQ(transport_->asked.at(2).headers.Get("x-amz-date"), "20251004T100000Z");
}

TEST_F(ClientTest, DoesNotBelieveThatTheClockIsWrongWhenItIsNot) {
  clock_.Advance(*ParseTimestamp("2025-10-04T10:00:00Z") - clock_.Now());
  transport_->answers = {{.status = 403,
                          .headers = {{"Date", "Sat, 04 Oct 2025 10:00:30 GMT"}},
                          .body = S3Error("SignatureDoesNotMatch")}};
  EXPECT_EQ(KindOf(Send().status()), ErrorKind::kUnauthenticated);
  EXPECT_EQ(transport_->asked.size(), 1u);
}

TEST_F(ClientTest, KeepsErrorBodiesFromTheReaderOfTheObject) {
  std::string taken;
  call_.request.on_data = [&](std::span<const std::byte> bytes) {
    taken.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Status::OK();
  };
  transport_->answers = {{.status = 403, .body = S3Error("AccessDenied")}};
  EXPECT_EQ(InfoOf(Send().status()).code, "AccessDenied");
  EXPECT_EQ(taken, "");
}

TEST_F(ClientTest, GoesOnInTheMiddleWhereItCan) {
  std::string taken;
  call_.request.on_data = [&](std::span<const std::byte> bytes) {
    taken.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Status::OK();
  };
  const auto cut = MakeError(ErrorKind::kUnavailable, "connection reset");
  transport_->answers = {{.body = "hello ", .cut = cut}, {.status = 206, .body = "world"}};
  ASSERT_OK(client_.Send(call_, {}, [](http::Request* request) {
    request->headers.Set("Range", "bytes=6-");
    return Status::OK();
  }));
  EXPECT_EQ(taken, "hello world");
  EXPECT_EQ(transport_->asked.at(1).headers.Get("range"), "bytes=6-");

  transport_->answers = {{.body = "hello ", .cut = cut}, {.body = "never asked"}};
  EXPECT_EQ(KindOf(Send().status()), ErrorKind::kUnavailable);
  EXPECT_EQ(transport_->answers.size(), 1u);
}

TEST_F(ClientTest, GivesErrorsOfTheCallersFunctionsBackAsTheyAre) {
  const auto mine = MakeError(ErrorKind::kUnavailable, "the disk is full");
  const auto expect_mine = [&] {
    const auto status = Send().status();
    EXPECT_EQ(status.message(), "the disk is full");
    EXPECT_EQ(transport_->asked.size(), 1u);
    transport_->asked.clear();
  };
  call_.request.on_data = [&](std::span<const std::byte>) { return mine; };
  transport_->answers = {{.body = "x"}};
  expect_mine();
  call_.request.on_data = {};
  call_.request.on_head = [&](const http::ResponseHead&) { return mine; };
  transport_->answers = {{.body = "x"}};
  expect_mine();
}

TEST_F(ClientTest, ShowsTheCallerNoHeadOfAnErrorAndNoBodyOfOneThatItAccepts) {
  std::vector<int> heads;
  std::string taken;
  call_.request.on_head = [&](const http::ResponseHead& head) {
    heads.push_back(head.status);
    return Status::OK();
  };
  call_.request.on_data = [&](std::span<const std::byte> bytes) {
    taken.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Status::OK();
  };
  transport_->answers = {{.status = 503, .body = S3Error("SlowDown")},
                         {.status = 412, .body = S3Error("PreconditionFailed")}};
  ASSERT_OK_AND_ASSIGN(const auto response, client_.Send(call_, [](int status) { return status == 412; }));
  EXPECT_THAT(heads, ::testing::ElementsAre(412));
  EXPECT_EQ(taken, "");
  EXPECT_THAT(response.body, HasSubstr("PreconditionFailed"));
}

TEST_F(ClientTest, FindsTheErrorBehindASuccess) {
  Client client(
      {.service = "s3",
       .transport = transport_,
       .credentials = credentials_,
       .clock = &clock_,
       .decode_error = DecodeXmlError,
       .is_error = [](const http::Response& response) { return response.body.find("<Error>") != std::string::npos; }});
  transport_->answers = {{.status = 200, .body = S3Error("InternalError")}, {.status = 200, .body = "<Done/>"}};
  ASSERT_OK_AND_ASSIGN(const auto response, client.Send(call_));
  EXPECT_EQ(response.body, "<Done/>");
  transport_->answers = {{.status = 200, .body = S3Error("NoSuchUpload")}};
  EXPECT_EQ(KindOf(client.Send(call_).status()), ErrorKind::kNotFound);
}

TEST_F(ClientTest, RewindsTheBodyForAnotherTry) {
  class Text final : public http::BodySource {
   public:
    int64_t size() const override { return 4; }
    Result<size_t> Read(std::span<std::byte>) override { return size_t{0}; }
    Status Rewind() override { return rewound++ == 0 ? Status::OK() : MakeError(ErrorKind::kInvalid, "cannot"); }
    int rewound = 0;
  } source;
  call_.request.source = &source;
  transport_->answers = {{.status = 500}, {}};
  ASSERT_OK(Send().status());
  EXPECT_EQ(source.rewound, 1);
  transport_->answers = {{.status = 500}, {}};
  EXPECT_EQ(Send().status().message(), "cannot");
}

TEST_F(ClientTest, SendsUnsafeCallsOnceAndAgainOnlyIfTheyNeverLeft) {
  transport_->answers = {
      {.cut = MakeError(ErrorInfo{.kind = ErrorKind::kUnavailable, .operation = "connect"}, "refused")},
      {.cut = MakeError(ErrorInfo{.kind = ErrorKind::kUnavailable, .operation = "send"}, "reset")},
      {}};
  EXPECT_EQ(KindOf(Send(Idempotency::kUnsafe).status()), ErrorKind::kUnavailable);
  ASSERT_EQ(transport_->asked.size(), 2u);
  EXPECT_TRUE(transport_->asked[0].once);
  EXPECT_EQ(transport_->answers.size(), 1u);
  ASSERT_OK(Send(Idempotency::kSafe).status());
  EXPECT_FALSE(transport_->asked[2].once);
}

TEST_F(ClientTest, UnderstandsAnswersToHeadWithoutBody) {
  call_.request.method = "HEAD";
  credentials_->expiration = clock_.Now() + std::chrono::hours(1);
  transport_->answers = {{.status = 400}, {}};
  ASSERT_OK(Send().status());
  EXPECT_EQ(credentials_->refused, 1);  // the token may have expired

  transport_->answers = {{.status = 400, .headers = {{"x-amz-bucket-region", "eu-west-1"}}}};
  EXPECT_EQ(InfoOf(Send().status()).hint, "the bucket is in eu-west-1; set region to it");
  transport_->answers = {{.status = 403, .headers = {{"x-amz-bucket-region", "eu-west-1"}}}};
  EXPECT_THAT(InfoOf(Send().status()).hint, HasSubstr("policies"));
  EXPECT_EQ(credentials_->refused, 1);

  transport_->answers = {{.status = 403, .headers = {{"Date", "Sat, 04 Oct 2025 10:00:00 GMT"}}}, {}};
  ASSERT_OK(Send().status());
  EXPECT_EQ(transport_->asked.back().headers.Get("x-amz-date"), "20251004T100000Z");
}

TEST_F(ClientTest, NamesTheRegionThatTheBucketIsIn) {
  transport_->answers = {
      {.status = 400, .body = S3Error("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")}};
  EXPECT_EQ(InfoOf(Send().status()).hint, "the bucket is in eu-west-1; set region to it");
}

}  // namespace
}  // namespace glaux::aws
