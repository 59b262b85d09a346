#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"
#include "glaux/wire/s3_object.h"

// Listings; see s3_error.h for what all shapes have in common. Keys and prefixes stand here as they are: ToXml encodes
// them where `EncodingType` is "url", FromXml decodes them.
namespace glaux::wire::s3 {

/// <Contents> of a listing.
struct Object {
  std::string Key;
  Timestamp LastModified = {};
  std::string ETag;  ///< without quotes
  int64_t Size = 0;
  std::string StorageClass;
  std::optional<Owner> owner;  ///< <Owner>
  std::vector<std::string> ChecksumAlgorithm;
  std::string ChecksumType;
};

/// Answer of ListObjects, the first version.
struct ListBucketResult {
  std::string Name;
  std::string Prefix;
  std::string Marker;
  /// Only set with a delimiter; else the last key is the next marker.
  std::string NextMarker;
  int64_t MaxKeys = 1000;
  std::string Delimiter;
  bool IsTruncated = false;
  std::string EncodingType;
  std::vector<Object> Contents;
  std::vector<std::string> CommonPrefixes;

  std::string ToXml() const;
  static Result<ListBucketResult> FromXml(std::string_view xml);
};

/// Answer of ListObjectsV2; its root is ListBucketResult too.
struct ListBucketResultV2 {
  std::string Name;
  std::string Prefix;
  std::string StartAfter;
  std::string ContinuationToken;
  std::string NextContinuationToken;
  int64_t KeyCount = 0;
  int64_t MaxKeys = 1000;
  std::string Delimiter;
  bool IsTruncated = false;
  std::string EncodingType;
  std::vector<Object> Contents;
  std::vector<std::string> CommonPrefixes;

  std::string ToXml() const;
  static Result<ListBucketResultV2> FromXml(std::string_view xml);
};

/// <Version> or <DeleteMarker>.
struct ObjectVersion {
  bool is_delete_marker = false;
  std::string Key;
  std::string VersionId;
  bool IsLatest = false;
  Timestamp LastModified = {};
  std::string ETag;  ///< without quotes; none for a delete marker
  int64_t Size = 0;
  std::string StorageClass;
  std::optional<Owner> owner;  ///< <Owner>
};

/// Answer of ListObjectVersions.
struct ListVersionsResult {
  std::string Name;
  std::string Prefix;
  std::string KeyMarker;
  std::string VersionIdMarker;
  std::string NextKeyMarker;
  std::string NextVersionIdMarker;
  int64_t MaxKeys = 1000;
  std::string Delimiter;
  bool IsTruncated = false;
  std::string EncodingType;
  /// Versions and delete markers in the order of the document.
  std::vector<ObjectVersion> versions;
  std::vector<std::string> CommonPrefixes;

  std::string ToXml() const;
  static Result<ListVersionsResult> FromXml(std::string_view xml);
};

}  // namespace glaux::wire::s3
