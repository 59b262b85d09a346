#include "glaux/http/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "glaux/testing/fake_http_server.h"
#include "glaux/testing/matchers.h"

namespace glaux::http {
namespace {

using std::chrono::milliseconds;
using testing::Answer;
using testing::FakeHttpServer;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::PlayedAnswer;
using testing::PlayedRequest;
using End = PlayedAnswer::End;

class TransportTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK_AND_ASSIGN(transport_, MakeCurlTransport({.user_agent = "glaux-test"})); }
  Result<Response> Send(const FakeHttpServer& server, Request request = {}) {
    request.url = server.url() + "/a/../b%20c?x=%2F&secret=hunter2";
    request.direct = true;
    return transport_->Send(request);
  }

  std::shared_ptr<Transport> transport_;
};

TEST_F(TransportTest, SendsTheTargetAsItStandsAndNoHeaderOfItsOwn) {
  const FakeHttpServer server([](int, const PlayedRequest&) { return Answer(200, "hello", "X-Y: z \r\n"); });
  ASSERT_OK_AND_ASSIGN(const auto response, Send(server, {.headers = {{"X-Empty", ""}, {"X-One", "1"}}}));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.headers.Get("x-y"), "z");
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.target, "/a/../b%20c?x=%2F&secret=hunter2");
  EXPECT_THAT(request.headers,
              ::testing::UnorderedElementsAre(::testing::Pair("host", "127.0.0.1:" + std::to_string(server.port())),
                                              ::testing::Pair("user-agent", "glaux-test"),
                                              ::testing::Pair("x-empty", ""), ::testing::Pair("x-one", "1")));
}

