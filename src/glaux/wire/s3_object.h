#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"

// Shapes about single objects; see s3_error.h for what all of them have in common.
namespace glaux::wire::s3 {

struct Owner {
  std::string ID;
  std::string DisplayName;
};

/// Checksums of an object or a part, base64; those that are not set are empty.
struct Checksums {
  std::string ChecksumCRC32;
  std::string ChecksumCRC32C;
  std::string ChecksumCRC64NVME;
  std::string ChecksumSHA1;
  std::string ChecksumSHA256;
  /// "COMPOSITE" or "FULL_OBJECT".
  std::string ChecksumType;
};

/// One object to delete.
struct ObjectIdentifier {
  std::string Key;
  std::string VersionId;
  std::string ETag;  ///< without quotes
};

/// Request of DeleteObjects.
struct Delete {
  std::vector<ObjectIdentifier> Object;
  /// Answer only with what failed.
  bool Quiet = false;

  std::string ToXml() const;
  static Result<Delete> FromXml(std::string_view xml);
};

struct DeletedObject {
  std::string Key;
  std::string VersionId;
  bool DeleteMarker = false;
  std::string DeleteMarkerVersionId;
};

struct DeleteError {
  std::string Key;
  std::string VersionId;
  std::string Code;
  std::string Message;
};

struct DeleteResult {
  std::vector<DeletedObject> Deleted;
  std::vector<DeleteError> Error;

  std::string ToXml() const;
  static Result<DeleteResult> FromXml(std::string_view xml);
};

struct CopyObjectResult {
  std::string ETag;  ///< without quotes
  Timestamp LastModified = {};
  Checksums checksums;

  std::string ToXml() const;
  static Result<CopyObjectResult> FromXml(std::string_view xml);
};

/// Answer of UploadPartCopy.
struct CopyPartResult {
  std::string ETag;  ///< without quotes
  Timestamp LastModified = {};
  Checksums checksums;

  std::string ToXml() const;
  static Result<CopyPartResult> FromXml(std::string_view xml);
};

struct Tag {
  std::string Key;
  std::string Value;
};

struct Tagging {
  std::vector<Tag> TagSet;

  std::string ToXml() const;
  static Result<Tagging> FromXml(std::string_view xml);
};

}  // namespace glaux::wire::s3
