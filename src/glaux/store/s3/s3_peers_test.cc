#include <atomic>

#include "glaux/store/s3/s3_store.h"
#include "glaux/store/s3/s3_test_options.h"
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

std::shared_ptr<ObjectStore> OnMoto() { return NewBucket(Options(Moto().url())); }
std::shared_ptr<ObjectStore> OnVersityGateway() { return NewBucket(Options(VersityGateway().url())); }
std::shared_ptr<ObjectStore> OnMinio() { return NewBucket(Options(Minio().url())); }

// What these servers do otherwise than S3.
const std::map<std::string, std::string> kMotoOtherwise = {
    {"ACompletedUploadIsGone", "moto takes parts of an upload that is complete"},
    {"AnAbortedUploadLeavesNothing", "moto answers InternalError to an upload that was aborted"},
    {"AnUnknownUploadIsNotFound", "moto does not look whether an upload is of the key"},
    {"ACompletionWhoseConditionFailsKeepsTheUpload", "moto drops the upload when a condition fails"},
    {"UploadsUnderWayAreListedByKey", "moto's uploads all began in 2010"},
    {"ThePartsOfAnUploadAreListed", "moto's answer has another root"}};
const std::map<std::string, std::string> kVersityGatewayOtherwise = {
    {"ACompletedUploadIsGone", "versitygw says yes to the completion of an upload that is gone"},
    {"AnAbortedUploadLeavesNothing", "versitygw says yes to the completion of an upload that is gone"},
    {"AnUnknownUploadIsNotFound", "versitygw finds the part wrong before it misses the upload"}};

INSTANTIATE_TEST_SUITE_P(
    S3, ObjectStoreConformance,
    ::testing::Values(StoreUnderTest{"Moto", OnMoto, [] { return Moto().why_not(); }, kMotoOtherwise},
                      StoreUnderTest{"VersityGateway", OnVersityGateway, [] { return VersityGateway().why_not(); },
                                     kVersityGatewayOtherwise},
                      StoreUnderTest{"Minio", OnMinio, [] { return Minio().why_not(); }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace glaux::testing
