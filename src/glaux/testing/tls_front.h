#pragma once

#include <memory>
#include <string>

namespace glaux::testing {

/// Speaks TLS to its clients and plain TCP to a server on loopback. The certificate signs itself, is made with this
/// object, and is for 127.0.0.1 and localhost.
class TlsFront {
 public:
  explicit TlsFront(int server_port);
  ~TlsFront();

  int port() const;
  /// "https://127.0.0.1:<port>"
  std::string url() const;
  /// For a client that shall trust it.
  std::string certificate_pem() const;
  /// Full TLS handshakes and those that resumed a session.
  int handshakes() const;
  int resumed() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glaux::testing
