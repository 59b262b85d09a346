#include "glaux/catalog/glue/glue_catalog.h"
#include "glaux/catalog/memory_catalog.h"
#include "glaux/catalog/sqlite_catalog.h"
#include "glaux/serve/glue/glue_wire.h"
#include "glaux/serve/server.h"
#include "glaux/store/s3/s3_test_options.h"
#include "glaux/testing/catalog_conformance.h"
#include "glaux/testing/fault_proxy.h"
#include "glaux/testing/temp_dir.h"

// The contract of Catalog, through our client and our server: both sides of the wire at once.
namespace glaux::testing {
namespace {

/// A server over a catalog.
class Served {
 public:
  explicit Served(std::shared_ptr<Catalog> catalog) : catalog_(std::move(catalog)) {
    serve::GlueWireOptions options{.catalog = catalog_.get()};
    const auto keys = TestKeys()->Get().ValueOrDie();
    options.authentication.keys = {{.id = keys.access_key_id, .secret = keys.secret_access_key}};
    server_ = serve::Server::Start({}, serve::MakeGlueWire(std::move(options))).ValueOrDie();
  }

  std::string url() const { return server_->url(); }

  /// \param endpoint another way to the server
  Result<std::shared_ptr<Catalog>> Open(const std::string& endpoint = {}, const RetryPolicy& retry = {}) {
    static const auto transport = http::MakeCurlTransport().ValueOrDie();
    GlueCatalogOptions options{.region = "eu-central-1",
                               .endpoint_url = endpoint.empty() ? server_->url() + "/" : endpoint};
    options.retry = retry;
    options.transport = transport;
    options.credentials = TestKeys();
    return MakeGlueCatalog(std::move(options));
  }

 private:
  std::shared_ptr<Catalog> catalog_;
  std::unique_ptr<serve::Server> server_;
};

Result<std::shared_ptr<Catalog>> OverMemory() {
  static Served served(MakeMemoryCatalog());
  return served.Open();
}

Result<std::shared_ptr<Catalog>> OverSqlite() {
  static const TempDir dir;
  static Served served(OpenSqliteCatalog({.path = dir / "catalog.sqlite"}).ValueOrDie());
  return served.Open();
}

INSTANTIATE_TEST_SUITE_P(GlueOverOurServer, CatalogConformance,
                         ::testing::Values(CatalogUnderTest{"Memory", OverMemory},
                                           CatalogUnderTest{"Sqlite", OverSqlite}),
                         CatalogName);

// ---- through a proxy that harms exchanges ---------------------------------------------------------------------------

// Not where nobody could tell what happened: the suite wants to know whether it was its own call that made or dropped
// something.
bool MakesSense(const ProxiedRequest& request, Fault fault) {
  if (fault == Fault::kDuplicate || fault == Fault::kStatus429) return true;
  const std::string target = request.Header("x-amz-target");
  return target.find(".Create") == std::string::npos && target.find("Delete") == std::string::npos &&
         target.find("BatchCreate") == std::string::npos;
}

Result<std::shared_ptr<Catalog>> BehindFaults() {
  static Served served(MakeMemoryCatalog());
  static const auto proxy = FaultProxy::Start({.upstream = served.url(), .seed = 7, .rate = 0.15, .allow = MakesSense});
  ARROW_RETURN_NOT_OK(proxy.status());
  return served.Open(
      (*proxy)->url(),
      {.max_attempts = 12, .base_delay = std::chrono::milliseconds(1), .max_delay = std::chrono::milliseconds(50)});
}

INSTANTIATE_TEST_SUITE_P(GlueFaults, CatalogConformance,
                         ::testing::Values(CatalogUnderTest{"BehindFaults", BehindFaults}), CatalogName);

TEST(GlueOverOurServer, ReadsManyPartitionsInSegmentsInOrder) {
  Served served(MakeMemoryCatalog());
  ASSERT_OK_AND_ASSIGN(const auto catalog, served.Open());
  ASSERT_OK(catalog->CreateDatabase({.name = "db"}));
  TableEntry table{.id = {"db", "t"}};
  table.partition_keys = {{.name = "n", .type = "string"}};
  ASSERT_OK(catalog->CreateTable(table));
  PartitionChange change;
  for (int i = 10'000; i < 12'500; ++i) change.put.push_back({.values = {std::to_string(i)}});
  ASSERT_OK(catalog->ApplyPartitions(table.id, change));
  ASSERT_OK_AND_ASSIGN(const auto all, AllPartitions(*catalog, table.id));
  ASSERT_EQ(all.size(), change.put.size());
  for (size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i].values, change.put[i].values);

  std::vector<std::vector<std::string>> wanted;
  for (const auto& partition : change.put) wanted.push_back(partition.values);
  ASSERT_OK_AND_ASSIGN(const auto found, catalog->FindPartitions(table.id, wanted));
  EXPECT_EQ(found.size(), change.put.size());

  ASSERT_OK(catalog->ApplyPartitions(table.id, {.drop = wanted, .expect = PartitionChange::Expect::kThere}));
  ASSERT_OK_AND_ASSIGN(const auto none, AllPartitions(*catalog, table.id));
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace glaux::testing
