#include "glaux/http/trusted_certificates_internal.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>

namespace glaux::http {
namespace {

/// Whether libcurl hands out contexts that are ours to fill.
bool CurlUsesOpenSsl() {
  const auto* info = curl_version_info(CURLVERSION_NOW);
  return info->ssl_version != nullptr && std::string_view(info->ssl_version).starts_with("OpenSSL/");
}

/// Whether certificates are found in the folder one by one, by their names' hashes ("4a6481c9.0"). Reading a bundle of
/// all instead takes tens of milliseconds, at the first connection of every run.
bool HasHashes(const char* folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".0") return true;
  }
  return false;
}

}  // namespace

Result<std::shared_ptr<TrustedCertificates>> TrustedCertificates::Make(const std::string& ca_file) {
  std::shared_ptr<TrustedCertificates> trusted(new TrustedCertificates(ca_file));
  if (ca_file.empty()) return trusted;
  if (::access(ca_file.c_str(), R_OK) != 0) return ErrnoError(errno, "read certificates of " + ca_file);
  X509_STORE* probe = X509_STORE_new();
  const bool good = X509_STORE_load_file(probe, ca_file.c_str()) == 1;
  X509_STORE_free(probe);
  ERR_clear_error();
  if (!good) return MakeError(ErrorKind::kInvalid, "read certificates of ", ca_file, ": expected PEM certificates");
  return trusted;
}

TrustedCertificates::~TrustedCertificates() { X509_STORE_free(store_); }

void TrustedCertificates::Apply(CURL* easy) {
  if (!CurlUsesOpenSsl()) {
    if (!ca_file_.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file_.c_str());
    return;
  }
  curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, this);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &Install);
}

CURLcode TrustedCertificates::Install(CURL*, void* ssl_context, void* self) {
  X509_STORE* store = static_cast<TrustedCertificates*>(self)->Store();
  if (store == nullptr) return CURLE_OUT_OF_MEMORY;
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(ssl_context), store);
  return CURLE_OK;
}

X509_STORE* TrustedCertificates::Store() {
  std::call_once(loaded_, [this] {
    store_ = X509_STORE_new();
    if (store_ == nullptr) return;
    X509_STORE_set_default_paths(store_);
    // Where libcurl was told that they are, on systems whose OpenSSL looks elsewhere.
    const auto* info = curl_version_info(CURLVERSION_NOW);
    const bool hashes = info->capath != nullptr && HasHashes(info->capath);
    if (hashes) X509_STORE_load_path(store_, info->capath);
    if (!hashes && info->cainfo != nullptr) X509_STORE_load_file(store_, info->cainfo);
    if (!ca_file_.empty()) X509_STORE_load_file(store_, ca_file_.c_str());
    // As libcurl has them: a certificate in the file is enough, whether or not it is a root.
    X509_STORE_set_flags(store_, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    ERR_clear_error();  // of files that are not there
  });
  return store_;
}

}  // namespace glaux::http
