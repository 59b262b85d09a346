#include "glaux/engine/athena/athena_engine.h"
#include "glaux/lake/lake.h"
#include "glaux/serve/athena/athena_wire.h"
#include "glaux/serve/server.h"
#include "glaux/store/s3/s3_test_options.h"
#include "glaux/testing/query_engine_conformance.h"
#include "glaux/testing/temp_dir.h"

// The contract of QueryEngine, through our client and our server: both sides of the wire at once.
namespace glaux::testing {
namespace {

/// A lake in a folder with the tables of the suite, served as Athena.
class ServedLake {
 public:
  ServedLake() : lake_(Lake::Open({.directory = (folder_.path() / "lake").string()}).ValueOrDie()) {
    for (const char* sql :
         {"CREATE DATABASE conformance", "CREATE DATABASE conformance_other",
          "CREATE TABLE conformance.orders WITH (partitioned_by = ARRAY['day']) AS SELECT * FROM (VALUES "
          "(1::bigint, 10::bigint, 1.5::double, 'a', '01'), (2, 11, 2.5, NULL, '01'), (3, 10, 4.0, '', '02'), "
          "(4, NULL, 8.0, 'd', NULL)) AS t(id, customer, amount, note, day)",
          "CREATE EXTERNAL TABLE conformance.nothing (id bigint, name string) STORED AS PARQUET LOCATION "
          "'s3://lake/nothing/'",
          "CREATE TABLE conformance_other.customers AS SELECT 10::bigint AS id, 'ada' AS name",
          "INSERT INTO conformance_other.customers VALUES (11, 'bob')"}) {
      const auto rows = QueryTable(**lake_->engine(), {.sql = sql});
      EXPECT_TRUE(rows.ok()) << sql << "\n" << rows.status().ToString();
    }
    serve::AthenaWireOptions options{
        .engine = [this] { return lake_->engine(); }, .catalog = &lake_->catalog(), .buckets = lake_->bucket_host()};
    const auto keys = TestKeys()->Get().ValueOrDie();
    options.authentication.keys = {{.id = keys.access_key_id, .secret = keys.secret_access_key}};
    server_ = serve::Server::Start({}, serve::MakeAthenaWire(std::move(options)).ValueOrDie()).ValueOrDie();
  }

  std::string url() const { return server_->url(); }
  Lake& lake() { return *lake_; }

 private:
  const TempDir folder_;
  const std::unique_ptr<Lake> lake_;
  std::unique_ptr<serve::Server> server_;
};

ServedLake& Served() {
  static ServedLake served;
  return served;
}

class AthenaLake final : public EngineLake {
 public:
  explicit AthenaLake(AthenaResults results) {
    static const auto transport = http::MakeCurlTransport().ValueOrDie();
    AthenaEngineOptions options{.region = "eu-central-1", .endpoint_url = Served().url()};
    options.database = "conformance";
    options.output_location = "s3://athena-results/";
    options.results = results;
    options.first_poll = std::chrono::milliseconds(2);
    options.transport = transport;
    options.credentials = TestKeys();
    options.resolve = [](std::string_view uri) { return Served().lake().Resolve(uri); };
    engine_ = MakeAthenaEngine(std::move(options)).ValueOrDie();
  }
  QueryEngine& engine() override { return *engine_; }

 private:
  std::unique_ptr<QueryEngine> engine_;
};

EngineUnderTest Under(std::string name, AthenaResults results) {
  return {std::move(name), [results] { return std::make_shared<AthenaLake>(results); }};
}

INSTANTIATE_TEST_SUITE_P(AthenaOverOurServer, QueryEngineConformance,
                         ::testing::Values(Under("Auto", AthenaResults::kAuto), Under("Csv", AthenaResults::kCsv),
                                           Under("Api", AthenaResults::kApi)),
                         EngineName);

}  // namespace
}  // namespace glaux::testing
