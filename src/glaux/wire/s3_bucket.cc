#include "glaux/wire/s3_bucket.h"

#include "glaux/wire/s3_error.h"
#include "glaux/wire/s3_fields_internal.h"

namespace glaux::wire::s3 {
namespace {

constexpr auto BucketsFields = [](auto& io, auto& buckets) {
  io.List("Bucket", buckets, [](auto& io, auto& bucket) {
    io.Text("Name", bucket.Name, Need::kRequired);
    io.Time("CreationDate", bucket.CreationDate, Need::kIfSet);
    io.Text("BucketRegion", bucket.BucketRegion, Need::kIfSet);
  });
};

constexpr auto ListAllMyBucketsFields = [](auto& io, auto& result) {
  io.Group("Owner", result.owner, OwnerFields);
  io.Group("Buckets", result.Buckets, BucketsFields);
  io.Text("ContinuationToken", result.ContinuationToken, Need::kIfSet);
  io.Text("Prefix", result.Prefix, Need::kIfSet);
};

constexpr auto LocationFields = [](auto& io, auto& location) { io.Content(location.region); };

constexpr auto CreateBucketFields = [](auto& io, auto& request) {
  io.Text("LocationConstraint", request.LocationConstraint, Need::kIfSet);
};

constexpr auto VersioningFields = [](auto& io, auto& versioning) {
  io.Text("Status", versioning.Status, Need::kIfSet);
  io.Text("MfaDelete", versioning.MfaDelete, Need::kIfSet);
};

constexpr auto CorsFields = [](auto& io, auto& cors) {
  io.List("CORSRule", cors.rules, [](auto& io, auto& rule) {
    io.Text("ID", rule.ID, Need::kIfSet);
    io.Texts("AllowedHeader", rule.AllowedHeader);
    io.Texts("AllowedMethod", rule.AllowedMethod);
    io.Texts("AllowedOrigin", rule.AllowedOrigin);
    io.Texts("ExposeHeader", rule.ExposeHeader);
    io.Number("MaxAgeSeconds", rule.MaxAgeSeconds);
  });
};

}  // namespace

std::string ListAllMyBucketsResult::ToXml() const {
  return WriteXml(*this, "ListAllMyBucketsResult", kNamespace, ListAllMyBucketsFields);
}
Result<ListAllMyBucketsResult> ListAllMyBucketsResult::FromXml(std::string_view xml) {
  return ReadXml<ListAllMyBucketsResult>(xml, "ListAllMyBucketsResult", ListAllMyBucketsFields);
}

std::string LocationConstraint::ToXml() const {
  return WriteXml(*this, "LocationConstraint", kNamespace, LocationFields);
}
Result<LocationConstraint> LocationConstraint::FromXml(std::string_view xml) {
  return ReadXml<LocationConstraint>(xml, "LocationConstraint", LocationFields);
}

std::string CreateBucketConfiguration::ToXml() const {
  return WriteXml(*this, "CreateBucketConfiguration", kNamespace, CreateBucketFields);
}
Result<CreateBucketConfiguration> CreateBucketConfiguration::FromXml(std::string_view xml) {
  return ReadXml<CreateBucketConfiguration>(xml, "CreateBucketConfiguration", CreateBucketFields);
}

std::string VersioningConfiguration::ToXml() const {
  return WriteXml(*this, "VersioningConfiguration", kNamespace, VersioningFields);
}
Result<VersioningConfiguration> VersioningConfiguration::FromXml(std::string_view xml) {
  return ReadXml<VersioningConfiguration>(xml, "VersioningConfiguration", VersioningFields);
}

std::string CORSConfiguration::ToXml() const { return WriteXml(*this, "CORSConfiguration", kNamespace, CorsFields); }
Result<CORSConfiguration> CORSConfiguration::FromXml(std::string_view xml) {
  return ReadXml<CORSConfiguration>(xml, "CORSConfiguration", CorsFields);
}

}  // namespace glaux::wire::s3
