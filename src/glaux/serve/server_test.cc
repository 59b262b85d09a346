#include "glaux/serve/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <thread>

#include "glaux/testing/matchers.h"

namespace glaux::serve {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A wire that is one function.
class FunctionWire final : public Wire {
 public:
  explicit FunctionWire(std::function<void(Request&, Response&)> handle) : handle_(std::move(handle)) {}
  bool Takes(const Request&) const override { return true; }
  void Handle(Request& request, Response& response) override { handle_(request, response); }

 private:
  const std::function<void(Request&, Response&)> handle_;
};

std::string ReadBody(Request& request) {
  std::string all, piece(5000, '\0');
  for (;;) {
    const auto got = request.body->Read(std::as_writable_bytes(std::span(piece)));
    if (!got.ok()) return "<" + std::string(KindName(KindOf(got.status())));
    if (*got == 0) return all;
    all.append(piece, 0, *got);
  }
}

void Echo(Request& request, Response& response) {
  const std::string body = ReadBody(request);
  static_cast<void>(response.Send(200, {}, request.method + " " + request.path + "?" + request.query + " " + body));
}

/// A client that sends what it is told to.
class Client {
 public:
  explicit Client(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~Client() { ::close(fd_); }

  void Send(std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<size_t>(sent));
    }
  }
  void EndWriting() { ::shutdown(fd_, SHUT_WR); }

  /// Until the text holds `end`, or the server ends the connection.
  std::string ReadUntil(std::string_view end) {
    std::string text;
    char piece[4096];
    while (end.empty() || text.find(end) == std::string::npos) {
      const auto got = ::recv(fd_, piece, sizeof piece, 0);
      if (got < 0) return text + "<error>";
      if (got == 0) break;
      text.append(piece, static_cast<size_t>(got));
    }
    return text;
  }
  std::string ReadAll() { return ReadUntil(""); }

 private:
  const int fd_;
};

class ServerTest : public ::testing::Test {
 protected:
  void Start(std::function<void(Request&, Response&)> handle, ServerOptions options = {}) {
    auto started = Server::Start(std::move(options), std::make_shared<FunctionWire>(std::move(handle)));
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    server = *std::move(started);
  }

  /// What comes back to this, until the server ends the connection.
  std::string Ask(std::string_view text) {
    Client client(server->port());
    client.Send(text);
    return client.ReadAll();
  }

  std::unique_ptr<Server> server;
};

