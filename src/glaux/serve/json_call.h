#pragma once

#include <string>
#include <string_view>

#include "glaux/serve/authentication.h"
#include "glaux/serve/wire.h"

namespace glaux::serve {

/// An AWS service that speaks JSON: POST, with the operation in a head and the request in the body.
struct JsonService {
  /// As requests are signed for it: "glue".
  std::string_view name;
  /// "AWSGlue."
  std::string_view target_prefix;
  /// Bytes of a request at most.
  size_t most_body = 0;
};

/// One request to such a service.
struct JsonCall {
  std::string operation;
  std::string body;
};

/// Whether a request is the service's: signed for it, or unsigned with its target.
bool IsJsonCall(const Request& request, const JsonService& service);

/// Read a request and check who sent it. Errors have the codes that these services give: UnrecognizedClientException,
/// InvalidSignatureException, UnknownOperationException, RequestEntityTooLargeException, …
Result<JsonCall> ReadJsonCall(Request& request, const JsonService& service, const Authenticator& authenticator);

/// The error of an operation that a service does not have here.
Status UnknownJsonOperation(std::string_view operation);

}  // namespace glaux::serve
