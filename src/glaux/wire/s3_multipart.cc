#include "glaux/wire/s3_multipart.h"

#include "glaux/wire/s3_error.h"
#include "glaux/wire/s3_fields_internal.h"

namespace glaux::wire::s3 {
namespace {

constexpr auto InitiateFields = [](auto& io, auto& result) {
  io.Text("Bucket", result.Bucket, Need::kAlways);
  io.Text("Key", result.Key, Need::kAlways);
  io.Text("UploadId", result.UploadId, Need::kRequired);
};

constexpr auto CompleteFields = [](auto& io, auto& request) {
  io.List("Part", request.Part, [](auto& io, auto& part) {
    io.Number("PartNumber", part.PartNumber, Need::kRequired);
    io.ETag("ETag", part.ETag, Need::kRequired);
    ChecksumFields(io, part.checksums);
  });
};

constexpr auto CompleteResultFields = [](auto& io, auto& result) {
  io.Text("Location", result.Location, Need::kIfSet);
  io.Text("Bucket", result.Bucket, Need::kAlways);
  io.Text("Key", result.Key, Need::kAlways);
  io.ETag("ETag", result.ETag, Need::kRequired);
  ChecksumFields(io, result.checksums);
};

constexpr auto ListPartsFields = [](auto& io, auto& result) {
  io.Text("Bucket", result.Bucket, Need::kAlways);
  io.Text("Key", result.Key, Need::kAlways);
  io.Text("UploadId", result.UploadId, Need::kAlways);
  io.Group("Initiator", result.initiator, OwnerFields);
  io.Group("Owner", result.owner, OwnerFields);
  io.Text("StorageClass", result.StorageClass, Need::kIfSet);
  io.Number("PartNumberMarker", result.PartNumberMarker, Need::kAlways);
  io.Number("NextPartNumberMarker", result.NextPartNumberMarker, Need::kIfSet);
  io.Number("MaxParts", result.MaxParts, Need::kAlways);
  io.Flag("IsTruncated", result.IsTruncated, Need::kAlways);
  io.List("Part", result.parts, [](auto& io, auto& part) {
    io.Number("PartNumber", part.PartNumber, Need::kRequired);
    io.Time("LastModified", part.LastModified, Need::kIfSet);
    io.ETag("ETag", part.ETag, Need::kRequired);
    io.Number("Size", part.Size, Need::kRequired);
    ChecksumFields(io, part.checksums);
  });
};

constexpr auto ListUploadsFields = [](auto& io, auto& result) {
  io.Text("EncodingType", result.EncodingType, Need::kIfSet);
  io.UseUrlEncoding(result.EncodingType);
  io.Text("Bucket", result.Bucket, Need::kAlways);
  io.Key("KeyMarker", result.KeyMarker, Need::kAlways);
  io.Text("UploadIdMarker", result.UploadIdMarker, Need::kAlways);
  io.Key("NextKeyMarker", result.NextKeyMarker, Need::kIfSet);
  io.Text("NextUploadIdMarker", result.NextUploadIdMarker, Need::kIfSet);
  io.Key("Prefix", result.Prefix, Need::kAlways);
  io.Key("Delimiter", result.Delimiter, Need::kIfSet);
  io.Number("MaxUploads", result.MaxUploads, Need::kAlways);
  io.Flag("IsTruncated", result.IsTruncated, Need::kAlways);
  io.List("Upload", result.uploads, [](auto& io, auto& upload) {
    io.Key("Key", upload.Key, Need::kRequired);
    io.Text("UploadId", upload.UploadId, Need::kRequired);
    io.Group("Initiator", upload.initiator, OwnerFields);
    io.Group("Owner", upload.owner, OwnerFields);
    io.Text("StorageClass", upload.StorageClass, Need::kIfSet);
    io.Time("Initiated", upload.Initiated, Need::kIfSet);
  });
  io.List("CommonPrefixes", result.CommonPrefixes, PrefixFields);
};

}  // namespace

std::string InitiateMultipartUploadResult::ToXml() const {
  return WriteXml(*this, "InitiateMultipartUploadResult", kNamespace, InitiateFields);
}
Result<InitiateMultipartUploadResult> InitiateMultipartUploadResult::FromXml(std::string_view xml) {
  return ReadXml<InitiateMultipartUploadResult>(xml, "InitiateMultipartUploadResult", InitiateFields);
}

std::string CompleteMultipartUpload::ToXml() const {
  return WriteXml(*this, "CompleteMultipartUpload", kNamespace, CompleteFields);
}
Result<CompleteMultipartUpload> CompleteMultipartUpload::FromXml(std::string_view xml) {
  return ReadXml<CompleteMultipartUpload>(xml, "CompleteMultipartUpload", CompleteFields);
}

std::string CompleteMultipartUploadResult::ToXml() const {
  return WriteXml(*this, "CompleteMultipartUploadResult", kNamespace, CompleteResultFields);
}
Result<CompleteMultipartUploadResult> CompleteMultipartUploadResult::FromXml(std::string_view xml) {
  return ReadXml<CompleteMultipartUploadResult>(xml, "CompleteMultipartUploadResult", CompleteResultFields);
}

std::string ListPartsResult::ToXml() const { return WriteXml(*this, "ListPartsResult", kNamespace, ListPartsFields); }
Result<ListPartsResult> ListPartsResult::FromXml(std::string_view xml) {
  return ReadXml<ListPartsResult>(xml, "ListPartsResult", ListPartsFields);
}

std::string ListMultipartUploadsResult::ToXml() const {
  return WriteXml(*this, "ListMultipartUploadsResult", kNamespace, ListUploadsFields);
}
Result<ListMultipartUploadsResult> ListMultipartUploadsResult::FromXml(std::string_view xml) {
  return ReadXml<ListMultipartUploadsResult>(xml, "ListMultipartUploadsResult", ListUploadsFields);
}

}  // namespace glaux::wire::s3
