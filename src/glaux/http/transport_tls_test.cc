#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "glaux/http/transport.h"
#include "glaux/testing/fake_http_server.h"
#include "glaux/testing/fake_proxy.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"
#include "glaux/testing/tls_front.h"

namespace glaux::http {
namespace {

using std::chrono::milliseconds;
using testing::Answer;
using testing::FakeHttpServer;
using testing::FakeProxy;
using ::testing::HasSubstr;
using testing::PlayedAnswer;
using testing::PlayedRequest;
using testing::TlsFront;

/// Handshakes take their time on a busy machine.
const Deadlines kPatient{.connect = std::chrono::seconds(60)};

class TransportTlsTest : public ::testing::Test {
 protected:
  std::string WriteFile(const std::string& text) {
    const std::string path = (dir_.path() / "ca.pem").string();
    std::ofstream(path) << text;
    return path;
  }
  std::shared_ptr<Transport> Trusting() {
    return MakeCurlTransport({.ca_file = WriteFile(front_.certificate_pem())}).ValueOrDie();
  }

  const testing::TempDir dir_;
  const FakeHttpServer server_{[](int, const PlayedRequest& request) { return Answer(200, request.body + "!"); }};
  const TlsFront front_{server_.port()};
};

TEST_F(TransportTlsTest, RefusesACertificateThatNobodyVouchesFor) {
  ASSERT_OK_AND_ASSIGN(const auto transport, MakeCurlTransport());
  const auto status =
      transport->Send({.url = front_.url() + "/x?secret=hunter2", .direct = true, .deadlines = kPatient}).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalid);
  EXPECT_THAT(status.message(), HasSubstr("GET " + front_.url() + "/x: "));
  EXPECT_THAT(status.message(), ::testing::Not(HasSubstr("hunter2")));
  EXPECT_THAT(InfoOf(status).hint, HasSubstr("AWS_CA_BUNDLE"));
  EXPECT_TRUE(NeverSent(status));
  EXPECT_EQ(server_.requests().size(), 0u);
}

TEST_F(TransportTlsTest, TrustsTheCertificatesOfAFile) {
  const std::string body(300'000, 'b');
  ASSERT_OK_AND_ASSIGN(const auto response, Trusting()->Send({.method = "PUT",
                                                              .url = front_.url() + "/",
                                                              .body = std::as_bytes(std::span(body)),
                                                              .direct = true,
                                                              .deadlines = kPatient}));
  EXPECT_EQ(response.body, body + "!");
}

TEST_F(TransportTlsTest, ChecksThatTheCertificateIsForTheHost) {
  const auto url = "https://127.0.0.2:" + std::to_string(front_.port()) + "/";
  // The front listens on 127.0.0.1 alone; a proxy takes the other name there.
  const FakeProxy proxy;
  ::setenv("https_proxy", proxy.url().c_str(), 1);
  const auto status = Trusting()->Send({.url = url, .deadlines = kPatient}).status();
  ::unsetenv("https_proxy");
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalid) << status.ToString();
  EXPECT_EQ(server_.requests().size(), 0u);
}

TEST_F(TransportTlsTest, ChecksNothingByTheUsersExplicitWord) {
  ASSERT_OK_AND_ASSIGN(const auto transport, MakeCurlTransport({.verify_tls = false}));
  ASSERT_OK(transport->Send({.url = front_.url() + "/", .direct = true, .deadlines = kPatient}));
}

TEST_F(TransportTlsTest, KeepsConnectionsAndResumesSessions) {
  const auto transport = Trusting();
  const auto send = [&] {
    return transport->Send({.url = front_.url() + "/", .direct = true, .deadlines = kPatient}).ok();
  };
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(send());
  EXPECT_EQ(front_.handshakes() + front_.resumed(), 1);
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10; ++n) good += send();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 40);
  EXPECT_LE(front_.handshakes() + front_.resumed(), 5);
}

TEST_F(TransportTlsTest, NamesAFileThatHoldsNoCertificates) {
  ASSERT_FAILS(ErrorKind::kNotFound, "/no/such.pem", MakeCurlTransport({.ca_file = "/no/such.pem"}));
  const auto path = WriteFile("not a certificate");
  ASSERT_FAILS(ErrorKind::kInvalid, path, MakeCurlTransport({.ca_file = path}));
}

