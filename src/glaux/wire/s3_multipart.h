#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"
#include "glaux/wire/s3_object.h"

// Uploads in parts; see s3_error.h for what all shapes have in common.
namespace glaux::wire::s3 {

/// Answer of CreateMultipartUpload.
struct InitiateMultipartUploadResult {
  std::string Bucket;
  std::string Key;
  std::string UploadId;

  std::string ToXml() const;
  static Result<InitiateMultipartUploadResult> FromXml(std::string_view xml);
};

struct CompletedPart {
  int64_t PartNumber = 0;
  std::string ETag;  ///< without quotes
  Checksums checksums;
};

/// Request of CompleteMultipartUpload.
struct CompleteMultipartUpload {
  std::vector<CompletedPart> Part;

  std::string ToXml() const;
  static Result<CompleteMultipartUpload> FromXml(std::string_view xml);
};

struct CompleteMultipartUploadResult {
  std::string Location;
  std::string Bucket;
  std::string Key;
  std::string ETag;  ///< without quotes
  Checksums checksums;

  std::string ToXml() const;
  static Result<CompleteMultipartUploadResult> FromXml(std::string_view xml);
};

struct Part {
  int64_t PartNumber = 0;
  Timestamp LastModified = {};
  std::string ETag;  ///< without quotes
  int64_t Size = 0;
  Checksums checksums;
};

/// Answer of ListParts.
struct ListPartsResult {
  std::string Bucket;
  std::string Key;
  std::string UploadId;
  std::optional<Owner> initiator;  ///< <Initiator>
  std::optional<Owner> owner;      ///< <Owner>
  std::string StorageClass;
  int64_t PartNumberMarker = 0;
  int64_t NextPartNumberMarker = 0;
  int64_t MaxParts = 1000;
  bool IsTruncated = false;
  std::vector<Part> parts;  ///< <Part>

  std::string ToXml() const;
  static Result<ListPartsResult> FromXml(std::string_view xml);
};

struct Upload {
  std::string Key;
  std::string UploadId;
  std::optional<Owner> initiator;  ///< <Initiator>
  std::optional<Owner> owner;      ///< <Owner>
  std::string StorageClass;
  Timestamp Initiated = {};
};

/// Answer of ListMultipartUploads. Keys and prefixes stand here as they are, whatever `EncodingType` says.
struct ListMultipartUploadsResult {
  std::string Bucket;
  std::string KeyMarker;
  std::string UploadIdMarker;
  std::string NextKeyMarker;
  std::string NextUploadIdMarker;
  std::string Prefix;
  std::string Delimiter;
  int64_t MaxUploads = 1000;
  bool IsTruncated = false;
  std::string EncodingType;
  std::vector<Upload> uploads;  ///< <Upload>
  std::vector<std::string> CommonPrefixes;

  std::string ToXml() const;
  static Result<ListMultipartUploadsResult> FromXml(std::string_view xml);
};

}  // namespace glaux::wire::s3