TEST_F(TransportTest, GivesEveryStatusBackAndFollowsNoRedirect) {
  const FakeHttpServer server([](int n, const PlayedRequest&) {
    static const int kStatuses[] = {404, 503, 301};
    return Answer(kStatuses[n], "x", "Location: /elsewhere\r\n");
  });
  for (const int status : {404, 503, 301}) EXPECT_EQ(Send(server).ValueOrDie().status, status);
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST_F(TransportTest, SaysTheLengthOfEveryBodyAndOfNone) {
  const FakeHttpServer server([](int, const PlayedRequest&) { return Answer(200); });
  const std::string body = "some bytes";
  for (const char* method : {"PUT", "POST", "DELETE"}) {
    ASSERT_OK(Send(server, {.method = method, .body = std::as_bytes(std::span(body))}));
    ASSERT_OK(Send(server, {.method = method}));
  }
  const auto requests = server.requests();
  for (size_t i = 0; i < requests.size(); i += 2) {
    EXPECT_EQ(requests[i].body, body) << requests[i].method;
    EXPECT_EQ(requests[i].headers.at("content-length"), "10");
    EXPECT_FALSE(requests[i].headers.contains("expect"));
  }
  EXPECT_EQ(requests[1].headers.at("content-length"), "0");
  EXPECT_EQ(requests[3].headers.at("content-length"), "0");
}

TEST_F(TransportTest, ReadsHeadAnswersWithoutWaitingForABody) {
  const FakeHttpServer server([](int, const PlayedRequest&) {
    return PlayedAnswer{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: \"e\"\r\n\r\n"};
  });
  ASSERT_OK_AND_ASSIGN(const auto response, Send(server, {.method = "HEAD"}));
  EXPECT_EQ(response.headers.Get("content-length"), "1000");
  ASSERT_OK(Send(server, {.method = "HEAD"}));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(TransportTest, StreamsBodiesBothWays) {
  class Counting final : public BodySource {
   public:
    int64_t size() const override { return 3'000'000; }
    Result<size_t> Read(std::span<std::byte> out) override {
      const size_t count = std::min<size_t>(out.size(), static_cast<size_t>(size()) - at_);
      std::fill_n(out.begin(), count, std::byte{'x'});
      at_ += count;
      return count;
    }
    Status Rewind() override {
      at_ = 0;
      return Status::OK();
    }

   private:
    size_t at_ = 0;
  } source;
  const FakeHttpServer server([](int, const PlayedRequest& request) { return Answer(200, request.body); });
  size_t taken = 0;
  int heads = 0;
  ASSERT_OK_AND_ASSIGN(const auto response, Send(server, {.method = "PUT",
                                                          .source = &source,
                                                          .on_head =
                                                              [&](const ResponseHead& head) {
                                                                EXPECT_EQ(head.status, 200);
                                                                ++heads;
                                                                return Status::OK();
                                                              },
                                                          .on_data =
                                                              [&](std::span<const std::byte> bytes) {
                                                                taken += bytes.size();
                                                                return Status::OK();
                                                              }}));
  EXPECT_EQ(heads, 1);
  EXPECT_EQ(taken, 3'000'000u);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.metrics.bytes_sent, 3'000'000);
  EXPECT_EQ(response.metrics.bytes_received, 3'000'000);
}

TEST_F(TransportTest, EndsWithTheErrorOfItsCallbacks) {
  const FakeHttpServer server([](int, const PlayedRequest&) { return Answer(200, std::string(100'000, 'x')); });
  const auto no = [](const auto&) { return MakeError(ErrorKind::kCorrupt, "not what I wanted"); };
  ASSERT_FAILS(ErrorKind::kCorrupt, "not what I wanted", Send(server, {.on_head = no}));
  ASSERT_FAILS(ErrorKind::kCorrupt, "not what I wanted", Send(server, {.on_data = no}));
}

TEST_F(TransportTest, ReusesConnectionsAcrossThreads) {
  const FakeHttpServer server([](int, const PlayedRequest&) { return Answer(200, "x"); });
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) good += Send(server).ok();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 200);
  EXPECT_LE(server.connections(), 4);
  EXPECT_TRUE(Send(server).ValueOrDie().metrics.reused_connection);
}

TEST_F(TransportTest, TakesANewConnectionWhereTheServerHasClosedTheOldOne) {
  const FakeHttpServer server([](int, const PlayedRequest&) {
    auto answer = Answer(200, "x");
    answer.end = End::kClose;
    return answer;
  });
  const std::string body(1000, 'b');
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK(Send(server, {.method = "PUT", .body = std::as_bytes(std::span(body))}));
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_EQ(server.connections(), 5);
}

/// Answers the first request, and closes the connection when the second has come over it.
PlayedAnswer CloseOnTheSecondRequest(int n, const PlayedRequest&) { return n == 1 ? PlayedAnswer{} : Answer(200, "x"); }

TEST_F(TransportTest, SendsAgainWhatAnIdleConnectionSwallowed) {
  const std::string body(100'000, 'b');
  for (const char* method : {"GET", "PUT", "DELETE"}) {
    SCOPED_TRACE(method);
    const FakeHttpServer server(CloseOnTheSecondRequest);
    ASSERT_OK(Send(server));
    Request request{.method = method};
    if (request.method == "PUT") request.body = std::as_bytes(std::span(body));
    ASSERT_OK(Send(server, request));
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 3u);
    EXPECT_EQ(requests[1].connection, 0);
    EXPECT_EQ(requests[2].connection, 1);
    EXPECT_EQ(requests[2].body.size(), request.body.size());
  }
}

TEST_F(TransportTest, NeverSendsTwiceWhatMayGoOutOnce) {
  for (const char* method : {"GET", "PUT", "POST", "DELETE"}) {
    SCOPED_TRACE(method);
    const FakeHttpServer server(CloseOnTheSecondRequest);
    ASSERT_OK(Send(server));
    const std::string body = "once";
    Request request{.method = method, .once = true};
    if (request.method == "PUT") request.body = std::as_bytes(std::span(body));
    ASSERT_FAILS(ErrorKind::kUnavailable, "the server closed the connection", Send(server, request));
    EXPECT_EQ(server.requests().size(), 2u);
  }
}

TEST_F(TransportTest, TellsWhetherARequestWentOut) {
  EXPECT_TRUE(NeverSent(transport_->Send({.url = "http://127.0.0.1:1/", .direct = true}).status()));
  const FakeHttpServer server([](int, const PlayedRequest&) { return PlayedAnswer{}; });
  EXPECT_FALSE(NeverSent(Send(server).status()));
  EXPECT_FALSE(NeverSent(MakeError(ErrorKind::kUnavailable, "of something else")));
  EXPECT_FALSE(NeverSent(Status::OK()));
}

TEST_F(TransportTest, TakesARefusalThatComesBeforeTheBodyIsSent) {
  for (const auto end : {End::kDrain, End::kSilence}) {
    const FakeHttpServer server(
        [&](int, const PlayedRequest&) {
          auto answer = Answer(403, "no");
          answer.end = end;
          return answer;
        },
        FakeHttpServer::Bodies::kLeave);
    const std::string body(20'000'000, 'b');
    ASSERT_OK_AND_ASSIGN(const auto response, Send(server, {.method = "PUT", .body = std::as_bytes(std::span(body))}));
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(response.body, "no");
    EXPECT_LT(response.metrics.bytes_sent, 20'000'000);
  }
}

TEST_F(TransportTest, WaitsForTheServersWordWhereItIsAskedTo) {
  const FakeHttpServer server(
      [](int, const PlayedRequest&) {
        auto answer = Answer(412, "no");
        answer.end = End::kDrain;
        return answer;
      },
      FakeHttpServer::Bodies::kLeave);
  const std::string body(1000, 'b');
  ASSERT_OK_AND_ASSIGN(
      const auto response,
      Send(server, {.method = "PUT", .headers = {{"Expect", "100-continue"}}, .body = std::as_bytes(std::span(body))}));
  EXPECT_EQ(response.status, 412);
  EXPECT_EQ(response.metrics.bytes_sent, 0);
  EXPECT_EQ(server.requests().at(0).headers.at("expect"), "100-continue");
}

TEST_F(TransportTest, LooksPastInterimAnswersAndReadsChunks) {
  const FakeHttpServer server([](int, const PlayedRequest&) {
    return PlayedAnswer{.bytes =
                            "HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
                            "chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Trailer: t\r\n\r\n"};
  });
  for (int i = 0; i < 2; ++i) {
    int heads = 0;
    ASSERT_OK_AND_ASSIGN(const auto response, Send(server, {.on_head = [&](const ResponseHead& head) {
                                                     ++heads;
                                                     EXPECT_EQ(head.status, 200);
                                                     return Status::OK();
                                                   }}));
    EXPECT_EQ(heads, 1);
    EXPECT_EQ(response.body, "abcdefg");
    EXPECT_EQ(response.headers.Find("x-interim"), std::nullopt);
    EXPECT_EQ(response.headers.Get("x-trailer"), "t");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(TransportTest, TellsThatChunksWereCut) {
  const FakeHttpServer server([](int, const PlayedRequest&) {
    return PlayedAnswer{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nabc", .end = End::kClose};
  });
  ASSERT_FAILS(ErrorKind::kUnavailable, "GET http://", Send(server));
}

TEST_F(TransportTest, LeavesWhatComesBehindTheSaidLength) {
  const FakeHttpServer server([](int, const PlayedRequest&) {
    return PlayedAnswer{.bytes =
                            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: "
                            "4\r\n\r\nevil"};
  });
  EXPECT_EQ(Send(server).ValueOrDie().body, "abc");
  EXPECT_EQ(Send(server).ValueOrDie().body, "abc");
}

TEST_F(TransportTest, RefusesABodyThatIsShorterThanItsSize) {
  class Short final : public BodySource {
   public:
    int64_t size() const override { return 100; }
    Result<size_t> Read(std::span<std::byte>) override { return at_ == 1 ? size_t{0} : size_t{++at_}; }
    Status Rewind() override { return Status::OK(); }

   private:
    size_t at_ = 0;
  } source;
  const FakeHttpServer server([](int, const PlayedRequest&) { return Answer(200); });
  ASSERT_FAILS(ErrorKind::kInvalid, "ends after 1 bytes, expected 100",
               Send(server, {.method = "PUT", .source = &source}));
}

TEST_F(TransportTest, TellsThatABodyWasCut) {
  for (const auto end : {End::kClose, End::kReset}) {
    const FakeHttpServer server([&](int, const PlayedRequest&) {
      return PlayedAnswer{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this", .end = end};
    });
    ASSERT_FAILS(ErrorKind::kUnavailable, "GET http://127.0.0.1", Send(server));
  }
}

TEST_F(TransportTest, TellsThatAHeadWasCut) {
  for (const char* head :
       {"HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nETag: 1\r\n", "HTTP/1.1 20"}) {
    const FakeHttpServer server(
        [&](int, const PlayedRequest&) { return PlayedAnswer{.bytes = head, .end = End::kClose}; });
    ASSERT_FAILS(ErrorKind::kUnavailable, "GET http://", Send(server));
  }
}

TEST_F(TransportTest, TellsThatNobodyAnswered) {
  const FakeHttpServer server([](int, const PlayedRequest&) { return PlayedAnswer{}; });
  const auto status = Send(server).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnavailable);
  EXPECT_THAT(status.message(), Not(HasSubstr("hunter2")));
}

TEST_F(TransportTest, RefusesGarbage) {
  const FakeHttpServer server([](int, const PlayedRequest&) {
    return PlayedAnswer{.bytes = "220 smtp.example.com ESMTP\r\n\r\n", .end = End::kClose};
  });
  EXPECT_EQ(KindOf(Send(server).status()), ErrorKind::kUnavailable);
}

TEST_F(TransportTest, NamesARefusedConnectionAndAnUnknownHost) {
  int port = 0;
  {
    const FakeHttpServer gone([](int, const PlayedRequest&) { return PlayedAnswer{}; });
    port = gone.port();
  }
  const auto url = "http://127.0.0.1:" + std::to_string(port) + "/";
  const auto status = transport_->Send({.url = url, .direct = true}).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnavailable);
  EXPECT_THAT(InfoOf(status).hint, HasSubstr("listens"));
  EXPECT_EQ(KindOf(transport_->Send({.url = "http://no.such.host.invalid/", .direct = true}).status()),
            ErrorKind::kUnavailable);
}

TEST_F(TransportTest, RefusesWhatIsNoRequest) {
  ASSERT_FAILS(ErrorKind::kInvalid, "http://", transport_->Send({.url = "ftp://host/x"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "%20", transport_->Send({.url = "http://127.0.0.1:1/a b"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "%20", transport_->Send({.url = "http://127.0.0.1:1/a\r\nHost: b"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "line end",
               transport_->Send({.url = "http://127.0.0.1:1/", .headers = {{"X-A", "b\r\nX-C: d"}}}));
}

TEST(Headers, CompareNamesWithoutCase) {
  Headers headers{{"ETag", "\"a\""}, {"X-Amz-Meta-b", " c "}};
  headers.Add("etag", "\"b\"");
  EXPECT_EQ(headers.Find("ETAG"), "\"a\"");
  EXPECT_EQ(headers.Get("x-amz-meta-B"), "c");
  headers.Set("eTag", "\"d\"");
  EXPECT_EQ(headers.fields().size(), 2u);
  headers.Remove("etag");
  EXPECT_EQ(headers.Find("etag"), std::nullopt);
  EXPECT_EQ(headers.Get("etag"), "");
}

}  // namespace
}  // namespace glaux::http
