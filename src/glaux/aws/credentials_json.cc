#include "glaux/aws/credentials_json_internal.h"

namespace glaux::aws {
namespace {

/// "+01:30" in minutes.
std::optional<std::chrono::minutes> ParseOffset(std::string_view text) {
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto digit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : -100'000; };
  const int hours = digit(1) * 10 + digit(2);
  const int minutes = digit(4) * 10 + digit(5);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  return std::chrono::minutes((hours * 60 + minutes) * (text[0] == '-' ? -1 : 1));
}

}  // namespace

Result<boost::json::object> ParseJsonObject(std::string_view text) {
  boost::system::error_code error;
  auto value = boost::json::parse(text, error);
  if (error) return MakeError(ErrorKind::kInvalid, "invalid JSON in response");
  if (!value.is_object()) return MakeError(ErrorKind::kInvalid, "the response is JSON, but no object");
  return std::move(value.as_object());
}

std::string JsonText(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(value->as_string());
  if (value->is_int64()) return std::to_string(value->as_int64());
  return {};
}

Result<Timestamp> ParseExpiration(std::string_view text) {
  if (text.ends_with("UTC")) return ParseTimestamp(std::string(text.substr(0, text.size() - 3)) + "Z");
  if (text.size() > 6) {
    if (const auto offset = ParseOffset(text.substr(text.size() - 6))) {
      ARROW_ASSIGN_OR_RAISE(const auto local, ParseTimestamp(std::string(text.substr(0, text.size() - 6)) + "Z"));
      return local - *offset;
    }
  }
  return ParseTimestamp(text);
}

Result<Credentials> CredentialsFromJson(const boost::json::object& object, std::string_view token_key) {
  Credentials credentials{.access_key_id = JsonText(object, "AccessKeyId"),
                          .secret_access_key = Secret(JsonText(object, "SecretAccessKey")),
                          .session_token = Secret(JsonText(object, token_key)),
                          .account_id = JsonText(object, "AccountId")};
  if (credentials.access_key_id.empty()) return MakeError(ErrorKind::kInvalid, "the response has no AccessKeyId");
  if (credentials.secret_access_key.empty())
    return MakeError(ErrorKind::kInvalid, "the response has no SecretAccessKey");
  if (const auto expiration = JsonText(object, "Expiration"); !expiration.empty()) {
    ARROW_ASSIGN_OR_RAISE(credentials.expiration, ParseExpiration(expiration));
  }
  return credentials;
}

}  // namespace glaux::aws
