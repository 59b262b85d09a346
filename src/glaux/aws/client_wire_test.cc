#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/aws/client.h"
#include "glaux/aws/service_error.h"
#include "glaux/testing/fake_clock.h"
#include "glaux/testing/fake_http_server.h"
#include "glaux/testing/matchers.h"

namespace glaux::aws {
namespace {

using testing::Answer;
using testing::FakeClock;
using testing::FakeHttpServer;
using testing::PlayedAnswer;
using testing::PlayedRequest;
using End = PlayedAnswer::End;

/// The client over sockets: what a server does to it in the middle of things.
class ClientWireTest : public ::testing::Test {
 protected:
  Result<http::Response> Send(const FakeHttpServer& server, const std::function<Status(http::Request*)>& resume = {}) {
    Client client({.service = "s3",
                   .transport = transport_,
                   .credentials = MakeKeys(),
                   .clock = &clock_,
                   .decode_error = DecodeXmlError});
    call_.request.url = server.url() + "/b/k";
    call_.request.direct = true;
    return client.Send(call_, {}, resume);
  }

  class Keys final : public CredentialsProvider {
   public:
    Result<Credentials> Get() override {
      return Credentials{.access_key_id = "key", .secret_access_key = Secret("hush")};
    }
    void Refuse(const Credentials&) override {}
  };
  static std::shared_ptr<CredentialsProvider> MakeKeys() { return std::make_shared<Keys>(); }

  FakeClock clock_;
  std::shared_ptr<http::Transport> transport_ = http::MakeCurlTransport().ValueOrDie();
  Call call_{.operation = "GetObject", .subject = "s3://b/k", .scope = {"us-east-1", "s3"}};
};

TEST_F(ClientWireTest, ReadsAnObjectWholeThoughEveryAnswerIsCut) {
  std::string object;
  for (int i = 0; i < 100'000; ++i) object += static_cast<char>('a' + i % 26);
  const FakeHttpServer server([&](int n, const PlayedRequest& request) {
    size_t begin = 0;
    if (const auto range = request.headers.find("range"); range != request.headers.end()) {
      begin = std::stoul(range->second.substr(6));
    }
    auto answer = Answer(begin > 0 ? 206 : 200, object.substr(begin));
    if (n < 3) {
      answer.bytes.resize(answer.bytes.size() - (object.size() - begin) + 20'000);
      answer.end = n % 2 == 0 ? End::kClose : End::kReset;
    }
    return answer;
  });
  std::string taken;
  call_.request.on_data = [&](std::span<const std::byte> bytes) {
    taken.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Status::OK();
  };
  ASSERT_OK(Send(server, [&](http::Request* request) {
    request->headers.Set("Range", "bytes=" + std::to_string(taken.size()) + "-");
    return Status::OK();
  }));
  EXPECT_TRUE(taken == object);
  EXPECT_EQ(server.requests().size(), 4u);
}

TEST_F(ClientWireTest, RepeatsWhatWasResetUnansweredOrRefusedForNow) {
  const FakeHttpServer server([](int n, const PlayedRequest&) -> PlayedAnswer {
    if (n == 0) return {.end = End::kReset};
    if (n == 1) return {.bytes = "HTTP/1.1 200 OK\r\nContent-", .end = End::kClose};
    if (n == 2) return Answer(503, "<Error><Code>SlowDown</Code></Error>", "Retry-After: 3\r\n");
    return Answer(200, "done");
  });
  ASSERT_OK_AND_ASSIGN(const auto response, Send(server));
  EXPECT_EQ(response.body, "done");
  EXPECT_EQ(server.requests().size(), 4u);
  EXPECT_GE(clock_.slept(), std::chrono::seconds(3));
}

TEST_F(ClientWireTest, SendsAnUnsafeBodyOnceThoughTheConnectionIsOld) {
  const FakeHttpServer server([](int n, const PlayedRequest&) { return n == 1 ? PlayedAnswer{} : Answer(200); });
  call_.idempotency = Idempotency::kUnsafe;
  call_.request.method = "POST";
  const std::string body = "<Complete/>";
  call_.request.body = std::as_bytes(std::span(body));
  call_.signing.payload_hash = Sha256Hex(call_.request.body);
  ASSERT_OK(Send(server));
  EXPECT_EQ(KindOf(Send(server).status()), ErrorKind::kUnavailable);
  EXPECT_EQ(server.requests().size(), 2u);
  call_.idempotency = Idempotency::kSafe;
  ASSERT_OK(Send(server));
}

TEST_F(ClientWireTest, WaitsForNothingAfterAStop) {
  arrow::StopSource stop;
  call_.request.stop = stop.token();
  const FakeHttpServer server([&](int, const PlayedRequest&) {
    stop.RequestStop();
    return Answer(503);
  });
  EXPECT_EQ(KindOf(Send(server).status()), ErrorKind::kCancelled);
  EXPECT_EQ(server.requests().size(), 1u);
}

}  // namespace
}  // namespace glaux::aws
