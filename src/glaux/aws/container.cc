#include "glaux/aws/container.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "glaux/aws/credentials_json_internal.h"
#include "glaux/aws/region.h"
#include "glaux/base/retry.h"

namespace glaux::aws {
namespace {

constexpr char kEcsHost[] = "http://169.254.170.2";
constexpr char kFullUri[] = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// The host between "://" and the path, without port and brackets; "" where there is none.
std::string HostOf(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view authority = url.substr(scheme + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (const auto user = authority.rfind('@'); user != std::string_view::npos) authority.remove_prefix(user + 1);
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    return end == std::string_view::npos ? std::string() : std::string(authority.substr(1, end - 1));
  }
  return std::string(authority.substr(0, authority.find(':')));
}

/// This machine, or where ECS and EKS listen.
bool IsTrustedHost(const std::string& host) {
  if (host == "localhost") return true;
  if (in_addr v4{}; inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127 || host == "169.254.170.2" || host == "169.254.170.23";
  }
  in6_addr v6{};
  in6_addr eks{};
  inet_pton(AF_INET6, "fd00:ec2::23", &eks);
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && (IN6_IS_ADDR_LOOPBACK(&v6) || IN6_ARE_ADDR_EQUAL(&v6, &eks));
}

Result<std::optional<std::string>> FindToken(const Environment& environment) {
  std::string name = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
  std::string token;
  if (const auto path = FindVariable(environment, name)) {
    auto content = environment.ReadFile(*path);
    if (!content.ok()) return Prefix(content.status(), name);
    token = *std::move(content);
    while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  } else if (auto value = FindVariable(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN")) {
    name = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
    token = *std::move(value);
  } else {
    return std::optional<std::string>();
  }
  // A line break would begin another header.
  if (token.find_first_of("\r\n") != std::string::npos)
    return MakeError(ErrorKind::kInvalid, name, ": the token has a line break in it");
  return std::optional<std::string>(std::move(token));
}

Status StatusError(const http::Response& response) {
  const ErrorKind kind = response.status == 429   ? ErrorKind::kThrottled
                         : response.status >= 500 ? ErrorKind::kUnavailable
                                                  : ErrorKind::kUnauthenticated;
  std::string code;
  std::string message;
  if (const auto object = ParseJsonObject(response.body); object.ok()) {
    code = JsonText(*object, "code");
    message = JsonText(*object, "message");
  }
  return MakeError({.kind = kind, .service = "container", .code = code, .http_status = response.status}, "HTTP status ",
                   response.status, code.empty() ? "" : ": ", code, message.empty() ? "" : ": ", message);
}

}  // namespace

Result<std::optional<std::string>> FindContainerUrl(const Environment& environment) {
  if (const auto relative = FindVariable(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    return std::optional<std::string>(kEcsHost + (relative->starts_with('/') ? "" : std::string("/")) + *relative);
  }
  const auto full = FindVariable(environment, kFullUri);
  if (!full.has_value()) return std::optional<std::string>();
  const std::string host = HostOf(*full);
  if (host.empty()) return MakeError(ErrorKind::kInvalid, kFullUri, ": URI did not specify a host");
  if (full->starts_with("https://") || (full->starts_with("http://") && IsTrustedHost(host)))
    return std::optional<std::string>(*full);
  return MakeError(ErrorKind::kInvalid, kFullUri, ": ", host,
                   " is asked without TLS; allowed are https://, this machine (localhost), 169.254.170.2, "
                   "169.254.170.23 and [fd00:ec2::23]");
}

Result<Credentials> GetContainerCredentials(const std::string& url, const Environment& environment,
                                            http::Transport& transport, Clock& clock) {
  http::Request request;
  request.url = url;
  request.headers.Set("Accept", "application/json");
  ARROW_ASSIGN_OR_RAISE(const auto token, FindToken(environment));
  if (token.has_value()) request.headers.Set("Authorization", *token);
  request.deadlines = {.connect = std::chrono::seconds(2), .first_byte = std::chrono::seconds(5)};
  http::Response response;
  ARROW_RETURN_NOT_OK(Retry({.max_attempts = 3, .deadline = std::chrono::seconds(20)}, Idempotency::kSafe, clock,
                            nullptr, request.stop, [&](int, RetryHint*) {
                              auto sent = transport.Send(request);
                              if (!sent.ok()) return sent.status();
                              response = *std::move(sent);
                              return response.status == 200 ? Status::OK() : StatusError(response);
                            }));
  ARROW_ASSIGN_OR_RAISE(const auto object, ParseJsonObject(response.body));
  ARROW_ASSIGN_OR_RAISE(auto credentials, CredentialsFromJson(object, "Token"));
  const auto role = JsonText(object, "RoleArn");
  credentials.source = role.empty() ? "container endpoint" : "container endpoint, role " + role;
  return credentials;
}

}  // namespace glaux::aws
