#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace glaux::testing {

/// A server of somebody else that tests run against, started by a script of the folder `peers` in the shared test data
/// (GLAUX_SHARED, else ../shared beside the sources). It ends with this object.
class Peer {
 public:
  /// Start `command` with its arguments and `--data FOLDER`; it prints "pid=…" and "url=…". `needs` is a command that
  /// succeeds where the peer can be had without installing it first.
  Peer(std::string script, std::vector<std::string> arguments, std::string interpreter, std::string needs);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// "" if the server is there, else why not.
  const std::string& why_not() const { return why_not_; }
  const std::string& url() const { return url_; }
  /// The Python that has the packages of scripts/requirements-peers.txt: GLAUX_PEERS_PYTHON, else .deps/peers beside
  /// the sources, else python3.
  static std::string Python();

 private:
  std::string folder_;
  std::string pid_;
  std::string url_;
  std::string why_not_;
};

}  // namespace glaux::testing
