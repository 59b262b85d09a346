#include <algorithm>
#include <cctype>

#include "glaux/serve/s3/call_internal.h"
#include "glaux/wire/s3_bucket.h"

namespace glaux::serve::s3 {
namespace {

/// Source: Amazon S3 User Guide, "Bucket naming rules".
bool IsS3BucketName(std::string_view name) {
  const auto is_edge = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return name.size() >= 3 && name.size() <= 63 && is_edge(name.front()) && is_edge(name.back()) &&
         name.find("..") == name.npos &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_edge(c) || c == '-' || c == '.'; });
}

}  // namespace

Status ListBuckets(Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto buckets, call.options.buckets->List());
  wire::s3::ListAllMyBucketsResult result{.owner = TheOwner()};
  const std::string prefix = call.query.Get("prefix");
  for (const auto& bucket : buckets) {
    if (!bucket.name.starts_with(prefix)) continue;
    result.Buckets.push_back({.Name = bucket.name, .CreationDate = bucket.created, .BucketRegion = {}});
  }
  return call.SendXml(result.ToXml());
}

Status CreateBucket(Call& call) {
  if (!IsS3BucketName(call.bucket)) {
    return S3Error(ErrorKind::kInvalid, 400, "InvalidBucketName",
                   "The specified bucket is not valid: 3 to 63 lower-case letters, digits, '-' and '.': ", call.bucket);
  }
  if (call.HasHeader("content-length") || call.HasHeader("transfer-encoding")) {
    ARROW_ASSIGN_OR_RAISE(const auto xml, ReadXmlBody(call));
    if (!xml.empty()) {
      // Any region will do: this server is in none.
      const auto configuration = wire::s3::CreateBucketConfiguration::FromXml(xml);
      if (!configuration.ok()) return WithCode(configuration.status(), "MalformedXML", 400);
    }
  }
  const Status status = call.options.buckets->Create(call.bucket);
  if (KindOf(status) == ErrorKind::kAlreadyExists && !status.ok()) {
    call.details.emplace_back("BucketName", call.bucket);
    return S3Error(ErrorKind::kAlreadyExists, 409, "BucketAlreadyOwnedByYou",
                   "Your previous request to create the named bucket succeeded and you already own it.");
  }
  ARROW_RETURN_NOT_OK(status);
  call.headers.Add("Location", "/" + call.bucket);
  return call.SendNothing(200);
}

Status HeadBucket(Call& call) {
  call.headers.Add("x-amz-bucket-region", call.options.region);
  return call.SendNothing(200);
}

Status DeleteBucket(Call& call) {
  call.store.reset();
  const Status status = call.options.buckets->Delete(call.bucket);
  if (!status.ok() && KindOf(status) == ErrorKind::kPrecondition) {
    call.details.emplace_back("BucketName", call.bucket);
    return S3Error(ErrorKind::kPrecondition, 409, "BucketNotEmpty", "The bucket you tried to delete is not empty");
  }
  if (!status.ok() && KindOf(status) == ErrorKind::kNotFound) return WithCode(status, "NoSuchBucket", 404);
  ARROW_RETURN_NOT_OK(status);
  return call.SendNothing(204);
}

Status GetBucketLocation(Call& call) {
  const auto& region = call.options.region;
  return call.SendXml(wire::s3::LocationConstraint{.region = region == "us-east-1" ? "" : region}.ToXml());
}

Status GetBucketVersioning(Call& call) { return call.SendXml(wire::s3::VersioningConfiguration{}.ToXml()); }

}  // namespace glaux::serve::s3