TEST_F(TransportTlsTest, GivesUpAHandshakeThatDoesNotCome) {
  const FakeHttpServer silent([](int, const PlayedRequest&) { return PlayedAnswer{}; });
  ASSERT_OK_AND_ASSIGN(const auto transport, MakeCurlTransport());
  const auto url = "https://127.0.0.1:" + std::to_string(silent.port()) + "/";
  ASSERT_FAILS(ErrorKind::kTimeout, "no connection within 200 ms",
               transport->Send({.url = url, .direct = true, .deadlines = {.connect = milliseconds(200)}}));
}

TEST_F(TransportTlsTest, TellsThatAServerWantsTls) {
  const auto url = "http" + front_.url().substr(5);
  ASSERT_FAILS(ErrorKind::kUnavailable, "GET " + url,
               Trusting()->Send({.url = url, .direct = true, .deadlines = kPatient}));
}

class TransportProxyTest : public TransportTlsTest {
 protected:
  void SetUp() override {
    for (const char* name : {"http_proxy", "https_proxy"}) ::setenv(name, proxy_.url().c_str(), 1);
    transport_ = Trusting();
  }
  void TearDown() override {
    for (const char* name : {"http_proxy", "https_proxy", "HTTP_PROXY", "NO_PROXY", "no_proxy"}) ::unsetenv(name);
  }
  std::string Plain(const std::string& host) { return "http://" + host + ":" + std::to_string(server_.port()); }

  const FakeProxy proxy_;
  std::shared_ptr<Transport> transport_;
};

TEST_F(TransportProxyTest, SendsPlainRequestsThroughIt) {
  ASSERT_OK_AND_ASSIGN(const auto response, transport_->Send({.url = Plain("bucket.example") + "/a/../b?c=1"}));
  EXPECT_EQ(response.body, "!");
  EXPECT_THAT(proxy_.asked(), ::testing::ElementsAre("GET " + Plain("bucket.example") + "/a/../b?c=1 HTTP/1.1"));
  EXPECT_EQ(server_.requests().at(0).target, "/a/../b?c=1");
  EXPECT_EQ(server_.requests().at(0).headers.at("host"), Plain("bucket.example").substr(7));
}

TEST_F(TransportProxyTest, FollowsTheVariableInCapitalsToo) {
  ::unsetenv("http_proxy");
  ::setenv("HTTP_PROXY", proxy_.url().c_str(), 1);
  ASSERT_OK(transport_->Send({.url = Plain("bucket.example") + "/"}));
  EXPECT_EQ(proxy_.asked().size(), 1u);
}

TEST_F(TransportProxyTest, TunnelsTlsThroughItAndKeepsTheTunnel) {
  int heads = 0;
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto response,
                         transport_->Send({.url = front_.url() + "/", .on_head = [&](const ResponseHead& head) {
                                             ++heads;
                                             EXPECT_TRUE(head.headers.Find("content-length"));
                                             return Status::OK();
                                           }}));
    EXPECT_EQ(response.status, 200);
  }
  EXPECT_EQ(heads, 3);
  EXPECT_THAT(proxy_.asked(), ::testing::ElementsAre(HasSubstr("CONNECT 127.0.0.1:" + std::to_string(front_.port()))));
}

TEST_F(TransportProxyTest, GoesPastItForHostsOfNoProxyAndWhereItIsTold) {
  ::setenv("NO_PROXY", "example.org,127.0.0.1", 1);
  ASSERT_OK(transport_->Send({.url = server_.url() + "/"}));
  ::unsetenv("NO_PROXY");
  ASSERT_OK(transport_->Send({.url = server_.url() + "/", .direct = true, .deadlines = kPatient}));
  ASSERT_OK_AND_ASSIGN(const auto without, MakeCurlTransport({.proxy_from_environment = false}));
  ASSERT_OK(without->Send({.url = server_.url() + "/"}));
  EXPECT_EQ(proxy_.asked().size(), 0u);
}

TEST_F(TransportProxyTest, TellsThatTheProxyRefuses) {
  const auto status = transport_->Send({.url = "https://bucket.example:1/"}).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("502"));
  EXPECT_TRUE(NeverSent(status));
  ::setenv("http_proxy", "http://no.such.proxy.invalid:1", 1);
  EXPECT_THAT(InfoOf(transport_->Send({.url = "http://bucket.example/"}).status()).hint, HasSubstr("HTTP_PROXY"));
}

}  // namespace
}  // namespace glaux::http
