#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "glaux/aws/sigv4.h"
#include "glaux/base/clock.h"
#include "glaux/serve/access_key.h"
#include "glaux/serve/query.h"
#include "glaux/serve/wire.h"

namespace glaux::serve {

/// Who sent a request, and what it takes to check the rest of its signature.
struct Caller {
  /// Nobody: the request carries no signature.
  bool anonymous = true;
  bool presigned = false;
  std::string access_key_id;
  /// As the request claims it: a SHA-256 of the body or one of the words of aws/sigv4.h.
  std::string payload_hash;
  /// For the chunks of a signed stream.
  std::string signing_key;
  std::string signature;
  Timestamp time = {};
  aws::SigningScope scope;
};

struct AuthenticationOptions {
  std::vector<AccessKey> keys;
  /// Unsigned requests are served too.
  bool anonymous = false;
  /// Signed time and ours may differ by this much.
  std::chrono::minutes max_skew{15};
  Clock* clock = &Clock::System();
};

/// Checks Signature Version 4 in the Authorization header and in presigned URLs. Thread-safe.
///
/// Any region is accepted as long as the signature fits. Errors carry S3's codes and statuses: InvalidAccessKeyId,
/// SignatureDoesNotMatch, RequestTimeTooSkewed, AccessDenied, AuthorizationHeaderMalformed, …
class Authenticator {
 public:
  explicit Authenticator(AuthenticationOptions options) : options_(std::move(options)) {}

  /// \param service of the credential scope
  /// \param body_sha256 of the body, where it was read already; services other than S3 sign it without a header that
  /// says it. A request that names another one is refused. Empty: not read
  /// \param details what helps a client to find its mistake, for the answer: "StringToSign", "CanonicalRequest"
  Result<Caller> Check(const Request& request, const Query& query, std::string_view service,
                       std::vector<std::pair<std::string, std::string>>* details,
                       std::string_view body_sha256 = {}) const;

 private:
  struct Claim;
  Result<Claim> ReadHeader(const Request& request, const std::string& authorization) const;
  Result<Claim> ReadQuery(const Request& request, const Query& query) const;
  Status CheckTime(const Claim& claim) const;

  const AuthenticationOptions options_;
};

}  // namespace glaux::serve
