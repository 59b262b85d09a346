#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "glaux/testing/loopback_internal.h"

namespace glaux::testing {
namespace {

constexpr int kPollMilliseconds = 20;

sockaddr_in LoopbackAddress(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// OpenSSL writes to a socket that the client has closed without MSG_NOSIGNAL.
void BlockPipeSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void SendAtOnce(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

}  // namespace

LoopbackListener::LoopbackListener(std::function<void(int, int)> serve)
    : serve_(std::move(serve)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  auto address = LoopbackAddress(0);
  socklen_t size = sizeof(address);
  ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(listener_, 128);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

void LoopbackListener::Stop() {
  if (stopped_.exchange(true)) return;
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
}

void LoopbackListener::Accept() {
  while (Ready(listener_)) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    SendAtOnce(socket);
    threads_.emplace_back([this, socket, number = connections_++] {
      BlockPipeSignal();
      serve_(socket, number);
      ::close(socket);
    });
  }
}

bool LoopbackListener::Ready(int socket, int other, bool* other_is_ready) const {
  while (!stopped_) {
    std::array<pollfd, 2> waiting = {pollfd{socket, POLLIN, 0}, pollfd{other, POLLIN, 0}};
    if (::poll(waiting.data(), other < 0 ? 1 : 2, kPollMilliseconds) <= 0) continue;
    if (other_is_ready != nullptr) *other_is_ready = waiting[0].revents == 0;
    return true;
  }
  return false;
}

void LoopbackListener::Tunnel(int one, int other) const {
  std::array<char, 65536> bytes;
  bool from_other = false;
  while (Ready(one, other, &from_other)) {
    const ssize_t count = ::recv(from_other ? other : one, bytes.data(), bytes.size(), 0);
    if (count <= 0) return;
    if (!SendAll(from_other ? one : other, {bytes.data(), static_cast<size_t>(count)})) return;
  }
}

bool SendAll(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

int ConnectLoopback(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = LoopbackAddress(port);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    SendAtOnce(socket);
    return socket;
  }
  ::close(socket);
  return -1;
}

}  // namespace glaux::testing
