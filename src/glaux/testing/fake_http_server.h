#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace glaux::testing {

struct PlayedRequest {
  std::string method;
  std::string target;                          ///< path and query as they came
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  int connection = 0;  ///< which one it came over, from 0
};

/// What a server does with one request, in this order.
struct PlayedAnswer {
  std::chrono::milliseconds wait{0};  ///< before the first byte
  /// The answer as it goes over the wire. Empty: none, the connection is closed.
  std::string bytes = {};
  /// Pause behind every `slice` bytes; 0: none.
  size_t slice = 0;
  std::chrono::milliseconds pause{0};
  enum class End {
    kKeepOpen,
    kClose,
    kReset,    ///< with a TCP reset
    kSilence,  ///< nothing more comes, and the connection stays
    kDrain,    ///< no more answers come, and what the client still sends is read and thrown away
  } end = End::kKeepOpen;
};

/// "HTTP/1.1 200 OK", Content-Length and the body.
PlayedAnswer Answer(int status, const std::string& body = {}, const std::string& headers = {});

/// A server on loopback that plays what a test wants and keeps what it was asked. One thread a connection; ends with
/// this object.
class FakeHttpServer {
 public:
  /// kLeave: answers come when the head of the request is there, as from a server that refuses a body.
  enum class Bodies { kRead, kLeave };

  /// \param play the answer to the n-th request, from 0; called by one thread at a time
  explicit FakeHttpServer(std::function<PlayedAnswer(int n, const PlayedRequest&)> play, Bodies bodies = Bodies::kRead);
  ~FakeHttpServer();

  int port() const;
  /// "http://127.0.0.1:<port>"
  std::string url() const;
  std::vector<PlayedRequest> requests() const;
  int connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glaux::testing
