#pragma once

#include <arrow/util/cancel.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glaux/base/status.h"

namespace glaux::http {

/// Header fields in the order of the wire; names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  /// Append a field; one of the same name stays.
  void Add(std::string name, std::string value);
  /// Replace all fields of this name by one.
  void Set(std::string_view name, std::string value);
  void Remove(std::string_view name);
  /// The first value, without white space around it; unset if there is none.
  std::optional<std::string_view> Find(std::string_view name) const;
  /// The first value or "".
  std::string Get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// A request body that is read piece by piece. Not thread-safe.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// Bytes in all; sent as Content-Length.
  virtual int64_t size() const = 0;
  /// Fill at most `out.size()` bytes. \return 0 at the end
  virtual Result<size_t> Read(std::span<std::byte> out) = 0;
  /// Begin again, for a repeated try.
  virtual Status Rewind() = 0;
};

/// How long the parts of one exchange may take. Zero: no limit.
struct Deadlines {
  std::chrono::milliseconds connect{5'000};
  /// From the end of the request to the first byte of the answer.
  std::chrono::milliseconds first_byte{30'000};
  /// Without a single byte in either direction, once bytes flow.
  std::chrono::milliseconds stall{30'000};
  std::chrono::milliseconds whole{0};
};

struct ResponseHead {
  int status = 0;
  Headers headers;
};

struct Request {
  std::string method = "GET";
  /// Absolute, encoded already: sent as it stands, nothing is normalised ("/a/../b" stays).
  std::string url;
  Headers headers;
  /// The body: `body`, or `source` where that is not null. The bytes must outlive the call.
  std::span<const std::byte> body = {};
  BodySource* source = nullptr;
  /// Called once, before the first byte of the body. An error ends the exchange with it, unchanged.
  std::function<Status(const ResponseHead&)> on_head = {};
  /// Takes the body as it comes, instead of Response::body. An error ends the exchange with it, unchanged.
  std::function<Status(std::span<const std::byte>)> on_data = {};
  /// Never send it twice. Else a request that goes over an idle connection which the server closes without a word is
  /// sent again over a new one, and the server may have seen both.
  bool once = false;
  /// Past any proxy: for addresses of this host and its network alone.
  bool direct = false;
  Deadlines deadlines = {};
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
};

struct ExchangeMetrics {
  int64_t bytes_sent = 0;      ///< of bodies
  int64_t bytes_received = 0;  ///< of bodies
  std::chrono::microseconds time_to_first_byte{0};
  std::chrono::microseconds time{0};
  bool reused_connection = false;
};

struct Response {
  int status = 0;
  Headers headers;
  /// Empty where `on_data` took it.
  std::string body;
  ExchangeMetrics metrics;
};

/// One HTTP exchange after the other, many at once from many threads. Knows no cloud, follows no redirect, repeats
/// nothing but what an idle connection swallowed. Any answer with a status is a Response, 404 and 503 too. Errors:
/// kUnavailable (refused, reset, name not found, a body cut short of its Content-Length), kTimeout (which deadline is
/// in the message), kCancelled, kInvalid (URL, header, a certificate that nobody vouches for).
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Result<Response> Send(const Request& request) = 0;
};

/// Whether an error of Send says that no byte of the request went out: then nothing can have happened.
bool NeverSent(const Status& error);

struct CurlTransportOptions {
  /// PEM file of certificates to trust besides the system's (those of SSL_CERT_FILE and SSL_CERT_DIR where set); also
  /// AWS_CA_BUNDLE at the caller.
  std::string ca_file = {};
  /// Off only by the user's explicit word.
  bool verify_tls = true;
  /// HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the environment are followed.
  bool proxy_from_environment = true;
  std::string user_agent = {};
  /// Idle connections kept for reuse.
  int max_idle_connections = 256;
};

/// The transport of real life, on libcurl (HTTP/1.1, keep-alive, connections pooled for all threads). kNotFound and
/// kInvalid speak of `ca_file`.
Result<std::shared_ptr<Transport>> MakeCurlTransport(const CurlTransportOptions& options = {});

}  // namespace glaux::http
