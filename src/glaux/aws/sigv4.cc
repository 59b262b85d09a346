#include "glaux/aws/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <unordered_map>

namespace glaux::aws {
namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string Hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest.data(), nullptr);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string HashOf(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

/// "20150830T123600Z"; its first eight characters are the day.
std::string AmzDate(Timestamp time) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text;
  const size_t length = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
  return {text.data(), length};
}

std::string ScopeText(std::string_view amz_date, const SigningScope& scope) {
  return std::string(amz_date.substr(0, 8)) + "/" + scope.region + "/" + scope.service + "/aws4_request";
}

/// Headers that proxies and transports change, or that come after signing.
bool IsSigned(std::string_view lower_name) {
  static constexpr std::string_view kUnsigned[] = {
      "authorization",      "connection", "expect",          "te",         "user-agent",
      "transfer-encoding",  "upgrade",    "x-amzn-trace-id", "keep-alive", "proxy-connection",
      "proxy-authorization"};
  return std::find(std::begin(kUnsigned), std::end(kUnsigned), lower_name) == std::end(kUnsigned);
}

/// Without white space at the ends, and one space for each run of it.
std::string CanonicalValue(std::string_view value) {
  std::string text;
  bool space = false;
  for (const char c : value) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      space = !text.empty();
      continue;
    }
    if (space) text += ' ';
    space = false;
    text += c;
  }
  return text;
}

/// Without "." and ".." and empty segments; a slash at the end stays.
std::string NormalizePath(std::string_view path) {
  std::vector<std::string_view> segments;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const auto segment = path.substr(begin, end - begin);
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
    begin = end + 1;
  }
  std::string normal = "/";
  for (const auto segment : segments) {
    if (normal.size() > 1) normal += '/';
    normal += segment;
  }
  if (path.ends_with('/') && normal.size() > 1) normal += '/';
  return normal;
}

std::string CanonicalPath(std::string_view path, const SigningOptions& options) {
  if (path.empty()) return "/";
  const std::string normal = options.normalize_path ? NormalizePath(path) : std::string(path);
  return options.double_encode_path ? UriEncode(normal, /*keep_slash=*/true) : normal;
}

/// Encoded once, whether or not it was.
std::string Encoded(std::string_view text) {
  const auto decoded = UriDecode(text);
  return UriEncode(decoded.ok() ? std::string_view(*decoded) : text, /*keep_slash=*/false);
}

std::string CanonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (size_t begin = 0; begin < query.size();) {
    const size_t end = std::min(query.find('&', begin), query.size());
    const auto parameter = query.substr(begin, end - begin);
    begin = end + 1;
    if (parameter.empty()) continue;
    const size_t equals = std::min(parameter.find('='), parameter.size());
    const auto value = equals == parameter.size() ? std::string_view() : parameter.substr(equals + 1);
    parameters.emplace_back(Encoded(parameter.substr(0, equals)), Encoded(value));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string canonical;
  for (const auto& [name, value] : parameters) {
    if (!canonical.empty()) canonical += '&';
    canonical += name + "=" + value;
  }
  return canonical;
}

struct CanonicalHeaders {
  std::string lines;
  std::string names;  ///< "host;x-amz-date"
};

/// \param wanted sorted lower-case names; null: all that are signed, the session token by `with_token`
CanonicalHeaders MakeCanonicalHeaders(const http::Headers& headers, const std::vector<std::string>* wanted,
                                      bool with_token = true) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [name, value] : headers.fields()) {
    std::string lower = Lower(name);
    const bool takes = wanted ? std::binary_search(wanted->begin(), wanted->end(), lower) : IsSigned(lower);
    if (!takes || (!with_token && lower == "x-amz-security-token")) continue;
    const auto same =
        std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == lower; });
    if (same == fields.end()) {
      fields.emplace_back(std::move(lower), CanonicalValue(value));
    } else {
      same->second += "," + CanonicalValue(value);
    }
  }
  std::sort(fields.begin(), fields.end());
  CanonicalHeaders canonical;
  for (const auto& [name, value] : fields) {
    canonical.lines += name + ":" + value + "\n";
    canonical.names += (canonical.names.empty() ? "" : ";") + name;
  }
  return canonical;
}

SigningTexts Sign(const SignableRequest& request, const CanonicalHeaders& headers, const SigningScope& scope,
                  const Secret& secret_access_key, Timestamp time, const SigningOptions& options) {
  const std::string amz_date = AmzDate(time);
  SigningTexts texts;
  texts.signed_headers = headers.names;
  texts.canonical_request = request.method + "\n" + CanonicalPath(request.path, options) + "\n" +
                            CanonicalQuery(request.query) + "\n" + headers.lines + "\n" + headers.names + "\n" +
                            options.payload_hash;
  texts.string_to_sign = std::string(kAlgorithm) + "\n" + amz_date + "\n" + ScopeText(amz_date, scope) + "\n" +
                         HashOf(texts.canonical_request);
  texts.signature = Hex(Hmac(DeriveSigningKey(secret_access_key, time, scope), texts.string_to_sign));
  return texts;
}

