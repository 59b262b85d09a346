#include "glaux/engine/athena/athena_engine.h"

#include "glaux/base/parallel.h"
#include "glaux/lake/lake.h"
#include "glaux/serve/athena/athena_wire.h"
#include "glaux/serve/server.h"
#include "glaux/store/s3/s3_test_options.h"
#include "glaux/testing/fault_proxy.h"
#include "glaux/testing/query_engine_conformance.h"
#include "glaux/testing/temp_dir.h"

// The contract of QueryEngine, through our client and our server: both sides of the wire at once.
namespace glaux::testing {
namespace {

using std::chrono::milliseconds;

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
  /// \param endpoint another way to the server
  explicit AthenaLake(AthenaResults results, const std::string& endpoint = {}) {
    static const auto transport = http::MakeCurlTransport().ValueOrDie();
    AthenaEngineOptions options{.region = "eu-central-1", .endpoint_url = endpoint.empty() ? Served().url() : endpoint};
    if (!endpoint.empty()) {
      options.retry = {.max_attempts = 12, .base_delay = milliseconds(1), .max_delay = milliseconds(50)};
    }
    options.database = "conformance";
    options.output_location = "s3://athena-results/";
    options.results = results;
    options.first_poll = milliseconds(2);
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

// ---- through a proxy that harms exchanges ---------------------------------------------------------------------------

std::shared_ptr<AthenaLake> BehindFaults() {
  static const auto proxy = FaultProxy::Start({.upstream = Served().url(), .seed = 11, .rate = 0.15}).ValueOrDie();
  return std::make_shared<AthenaLake>(AthenaResults::kAuto, proxy->url());
}

INSTANTIATE_TEST_SUITE_P(AthenaFaults, QueryEngineConformance,
                         ::testing::Values(EngineUnderTest{"BehindFaults", BehindFaults}), EngineName);

TEST(AthenaBehindFaults, RunsAStatementOnceHoweverOftenItsStartIsRepeated) {
  const auto lake = BehindFaults();
  ASSERT_OK(QueryTable(lake->engine(), {.sql = "DROP TABLE IF EXISTS once"}));
  ASSERT_OK(QueryTable(lake->engine(), {.sql = "CREATE TABLE once AS SELECT 0 AS n"}));
  for (int i = 1; i <= 20; ++i) {
    ASSERT_OK(QueryTable(lake->engine(), {.sql = "INSERT INTO once VALUES (" + std::to_string(i) + ")"}));
  }
  ASSERT_OK_AND_ASSIGN(const auto rows,
                       QueryTable(lake->engine(), {.sql = "SELECT count(*), count(DISTINCT n) FROM once"}));
  EXPECT_EQ(rows->column(0)->GetScalar(0).ValueOrDie()->ToString(), "21");
  EXPECT_EQ(rows->column(1)->GetScalar(0).ValueOrDie()->ToString(), "21");
}

TEST(AthenaBehindFaults, AnswersManyQueriesAtOnce) {
  const auto lake = BehindFaults();
  std::vector<QueryId> ids;
  for (int i = 0; i < 64; ++i) {
    ASSERT_OK_AND_ASSIGN(auto id, lake->engine().Submit({.sql = "SELECT " + std::to_string(i) + " AS n"}));
    ids.push_back(std::move(id));
  }
  std::vector<std::string> answers(ids.size());
  ASSERT_OK(ParallelForIndex(ids.size(), 16, Pool::kIo, arrow::StopToken::Unstoppable(), [&](size_t i) -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto reader, lake->engine().Results(ids[i]));
    ARROW_ASSIGN_OR_RAISE(const auto table, reader->ToTable());
    ARROW_ASSIGN_OR_RAISE(const auto value, table->column(0)->GetScalar(0));
    answers[i] = value->ToString();
    return Status::OK();
  }));
  for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(answers[i], std::to_string(i));
}

}  // namespace
}  // namespace glaux::testing
