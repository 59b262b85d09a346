#include "glaux/aws/sts.h"

#include <pugixml.hpp>

#include <span>
#include <utility>
#include <vector>

#include "glaux/aws/credentials_json_internal.h"
#include "glaux/aws/endpoint.h"
#include "glaux/aws/region.h"

namespace glaux::aws {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

std::string FormBody(std::string_view action, const Parameters& parameters) {
  std::string body = "Action=" + std::string(action) + "&Version=2011-06-15";
  for (const auto& [name, value] : parameters) body += "&" + name + "=" + UriEncode(value, false);
  return body;
}

/// Call an action and parse its answer.
Status Ask(const StsOptions& options, std::shared_ptr<CredentialsProvider> credentials, const std::string& action,
           const std::string& subject, const Parameters& parameters, pugi::xml_document* answer) {
  Client client({.service = "sts",
                 .transport = options.transport,
                 .credentials = std::move(credentials),
                 .clock = options.clock,
                 .retry = options.retry,
                 .decode_error = DecodeQueryError});
  const std::string body = FormBody(action, parameters);
  Call call;
  call.operation = action;
  call.subject = subject;
  call.request.method = "POST";
  call.request.url = options.endpoint_url + "/";
  call.scope = {.region = options.region, .service = "sts"};
  call.request.headers.Set("Content-Type", "application/x-www-form-urlencoded");
  call.request.body = std::as_bytes(std::span(body));
  call.request.deadlines = {.connect = std::chrono::seconds(5), .first_byte = std::chrono::seconds(20)};
  call.signing.payload_hash = Sha256Hex(call.request.body);
  ARROW_ASSIGN_OR_RAISE(const auto response, client.Send(std::move(call)));
  if (!answer->load_buffer(response.body.data(), response.body.size())) {
    return MakeError({.kind = ErrorKind::kUnavailable, .service = "sts", .operation = action}, action, " ", subject,
                     ": the answer is not XML; is it STS that answers at ", options.endpoint_url, "?");
  }
  return Status::OK();
}

/// The account in "arn:aws:sts::123456789012:assumed-role/…".
std::string AccountOf(std::string_view arn) {
  for (int colons = 0; colons < 4; ++colons) {
    const auto colon = arn.find(':');
    if (colon == std::string_view::npos) return {};
    arn.remove_prefix(colon + 1);
  }
  return std::string(arn.substr(0, arn.find(':')));
}

/// The result element of an AssumeRole… answer.
Result<Credentials> ReadCredentials(const pugi::xml_node& result, const std::string& action) {
  const auto given = result.child("Credentials");
  Credentials credentials{.access_key_id = given.child_value("AccessKeyId"),
                          .secret_access_key = Secret(given.child_value("SecretAccessKey")),
                          .session_token = Secret(given.child_value("SessionToken")),
                          .account_id = AccountOf(result.child("AssumedRoleUser").child_value("Arn"))};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return MakeError({.kind = ErrorKind::kUnavailable, .service = "sts", .operation = action}, action,
                     ": the answer has no credentials");
  }
  if (const std::string expiration = given.child_value("Expiration"); !expiration.empty()) {
    ARROW_ASSIGN_OR_RAISE(credentials.expiration, ParseExpiration(expiration));
  }
  return credentials;
}

Parameters RoleParameters(const AssumeRoleRequest& request) {
  Parameters parameters = {{"RoleArn", request.role_arn}, {"RoleSessionName", request.session_name}};
  if (!request.external_id.empty()) parameters.emplace_back("ExternalId", request.external_id);
  if (request.duration_seconds.has_value())
    parameters.emplace_back("DurationSeconds", std::to_string(*request.duration_seconds));
  return parameters;
}

}  // namespace

Result<StsOptions> FindSts(const StsSettings& settings, std::shared_ptr<http::Transport> transport, Clock* clock) {
  StsOptions sts{.transport = std::move(transport), .clock = clock};
  if (!settings.region.empty()) {
    sts.region = settings.region;
  } else if (const auto found = FindRegion(settings.environment, settings.files)) {
    sts.region = found->value;
  }
  if (settings.endpoint_url.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto endpoint,
                          FindEndpoint(settings.environment, settings.files, kSts, sts.region));
    sts.endpoint_url = endpoint.url;
  } else {
    sts.endpoint_url = settings.endpoint_url;
    while (sts.endpoint_url.ends_with('/')) sts.endpoint_url.pop_back();
  }
  return sts;
}

Result<Credentials> AssumeRole(const StsOptions& options, std::shared_ptr<CredentialsProvider> base,
                               const AssumeRoleRequest& request) {
  pugi::xml_document answer;
  ARROW_RETURN_NOT_OK(Ask(options, std::move(base), "AssumeRole", request.role_arn, RoleParameters(request), &answer));
  return ReadCredentials(answer.child("AssumeRoleResponse").child("AssumeRoleResult"), "AssumeRole");
}

Result<Credentials> AssumeRoleWithWebIdentity(const StsOptions& options, const Secret& token,
                                              const AssumeRoleRequest& request) {
  auto parameters = RoleParameters(request);
  parameters.emplace_back("WebIdentityToken", std::string(token.Expose()));
  pugi::xml_document answer;
  ARROW_RETURN_NOT_OK(
      Ask(options, MakeAnonymousCredentials(), "AssumeRoleWithWebIdentity", request.role_arn, parameters, &answer));
  return ReadCredentials(answer.child("AssumeRoleWithWebIdentityResponse").child("AssumeRoleWithWebIdentityResult"),
                         "AssumeRoleWithWebIdentity");
}

Result<CallerIdentity> GetCallerIdentity(const StsOptions& options, std::shared_ptr<CredentialsProvider> credentials) {
  pugi::xml_document answer;
  ARROW_RETURN_NOT_OK(Ask(options, std::move(credentials), "GetCallerIdentity", options.region, {}, &answer));
  const auto result = answer.child("GetCallerIdentityResponse").child("GetCallerIdentityResult");
  CallerIdentity identity{.account = result.child_value("Account"),
                          .arn = result.child_value("Arn"),
                          .user_id = result.child_value("UserId")};
  if (identity.arn.empty()) {
    return MakeError({.kind = ErrorKind::kUnavailable, .service = "sts", .operation = "GetCallerIdentity"},
                     "GetCallerIdentity: the answer has no Arn; is it STS that answers at ", options.endpoint_url, "?");
  }
  return identity;
}

ServiceError DecodeQueryError(const http::Response& response) {
  ServiceError error;
  error.request_id = response.headers.Get("x-amzn-requestid");
  pugi::xml_document document;
  if (!document.load_buffer(response.body.data(), response.body.size())) return error;
  const auto root = document.child("ErrorResponse");
  error.code = root.child("Error").child_value("Code");
  error.message = root.child("Error").child_value("Message");
  if (const std::string id = root.child_value("RequestId"); !id.empty()) error.request_id = id;
  return error;
}

}  // namespace glaux::aws
