#include "glaux/engine/athena/athena_connection_internal.h"

#include <span>

#include "glaux/aws/service_error.h"
#include "glaux/aws/sigv4.h"

namespace glaux::athena {
namespace {

aws::ClientOptions ClientOptionsOf(const AthenaEngineOptions& options, const RetryPolicy& retry) {
  aws::ClientOptions client;
  client.service = "athena";
  client.transport = options.transport;
  client.credentials = options.credentials;
  client.clock = options.clock;
  client.retry = retry;
  client.decode_error = aws::DecodeJsonError;
  return client;
}

}  // namespace

AthenaConnection::AthenaConnection(const AthenaEngineOptions& options, const RetryPolicy& retry)
    : region_(options.region),
      endpoint_url_(options.endpoint_url),
      deadlines_(options.deadlines),
      client_(ClientOptionsOf(options, retry)) {}

Result<std::string> AthenaConnection::Exchange(std::string_view operation, const std::string& body,
                                               std::string_view subject, const arrow::StopToken& stop) {
  const auto bytes = std::as_bytes(std::span(body.data(), body.size()));
  aws::Call call;
  call.operation = operation;
  call.subject = subject;
  call.scope = {.region = region_, .service = "athena"};
  call.signing.payload_hash = aws::Sha256Hex(bytes);
  call.request.method = "POST";
  call.request.url = endpoint_url_ + "/";
  call.request.headers.Set("Content-Type", std::string(wire::kContentType));
  call.request.headers.Set("X-Amz-Target", std::string(wire::kTargetPrefix) + std::string(operation));
  call.request.body = bytes;
  call.request.deadlines = deadlines_;
  call.request.stop = stop;
  ARROW_ASSIGN_OR_RAISE(auto response, client_.Send(std::move(call)));
  return std::move(response.body);
}

Status AthenaConnection::BadAnswer(std::string_view operation, std::string_view subject, const Status& why) const {
  return MakeError({.kind = ErrorKind::kCorrupt,
                    .service = "athena",
                    .operation = std::string(operation),
                    .hint = "check the endpoint, " + endpoint_url_},
                   operation, " ", subject, ": the answer cannot be read: ", why.message());
}

}  // namespace glaux::athena
