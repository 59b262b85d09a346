#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glaux/store/s3/s3_store.h"

namespace glaux::s3 {

using Query = std::vector<std::pair<std::string, std::string>>;

/// Where a bucket is called. Made once from the options; only the region may change later.
struct Address {
  std::string bucket;    ///< name, or name of the access point
  std::string arn;       ///< whole, where an access point is addressed by it
  std::string account;   ///< of an access point
  std::string endpoint;  ///< "https://host:port/base" without a slash at the end; empty: AWS
  std::string service = "s3";
  bool virtual_host = false;
  bool is_aws = false;  ///< and not another server that speaks S3
  /// Region that the address itself names: an access point's.
  std::string fixed_region;

  /// Whether requests go without TLS.
  bool plain() const { return endpoint.starts_with("http://"); }
};

/// kInvalid: a bucket name, ARN or endpoint that cannot be; kNotImplemented: directory buckets, multi-region access
/// points.
Result<Address> MakeAddress(const S3StoreOptions& options);

/// URL of a key ("" for the bucket) in a region, whole and encoded.
std::string MakeUrl(const Address& address, std::string_view region, std::string_view key, const Query& query);

/// URL of the service itself, for ListBuckets.
std::string MakeServiceUrl(const Address& address, std::string_view region);

/// "bucket/key" or an access point's form, encoded for x-amz-copy-source.
std::string CopySource(const Address& address, std::string_view key);

/// Whether a bucket's name can be a part of a host name under a certificate for *.host.
bool IsDnsName(std::string_view bucket);

/// Whether the URL's host is this machine.
bool IsLoopback(std::string_view url);

}  // namespace glaux::s3
