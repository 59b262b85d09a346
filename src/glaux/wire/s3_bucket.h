#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"
#include "glaux/wire/s3_object.h"

// Shapes about buckets; see s3_error.h for what all of them have in common.
namespace glaux::wire::s3 {

struct Bucket {
  std::string Name;
  Timestamp CreationDate = {};
  std::string BucketRegion;
};

/// Answer of ListBuckets.
struct ListAllMyBucketsResult {
  Owner owner;  ///< <Owner>
  std::vector<Bucket> Buckets;
  std::string ContinuationToken;
  std::string Prefix;

  std::string ToXml() const;
  static Result<ListAllMyBucketsResult> FromXml(std::string_view xml);
};

/// Answer of GetBucketLocation.
struct LocationConstraint {
  /// Empty: us-east-1. "EU" is an old name of eu-west-1.
  std::string region;

  std::string ToXml() const;
  static Result<LocationConstraint> FromXml(std::string_view xml);
};

/// Request of CreateBucket; an empty body means us-east-1.
struct CreateBucketConfiguration {
  std::string LocationConstraint;

  std::string ToXml() const;
  static Result<CreateBucketConfiguration> FromXml(std::string_view xml);
};

struct VersioningConfiguration {
  /// "Enabled", "Suspended", or empty where versioning was never on.
  std::string Status;
  std::string MfaDelete;

  std::string ToXml() const;
  static Result<VersioningConfiguration> FromXml(std::string_view xml);
};

struct CORSRule {
  std::string ID;
  std::vector<std::string> AllowedHeader;
  std::vector<std::string> AllowedMethod;
  std::vector<std::string> AllowedOrigin;
  std::vector<std::string> ExposeHeader;
  std::optional<int64_t> MaxAgeSeconds;
};

struct CORSConfiguration {
  std::vector<CORSRule> rules;  ///< <CORSRule>

  std::string ToXml() const;
  static Result<CORSConfiguration> FromXml(std::string_view xml);
};

}  // namespace glaux::wire::s3
