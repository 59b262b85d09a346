#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "glaux/http/transport.h"
#include "glaux/http/trusted_certificates_internal.h"

namespace glaux::http {

/// A libcurl handle with the connections that it keeps, for one exchange after the other on one thread at a time.
class CurlHandle {
 public:
  CurlHandle();
  ~CurlHandle();
  CurlHandle(const CurlHandle&) = delete;
  CurlHandle& operator=(const CurlHandle&) = delete;

  CURL* easy() const { return easy_; }
  CURLM* multi() const { return multi_; }

 private:
  CURL* const easy_;
  CURLM* const multi_;  ///< of its own: it lets us wait as long as we like, and it keeps the connections
};

/// One request and its answer.
class CurlExchange {
 public:
  CurlExchange(CurlHandle& handle, const Request& request) : handle_(handle), request_(request) {}

  /// \param shared what handles have in common (names, TLS sessions)
  Result<Response> Run(const CurlTransportOptions& options, CURLSH* shared, TrustedCertificates* trusted);

 private:
  using SteadyClock = std::chrono::steady_clock;

  Status Prepare(const CurlTransportOptions& options, CURLSH* shared, TrustedCertificates* trusted);
  void PrepareConnection(const CurlTransportOptions& options, TrustedCertificates* trusted);
  void PrepareCallbacks();
  Status PrepareBody();
  Status PrepareHeaders(const CurlTransportOptions& options);
  void PrepareProxy(const CurlTransportOptions& options);
  /// Drive the exchange to its end. \return curl's outcome
  Result<CURLcode> Drive();
  /// A deadline that has passed, or a stop request.
  Status CheckTime();
  /// Note what went out since the last look: libcurl reads a body faster than it sends it.
  void NoteSending();
  Status Failure(CURLcode code) const;
  /// "send GET http://host/path: …". Says so where nothing went out.
  Status Error(ErrorKind kind, std::string_view what, std::string hint = {}) const;
  /// "GET https://host/path": without the query, which may hold a signature.
  std::string Subject() const;

  int OnConnected();
  size_t OnHeader(std::string_view line);
  size_t OnBody(std::span<const std::byte> bytes);
  size_t OnRead(std::span<std::byte> into);
  int OnSeek(curl_off_t offset);

  int64_t body_size() const {
    return request_.source ? request_.source->size() : static_cast<int64_t>(request_.body.size());
  }

  CurlHandle& handle_;
  const Request& request_;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> header_list_{nullptr, &curl_slist_free_all};
  std::string error_text_ = std::string(CURL_ERROR_SIZE, '\0');

  Response response_;
  bool head_done_ = false;
  Status callback_error_;
  int64_t read_ = 0;  ///< bytes of the request's body that libcurl has taken
  int64_t sent_ = 0;  ///< bytes of it that went out
  int sendings_ = 0;
  SteadyClock::time_point begin_ = SteadyClock::now();
  SteadyClock::time_point last_activity_ = begin_;
  /// Unset: still connecting.
  std::optional<SteadyClock::time_point> connected_;
};

}  // namespace glaux::http
