#include "glaux/store/s3/s3_store.h"

#include "glaux/base/checksum.h"
#include "glaux/store/s3/s3_fake_transport.h"
#include "glaux/store/s3/s3_test_options.h"
#include "glaux/testing/fake_clock.h"
#include "glaux/testing/matchers.h"
#include "glaux/wire/s3_error.h"
#include "glaux/wire/s3_list.h"
#include "glaux/wire/s3_multipart.h"
#include "glaux/wire/s3_object.h"

namespace glaux::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class S3StoreTest : public ::testing::Test {
 protected:
  std::shared_ptr<ObjectStore> Store() { return MakeS3Store(options).ValueOrDie(); }

  void PlayError(int status, const std::string& code, std::vector<std::pair<std::string, std::string>> extra = {}) {
    transport->Play({.status = status, .body = wire::s3::Error{.Code = code, .Message = "m", .extra = extra}.ToXml()});
  }
  void PlayHead(int64_t size, const std::string& etag, http::Headers headers = {}) {
    headers.Set("Content-Length", std::to_string(size));
    headers.Set("ETag", '"' + etag + '"');
    transport->Play({.headers = headers});
  }
  const FakeTransport::Seen& Request(size_t i) { return transport->seen.at(i); }

  std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();
  FakeClock clock;
  S3StoreOptions options = [this] {
    static int buckets = 0;  // regions are remembered for the whole process
    S3StoreOptions made{.bucket = "bucket-" + std::to_string(++buckets), .region = "eu-west-1"};
    made.transport = transport;
    made.credentials = TestKeys();
    made.clock = &clock;
    return made;
  }();
};

// ---- addresses ------------------------------------------------------------------------------------------------------

TEST_F(S3StoreTest, EachBucketHasItsAddress) {
  struct Case {
    std::string bucket, region, endpoint;
    S3Addressing addressing;
    std::string url;
  };
  const std::string arn = "arn:aws:s3:us-west-2:123456789012:accesspoint/my-point";
  using enum S3Addressing;
  for (const auto& c : std::vector<Case>{
           {"data", "eu-west-1", "", kAuto, "https://data.s3.eu-west-1.amazonaws.com/a%20b/%C3%A9"},
           {"data", "cn-north-1", "", kAuto, "https://data.s3.cn-north-1.amazonaws.com.cn/a%20b/%C3%A9"},
           {"data", "eu-west-1", "", kPath, "https://s3.eu-west-1.amazonaws.com/data/a%20b/%C3%A9"},
           {"with.dots", "eu-west-1", "", kAuto, "https://s3.eu-west-1.amazonaws.com/with.dots/a%20b/%C3%A9"},
           {"with.dots", "eu-west-1", "", kVirtualHost, "https://with.dots.s3.eu-west-1.amazonaws.com/a%20b/%C3%A9"},
           {"Old_Name", "us-east-1", "", kAuto, "https://s3.us-east-1.amazonaws.com/Old_Name/a%20b/%C3%A9"},
           {"data", "r", "http://127.0.0.1:9000", kAuto, "http://127.0.0.1:9000/data/a%20b/%C3%A9"},
           {"data", "r", "http://localhost:9000/", kAuto, "http://localhost:9000/data/a%20b/%C3%A9"},
           {"data", "r", "https://store.example.com/s3", kAuto, "https://store.example.com/s3/data/a%20b/%C3%A9"},
           {"data", "r", "https://store.example.com", kVirtualHost, "https://data.store.example.com/a%20b/%C3%A9"},
           {"data", "r", "https://s3.dualstack.eu-west-1.amazonaws.com", kAuto,
            "https://data.s3.dualstack.eu-west-1.amazonaws.com/a%20b/%C3%A9"},
           {arn, "", "", kAuto, "https://my-point-123456789012.s3-accesspoint.us-west-2.amazonaws.com/a%20b/%C3%A9"},
       }) {
    SCOPED_TRACE(c.url);
    options.bucket = c.bucket;
    options.region = c.region;
    options.endpoint_url = c.endpoint;
    options.addressing = c.addressing;
    PlayHead(1, "e");
    ASSERT_OK(Store()->Head("a b/é"));
    EXPECT_EQ(transport->seen.back().url, c.url);
  }
  EXPECT_THAT(transport->seen.back().headers.Get("authorization"), HasSubstr("/us-west-2/s3/aws4_request"));
}

