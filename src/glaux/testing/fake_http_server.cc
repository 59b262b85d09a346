#include "glaux/testing/fake_http_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <mutex>
#include <thread>

#include "glaux/testing/loopback_internal.h"

namespace glaux::testing {

PlayedAnswer Answer(int status, const std::string& body, const std::string& headers) {
  return {.bytes = "HTTP/1.1 " + std::to_string(status) + " Word\r\nContent-Length: " + std::to_string(body.size()) +
                   "\r\n" + headers + "\r\n" + body};
}

struct FakeHttpServer::State {
  std::function<PlayedAnswer(int, const PlayedRequest&)> play;
  Bodies bodies = Bodies::kRead;
  mutable std::mutex mutex;
  std::vector<PlayedRequest> requests;
  std::unique_ptr<LoopbackListener> listener;

  void Sleep(std::chrono::milliseconds duration) const {
    const auto end = std::chrono::steady_clock::now() + duration;
    while (!listener->stopped() && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }

  /// Read until `buffer` holds `size` bytes. False: the other side is gone.
  bool Fill(int socket, std::string* buffer, size_t size) const {
    char bytes[65536];
    while (buffer->size() < size) {
      if (!listener->Ready(socket)) return false;
      const ssize_t count = ::recv(socket, bytes, sizeof(bytes), 0);
      if (count <= 0) return false;
      buffer->append(bytes, static_cast<size_t>(count));
    }
    return true;
  }

  bool ReadRequest(int socket, std::string* buffer, PlayedRequest* request) const {
    size_t end = 0;
    while ((end = buffer->find("\r\n\r\n")) == std::string::npos) {
      if (!Fill(socket, buffer, buffer->size() + 1)) return false;
    }
    const std::string head = buffer->substr(0, end + 2);
    buffer->erase(0, end + 4);
    const size_t first = head.find(' ');
    const size_t second = head.find(' ', first + 1);
    request->method = head.substr(0, first);
    request->target = head.substr(first + 1, second - first - 1);
    for (size_t at = head.find("\r\n") + 2; at < head.size();) {
      const size_t line_end = head.find("\r\n", at);
      const size_t colon = head.find(':', at);
      std::string name = head.substr(at, colon - at);
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      const size_t value = head.find_first_not_of(' ', colon + 1);
      request->headers[name] = head.substr(value, line_end - value);
      at = line_end + 2;
    }
    const auto length = request->headers.find("content-length");
    const size_t size = length == request->headers.end() || bodies == Bodies::kLeave ? 0 : std::stoul(length->second);
    if (!Fill(socket, buffer, size)) return false;
    request->body = buffer->substr(0, size);
    buffer->erase(0, size);
    return true;
  }

  void Serve(int socket, int connection) {
    std::string buffer;
    PlayedRequest request;
    while (ReadRequest(socket, &buffer, &request)) {
      request.connection = connection;
      PlayedAnswer answer;
      {
        std::lock_guard lock(mutex);
        requests.push_back(request);
        answer = play(static_cast<int>(requests.size()) - 1, request);
      }
      Sleep(answer.wait);
      const size_t slice = answer.slice > 0 ? answer.slice : answer.bytes.size();
      for (size_t at = 0; at < answer.bytes.size(); at += slice) {
        if (at > 0) Sleep(answer.pause);
        if (listener->stopped() || !SendAll(socket, std::string_view(answer.bytes).substr(at, slice))) return;
      }
      using End = PlayedAnswer::End;
      if (answer.end == End::kSilence) Sleep(std::chrono::minutes(1));
      if (answer.end == End::kDrain) {
        ::shutdown(socket, SHUT_WR);
        for (std::string ignored; Fill(socket, &ignored, 1); ignored.clear()) {
        }
      }
      if (answer.end == End::kReset) {
        const linger now{1, 0};
        ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
      }
      if (answer.end != End::kKeepOpen || answer.bytes.empty()) break;
      request = {};
    }
  }
};

FakeHttpServer::FakeHttpServer(std::function<PlayedAnswer(int, const PlayedRequest&)> play, Bodies bodies)
    : state_(std::make_unique<State>()) {
  state_->play = std::move(play);
  state_->bodies = bodies;
  state_->listener =
      std::make_unique<LoopbackListener>([this](int socket, int number) { state_->Serve(socket, number); });
}

FakeHttpServer::~FakeHttpServer() { state_->listener->Stop(); }

int FakeHttpServer::port() const { return state_->listener->port(); }
std::string FakeHttpServer::url() const { return "http://127.0.0.1:" + std::to_string(port()); }

std::vector<PlayedRequest> FakeHttpServer::requests() const {
  std::lock_guard lock(state_->mutex);
  return state_->requests;
}

int FakeHttpServer::connections() const { return state_->listener->connections(); }

}  // namespace glaux::testing
