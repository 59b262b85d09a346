#pragma once

#include <string>
#include <string_view>

#include "glaux/base/clock.h"
#include "glaux/http/transport.h"
#include "glaux/store/object_store.h"
#include "glaux/store/s3/s3_connection_internal.h"

namespace glaux::s3 {

/// Metadata that a conditional write leaves, so that a repeated try knows the first one.
inline constexpr std::string_view kWriteMark = "x-amz-meta-glaux-write";

std::string_view WithoutQuotes(std::string_view etag);
std::string WithQuotes(std::string_view etag);

/// "Wed, 12 Oct 2009 17:50:00 GMT"; the epoch for anything else.
Timestamp ParseHttpDate(std::string_view text);

/// kInvalid unless S3 can hold this key: a key of any store, and UTF-8.
Status CheckS3Key(std::string_view key);

/// What the headers of an answer to HeadObject or GetObject say. Without Content-Length the size is 0.
ObjectInfo InfoFromHeaders(std::string_view key, const http::Headers& headers);
/// What the answer to a write says; time is the server's Date.
ObjectInfo InfoOfWrite(std::string_view key, int64_t size, const http::Headers& headers);

/// If-None-Match and If-Match of a write. kNotImplemented where the server does not know them.
Status AddConditions(const S3Connection& connection, std::string_view operation, std::string_view key,
                     const PutOptions& options, http::Headers* headers);
inline bool HasCondition(const PutOptions& options) { return options.if_absent || !options.if_match.empty(); }
/// S3 answers If-Match for a key that is not there with NoSuchKey: to our callers that is a failed condition.
Status MissingIsPrecondition(const Status& status, const PutOptions& options);

/// The headers of a write that say them. Metadata beyond ASCII is encoded; kInvalid for what no header can hold,
/// kNotImplemented for an attribute that S3 does not keep.
Status AddAttributes(const S3Connection& connection, std::string_view operation, std::string_view key,
                     const ObjectAttributes& attributes, http::Headers* headers);
/// What the headers of an answer to HeadObject say of them: without tags, which it does not tell, and without the type
/// that servers give to an object that has none.
ObjectAttributes AttributesFromHeaders(const http::Headers& headers);

Result<ObjectInfo> HeadObject(S3Connection& connection, std::string_view key, std::string* write_mark = nullptr);
Result<std::shared_ptr<arrow::Buffer>> GetObject(S3Connection& connection, std::string_view key,
                                                 const GetOptions& options);
Result<int64_t> GetObjectStream(S3Connection& connection, std::string_view key, const GetOptions& options,
                                const ByteSink& sink);
Result<ObjectInfo> PutObject(S3Connection& connection, std::string_view key, std::span<const std::byte> body,
                             const PutOptions& options);
Result<ListPage> ListObjects(S3Connection& connection, const ListOptions& options);
Result<std::vector<DeleteFailure>> DeleteObjects(S3Connection& connection, std::span<const std::string> keys);
Result<ObjectInfo> CopyObject(S3Connection& connection, std::string_view from, std::string_view to,
                              const PutOptions& options);

Result<std::string> CreateUpload(S3Connection& connection, std::string_view key, const ObjectAttributes& attributes);
Result<UploadedPart> UploadPart(S3Connection& connection, std::string_view key, std::string_view upload_id, int number,
                                std::span<const std::byte> body);
Result<ObjectInfo> CompleteUpload(S3Connection& connection, std::string_view key, std::string_view upload_id,
                                  std::span<const UploadedPart> parts, const PutOptions& options);
Status AbortUpload(S3Connection& connection, std::string_view key, std::string_view upload_id);
Result<std::vector<MultipartUpload>> ListUploads(S3Connection& connection, std::string_view prefix);
Result<std::vector<UploadedPart>> ListParts(S3Connection& connection, std::string_view key, std::string_view upload_id);

}  // namespace glaux::s3
