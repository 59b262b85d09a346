#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/http/transport.h"
#include "glaux/store/object_store.h"

namespace glaux::serve {

/// A request whose head has been read. The body is read by the handler, piece by piece, or not at all.
struct Request {
  std::string method;
  /// "/bucket/a%20b", as it stands on the wire.
  std::string path;
  /// Without "?", as it stands on the wire.
  std::string query;
  http::Headers headers;
  /// Never null. An error of Read means that the client is gone, too slow, or sends what is no HTTP.
  ByteReader* body = nullptr;
  /// 16 hexadecimal digits, for logs and for answers.
  std::string id;
  /// Address of the client: "127.0.0.1:51234".
  std::string peer;
  bool tls = false;
};

/// The way of one answer to the client: Begin once, then the body; or Send for both. Content-Length,
/// Transfer-Encoding, Connection and Date are not the caller's. An error means that the client is gone; there is
/// nothing to do about it but to return.
class Response {
 public:
  virtual ~Response() = default;
  /// \param content_length unset: unknown, sent in chunks. For HEAD, 204 and 304 nothing of the body is sent.
  virtual Status Begin(int status, const http::Headers& headers, std::optional<int64_t> content_length) = 0;
  virtual Status Write(std::span<const std::byte> bytes) = 0;
  /// A part of a file, without a detour through our memory where that is possible.
  virtual Status WriteFile(int descriptor, int64_t offset, int64_t length) = 0;
  /// Begin and the whole body at once.
  virtual Status Send(int status, const http::Headers& headers, std::string_view body) = 0;
  virtual bool begun() const = 0;
};

/// A protocol that the server speaks. Thread-safe: requests come from many threads at once. Handlers block.
class Wire {
 public:
  virtual ~Wire() = default;
  /// Whether a request is of this protocol. Looks at the head only.
  virtual bool Takes(const Request& request) const = 0;
  /// Answer a request. Whatever is not answered when it returns is answered with 500, or cut off.
  virtual void Handle(Request& request, Response& response) = 0;
};

/// All wires on one port: the first that takes a request has it; the last one has those that nobody takes.
std::shared_ptr<Wire> MakeRouter(std::vector<std::shared_ptr<Wire>> wires);

/// The service that a request is signed for: "s3", "glue", from the credential scope in Authorization or
/// X-Amz-Credential. Empty: unsigned.
std::string SigningServiceOf(const Request& request);

}  // namespace glaux::serve
