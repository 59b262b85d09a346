#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "glaux/aws/credentials.h"
#include "glaux/base/clock.h"
#include "glaux/base/retry.h"
#include "glaux/base/secret.h"
#include "glaux/http/transport.h"
#include "glaux/store/object_store.h"
#include "glaux/store/request_counts.h"

namespace glaux {

/// How a bucket's name gets into the URL.
enum class S3Addressing {
  kAuto,         ///< virtual on AWS where the name allows it, else path
  kPath,         ///< https://host/bucket/key
  kVirtualHost,  ///< https://bucket.host/key
};

enum class S3Checksum {
  kCrc32c,
  kCrc64Nvme,
  kNone,  ///< for servers that refuse the headers; TLS or the signed hash still guard the way there
};

/// How the bucket encrypts what is written.
struct S3Encryption {
  enum class Kind {
    kBucketDefault,  ///< no header: the bucket's own setting
    kAes256,         ///< SSE-S3
    kAwsKms,         ///< SSE-KMS with `kms_key_id`
    kCustomerKey,    ///< SSE-C: `customer_key` goes along with every call and is needed to read again
  };
  Kind kind = Kind::kBucketDefault;
  /// Id, ARN or alias. Empty: the account's key aws/s3.
  std::string kms_key_id = {};
  /// Fewer and cheaper calls of S3 to KMS.
  bool bucket_key = true;
  /// 32 bytes. Only over TLS, or to this machine.
  Secret customer_key = {};
};

struct S3StoreOptions {
  /// A bucket's name, or the ARN of an access point: "arn:aws:s3:eu-west-1:123456789012:accesspoint/name".
  std::string bucket;
  /// Where the bucket is. Empty: asked for once (of AWS; another endpoint is called as in us-east-1), and a wrong one
  /// is corrected by what the service says.
  std::string region = {};
  /// Of a server that speaks S3: "http://127.0.0.1:9000". Empty: AWS.
  std::string endpoint_url = {};
  S3Addressing addressing = S3Addressing::kAuto;
  /// Of AWS, where `region` is empty: asked once, before the bucket is, for a region to begin with. Empty: nobody
  /// knows.
  std::function<std::string()> find_region = {};

  std::shared_ptr<http::Transport> transport;
  std::shared_ptr<aws::CredentialsProvider> credentials;

  /// The caller pays for requests and bytes, not the bucket's owner.
  bool request_payer = false;
  S3Encryption encryption = {};
  /// "STANDARD_IA", "INTELLIGENT_TIERING", … of what is written. Empty: STANDARD.
  std::string storage_class = {};
  /// Of every object that is written, at most 10.
  std::map<std::string, std::string> tags = {};
  /// Of bodies that are written. What is read is checked against whatever checksum the object has.
  S3Checksum checksum = S3Checksum::kCrc32c;
  /// False for servers that do not know If-None-Match and If-Match on writes: conditions are then refused.
  bool conditional_writes = true;

  /// Objects above this are copied in parts, several at once; S3's own limit is 5 GiB.
  int64_t max_single_copy = kMostCopiedAtOnce;
  int64_t copy_part_size = kCopyPartBytes;
  /// Smallest part that the server takes, but for the last.
  int64_t min_part_size = 5 << 20;

  /// Counts every request that is sent; null: nobody counts.
  std::shared_ptr<RequestMeter> meter = {};
  RetryPolicy retry = {};
  http::Deadlines deadlines = {};
  Clock* clock = &Clock::System();

  /// kInvalid names the field and the value.
  Status Validate() const;
};

/// One bucket of Amazon S3, or of a server that speaks its protocol. Nothing is sent before the first call.
///
/// Costs of a call: Head, Get, Put, UploadPart and so on are one request each; Delete one for 1,000 keys; List one a
/// page; Copy a Head and a copy, above `max_single_copy` one request a part. A conditional Copy of up to 8 MiB goes
/// through this process, since few servers check conditions on copies.
///
/// A write whose answer was lost is repeated where that cannot do harm. A conditional one is repeated as well, and
/// recognises its own first try by a mark in the object's metadata. kCommitUnknown where even that fails, and after a
/// lost answer to a write with if_match where by now another's object is there: it may have followed on ours.
///
/// Source: Amazon S3 API Reference, 2006-03-01.
Result<std::shared_ptr<ObjectStore>> MakeS3Store(S3StoreOptions options);

/// Make the bucket in `options.region`. kAlreadyExists if it is there, whoever has it.
Status CreateS3Bucket(const S3StoreOptions& options);

/// Names of all buckets that these credentials own; `options.bucket` is not looked at.
Result<std::vector<std::string>> ListS3Buckets(const S3StoreOptions& options);

}  // namespace glaux
