#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "glaux/aws/credentials.h"

/// The JSON that gives credentials: container endpoints, instance metadata, credential_process, SSO. Its text is secret
/// and stands in no error.
namespace glaux::aws {

/// kInvalid: no JSON object.
Result<boost::json::object> ParseJsonObject(std::string_view text);

/// A text, or a whole number as text; "" where there is none.
std::string JsonText(const boost::json::object& object, std::string_view key);

/// "2026-01-31T08:30:00Z", with an offset ("+01:00"), or with "UTC" as old tools write it.
Result<Timestamp> ParseExpiration(std::string_view text);

/// AccessKeyId, SecretAccessKey, Expiration, AccountId and the session token. kInvalid: a key is missing.
/// \param token_key "Token" or "SessionToken"
Result<Credentials> CredentialsFromJson(const boost::json::object& object, std::string_view token_key);

}  // namespace glaux::aws
