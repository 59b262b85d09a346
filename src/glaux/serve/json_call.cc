#include "glaux/serve/json_call.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "glaux/aws/sigv4.h"

namespace glaux::serve {
namespace {

/// The authenticator speaks S3; services with JSON have other names for the same.
Status InWordsOfJson(const Status& status) {
  ErrorInfo info = InfoOf(status);
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"InvalidAccessKeyId", "UnrecognizedClientException"},
      {"InvalidToken", "UnrecognizedClientException"},
      {"SignatureDoesNotMatch", "InvalidSignatureException"},
      {"RequestTimeTooSkewed", "InvalidSignatureException"},
      {"AuthorizationHeaderMalformed", "IncompleteSignatureException"},
      {"AuthorizationQueryParametersError", "IncompleteSignatureException"},
      {"InvalidRequest", "IncompleteSignatureException"},
      {"AccessDenied", "MissingAuthenticationTokenException"}};
  const auto* name =
      std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& known) { return known.first == info.code; });
  info.code = name == std::end(kNames) ? "AccessDeniedException" : name->second;
  info.http_status = 400;
  return MakeErrorMessage(std::move(info), status.message());
}

Result<std::string> ReadBody(Request& request, size_t most) {
  std::string body;
  std::string piece(64 << 10, '\0');
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto got, request.body->Read(std::as_writable_bytes(std::span(piece))));
    if (got == 0) return body;
    if (body.size() + got > most) {
      return MakeError({.kind = ErrorKind::kInvalid, .code = "RequestEntityTooLargeException", .http_status = 413},
                       "the body is larger than ", most, " bytes");
    }
    body.append(piece, 0, got);
  }
}

Status Authenticate(const Request& request, const JsonService& service, const Authenticator& authenticator,
                    const std::string& body) {
  auto query = Query::Parse(request.query);
  if (!query.ok()) return InWordsOfJson(query.status());
  std::vector<std::pair<std::string, std::string>> details;
  const auto caller = authenticator.Check(request, *query, service.name, &details,
                                          aws::Sha256Hex(std::as_bytes(std::span(body.data(), body.size()))));
  return caller.ok() ? Status::OK() : InWordsOfJson(caller.status());
}

}  // namespace

bool IsJsonCall(const Request& request, const JsonService& service) {
  const std::string signed_for = SigningServiceOf(request);
  return signed_for == service.name ||
         (signed_for.empty() && request.headers.Get("x-amz-target").starts_with(service.target_prefix));
}

Result<JsonCall> ReadJsonCall(Request& request, const JsonService& service, const Authenticator& authenticator) {
  ARROW_ASSIGN_OR_RAISE(std::string body, ReadBody(request, service.most_body));
  ARROW_RETURN_NOT_OK(Authenticate(request, service, authenticator, body));
  const std::string target = request.headers.Get("x-amz-target");
  if (request.method != "POST" || !target.starts_with(service.target_prefix)) {
    return MakeError({.kind = ErrorKind::kInvalid, .code = "UnknownOperationException", .http_status = 400},
                     request.method, " with the target '", target, "' is no operation of ", service.name,
                     ": expected POST with x-amz-target ", service.target_prefix, "<operation>");
  }
  return JsonCall{.operation = target.substr(service.target_prefix.size()), .body = std::move(body)};
}

Status UnknownJsonOperation(std::string_view operation) {
  return MakeError({.kind = ErrorKind::kInvalid, .code = "UnknownOperationException", .http_status = 400},
                   "The operation ", operation, " is not implemented by this server");
}

}  // namespace glaux::serve
