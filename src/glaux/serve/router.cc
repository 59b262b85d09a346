#include <cassert>

#include "glaux/serve/wire.h"

namespace glaux::serve {
namespace {

class Router final : public Wire {
 public:
  explicit Router(std::vector<std::shared_ptr<Wire>> wires) : wires_(std::move(wires)) { assert(!wires_.empty()); }

  bool Takes(const Request&) const override { return true; }

  void Handle(Request& request, Response& response) override {
    for (const auto& wire : wires_) {
      if (wire == wires_.back() || wire->Takes(request)) return wire->Handle(request, response);
    }
  }

 private:
  const std::vector<std::shared_ptr<Wire>> wires_;
};

/// "AKID/20260131/us-east-1/s3/aws4_request" with any separator between: the last part but one.
std::string ServiceOf(std::string_view credential, std::string_view separator) {
  const auto end = credential.rfind(separator);
  if (end == credential.npos || end == 0) return {};
  const auto begin = credential.rfind(separator, end - 1);
  if (begin == credential.npos) return {};
  return std::string(credential.substr(begin + separator.size(), end - begin - separator.size()));
}

}  // namespace

std::shared_ptr<Wire> MakeRouter(std::vector<std::shared_ptr<Wire>> wires) {
  return std::make_shared<Router>(std::move(wires));
}

std::string SigningServiceOf(const Request& request) {
  constexpr std::string_view kHeader = "Credential=", kParameter = "X-Amz-Credential=";
  const std::string authorization = request.headers.Get("authorization");
  if (const auto at = authorization.find(kHeader); at != std::string::npos) {
    const auto begin = at + kHeader.size();
    return ServiceOf(std::string_view(authorization).substr(begin, authorization.find_first_of(", ", begin) - begin),
                     "/");
  }
  if (const auto at = request.query.find(kParameter); at != std::string::npos) {
    const auto begin = at + kParameter.size();
    const auto credential = std::string_view(request.query).substr(begin, request.query.find('&', begin) - begin);
    return ServiceOf(credential, credential.find('/') == credential.npos ? "%2F" : "/");
  }
  return {};
}

}  // namespace glaux::serve
