#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glaux/aws/credentials.h"
#include "glaux/base/clock.h"
#include "glaux/base/status.h"
#include "glaux/http/transport.h"

/// Signature Version 4. Source: AWS General Reference, "Signing AWS API requests"; Amazon S3 API Reference,
/// "Authenticating Requests (AWS Signature Version 4)".
namespace glaux::aws {

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view kStreamingPayload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
inline constexpr std::string_view kStreamingPayloadTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
inline constexpr std::string_view kStreamingUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
/// SHA-256 of nothing.
inline constexpr std::string_view kEmptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct SigningScope {
  std::string region;
  std::string service;  ///< "s3", "glue", "athena", "sts"
};

/// A request as the signature sees it. Path and query are those of the wire (encoded); `host` is a header.
struct SignableRequest {
  std::string method;
  std::string path;   ///< "/bucket/a%20b"; empty is "/"
  std::string query;  ///< without "?"
  http::Headers headers;
};

struct SigningOptions {
  /// Dot segments and empty segments are removed before signing: all services but S3.
  bool normalize_path = true;
  /// Segments are encoded once more for the canonical request: all services but S3.
  bool double_encode_path = true;
  /// Hexadecimal SHA-256 of the body, or one of the words above.
  std::string payload_hash{kEmptySha256};
  /// Send x-amz-content-sha256 with the payload hash: S3 demands it.
  bool content_sha256_header = false;
  /// Sign the session token; false adds it after signing, as some services want.
  bool sign_session_token = true;
};

/// What a signature is made of, each text as AWS's test suite has it.
struct SigningTexts {
  std::string canonical_request;
  std::string string_to_sign;
  std::string signature;  ///< hexadecimal
  std::string signed_headers;
};

/// Add X-Amz-Date, X-Amz-Security-Token (and x-amz-content-sha256) and Authorization to the headers.
/// Every header is signed but those that proxies change (connection, x-amzn-trace-id, user-agent, expect, …).
SigningTexts SignHeaders(SignableRequest* request, const SigningScope& scope, const Credentials& credentials,
                         Timestamp time, const SigningOptions& options = {});

/// Add the X-Amz-… parameters with the signature to the query: a presigned URL, valid for `expires` from `time`.
SigningTexts SignQuery(SignableRequest* request, const SigningScope& scope, const Credentials& credentials,
                       Timestamp time, std::chrono::seconds expires, const SigningOptions& options = {});

/// The signature that a request must have, for a server that verifies one: over exactly `signed_headers`, with the
/// time and scope that it names. X-Amz-Signature is left out of the query.
SigningTexts ComputeSignature(const SignableRequest& request, const std::vector<std::string>& signed_headers,
                              const SigningScope& scope, const Secret& secret_access_key, Timestamp time,
                              const SigningOptions& options);

/// AWS4 signing key for one day, region and service; 32 raw bytes.
std::string DeriveSigningKey(const Secret& secret_access_key, Timestamp time, const SigningScope& scope);

/// Signature of one chunk of an aws-chunked body (kStreamingPayload), chained to the signature before it.
std::string SignChunk(std::string_view signing_key, Timestamp time, const SigningScope& scope,
                      std::string_view previous_signature, std::string_view chunk_sha256);
/// Signature of the trailing headers of kStreamingPayloadTrailer ("name:value\n" each, as they stand on the wire).
std::string SignTrailer(std::string_view signing_key, Timestamp time, const SigningScope& scope,
                        std::string_view previous_signature, std::string_view trailer);

std::string Sha256Hex(std::span<const std::byte> bytes);
/// Without early exit at the first difference.
bool EqualInConstantTime(std::string_view a, std::string_view b);

/// RFC 3986 as AWS wants it: unreserved stay, all else is %XX in capitals; "/" stays where `keep_slash`.
std::string UriEncode(std::string_view text, bool keep_slash);
/// %XX and nothing else ("+" stays). kInvalid for a broken escape.
Result<std::string> UriDecode(std::string_view text);

}  // namespace glaux::aws