TEST_F(S3StoreTest, WhatIsNoBucketIsRefused) {
  for (const char* bucket : {"", "a/b", "s3://b", "..", "arn:aws:s3:::bucket", "arn:aws:s3:r:1:accesspoint/"}) {
    options.bucket = bucket;
    EXPECT_EQ(KindOf(MakeS3Store(options).status()), ErrorKind::kInvalid) << bucket;
  }
  for (const char* bucket : {"data--use1-az4--x-s3", "arn:aws:s3::123456789012:accesspoint/m.mrap"}) {
    options.bucket = bucket;
    EXPECT_EQ(KindOf(MakeS3Store(options).status()), ErrorKind::kNotImplemented) << bucket;
  }
  options.bucket = "b";
  for (const char* url : {"127.0.0.1:9000", "http://", "http://user:secret@host", "http://host?x"}) {
    options.endpoint_url = url;
    const auto status = MakeS3Store(options).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kInvalid) << url;
    EXPECT_THAT(status.message(), Not(HasSubstr("secret")));
  }
}

TEST_F(S3StoreTest, AWrongRegionIsCorrectedOnceForAll) {
  PlayError(400, "AuthorizationHeaderMalformed", {{"Region", "ap-south-1"}});
  transport->Play({.body = wire::s3::ListBucketResultV2{}.ToXml()});
  PlayHead(1, "e");
  ASSERT_OK(Store()->List());
  ASSERT_OK(Store()->Head("k"));
  ASSERT_EQ(transport->seen.size(), 3u);
  EXPECT_THAT(Request(0).url, HasSubstr(".s3.eu-west-1."));
  EXPECT_THAT(Request(1).url, HasSubstr(".s3.ap-south-1."));
  EXPECT_THAT(Request(1).headers.Get("authorization"), HasSubstr("/ap-south-1/s3/"));
  EXPECT_THAT(Request(2).url, HasSubstr(".s3.ap-south-1."));
}

TEST_F(S3StoreTest, WithoutARegionTheSurroundingsAreAskedBeforeTheBucket) {
  options.region = "";
  int asked = 0;
  options.find_region = [&] { return ++asked, "eu-south-2"; };
  const auto store = Store();
  PlayHead(1, "e");
  PlayHead(1, "e");
  ASSERT_OK(store->Head("k"));
  ASSERT_OK(store->Head("k"));
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(Request(0).url, HasSubstr(".s3.eu-south-2."));

  options.find_region = [] { return ""; };
  transport->Play({.status = 403, .headers = {{"x-amz-bucket-region", "sa-east-1"}}});
  PlayHead(1, "e");
  ASSERT_OK(Store()->Head("k"));
  EXPECT_THAT(transport->seen.back().url, HasSubstr(".s3.sa-east-1."));
}

TEST_F(S3StoreTest, ARedirectOfAHeadNamesTheRegionInItsHeader) {
  transport->Play({.status = 301, .headers = {{"x-amz-bucket-region", "ap-south-1"}}});
  PlayHead(5, "e");
  ASSERT_OK_AND_ASSIGN(const auto info, Store()->Head("k"));
  EXPECT_EQ(info.size, 5);
  EXPECT_THAT(Request(1).url, HasSubstr(".s3.ap-south-1."));
}

TEST_F(S3StoreTest, AnUnknownRegionIsAskedForOnce) {
  options.region = "";
  transport->Play({.status = 403, .headers = {{"x-amz-bucket-region", "eu-north-1"}}});
  PlayHead(1, "e");
  PlayHead(1, "e");
  const auto store = Store();
  ASSERT_OK(store->Head("k"));
  ASSERT_OK(store->Head("k"));
  ASSERT_EQ(transport->seen.size(), 3u);
  EXPECT_EQ(Request(0).url, "https://s3.amazonaws.com/" + options.bucket);
  EXPECT_EQ(Request(0).headers.Get("authorization"), "");
  EXPECT_THAT(Request(1).url, HasSubstr(".s3.eu-north-1."));
}

// ---- what goes along ------------------------------------------------------------------------------------------------

