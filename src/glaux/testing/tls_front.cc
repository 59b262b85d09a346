#include "glaux/testing/tls_front.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "glaux/testing/loopback_internal.h"

namespace glaux::testing {
namespace {

constexpr long kOneHour = 3600;

X509* SelfSigned(EVP_PKEY* key) {
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -kOneHour);
  X509_gmtime_adj(X509_getm_notAfter(certificate), kOneHour);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("glaux test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  X509_sign(certificate, key, EVP_sha256());
  return certificate;
}

}  // namespace

struct TlsFront::State {
  explicit State(int port) : server_port(port) {
    context = SSL_CTX_new(TLS_server_method());
    EVP_PKEY* key = EVP_EC_gen("P-256");
    certificate = SelfSigned(key);
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    EVP_PKEY_free(key);
  }
  ~State() {
    listener->Stop();
    X509_free(certificate);
    SSL_CTX_free(context);
  }

  void Serve(int socket) {
    SSL* tls = SSL_new(context);
    SSL_set_fd(tls, socket);
    if (SSL_accept(tls) == 1) {
      ++(SSL_session_reused(tls) == 1 ? resumed : handshakes);
      const int server = ConnectLoopback(server_port);
      if (server >= 0) Carry(tls, socket, server);
      SSL_shutdown(tls);
      ::close(server);
    }
    SSL_free(tls);
  }

  void Carry(SSL* tls, int socket, int server) const {
    std::array<char, 16384> bytes;
    for (;;) {
      bool from_server = false;
      if (SSL_pending(tls) == 0 && !listener->Ready(socket, server, &from_server)) return;
      if (from_server) {
        const ssize_t count = ::recv(server, bytes.data(), bytes.size(), 0);
        if (count <= 0 || SSL_write(tls, bytes.data(), static_cast<int>(count)) <= 0) return;
      } else {
        const int count = SSL_read(tls, bytes.data(), bytes.size());
        if (count <= 0 || !SendAll(server, {bytes.data(), static_cast<size_t>(count)})) return;
      }
    }
  }

  const int server_port;
  SSL_CTX* context = nullptr;
  X509* certificate = nullptr;
  std::atomic<int> handshakes{0};
  std::atomic<int> resumed{0};
  std::unique_ptr<LoopbackListener> listener;
};

TlsFront::TlsFront(int server_port) : state_(std::make_unique<State>(server_port)) {
  state_->listener = std::make_unique<LoopbackListener>([this](int socket, int) { state_->Serve(socket); });
}
TlsFront::~TlsFront() = default;

int TlsFront::port() const { return state_->listener->port(); }
std::string TlsFront::url() const { return "https://127.0.0.1:" + std::to_string(port()); }
int TlsFront::handshakes() const { return state_->handshakes; }
int TlsFront::resumed() const { return state_->resumed; }

std::string TlsFront::certificate_pem() const {
  BIO* memory = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(memory, state_->certificate);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  std::string pem(text, static_cast<size_t>(size));
  BIO_free(memory);
  return pem;
}

}  // namespace glaux::testing
