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
const std::map<std::string, std::string> kMotoOtherwise = {};

INSTANTIATE_TEST_SUITE_P(Glue, CatalogConformance,
                         ::testing::Values(CatalogUnderTest{"Moto", OnMoto, [] { return Moto().why_not(); },
                                                            kMotoOtherwise}),
                         CatalogName);

}  // namespace
}  // namespace glaux::testing
