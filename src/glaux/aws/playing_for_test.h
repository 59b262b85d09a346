#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/http/transport.h"

namespace glaux::aws::testing {

/// A clock that stands still, but for sleeping.
class StandingClock final : public Clock {
 public:
  explicit StandingClock(Timestamp now) : now_(now) {}
  Timestamp Now() override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  void SleepFor(std::chrono::microseconds duration) override { Advance(duration); }
  void Advance(std::chrono::microseconds duration) {
    const std::lock_guard lock(mutex_);
    now_ += duration;
  }

 private:
  std::mutex mutex_;
  Timestamp now_;
};

inline Timestamp Time(std::string_view text) { return ParseTimestamp(text).ValueOrDie(); }

/// What was sent.
struct Sent {
  std::string method;
  std::string url;
  http::Headers headers;
  std::string body;
};

/// Plays an answer for each request, and remembers the requests.
class PlayingTransport final : public http::Transport {
 public:
  using Player = std::function<Result<http::Response>(const Sent&)>;
  explicit PlayingTransport(Player player) : player_(std::move(player)) {}

  Result<http::Response> Send(const http::Request& request) override {
    Sent one{.method = request.method, .url = request.url, .headers = request.headers, .body = {}};
    one.body.assign(reinterpret_cast<const char*>(request.body.data()), request.body.size());
    const std::lock_guard lock(mutex_);
    sent.push_back(one);
    return player_(one);
  }

  std::vector<Sent> sent;

 private:
  std::mutex mutex_;
  const Player player_;
};

inline http::Response Answer(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

/// Nobody may be asked.
inline std::shared_ptr<PlayingTransport> NoTransport() {
  return std::make_shared<PlayingTransport>(
      [](const Sent& sent) { return MakeError(ErrorKind::kUnavailable, "nothing listens at ", sent.url); });
}

}  // namespace glaux::aws::testing
