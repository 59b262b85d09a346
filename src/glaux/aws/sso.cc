#include "glaux/aws/sso.h"

#include <openssl/sha.h>

#include "glaux/aws/client.h"
#include "glaux/aws/credentials_json_internal.h"
#include "glaux/aws/endpoint.h"

namespace glaux::aws {
namespace {

/// A token is renewed when this is left of it.
constexpr std::chrono::minutes kRefreshWindow{5};

std::string Sha1Hex(std::string_view text) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) hex.append({kDigits[byte >> 4], kDigits[byte & 15]});
  return hex;
}

std::string LoginCommand(const SsoSettings& settings) {
  return settings.profile == "default" ? "aws sso login" : "aws sso login --profile " + settings.profile;
}

Status SignIn(const SsoSettings& settings, std::string_view what) {
  return MakeError({.kind = ErrorKind::kUnauthenticated, .hint = LoginCommand(settings) + " signs in"}, what);
}

/// What the portal and OIDC say in an error.
ServiceError DecodeError(const http::Response& response) {
  ServiceError error;
  error.code = response.headers.Get("x-amzn-errortype");
  error.request_id = response.headers.Get("x-amzn-requestid");
  error.code = error.code.substr(0, error.code.find(':'));
  const auto object = ParseJsonObject(response.body);
  if (!object.ok()) return error;
  if (error.code.empty()) error.code = JsonText(*object, "__type");
  if (error.code.empty()) error.code = JsonText(*object, "error");
  error.message = JsonText(*object, "message");
  if (error.message.empty()) error.message = JsonText(*object, "error_description");
  return error;
}

Result<boost::json::object> Ask(const SsoContext& context, const std::string& service, Call call) {
  Client client({.service = service,
                 .transport = context.transport,
                 .credentials = MakeAnonymousCredentials(),
                 .clock = &context.clock,
                 .retry = {.max_attempts = 3, .deadline = std::chrono::seconds(60)},
                 .decode_error = DecodeError});
  call.request.deadlines = {.connect = std::chrono::seconds(5), .first_byte = std::chrono::seconds(20)};
  const std::string what = call.operation;
  ARROW_ASSIGN_OR_RAISE(const auto response, client.Send(std::move(call)));
  auto object = ParseJsonObject(response.body);
  if (!object.ok()) return Prefix(object.status(), what);
  return object;
}

/// CreateToken with the refresh token; the cache gets the new one.
Result<SsoToken> RefreshToken(const SsoContext& context, const SsoSettings& settings, boost::json::object cache) {
  ARROW_ASSIGN_OR_RAISE(const auto endpoint,
                        FindEndpoint(context.environment, context.files, kSsoOidc, settings.region));
  const std::string body =
      boost::json::serialize(boost::json::object{{"clientId", JsonText(cache, "clientId")},
                                                 {"clientSecret", JsonText(cache, "clientSecret")},
                                                 {"grantType", "refresh_token"},
                                                 {"refreshToken", JsonText(cache, "refreshToken")}});
  Call call;
  call.operation = "CreateToken";
  call.subject = settings.start_url;
  call.request.method = "POST";
  call.request.url = endpoint.url + "/token";
  // A refresh token may be good for one use only.
  call.idempotency = Idempotency::kUnsafe;
  call.scope = {.region = settings.region, .service = "sso-oauth"};
  call.request.headers.Set("Content-Type", "application/json");
  call.request.body = std::as_bytes(std::span(body));
  ARROW_ASSIGN_OR_RAISE(const auto answer, Ask(context, "sso-oidc", std::move(call)));
  const auto* life = answer.if_contains("expiresIn");
  SsoToken token{.access_token = Secret(JsonText(answer, "accessToken"))};
  if (token.access_token.empty() || life == nullptr || !life->is_int64())
    return MakeError(ErrorKind::kUnavailable, "CreateToken: the answer has no token");
  // Whole seconds, as the tools that share the cache read them.
  token.expires_at =
      std::chrono::floor<std::chrono::seconds>(context.clock.Now()) + std::chrono::seconds(life->as_int64());
  cache["accessToken"] = token.access_token.Expose();
  cache["expiresAt"] = FormatTimestamp(token.expires_at);
  if (const auto next = JsonText(answer, "refreshToken"); !next.empty()) cache["refreshToken"] = next;
  // The token is good even where the cache cannot be written; then the next process renews it once more.
  static_cast<void>(
      context.environment.WriteFile(SsoTokenPath(context.environment, settings), boost::json::serialize(cache)));
  return token;
}

bool CanRefresh(const SsoContext& context, const SsoSettings& settings, const boost::json::object& cache) {
  if (settings.session.empty()) return false;
  for (const char* key : {"refreshToken", "clientId", "clientSecret"}) {
    if (JsonText(cache, key).empty()) return false;
  }
  const auto registration = ParseExpiration(JsonText(cache, "registrationExpiresAt"));
  return registration.ok() && *registration > context.clock.Now();
}

}  // namespace

