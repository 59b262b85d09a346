#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "glaux/serve/server.h"
#include "glaux/serve/stream_internal.h"

namespace glaux::serve {

/// What a server's connections share. Thread-safe.
struct ConnectionShared {
  ServerOptions options;
  std::shared_ptr<Wire> wire;
  /// Answer what is under way, then end.
  std::atomic<bool> draining{false};
};

/// Told by a connection of itself.
class ConnectionListener {
 public:
  virtual ~ConnectionListener() = default;
  /// The first byte of a request is there. \return false: too late, the connection is to end
  virtual bool OnBusy() = 0;
  /// It waits for the next request.
  virtual void OnIdle() = 0;
};

/// Serve a connection until it ends: request after request.
void ServeConnection(ConnectionShared& shared, Stream& stream, const std::string& peer, ConnectionListener& listener);

}  // namespace glaux::serve
