#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "glaux/base/status.h"
#include "glaux/serve/wire.h"

namespace glaux::serve {

/// What is known of an exchange when it is over, for the access log.
struct Exchange {
  std::string peer;
  std::string method;
  std::string path;
  std::string query;
  /// What a service with one path for all asks for: "AmazonAthena.StartQueryExecution". Empty: the path says it.
  std::string operation = {};
  std::string request_id;
  int status = 0;
  int64_t bytes_received = 0;  ///< of the body
  int64_t bytes_sent = 0;      ///< of the body
  std::chrono::microseconds time{0};
};

struct ServerOptions {
  /// Address to listen at: "127.0.0.1", "::1", "0.0.0.0" or a name.
  std::string host = "127.0.0.1";
  /// 0: any that is free; Server::port tells.
  uint16_t port = 0;
  /// PEM files of the certificate chain and its key. Empty: no TLS.
  std::string tls_certificate = {};
  std::string tls_key = {};
  /// Each has a thread while it is open. One more closes the connection that has been idle for longest, or waits.
  int max_connections = 1024;
  /// Of all lines before the body; more is answered with 431.
  size_t max_header_bytes = 32 << 10;
  /// Of path and query; more is answered with 414.
  size_t max_target_bytes = 16 << 10;
  /// From the first byte of a request to the end of its head.
  std::chrono::milliseconds header_timeout{20'000};
  /// Without a byte of a body, in either direction.
  std::chrono::milliseconds stall_timeout{60'000};
  /// Between two requests of a connection.
  std::chrono::milliseconds idle_timeout{120'000};
  /// Called on the connection's thread after each exchange.
  std::function<void(const Exchange&)> on_exchange = {};
};

/// An HTTP/1.1 server: keep-alive, bodies streamed in both directions, one blocking thread per connection from a
/// bounded pool. Bytes that are no HTTP get an answer of 4xx and the connection ends; nothing else does.
class Server {
 public:
  /// Listen and serve from now on. kUnavailable if the address is taken, kInvalid for files of TLS that cannot be used.
  static Result<std::unique_ptr<Server>> Start(ServerOptions options, std::shared_ptr<Wire> wire);
  /// Stops at once.
  virtual ~Server() = default;

  virtual uint16_t port() const = 0;
  /// "http://127.0.0.1:9000".
  virtual std::string url() const = 0;
  /// Take no more connections and requests, wait until those under way are answered, but not longer than `drain`, and
  /// end. \return how many requests were cut off
  virtual int Stop(std::chrono::milliseconds drain) = 0;
};

}  // namespace glaux::serve