TEST_F(ServerTest, AnswersARequest) {
  Start(Echo);
  EXPECT_THAT(Ask("GET /a%20b?x=1&y HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), HasSubstr("GET /a%20b?x=1&y "));
  EXPECT_THAT(Ask("GET http://h:1/p?q HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), HasSubstr("GET /p?q "));
  EXPECT_EQ(server->url(), "http://127.0.0.1:" + std::to_string(server->port()));
}

TEST_F(ServerTest, AConnectionServesManyRequestsAlsoWhenTheyComeAtOnce) {
  Start(Echo);
  const std::string one = "PUT /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  const std::string two = "GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  const std::string answers = Ask(one + one + two);
  EXPECT_THAT(answers, HasSubstr("PUT /1? abcHTTP/1.1 200 OK"));
  EXPECT_THAT(answers, HasSubstr("GET /2? "));
}

TEST_F(ServerTest, AnHttp10ClientGetsItsAnswerAndTheEnd) {
  Start([](Request&, Response& response) {
    static_cast<void>(response.Begin(200, {}, std::nullopt));
    static_cast<void>(response.Write(AsBytes("body")));
  });
  const std::string answer = Ask("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nbody"));
  EXPECT_THAT(answer, Not(HasSubstr("chunked")));
}

TEST_F(ServerTest, HeadHasTheHeadersOfGetAndNoBody) {
  Start([](Request&, Response& response) { static_cast<void>(response.Send(200, {{"X", "y"}}, "body")); });
  const std::string answer = Ask("HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_THAT(answer, HasSubstr("X: y\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(ServerTest, ChunksOfTheBodyArePutTogetherAndTrailersPassedOver) {
  std::atomic<bool> saw_trailer{false};
  Start([&](Request& request, Response& response) {
    Echo(request, response);
    saw_trailer = request.headers.Find("x-late").has_value();
  });
  EXPECT_THAT(Ask("PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                  "3\r\nabc\r\n5;ext=1\r\ndefgh\r\n0\r\nX-Late: 1\r\n\r\n"),
              HasSubstr("PUT /k? abcdefgh"));
  EXPECT_FALSE(saw_trailer);
}

TEST_F(ServerTest, ALargeChunkedBodyArrivesWhole) {
  std::string received;
  Start([&](Request& request, Response& response) {
    received = ReadBody(request);
    static_cast<void>(response.Send(200, {}, "ok"));
  });
  std::string body(3'000'000, 'x');
  for (size_t i = 0; i < body.size(); i += 1009) body[i] = static_cast<char>('a' + i % 26);
  std::string sent = "PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
  for (size_t at = 0, n = 1; at < body.size(); at += n, n = n * 3 % 100'003 + 1) {
    const auto piece = body.substr(at, n);
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    sent += size + piece + "\r\n";
  }
  EXPECT_THAT(Ask(sent + "0\r\n\r\n"), HasSubstr(" 200 OK"));
  EXPECT_TRUE(received == body);
}

TEST_F(ServerTest, ABodyThatEndsTooEarlyIsAnErrorToTheHandler) {
  std::string received;
  Start([&](Request& request, Response& response) {
    received = ReadBody(request);
    static_cast<void>(response.Send(400, {}, "no"));
  });
  Client client(server->port());
  client.Send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nonly this");
  client.EndWriting();
  EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(received, "<Unavailable");
}

TEST_F(ServerTest, Expect100ContinueIsAnsweredOnceTheBodyIsWanted) {
  Start(Echo);
  Client client(server->port());
  client.Send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("abc");
  EXPECT_THAT(client.ReadUntil("abc"), HasSubstr("PUT /k? abc"));
}

TEST_F(ServerTest, ABodyThatNobodyWantsIsNotAskedFor) {
  Start([](Request&, Response& response) { static_cast<void>(response.Send(403, {}, "no")); });
  const std::string answer = Ask("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

TEST_F(ServerTest, AnAnswerBeforeALargeBodyReachesAClientThatSendsOn) {
  Start([](Request&, Response& response) { static_cast<void>(response.Send(403, {}, "refused")); });
  Client client(server->port());
  client.Send("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 20000000\r\n\r\n");
  std::thread sender([&] {
    client.Send(std::string(20'000'000, 'x'));
    client.EndWriting();
  });
  EXPECT_THAT(client.ReadAll(), HasSubstr("refused"));
  sender.join();
}

TEST_F(ServerTest, ASmallUnreadBodyKeepsTheConnection) {
  Start([](Request&, Response& response) { static_cast<void>(response.Send(403, {}, "no;")); });
  const std::string one = "PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  const std::string answers = Ask(one + "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answers, HasSubstr("no;HTTP/1.1 403"));
}

TEST_F(ServerTest, WhatIsTooLongIsRefused) {
  Start(Echo, {.max_header_bytes = 8192, .max_target_bytes = 2000});
  EXPECT_THAT(Ask("GET /" + std::string(2500, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 414"));
  EXPECT_THAT(Ask("GET /" + std::string(20'000, 'a')), StartsWith("HTTP/1.1 414"));
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: " + std::string(5000, 'a') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(ServerTest, GarbageIsAnsweredAndTheServerGoesOn) {
  Start(Echo);
  const std::string nul("GET /\0 HTTP/1.1\r\n\r\n", 20);
  for (const std::string& text :
       {std::string("\r\n\r\n\r\n\r\n"), std::string("hello\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), nul,
        std::string("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
        std::string("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"),
        std::string("GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n"), std::string("GET / HTTP/1.1\r\n\r\n"),
        std::string("GET / HTTP/7.3\r\nHost: h\r\n\r\n")}) {
    Client client(server->port());
    client.Send(text);
    client.EndWriting();
    const std::string answer = client.ReadAll();
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 505"))
        << text << answer;
  }
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), HasSubstr(" 200 "));
}

TEST_F(ServerTest, BadChunksAreAnErrorToTheHandler) {
  Start(Echo);
  EXPECT_THAT(Ask("PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"),
              HasSubstr("<Invalid"));
}

TEST_F(ServerTest, AHandlerThatThrowsOrForgetsToAnswerGives500) {
  Start([](Request& request, Response&) {
    if (request.path == "/throw") throw std::bad_alloc();
  });
  for (const char* path : {"/throw", "/forget"}) {
    EXPECT_THAT(Ask(std::string("GET ") + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
                StartsWith("HTTP/1.1 500"));
  }
}

TEST_F(ServerTest, AnAnswerThatCannotBeFinishedIsCut) {
  Start([](Request& request, Response& response) {
    static_cast<void>(response.Begin(200, {}, request.path == "/chunks" ? std::nullopt : std::optional<int64_t>(100)));
    static_cast<void>(response.Write(AsBytes("some")));
    if (request.path == "/chunks") throw std::bad_alloc();
  });
  for (const char* path : {"/length", "/chunks"}) {
    const std::string answer = Ask(std::string("GET ") + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("some"));
    EXPECT_THAT(answer, Not(HasSubstr("\r\n0\r\n")));
  }
}

TEST_F(ServerTest, ASlowHeadIsTimedOut) {
  Start(Echo, {.header_timeout = 200ms, .stall_timeout = 100ms});
  Client client(server->port());
  client.Send("GET / HT");
  EXPECT_THAT(client.ReadAll(), StartsWith("HTTP/1.1 408"));
}

TEST_F(ServerTest, AnIdleConnectionEnds) {
  Start(Echo, {.stall_timeout = 50ms, .idle_timeout = 100ms});
  Client client(server->port());
  EXPECT_EQ(client.ReadAll(), "");
}

TEST_F(ServerTest, HeadersCannotBeSplitByAValue) {
  Start([](Request&, Response& response) { static_cast<void>(response.Send(200, {{"X", "a\r\nEvil: 1"}}, "")); });
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), HasSubstr("X: a  Evil: 1\r\n"));
}

TEST_F(ServerTest, OneConnectionTooManyTakesThePlaceOfAnIdleOne) {
  Start(Echo, {.max_connections = 2});
  const std::string request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  Client first(server->port()), second(server->port());
  for (Client* client : {&first, &second}) {
    client->Send(request);
    client->ReadUntil("GET /? ");
  }
  Client third(server->port());
  third.Send(request);
  EXPECT_THAT(third.ReadUntil("GET /? "), HasSubstr(" 200 "));
  EXPECT_EQ(first.ReadAll(), "");
}

TEST_F(ServerTest, StopFinishesWhatRunsAndTakesNothingNew) {
  std::atomic<bool> inside{false};
  std::atomic<bool> go{false};
  Start([&](Request&, Response& response) {
    inside = true;
    while (!go) std::this_thread::sleep_for(1ms);
    static_cast<void>(response.Send(200, {}, "finished"));
  });
  Client idle(server->port()), busy(server->port());
  busy.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  while (!inside) std::this_thread::sleep_for(1ms);
  std::thread stopper([&] { EXPECT_EQ(server->Stop(10s), 0); });
  EXPECT_EQ(idle.ReadAll(), "");
  go = true;
  const std::string answer = busy.ReadAll();
  EXPECT_THAT(answer, HasSubstr("finished"));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  stopper.join();
}

TEST_F(ServerTest, StopCutsOffWhatTakesLongerThanTheDrain) {
  Start([](Request& request, Response&) { ReadBody(request); });
  Client stuck(server->port());
  stuck.Send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(server->Stop(100ms), 1);
}

TEST_F(ServerTest, EachExchangeIsTold) {
  std::vector<Exchange> seen;
  std::mutex mutex;
  Start(Echo, {.on_exchange = [&](const Exchange& exchange) {
          const std::lock_guard lock(mutex);
          seen.push_back(exchange);
        }});
  Ask("PUT /k?a=b HTTP/1.1\r\nHost: h\r\nX-Amz-Target: S.Do\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
  server->Stop(1s);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].operation, "S.Do");
  EXPECT_EQ(seen[0].method, "PUT");
  EXPECT_EQ(seen[0].path, "/k");
  EXPECT_EQ(seen[0].query, "a=b");
  EXPECT_EQ(seen[0].status, 200);
  EXPECT_EQ(seen[0].bytes_received, 3);
  EXPECT_EQ(seen[0].bytes_sent, 14);
  EXPECT_EQ(seen[0].request_id.size(), 16u);
}

TEST_F(ServerTest, APortThatIsTakenIsSaidSo) {
  Start(Echo);
  ASSERT_FAILS(ErrorKind::kUnavailable,
               "listen at 127.0.0.1:", Server::Start({.port = server->port()}, std::make_shared<FunctionWire>(Echo)));
  ASSERT_FAILS(ErrorKind::kInvalid, "listen at",
               Server::Start({.host = "256.1.1.1"}, std::make_shared<FunctionWire>(Echo)));
  ASSERT_FAILS(ErrorKind::kNotFound, "/no/such.pem",
               Server::Start({.tls_certificate = "/no/such.pem", .tls_key = "/no/such.key"},
                             std::make_shared<FunctionWire>(Echo)));
}

TEST(SigningService, IsTheOneOfTheCredentialScope) {
  const auto of = [](http::Headers headers, std::string query) {
    Request request{.headers = std::move(headers)};
    request.query = std::move(query);
    return SigningServiceOf(request);
  };
  EXPECT_EQ(
      of({{"Authorization", "AWS4-HMAC-SHA256 Credential=AK/20260131/us-east-1/glue/aws4_request, SignedHeaders=host"}},
         ""),
      "glue");
  EXPECT_EQ(of({}, "a=b&X-Amz-Credential=AK%2F20260131%2Fus-east-1%2Fs3%2Faws4_request&c=d"), "s3");
  EXPECT_EQ(of({}, ""), "");
  EXPECT_EQ(of({{"Authorization", "AWS4-HMAC-SHA256 Credential=AK"}}, ""), "");
}

}  // namespace
}  // namespace glaux::serve
