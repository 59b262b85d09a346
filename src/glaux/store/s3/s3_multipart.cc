#include "glaux/wire/s3_multipart.h"

#include "glaux/store/s3/s3_digest_internal.h"
#include "glaux/store/s3/s3_object_internal.h"

namespace glaux::s3 {
namespace {

constexpr int kMaxParts = 10'000;

// What the server would refuse is refused here, before an answer can be lost over it.
Status CheckParts(const S3Connection& connection, std::string_view key, std::span<const UploadedPart> parts) {
  const auto bad = [&](std::string_view what) {
    return connection.Error(ErrorKind::kInvalid, "CompleteMultipartUpload", key, what);
  };
  if (parts.empty()) return bad("an object needs at least one part");
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].number < 1 || parts[i].number > kMaxParts) return bad("part numbers are from 1 to 10000");
    if (i > 0 && parts[i].number <= parts[i - 1].number) return bad("parts are to be in ascending order");
  }
  return Status::OK();
}

int64_t SizeOf(std::span<const UploadedPart> parts) {
  int64_t size = 0;
  for (const auto& part : parts) size += part.size;
  return size;
}

Status Unknown(const Status& error, std::string_view why) {
  ErrorInfo info = InfoOf(error);
  info.kind = ErrorKind::kCommitUnknown;
  return MakeErrorMessage(std::move(info), error.message() + "; " + std::string(why));
}

// Whether the object that is there can only come from these parts.
bool IsMadeOf(const ObjectInfo& object, std::span<const UploadedPart> parts) {
  if (object.size != SizeOf(parts)) return false;
  const auto etag = ETagOfParts(parts);
  return etag && object.etag == *etag;
}

}  // namespace

Result<std::string> CreateUpload(S3Connection& connection, std::string_view key, const ObjectAttributes& attributes) {
  ARROW_RETURN_NOT_OK(CheckS3Key(key));
  S3Call call{.operation = "CreateMultipartUpload", .method = "POST", .key = std::string(key), .customer_key = true};
  call.query = {{"uploads", ""}};
  connection.AddWriteHeaders(&call.headers);
  ARROW_RETURN_NOT_OK(AddAttributes(connection, call.operation, key, attributes, &call.headers));
  if (const auto name = ChecksumName(connection.options().checksum); !name.empty()) {
    call.headers.Set("x-amz-checksum-algorithm", std::string(name));
    // So that a reader can check the whole.
    call.headers.Set("x-amz-checksum-type", "FULL_OBJECT");
  }
  ARROW_ASSIGN_OR_RAISE(const auto response, connection.Send(call));
  auto begun = wire::s3::InitiateMultipartUploadResult::FromXml(response.body);
  if (!begun.ok()) return connection.BadAnswer(call, begun.status());
  return std::move(begun->UploadId);
}

Result<UploadedPart> UploadPart(S3Connection& connection, std::string_view key, std::string_view upload_id, int number,
                                std::span<const std::byte> body) {
  ARROW_RETURN_NOT_OK(CheckS3Key(key));
  S3Call call{.operation = "UploadPart", .method = "PUT", .key = std::string(key), .body = body, .customer_key = true};
  if (number < 1 || number > kMaxParts) {
    return connection.Error(ErrorKind::kInvalid, call.operation, key, "part numbers are from 1 to 10000");
  }
  call.query = {{"partNumber", std::to_string(number)}, {"uploadId", std::string(upload_id)}};
  std::string checksum = AddChecksum(connection.options().checksum, body, &call.headers);
  ARROW_ASSIGN_OR_RAISE(const auto response, connection.Send(call));
  return UploadedPart{.number = number,
                      .etag = std::string(WithoutQuotes(response.headers.Get("etag"))),
                      .size = static_cast<int64_t>(body.size()),
                      .checksum = std::move(checksum)};
}

Result<ObjectInfo> CompleteUpload(S3Connection& connection, std::string_view key, std::string_view upload_id,
                                  std::span<const UploadedPart> parts, const PutOptions& options) {
  ARROW_RETURN_NOT_OK(CheckS3Key(key));
  ARROW_RETURN_NOT_OK(CheckParts(connection, key, parts));
  wire::s3::CompleteMultipartUpload request;
  for (const auto& part : parts)
    request.Part.push_back({.PartNumber = part.number, .ETag = part.etag, .checksums = PartChecksums(part.checksum)});
  const std::string body = request.ToXml();
  S3Call call{.operation = "CompleteMultipartUpload",
              .method = "POST",
              .key = std::string(key),
              .body = AsBytes(body),
              .idempotency = Idempotency::kUnsafe,
              .customer_key = true};
  call.query = {{"uploadId", std::string(upload_id)}};
  call.headers.Set("Content-Type", "application/xml");
  ARROW_RETURN_NOT_OK(AddConditions(connection, call.operation, key, options, &call.headers));
  auto result = connection.SendOnce<ObjectInfo>(
      call,
      [&](const http::Response& response) -> Result<ObjectInfo> {
        auto completed = wire::s3::CompleteMultipartUploadResult::FromXml(response.body);
        if (!completed.ok()) {
          auto head = HeadObject(connection, key);
          if (head.ok() && IsMadeOf(*head, parts)) return head;
          return Unknown(connection.BadAnswer(call, completed.status()),
                         "it is not known whether the object is complete");
        }
        ObjectInfo info = InfoOfWrite(key, SizeOf(parts), response.headers);
        info.etag = std::move(completed->ETag);
        return info;
      },
      [&](const Status& error) -> Result<ObjectInfo> {
        // The upload is gone, or the condition has come to fail: by our own completion, or by somebody else's.
        const ErrorKind kind = KindOf(error);
        if (kind != ErrorKind::kNotFound && kind != ErrorKind::kPrecondition) return error;
        auto head = HeadObject(connection, key);
        if (head.ok() && IsMadeOf(*head, parts)) return head;
        if (!head.ok() && KindOf(head.status()) != ErrorKind::kNotFound) return head.status();
        // As with PutObject: another's object may have followed on ours.
        if (kind == ErrorKind::kPrecondition && options.if_match.empty()) return error;
        return Unknown(error, "an earlier answer was lost, and what is there now is not known to be these parts");
      });
  if (!result.ok()) return MissingIsPrecondition(result.status(), options);
  return result;
}

Status AbortUpload(S3Connection& connection, std::string_view key, std::string_view upload_id) {
  ARROW_RETURN_NOT_OK(CheckS3Key(key));
  S3Call call{.operation = "AbortMultipartUpload",
              .method = "DELETE",
              .key = std::string(key),
              .query = {{"uploadId", std::string(upload_id)}},
              .idempotency = Idempotency::kUnsafe};
  const auto aborted = connection.SendOnce<bool>(
      call, [](const http::Response&) { return true; },
      [](const Status& error) -> Result<bool> {
        if (KindOf(error) == ErrorKind::kNotFound) return true;
        return error;
      });
  return aborted.status();
}

}  // namespace glaux::s3
