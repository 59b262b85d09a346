#include "glaux/testing/fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <list>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>

namespace glaux::testing {
namespace {

constexpr int kFaults = static_cast<int>(Fault::kDuplicate) + 1;

std::string HeaderOf(std::string_view head, std::string_view name) {
  size_t at = head.find("\r\n");
  while (at != head.npos && at + 2 < head.size()) {
    const size_t begin = at + 2;
    at = head.find("\r\n", begin);
    const auto line = head.substr(begin, at - begin);
    const size_t colon = line.find(':');
    if (colon != name.size() || ::strncasecmp(line.data(), name.data(), colon) != 0) continue;
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return std::string(value);
  }
  return {};
}

std::string WithoutHeader(std::string_view head, std::string_view name) {
  std::string out;
  size_t begin = 0;
  while (begin < head.size()) {
    const size_t end = std::min(head.find("\r\n", begin), head.size() - 2) + 2;
    const auto line = head.substr(begin, end - begin);
    const bool drop = line.size() > name.size() && line[name.size()] == ':' &&
                      ::strncasecmp(line.data(), name.data(), name.size()) == 0;
    if (!drop) out += line;
    begin = end;
  }
  return out;
}

/// One end of a connection, with what was read past the last message.
class Stream {
 public:
  explicit Stream(int fd) : fd_(fd) {}
  ~Stream() { Close(); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  int fd() const { return fd_; }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  // Close so that the other side sees a reset and not an end.
  void Reset() {
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    Close();
  }

  bool Write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // Up to and with `mark`; unset at the end of the stream.
  std::optional<std::string> ReadUntil(std::string_view mark) {
    size_t from = 0;
    for (;;) {
      const size_t at = pending_.find(mark, from);
      if (at != pending_.npos) return Take(at + mark.size());
      from = pending_.size() < mark.size() ? 0 : pending_.size() - mark.size();
      if (!Fill()) return std::nullopt;
    }
  }
  std::optional<std::string> ReadExactly(size_t size) {
    while (pending_.size() < size) {
      if (!Fill()) return std::nullopt;
    }
    return Take(size);
  }
  std::string ReadToEnd() {
    while (Fill()) {
    }
    return Take(pending_.size());
  }

 private:
  std::string Take(size_t size) {
    std::string taken = pending_.substr(0, size);
    pending_.erase(0, size);
    return taken;
  }
  bool Fill() {
    std::array<char, 64 << 10> bytes;
    const auto got = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    pending_.append(bytes.data(), static_cast<size_t>(got));
    return true;
  }

  int fd_;
  std::string pending_;
};

struct Answer {
  std::string head;
  std::string body;  ///< as on the wire, chunks and all
  bool closes = false;
};

std::optional<Answer> ReadAnswer(Stream& from, std::string_view method) {
  Answer answer;
  for (;;) {
    auto head = from.ReadUntil("\r\n\r\n");
    if (!head) return std::nullopt;
    answer.head = *std::move(head);
    if (!answer.head.starts_with("HTTP/1.1 1")) break;
  }
  const int status = std::atoi(answer.head.c_str() + 9);
  if (method == "HEAD" || status == 204 || status == 304) return answer;
  if (HeaderOf(answer.head, "transfer-encoding") == "chunked") {
    for (;;) {
      const auto line = from.ReadUntil("\r\n");
      if (!line) return std::nullopt;
      const size_t size = std::strtoull(line->c_str(), nullptr, 16);
      const auto chunk = from.ReadExactly(size + 2);
      if (!chunk) return std::nullopt;
      answer.body += *line + *chunk;
      if (size == 0) return answer;
    }
  }
  if (const auto length = HeaderOf(answer.head, "content-length"); !length.empty()) {
    auto body = from.ReadExactly(std::strtoull(length.c_str(), nullptr, 10));
    if (!body) return std::nullopt;
    answer.body = *std::move(body);
  } else {
    answer.body = from.ReadToEnd();
    answer.closes = true;
  }
  return answer;
}

std::optional<ProxiedRequest> ReadRequest(Stream& from) {
  auto head = from.ReadUntil("\r\n\r\n");
  if (!head) return std::nullopt;
  ProxiedRequest request;
  const size_t method = head->find(' ');
  const size_t target = head->find(' ', method + 1);
  if (method == head->npos || target == head->npos) return std::nullopt;
  request.method = head->substr(0, method);
  request.target = head->substr(method + 1, target - method - 1);
  request.head = *std::move(head);
  if (!request.Header("expect").empty()) {
    if (!from.Write("HTTP/1.1 100 Continue\r\n\r\n")) return std::nullopt;
    request.head = WithoutHeader(request.head, "expect");
  }
  auto body = from.ReadExactly(std::strtoull(request.Header("content-length").c_str(), nullptr, 10));
  if (!body) return std::nullopt;
  request.body = *std::move(body);
  return request;
}

std::string ErrorAnswer(Fault fault, std::string_view method) {
  const std::string_view line = fault == Fault::kStatus500   ? "500 Internal Server Error"
                                : fault == Fault::kStatus503 ? "503 Slow Down"
                                                             : "429 Too Many Requests";
  const std::string_view code = fault == Fault::kStatus500   ? "InternalError"
                                : fault == Fault::kStatus503 ? "SlowDown"
                                                             : "TooManyRequests";
  std::string body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + std::string(code) +
                     "</Code><Message>from the proxy</Message><RequestId>proxy</RequestId></Error>";
  std::string head = "HTTP/1.1 " + std::string(line) +
                     "\r\nContent-Type: application/xml\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return method == "HEAD" ? head : head + body;
}

class Proxy final : public FaultProxy {
 public:
  explicit Proxy(FaultProxyOptions options) : options_(std::move(options)), random_(options_.seed) {}