TEST_F(S3StoreTest, APutCarriesWhatTheOptionsSay) {
  options.request_payer = true;
  options.storage_class = "STANDARD_IA";
  options.tags = {{"a", "b c"}, {"é", "&"}};
  options.encryption = {.kind = S3Encryption::Kind::kAwsKms, .kms_key_id = "alias/k"};
  transport->Play({.headers = {{"ETag", "\"e\""}, {"x-amz-version-id", "v"}}});
  ASSERT_OK_AND_ASSIGN(const auto info, PutString(*Store(), "k", "123456789"));
  EXPECT_EQ(info.etag, "e");
  EXPECT_EQ(info.version, "v");
  EXPECT_EQ(info.size, 9);
  const auto& headers = Request(0).headers;
  EXPECT_EQ(headers.Get("x-amz-request-payer"), "requester");
  EXPECT_EQ(headers.Get("x-amz-storage-class"), "STANDARD_IA");
  EXPECT_EQ(headers.Get("x-amz-tagging"), "a=b%20c&%C3%A9=%26");
  EXPECT_EQ(headers.Get("x-amz-server-side-encryption"), "aws:kms");
  EXPECT_EQ(headers.Get("x-amz-server-side-encryption-aws-kms-key-id"), "alias/k");
  EXPECT_EQ(headers.Get("x-amz-server-side-encryption-bucket-key-enabled"), "true");
  EXPECT_EQ(headers.Get("x-amz-checksum-crc32c"), "4waSgw==");
  EXPECT_EQ(headers.Get("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
}

TEST_F(S3StoreTest, WithoutTlsTheBodyIsSigned) {
  options.endpoint_url = "http://127.0.0.1:1";
  transport->Play({});
  ASSERT_OK(PutString(*Store(), "k", "abc"));
  EXPECT_EQ(Request(0).headers.Get("x-amz-content-sha256"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(S3StoreTest, TheCustomersKeyGoesWithEveryCallThatNeedsIt) {
  options.encryption = {.kind = S3Encryption::Kind::kCustomerKey, .customer_key = Secret(std::string(32, 'k'))};
  const auto store = Store();
  PlayHead(1, "e");
  transport->Play({.body = "x"});
  transport->Play({});
  transport->Play({.body = wire::s3::InitiateMultipartUploadResult{.UploadId = "u"}.ToXml()});
  transport->Play({.headers = {{"ETag", "\"p\""}}});
  ASSERT_OK(store->Head("k"));
  ASSERT_OK(store->Get("k"));
  ASSERT_OK(PutString(*store, "k", "x"));
  ASSERT_OK(store->CreateMultipart("k"));
  ASSERT_OK(store->UploadPart("k", "u", 1, AsBytes("x")));
  for (const auto& request : transport->seen) {
    EXPECT_EQ(request.headers.Get("x-amz-server-side-encryption-customer-algorithm"), "AES256");
    EXPECT_EQ(request.headers.Get("x-amz-server-side-encryption-customer-key"),
              "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=");
    EXPECT_EQ(request.headers.Get("x-amz-server-side-encryption-customer-key-md5").size(), 24u);
  }
  PlayHead(1, "e");
  transport->Play({.body = wire::s3::CopyObjectResult{.ETag = "c"}.ToXml()});
  ASSERT_OK(store->Copy("k", "l"));
  EXPECT_EQ(transport->seen.back().headers.Get("x-amz-copy-source-server-side-encryption-customer-algorithm"),
            "AES256");
  options.endpoint_url = "http://store.example.com";
  ASSERT_FAILS(ErrorKind::kInvalid, "without TLS", MakeS3Store(options));
}

// ---- reading --------------------------------------------------------------------------------------------------------

TEST_F(S3StoreTest, AWholeBodyIsCheckedAgainstItsChecksum) {
  const http::Headers headers = {{"x-amz-checksum-crc32c", "4waSgw=="}};
  transport->Play({.headers = headers, .body = "123456788"});
  transport->Play({.headers = headers, .body = "123456789"});
  ASSERT_OK_AND_ASSIGN(const auto body, Store()->Get("k"));
  EXPECT_EQ(body->ToString(), "123456789");
  EXPECT_EQ(Request(0).headers.Get("x-amz-checksum-mode"), "ENABLED");
  for (int i = 0; i < 3; ++i) transport->Play({.headers = headers, .body = "12345678"});
  ASSERT_FAILS(ErrorKind::kCorrupt, "checksum CRC32C", Store()->Get("k"));
  transport->Play({.headers = {{"x-amz-checksum-crc32c", "AAAAAA==-2"}}, .body = "1"});
  ASSERT_OK(Store()->Get("k"));
}

TEST_F(S3StoreTest, ACutBodyGoesOnWhereItWasCut) {
  const Status cut = MakeError(ErrorKind::kUnavailable, "connection reset");
  transport->Play({.headers = {{"ETag", "\"e\""}}, .body = "0123456789", .error = cut, .cut = 4});
  transport->Play({.status = 206,
                   .headers = {{"ETag", "\"e\""}, {"Content-Range", "bytes 4-9/10"}},
                   .body = "456789",
                   .error = cut,
                   .cut = 3});
  transport->Play({.status = 206, .headers = {{"ETag", "\"e\""}, {"Content-Range", "bytes 7-9/10"}}, .body = "789"});
  ASSERT_OK_AND_ASSIGN(const auto body, Store()->Get("k"));
  EXPECT_EQ(body->ToString(), "0123456789");
  EXPECT_EQ(Request(1).headers.Get("range"), "bytes=4-");
  EXPECT_EQ(Request(1).headers.Get("if-match"), "\"e\"");
  EXPECT_EQ(Request(2).headers.Get("range"), "bytes=7-");
}

TEST_F(S3StoreTest, AnObjectThatIsReplacedWhileItIsReadIsReadAnew) {
  const Status cut = MakeError(ErrorKind::kUnavailable, "connection reset");
  transport->Play({.headers = {{"ETag", "\"old\""}}, .body = "old content", .error = cut, .cut = 4});
  PlayError(412, "PreconditionFailed");
  transport->Play({.headers = {{"ETag", "\"new\""}}, .body = "new"});
  ASSERT_OK_AND_ASSIGN(const auto body, Store()->Get("k"));
  EXPECT_EQ(body->ToString(), "new");
}

TEST_F(S3StoreTest, AServerThatDoesNotKnowRangesIsReadAllTheSame) {
  transport->Play({.body = "0123456789"});
  ASSERT_OK_AND_ASSIGN(const auto body, Store()->Get("k", {.range = {.offset = 3, .length = 4}}));
  EXPECT_EQ(body->ToString(), "3456");
}

// ---- lost answers ---------------------------------------------------------------------------------------------------

TEST_F(S3StoreTest, AConditionalPutKnowsItsOwnFirstTry) {
  transport->Lose();
  PlayError(412, "PreconditionFailed");
  // The mark is in the first request, so the third answer can only be made once that was seen.
  class Marked final : public http::Transport {
   public:
    Marked(std::shared_ptr<FakeTransport> to, bool ours) : to_(std::move(to)), ours_(ours) {}
    Result<http::Response> Send(const http::Request& request) override {
      if (request.method == "HEAD") {
        const std::string mark = ours_ ? to_->seen.front().headers.Get("x-amz-meta-glaux-write") : "another";
        to_->Play({.headers = {{"ETag", "\"e\""}, {"x-amz-meta-glaux-write", mark}, {"Content-Length", "1"}}});
      }
      return to_->Send(request);
    }

   private:
    const std::shared_ptr<FakeTransport> to_;
    const bool ours_;
  };
  options.transport = std::make_shared<Marked>(transport, true);
  ASSERT_OK_AND_ASSIGN(const auto info, PutString(*Store(), "k", "x", {.if_absent = true}));
  EXPECT_EQ(info.etag, "e");
  EXPECT_EQ(Request(0).headers.Get("if-none-match"), "*");
  EXPECT_NE(Request(0).headers.Get("x-amz-meta-glaux-write"), "");

  transport->Lose();
  PlayError(412, "PreconditionFailed");
  options.transport = std::make_shared<Marked>(transport, false);
  EXPECT_EQ(KindOf(PutString(*Store(), "k", "x", {.if_absent = true}).status()), ErrorKind::kPrecondition);

  // Another's object may have followed on ours.
  transport->Lose();
  PlayError(412, "PreconditionFailed");
  EXPECT_EQ(KindOf(PutString(*Store(), "k", "x", {.if_match = "e"}).status()), ErrorKind::kCommitUnknown);
  PlayError(412, "PreconditionFailed");
  EXPECT_EQ(KindOf(PutString(*Store(), "k", "x", {.if_match = "e"}).status()), ErrorKind::kPrecondition);
}

TEST_F(S3StoreTest, AConditionalPutWithoutAnyAnswerIsUnknown) {
  for (int i = 0; i < options.retry.max_attempts; ++i) transport->Lose();
  ASSERT_FAILS(ErrorKind::kCommitUnknown, "not known whether", PutString(*Store(), "k", "x", {.if_match = "e"}));
  EXPECT_EQ(transport->seen.size(), 5u);
  EXPECT_EQ(Request(0).headers.Get("if-match"), "\"e\"");
}

TEST_F(S3StoreTest, AConflictOfWritersIsTriedAgain) {
  PlayError(409, "ConditionalRequestConflict");
  PlayError(412, "PreconditionFailed");
  EXPECT_EQ(KindOf(PutString(*Store(), "k", "x", {.if_absent = true}).status()), ErrorKind::kPrecondition);
  PlayError(404, "NoSuchKey");
  EXPECT_EQ(KindOf(PutString(*Store(), "k", "x", {.if_match = "e"}).status()), ErrorKind::kPrecondition);
}

class S3CompletionTest : public S3StoreTest {
 protected:
  Result<ObjectInfo> Complete() { return Store()->CompleteMultipart("k", "u", parts); }
  void PlayDone() { transport->Play({.body = wire::s3::CompleteMultipartUploadResult{.ETag = "done-2"}.ToXml()}); }

  // MD5 of "a" and of "b", and the ETag of an object of these two parts.
  const std::vector<UploadedPart> parts = {
      {.number = 1, .etag = "0cc175b9c0f1b6a831c399e269772661", .size = 1, .checksum = "CRC32C:wdBDMA=="},
      {.number = 2, .etag = "92eb5ffee6ae2fec3ad71c777531578f", .size = 1, .checksum = {}}};
  const std::string etag = "96e024ba2074fe77e8e965ba43a704be-2";
};

TEST_F(S3CompletionTest, SendsThePartsWithTheirChecksums) {
  PlayDone();
  ASSERT_OK_AND_ASSIGN(const auto info, Complete());
  EXPECT_EQ(info.etag, "done-2");
  EXPECT_EQ(info.size, 2);
  ASSERT_OK_AND_ASSIGN(const auto sent, wire::s3::CompleteMultipartUpload::FromXml(Request(0).body));
  ASSERT_EQ(sent.Part.size(), 2u);
  EXPECT_EQ(sent.Part[0].checksums.ChecksumCRC32C, "wdBDMA==");
}

TEST_F(S3CompletionTest, AnErrorInTheBodyOfASuccessIsAnError) {
  PlayError(200, "InternalError");
  PlayDone();
  ASSERT_OK(Complete());
  PlayError(200, "InvalidPart");
  EXPECT_EQ(KindOf(Complete().status()), ErrorKind::kInvalid);
}

TEST_F(S3CompletionTest, AfterALostAnswerTheObjectItselfTells) {
  transport->Lose();
  PlayError(404, "NoSuchUpload");
  PlayHead(2, etag);
  ASSERT_OK_AND_ASSIGN(const auto info, Complete());
  EXPECT_EQ(info.etag, etag);
  transport->Lose();
  PlayError(404, "NoSuchUpload");
  PlayHead(2, "another-2");
  EXPECT_EQ(KindOf(Complete().status()), ErrorKind::kCommitUnknown);
  transport->Lose();
  PlayError(404, "NoSuchUpload");
  transport->Play({.status = 404});
  EXPECT_EQ(KindOf(Complete().status()), ErrorKind::kCommitUnknown);
}

TEST_F(S3CompletionTest, WithoutALostAnswerAMissingUploadIsNotFound) {
  PlayError(404, "NoSuchUpload");
  EXPECT_EQ(KindOf(Complete().status()), ErrorKind::kNotFound);
  EXPECT_EQ(transport->seen.size(), 1u);
}

TEST_F(S3StoreTest, AnAbortThatWasDoneByItsFirstTrySucceeds) {
  transport->Lose();
  PlayError(404, "NoSuchUpload");
  ASSERT_OK(Store()->AbortMultipart("k", "u"));
  PlayError(404, "NoSuchUpload");
  EXPECT_EQ(KindOf(Store()->AbortMultipart("k", "u")), ErrorKind::kNotFound);
}

// ---- many keys ------------------------------------------------------------------------------------------------------

TEST_F(S3StoreTest, KeysThatFailForTheMomentAreDeletedAgain) {
  transport->Play({.body = wire::s3::DeleteResult{.Error = {{.Key = "a", .Code = "AccessDenied", .Message = "no"},
                                                            {.Key = "b", .Code = "SlowDown"},
                                                            {.Key = "c", .Code = "NoSuchKey"}}}
                               .ToXml()});
  transport->Play({.body = wire::s3::DeleteResult{}.ToXml()});
  ASSERT_OK_AND_ASSIGN(const auto failures, Store()->Delete(std::vector<std::string>{"a", "b", "c", "d"}));
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].key, "a");
  EXPECT_EQ(KindOf(failures[0].error), ErrorKind::kDenied);
  ASSERT_OK_AND_ASSIGN(const auto again, wire::s3::Delete::FromXml(Request(1).body));
  ASSERT_EQ(again.Object.size(), 1u);
  EXPECT_EQ(again.Object[0].Key, "b");
  EXPECT_NE(Request(0).headers.Get("content-md5"), "");
}

TEST_F(S3StoreTest, ADeleteThatNobodyAnswersIsAnError) {
  PlayError(403, "AccessDenied");
  EXPECT_EQ(KindOf(Store()->Delete(std::vector<std::string>{"a", "b"}).status()), ErrorKind::kDenied);
}

TEST_F(S3StoreTest, AKeyThatXmlCannotHoldIsDeletedAlone) {
  transport->Play({.status = 204});
  ASSERT_OK(Store()->Delete(std::vector<std::string>{"a\x01z"}));
  EXPECT_EQ(Request(0).method, "DELETE");
  EXPECT_THAT(Request(0).url, ::testing::EndsWith("/a%01z"));
}

TEST_F(S3StoreTest, ALargeCopyGoesInParts) {
  options.max_single_copy = 100;
  options.copy_part_size = 60;
  options.min_part_size = 1;
  PlayHead(130, "src");
  transport->Play({.body = wire::s3::InitiateMultipartUploadResult{.UploadId = "u"}.ToXml()});
  for (int i = 0; i < 3; ++i) transport->Play({.body = wire::s3::CopyPartResult{.ETag = "p"}.ToXml()});
  transport->Play({.body = wire::s3::CompleteMultipartUploadResult{.ETag = "done"}.ToXml()});
  ASSERT_OK_AND_ASSIGN(const auto info, Store()->Copy("from é", "to"));
  EXPECT_EQ(info.size, 130);
  std::vector<std::string> ranges;
  for (size_t i = 2; i < 5; ++i) {
    ranges.push_back(Request(i).headers.Get("x-amz-copy-source-range"));
    EXPECT_EQ(Request(i).headers.Get("x-amz-copy-source"), options.bucket + "/from%20%C3%A9");
    EXPECT_EQ(Request(i).headers.Get("x-amz-copy-source-if-match"), "\"src\"");
  }
  std::sort(ranges.begin(), ranges.end());
  EXPECT_EQ(ranges, (std::vector<std::string>{"bytes=0-59", "bytes=120-129", "bytes=60-119"}));
}

TEST_F(S3StoreTest, AListingThatCannotBeReadIsAnError) {
  transport->Play({.body = "<html>welcome</html>"});
  ASSERT_FAILS(ErrorKind::kCorrupt, "ListObjectsV2 s3://" + options.bucket, Store()->List());
  transport->Play({.body = wire::s3::ListBucketResultV2{.IsTruncated = true}.ToXml()});
  ASSERT_FAILS(ErrorKind::kCorrupt, "NextContinuationToken", Store()->List());
}

TEST_F(S3StoreTest, NoErrorHoldsASecret) {
  options.encryption = {.kind = S3Encryption::Kind::kCustomerKey, .customer_key = Secret(std::string(32, 'k'))};
  PlayError(403, "SignatureDoesNotMatch");
  const auto text = Store()->Head("k").status().ToString();
  for (const char* secret : {"glauxtestsecret", "kkkk", "a2tra2tr"}) EXPECT_THAT(text, Not(HasSubstr(secret)));
}

TEST_F(S3StoreTest, OptionsThatCannotBeAreRefused) {
  const auto refused = [&](auto change, const char* part) {
    S3StoreOptions bad = options;
    change(bad);
    ASSERT_FAILS(ErrorKind::kInvalid, part, MakeS3Store(bad));
  };
  refused([](auto& o) { o.transport = nullptr; }, "transport");
  refused([](auto& o) { o.credentials = nullptr; }, "credentials");
  refused([](auto& o) { o.min_part_size = 0; }, "min_part_size");
  refused([](auto& o) { o.encryption = {.kind = S3Encryption::Kind::kCustomerKey, .customer_key = Secret("short")}; },
          "32 bytes");
  refused([](auto& o) { o.encryption = {.kms_key_id = "k"}; }, "kms_key_id");
  refused(
      [](auto& o) {
        for (int i = 0; i < 11; ++i) o.tags[std::to_string(i)] = "x";
      },
      "tags");
}

// ---- attributes -----------------------------------------------------------------------------------------------------

TEST_F(S3StoreTest, AttributesTravelAsHeaders) {
  const ObjectAttributes attributes = {{"cache-control", "max-age=60"},
                                       {"content-type", "text/csv"},
                                       {"x-amz-meta-owner", "ada"},
                                       {"x-amz-meta-city", "Köln\n"},
                                       {"x-amz-meta-odd", "=?UTF-8?B?eA==?="}};
  const auto store = Store();
  transport->Play({.headers = {{"ETag", "\"e\""}}});
  ASSERT_OK(PutString(*store, "k", "body", {.attributes = attributes}));
  const auto put = Request(0).headers;
  EXPECT_EQ(put.Get("content-type"), "text/csv");
  EXPECT_EQ(put.Get("cache-control"), "max-age=60");
  EXPECT_EQ(put.Get("x-amz-meta-owner"), "ada");
  EXPECT_EQ(put.Get("x-amz-meta-city"), "=?UTF-8?B?S8O2bG4K?=");
  // What came is what was sent; the mark of a conditional write is nobody's attribute.
  http::Headers answer = {{"x-amz-meta-glaux-write", "mark"}};
  for (const auto& [name, value] : attributes) answer.Set(name, put.Get(name));
  PlayHead(4, "e", answer);
  ASSERT_OK_AND_ASSIGN(const auto info, store->Head("k"));
  EXPECT_EQ(info.attributes, attributes);

  transport->Play({.body = wire::s3::InitiateMultipartUploadResult{.UploadId = "u"}.ToXml()});
  ASSERT_OK(store->CreateMultipart("k", attributes));
  EXPECT_EQ(Request(2).headers.Get("x-amz-meta-owner"), "ada");
}

TEST_F(S3StoreTest, MetadataThatS3HasEncodedIsDecoded) {
  PlayHead(4, "e",
           {{"x-amz-meta-q", "=?UTF-8?Q?K=C3=B6ln_am_Rhein?="},
            {"x-amz-meta-two", "=?utf-8?B?S8O2?= =?UTF-8?Q?ln?="},
            {"x-amz-meta-bad", "=?UTF-8?B?!?="},
            {"Content-Type", "binary/octet-stream"}});
  ASSERT_OK_AND_ASSIGN(const auto info, Store()->Head("k"));
  EXPECT_EQ(info.attributes,
            (ObjectAttributes{
                {"x-amz-meta-q", "Köln am Rhein"}, {"x-amz-meta-two", "Köln"}, {"x-amz-meta-bad", "=?UTF-8?B?!?="}}));
}

TEST_F(S3StoreTest, AttributesThatS3CannotKeepAreRefused) {
  const auto kind = [&](const std::string& name, const std::string& value) {
    return KindOf(PutString(*Store(), "k", "body", {.attributes = ObjectAttributes{{name, value}}}).status());
  };
  EXPECT_EQ(kind("colour", "red"), ErrorKind::kNotImplemented);
  EXPECT_EQ(kind("content-type", "a\r\nx-amz-acl: public-read"), ErrorKind::kInvalid);
  EXPECT_EQ(kind("x-amz-meta-a b", "x"), ErrorKind::kInvalid);
  EXPECT_EQ(kind("x-amz-meta-glaux-write", "x"), ErrorKind::kInvalid);
  EXPECT_TRUE(transport->seen.empty());
}

TEST_F(S3StoreTest, ACopyWithAttributesReplacesThem) {
  PlayHead(4, "e", {{"x-amz-meta-old", "1"}});
  transport->Play({.body = wire::s3::CopyObjectResult{.ETag = "f"}.ToXml()});
  ASSERT_OK(Store()->Copy("k", "l", {.attributes = ObjectAttributes{{"x-amz-meta-new", "2"}}}));
  EXPECT_EQ(Request(1).headers.Get("x-amz-metadata-directive"), "REPLACE");
  EXPECT_EQ(Request(1).headers.Get("x-amz-meta-new"), "2");
  // One with a condition comes and goes, and takes the old ones along.
  PlayHead(4, "e", {{"x-amz-meta-old", "1"}});
  transport->Play({.headers = {{"ETag", "\"e\""}}, .body = "body"});
  transport->Play({.headers = {{"ETag", "\"f\""}}});
  ASSERT_OK(Store()->Copy("k", "l", {.if_absent = true}));
  EXPECT_EQ(Request(4).headers.Get("x-amz-meta-old"), "1");
}

// ---- what is counted ------------------------------------------------------------------------------------------------

TEST_F(S3StoreTest, EveryTryIsCountedAsItIsBilled) {
  options.meter = std::make_shared<RequestMeter>();
  options.storage_class = "STANDARD_IA";
  const auto store = Store();
  transport->Play({.body = wire::s3::ListBucketResultV2{}.ToXml()});
  ASSERT_OK(store->List());
  PlayHead(1, "e", {{"x-amz-storage-class", "GLACIER_IR"}});
  ASSERT_OK(store->Head("k"));
  transport->Play({.headers = {{"ETag", "\"e\""}}});
  ASSERT_OK(PutString(*store, "k", "body"));
  transport->Play({.status = 204});
  ASSERT_OK(store->Delete(std::vector<std::string>{"k"}));
  const auto counts = options.meter->Read();
  const auto at = [&](StorageClass storage_class, RequestKind kind) {
    return counts.aws[static_cast<size_t>(storage_class)].requests[static_cast<size_t>(kind)];
  };
  EXPECT_EQ(at(StorageClass::kStandard, RequestKind::kList), 1);
  EXPECT_EQ(at(StorageClass::kGlacierIr, RequestKind::kHead), 1);
  EXPECT_EQ(at(StorageClass::kStandardIa, RequestKind::kPut), 1);
  EXPECT_EQ(at(StorageClass::kStandard, RequestKind::kDelete), 1);
  EXPECT_EQ(counts.unbilled + counts.retries, 0);
  EXPECT_EQ(counts.other, RequestCounts().other);
}

TEST_F(S3StoreTest, ServerErrorsAndLostAnswersAreNotBilledAndClientErrorsAre) {
  options.meter = std::make_shared<RequestMeter>();
  PlayError(503, "SlowDown");
  transport->Lose();
  PlayError(404, "NoSuchKey");
  EXPECT_EQ(KindOf(Store()->Get("k").status()), ErrorKind::kNotFound);
  const auto counts = options.meter->Read();
  EXPECT_EQ(counts.Of(RequestKind::kGet), 1);
  EXPECT_EQ(counts.unbilled, 2);
  EXPECT_EQ(counts.retries, 2);
}

TEST_F(S3StoreTest, ARedirectToAnotherRegionIsNotBilled) {
  options.meter = std::make_shared<RequestMeter>();
  transport->Play({.status = 301, .headers = {{"x-amz-bucket-region", "ap-south-1"}}});
  PlayHead(5, "e");
  ASSERT_OK(Store()->Head("k"));
  EXPECT_EQ(options.meter->Read().Of(RequestKind::kHead), 1);
  EXPECT_EQ(options.meter->Read().unbilled, 1);
}

TEST_F(S3StoreTest, PartsOfAnUploadIntoGlacierHaveThePriceOfStandard) {
  options.meter = std::make_shared<RequestMeter>();
  options.storage_class = "GLACIER";
  const auto store = Store();
  transport->Play({.body = wire::s3::InitiateMultipartUploadResult{.UploadId = "u"}.ToXml()});
  ASSERT_OK_AND_ASSIGN(const auto id, store->CreateMultipart("k"));
  transport->Play({.headers = {{"ETag", "\"e\""}}});
  ASSERT_OK_AND_ASSIGN(const auto part, store->UploadPart("k", id, 1, AsBytes("x")));
  transport->Play({.body = wire::s3::CompleteMultipartUploadResult{.ETag = "e-1"}.ToXml()});
  ASSERT_OK(store->CompleteMultipart("k", id, std::vector{part}));
  const auto counts = options.meter->Read();
  const auto put = static_cast<size_t>(RequestKind::kPut);
  EXPECT_EQ(counts.aws[static_cast<size_t>(StorageClass::kStandard)].requests[put], 2);
  EXPECT_EQ(counts.aws[static_cast<size_t>(StorageClass::kGlacier)].requests[put], 1);
}

TEST_F(S3StoreTest, OtherServersAndChinaHaveOtherPrices) {
  options.meter = std::make_shared<RequestMeter>();
  for (const auto& [region, endpoint, place] :
       {std::tuple{"eu-west-1", "", RequestPlace::kAws},
        {"eu-west-1", "https://s3.dualstack.eu-west-1.amazonaws.com", RequestPlace::kAws},
        {"us-east-1", "http://127.0.0.1:9000", RequestPlace::kOther},
        {"cn-north-1", "", RequestPlace::kOther}}) {
    options.region = region;
    options.endpoint_url = endpoint;
    EXPECT_EQ(Store()->traits().billing.place, place) << region << endpoint;
  }
}

}  // namespace
}  // namespace glaux::testing
