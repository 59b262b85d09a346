#pragma once

#include <curl/curl.h>

#include <memory>
#include <mutex>
#include <string>

#include "glaux/base/status.h"

struct x509_store_st;

namespace glaux::http {

/// The certificates that servers' are checked against: the system's and those of one more file. Read once for all
/// connections; libcurl by itself reads the whole bundle again for each. Thread-safe.
class TrustedCertificates {
 public:
  /// \param ca_file PEM; "": the system's alone. kNotFound, kInvalid.
  static Result<std::shared_ptr<TrustedCertificates>> Make(const std::string& ca_file);
  ~TrustedCertificates();

  /// Have the handle's next connections use these.
  void Apply(CURL* easy);

 private:
  explicit TrustedCertificates(std::string ca_file) : ca_file_(std::move(ca_file)) {}
  static CURLcode Install(CURL* easy, void* ssl_context, void* self);
  x509_store_st* Store();

  const std::string ca_file_;
  std::once_flag loaded_;
  x509_store_st* store_ = nullptr;
};

}  // namespace glaux::http