/// Signing keys live for a day; deriving one costs four times what a signature costs. Holds few: one a credential,
/// region and service.
class SigningKeys {
 public:
  std::string Get(const std::string& day, const SigningScope& scope, const Secret& secret) {
    std::string id = day + "/" + scope.region + "/" + scope.service + "/";
    id += secret.Expose();
    std::lock_guard lock(mutex_);
    if (const auto found = keys_.find(id); found != keys_.end()) return found->second;
    std::string first = "AWS4";
    first += secret.Expose();
    auto key = Hmac(Hmac(Hmac(Hmac(first, day), scope.region), scope.service), "aws4_request");
    if (keys_.size() >= kMost) keys_.clear();
    keys_.emplace(std::move(id), key);
    return key;
  }

 private:
  static constexpr size_t kMost = 64;
  std::mutex mutex_;
  std::unordered_map<std::string, std::string> keys_;
};

std::string SignChained(std::string_view kind, std::string_view signing_key, Timestamp time, const SigningScope& scope,
                        std::string_view previous_signature, std::string_view rest) {
  const std::string amz_date = AmzDate(time);
  std::string text(kind);
  text += "\n" + amz_date + "\n" + ScopeText(amz_date, scope) + "\n";
  text += previous_signature;
  text += "\n";
  text += rest;
  return Hex(Hmac(signing_key, text));
}

}  // namespace

SigningTexts SignHeaders(SignableRequest* request, const SigningScope& scope, const Credentials& credentials,
                         Timestamp time, const SigningOptions& options) {
  auto& headers = request->headers;
  headers.Remove("authorization");
  headers.Remove("x-amz-security-token");
  const std::string token(credentials.session_token.Expose());
  if (!token.empty()) headers.Add("X-Amz-Security-Token", token);
  headers.Remove("x-amz-date");
  const std::string amz_date = AmzDate(time);
  headers.Add("X-Amz-Date", amz_date);
  if (options.content_sha256_header) {
    headers.Remove("x-amz-content-sha256");
    headers.Add("x-amz-content-sha256", options.payload_hash);
  }
  auto texts = Sign(*request, MakeCanonicalHeaders(headers, nullptr, options.sign_session_token), scope,
                    credentials.secret_access_key, time, options);
  headers.Add("Authorization", std::string(kAlgorithm) + " Credential=" + credentials.access_key_id + "/" +
                                   ScopeText(amz_date, scope) + ", SignedHeaders=" + texts.signed_headers +
                                   ", Signature=" + texts.signature);
  return texts;
}

SigningTexts SignQuery(SignableRequest* request, const SigningScope& scope, const Credentials& credentials,
                       Timestamp time, std::chrono::seconds expires, const SigningOptions& options) {
  const auto headers = MakeCanonicalHeaders(request->headers, nullptr);
  const std::string amz_date = AmzDate(time);
  auto& query = request->query;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!query.empty()) query += '&';
    query += std::string(name) + "=" + UriEncode(value, /*keep_slash=*/false);
  };
  add("X-Amz-Algorithm", kAlgorithm);
  add("X-Amz-Credential", credentials.access_key_id + "/" + ScopeText(amz_date, scope));
  add("X-Amz-Date", amz_date);
  add("X-Amz-SignedHeaders", headers.names);
  add("X-Amz-Expires", std::to_string(expires.count()));
  const auto token = credentials.session_token.Expose();
  if (!token.empty() && options.sign_session_token) add("X-Amz-Security-Token", token);
  auto texts = Sign(*request, headers, scope, credentials.secret_access_key, time, options);
  if (!token.empty() && !options.sign_session_token) add("X-Amz-Security-Token", token);
  add("X-Amz-Signature", texts.signature);
  return texts;
}

SigningTexts ComputeSignature(const SignableRequest& request, const std::vector<std::string>& signed_headers,
                              const SigningScope& scope, const Secret& secret_access_key, Timestamp time,
                              const SigningOptions& options) {
  SignableRequest signable{.method = request.method, .path = request.path, .query = {}, .headers = {}};
  for (size_t begin = 0; begin < request.query.size();) {
    const size_t end = std::min(request.query.find('&', begin), request.query.size());
    const auto parameter = std::string_view(request.query).substr(begin, end - begin);
    if (!parameter.starts_with("X-Amz-Signature=")) {
      if (!signable.query.empty()) signable.query += '&';
      signable.query += parameter;
    }
    begin = end + 1;
  }
  std::vector<std::string> wanted;
  for (const auto& name : signed_headers) wanted.push_back(Lower(name));
  std::sort(wanted.begin(), wanted.end());
  return Sign(signable, MakeCanonicalHeaders(request.headers, &wanted), scope, secret_access_key, time, options);
}

std::string DeriveSigningKey(const Secret& secret_access_key, Timestamp time, const SigningScope& scope) {
  static SigningKeys keys;
  return keys.Get(AmzDate(time).substr(0, 8), scope, secret_access_key);
}

std::string SignChunk(std::string_view signing_key, Timestamp time, const SigningScope& scope,
                      std::string_view previous_signature, std::string_view chunk_sha256) {
  return SignChained("AWS4-HMAC-SHA256-PAYLOAD", signing_key, time, scope, previous_signature,
                     std::string(kEmptySha256) + "\n" + std::string(chunk_sha256));
}

std::string SignTrailer(std::string_view signing_key, Timestamp time, const SigningScope& scope,
                        std::string_view previous_signature, std::string_view trailer) {
  return SignChained("AWS4-HMAC-SHA256-TRAILER", signing_key, time, scope, previous_signature, HashOf(trailer));
}

std::string Sha256Hex(std::span<const std::byte> bytes) {
  return HashOf({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace glaux::aws
