#pragma once

#include <map>
#include <optional>
#include <string>

#include "glaux/base/secret.h"

namespace glaux {

/// How s3:// addresses are reached over the wire. What is left empty comes from the lake's configuration, then from the
/// environment and the shared AWS files (docs/guide/aws.md). The names are the keys of pipeline files.
struct S3Access {
  std::string aws_access_key_id = {};
  Secret aws_secret_access_key = {};
  Secret aws_session_token = {};
  std::string profile = {};
  std::string role_arn = {};  ///< assumed with the credentials that the rest gives
  bool anonymous = false;     ///< requests go unsigned
  std::string region = {};
  std::string endpoint_url = {};      ///< "http://127.0.0.1:9000"; empty: AWS's own
  std::string addressing_style = {};  ///< "auto", "path", "virtual"
  bool requester_pays = false;
  // Of what is written:
  std::string sse = {};  ///< "AES256", "aws:kms"
  std::string sse_kms_key_id = {};
  std::optional<bool> sse_bucket_key = {};  ///< of aws:kms; unset: yes
  std::string storage_class = {};
  std::map<std::string, std::string> tags = {};  ///< of every object
  /// Of what is read and written: SSE-C. Base64 of 32 bytes.
  Secret sse_customer_key = {};

  bool operator==(const S3Access&) const = default;
  /// Nothing is said: an address leads where the lake leads it.
  bool empty() const { return *this == S3Access{}; }
};

}  // namespace glaux
