#include "glaux/testing/fake_proxy.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>

#include "glaux/testing/loopback_internal.h"

namespace glaux::testing {

struct FakeProxy::State {
  void Serve(int socket) {
    std::string head;
    std::array<char, 4096> bytes;
    while (head.find("\r\n\r\n") == std::string::npos) {
      if (!listener->Ready(socket)) return;
      const ssize_t count = ::recv(socket, bytes.data(), bytes.size(), 0);
      if (count <= 0) return;
      head.append(bytes.data(), static_cast<size_t>(count));
    }
    const std::string line = head.substr(0, head.find("\r\n"));
    {
      std::lock_guard lock(mutex);
      asked.push_back(line);
    }
    const size_t target = line.find(' ') + 1;
    const bool tunnel = line.starts_with("CONNECT ");
    const size_t host = tunnel ? target : line.find("://", target) + 3;
    const size_t port = line.find(':', host) + 1;
    const int server = ConnectLoopback(std::atoi(line.c_str() + port));
    if (server < 0) {
      SendAll(socket, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    if (tunnel) {
      SendAll(socket, "HTTP/1.1 200 Connection established\r\n\r\n");
    } else {
      const size_t path = line.find('/', host);
      SendAll(server, head.substr(0, target) + head.substr(path));
    }
    listener->Tunnel(socket, server);
    ::close(server);
  }

  mutable std::mutex mutex;
  std::vector<std::string> asked;
  std::unique_ptr<LoopbackListener> listener;
};

FakeProxy::FakeProxy() : state_(std::make_unique<State>()) {
  state_->listener = std::make_unique<LoopbackListener>([this](int socket, int) { state_->Serve(socket); });
}
FakeProxy::~FakeProxy() { state_->listener->Stop(); }

std::string FakeProxy::url() const { return "http://127.0.0.1:" + std::to_string(state_->listener->port()); }

std::vector<std::string> FakeProxy::asked() const {
  std::lock_guard lock(state_->mutex);
  return state_->asked;
}

}  // namespace glaux::testing
