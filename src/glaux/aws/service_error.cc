#include "glaux/aws/service_error.h"

#include <boost/json.hpp>
#include <pugixml.hpp>

#include <algorithm>

#include "glaux/aws/service_error_codes_internal.h"

namespace glaux::aws {
namespace {

using enum ErrorKind;

ErrorKind KindOfStatus(int http_status) {
  switch (http_status) {
    case 304:
    case 409:
    case 412:
      return kPrecondition;
    case 401:
      return kUnauthenticated;
    case 403:
      return kDenied;
    case 404:
    case 410:
      return kNotFound;
    case 408:
      return kTimeout;
    case 429:
      return kThrottled;
    case 501:
      return kNotImplemented;
    default:
      // An error behind a success is the server's own trouble.
      return http_status >= 500 || http_status < 300 ? kUnavailable : kInvalid;
  }
}

void TakeIdsFromHeaders(const http::Response& response, ServiceError* error) {
  for (const char* name : {"x-amz-request-id", "x-amzn-requestid"}) {
    if (error->request_id.empty()) error->request_id = response.headers.Get(name);
  }
  if (error->host_id.empty()) error->host_id = response.headers.Get("x-amz-id-2");
}

}  // namespace

ServiceError DecodeXmlError(const http::Response& response) {
  ServiceError error;
  pugi::xml_document document;
  if (document.load_buffer(response.body.data(), response.body.size())) {
    pugi::xml_node found = document.find_node([](const pugi::xml_node& node) {
      const std::string_view name = node.name();
      return name == "Error" || name.ends_with(":Error");
    });
    for (const auto& child : found.children()) {
      const std::string_view name = child.name();
      if (name == "Code") {
        error.code = child.text().get();
      } else if (name == "Message") {
        error.message = child.text().get();
      } else if (name == "RequestId") {
        error.request_id = child.text().get();
      } else if (name == "HostId") {
        error.host_id = child.text().get();
      } else {
        error.extra.emplace_back(name, child.text().get());
      }
    }
    if (error.request_id.empty()) {  // STS has it beside the error
      error.request_id = document.first_child().child("RequestId").text().get();
    }
  }
  const auto region = response.headers.Find("x-amz-bucket-region");
  const bool told =
      std::any_of(error.extra.begin(), error.extra.end(), [](const auto& e) { return e.first == "Region"; });
  if (region && !told) error.extra.emplace_back("Region", *region);
  TakeIdsFromHeaders(response, &error);
  return error;
}

ServiceError DecodeJsonError(const http::Response& response) {
  ServiceError error;
  error.code = response.headers.Get("x-amzn-errortype");
  boost::system::error_code failed;
  const auto value = boost::json::parse(response.body, failed);
  if (!failed && value.is_object()) {
    const auto& object = value.as_object();
    const auto text = [&](std::string_view name) -> std::string {
      const auto* found = object.if_contains(name);
      return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
    };
    for (const char* name : {"__type", "code", "error"}) {
      if (error.code.empty()) error.code = text(name);
    }
    for (const char* name : {"message", "Message", "errorMessage", "error_description"}) {
      if (error.message.empty()) error.message = text(name);
    }
  }
  error.code = error.code.substr(0, error.code.find(':'));   // "Name:http://…" of the header
  error.code = error.code.substr(error.code.find('#') + 1);  // "com.amazonaws.glue#Name"
  TakeIdsFromHeaders(response, &error);
  return error;
}

ErrorKind KindOfServiceError(std::string_view code, int http_status) {
  const auto* known = FindServiceError(code);
  return known != nullptr ? known->kind : KindOfStatus(http_status);
}

std::string HintOfServiceError(std::string_view service, const ServiceError& error, int http_status) {
  const auto* known = FindServiceError(error.code);
  const bool elsewhere = known != nullptr
                             ? known->hint == kHintRegion
                             : error.code.empty() && (http_status == 301 || http_status == 307 || http_status == 400);
  for (const auto& [name, value] : error.extra) {
    if (elsewhere && name == "Region" && !value.empty()) return "the bucket is in " + value + "; set region to it";
  }
  if (const auto hint = HintOfMessage(error.message); !hint.empty()) return std::string(hint);
  if (known != nullptr) return std::string(known->hint);
  if (http_status == 403) return std::string(kHintWhoAmI);
  if (http_status == 301 && service == "s3") return std::string(kHintRegion);
  return {};
}

Status ToStatus(std::string_view service, const Call& call, const http::Response& response, const ServiceError& error) {
  ErrorInfo info{.kind = KindOfServiceError(error.code, response.status),
                 .service = std::string(service),
                 .operation = call.operation,
                 .code = error.code,
                 .http_status = response.status,
                 .request_id = error.request_id,
                 .hint = HintOfServiceError(service, error, response.status)};
  std::string text = call.operation + " " + call.subject + ": ";
  text += error.code.empty() ? "HTTP status " + std::to_string(response.status)
                             : error.code + " (" + std::to_string(response.status) + ")";
  if (!error.message.empty()) text += ": " + error.message;
  while (text.ends_with('.')) text.pop_back();
  if (error.code.empty() && info.hint.empty() && response.headers.Get("content-type").starts_with("text/html")) {
    info.hint = "the answer is a page, not the service's: check the endpoint, and the proxy";
  }
  return MakeErrorMessage(std::move(info), std::move(text));
}

}  // namespace glaux::aws
