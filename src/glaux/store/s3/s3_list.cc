#include "glaux/wire/s3_list.h"
#include "glaux/store/s3/s3_digest_internal.h"
#include "glaux/store/s3/s3_object_internal.h"
#include "glaux/wire/s3_multipart.h"

namespace glaux::s3 {

Result<ListPage> ListObjects(S3Connection& connection, const ListOptions& options) {
  if (options.max_keys < 1 || options.max_keys > 1000) {
    return MakeError(ErrorKind::kInvalid, "list ", connection.Subject(""), ": max_keys is from 1 to 1000, not ",
                     options.max_keys);
  }
  S3Call call{.operation = "ListObjectsV2"};
  call.query = {{"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", std::to_string(options.max_keys)}};
  if (!options.prefix.empty()) call.query.emplace_back("prefix", options.prefix);
  if (!options.delimiter.empty()) call.query.emplace_back("delimiter", options.delimiter);
  if (!options.start_after.empty()) call.query.emplace_back("start-after", options.start_after);
  if (!options.continuation_token.empty()) call.query.emplace_back("continuation-token", options.continuation_token);
  ARROW_ASSIGN_OR_RAISE(const auto response, connection.Send(call));
  auto listed = wire::s3::ListBucketResultV2::FromXml(response.body);
  if (!listed.ok()) return connection.BadAnswer(call, listed.status());
  ListPage page;
  page.objects.reserve(listed->Contents.size());
  for (auto& object : listed->Contents) {
    page.objects.push_back({.key = std::move(object.Key),
                            .size = object.Size,
                            .etag = std::move(object.ETag),
                            .last_modified = object.LastModified,
                            .attributes = {},
                            .storage_class = StorageClassOf(object.StorageClass)});
  }
  page.common_prefixes = std::move(listed->CommonPrefixes);
  if (!listed->IsTruncated) return page;
  if (listed->NextContinuationToken.empty()) {
    return connection.BadAnswer(call, MakeError(ErrorKind::kCorrupt, "there is more, and no NextContinuationToken"));
  }
  page.next_token = std::move(listed->NextContinuationToken);
  return page;
}

Result<std::vector<MultipartUpload>> ListUploads(S3Connection& connection, std::string_view prefix) {
  std::vector<MultipartUpload> uploads;
  std::string key_marker, id_marker;
  for (;;) {
    S3Call call{.operation = "ListMultipartUploads"};
    call.query = {{"uploads", ""}, {"encoding-type", "url"}};
    if (!prefix.empty()) call.query.emplace_back("prefix", prefix);
    if (!key_marker.empty()) call.query.emplace_back("key-marker", key_marker);
    if (!id_marker.empty()) call.query.emplace_back("upload-id-marker", id_marker);
    ARROW_ASSIGN_OR_RAISE(const auto response, connection.Send(call));
    auto listed = wire::s3::ListMultipartUploadsResult::FromXml(response.body);
    if (!listed.ok()) return connection.BadAnswer(call, listed.status());
    for (auto& upload : listed->uploads) {
      uploads.push_back(
          {.key = std::move(upload.Key), .upload_id = std::move(upload.UploadId), .initiated = upload.Initiated});
    }
    const bool stuck = listed->NextKeyMarker == key_marker && listed->NextUploadIdMarker == id_marker;
    if (!listed->IsTruncated || stuck) break;
    key_marker = std::move(listed->NextKeyMarker);
    id_marker = std::move(listed->NextUploadIdMarker);
  }
  std::stable_sort(uploads.begin(), uploads.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return uploads;
}

Result<std::vector<UploadedPart>> ListParts(S3Connection& connection, std::string_view key,
                                            std::string_view upload_id) {
  ARROW_RETURN_NOT_OK(CheckS3Key(key));
  std::vector<UploadedPart> parts;
  for (int64_t marker = 0;;) {
    S3Call call{.operation = "ListParts", .key = std::string(key), .customer_key = true};
    call.query = {{"uploadId", std::string(upload_id)}};
    if (marker > 0) call.query.emplace_back("part-number-marker", std::to_string(marker));
    ARROW_ASSIGN_OR_RAISE(const auto response, connection.Send(call));
    auto listed = wire::s3::ListPartsResult::FromXml(response.body);
    if (!listed.ok()) return connection.BadAnswer(call, listed.status());
    for (auto& part : listed->parts) {
      parts.push_back({.number = static_cast<int>(part.PartNumber),
                       .etag = std::move(part.ETag),
                       .size = part.Size,
                       .checksum = PartChecksum(part.checksums)});
    }
    if (!listed->IsTruncated || listed->NextPartNumberMarker <= marker) return parts;
    marker = listed->NextPartNumberMarker;
  }
}

}  // namespace glaux::s3
