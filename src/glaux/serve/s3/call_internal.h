#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glaux/serve/query.h"
#include "glaux/serve/s3/s3_wire.h"
#include "glaux/wire/s3_object.h"

namespace glaux::serve::s3 {

/// One request on its way: what it asks for, and where the answer goes.
struct Call {
  const S3WireOptions& options;
  Request& request;
  Response& response;
  Query query;
  Caller caller;
  std::string bucket;
  std::string key;
  /// Of the bucket, once opened.
  std::shared_ptr<ObjectStore> store;
  /// Headers of every answer.
  http::Headers headers;
  /// Further elements of an error's XML.
  std::vector<std::pair<std::string, std::string>> details;

  std::string Header(std::string_view name) const { return request.headers.Get(name); }
  bool HasHeader(std::string_view name) const { return request.headers.Find(name).has_value(); }

  Status SendXml(std::string_view xml);
  Status SendNothing(int status);
};

/// An error with S3's own code.
template <typename... Args>
Status S3Error(ErrorKind kind, int status, std::string_view code, Args&&... message) {
  return MakeError({.kind = kind, .code = std::string(code), .http_status = status}, std::forward<Args>(message)...);
}
template <typename... Args>
Status InvalidArgument(Args&&... message) {
  return S3Error(ErrorKind::kInvalid, 400, "InvalidArgument", std::forward<Args>(message)...);
}

/// The same error, with a code of S3 if it has none.
Status WithCode(const Status& status, std::string_view code, int http_status);

/// Answer with an error's XML. Nothing, where the answer has begun already.
void SendError(Call& call, const Status& status);

/// "a", "b" or * of If-Match and its like: whether the ETag is among them.
bool MatchesETag(std::string_view list, std::string_view etag);
/// A single ETag without quotes.
std::string UnquoteETag(std::string_view text);
std::string QuoteETag(std::string_view etag);
std::string FormatHttpDate(Timestamp time);
/// Unset for what is no date: S3 passes over such a header.
std::optional<std::chrono::sys_seconds> ParseHttpDate(const std::string& text);

/// If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, all under a prefix of their names, with S3's order
/// of precedence. \param not_modified what a reader gets where nothing has changed: 304 or 412
Status CheckConditions(const Call& call, std::string_view prefix, const ObjectInfo& info, int not_modified);

/// A whole number of a parameter. kInvalid outside its bounds.
Result<int64_t> IntParameter(const Call& call, std::string_view name, int64_t otherwise, int64_t least, int64_t most);

/// A body of XML, which is small, with its digests checked.
Result<std::string> ReadXmlBody(Call& call);

wire::s3::Owner TheOwner();

// The operations. Each answers, or returns what is to be answered as an error.

Status ListBuckets(Call& call);
Status CreateBucket(Call& call);
Status HeadBucket(Call& call);
Status DeleteBucket(Call& call);
Status GetBucketLocation(Call& call);
Status GetBucketVersioning(Call& call);
Status ListObjects(Call& call);
Status ListObjectsV2(Call& call);
Status ListObjectVersions(Call& call);
Status DeleteObjects(Call& call);

Status GetObject(Call& call);
Status HeadObject(Call& call);
Status PutObject(Call& call);
Status DeleteObject(Call& call);
Status CopyObject(Call& call);
Status GetObjectTagging(Call& call);
Status PutObjectTagging(Call& call);
Status DeleteObjectTagging(Call& call);

Status CreateMultipartUpload(Call& call);
Status UploadPart(Call& call);
Status UploadPartCopy(Call& call);
Status CompleteMultipartUpload(Call& call);
Status AbortMultipartUpload(Call& call);
Status ListParts(Call& call);
Status ListMultipartUploads(Call& call);

}  // namespace glaux::serve::s3
