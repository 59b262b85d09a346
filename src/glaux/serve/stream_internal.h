#pragma once

#include <sys/uio.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "glaux/base/status.h"

namespace glaux::serve {

/// The bytes of one connection. Every call blocks, at most as long as the time limit without a byte; then kTimeout.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Some bytes; 0 at the end.
  virtual Result<size_t> Read(std::span<std::byte> out) = 0;
  /// All bytes of these pieces. \param more is to follow at once: the kernel may wait for it
  virtual Status Write(std::span<iovec> pieces, bool more) = 0;
  virtual Status WriteFile(int descriptor, int64_t offset, int64_t length) = 0;
  /// Say that no more comes, and keep on reading.
  virtual void EndWriting() = 0;
};

/// The certificate that a server shows.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
  /// Take a connection in, with the handshake.
  virtual Result<std::unique_ptr<Stream>> Accept(int socket) = 0;
};

/// A stream over a socket that is not closed by it.
std::unique_ptr<Stream> MakePlainStream(int socket);
/// kInvalid for files that cannot be used, kNotFound.
Result<std::shared_ptr<TlsContext>> MakeTlsContext(const std::string& certificate_file, const std::string& key_file);

/// Let each blocking read and write of a socket end with EAGAIN after this long.
void SetTimeouts(int socket, std::chrono::milliseconds timeout);

}  // namespace glaux::serve