  ~Proxy() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    stopped_.notify_all();
    ::shutdown(listener_, SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    for (auto& thread : threads_) thread.join();
    if (listener_ >= 0) ::close(listener_);
  }

  Status Listen() {
    constexpr std::string_view kScheme = "http://";
    const size_t colon = options_.upstream.rfind(':');
    if (!options_.upstream.starts_with(kScheme) || colon < kScheme.size()) {
      return MakeError(ErrorKind::kInvalid, "the proxy's upstream is http://address:port, not ", options_.upstream);
    }
    upstream_.sin_family = AF_INET;
    upstream_.sin_port = htons(static_cast<uint16_t>(std::atoi(options_.upstream.c_str() + colon + 1)));
    const std::string host = options_.upstream.substr(kScheme.size(), colon - kScheme.size());
    if (::inet_pton(AF_INET, host.c_str(), &upstream_.sin_addr) != 1) {
      return MakeError(ErrorKind::kInvalid, "the proxy's upstream needs an IPv4 address, not ", host);
    }
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 128) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      return ErrnoError(errno, "listen on 127.0.0.1");
    }
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    acceptor_ = std::thread([this] { Accept(); });
    return Status::OK();
  }

  std::string url() const override { return url_; }
  int64_t requests() const override { return requests_; }
  int64_t count(Fault fault) const override { return counts_[static_cast<size_t>(fault)]; }
  void Heal() override { healed_ = true; }

