#include <algorithm>
#include <charconv>
#include <set>

#include "glaux/aws/sigv4.h"
#include "glaux/serve/s3/call_internal.h"
#include "glaux/serve/s3/object_headers_internal.h"
#include "glaux/serve/s3/upload_body_internal.h"
#include "glaux/wire/s3_multipart.h"

namespace glaux::serve::s3 {
namespace {

constexpr int64_t kMaxUploads = 1000, kMaxListedParts = 1000, kMaxPartNumber = 10'000;

Status NoUpload(const Call& call) {
  return S3Error(
      ErrorKind::kNotFound, 404, "NoSuchUpload",
      "The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload "
      "might have been aborted or completed: ",
      call.query.Get("uploadId"));
}

/// In calls about an upload, what is not there is the upload.
Status UploadError(const Call& call, const Status& status) {
  return !status.ok() && KindOf(status) == ErrorKind::kNotFound && InfoOf(status).code.empty() ? NoUpload(call)
                                                                                               : status;
}

Result<int> PartNumber(const Call& call) {
  if (!call.query.Has("partNumber")) return InvalidArgument("partNumber is missing");
  ARROW_ASSIGN_OR_RAISE(const auto number, IntParameter(call, "partNumber", 0, 1, kMaxPartNumber));
  return static_cast<int>(number);
}

/// "bytes=0-9" of x-amz-copy-source-range, which must lie within the source.
Result<std::pair<int64_t, int64_t>> CopyRange(const Call& call, int64_t size) {
  const std::string text = call.Header("x-amz-copy-source-range");
  if (text.empty()) return std::pair<int64_t, int64_t>(0, size);
  int64_t first = -1, last = -1;
  const char* end = text.data() + text.size();
  const char* at = text.data() + 6;
  bool fits = text.starts_with("bytes=");
  if (fits) {
    const auto one = std::from_chars(at, end, first);
    fits = one.ec == std::errc() && one.ptr != end && *one.ptr == '-';
    if (fits) {
      const auto two = std::from_chars(one.ptr + 1, end, last);
      fits = two.ec == std::errc() && two.ptr == end && first >= 0 && last >= first;
    }
  }
  if (!fits) {
    return InvalidArgument(
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last "
        "are the zero-based offsets of the first and last bytes to copy");
  }
  if (last >= size) return InvalidArgument("Range specified is not valid for source object of size: ", size);
  return std::pair(first, last - first + 1);
}

}  // namespace

Status CreateMultipartUpload(Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto attributes, ReadAttributes(call));
  ARROW_ASSIGN_OR_RAISE(const auto id, call.store->CreateMultipart(call.key, attributes));
  for (const char* echoed : {"x-amz-checksum-algorithm", "x-amz-checksum-type"}) {
    if (call.HasHeader(echoed)) call.headers.Add(echoed, call.Header(echoed));
  }
  return call.SendXml(
      wire::s3::InitiateMultipartUploadResult{.Bucket = call.bucket, .Key = call.key, .UploadId = id}.ToXml());
}

Status UploadPart(Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto number, PartNumber(call));
  if (call.HasHeader("x-amz-copy-source")) return UploadPartCopy(call);
  ARROW_ASSIGN_OR_RAISE(const auto body, UploadBody::Open(call));
  const auto part = call.store->UploadPartStream(call.key, call.query.Get("uploadId"), number, *body);
  if (!part.ok()) return UploadError(call, part.status());
  call.headers.Add("ETag", QuoteETag(part->etag));
  for (const auto& [name, value] : body->checked().fields()) call.headers.Add(name, value);
  return call.SendNothing(200);
}

Status UploadPartCopy(Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto number, PartNumber(call));
  ARROW_ASSIGN_OR_RAISE(const auto source, OpenCopySource(call));
  ARROW_ASSIGN_OR_RAISE(const auto range, CopyRange(call, source.reader->info().size));
  const auto body = ReadRange(*source.reader, range.first, range.second);
  const auto part = call.store->UploadPartStream(call.key, call.query.Get("uploadId"), number, *body);
  if (!part.ok()) return UploadError(call, part.status());
  return call.SendXml(wire::s3::CopyPartResult{.ETag = part->etag, .LastModified = Clock::System().Now()}.ToXml());
}

