#include <string>

#include "glaux/testing/matchers.h"
#include "glaux/wire/s3_bucket.h"
#include "glaux/wire/s3_error.h"
#include "glaux/wire/s3_list.h"
#include "glaux/wire/s3_multipart.h"
#include "glaux/wire/s3_object.h"

namespace glaux::wire::s3 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

// Every byte that a key may hold and XML has trouble with.
std::string HardKey() {
  std::string key = " <a>&amp;'\"]]>\xEF\xBF\xBE\xEF\xBF\xBF é日本🦉 ";
  for (char c = 1; c < 0x20; ++c) key += c;
  return key + "\x7F ";
}

Timestamp At(std::string_view text) { return ParseTimestamp(text).ValueOrDie(); }

// Reading what was written and writing it again gives the same document, so nothing was lost on the way.
template <typename T>
T RoundTrip(const T& value) {
  const std::string xml = value.ToXml();
  auto read = T::FromXml(xml);
  EXPECT_TRUE(read.ok()) << read.status().ToString() << '\n' << xml;
  if (!read.ok()) return {};
  EXPECT_EQ(read->ToXml(), xml);
  return *read;
}

TEST(S3Wire, AnErrorKeepsWhatItDoesNotKnow) {
  ASSERT_OK_AND_ASSIGN(const auto error, Error::FromXml(R"(<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region 'us-east-1' is wrong; expecting 'eu-west-1'</Message>
<Region>eu-west-1</Region><RequestId>A1</RequestId><HostId>h/=</HostId></Error>)"));
  EXPECT_EQ(error.Code, "AuthorizationHeaderMalformed");
  EXPECT_THAT(error.Message, HasSubstr("expecting 'eu-west-1'"));
  EXPECT_EQ(error.RequestId, "A1");
  EXPECT_THAT(error.extra, ElementsAre(Pair("Region", "eu-west-1")));
  RoundTrip(error);
}

TEST(S3Wire, AListingOfTheSecondVersionAsS3WritesIt) {
  ASSERT_OK_AND_ASSIGN(const auto list, ListBucketResultV2::FromXml(R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>bucket</Name><Prefix/><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><Delimiter>%2F</Delimiter>
  <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
  <NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>
  <Contents><Key>a+b%2Bc/my%20image.jpg</Key><LastModified>2009-10-12T17:50:30.250Z</LastModified>
    <ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag><Size>434234</Size><StorageClass>STANDARD</StorageClass></Contents>
  <CommonPrefixes><Prefix>photos%3D/</Prefix></CommonPrefixes>
</ListBucketResult>)"));
  EXPECT_EQ(list.Delimiter, "/");
  EXPECT_TRUE(list.IsTruncated);
  EXPECT_EQ(list.NextContinuationToken, "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=");
  ASSERT_EQ(list.Contents.size(), 1u);
  EXPECT_EQ(list.Contents[0].Key, "a b+c/my image.jpg");
  EXPECT_EQ(list.Contents[0].ETag, "fba9dede5f27731c9771645a39863328");
  EXPECT_EQ(list.Contents[0].Size, 434234);
  EXPECT_EQ(list.Contents[0].LastModified, At("2009-10-12T17:50:30.25Z"));
  EXPECT_THAT(list.CommonPrefixes, ElementsAre("photos=/"));
}

TEST(S3Wire, KeysOfListingsSurviveWithAndWithoutEncoding) {
  for (const char* encoding : {"", "url"}) {
    SCOPED_TRACE(encoding);
    const std::string key = HardKey();
    const Object object{.Key = key,
                        .LastModified = At("2026-01-31T08:30:00.123Z"),
                        .ETag = "e",
                        .Size = int64_t{5} << 40,
                        .StorageClass = "GLACIER",
                        .owner = Owner{.ID = "i", .DisplayName = "<d>"},
                        .ChecksumAlgorithm = {"CRC32C"},
                        .ChecksumType = "FULL_OBJECT"};
    const auto v1 = RoundTrip(ListBucketResult{.Name = "b",
                                               .Prefix = key,
                                               .Marker = key,
                                               .NextMarker = key,
                                               .Delimiter = key,
                                               .IsTruncated = true,
                                               .EncodingType = encoding,
                                               .Contents = {object, object},
                                               .CommonPrefixes = {key, "x/"}});
    ASSERT_EQ(v1.Contents.size(), 2u);
    EXPECT_EQ(v1.Contents[1].Key, key);
    EXPECT_EQ(v1.Contents[1].owner->DisplayName, "<d>");
    EXPECT_EQ(v1.NextMarker, key);
    EXPECT_THAT(v1.CommonPrefixes, ElementsAre(key, "x/"));
    const auto v2 = RoundTrip(ListBucketResultV2{.Name = "b",
                                                 .Prefix = key,
                                                 .StartAfter = key,
                                                 .ContinuationToken = "t",
                                                 .NextContinuationToken = "u&",
                                                 .KeyCount = 1,
                                                 .MaxKeys = 7,
                                                 .Delimiter = key,
                                                 .EncodingType = encoding,
                                                 .Contents = {object},
                                                 .CommonPrefixes = {key}});
    EXPECT_EQ(v2.StartAfter, key);
    EXPECT_EQ(v2.Contents.at(0).Size, int64_t{5} << 40);
    EXPECT_EQ(v2.Contents.at(0).LastModified, At("2026-01-31T08:30:00.123Z"));
    const auto versions = RoundTrip(ListVersionsResult{
        .Name = "b",
        .KeyMarker = key,
        .EncodingType = encoding,
        .versions = {{.Key = key, .VersionId = "null", .IsLatest = true, .ETag = "e", .Size = 3},
                     {.is_delete_marker = true, .Key = key, .VersionId = "v", .owner = Owner{.ID = "o"}},
                     {.Key = "z"}}});
    ASSERT_EQ(versions.versions.size(), 3u);
    EXPECT_TRUE(versions.versions[1].is_delete_marker);
    EXPECT_EQ(versions.versions[1].Key, key);
    EXPECT_FALSE(versions.versions[2].is_delete_marker);
    const auto uploads = RoundTrip(ListMultipartUploadsResult{
        .Bucket = "b",
        .KeyMarker = key,
        .NextKeyMarker = key,
        .Prefix = key,
        .EncodingType = encoding,
        .uploads = {{.Key = key, .UploadId = "<u>", .Initiated = At("2026-01-31T08:30:00Z")}},
        .CommonPrefixes = {key}});
    EXPECT_EQ(uploads.uploads.at(0).Key, key);
    EXPECT_EQ(uploads.uploads.at(0).UploadId, "<u>");
    EXPECT_EQ(uploads.NextKeyMarker, key);
  }
}

TEST(S3Wire, AnEncodedListingHoldsNoCharacterThatXmlForbids) {
  const std::string xml =
      ListBucketResultV2{.Prefix = HardKey(), .EncodingType = "url", .Contents = {{.Key = HardKey()}}}.ToXml();
  EXPECT_THAT(xml, Not(HasSubstr("&#")));
  for (const char c : xml) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n') << int{c};
}

TEST(S3Wire, DeletesAndTheirResults) {
  const auto request =
      RoundTrip(Delete{.Object = {{.Key = HardKey()}, {.Key = " ", .VersionId = "v", .ETag = "e"}}, .Quiet = true});
  ASSERT_EQ(request.Object.size(), 2u);
  EXPECT_EQ(request.Object[0].Key, HardKey());
  EXPECT_EQ(request.Object[1].Key, " ");
  EXPECT_EQ(request.Object[1].ETag, "e");
  EXPECT_TRUE(request.Quiet);
  const auto result = RoundTrip(DeleteResult{
      .Deleted = {{.Key = "\r\n", .DeleteMarker = true, .DeleteMarkerVersionId = "m"}},
      .Error = {{.Key = HardKey(), .VersionId = "v", .Code = "AccessDenied", .Message = "Access Denied"}}});
  EXPECT_EQ(result.Deleted.at(0).Key, "\r\n");
  EXPECT_TRUE(result.Deleted.at(0).DeleteMarker);
  EXPECT_EQ(result.Error.at(0).Key, HardKey());
  EXPECT_EQ(result.Error.at(0).Code, "AccessDenied");
}

TEST(S3Wire, CopiesKeepTheirChecksums) {
  const auto copy = RoundTrip(CopyObjectResult{.ETag = "abc-2",
                                               .LastModified = At("2026-01-31T08:30:00Z"),
                                               .checksums = {.ChecksumCRC32C = "aa==", .ChecksumType = "COMPOSITE"}});
  EXPECT_EQ(copy.ETag, "abc-2");
  EXPECT_EQ(copy.checksums.ChecksumCRC32C, "aa==");
  EXPECT_EQ(RoundTrip(CopyPartResult{.ETag = "e", .checksums = {.ChecksumSHA256 = "s"}}).checksums.ChecksumSHA256, "s");
}

TEST(S3Wire, UploadsInParts) {
  EXPECT_EQ(RoundTrip(InitiateMultipartUploadResult{.Bucket = "b", .Key = HardKey(), .UploadId = "u"}).Key, HardKey());
  const auto complete =
      RoundTrip(CompleteMultipartUpload{.Part = {{.PartNumber = 1, .ETag = "a", .checksums = {.ChecksumCRC32C = "c"}},
                                                 {.PartNumber = 10'000, .ETag = "b"}}});
  ASSERT_EQ(complete.Part.size(), 2u);
  EXPECT_EQ(complete.Part[1].PartNumber, 10'000);
  EXPECT_EQ(complete.Part[0].checksums.ChecksumCRC32C, "c");
  EXPECT_EQ(
      RoundTrip(CompleteMultipartUploadResult{.Location = "http://h/b/k", .Bucket = "b", .Key = "k", .ETag = "e-2"})
          .ETag,
      "e-2");
  const auto parts = RoundTrip(ListPartsResult{.Bucket = "b",
                                               .Key = "k",
                                               .UploadId = "u",
                                               .initiator = Owner{.ID = "i"},
                                               .PartNumberMarker = 3,
                                               .NextPartNumberMarker = 4,
                                               .IsTruncated = true,
                                               .parts = {{.PartNumber = 4, .ETag = "e", .Size = 5}}});
  EXPECT_EQ(parts.parts.at(0).Size, 5);
  EXPECT_EQ(parts.NextPartNumberMarker, 4);
  EXPECT_FALSE(parts.owner.has_value());
}

TEST(S3Wire, BucketsAndTheirSettings) {
  const auto buckets = RoundTrip(ListAllMyBucketsResult{
      .owner = {.ID = "i"},
      .Buckets = {{.Name = "a", .CreationDate = At("2026-01-31T08:30:00Z"), .BucketRegion = "eu-west-1"},
                  {.Name = "b"}}});
  ASSERT_EQ(buckets.Buckets.size(), 2u);
  EXPECT_EQ(buckets.Buckets[0].BucketRegion, "eu-west-1");
  EXPECT_EQ(RoundTrip(LocationConstraint{.region = "eu-west-1"}).region, "eu-west-1");
  EXPECT_EQ(RoundTrip(LocationConstraint{}).region, "");
  EXPECT_EQ(RoundTrip(CreateBucketConfiguration{.LocationConstraint = "eu-west-1"}).LocationConstraint, "eu-west-1");
  EXPECT_EQ(RoundTrip(VersioningConfiguration{.Status = "Enabled"}).Status, "Enabled");
  const auto tags = RoundTrip(Tagging{.TagSet = {{.Key = "k", .Value = ""}, {.Key = "&", .Value = " "}}});
  ASSERT_EQ(tags.TagSet.size(), 2u);
  EXPECT_EQ(tags.TagSet[1].Value, " ");
  const auto cors = RoundTrip(CORSConfiguration{.rules = {{.ID = "r",
                                                           .AllowedHeader = {"*"},
                                                           .AllowedMethod = {"GET", "PUT"},
                                                           .AllowedOrigin = {"https://example.com"},
                                                           .MaxAgeSeconds = 0},
                                                          {.ExposeHeader = {"ETag"}}}});
  ASSERT_EQ(cors.rules.size(), 2u);
  EXPECT_EQ(cors.rules[0].MaxAgeSeconds, 0);
  EXPECT_FALSE(cors.rules[1].MaxAgeSeconds.has_value());
  EXPECT_THAT(cors.rules[0].AllowedMethod, ElementsAre("GET", "PUT"));
}

TEST(S3Wire, PrefixesOfNamesAndCommentsDoNotMatter) {
  ASSERT_OK_AND_ASSIGN(
      const auto request,
      Delete::FromXml("<!-- x --><s:Delete xmlns:s='n'><s:Object><s:Key>a<!-- y -->b<![CDATA[<c>]]></s:Key>"
                      "</s:Object></s:Delete>"));
  EXPECT_EQ(request.Object.at(0).Key, "ab<c>");
}

TEST(S3Wire, WhatIsNoSuchDocumentIsInvalid) {
  const auto fails = [](std::string_view xml, std::string_view part) {
    const auto read = Delete::FromXml(xml);
    EXPECT_EQ(KindOf(read.status()), ErrorKind::kInvalid) << xml.substr(0, 100);
    EXPECT_THAT(read.status().message(), HasSubstr(part));
  };
  fails("", "read Delete: no XML at byte 0");
  fails("hello", "read Delete: no XML");
  fails("{\"a\": 1}", "read Delete: no XML");
  fails("<Delete>", "read Delete: no XML at byte");
  fails("<Delete><Object></Delete>", "read Delete: no XML at byte");
  fails("<Tagging/>", "the root is <Tagging>");
  fails("<Delete/><Delete/>", "a second root <Delete>");
  fails("<Delete><Object/></Delete>", "read Delete/Object/Key: this element is missing");
  fails("<Delete><Quiet>maybe</Quiet></Delete>", "read Delete/Quiet: expected true or false, found: maybe");
  fails(std::string("<Delete>\0</Delete>", 18), "a NUL byte");
  fails("<Delete><Object><Key>\xff\xfe</Key></Object></Delete>", "not UTF-8");
  const auto parts = CompleteMultipartUpload::FromXml(
      "<CompleteMultipartUpload><Part><PartNumber>1x</PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>");
  EXPECT_THAT(parts.status().message(), HasSubstr("Part/PartNumber: expected a number from 0, found: 1x"));
  for (const char* number : {"-1", "99999999999999999999", "", " 1"}) {
    EXPECT_FALSE(
        ListPartsResult::FromXml("<ListPartsResult><MaxParts>" + std::string(number) + "</MaxParts></ListPartsResult>")
            .ok())
        << number;
  }
  EXPECT_FALSE(ListBucketResult::FromXml(
                   "<ListBucketResult><EncodingType>url</EncodingType><Prefix>a%2</Prefix></ListBucketResult>")
                   .ok());
  EXPECT_FALSE(
      CopyObjectResult::FromXml("<CopyObjectResult><ETag>e</ETag><LastModified>now</LastModified></CopyObjectResult>")
          .ok());
}

TEST(S3Wire, EntitiesOfOnesOwnAreRefused) {
  const std::string bomb =
      "<?xml version=\"1.0\"?><!DOCTYPE Delete [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">"
      "<!ENTITY f SYSTEM \"file:///etc/passwd\">]><Delete><Object><Key>&b;&f;</Key></Object></Delete>";
  ASSERT_FAILS(ErrorKind::kInvalid, "a document type is not allowed", Delete::FromXml(bomb));
}

TEST(S3Wire, DeepNestingIsReadWithoutHarm) {
  std::string deep = "<Delete>";
  for (int i = 0; i < 200'000; ++i) deep += "<a>";
  EXPECT_FALSE(Delete::FromXml(deep).ok());
  for (int i = 0; i < 200'000; ++i) deep += "</a>";
  EXPECT_OK(Delete::FromXml(deep + "</Delete>"));
}

TEST(S3Wire, TheRootIsFoundWithoutReadingTheRest) {
  EXPECT_EQ(RootName("<?xml version=\"1.0\"?>\n\n<!-- <x> --><Error><Code>"), "Error");
  EXPECT_EQ(RootName("   <s3:CopyObjectResult xmlns='x'>"), "CopyObjectResult");
  EXPECT_EQ(RootName("<Error/>"), "Error");
  for (const char* none : {"", "<", "text", "<!--", "<Err"}) EXPECT_EQ(RootName(none), "") << none;
}

TEST(S3Wire, UrlEncodingIsThatOfS3) {
  EXPECT_EQ(EncodeUrl("test_file(3).png"), "test_file%283%29.png");
  EXPECT_EQ(EncodeUrl("a b+c/~*é"), "a+b%2Bc/%7E*%C3%A9");
  EXPECT_EQ(DecodeUrl("a+b%2bc%20d").ValueOrDie(), "a b+c d");
  for (const char* bad : {"%", "%1", "a%G0", "%0g"})
    EXPECT_EQ(KindOf(DecodeUrl(bad).status()), ErrorKind::kInvalid) << bad;
}

}  // namespace
}  // namespace glaux::wire::s3
