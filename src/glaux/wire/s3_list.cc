#include "glaux/wire/s3_list.h"

#include <type_traits>

#include "glaux/wire/s3_error.h"
#include "glaux/wire/s3_fields_internal.h"

namespace glaux::wire::s3 {
namespace {

constexpr auto ObjectFields = [](auto& io, auto& object) {
  io.Key("Key", object.Key, Need::kRequired);
  io.Time("LastModified", object.LastModified, Need::kAlways);
  io.ETag("ETag", object.ETag, Need::kIfSet);
  io.Texts("ChecksumAlgorithm", object.ChecksumAlgorithm);
  io.Text("ChecksumType", object.ChecksumType, Need::kIfSet);
  io.Number("Size", object.Size, Need::kRequired);
  io.Text("StorageClass", object.StorageClass, Need::kIfSet);
  io.Group("Owner", object.owner, OwnerFields);
};

constexpr auto V1Fields = [](auto& io, auto& result) {
  io.Text("EncodingType", result.EncodingType, Need::kIfSet);
  io.UseUrlEncoding(result.EncodingType);
  io.Text("Name", result.Name, Need::kAlways);
  io.Key("Prefix", result.Prefix, Need::kAlways);
  io.Key("Marker", result.Marker, Need::kAlways);
  io.Key("NextMarker", result.NextMarker, Need::kIfSet);
  io.Number("MaxKeys", result.MaxKeys, Need::kAlways);
  io.Key("Delimiter", result.Delimiter, Need::kIfSet);
  io.Flag("IsTruncated", result.IsTruncated, Need::kAlways);
  io.List("Contents", result.Contents, ObjectFields);
  io.List("CommonPrefixes", result.CommonPrefixes, PrefixFields);
};

constexpr auto V2Fields = [](auto& io, auto& result) {
  io.Text("EncodingType", result.EncodingType, Need::kIfSet);
  io.UseUrlEncoding(result.EncodingType);
  io.Text("Name", result.Name, Need::kAlways);
  io.Key("Prefix", result.Prefix, Need::kAlways);
  io.Key("StartAfter", result.StartAfter, Need::kIfSet);
  io.Text("ContinuationToken", result.ContinuationToken, Need::kIfSet);
  io.Text("NextContinuationToken", result.NextContinuationToken, Need::kIfSet);
  io.Number("KeyCount", result.KeyCount, Need::kAlways);
  io.Number("MaxKeys", result.MaxKeys, Need::kAlways);
  io.Key("Delimiter", result.Delimiter, Need::kIfSet);
  io.Flag("IsTruncated", result.IsTruncated, Need::kAlways);
  io.List("Contents", result.Contents, ObjectFields);
  io.List("CommonPrefixes", result.CommonPrefixes, PrefixFields);
};

constexpr auto VersionFields = [](auto& io, auto& version) {
  io.Key("Key", version.Key, Need::kRequired);
  io.Text("VersionId", version.VersionId, Need::kAlways);
  io.Flag("IsLatest", version.IsLatest, Need::kAlways);
  io.Time("LastModified", version.LastModified, Need::kAlways);
  if (!version.is_delete_marker) {
    io.ETag("ETag", version.ETag, Need::kIfSet);
    io.Number("Size", version.Size, Need::kRequired);
    io.Text("StorageClass", version.StorageClass, Need::kIfSet);
  }
  io.Group("Owner", version.owner, OwnerFields);
};

// Two kinds of elements make one list here, in the order of the document.
void VersionList(XmlWriter& writer, const std::vector<ObjectVersion>& versions) {
  for (const auto& version : versions) {
    writer.Group(version.is_delete_marker ? "DeleteMarker" : "Version", version, VersionFields);
  }
}

void VersionList(XmlReader& reader, std::vector<ObjectVersion>& versions) {
  for (const auto& child : reader.node().children()) {
    const bool marker = XmlReader::IsNamed(child, "DeleteMarker");
    if (!marker && !XmlReader::IsNamed(child, "Version")) continue;
    auto& version = versions.emplace_back();
    version.is_delete_marker = marker;
    reader.Inside(child, [&] { VersionFields(reader, version); });
  }
}

constexpr auto ListVersionsFields = [](auto& io, auto& result) {
  io.Text("EncodingType", result.EncodingType, Need::kIfSet);
  io.UseUrlEncoding(result.EncodingType);
  io.Text("Name", result.Name, Need::kAlways);
  io.Key("Prefix", result.Prefix, Need::kAlways);
  io.Key("KeyMarker", result.KeyMarker, Need::kAlways);
  io.Text("VersionIdMarker", result.VersionIdMarker, Need::kAlways);
  io.Key("NextKeyMarker", result.NextKeyMarker, Need::kIfSet);
  io.Text("NextVersionIdMarker", result.NextVersionIdMarker, Need::kIfSet);
  io.Number("MaxKeys", result.MaxKeys, Need::kAlways);
  io.Key("Delimiter", result.Delimiter, Need::kIfSet);
  io.Flag("IsTruncated", result.IsTruncated, Need::kAlways);
  VersionList(io, result.versions);
  io.List("CommonPrefixes", result.CommonPrefixes, PrefixFields);
};

}  // namespace

std::string ListBucketResult::ToXml() const { return WriteXml(*this, "ListBucketResult", kNamespace, V1Fields); }
Result<ListBucketResult> ListBucketResult::FromXml(std::string_view xml) {
  return ReadXml<ListBucketResult>(xml, "ListBucketResult", V1Fields);
}

std::string ListBucketResultV2::ToXml() const { return WriteXml(*this, "ListBucketResult", kNamespace, V2Fields); }
Result<ListBucketResultV2> ListBucketResultV2::FromXml(std::string_view xml) {
  return ReadXml<ListBucketResultV2>(xml, "ListBucketResult", V2Fields);
}

std::string ListVersionsResult::ToXml() const {
  return WriteXml(*this, "ListVersionsResult", kNamespace, ListVersionsFields);
}
Result<ListVersionsResult> ListVersionsResult::FromXml(std::string_view xml) {
  return ReadXml<ListVersionsResult>(xml, "ListVersionsResult", ListVersionsFields);
}

}  // namespace glaux::wire::s3
