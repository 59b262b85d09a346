#pragma once

#include <string>
#include <string_view>

namespace glaux {

/// Whether the value behind a key, a query parameter or a setting of this name is a secret: "aws_secret_access_key",
/// "X-Amz-Signature", "password", "token". Case does not matter.
bool NamesSecret(std::string_view name);

/// The text with "***" in place of every secret that can be told by its looks:
///   - user and password of an address: "https://***@host/x.csv"
///   - parameters of an address whose name is a secret's: "…?X-Amz-Signature=***&part=1"
///   - settings: "password=***", "aws_secret_access_key:***", "SECRET '***'"
/// Text without any comes back as it is. Every error passes through here when it is made (MakeError, Prefix), addresses
/// through ShownAddress, so that callers need not think of it; a second pass changes nothing.
std::string WithoutSecrets(std::string_view text);

/// An address as people read it: without secrets, and a file's as its path.
std::string ShownAddress(std::string_view uri);

/// An address as it is remembered in ledgers: without secrets. Where it had some a hash of the whole address stands
/// behind it, so that two addresses stay two.
std::string RememberedAddress(std::string_view uri);

}  // namespace glaux
