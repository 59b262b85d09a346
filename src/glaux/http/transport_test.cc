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
  static milliseconds Elapsed(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
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

TEST_F(TransportTest, TellsThatABodyWasCut) {
  for (const auto end : {End::kClose, End::kReset}) {
    const FakeHttpServer server([&](int, const PlayedRequest&) {
      return PlayedAnswer{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this", .end = end};
    });
    ASSERT_FAILS(ErrorKind::kUnavailable, "GET http://127.0.0.1", Send(server));
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
  ASSERT_FAILS(ErrorKind::kInvalid, "line end",
               transport_->Send({.url = "http://127.0.0.1:1/", .headers = {{"X-A", "b\r\nX-C: d"}}}));
}

TEST_F(TransportTest, KeepsEachDeadlineAndNamesIt) {
  struct Case {
    PlayedAnswer answer;
    Deadlines deadlines;
    const char* words;
  };
  auto slow = Answer(200, std::string(1000, 'x'));
  slow.slice = 10;
  slow.pause = milliseconds(30);
  const Case cases[] = {
      {{.wait = std::chrono::seconds(20)}, {.first_byte = milliseconds(200)}, "no answer within 200 ms"},
      {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", .end = End::kSilence},
       {.stall = milliseconds(200)},
       "no byte came within 200 ms"},
      {slow, {.whole = milliseconds(300)}, "not done within 300 ms"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.words);
    const FakeHttpServer server([&](int, const PlayedRequest&) { return one.answer; });
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_FAILS(ErrorKind::kTimeout, one.words, Send(server, {.deadlines = one.deadlines}));
    EXPECT_LT(Elapsed(begin), milliseconds(1500));
  }
}

TEST_F(TransportTest, DoesNotCountASlowReaderAsASlowServer) {
  const FakeHttpServer server([](int, const PlayedRequest&) { return Answer(200, std::string(2'000'000, 'x')); });
  ASSERT_OK(Send(server, {.on_data =
                              [calls = 0](std::span<const std::byte>) mutable {
                                if (++calls == 1) std::this_thread::sleep_for(milliseconds(400));
                                return Status::OK();
                              },
                          .deadlines = {.stall = milliseconds(200)}}));
}

TEST_F(TransportTest, StopsSoonWhenItIsAsked) {
  const FakeHttpServer server([](int, const PlayedRequest&) { return PlayedAnswer{.wait = std::chrono::seconds(20)}; });
  arrow::StopSource stop;
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(100));
    stop.RequestStop();
  });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(KindOf(Send(server, {.stop = stop.token()}).status()), ErrorKind::kCancelled);
  EXPECT_LT(Elapsed(begin), milliseconds(1000));
  later.join();
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
