#include <curl/curl.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <vector>

#include "glaux/http/curl_exchange_internal.h"

namespace glaux::http {
namespace {

/// What the handles have in common: names that were looked up, TLS sessions. Connections stay with their handle.
class SharedState {
 public:
  SharedState() : share_(curl_share_init()) {
    curl_share_setopt(
        share_, CURLSHOPT_LOCKFUNC, +[](CURL*, curl_lock_data data, curl_lock_access, void* self) {
          static_cast<SharedState*>(self)->locks_[data].lock();
        });
    curl_share_setopt(
        share_, CURLSHOPT_UNLOCKFUNC,
        +[](CURL*, curl_lock_data data, void* self) { static_cast<SharedState*>(self)->locks_[data].unlock(); });
    curl_share_setopt(share_, CURLSHOPT_USERDATA, this);
    curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
    curl_share_setopt(share_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  }
  ~SharedState() { curl_share_cleanup(share_); }
  SharedState(const SharedState&) = delete;
  SharedState& operator=(const SharedState&) = delete;

  CURLSH* get() const { return share_; }

 private:
  CURLSH* const share_;
  std::array<std::mutex, CURL_LOCK_DATA_LAST> locks_;
};

/// Keeps SIGPIPE from this thread: a TLS library may write to a connection that the other side has closed, and libcurl
/// leaves the signal alone where it must not touch signals (CURLOPT_NOSIGNAL).
class NoPipeSignal {
 public:
  NoPipeSignal() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoPipeSignal() {
    const timespec none{};
    while (!was_pending_ && ::sigtimedwait(&pipe_, nullptr, &none) == SIGPIPE) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_ = false;
};

class CurlTransport final : public Transport {
 public:
  CurlTransport(CurlTransportOptions options, std::shared_ptr<TrustedCertificates> trusted)
      : options_(std::move(options)), trusted_(std::move(trusted)) {}

  ~CurlTransport() override {
    const NoPipeSignal no_signal;
    idle_.clear();
  }

  Result<Response> Send(const Request& request) override {
    const NoPipeSignal no_signal;
    const std::string server = ServerOf(request.url);
    auto handle = Take(server);
    CurlExchange exchange(*handle, request);
    auto response = exchange.Run(options_, shared_.get(), trusted_.get());
    // A broken exchange may leave a connection that libcurl takes for whole.
    if (response.ok()) GiveBack(server, std::move(handle));
    return response;
  }

 private:
  static std::string ServerOf(const std::string& url) {
    const size_t host = url.find("://");
    return host == std::string::npos ? url : url.substr(0, url.find('/', host + 3));
  }

  std::unique_ptr<CurlHandle> Take(const std::string& server) {
    std::lock_guard lock(mutex_);
    auto& idle = idle_[server];
    if (idle.empty()) return std::make_unique<CurlHandle>();
    auto handle = std::move(idle.back());  // the one used last: its connection is the likeliest to be open
    idle.pop_back();
    --idle_count_;
    return handle;
  }

  void GiveBack(const std::string& server, std::unique_ptr<CurlHandle> handle) {
    std::unique_ptr<CurlHandle> dropped;  // closes its connection without the lock
    std::lock_guard lock(mutex_);
    idle_[server].push_back(std::move(handle));
    if (idle_count_ < options_.max_idle_connections) {
      ++idle_count_;
      return;
    }
    // The server with the most idle connections can spare its oldest one.
    const auto most = std::max_element(idle_.begin(), idle_.end(),
                                       [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
    dropped = std::move(most->second.front());
    most->second.erase(most->second.begin());
  }

  const CurlTransportOptions options_;
  const std::shared_ptr<TrustedCertificates> trusted_;
  SharedState shared_;
  std::mutex mutex_;
  std::map<std::string, std::vector<std::unique_ptr<CurlHandle>>> idle_;
  int idle_count_ = 0;
};

}  // namespace

Result<std::shared_ptr<Transport>> MakeCurlTransport(const CurlTransportOptions& options) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) {
    return MakeError(ErrorKind::kUnavailable, "start libcurl: ", curl_easy_strerror(initialised));
  }
  ARROW_ASSIGN_OR_RAISE(auto trusted, TrustedCertificates::Make(options.ca_file));
  return std::make_shared<CurlTransport>(options, std::move(trusted));
}

}  // namespace glaux::http