Status CompleteMultipartUpload(Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto options, ReadPutConditions(call));
  // A checksum of the whole object is not among those of a small body of XML.
  call.request.headers.Remove("x-amz-checksum-crc32");
  call.request.headers.Remove("x-amz-checksum-crc32c");
  call.request.headers.Remove("x-amz-checksum-crc64nvme");
  call.request.headers.Remove("x-amz-checksum-sha1");
  call.request.headers.Remove("x-amz-checksum-sha256");
  ARROW_ASSIGN_OR_RAISE(const auto xml, ReadXmlBody(call));
  const auto request = wire::s3::CompleteMultipartUpload::FromXml(xml);
  if (!request.ok()) return WithCode(request.status(), "MalformedXML", 400);
  if (request->Part.empty()) {
    return S3Error(ErrorKind::kInvalid, 400, "MalformedXML", "You must specify at least one part");
  }
  std::vector<UploadedPart> parts;
  for (const auto& part : request->Part) {
    if (part.PartNumber < 1 || part.PartNumber > kMaxPartNumber) {
      return InvalidArgument("PartNumber must be from 1 to 10000, found: ", part.PartNumber);
    }
    if (!parts.empty() && part.PartNumber <= parts.back().number) {
      return S3Error(ErrorKind::kInvalid, 400, "InvalidPartOrder",
                     "The list of parts was not in ascending order. Parts must be ordered by part number.");
    }
    parts.push_back({.number = static_cast<int>(part.PartNumber), .etag = UnquoteETag(part.ETag), .size = 0});
  }
  const auto info = call.store->CompleteMultipart(call.key, call.query.Get("uploadId"), parts, options);
  if (!info.ok()) {
    if (KindOf(info.status()) == ErrorKind::kInvalid) {
      return WithCode(info.status(), "InvalidPart", 400);
    }
    return UploadError(call, PutError(call, info.status(), options));
  }
  const std::string host = call.Header("host");
  wire::s3::CompleteMultipartUploadResult result;
  result.Location = std::string(call.request.tls ? "https://" : "http://") + host + call.request.path;
  result.Bucket = call.bucket;
  result.Key = call.key;
  result.ETag = info->etag;
  return call.SendXml(result.ToXml());
}

Status AbortMultipartUpload(Call& call) {
  ARROW_RETURN_NOT_OK(UploadError(call, call.store->AbortMultipart(call.key, call.query.Get("uploadId"))));
  return call.SendNothing(204);
}

Status ListParts(Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto marker, IntParameter(call, "part-number-marker", 0, 0, INT32_MAX));
  ARROW_ASSIGN_OR_RAISE(auto most, IntParameter(call, "max-parts", kMaxListedParts, 0, INT32_MAX));
  most = std::min(most, kMaxListedParts);
  const auto listed = call.store->ListParts(call.key, call.query.Get("uploadId"));
  if (!listed.ok()) return UploadError(call, listed.status());
  wire::s3::ListPartsResult result;
  result.Bucket = call.bucket;
  result.Key = call.key;
  result.UploadId = call.query.Get("uploadId");
  result.initiator = TheOwner();
  result.owner = TheOwner();
  result.StorageClass = "STANDARD";
  result.PartNumberMarker = marker;
  result.MaxParts = most;
  const auto now = Clock::System().Now();
  for (const auto& part : *listed) {
    if (part.number <= marker) continue;
    if (static_cast<int64_t>(result.parts.size()) == most) {
      result.IsTruncated = true;
      break;
    }
    result.NextPartNumberMarker = part.number;
    // Stores do not say when a part came.
    result.parts.push_back({.PartNumber = part.number, .LastModified = now, .ETag = part.etag, .Size = part.size});
  }
  return call.SendXml(result.ToXml());
}

Status ListMultipartUploads(Call& call) {
  wire::s3::ListMultipartUploadsResult result;
  result.Bucket = call.bucket;
  result.Prefix = call.query.Get("prefix");
  result.Delimiter = call.query.Get("delimiter");
  result.KeyMarker = call.query.Get("key-marker");
  result.UploadIdMarker = call.query.Get("upload-id-marker");
  result.EncodingType = call.query.Get("encoding-type");
  ARROW_ASSIGN_OR_RAISE(result.MaxUploads, IntParameter(call, "max-uploads", kMaxUploads, 0, INT32_MAX));
  result.MaxUploads = std::min(result.MaxUploads, kMaxUploads);
  ARROW_ASSIGN_OR_RAISE(const auto uploads, call.store->ListMultipart(result.Prefix));
  std::set<std::string> prefixes;
  for (const auto& upload : uploads) {
    const bool is_after =
        upload.key > result.KeyMarker ||
        (upload.key == result.KeyMarker && !result.UploadIdMarker.empty() && upload.upload_id > result.UploadIdMarker);
    if (!result.KeyMarker.empty() && !is_after) continue;
    const auto at =
        result.Delimiter.empty() ? std::string::npos : upload.key.find(result.Delimiter, result.Prefix.size());
    if (at != std::string::npos) {
      const auto prefix = upload.key.substr(0, at + result.Delimiter.size());
      if (prefixes.contains(prefix) || result.KeyMarker.starts_with(prefix)) continue;
    }
    if (static_cast<int64_t>(result.uploads.size() + prefixes.size()) >= result.MaxUploads) {
      result.IsTruncated = result.MaxUploads > 0;
      break;
    }
    result.NextKeyMarker = upload.key;
    result.NextUploadIdMarker = upload.upload_id;
    if (at != std::string::npos) {
      prefixes.insert(upload.key.substr(0, at + result.Delimiter.size()));
      continue;
    }
    result.uploads.push_back({.Key = upload.key,
                              .UploadId = upload.upload_id,
                              .initiator = TheOwner(),
                              .owner = TheOwner(),
                              .StorageClass = "STANDARD",
                              .Initiated = upload.initiated});
  }
  if (!result.IsTruncated) {
    result.NextKeyMarker.clear();
    result.NextUploadIdMarker.clear();
  }
  result.CommonPrefixes.assign(prefixes.begin(), prefixes.end());
  return call.SendXml(result.ToXml());
}

}  // namespace glaux::serve::s3
