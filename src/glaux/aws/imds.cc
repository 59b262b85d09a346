#include "glaux/aws/imds.h"

#include <charconv>

#include "glaux/aws/credentials_json_internal.h"
#include "glaux/aws/endpoint.h"
#include "glaux/aws/region.h"
#include "glaux/base/retry.h"

namespace glaux::aws {
namespace {

constexpr std::chrono::seconds kTokenLife{21'600};
constexpr char kRoles[] = "/latest/meta-data/iam/security-credentials/";

/// Status 429 and 5xx come and go.
Status StatusError(const http::Response& response, const std::string& path) {
  const ErrorKind kind = response.status == 404   ? ErrorKind::kNotFound
                         : response.status == 401 ? ErrorKind::kUnauthenticated
                         : response.status == 403 ? ErrorKind::kDenied
                         : response.status == 429 ? ErrorKind::kThrottled
                         : response.status >= 500 ? ErrorKind::kUnavailable
                                                  : ErrorKind::kInvalid;
  return MakeError({.kind = kind, .service = "imds", .http_status = response.status}, "get ", path, ": HTTP status ",
                   response.status, response.status == 403 ? " (the metadata service is turned off)" : "");
}

Result<int> ReadWholeNumber(const std::string& name, const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > 1'000)
    return MakeError(ErrorKind::kInvalid, name, ": expected a whole number from 1 to 1000, found: ", text);
  return number;
}

/// A variable, else the property of the selected profile.
std::optional<Found> FindSetting(const Environment& environment, const ProfileFiles& files, const std::string& variable,
                                 const std::string& key) {
  if (auto value = FindVariable(environment, variable)) return Found{*value, variable};
  if (auto value = files.Find(key)) return Found{*value, key + " of profile " + files.selected};
  return std::nullopt;
}

}  // namespace

Result<ImdsOptions> ReadImdsOptions(const Environment& environment, const ProfileFiles& files) {
  ImdsOptions options;
  ARROW_ASSIGN_OR_RAISE(options.disabled, FindSwitch(environment, {}, "AWS_EC2_METADATA_DISABLED", ""));
  if (options.disabled) return options;

  // Unset means that v1 is not asked: only an explicit "false" allows it.
  if (const auto v1 = FindSetting(environment, files, "AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled")) {
    ARROW_ASSIGN_OR_RAISE(const bool off,
                          FindSwitch(environment, files, "AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled"));
    options.allow_v1 = !off;
  }
  if (const auto mode = FindSetting(environment, files, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                                    "ec2_metadata_service_endpoint_mode")) {
    if (mode->value == "IPv6" || mode->value == "ipv6") {
      options.endpoint = "http://[fd00:ec2::254]";
    } else if (mode->value != "IPv4" && mode->value != "ipv4") {
      return MakeError(ErrorKind::kInvalid, mode->source, ": expected IPv4 or IPv6, found: ", mode->value);
    }
  }
  if (auto endpoint =
          FindSetting(environment, files, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint")) {
    while (endpoint->value.ends_with('/')) endpoint->value.pop_back();
    if (!endpoint->value.starts_with("http://") && !endpoint->value.starts_with("https://"))
      return MakeError(ErrorKind::kInvalid, endpoint->source, ": expected http://HOST, found: ", endpoint->value);
    options.endpoint = endpoint->value;
  }
  if (const auto timeout =
          FindSetting(environment, files, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout")) {
    ARROW_ASSIGN_OR_RAISE(const int seconds, ReadWholeNumber(timeout->source, timeout->value));
    options.timeout = std::chrono::seconds(seconds);
  }
  if (const auto attempts =
          FindSetting(environment, files, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts")) {
    ARROW_ASSIGN_OR_RAISE(options.attempts, ReadWholeNumber(attempts->source, attempts->value));
  }
  return options;
}

Imds::Imds(ImdsOptions options, std::shared_ptr<http::Transport> transport, Clock* clock)
    : options_(std::move(options)), transport_(std::move(transport)), clock_(clock) {}

Result<http::Response> Imds::Send(const http::Request& request, int attempts) {
  http::Response response;
  ARROW_RETURN_NOT_OK(Retry({.max_attempts = attempts, .deadline = std::chrono::seconds(30)}, Idempotency::kSafe,
                            *clock_, nullptr, request.stop, [&](int, RetryHint*) {
                              auto sent = transport_->Send(request);
                              if (!sent.ok()) return sent.status();
                              response = *std::move(sent);
                              if (response.status == 429 || response.status >= 500)
                                return StatusError(response, request.url.substr(options_.endpoint.size()));
                              return Status::OK();
                            }));
  return response;
}

Result<std::string> Imds::Token() {
  const std::lock_guard lock(mutex_);
  if (clock_->Now() < token_expires_) return token_;
  http::Request request;
  request.method = "PUT";
  request.url = options_.endpoint + "/latest/api/token";
  request.headers.Set("x-aws-ec2-metadata-token-ttl-seconds", std::to_string(kTokenLife.count()));
  request.deadlines = {.connect = options_.timeout, .first_byte = options_.timeout, .stall = options_.timeout};
  const auto response = Send(request, options_.attempts);
  if (!response.ok() || response->status != 200) {
    if (options_.allow_v1 && (!response.ok() || response->status != 400)) {
      token_.clear();
      token_expires_ = clock_->Now() + std::chrono::minutes(5);
      return token_;
    }
    if (!response.ok()) return response.status();
    return StatusError(*response, "/latest/api/token");
  }
  token_ = response->body;
  std::chrono::seconds life = kTokenLife;
  if (const auto given = response->headers.Find("x-aws-ec2-metadata-token-ttl-seconds")) {
    int seconds = 0;
    std::from_chars(given->data(), given->data() + given->size(), seconds);
    if (seconds > 0) life = std::chrono::seconds(seconds);
  }
  token_expires_ = clock_->Now() + life - std::min<std::chrono::seconds>(std::chrono::seconds(120), life / 2);
  return token_;
}

Result<std::string> Imds::Get(const std::string& path) {
  for (int attempt = 1;; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(const std::string token, Token());
    http::Request request;
    request.url = options_.endpoint + path;
    if (!token.empty()) request.headers.Set("x-aws-ec2-metadata-token", token);
    request.deadlines = {.connect = options_.timeout, .first_byte = options_.timeout, .stall = options_.timeout};
    ARROW_ASSIGN_OR_RAISE(auto response, Send(request, std::max(options_.attempts, 3)));
    if (response.status == 200) return std::move(response.body);
    if (response.status != 401 || attempt > 1) return StatusError(response, path);
    // The instance was moved or restarted, and does not know the token any more.
    const std::lock_guard lock(mutex_);
    token_expires_ = {};
  }
}

Result<Credentials> Imds::GetCredentials() {
  ARROW_ASSIGN_OR_RAISE(const std::string roles, Get(kRoles));
  const std::string role = roles.substr(0, roles.find_first_of("\r\n"));
  if (role.empty()) return MakeError(ErrorKind::kNotFound, "the instance has no role");
  ARROW_ASSIGN_OR_RAISE(const std::string text, Get(kRoles + role));
  ARROW_ASSIGN_OR_RAISE(const auto object, ParseJsonObject(text));
  if (const auto code = JsonText(object, "Code"); !code.empty() && code != "Success") {
    return MakeError({.kind = ErrorKind::kUnauthenticated, .service = "imds", .code = code}, "role ", role, ": ", code,
                     ": ", JsonText(object, "Message"));
  }
  ARROW_ASSIGN_OR_RAISE(auto credentials, CredentialsFromJson(object, "Token"));
  credentials.source = "EC2 instance metadata, role " + role;
  return credentials;
}

}  // namespace glaux::aws
