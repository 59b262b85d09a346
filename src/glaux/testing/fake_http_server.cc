#include "glaux/testing/fake_http_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <mutex>
#include <thread>

namespace glaux::testing {

PlayedAnswer Answer(int status, const std::string& body, const std::string& headers) {
  return {.bytes = "HTTP/1.1 " + std::to_string(status) + " Word\r\nContent-Length: " + std::to_string(body.size()) +
                   "\r\n" + headers + "\r\n" + body};
}

struct FakeHttpServer::State {
  std::function<PlayedAnswer(int, const PlayedRequest&)> play;
  int listener = -1;
  int port = 0;
  std::atomic<bool> stop{false};
  mutable std::mutex mutex;
  std::vector<PlayedRequest> requests;
  int connections = 0;
  std::vector<std::thread> threads;
  std::thread acceptor;

  bool Ready(int socket) const {
    while (!stop) {
      pollfd waiting{socket, POLLIN, 0};
      if (::poll(&waiting, 1, 20) > 0) return true;
    }
    return false;
  }

  void Sleep(std::chrono::milliseconds duration) const {
    const auto end = std::chrono::steady_clock::now() + duration;
    while (!stop && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }

  /// Read until `buffer` holds `size` bytes. False: the other side is gone.
  bool Fill(int socket, std::string* buffer, size_t size) const {
    char bytes[65536];
    while (buffer->size() < size) {
      if (!Ready(socket)) return false;
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
    const size_t size = length == request->headers.end() ? 0 : std::stoul(length->second);
    if (!Fill(socket, buffer, size)) return false;
    request->body = buffer->substr(0, size);
    buffer->erase(0, size);
    return true;
  }

  void Write(int socket, std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
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
      for (size_t at = 0; at < answer.bytes.size() && !stop; at += slice) {
        if (at > 0) Sleep(answer.pause);
        Write(socket, std::string_view(answer.bytes).substr(at, slice));
      }
      using End = PlayedAnswer::End;
      if (answer.end == End::kSilence) Sleep(std::chrono::minutes(1));
      if (answer.end == End::kReset) {
        const linger now{1, 0};
        ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
      }
      if (answer.end != End::kKeepOpen || answer.bytes.empty()) break;
      request = {};
    }
    ::close(socket);
  }

  void Accept() {
    while (Ready(listener)) {
      const int socket = ::accept(listener, nullptr, nullptr);
      if (socket < 0) continue;
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      std::lock_guard lock(mutex);
      threads.emplace_back([this, socket, number = connections++] { Serve(socket, number); });
    }
  }
};

FakeHttpServer::FakeHttpServer(std::function<PlayedAnswer(int, const PlayedRequest&)> play)
    : state_(std::make_unique<State>()) {
  state_->play = std::move(play);
  state_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ::bind(state_->listener, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(state_->listener, 128);
  ::getsockname(state_->listener, reinterpret_cast<sockaddr*>(&address), &size);
  state_->port = ntohs(address.sin_port);
  state_->acceptor = std::thread([this] { state_->Accept(); });
}

FakeHttpServer::~FakeHttpServer() {
  state_->stop = true;
  state_->acceptor.join();
  for (auto& thread : state_->threads) thread.join();
  ::close(state_->listener);
}

int FakeHttpServer::port() const { return state_->port; }
std::string FakeHttpServer::url() const { return "http://127.0.0.1:" + std::to_string(state_->port); }

std::vector<PlayedRequest> FakeHttpServer::requests() const {
  std::lock_guard lock(state_->mutex);
  return state_->requests;
}

int FakeHttpServer::connections() const {
  std::lock_guard lock(state_->mutex);
  return state_->connections;
}

}  // namespace glaux::testing
