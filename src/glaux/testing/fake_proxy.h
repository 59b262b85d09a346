#pragma once

#include <memory>
#include <string>
#include <vector>

namespace glaux::testing {

/// An HTTP proxy on loopback: tunnels CONNECT, passes on requests for absolute URLs. Whatever host is asked for, it
/// goes to the port of that name on 127.0.0.1, so that tests can use names that nobody resolves.
class FakeProxy {
 public:
  FakeProxy();
  ~FakeProxy();

  /// "http://127.0.0.1:<port>"
  std::string url() const;
  /// First lines of what it was asked: "CONNECT host:443 HTTP/1.1".
  std::vector<std::string> asked() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glaux::testing
