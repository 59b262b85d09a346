#include "glaux/serve/authentication.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <ctime>

namespace glaux::serve {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr int64_t kMaxExpires = 7 * 24 * 3600;

Status Refuse(ErrorKind kind, int status, const char* code, std::string_view message) {
  return MakeError({.kind = kind, .code = code, .http_status = status}, message);
}
Status Malformed(std::string_view message) {
  return Refuse(ErrorKind::kInvalid, 400, "AuthorizationHeaderMalformed", message);
}
Status BadQuery(std::string_view message) {
  return Refuse(ErrorKind::kInvalid, 400, "AuthorizationQueryParametersError", message);
}
Status Denied(std::string_view message) { return Refuse(ErrorKind::kDenied, 403, "AccessDenied", message); }

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(separator, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

/// "20260131T083000Z".
std::optional<Timestamp> ParseAmzDate(const std::string& text) {
  if (text.size() != 16) return std::nullopt;
  tm parts{};
  const char* end = ::strptime(text.c_str(), "%Y%m%dT%H%M%SZ", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return Timestamp(std::chrono::seconds(::timegm(&parts)));
}

std::optional<Timestamp> ParseHttpDate(const std::string& text) {
  tm parts{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return Timestamp(std::chrono::seconds(::timegm(&parts)));
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

/// The path as it was signed: every byte that needs it encoded, once.
Result<std::string> CanonicalPath(std::string_view path) {
  ARROW_ASSIGN_OR_RAISE(const auto decoded, aws::UriDecode(path));
  return aws::UriEncode(decoded, true);
}

}  // namespace

/// What a request says of its signature.
struct Authenticator::Claim {
  std::string access_key_id;
  std::string scope_date;
  aws::SigningScope scope;
  std::vector<std::string> signed_headers;
  std::string signature;
  std::string token;
  Timestamp time = {};
  std::string time_text;
  std::string payload_hash;
  /// Of a presigned URL.
  std::optional<std::chrono::seconds> expires = {};

  Status TakeCredential(std::string_view credential) {
    const auto parts = Split(credential, '/');
    // A key may hold slashes; the scope is the last four parts.
    if (parts.size() < 5 || parts.back() != "aws4_request") {
      return Malformed("the credential is malformed; expected \"<key id>/YYYYMMDD/<region>/<service>/aws4_request\"");
    }
    const size_t n = parts.size();
    size_t key_size = n - 5;
    for (size_t i = 0; i + 4 < n; ++i) key_size += parts[i].size();
    access_key_id = credential.substr(0, key_size);
    scope_date = parts[n - 4];
    scope = {.region = parts[n - 3], .service = parts[n - 2]};
    return Status::OK();
  }
};

Result<Authenticator::Claim> Authenticator::ReadHeader(const Request& request, const std::string& authorization) const {
  if (!authorization.starts_with(kAlgorithm)) {
    return Refuse(ErrorKind::kInvalid, 400, "InvalidRequest",
                  "the authorization mechanism is not supported; sign with AWS4-HMAC-SHA256");
  }
  Claim claim;
  std::string credential;
  for (std::string_view field : Split(std::string_view(authorization).substr(kAlgorithm.size()), ',')) {
    while (field.starts_with(' ')) field.remove_prefix(1);
    while (field.ends_with(' ')) field.remove_suffix(1);
    const auto equals = field.find('=');
    const auto name = field.substr(0, equals);
    const auto value = equals == field.npos ? std::string_view() : field.substr(equals + 1);
    if (name == "Credential") credential = value;
    if (name == "SignedHeaders") claim.signed_headers = Split(value, ';');
    if (name == "Signature") claim.signature = value;
  }
  if (credential.empty() || claim.signed_headers.empty() || claim.signature.empty()) {
    return Malformed("the authorization header needs Credential, SignedHeaders and Signature");
  }
  ARROW_RETURN_NOT_OK(claim.TakeCredential(credential));
  std::optional<Timestamp> time;
  if (const auto date = request.headers.Find("x-amz-date")) {
    time = ParseAmzDate(std::string(*date));
  } else if (const auto plain = request.headers.Find("date")) {
    time = ParseAmzDate(std::string(*plain));
    if (!time) time = ParseHttpDate(std::string(*plain));
  }
  if (!time) return Denied("a signed request needs a valid x-amz-date or Date header");
  claim.time = *time;
  claim.token = request.headers.Get("x-amz-security-token");
  claim.payload_hash = request.headers.Get("x-amz-content-sha256");
  if (claim.payload_hash.empty() && claim.scope.service == "s3") {
    return Refuse(ErrorKind::kInvalid, 400, "InvalidRequest", "the header x-amz-content-sha256 is missing");
  }
  return claim;
}

Result<Authenticator::Claim> Authenticator::ReadQuery(const Request& request, const Query& query) const {
  if (query.Get("X-Amz-Algorithm") != kAlgorithm)
    return BadQuery("X-Amz-Algorithm: only AWS4-HMAC-SHA256 is supported");
  for (const char* name :
       {"X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Signature"}) {
    if (query.Get(name).empty()) return BadQuery(std::string("the query parameter ") + name + " is missing");
  }
  Claim claim;
  ARROW_RETURN_NOT_OK(claim.TakeCredential(query.Get("X-Amz-Credential")));
  claim.signed_headers = Split(query.Get("X-Amz-SignedHeaders"), ';');
  claim.signature = query.Get("X-Amz-Signature");
  claim.token = query.Get("X-Amz-Security-Token");
  const auto time = ParseAmzDate(query.Get("X-Amz-Date"));
  if (!time) return BadQuery("X-Amz-Date: expected YYYYMMDDTHHMMSSZ");
  claim.time = *time;
  const std::string expires = query.Get("X-Amz-Expires");
  int64_t seconds = -1;
  const auto [end, error] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
  if (error != std::errc() || end != expires.data() + expires.size() || seconds < 0 || seconds > kMaxExpires) {
    return BadQuery("X-Amz-Expires: expected seconds, at most a week (604800)");
  }
  claim.expires = std::chrono::seconds(seconds);
  claim.payload_hash = query.Get("X-Amz-Content-Sha256");
  if (claim.payload_hash.empty()) claim.payload_hash = request.headers.Get("x-amz-content-sha256");
  if (claim.payload_hash.empty()) claim.payload_hash = aws::kUnsignedPayload;
  return claim;
}

Status Authenticator::CheckTime(const Claim& claim) const {
  const auto now = options_.clock->Now();
  if (claim.expires) {
    if (now > claim.time + *claim.expires) return Denied("Request has expired");
    if (claim.time > now + options_.max_skew) return Denied("Request is not valid yet");
    return Status::OK();
  }
  if (std::chrono::abs(now - claim.time) > options_.max_skew) {
    return Refuse(ErrorKind::kDenied, 403, "RequestTimeTooSkewed",
                  "The difference between the request time and the current time is too large: signed at " +
                      FormatTimestamp(claim.time) + ", now it is " + FormatTimestamp(now));
  }
  return Status::OK();
}

Result<Caller> Authenticator::Check(const Request& request, const Query& query, std::string_view service,
                                    std::vector<std::pair<std::string, std::string>>* details,
                                    std::string_view body_sha256) const {
  const std::string authorization = request.headers.Get("authorization");
  const bool presigned = query.Has("X-Amz-Algorithm") || query.Has("X-Amz-Signature");
  if (authorization.empty() && !presigned) {
    if (query.Has("Signature") && query.Has("AWSAccessKeyId")) {
      return Refuse(ErrorKind::kInvalid, 400, "InvalidRequest", "signature version 2 is not supported; use version 4");
    }
    if (!options_.anonymous) return Denied("Access Denied: the request is not signed");
    return Caller{.payload_hash = request.headers.Get("x-amz-content-sha256")};
  }
  if (!authorization.empty() && presigned) {
    return Refuse(ErrorKind::kInvalid, 400, "InvalidArgument",
                  "only one way to sign is allowed: the authorization header or the query");
  }
  Claim claim;
  if (presigned) {
    ARROW_ASSIGN_OR_RAISE(claim, ReadQuery(request, query));
  } else {
    ARROW_ASSIGN_OR_RAISE(claim, ReadHeader(request, authorization));
  }
  const auto key = std::find_if(options_.keys.begin(), options_.keys.end(),
                                [&](const AccessKey& one) { return one.id == claim.access_key_id; });
  if (key == options_.keys.end()) {
    details->emplace_back("AWSAccessKeyId", claim.access_key_id);
    return Refuse(ErrorKind::kUnauthenticated, 403, "InvalidAccessKeyId",
                  "The AWS Access Key Id you provided does not exist in our records.");
  }
  if (!claim.token.empty()) {
    return Refuse(ErrorKind::kUnauthenticated, 400, "InvalidToken",
                  "The keys of this server have no session token; unset AWS_SESSION_TOKEN");
  }
  if (claim.scope.service != service) {
    return Malformed("the credential is for the service \"" + claim.scope.service + "\", expected \"" +
                     std::string(service) + "\"");
  }
  if (!body_sha256.empty()) {
    if (claim.payload_hash.empty()) claim.payload_hash = body_sha256;
    if (claim.payload_hash != body_sha256) {
      return Refuse(ErrorKind::kUnauthenticated, 403, "SignatureDoesNotMatch",
                    "the body is not the one that was signed: its SHA-256 is another");
    }
  }
  std::sort(claim.signed_headers.begin(), claim.signed_headers.end());
  const auto is_signed = [&](const std::string& name) {
    return std::binary_search(claim.signed_headers.begin(), claim.signed_headers.end(), name);
  };
  std::string not_signed;
  for (const auto& [name, value] : request.headers.fields()) {
    const std::string lower = Lower(name);
    if ((lower == "host" || lower.starts_with("x-amz-")) && !is_signed(lower)) {
      not_signed += (not_signed.empty() ? "" : ", ") + lower;
    }
  }
  if (!not_signed.empty()) {
    details->emplace_back("HeadersNotSigned", not_signed);
    return Denied("There were headers present in the request which were not signed: " + not_signed);
  }
  ARROW_RETURN_NOT_OK(CheckTime(claim));
  const auto day = std::chrono::floor<std::chrono::days>(claim.time);
  const std::chrono::year_month_day date(day);
  char scope_date[16];
  std::snprintf(scope_date, sizeof scope_date, "%04d%02u%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  if (claim.scope_date != scope_date) {
    return Malformed("the date of the credential, " + claim.scope_date + ", is not that of the request, " + scope_date);
  }
  ARROW_ASSIGN_OR_RAISE(auto path, CanonicalPath(request.path));
  const aws::SignableRequest signable{
      .method = request.method, .path = std::move(path), .query = query.Encoded(), .headers = request.headers};
  const auto texts = aws::ComputeSignature(signable, claim.signed_headers, claim.scope, key->secret, claim.time,
                                           {.normalize_path = false,
                                            .double_encode_path = false,
                                            .payload_hash = claim.payload_hash,
                                            .content_sha256_header = false});
  if (!aws::EqualInConstantTime(texts.signature, claim.signature)) {
    details->emplace_back("AWSAccessKeyId", claim.access_key_id);
    details->emplace_back("StringToSign", texts.string_to_sign);
    details->emplace_back("SignatureProvided", claim.signature);
    details->emplace_back("CanonicalRequest", texts.canonical_request);
    return Refuse(ErrorKind::kUnauthenticated, 403, "SignatureDoesNotMatch",
                  "The request signature we calculated does not match the signature you provided. Check your key and "
                  "signing method.");
  }
  Caller caller{.anonymous = false,
                .presigned = presigned,
                .access_key_id = claim.access_key_id,
                .payload_hash = claim.payload_hash,
                .signing_key = {},
                .signature = claim.signature,
                .time = claim.time,
                .scope = claim.scope};
  if (caller.payload_hash.starts_with("STREAMING-AWS4-")) {
    caller.signing_key = aws::DeriveSigningKey(key->secret, claim.time, claim.scope);
  }
  return caller;
}

}  // namespace glaux::serve