Result<std::optional<SsoSettings>> FindSso(const ProfileFiles& files, const std::string& profile) {
  const auto property = [&](const std::string& key) { return files.Find(profile, key).value_or(""); };
  SsoSettings settings{.profile = profile,
                       .session = property("sso_session"),
                       .start_url = property("sso_start_url"),
                       .region = property("sso_region"),
                       .account_id = property("sso_account_id"),
                       .role_name = property("sso_role_name")};
  if (settings.session.empty() && settings.start_url.empty() && settings.region.empty() &&
      settings.account_id.empty() && settings.role_name.empty()) {
    return std::optional<SsoSettings>();
  }
  if (!settings.session.empty()) {
    const auto section = files.sso_sessions.find(settings.session);
    if (section == files.sso_sessions.end()) {
      return MakeError(ErrorKind::kInvalid, "sso_session = ", settings.session, ", but ", files.config_path,
                       " has no [sso-session ", settings.session, "]");
    }
    for (const auto& [key, value] : std::initializer_list<std::pair<const char*, std::string*>>{
             {"sso_start_url", &settings.start_url}, {"sso_region", &settings.region}}) {
      const auto given = section->second.find(key);
      const std::string session_value = given == section->second.end() ? "" : given->second;
      if (!value->empty() && *value != session_value) {
        return MakeError(ErrorKind::kInvalid, key, " is not the one of [sso-session ", settings.session, "]");
      }
      *value = session_value;
    }
  }
  for (const auto& [key, value] : std::initializer_list<std::pair<const char*, const std::string*>>{
           {"sso_start_url", &settings.start_url}, {"sso_region", &settings.region}}) {
    if (value->empty()) {
      return MakeError(ErrorKind::kInvalid, key, " is missing",
                       settings.session.empty() ? "" : " in [sso-session " + settings.session + "]");
    }
  }
  return std::optional<SsoSettings>(std::move(settings));
}

std::string SsoTokenPath(const Environment& environment, const SsoSettings& settings) {
  const std::string name = Sha1Hex(settings.session.empty() ? settings.start_url : settings.session);
  const std::string home = FindVariable(environment, "HOME").value_or("~");
  return home + (home.ends_with('/') ? "" : "/") + ".aws/sso/cache/" + name + ".json";
}

Result<SsoToken> LoadSsoToken(const SsoContext& context, const SsoSettings& settings) {
  const std::string path = SsoTokenPath(context.environment, settings);
  const auto text = context.environment.ReadFile(path);
  if (!text.ok()) {
    if (KindOf(text.status()) == ErrorKind::kNotFound) return SignIn(settings, "nobody is signed in to SSO");
    return text.status();
  }
  const auto cache = ParseJsonObject(*text);
  if (!cache.ok()) return SignIn(settings, path + ": not a token: " + cache.status().message());
  SsoToken token{.access_token = Secret(JsonText(*cache, "accessToken"))};
  const auto expires_at = ParseExpiration(JsonText(*cache, "expiresAt"));
  if (token.access_token.empty() || !expires_at.ok())
    return SignIn(settings, path + ": not a token: accessToken or expiresAt is missing");
  token.expires_at = *expires_at;
  const Timestamp now = context.clock.Now();
  if (now < token.expires_at - kRefreshWindow) return token;

  Status refused;
  if (CanRefresh(context, settings, *cache)) {
    auto renewed = RefreshToken(context, settings, *cache);
    if (renewed.ok()) return renewed;
    refused = renewed.status();
  }
  if (now < token.expires_at) return token;
  const std::string expired = "the SSO session expired at " + FormatTimestamp(token.expires_at);
  if (refused.ok()) return SignIn(settings, expired);
  const Status status = Prefix(refused, expired + " and was not renewed");
  return WithHint(status, LoginCommand(settings) + " signs in");
}

Result<Credentials> GetSsoCredentials(const SsoContext& context, const SsoSettings& settings) {
  if (settings.account_id.empty() || settings.role_name.empty()) {
    return MakeError({.kind = ErrorKind::kInvalid,
                      .hint = "aws configure sso asks for an account and a role and writes both into the profile"},
                     settings.account_id.empty() && settings.role_name.empty()
                         ? "selected profile will resolve an access token instead of credentials: sso_account_id and "
                           "sso_role_name are"
                         : (settings.account_id.empty() ? "sso_account_id is" : "sso_role_name is"),
                     " missing");
  }
  ARROW_ASSIGN_OR_RAISE(const auto endpoint, FindEndpoint(context.environment, context.files, kSso, settings.region));
  ARROW_ASSIGN_OR_RAISE(const auto token, LoadSsoToken(context, settings));
  Call call;
  call.operation = "GetRoleCredentials";
  call.subject = "role " + settings.role_name + " in account " + settings.account_id;
  call.request.url = endpoint.url + "/federation/credentials?account_id=" + UriEncode(settings.account_id, false) +
                     "&role_name=" + UriEncode(settings.role_name, false);
  call.scope = {.region = settings.region, .service = "awsssoportal"};
  call.request.headers.Set("x-amz-sso_bearer_token", std::string(token.access_token.Expose()));
  auto answer = Ask(context, "sso", std::move(call));
  if (!answer.ok()) {
    return KindOf(answer.status()) == ErrorKind::kUnauthenticated
               ? WithHint(answer.status(), LoginCommand(settings) + " signs in")
               : answer.status();
  }
  const auto* given = answer->if_contains("roleCredentials");
  const auto* role = given == nullptr ? nullptr : given->if_object();
  const auto* expiration = role == nullptr ? nullptr : role->if_contains("expiration");
  if (role == nullptr || JsonText(*role, "accessKeyId").empty() || JsonText(*role, "secretAccessKey").empty())
    return MakeError(ErrorKind::kUnavailable, "GetRoleCredentials: the answer has no credentials");
  Credentials credentials{.access_key_id = JsonText(*role, "accessKeyId"),
                          .secret_access_key = Secret(JsonText(*role, "secretAccessKey")),
                          .session_token = Secret(JsonText(*role, "sessionToken")),
                          .account_id = settings.account_id};
  if (expiration != nullptr && expiration->is_int64())
    credentials.expiration = Timestamp(std::chrono::milliseconds(expiration->as_int64()));
  credentials.source = "profile " + settings.profile + ": SSO role " + settings.role_name;
  return credentials;
}

}  // namespace glaux::aws
