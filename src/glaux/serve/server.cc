#include "glaux/serve/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <deque>
#include <list>
#include <mutex>
#include <thread>

#include "glaux/serve/connection_internal.h"

namespace glaux::serve {
namespace {

using std::chrono::steady_clock;

std::string AddressText(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return fmt::format("{}:{}", text, ntohs(v4.sin_port));
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  return fmt::format("[{}]:{}", text, ntohs(v6.sin6_port));
}

uint16_t PortOf(const sockaddr_storage& address) {
  return ntohs(address.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in&>(address).sin_port
                                            : reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  const int fd_;
};

class ThreadServer final : public Server {
 public:
  explicit ThreadServer(ServerOptions options, std::shared_ptr<Wire> wire) {
    shared_.options = std::move(options);
    shared_.wire = std::move(wire);
  }

  ~ThreadServer() override { Stop(std::chrono::milliseconds(0)); }

  Status Listen() {
    const auto& options = shared_.options;
    if (!options.tls_certificate.empty()) {
      ARROW_ASSIGN_OR_RAISE(tls_, MakeTlsContext(options.tls_certificate, options.tls_key));
    }
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    const std::string where = fmt::format("{}:{}", options.host, options.port);
    if (const int error = ::getaddrinfo(options.host.c_str(), std::to_string(options.port).c_str(), &hints, &found);
        error != 0) {
      return MakeError(ErrorKind::kInvalid, "listen at ", where, ": ", ::gai_strerror(error));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, ::freeaddrinfo);
    auto socket = std::make_unique<Socket>(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    ::setsockopt(socket->get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (socket->get() < 0 || ::bind(socket->get(), found->ai_addr, found->ai_addrlen) != 0 ||
        ::listen(socket->get(), SOMAXCONN) != 0) {
      const int error = errno;
      const Status status = ErrnoError(error, "listen at " + where);
      return error == EADDRINUSE ? MakeError({.kind = ErrorKind::kUnavailable,
                                              .hint = "choose another port, or 0 for any that is free"},
                                             status.message())
                                 : status;
    }
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(socket->get(), reinterpret_cast<sockaddr*>(&bound), &size);
    port_ = PortOf(bound);
    if (::pipe2(wake_, O_CLOEXEC) != 0) return ErrnoError(errno, "make a pipe for the server");
    listener_ = std::move(socket);
    acceptor_ = std::thread([this] { Accept(); });
    return Status::OK();
  }

  uint16_t port() const override { return port_; }
  std::string url() const override {
    const auto& host = shared_.options.host;
    return fmt::format("{}://{}:{}", tls_ ? "https" : "http", host.find(':') == host.npos ? host : "[" + host + "]",
                       port_);
  }

  int Stop(std::chrono::milliseconds drain) override {
    if (!acceptor_.joinable()) return 0;
    {
      const std::lock_guard lock(mutex_);
      shared_.draining = true;
      waiting_.clear();
      for (auto& connection : open_) {
        if (!connection.busy) ::shutdown(connection.socket.get(), SHUT_RD);
      }
    }
    const char byte = 'q';
    if (::write(wake_[1], &byte, 1) != 1) return 0;
    acceptor_.join();
    listener_.reset();
    int cut = 0;
    {
      std::unique_lock lock(mutex_);
      work_.notify_all();
      ended_.wait_for(lock, drain, [&] { return open_.empty(); });
      cut = static_cast<int>(open_.size());
      for (auto& connection : open_) ::shutdown(connection.socket.get(), SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    for (const int end : wake_) ::close(end);
    return cut;
  }

 private:
  struct Open {
    Open(int fd, std::string peer) : socket(fd), peer(std::move(peer)) {}
    Socket socket;
    std::string peer;
    bool busy = true;
    bool unwanted = false;
    steady_clock::time_point idle_since = {};
  };

  /// Tells the server whether a connection may be ended.
  class Listener final : public ConnectionListener {
   public:
    Listener(ThreadServer& server, Open& open) : server_(server), open_(open) {}
    bool OnBusy() override {
      const std::lock_guard lock(server_.mutex_);
      open_.busy = true;
      return !open_.unwanted;
    }
    void OnIdle() override {
      const std::lock_guard lock(server_.mutex_);
      open_.busy = false;
      open_.idle_since = steady_clock::now();
      // Whoever waits takes the place, unless a thread is on its way to him.
      if (server_.LacksThreads()) server_.Unwant(open_);
      if (server_.shared_.draining) ::shutdown(open_.socket.get(), SHUT_RD);
    }

   private:
    ThreadServer& server_;
    Open& open_;
  };

  void Accept() {
    for (;;) {
      pollfd wanted[2] = {{.fd = listener_->get(), .events = POLLIN, .revents = 0},
                          {.fd = wake_[0], .events = POLLIN, .revents = 0}};
      if (::poll(wanted, 2, -1) < 0 && errno != EINTR) return;
      if (wanted[1].revents != 0) return;
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      const int fd = ::accept4(listener_->get(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC);
      if (fd >= 0) {
        Take(fd, AddressText(address));
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        // Nothing is free now: let some connections end.
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
    }
  }

  void Take(int fd, std::string peer) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    SetTimeouts(fd, shared_.options.stall_timeout);
    const std::lock_guard lock(mutex_);
    waiting_.emplace_back(fd, std::move(peer));
    if (free_threads_ >= static_cast<int>(waiting_.size())) {
      work_.notify_one();
    } else if (static_cast<int>(threads_.size()) < shared_.options.max_connections) {
      threads_.emplace_back([this] { Work(); });
    } else {
      Open* oldest = nullptr;
      for (auto& open : open_) {
        if (!open.busy && !open.unwanted && (oldest == nullptr || open.idle_since < oldest->idle_since)) oldest = &open;
      }
      if (oldest != nullptr) Unwant(*oldest);
    }
  }

  /// Whether one waits for whom there will be no thread before another connection ends. With mutex_ held.
  bool LacksThreads() const {
    return static_cast<int>(threads_.size()) >= shared_.options.max_connections &&
           static_cast<int>(waiting_.size()) > free_threads_;
  }

  /// With mutex_ held.
  static void Unwant(Open& open) {
    open.unwanted = true;
    ::shutdown(open.socket.get(), SHUT_RD);
  }

  void Work() {
    // A client that went away is an error of a write, which is handled where it happens.
    sigset_t none;
    ::sigemptyset(&none);
    ::sigaddset(&none, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &none, nullptr);
    std::unique_lock lock(mutex_);
    for (;;) {
      ++free_threads_;
      work_.wait(lock, [&] { return !waiting_.empty() || shared_.draining; });
      --free_threads_;
      if (shared_.draining) return;
      open_.splice(open_.end(), waiting_, waiting_.begin());
      const auto open = std::prev(open_.end());
      lock.unlock();
      Serve(*open);
      lock.lock();
      open_.erase(open);
      if (open_.empty()) ended_.notify_all();
    }
  }

  void Serve(Open& open) {
    Listener listener(*this, open);
    std::unique_ptr<Stream> stream;
    if (tls_ != nullptr) {
      auto accepted = tls_->Accept(open.socket.get());
      if (!accepted.ok()) return;  // whoever speaks no TLS to us is told so by its own side
      stream = *std::move(accepted);
    } else {
      stream = MakePlainStream(open.socket.get());
    }
    listener.OnIdle();
    ServeConnection(shared_, *stream, open.peer, listener);
  }

  ConnectionShared shared_;
  std::shared_ptr<TlsContext> tls_;
  uint16_t port_ = 0;
  std::unique_ptr<Socket> listener_;
  int wake_[2] = {-1, -1};
  std::thread acceptor_;

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable ended_;
  std::list<Open> waiting_;  // accepted, without a thread
  std::list<Open> open_;
  std::list<std::thread> threads_;
  int free_threads_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(ServerOptions options, std::shared_ptr<Wire> wire) {
  auto server = std::make_unique<ThreadServer>(std::move(options), std::move(wire));
  ARROW_RETURN_NOT_OK(server->Listen());
  return server;
}

}  // namespace glaux::serve
