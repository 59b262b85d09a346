#include "glaux/wire/s3_object.h"

#include "glaux/wire/s3_error.h"
#include "glaux/wire/s3_fields_internal.h"

namespace glaux::wire::s3 {
namespace {

constexpr auto DeleteFields = [](auto& io, auto& request) {
  io.Flag("Quiet", request.Quiet, Need::kIfSet);
  io.List("Object", request.Object, [](auto& io, auto& object) {
    io.Text("Key", object.Key, Need::kRequired);
    io.Text("VersionId", object.VersionId, Need::kIfSet);
    io.ETag("ETag", object.ETag, Need::kIfSet);
  });
};

constexpr auto DeleteResultFields = [](auto& io, auto& result) {
  io.List("Deleted", result.Deleted, [](auto& io, auto& deleted) {
    io.Text("Key", deleted.Key, Need::kRequired);
    io.Text("VersionId", deleted.VersionId, Need::kIfSet);
    io.Flag("DeleteMarker", deleted.DeleteMarker, Need::kIfSet);
    io.Text("DeleteMarkerVersionId", deleted.DeleteMarkerVersionId, Need::kIfSet);
  });
  io.List("Error", result.Error, [](auto& io, auto& error) {
    io.Text("Key", error.Key, Need::kRequired);
    io.Text("VersionId", error.VersionId, Need::kIfSet);
    io.Text("Code", error.Code, Need::kAlways);
    io.Text("Message", error.Message, Need::kAlways);
  });
};

constexpr auto CopyFields = [](auto& io, auto& result) {
  io.Time("LastModified", result.LastModified, Need::kIfSet);
  io.ETag("ETag", result.ETag, Need::kRequired);
  ChecksumFields(io, result.checksums);
};

constexpr auto TagSetFields = [](auto& io, auto& tags) {
  io.List("Tag", tags, [](auto& io, auto& tag) {
    io.Text("Key", tag.Key, Need::kRequired);
    io.Text("Value", tag.Value, Need::kRequired);
  });
};

constexpr auto TaggingFields = [](auto& io, auto& tagging) { io.Group("TagSet", tagging.TagSet, TagSetFields); };

}  // namespace

std::string Delete::ToXml() const { return WriteXml(*this, "Delete", kNamespace, DeleteFields); }
Result<Delete> Delete::FromXml(std::string_view xml) { return ReadXml<Delete>(xml, "Delete", DeleteFields); }

std::string DeleteResult::ToXml() const { return WriteXml(*this, "DeleteResult", kNamespace, DeleteResultFields); }
Result<DeleteResult> DeleteResult::FromXml(std::string_view xml) {
  return ReadXml<DeleteResult>(xml, "DeleteResult", DeleteResultFields);
}

std::string CopyObjectResult::ToXml() const { return WriteXml(*this, "CopyObjectResult", kNamespace, CopyFields); }
Result<CopyObjectResult> CopyObjectResult::FromXml(std::string_view xml) {
  return ReadXml<CopyObjectResult>(xml, "CopyObjectResult", CopyFields);
}

std::string CopyPartResult::ToXml() const { return WriteXml(*this, "CopyPartResult", kNamespace, CopyFields); }
Result<CopyPartResult> CopyPartResult::FromXml(std::string_view xml) {
  return ReadXml<CopyPartResult>(xml, "CopyPartResult", CopyFields);
}

std::string Tagging::ToXml() const { return WriteXml(*this, "Tagging", kNamespace, TaggingFields); }
Result<Tagging> Tagging::FromXml(std::string_view xml) { return ReadXml<Tagging>(xml, "Tagging", TaggingFields); }

}  // namespace glaux::wire::s3
