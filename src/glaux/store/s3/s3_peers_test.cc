#include <atomic>
#include <chrono>
#include <functional>

#include "glaux/store/object_writer.h"
#include "glaux/store/parallel_get.h"
#include "glaux/store/s3/s3_store.h"
#include "glaux/store/s3/s3_test_options.h"
#include "glaux/testing/fault_proxy.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/object_store_conformance.h"
#include "glaux/testing/peer.h"

// The store against servers that others wrote.
namespace glaux::testing {
namespace {

Peer& Moto() {
  static Peer peer("start-moto", {}, Peer::Python(), Peer::Python() + " -c 'import moto.server'");
  return peer;
}

Peer& VersityGateway() {
  static Peer peer("start-s3", {"--server", "versitygw"}, "bash",
                   "test -x \"${GLAUX_PEER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/glaux-peers}/bin/versitygw\"");
  return peer;
}

Peer& Minio() {
  static Peer peer("start-s3", {"--server", "minio"}, "bash",
                   "test -x \"${GLAUX_PEER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/glaux-peers}/bin/minio\"");
  return peer;
}

S3StoreOptions Options(const std::string& url) {
  static const auto transport = http::MakeCurlTransport().ValueOrDie();
  static std::atomic<int> buckets{0};
  S3StoreOptions options{.bucket = "glaux-" + std::to_string(++buckets), .region = "us-east-1", .endpoint_url = url};
  options.transport = transport;
  options.credentials = TestKeys();
  return options;
}

std::shared_ptr<ObjectStore> NewBucket(const S3StoreOptions& options) {
  if (Status made = CreateS3Bucket(options); !made.ok()) {
    ADD_FAILURE() << made.ToString();
    return nullptr;
  }
  return MakeS3Store(options).ValueOrDie();
}

// Moto gives objects in parts a checksum of the parts and says that it is one of the whole.
std::shared_ptr<ObjectStore> OnMoto() {
  auto options = Options(Moto().url());
  options.checksum = S3Checksum::kNone;
  return NewBucket(options);
}
std::shared_ptr<ObjectStore> OnVersityGateway() { return NewBucket(Options(VersityGateway().url())); }
std::shared_ptr<ObjectStore> OnMinio() { return NewBucket(Options(Minio().url())); }

// What these servers do otherwise than S3.
const std::map<std::string, std::string> kMotoOtherwise = {
    {"ACompletedUploadIsGone", "moto takes parts of an upload that is complete"},
    {"CompareAndSwapLosesNoUpdate", "moto does not check and write in one step"},
    {"OfManyWritersWithIfAbsentExactlyOneWins", "moto does not check and write in one step"},
    {"AnAbortedUploadLeavesNothing", "moto answers InternalError to an upload that was aborted"},
    {"AnUnknownUploadIsNotFound", "moto does not look whether an upload is of the key"},
    {"ACompletionWhoseConditionFailsKeepsTheUpload", "moto drops the upload when a condition fails"},
    {"UploadsUnderWayAreListedByKey", "moto's uploads all began in 2010"},
    {"ThePartsOfAnUploadAreListed", "moto's answer has another root"}};
const std::map<std::string, std::string> kVersityGatewayOtherwise = {
    {"ACompletedUploadIsGone", "versitygw says yes to the completion of an upload that is gone"},
    {"AnAbortedUploadLeavesNothing", "versitygw says yes to the completion of an upload that is gone"},
    {"WritingAndDeletingInOneFolderDoNotDisturbEachOther", "versitygw takes a folder that goes for an object"},
    {"AnUnknownUploadIsNotFound", "versitygw finds the part wrong before it misses the upload"},
    {"AKeyMayEndInASlash", "versitygw takes no content for such a key"}};
const std::map<std::string, std::string> kMinioOtherwise = {
    {"ACompletedUploadIsGone", "MinIO says yes to the abort of an upload that is gone"},
    {"AnAbortedUploadLeavesNothing", "MinIO says yes to the abort of an upload that is gone"},
    {"AnUnknownUploadIsNotFound", "MinIO calls an id that is not of its making malformed"},
    {"UploadsUnderWayAreListedByKey", "MinIO lists the uploads of one key alone"},
    {"PagesAreFullAndTheLastOneHasNoToken", "MinIO gives an empty page behind a last one that is full"},
    {"APrefixMayEndInTheMiddleOfAName", "MinIO refuses some prefixes that are no path"},
    {"AKeyMayEndInASlash", "MinIO does not list such a key by its folder, and takes no upload of one"},
    {"AKeyMayAlsoBeTheFolderOfOthersWhereTheStoreHoldsThat", "MinIO does not list what is below a key"},
    {"WritingAndDeletingInOneFolderDoNotDisturbEachOther", "MinIO refuses a write while its folder goes"}};

INSTANTIATE_TEST_SUITE_P(
    S3, ObjectStoreConformance,
    ::testing::Values(StoreUnderTest{"Moto", OnMoto, [] { return Moto().why_not(); }, kMotoOtherwise},
                      StoreUnderTest{"VersityGateway", OnVersityGateway, [] { return VersityGateway().why_not(); },
                                     kVersityGatewayOtherwise},
                      StoreUnderTest{"Minio", OnMinio, [] { return Minio().why_not(); }, kMinioOtherwise}),
    [](const auto& info) { return info.param.name; });

// ---- through a proxy that harms exchanges ---------------------------------------------------------------------------

S3StoreOptions Hasty(S3StoreOptions options) {
  options.retry = {.max_attempts = 12,
                   .base_delay = std::chrono::milliseconds(2),
                   .max_delay = std::chrono::milliseconds(200),
                   .deadline = std::chrono::seconds(60)};
  options.deadlines = {
      .connect = std::chrono::seconds(5), .first_byte = std::chrono::seconds(10), .stall = std::chrono::seconds(10)};
  return options;
}

// Not where nobody could tell what happened: the suite wants to know whether an upload was there, and which of the
// writers of one object was the first. And bits are only changed where somebody checks them.
bool MakesSense(const ProxiedRequest& request, Fault fault) {
  const bool begins_upload = request.target.find("uploads=") != std::string::npos && request.method == "POST";
  const bool ends_upload = request.target.find("uploadId=") != std::string::npos && request.method != "PUT";
  const bool swaps = request.method == "PUT" && !request.Header("if-match").empty();
  switch (fault) {
    case Fault::kResetBefore:
    case Fault::kStatus500:
      return !swaps;
    case Fault::kLoseAnswer:
    case Fault::kCutAnswer:
    case Fault::kDuplicate:
      return !begins_upload && !ends_upload && !swaps;
    case Fault::kFlipAnswer:
      return !request.Header("x-amz-checksum-mode").empty();
    default:
      return true;
  }
}

std::shared_ptr<ObjectStore> BehindFaults(uint64_t seed) {
  static std::vector<std::unique_ptr<FaultProxy>> proxies;  // each outlives its test's store
  const auto direct = Options(VersityGateway().url());
  if (NewBucket(direct) == nullptr) return nullptr;
  auto proxy = FaultProxy::Start(
      {.upstream = direct.endpoint_url,
       .seed = seed + proxies.size(),
       .rate = 0.08,
       .faults = {Fault::kResetBefore, Fault::kLoseAnswer, Fault::kCutAnswer, Fault::kStatus500, Fault::kStatus503,
                  Fault::kStatus429, Fault::kDuplicate, Fault::kFlipAnswer, Fault::kFlipRequest},
       .allow = MakesSense});
  if (!proxy.ok()) return nullptr;
  auto options = Hasty(direct);
  options.endpoint_url = (*proxy)->url();
  proxies.push_back(std::move(*proxy));
  return MakeS3Store(options).ValueOrDie();
}

StoreUnderTest Faulty(const std::string& name, uint64_t seed) {
  return {name, [seed] { return BehindFaults(seed); }, [] { return VersityGateway().why_not(); },
          kVersityGatewayOtherwise};
}

INSTANTIATE_TEST_SUITE_P(S3Faults, ObjectStoreConformance,
                         ::testing::Values(Faulty("Seed1", 1), Faulty("Seed1000", 1000)),
                         [](const auto& info) { return info.param.name; });

TEST(S3Faults, NoCallOutlivesItsDeadline) {
  if (!VersityGateway().why_not().empty()) GTEST_SKIP() << VersityGateway().why_not();
  auto options = Options(VersityGateway().url());
  ASSERT_NE(NewBucket(options), nullptr);
  ASSERT_OK_AND_ASSIGN(const auto proxy,
                       FaultProxy::Start({.upstream = options.endpoint_url, .rate = 1, .faults = {Fault::kStall}}));
  options = Hasty(options);
  options.endpoint_url = proxy->url();
  options.deadlines.first_byte = std::chrono::milliseconds(300);
  options.retry.deadline = std::chrono::seconds(1);
  ASSERT_OK_AND_ASSIGN(const auto store, MakeS3Store(options));
  const std::vector<std::string> keys = {"a", "b"};
  const std::vector<UploadedPart> parts = {{.number = 1, .etag = "e", .size = 1}};
  const std::vector<std::function<Status()>> calls = {
      [&] { return store->Head("k").status(); },
      [&] { return store->Get("k").status(); },
      [&] { return PutString(*store, "k", "x").status(); },
      [&] { return PutString(*store, "k", "x", {.if_absent = true}).status(); },
      [&] { return store->List().status(); },
      [&] { return store->Delete(keys).status(); },
      [&] { return store->Copy("k", "l").status(); },
      [&] { return store->CreateMultipart("k").status(); },
      [&] { return store->UploadPart("k", "u", 1, AsBytes("x")).status(); },
      [&] { return store->CompleteMultipart("k", "u", parts).status(); },
      [&] { return store->AbortMultipart("k", "u"); },
      [&] { return store->ListMultipart("").status(); }};
  for (size_t i = 0; i < calls.size(); ++i) {
    SCOPED_TRACE(i);
    const auto begin = std::chrono::steady_clock::now();
    const Status status = calls[i]();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
    EXPECT_TRUE(KindOf(status) == ErrorKind::kTimeout || KindOf(status) == ErrorKind::kCommitUnknown)
        << status.ToString();
  }
}

// The ways of many calls, with a server and with faults: the bytes are those that were written.
TEST(S3Faults, ManyCallsAtOnceReadWhatWasWritten) {
  if (!VersityGateway().why_not().empty()) GTEST_SKIP() << VersityGateway().why_not();
  const auto store = BehindFaults(77);
  ASSERT_NE(store, nullptr);
  std::string body(30'000'000, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 + i / 65'521);
  ASSERT_OK_AND_ASSIGN(const auto writer, ObjectWriter::Open(store, "large"));
  for (size_t at = 0; at < body.size(); at += 1'000'003)
    ASSERT_OK(writer->Write(std::string_view(body).substr(at, 1'000'003)));
  ASSERT_OK(writer->Close());
  EXPECT_EQ(writer->pending().parts.size(), 4u);
  ASSERT_OK(Complete(*store, writer->pending()));
  std::string read;
  ASSERT_OK(ParallelGet(*store, {.key = "large"}, {.piece_size = 1 << 20}, [&](std::span<const std::byte> bytes) {
    read.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Status::OK();
  }));
  EXPECT_TRUE(read == body);
  ASSERT_OK_AND_ASSIGN(const auto whole, store->Get("large"));
  EXPECT_TRUE(whole->ToString() == body);
  ASSERT_OK_AND_ASSIGN(const auto info, store->Head("large"));
  ASSERT_OK_AND_ASSIGN(const auto ranges,
                       ReadRanges(*store, info, std::vector<ByteRange>{{5, 100}, {20'000'000, 9'000'000}}));
  EXPECT_TRUE(ranges[1]->ToString() == body.substr(20'000'000, 9'000'000));
  ASSERT_OK(store->Copy("large", "copy"));
  ASSERT_OK_AND_ASSIGN(const auto copy, store->Head("copy"));
  EXPECT_EQ(copy.size, 30'000'000);
}

}  // namespace
}  // namespace glaux::testing
