#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "glaux/serve/stream_internal.h"

namespace glaux::serve {
namespace {

constexpr size_t kFilePiece = 256 << 10;

std::string OpenSslText() {
  const auto code = ::ERR_get_error();
  ::ERR_clear_error();
  char text[256] = "no more is known";
  if (code != 0) ::ERR_error_string_n(code, text, sizeof text);
  return text;
}

class TlsStream final : public Stream {
 public:
  explicit TlsStream(SSL* ssl) : ssl_(ssl) {}
  ~TlsStream() override { ::SSL_free(ssl_); }

  Status Handshake() {
    const int result = ::SSL_accept(ssl_);
    return result == 1 ? Status::OK() : Error("greet the client over TLS", result);
  }

  Result<size_t> Read(std::span<std::byte> out) override {
    size_t got = 0;
    ::ERR_clear_error();
    const int result = ::SSL_read_ex(ssl_, out.data(), out.size(), &got);
    if (result == 1) return got;
    const int why = ::SSL_get_error(ssl_, result);
    if (why == SSL_ERROR_ZERO_RETURN) return 0;
    return Error("read from the client over TLS", result);
  }

  Status Write(std::span<iovec> pieces, bool) override {
    // Short pieces go as one record: each costs the client a decryption.
    std::string together;
    if (pieces.size() > 1) {
      for (const auto& piece : pieces) {
        if (together.size() + piece.iov_len > 16'384) break;
        together.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
        pieces = pieces.subspan(1);
      }
      ARROW_RETURN_NOT_OK(WriteAll(together.data(), together.size()));
    }
    for (const auto& piece : pieces) ARROW_RETURN_NOT_OK(WriteAll(piece.iov_base, piece.iov_len));
    return Status::OK();
  }

  Status WriteFile(int descriptor, int64_t offset, int64_t length) override {
    std::vector<char> piece(static_cast<size_t>(std::min<int64_t>(length, kFilePiece)));
    while (length > 0) {
      const auto size = static_cast<size_t>(std::min<int64_t>(length, static_cast<int64_t>(piece.size())));
      const auto got = ::pread(descriptor, piece.data(), size, offset);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return MakeError(ErrorKind::kUnavailable, "send a file: it ends ", length, " bytes too early");
      ARROW_RETURN_NOT_OK(WriteAll(piece.data(), static_cast<size_t>(got)));
      offset += got;
      length -= got;
    }
    return Status::OK();
  }

  void EndWriting() override {
    ::ERR_clear_error();
    ::SSL_shutdown(ssl_);
    ::shutdown(::SSL_get_fd(ssl_), SHUT_WR);
  }

 private:
  Status WriteAll(const void* bytes, size_t size) {
    if (size == 0) return Status::OK();
    size_t written = 0;
    ::ERR_clear_error();
    const int result = ::SSL_write_ex(ssl_, bytes, size, &written);
    return result == 1 ? Status::OK() : Error("write to the client over TLS", result);
  }

  Status Error(const char* what, int result) {
    const int why = ::SSL_get_error(ssl_, result);
    // A socket with a time limit answers EAGAIN when it is over, and OpenSSL takes that for a socket that never waits.
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
      return MakeError(ErrorKind::kTimeout, what, ": not a byte within the time limit");
    }
    return MakeError(ErrorKind::kUnavailable, what, ": ",
                     why == SSL_ERROR_SSL ? OpenSslText() : "the connection broke");
  }

  SSL* const ssl_;
};

class OpenSslContext final : public TlsContext {
 public:
  explicit OpenSslContext(SSL_CTX* context) : context_(context) {}
  ~OpenSslContext() override { ::SSL_CTX_free(context_); }

  Result<std::unique_ptr<Stream>> Accept(int socket) override {
    SSL* ssl = ::SSL_new(context_);
    if (ssl == nullptr || ::SSL_set_fd(ssl, socket) != 1) {
      ::SSL_free(ssl);
      return MakeError(ErrorKind::kUnavailable, "begin TLS: ", OpenSslText());
    }
    auto stream = std::make_unique<TlsStream>(ssl);
    ARROW_RETURN_NOT_OK(stream->Handshake());
    return stream;
  }

 private:
  SSL_CTX* const context_;
};

}  // namespace

Result<std::shared_ptr<TlsContext>> MakeTlsContext(const std::string& certificate_file, const std::string& key_file) {
  for (const auto& file : {certificate_file, key_file}) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
      return MakeError(ErrorKind::kNotFound, "read the TLS file ", file, ": there is no such file");
    }
  }
  SSL_CTX* raw = ::SSL_CTX_new(::TLS_server_method());
  if (raw == nullptr) return MakeError(ErrorKind::kUnavailable, "begin TLS: ", OpenSslText());
  auto context = std::make_shared<OpenSslContext>(raw);
  ::SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  ::SSL_CTX_set_mode(raw, SSL_MODE_AUTO_RETRY);
  ::SSL_CTX_set_options(raw, SSL_OP_IGNORE_UNEXPECTED_EOF);
  if (::SSL_CTX_use_certificate_chain_file(raw, certificate_file.c_str()) != 1) {
    return MakeError(ErrorKind::kInvalid, "read the TLS certificate ", certificate_file,
                     ": expected a certificate chain in PEM; ", OpenSslText());
  }
  if (::SSL_CTX_use_PrivateKey_file(raw, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return MakeError(ErrorKind::kInvalid, "read the TLS key ", key_file, ": expected a private key in PEM; ",
                     OpenSslText());
  }
  if (::SSL_CTX_check_private_key(raw) != 1) {
    return MakeError(ErrorKind::kInvalid, "the TLS key ", key_file, " is not that of the certificate ",
                     certificate_file);
  }
  return context;
}

}  // namespace glaux::serve
