#include "glaux/catalog/glue/glue_connection_internal.h"

#include <span>

#include "glaux/aws/service_error.h"
#include "glaux/aws/sigv4.h"
#include "glaux/wire/glue_entries.h"

namespace glaux::glue {
namespace {

constexpr int kMostTries = 4;

/// Requests that left this machine, of this thread: a call is sent by the thread that makes it.
thread_local int64_t sent = 0;

aws::ClientOptions ClientOptionsOf(const GlueCatalogOptions& options) {
  aws::ClientOptions client;
  client.service = "glue";
  client.transport = options.transport;
  client.credentials = options.credentials;
  client.clock = options.clock;
  client.retry = options.retry;
  client.decode_error = aws::DecodeJsonError;
  client.on_try = [](const aws::Call&, const aws::TryReport&) { ++sent; };
  return client;
}

}  // namespace

GlueConnection::GlueConnection(GlueCatalogOptions options)
    : options_(std::move(options)), client_(ClientOptionsOf(options_)) {}

Result<std::string> GlueConnection::Exchange(std::string_view operation, const std::string& body,
                                             std::string_view subject, Idempotency idempotency) {
  const auto bytes = std::as_bytes(std::span(body.data(), body.size()));
  aws::Call call;
  call.operation = operation;
  call.subject = subject;
  call.idempotency = idempotency;
  call.scope = {.region = options_.region, .service = "glue"};
  call.signing.payload_hash = aws::Sha256Hex(bytes);
  call.request.method = "POST";
  call.request.url = options_.endpoint_url + "/";
  call.request.headers.Set("Content-Type", std::string(wire::glue::kContentType));
  call.request.headers.Set("X-Amz-Target", std::string(wire::glue::kTargetPrefix) + std::string(operation));
  call.request.body = bytes;
  call.request.deadlines = options_.deadlines;
  const int64_t before = sent;
  auto response = client_.Send(std::move(call));
  if (response.ok()) return std::move(response->body);
  ErrorInfo info = InfoOf(response.status());
  const bool lost = info.kind == ErrorKind::kUnavailable || info.kind == ErrorKind::kTimeout;
  if (idempotency == Idempotency::kSafe || !lost || sent == before) return response.status();
  info.kind = ErrorKind::kCommitUnknown;
  info.hint = "look at " + std::string(subject) + " before you change it again";
  return MakeErrorMessage(std::move(info), response.status().message() + "; it is not known whether it happened");
}

Status GlueConnection::BadAnswer(std::string_view operation, std::string_view subject, const Status& why) const {
  return MakeError({.kind = ErrorKind::kCorrupt,
                    .service = "glue",
                    .operation = std::string(operation),
                    .hint = "check the endpoint, " + options_.endpoint_url},
                   operation, " ", subject, ": the answer cannot be read: ", why.message());
}

Status Once(const std::function<Status()>& send, const std::function<Result<bool>()>& happened) {
  for (int attempt = 1;; ++attempt) {
    const Status status = send();
    if (status.ok() || KindOf(status) != ErrorKind::kCommitUnknown) return status;
    const auto there = happened();
    if (there.ok() && *there) return Status::OK();
    if (!there.ok() && KindOf(there.status()) == ErrorKind::kPrecondition) return there.status();
    if (!there.ok() || attempt == kMostTries) return status;
  }
}

}  // namespace glaux::glue
