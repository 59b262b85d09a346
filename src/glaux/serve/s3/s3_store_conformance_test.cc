#include <atomic>

#include "glaux/serve/s3/s3_wire.h"
#include "glaux/serve/server.h"
#include "glaux/store/s3/s3_store.h"
#include "glaux/store/s3/s3_test_options.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/object_store_conformance.h"
#include "glaux/testing/temp_dir.h"

// The contract of ObjectStore, through our client and our server: both sides of the wire at once.
namespace glaux::serve {
namespace {

using testing::ObjectStoreConformance;
using testing::StoreUnderTest;

/// A server over buckets, and new stores in it.
class Served {
 public:
  explicit Served(std::shared_ptr<BucketHost> buckets) {
    S3WireOptions options{.buckets = std::move(buckets)};
    const auto keys = testing::TestKeys()->Get().ValueOrDie();
    options.authentication.keys = {{.id = keys.access_key_id, .secret = keys.secret_access_key}};
    server_ = Server::Start({}, MakeS3Wire(std::move(options))).ValueOrDie();
  }

  std::shared_ptr<ObjectStore> NewStore() {
    static const auto transport = http::MakeCurlTransport().ValueOrDie();
    S3StoreOptions options{.bucket = "bucket-" + std::to_string(++made_), .region = "us-east-1"};
    options.endpoint_url = server_->url();
    options.transport = transport;
    options.credentials = testing::TestKeys();
    options.min_part_size = 1;
    const Status status = CreateS3Bucket(options);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return MakeS3Store(options).ValueOrDie();
  }

 private:
  std::atomic<int> made_{0};
  std::unique_ptr<Server> server_;
};

std::shared_ptr<ObjectStore> OverMemory() {
  static Served served(MakeMemoryBuckets());
  return served.NewStore();
}

std::shared_ptr<ObjectStore> OverDirectory() {
  static const testing::TempDir dir;
  static Served served(MakeDirectoryBuckets({.root = dir / "store", .sync = false}));
  return served.NewStore();
}

INSTANTIATE_TEST_SUITE_P(S3OverOurServer, ObjectStoreConformance,
                         ::testing::Values(StoreUnderTest{"Memory", OverMemory},
                                           StoreUnderTest{"Directory", OverDirectory}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace glaux::serve
