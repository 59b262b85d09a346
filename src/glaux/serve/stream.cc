#include <netinet/in.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "glaux/serve/stream_internal.h"

namespace glaux::serve {
namespace {

Status SocketError(const char* what) {
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    return MakeError(ErrorKind::kTimeout, what, ": not a byte within the time limit");
  }
  return MakeError(ErrorKind::kUnavailable, what, ": the connection broke");
}

class PlainStream final : public Stream {
 public:
  explicit PlainStream(int socket) : socket_(socket) {}

  Result<size_t> Read(std::span<std::byte> out) override {
    for (;;) {
      const auto got = ::recv(socket_, out.data(), out.size(), 0);
      if (got >= 0) return static_cast<size_t>(got);
      if (errno != EINTR) return SocketError("read from the client");
    }
  }

  Status Write(std::span<iovec> pieces, bool more) override {
    while (!pieces.empty()) {
      msghdr message{};
      message.msg_iov = pieces.data();
      message.msg_iovlen = pieces.size();
      const auto sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return SocketError("write to the client");
      for (auto left = static_cast<size_t>(sent); !pieces.empty();) {
        auto& piece = pieces.front();
        const auto taken = std::min(left, piece.iov_len);
        piece.iov_base = static_cast<char*>(piece.iov_base) + taken;
        piece.iov_len -= taken;
        left -= taken;
        if (piece.iov_len > 0) break;
        pieces = pieces.subspan(1);
      }
    }
    return Status::OK();
  }

  Status WriteFile(int descriptor, int64_t offset, int64_t length) override {
    off_t at = offset;
    const off_t end = offset + length;
    while (at < end) {
      const auto sent = ::sendfile(socket_, descriptor, &at, static_cast<size_t>(std::min<off_t>(end - at, 1 << 30)));
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return SocketError("write to the client");
      if (sent == 0) return MakeError(ErrorKind::kUnavailable, "send a file: it ends ", end - at, " bytes too early");
    }
    return Status::OK();
  }

  void EndWriting() override { ::shutdown(socket_, SHUT_WR); }

 private:
  const int socket_;
};

}  // namespace

std::unique_ptr<Stream> MakePlainStream(int socket) { return std::make_unique<PlainStream>(socket); }

void SetTimeouts(int socket, std::chrono::milliseconds timeout) {
  const timeval limit{.tv_sec = timeout.count() / 1000, .tv_usec = timeout.count() % 1000 * 1000};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

}  // namespace glaux::serve
