#include "glaux/base/base64.h"
#include "glaux/sync/config_s3_internal.h"

namespace glaux::pipeline_file {
namespace {

constexpr std::string_view kKeys[] = {"aws_access_key_id",
                                      "aws_secret_access_key",
                                      "aws_session_token",
                                      "profile",
                                      "role_arn",
                                      "anonymous",
                                      "region",
                                      "endpoint_url",
                                      "addressing_style",
                                      "requester_pays",
                                      "sse",
                                      "sse_kms_key_id",
                                      "sse_bucket_key",
                                      "sse_customer_key",
                                      "storage_class",
                                      "tags"};

}  // namespace

Status CheckS3(const Given& given, const S3Access& access, bool all_addresses_s3) {
  for (const auto key : kKeys) {
    const auto* value = given.Find(key);
    if (value != nullptr && !all_addresses_s3) return value->Wrong("is of s3:// addresses; this one is not");
  }
  const auto* id = given.Find("aws_access_key_id");
  const auto* secret = given.Find("aws_secret_access_key");
  const auto* token = given.Find("aws_session_token");
  if (id != nullptr && secret == nullptr) return id->Wrong("aws_secret_access_key is missing beside it");
  if (id == nullptr && secret != nullptr) return secret->Wrong("aws_access_key_id is missing beside it");
  if (id == nullptr && token != nullptr) return token->Wrong("aws_access_key_id is missing beside it");
  if (id != nullptr && given.Find("profile") != nullptr) {
    return given.Find("profile")->Wrong("does not fit aws_access_key_id; keep one of them");
  }
  if (access.anonymous) {
    for (const std::string_view key : {"aws_access_key_id", "profile", "role_arn"}) {
      if (const auto* value = given.Find(key)) return value->Wrong("does not fit anonymous: true");
    }
  }
  if (const auto* endpoint = given.Find("endpoint_url")) {
    const auto& url = access.endpoint_url;
    const bool http = url.starts_with("http://") || url.starts_with("https://");
    if (!http || url.find('@') != std::string::npos || url.find('?') != std::string::npos) {
      return endpoint->Expected("http://host:port or https://host");
    }
  }
  if (const auto* key = given.Find("sse_kms_key_id"); key != nullptr && access.sse != "aws:kms") {
    return key->Wrong("needs sse: aws:kms");
  }
  if (const auto* key = given.Find("sse_bucket_key"); key != nullptr && access.sse != "aws:kms") {
    return key->Wrong("needs sse: aws:kms");
  }
  if (const auto* key = given.Find("sse_customer_key")) {
    // Never Expected, which would show it.
    std::string bytes;
    if (!DecodeBase64(access.sse_customer_key.Expose(), &bytes) || bytes.size() != 32) {
      return key->Wrong("expected base64 of 32 bytes, as `openssl rand -base64 32` makes it");
    }
    if (const auto* sse = given.Find("sse")) return sse->Wrong("does not fit sse_customer_key; keep one of them");
  }
  if (const auto* tags = given.Find("tags"); tags != nullptr && access.tags.size() > 10) {
    return tags->Wrong("S3 takes at most 10 tags, these are " + std::to_string(access.tags.size()));
  }
  return Status::OK();
}

}  // namespace glaux::pipeline_file
