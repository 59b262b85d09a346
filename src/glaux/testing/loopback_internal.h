#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace glaux::testing {

/// Accepts connections on a free port of 127.0.0.1, one thread each; ends them with this object.
class LoopbackListener {
 public:
  /// \param serve one connection, whose number counts from 0; the socket is closed behind it
  explicit LoopbackListener(std::function<void(int socket, int number)> serve);
  ~LoopbackListener() { Stop(); }

  /// End all connections and wait for their threads, while whoever serves them is still whole.
  void Stop();
  int port() const { return port_; }
  int connections() const { return connections_; }
  bool stopped() const { return stopped_; }
  /// Wait until one of the sockets can be read. False: this object ends.
  bool Ready(int socket, int other = -1, bool* other_is_ready = nullptr) const;
  /// Carry bytes both ways until one side ends.
  void Tunnel(int one, int other) const;

 private:
  void Accept();

  const std::function<void(int, int)> serve_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopped_{false};
  std::atomic<int> connections_{0};
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// Send all of it. False: the other side is gone.
bool SendAll(int socket, std::string_view bytes);
/// -1: nobody listens.
int ConnectLoopback(int port);

}  // namespace glaux::testing
