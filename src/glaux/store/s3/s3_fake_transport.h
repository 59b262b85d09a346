#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "glaux/http/transport.h"

namespace glaux::testing {

/// Plays answers in their order and keeps the requests. Thread-safe.
class FakeTransport final : public http::Transport {
 public:
  struct Answer {
    int status = 200;
    http::Headers headers = {};
    std::string body = {};
    /// Instead of an answer; after the first `cut` bytes of the body, where that is not negative.
    Status error = {};
    int cut = -1;
  };
  struct Seen {
    std::string method;
    std::string url;
    http::Headers headers;
    std::string body;
  };

  void Play(Answer answer) { answers_.push_back(std::move(answer)); }
  void Lose() { Play({.error = MakeError(ErrorKind::kUnavailable, "connection reset")}); }

  Result<http::Response> Send(const http::Request& request) override {
    std::lock_guard lock(mutex_);
    seen.push_back({request.method, request.url, request.headers,
                    std::string(reinterpret_cast<const char*>(request.body.data()), request.body.size())});
    if (answers_.empty())
      return MakeError(ErrorKind::kInvalid, "no answer is left for ", request.method, ' ', request.url);
    Answer answer = std::move(answers_.front());
    answers_.pop_front();
    if (!answer.error.ok() && answer.cut < 0) return answer.error;
    if (!answer.headers.Find("content-length")) {
      answer.headers.Add("Content-Length", std::to_string(answer.body.size()));
    }
    if (request.on_head) ARROW_RETURN_NOT_OK(request.on_head({answer.status, answer.headers}));
    if (answer.cut >= 0) answer.body.resize(static_cast<size_t>(answer.cut));
    http::Response response{.status = answer.status, .headers = answer.headers, .body = {}, .metrics = {}};
    if (request.on_data) {
      ARROW_RETURN_NOT_OK(request.on_data(std::as_bytes(std::span(answer.body))));
    } else {
      response.body = std::move(answer.body);
    }
    if (!answer.error.ok()) return answer.error;
    return response;
  }

  std::vector<Seen> seen;

 private:
  std::mutex mutex_;
  std::deque<Answer> answers_;
};

}  // namespace glaux::testing
