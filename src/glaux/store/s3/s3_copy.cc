#include <algorithm>

#include "glaux/base/parallel.h"
#include "glaux/store/s3/s3_digest_internal.h"
#include "glaux/store/s3/s3_object_internal.h"
#include "glaux/wire/s3_object.h"

namespace glaux::s3 {
namespace {

constexpr int kMaxParallel = 8;
constexpr int64_t kMaxParts = 10'000;

// The version of the source that was looked at, and no other.
void AddSource(const S3Connection& connection, const ObjectInfo& source, http::Headers* headers) {
  std::string from = CopySource(connection.address(), source.key);
  headers->Set("x-amz-copy-source", from);
  headers->Set("x-amz-copy-source-if-match", WithQuotes(source.etag));
  connection.AddCopySourceKey(headers);
}

Result<ObjectInfo> CopyWhole(S3Connection& connection, const ObjectInfo& source, std::string_view to,
                             const PutOptions& options) {
  S3Call call{.operation = "CopyObject", .method = "PUT", .key = std::string(to), .customer_key = true};
  AddSource(connection, source, &call.headers);
  connection.AddWriteHeaders(&call.headers);
  if (!connection.options().tags.empty()) call.headers.Set("x-amz-tagging-directive", "REPLACE");
  if (options.attributes) {
    call.headers.Set("x-amz-metadata-directive", "REPLACE");
    if (options.attributes->contains("x-amz-tagging")) call.headers.Set("x-amz-tagging-directive", "REPLACE");
    ARROW_RETURN_NOT_OK(AddAttributes(connection, call.operation, to, *options.attributes, &call.headers));
  }
  ARROW_ASSIGN_OR_RAISE(const auto response, connection.Send(call));
  const auto copied = wire::s3::CopyObjectResult::FromXml(response.body);
  if (!copied.ok()) return connection.BadAnswer(call, copied.status());
  ObjectInfo info = InfoOfWrite(to, source.size, response.headers);
  info.etag = copied->ETag;
  if (copied->LastModified != Timestamp{}) info.last_modified = copied->LastModified;
  return info;
}

Result<UploadedPart> CopyPart(S3Connection& connection, const ObjectInfo& source, std::string_view to,
                              const std::string& upload_id, int number, int64_t begin, int64_t end) {
  S3Call call{.operation = "UploadPartCopy", .method = "PUT", .key = std::string(to), .customer_key = true};
  call.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_id}};
  AddSource(connection, source, &call.headers);
  call.headers.Set("x-amz-copy-source-range", "bytes=" + std::to_string(begin) + "-" + std::to_string(end - 1));
  ARROW_ASSIGN_OR_RAISE(const auto response, connection.Send(call));
  const auto copied = wire::s3::CopyPartResult::FromXml(response.body);
  if (!copied.ok()) return connection.BadAnswer(call, copied.status());
  return UploadedPart{
      .number = number, .etag = copied->ETag, .size = end - begin, .checksum = PartChecksum(copied->checksums)};
}

Result<ObjectInfo> CopyInParts(S3Connection& connection, const ObjectInfo& source, std::string_view to,
                               const PutOptions& options) {
  const int64_t least = (source.size + kMaxParts - 1) / kMaxParts;
  const int64_t part_size = std::max({connection.options().copy_part_size, connection.options().min_part_size, least});
  const auto count = static_cast<size_t>((source.size + part_size - 1) / part_size);
  ARROW_ASSIGN_OR_RAISE(const auto upload_id,
                        CreateUpload(connection, to, options.attributes.value_or(source.attributes)));
  std::vector<UploadedPart> parts(count);
  Status status =
      ParallelForIndex(count, kMaxParallel, Pool::kIo, arrow::StopToken::Unstoppable(), [&](size_t i) -> Status {
        const int64_t begin = static_cast<int64_t>(i) * part_size;
        return CopyPart(connection, source, to, upload_id, static_cast<int>(i) + 1, begin,
                        std::min(source.size, begin + part_size))
            .Value(&parts[i]);
      });
  auto done = status.ok() ? CompleteUpload(connection, to, upload_id, parts, options) : Result<ObjectInfo>(status);
  // Of an outcome that nobody knows the parts may still be needed.
  if (!done.ok() && KindOf(done.status()) != ErrorKind::kCommitUnknown) {
    static_cast<void>(AbortUpload(connection, to, upload_id));
  }
  return done;
}

}  // namespace

Result<ObjectInfo> CopyObject(S3Connection& connection, std::string_view from, std::string_view to,
                              const PutOptions& options) {
  ARROW_RETURN_NOT_OK(CheckS3Key(to));
  ARROW_ASSIGN_OR_RAISE(const auto source, HeadObject(connection, from));
  // Servers that do not check conditions on CopyObject would overwrite in silence.
  if (HasCondition(options) && source.size <= kMostCopiedByHand) {
    ARROW_ASSIGN_OR_RAISE(const auto body, GetObject(connection, from, {.if_match = source.etag}));
    PutOptions put = options;
    if (!put.attributes) put.attributes = source.attributes;
    return PutObject(connection, to,
                     {reinterpret_cast<const std::byte*>(body->data()), static_cast<size_t>(body->size())}, put);
  }
  if (!HasCondition(options) && source.size <= connection.options().max_single_copy) {
    return CopyWhole(connection, source, to, options);
  }
  return CopyInParts(connection, source, to, options);
}

}  // namespace glaux::s3
