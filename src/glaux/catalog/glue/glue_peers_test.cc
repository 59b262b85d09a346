#include "glaux/catalog/glue/glue_catalog.h"
#include "glaux/store/s3/s3_test_options.h"
#include "glaux/testing/catalog_conformance.h"
#include "glaux/testing/peer.h"

// The client against a server that others wrote.
namespace glaux::testing {
namespace {

Peer& Moto() {
  static Peer peer("start-moto", {}, Peer::Python(), Peer::Python() + " -c 'import moto.server'");
  return peer;
}

Result<std::shared_ptr<Catalog>> OnMoto() {
  static const auto transport = http::MakeCurlTransport().ValueOrDie();
  GlueCatalogOptions options{.region = "us-east-1", .endpoint_url = Moto().url()};
  options.transport = transport;
  options.credentials = TestKeys();
  options.version_check = false;
  return MakeGlueCatalog(std::move(options));
}

// What moto does otherwise than Glue.
const std::map<std::string, std::string> kMotoOtherwise = {
    {"LeavesColumnsOutOfPartitionsOnRequest", "moto passes over ExcludeColumnSchema"},
    {"FindsPartitionsByTheirExactValues", "moto takes values of another number than there are keys"},
    {"PagesPartitionsOneByOneWhileOthersComeAndGo", "moto gives all partitions in one page"},
    {"FiltersPartitionsByTypedValues", "moto's expressions know names in lower case alone"},
    {"RefusesExpressionsItCannotAnswer", "moto does not look at an expression where there is no partition"},
    {"CoversEachPartitionByExactlyOneSegment", "moto passes over Segment"},
    {"ListsDatabasesByNameOneToAPage", "moto gives all databases in one page"},
    {"RefusesAPageTokenThatIsNone", "moto passes over tokens"},
    {"ListsTablesByNameOneToAPageWhileOthersComeAndGo", "moto gives all tables in one page, as they came"},
    {"KeepsOldVersionsNewestFirst", "moto lists the oldest version first"},
    {"KeepsStatisticsOfATableAndOfItsPartitions", "moto has no statistics, but for what its start script adds"}};

INSTANTIATE_TEST_SUITE_P(Glue, CatalogConformance,
                         ::testing::Values(CatalogUnderTest{"Moto", OnMoto, [] { return Moto().why_not(); },
                                                            kMotoOtherwise}),
                         CatalogName);

}  // namespace
}  // namespace glaux::testing
