// S3's documents. The first byte of the input chooses which one is read; what was read is written and read again.
#include "fuzz.h"
#include "glaux/wire/s3_bucket.h"
#include "glaux/wire/s3_error.h"
#include "glaux/wire/s3_list.h"
#include "glaux/wire/s3_multipart.h"
#include "glaux/wire/s3_object.h"

using namespace glaux;
using namespace glaux::wire::s3;

std::vector<std::string> FuzzSeeds() {
  const std::string key =
      "a &<\r\n\x01"
      "\xC3\xA9";
  const Owner owner{.ID = "i", .DisplayName = "d"};
  const std::vector<std::string> documents = {
      Error{.Code = "NoSuchKey",
            .Message = "m",
            .Resource = "r",
            .RequestId = "i",
            .HostId = "h",
            .extra = {{"Region", "r"}}}
          .ToXml(),
      ListBucketResult{.Name = "b", .Prefix = key, .EncodingType = "url", .Contents = {{.Key = key}}}.ToXml(),
      ListBucketResultV2{.Name = "b",
                         .NextContinuationToken = "t",
                         .Contents = {{.Key = key, .owner = owner}},
                         .CommonPrefixes = {key}}
          .ToXml(),
      ListVersionsResult{.versions = {{.Key = key}, {.is_delete_marker = true, .Key = key}}}.ToXml(),
      Delete{.Object = {{.Key = key, .VersionId = "v", .ETag = "e"}}, .Quiet = true}.ToXml(),
      DeleteResult{.Deleted = {{.Key = key}}, .Error = {{.Key = key, .Code = "c"}}}.ToXml(),
      CopyObjectResult{.ETag = "e", .checksums = {.ChecksumCRC32C = "c"}}.ToXml(),
      CompleteMultipartUpload{.Part = {{.PartNumber = 1, .ETag = "e"}}}.ToXml(),
      ListPartsResult{.initiator = owner, .parts = {{.PartNumber = 1, .ETag = "e", .Size = 5}}}.ToXml(),
      ListMultipartUploadsResult{.EncodingType = "url", .uploads = {{.Key = key, .UploadId = "u"}}}.ToXml(),
      Tagging{.TagSet = {{.Key = key, .Value = "v"}}}.ToXml(),
      CORSConfiguration{.rules = {{.AllowedMethod = {"GET"}, .MaxAgeSeconds = 5}}}.ToXml(),
      ListAllMyBucketsResult{.owner = owner, .Buckets = {{.Name = "b"}}}.ToXml()};
  std::vector<std::string> seeds;
  for (size_t i = 0; i < documents.size(); ++i) seeds.push_back(static_cast<char>(i) + documents[i]);
  return seeds;
}

template <typename Shape>
void Check(std::string_view xml) {
  const auto read = Shape::FromXml(xml);
  if (!read.ok()) {
    Require(KindOf(read.status()) == ErrorKind::kInvalid, "every error is kInvalid", read.status().ToString());
    return;
  }
  const std::string written = read->ToXml();
  const auto again = Shape::FromXml(written);
  Require(again.ok(), "what was written is read", written + ": " + again.status().ToString());
  Require(again->ToXml() == written, "what was written is written the same", written);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view xml(reinterpret_cast<const char*>(data + 1), size - 1);
  RootName(xml);
  using Checker = void (*)(std::string_view);
  constexpr Checker kCheckers[] = {Check<Error>,
                                   Check<ListBucketResult>,
                                   Check<ListBucketResultV2>,
                                   Check<ListVersionsResult>,
                                   Check<Delete>,
                                   Check<DeleteResult>,
                                   Check<CopyObjectResult>,
                                   Check<CompleteMultipartUpload>,
                                   Check<ListPartsResult>,
                                   Check<ListMultipartUploadsResult>,
                                   Check<Tagging>,
                                   Check<CORSConfiguration>,
                                   Check<ListAllMyBucketsResult>};
  kCheckers[data[0] % std::size(kCheckers)](xml);
  return 0;
}
