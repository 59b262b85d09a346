#pragma once

#include "glaux/store/s3_access.h"
#include "glaux/sync/config_keys_internal.h"

namespace glaux::pipeline_file {

/// The keys of S3Access that sources and destinations share; `written` adds those of what is written.
template <typename T, typename Get>
void AddS3Keys(KeyTable<T>* keys, Get get, unsigned kinds, bool written) {
  const auto secret = [get](auto member) {
    return [get, member](const Value& value, T* into) -> Status {
      ARROW_ASSIGN_OR_RAISE(auto text, value.Text());
      get(*into).*member = Secret(std::move(text));
      return Status::OK();
    };
  };
  keys->Text(
          "aws_access_key_id", "Of s3:// addresses. Default: what the lake and then the AWS credentials chain give.",
          [get](T & t) -> auto& { return get(t).aws_access_key_id; })
      .In(kinds);
  keys->Add("aws_secret_access_key", "With aws_access_key_id; better as ${VAR}.", Shape::kText,
            secret(&S3Access::aws_secret_access_key))
      .In(kinds);
  keys->Add("aws_session_token", "Of temporary credentials, with aws_access_key_id.", Shape::kText,
            secret(&S3Access::aws_session_token))
      .In(kinds);
  keys->Text(
          "profile", "Profile of the shared AWS files.", [get](T & t) -> auto& { return get(t).profile; })
      .In(kinds);
  keys->Text(
          "role_arn",
          "Role to assume with the credentials that the rest gives.", [get](T & t) -> auto& { return get(t).role_arn; })
      .In(kinds);
  keys->Boolean(
          "anonymous", "Send requests unsigned, for public buckets. Default: false.",
          [get](T & t) -> auto& { return get(t).anonymous; })
      .In(kinds);
  keys->Text(
          "region", "Of the bucket. Default: it is asked for.", [get](T & t) -> auto& { return get(t).region; })
      .In(kinds);
  keys->Text(
          "endpoint_url", "Of an S3-compatible store: http://127.0.0.1:9000. Default: AWS's own.",
          [get](T & t) -> auto& { return get(t).endpoint_url; })
      .In(kinds);
  keys->Word(
          "addressing_style", "Whether the bucket stands in the path or in the host's name. Default: auto.",
          {"auto", "path", "virtual"}, [get](T & t) -> auto& { return get(t).addressing_style; })
      .In(kinds);
  keys->Boolean(
          "requester_pays", "Pay for requests to a bucket whose owner asks for it. Default: false.",
          [get](T & t) -> auto& { return get(t).requester_pays; })
      .In(kinds);
  keys->Add("sse_customer_key",
            "Key of SSE-C, with which objects are read and written: base64 of 32 bytes; better as ${VAR}.",
            Shape::kText, secret(&S3Access::sse_customer_key))
      .In(kinds);
  if (!written) return;
  keys->Word(
          "sse", "Encryption at rest. Default: the bucket's.",
          {"AES256", "aws:kms"}, [get](T & t) -> auto& { return get(t).sse; })
      .In(kinds);
  keys->Text(
          "sse_kms_key_id",
          "Key of sse: aws:kms. Default: the account's own.", [get](T & t) -> auto& { return get(t).sse_kms_key_id; })
      .In(kinds);
  keys->Boolean(
          "sse_bucket_key", "A bucket key, for fewer calls to KMS, with sse: aws:kms. Default: true.",
          [get](T & t) -> auto& { return get(t).sse_bucket_key; })
      .In(kinds);
  keys->Word(
          "storage_class", "Of new objects. Default: STANDARD.",
          {"STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE",
           "REDUCED_REDUNDANCY", "EXPRESS_ONEZONE"},
          [get](T & t) -> auto& { return get(t).storage_class; })
      .In(kinds);
  keys->Add("tags", "Of every object that is written: names with texts, at most 10.", Shape::kTextMap,
            [get](const Value& value, T* into) -> Status {
              ARROW_ASSIGN_OR_RAISE(get(*into).tags, value.TextMap("names with texts"));
              return Status::OK();
            })
      .In(kinds);
}

/// Keys of S3Access that do not fit each other, or addresses that are not s3://.
Status CheckS3(const Given& given, const S3Access& access, bool all_addresses_s3);

}  // namespace glaux::pipeline_file
