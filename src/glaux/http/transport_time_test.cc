#include "glaux/http/transport.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include "glaux/testing/fake_http_server.h"
#include "glaux/testing/matchers.h"

namespace glaux::http {
namespace {

using std::chrono::milliseconds;
using testing::Answer;
using testing::FakeHttpServer;
using testing::PlayedAnswer;
using testing::PlayedRequest;
using End = PlayedAnswer::End;

class TransportTimeTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK_AND_ASSIGN(transport_, MakeCurlTransport()); }
  Result<Response> Send(const FakeHttpServer& server, Request request = {}) {
    request.url = server.url() + "/";
    request.direct = true;
    return transport_->Send(request);
  }
  static milliseconds Elapsed(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
  }

  std::shared_ptr<Transport> transport_;
};

TEST_F(TransportTimeTest, KeepsEachDeadlineAndNamesIt) {
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
      {{.bytes = "HTTP/1.1 200 OK\r\nContent-", .end = End::kSilence},
       {.first_byte = milliseconds(200)},
       "no answer within 200 ms"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.words);
    const FakeHttpServer server([&](int, const PlayedRequest&) { return one.answer; });
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_FAILS(ErrorKind::kTimeout, one.words, Send(server, {.deadlines = one.deadlines}));
    EXPECT_LT(Elapsed(begin), milliseconds(1500));
  }
}

TEST_F(TransportTimeTest, TellsThatTheServerTakesNoMoreOfTheBody) {
  const FakeHttpServer server([](int, const PlayedRequest&) { return PlayedAnswer{.end = End::kSilence}; },
                              FakeHttpServer::Bodies::kLeave);
  const std::string body(50'000'000, 'b');
  ASSERT_FAILS(
      ErrorKind::kTimeout, "no byte could be sent within 200 ms",
      Send(server,
           {.method = "PUT", .body = std::as_bytes(std::span(body)), .deadlines = {.stall = milliseconds(200)}}));
}

/// A listener whose queue is full: the system answers no more connections.
class FullListener {
 public:
  FullListener() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    for (int& client : clients_) {
      client = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      ::connect(client, reinterpret_cast<sockaddr*>(&address), size);
    }
  }
  ~FullListener() {
    for (const int client : clients_) ::close(client);
    ::close(listener_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  int listener_;
  int port_ = 0;
  std::array<int, 4> clients_{};
};

TEST_F(TransportTimeTest, GivesUpAConnectionThatDoesNotComeAbout) {
  const FullListener listener;
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_FAILS(ErrorKind::kTimeout, "no connection within 200 ms",
               transport_->Send({.url = listener.url(), .direct = true, .deadlines = {.connect = milliseconds(200)}}));
  EXPECT_LT(Elapsed(begin), milliseconds(900));
}

TEST_F(TransportTimeTest, DoesNotCountASlowReaderAsASlowServer) {
  const FakeHttpServer server([](int, const PlayedRequest&) { return Answer(200, std::string(2'000'000, 'x')); });
  ASSERT_OK(Send(server, {.on_data =
                              [calls = 0](std::span<const std::byte>) mutable {
                                if (++calls == 1) std::this_thread::sleep_for(milliseconds(400));
                                return Status::OK();
                              },
                          .deadlines = {.stall = milliseconds(200)}}));
}

/// Asks for a stop while a request is under way. \return how long the end took
class Stopper {
 public:
  Stopper()
      : thread_([this] {
          std::this_thread::sleep_for(milliseconds(100));
          asked_ = std::chrono::steady_clock::now();
          source_.RequestStop();
        }) {}
  ~Stopper() { thread_.join(); }
  arrow::StopToken token() { return source_.token(); }
  milliseconds Since() const {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - asked_.load());
  }

 private:
  arrow::StopSource source_;
  std::atomic<std::chrono::steady_clock::time_point> asked_{};
  std::thread thread_;
};

TEST_F(TransportTimeTest, StopsSoonWhileItConnects) {
  const FullListener listener;
  Stopper stopper;
  ASSERT_FAILS(ErrorKind::kCancelled, "cancelled",
               transport_->Send({.url = listener.url(), .direct = true, .stop = stopper.token()}));
  EXPECT_LT(stopper.Since(), milliseconds(300));
}

TEST_F(TransportTimeTest, StopsSoonWhileItWaits) {
  const FakeHttpServer server([](int, const PlayedRequest&) { return PlayedAnswer{.wait = std::chrono::seconds(20)}; });
  Stopper stopper;
  ASSERT_FAILS(ErrorKind::kCancelled, "cancelled", Send(server, {.stop = stopper.token()}));
  EXPECT_LT(stopper.Since(), milliseconds(300));
}

TEST_F(TransportTimeTest, StopsSoonWhileItSends) {
  const FakeHttpServer server([](int, const PlayedRequest&) { return PlayedAnswer{.end = End::kSilence}; },
                              FakeHttpServer::Bodies::kLeave);
  const std::string body(50'000'000, 'b');
  Stopper stopper;
  ASSERT_FAILS(ErrorKind::kCancelled, "cancelled",
               Send(server, {.method = "PUT", .body = std::as_bytes(std::span(body)), .stop = stopper.token()}));
  EXPECT_LT(stopper.Since(), milliseconds(300));
}

TEST_F(TransportTimeTest, StopsSoonWhileItReads) {
  const FakeHttpServer server([](int, const PlayedRequest&) {
    auto answer = Answer(200, std::string(1'000'000, 'x'));
    answer.slice = 1000;
    answer.pause = milliseconds(5);
    return answer;
  });
  Stopper stopper;
  ASSERT_FAILS(ErrorKind::kCancelled, "cancelled", Send(server, {.stop = stopper.token()}));
  EXPECT_LT(stopper.Since(), milliseconds(300));
}

}  // namespace
}  // namespace glaux::http