 private:
  void Accept() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      std::lock_guard lock(mutex_);
      if (stopping_ || fd < 0) {
        if (fd >= 0) ::close(fd);
        return;
      }
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      open_.insert(fd);
      threads_.emplace_back([this, fd] { Serve(fd); });
    }
  }

  void Serve(int fd) {
    Stream client(fd);
    std::unique_ptr<Stream> server;
    while (auto request = ReadRequest(client)) {
      ++requests_;
      const Fault fault = Choose(*request);
      ++counts_[static_cast<size_t>(fault)];
      if (!Exchange(client, server, *std::move(request), fault)) break;
    }
    // Out of the set before the number can be another connection's.
    if (client.fd() >= 0) Forget(fd);
    if (server != nullptr) Forget(server->fd());
  }

  Fault Choose(const ProxiedRequest& request) {
    if (healed_) return Fault::kNone;
    std::lock_guard lock(mutex_);
    if (std::uniform_real_distribution<>(0, 1)(random_) >= options_.rate) return Fault::kNone;
    const Fault fault = options_.faults[random_() % options_.faults.size()];
    if (options_.allow && !options_.allow(request, fault)) return Fault::kNone;
    if (fault == Fault::kFlipRequest && request.body.empty()) return Fault::kNone;
    return fault;
  }

  uint64_t Random() {
    std::lock_guard lock(mutex_);
    return random_();
  }

  // \return false: the connection is over
  bool Exchange(Stream& client, std::unique_ptr<Stream>& server, ProxiedRequest request, Fault fault) {
    switch (fault) {
      case Fault::kResetBefore:
        return Hang(client);
      case Fault::kStatus500:
      case Fault::kStatus503:
      case Fault::kStatus429:
        return client.Write(ErrorAnswer(fault, request.method));
      case Fault::kFlipRequest:
        Flip(&request.body);
        break;
      default:
        break;
    }
    auto answer = Ask(server, request);
    if (fault == Fault::kDuplicate && answer) static_cast<void>(Ask(server, request));
    if (!answer || fault == Fault::kLoseAnswer) return Hang(client);
    if (fault == Fault::kStall && !Wait()) return false;
    if (fault == Fault::kFlipAnswer) Flip(&answer->body);
    if (fault == Fault::kCutAnswer && !answer->body.empty()) {
      client.Write(answer->head + answer->body.substr(0, Random() % answer->body.size()));
      return Hang(client);
    }
    return client.Write(answer->head + answer->body) && !answer->closes;
  }

  bool Hang(Stream& client) {
    Forget(client.fd());
    client.Reset();
    return false;
  }

  void Flip(std::string* body) {
    if (body->empty()) return;
    const uint64_t random = Random();
    (*body)[random % body->size()] ^= static_cast<char>(1 << (random >> 40) % 8);
  }

  // One exchange with the server; a connection that it has closed meanwhile is replaced.
  std::optional<Answer> Ask(std::unique_ptr<Stream>& server, const ProxiedRequest& request) {
    for (const bool fresh : {server == nullptr, true}) {
      if (fresh && !Connect(server)) return std::nullopt;
      if (server->Write(request.head + request.body)) {
        auto answer = ReadAnswer(*server, request.method);
        if (answer) {
          if (answer->closes || HeaderOf(answer->head, "connection") == "close") Drop(server);
          return answer;
        }
      }
      Drop(server);
      // Whether the server has seen it is not known on a connection that was new.
      if (fresh) return std::nullopt;
    }
    return std::nullopt;
  }

  bool Connect(std::unique_ptr<Stream>& server) {
    Drop(server);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    server = std::make_unique<Stream>(fd);
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return false;
      open_.insert(fd);
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&upstream_), sizeof upstream_) == 0;
  }

  void Drop(std::unique_ptr<Stream>& server) {
    if (server == nullptr) return;
    Forget(server->fd());
    server.reset();
  }

  void Forget(int fd) {
    std::lock_guard lock(mutex_);
    open_.erase(fd);
  }

  // \return false: the proxy ends
  bool Wait() {
    std::unique_lock lock(mutex_);
    return !stopped_.wait_for(lock, options_.stall, [&] { return stopping_; });
  }

  const FaultProxyOptions options_;
  std::string url_;
  sockaddr_in upstream_{};
  int listener_ = -1;
  std::thread acceptor_;
  std::list<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::set<int> open_;
  std::mt19937_64 random_;
  std::atomic<bool> healed_{false};
  std::atomic<int64_t> requests_{0};
  std::array<std::atomic<int64_t>, kFaults> counts_{};
};

}  // namespace

std::string_view FaultName(Fault fault) {
  constexpr std::array<std::string_view, kFaults> kNames = {"none",        "reset before", "lose answer", "cut answer",
                                                            "stall",       "status 500",   "status 503",  "status 429",
                                                            "flip answer", "flip request", "duplicate"};
  return kNames[static_cast<size_t>(fault)];
}

std::string ProxiedRequest::Header(std::string_view name) const { return HeaderOf(head, name); }

Result<std::unique_ptr<FaultProxy>> FaultProxy::Start(FaultProxyOptions options) {
  auto proxy = std::make_unique<Proxy>(std::move(options));
  ARROW_RETURN_NOT_OK(proxy->Listen());
  return proxy;
}

}  // namespace glaux::testing
