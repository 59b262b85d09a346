#include "glaux/lake/statement_engine_internal.h"

#include <chrono>
#include <filesystem>

#include "glaux/catalog/memory_catalog.h"
#include "glaux/engine/duckdb/duckdb_engine.h"
#include "glaux/lake/lake.h"
#include "glaux/lake/statement_types_internal.h"
#include "glaux/lake/statements_internal.h"
#include "glaux/store/memory_store.h"
#include "glaux/testing/faulty_store.h"
#include "glaux/testing/query_engine_conformance.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::testing {
namespace {

using std::chrono::milliseconds;

std::unique_ptr<Lake> MakeLake(const TempDir& folder, const std::string& database = "default") {
  return Lake::Open({.directory = (folder.path() / "lake").string(), .database = database}).ValueOrDie();
}

/// The tables of the suite, made by the statements themselves.
class StatementLake final : public EngineLake {
 public:
  StatementLake() : lake_(MakeLake(folder_, "conformance")) {
    for (const char* sql :
         {"CREATE DATABASE conformance", "CREATE DATABASE conformance_other",
          "CREATE TABLE orders WITH (partitioned_by = ARRAY['day']) AS SELECT * FROM (VALUES "
          "(1::bigint, 10::bigint, 1.5::double, 'a', '01'), (2, 11, 2.5, NULL, '01'), (3, 10, 4.0, '', '02'), "
          "(4, NULL, 8.0, 'd', NULL)) AS t(id, customer, amount, note, day)",
          "CREATE EXTERNAL TABLE nothing (id bigint, name string) STORED AS PARQUET LOCATION 's3://lake/nothing/'",
          "CREATE TABLE conformance_other.customers AS SELECT 10::bigint AS id, 'ada' AS name",
          "INSERT INTO conformance_other.customers VALUES (11, 'bob')"}) {
      const auto rows = QueryTable(engine(), {.sql = sql});
      EXPECT_TRUE(rows.ok()) << sql << "\n" << rows.status().ToString();
    }
  }

  QueryEngine& engine() override { return **lake_->engine(); }

 private:
  const TempDir folder_;
  const std::unique_ptr<Lake> lake_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Statements, QueryEngineConformance,
                         ::testing::Values(EngineUnderTest{"Lake", [] { return std::make_shared<StatementLake>(); }}),
                         EngineName);

namespace {

class StatementEngineTest : public ::testing::Test {
 protected:
  QueryEngine& engine() { return **lake_->engine(); }
  Result<std::shared_ptr<arrow::Table>> Run(const std::string& sql) { return QueryTable(engine(), {.sql = sql}); }
  QueryStatus Wait(const QueryId& id) {
    for (int i = 0; i < 600; ++i) {
      const auto status = engine().GetStatus(id, milliseconds(100));
      if (!status.ok() || status->done()) return status.ValueOr(QueryStatus());
    }
    return {};
  }
  /// More rows than anybody waits for.
  static constexpr const char* kEndless = "SELECT i AS id FROM range(1000000000000) t(i)";

  const TempDir folder_;
  const std::unique_ptr<Lake> lake_ = MakeLake(folder_);
};

TEST_F(StatementEngineTest, CountsTheRowsOfAWrite) {
  ASSERT_OK_AND_ASSIGN(const auto made, Run("CREATE TABLE t AS SELECT * FROM range(100000) t(id)"));
  EXPECT_EQ(made->schema()->ToString(), "rows: int64");
  EXPECT_EQ(made->column(0)->GetScalar(0).ValueOrDie()->ToString(), "100000");
  ASSERT_OK_AND_ASSIGN(const auto id, engine().Submit({.sql = "INSERT INTO t SELECT id FROM t"}));
  const auto status = Wait(id);
  EXPECT_EQ(status.state, QueryState::kSucceeded) << status.error.ToString();
  EXPECT_GT(status.statistics.bytes_scanned, 0);
  EXPECT_EQ(status.statistics.rows, 1);
  engine().Release(id);
}

TEST_F(StatementEngineTest, GivesNoColumnsWhereAStatementHasNoResult) {
  ASSERT_OK_AND_ASSIGN(const auto made, Run("CREATE DATABASE d"));
  EXPECT_EQ(made->num_columns(), 0);
}

TEST_F(StatementEngineTest, CancelsAWriteAndNothingIsThere) {
  ASSERT_OK_AND_ASSIGN(const auto id, engine().Submit({.sql = std::string("CREATE TABLE t AS ") + kEndless}));
  ASSERT_OK_AND_ASSIGN(const auto early, engine().GetStatus(id, milliseconds(300)));
  EXPECT_FALSE(early.done());
  ASSERT_OK(engine().Cancel(id));
  const auto status = Wait(id);
  EXPECT_EQ(status.state, QueryState::kCancelled);
  EXPECT_EQ(KindOf(status.error), ErrorKind::kCancelled);
  ASSERT_FAILS(ErrorKind::kCancelled, "cancelled", engine().Results(id));
  engine().Release(id);
  ASSERT_FAILS(ErrorKind::kNotFound, "t", lake_->catalog().GetTable({"default", "t"}));
}

TEST_F(StatementEngineTest, EndsAWriteAtItsTimeout) {
  ASSERT_FAILS(
      ErrorKind::kTimeout, "timeout of 300 ms",
      QueryTable(engine(), {.sql = std::string("CREATE TABLE t AS ") + kEndless, .timeout = milliseconds(300)}));
}

TEST_F(StatementEngineTest, ReleasingAWriteStopsIt) {
  ASSERT_OK_AND_ASSIGN(const auto id, engine().Submit({.sql = std::string("CREATE TABLE t AS ") + kEndless}));
  engine().Release(id);
  ASSERT_FAILS(ErrorKind::kNotFound, id, engine().GetStatus(id));
  ASSERT_FAILS(ErrorKind::kNotFound, "t", lake_->catalog().GetTable({"default", "t"}));
}

TEST_F(StatementEngineTest, WritesTheRowsOfARelation) {
  const auto schema = arrow::schema({arrow::field("id", arrow::int64())});
  const QueryRelation words{
      .name = "words", .schema = schema, .open = [schema]() -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
        arrow::Int64Builder builder;
        ARROW_RETURN_NOT_OK(builder.AppendValues({1, 2, 3}));
        ARROW_ASSIGN_OR_RAISE(auto ids, builder.Finish());
        return arrow::RecordBatchReader::Make({arrow::RecordBatch::Make(schema, 3, {ids})}, schema);
      }};
  ASSERT_OK(QueryTable(engine(), {.sql = "CREATE TABLE t AS SELECT * FROM words", .relations = {words}}));
  ASSERT_OK_AND_ASSIGN(const auto rows, Run("SELECT count(*) FROM t"));
  EXPECT_EQ(rows->column(0)->GetScalar(0).ValueOrDie()->ToString(), "3");
  // DESCRIBE of a relation is the engine's: the catalog knows no such table.
  ASSERT_OK(QueryTable(engine(), {.sql = "DESCRIBE words", .relations = {words}}));
}

TEST_F(StatementEngineTest, AddsRowsFromManyThreadsAndLosesNone) {
  ASSERT_OK(Run("CREATE TABLE t AS SELECT 0::bigint AS id"));
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] { failed += !Run("INSERT INTO t VALUES (" + std::to_string(i) + "::bigint)").ok(); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  ASSERT_OK_AND_ASSIGN(const auto rows, Run("SELECT count(*) FROM t"));
  EXPECT_EQ(rows->column(0)->GetScalar(0).ValueOrDie()->ToString(), "9");
}

/// Statements over a store in memory that can be made to fail.
class FaultyLake {
 public:
  FaultyLake() {
    const auto resolve = [this](std::string_view uri) -> Result<Location> {
      return Location{now, std::string(uri.substr(std::string_view("s3://lake/").size()))};
    };
    const HiveEnvironment hive{.catalog = catalog_, .resolve = resolve};
    const auto open_table = [hive](const TableId& id) { return OpenHiveTable(hive, id); };
    auto queries =
        MakeDuckDBEngine({.catalog = catalog_, .open_table = open_table, .resolve = resolve}, {}).ValueOrDie();
    engine_ = MakeStatementEngine(
        std::move(queries),
        {.hive = hive,
         .open_table = open_table,
         .location_of = [](const TableId& id) { return "s3://lake/" + id.database + "/" + id.name + "/"; },
         .find = resolve});
  }

  Status Run(const std::string& sql) { return QueryTable(*engine_, {.sql = sql}).status(); }
  /// -1: there is no such table or file.
  int64_t Count(const std::string& from) {
    const auto rows = QueryTable(*engine_, {.sql = "SELECT count(*) FROM " + from});
    if (!rows.ok()) return -1;
    return std::static_pointer_cast<arrow::Int64Scalar>((*rows)->column(0)->GetScalar(0).ValueOrDie())->value;
  }

  const std::shared_ptr<ObjectStore> disk = MakeMemoryStore();
  std::shared_ptr<ObjectStore> now = disk;

 private:
  const std::shared_ptr<Catalog> catalog_ = MakeMemoryCatalog();
  std::unique_ptr<QueryEngine> engine_;
};

class StatementFaults : public ::testing::TestWithParam<FaultyStore::When> {};

TEST_P(StatementFaults, ATableIsMadeWholeOrNotAtAllAndOnce) {
  FaultyLake lake;
  for (int n = 1;; ++n) {
    const std::string table = "t" + std::to_string(n);
    const std::string sql = "CREATE TABLE " + table +
                            " WITH (partitioned_by = ARRAY['p']) AS SELECT i AS id, i % 2 AS p FROM range(3) t(i)";
    const auto faulty = std::make_shared<FaultyStore>(lake.disk, n, GetParam());
    lake.now = faulty;
    const Status broken = lake.Run(sql);
    lake.now = lake.disk;
    const int64_t seen = lake.Count(table);
    // A commit that was cut off is finished by whoever writes next; until then its table has no rows.
    const bool open = seen == 0 && KindOf(broken) == ErrorKind::kCommitUnknown;
    EXPECT_TRUE(seen == -1 || seen == 3 || open)
        << "fault at call " << n << ": " << seen << " rows, " << broken.ToString();
    const Status again = lake.Run(sql);
    EXPECT_TRUE(again.ok() || KindOf(again) == ErrorKind::kAlreadyExists) << again.ToString();
    EXPECT_EQ(lake.Count(table), 3) << "fault at call " << n << ": " << broken.ToString();
    if (!faulty->fired()) break;
    ASSERT_LT(n, 1000);
  }
}

TEST_P(StatementFaults, RowsAreAddedTogetherOrNotAtAll) {
  FaultyLake lake;
  for (int n = 1;; ++n) {
    const std::string table = "t" + std::to_string(n);
    ASSERT_OK(lake.Run("CREATE TABLE " + table + " AS SELECT 1::bigint AS id"));
    const auto faulty = std::make_shared<FaultyStore>(lake.disk, n, GetParam());
    lake.now = faulty;
    const Status broken = lake.Run("INSERT INTO " + table + " SELECT id + 1 FROM " + table + ", range(2)");
    lake.now = lake.disk;
    const int64_t seen = lake.Count(table);
    EXPECT_TRUE(seen == 1 || seen == 3) << "fault at call " << n << ": " << seen << " rows, " << broken.ToString();
    if (broken.ok()) {
      EXPECT_EQ(seen, 3);
    }
    if (!faulty->fired()) break;
    ASSERT_LT(n, 1000);
  }
}

TEST_P(StatementFaults, AFolderIsUnloadedIntoOnce) {
  FaultyLake lake;
  for (int n = 1;; ++n) {
    const std::string folder = "s3://lake/out" + std::to_string(n) + "/";
    const std::string sql = "UNLOAD (SELECT i AS id FROM range(3) t(i)) TO '" + folder + "' WITH (format = 'PARQUET')";
    const auto faulty = std::make_shared<FaultyStore>(lake.disk, n, GetParam());
    lake.now = faulty;
    const Status broken = lake.Run(sql);
    lake.now = lake.disk;
    const Status again = lake.Run(sql);
    EXPECT_TRUE(again.ok() || KindOf(again) == ErrorKind::kAlreadyExists) << again.ToString();
    EXPECT_EQ(lake.Count("'" + folder + "*.parquet'"), 3) << "fault at call " << n << ": " << broken.ToString();
    if (!faulty->fired()) break;
    ASSERT_LT(n, 1000);
  }
}

INSTANTIATE_TEST_SUITE_P(When, StatementFaults,
                         ::testing::Values(FaultyStore::When::kBefore, FaultyStore::When::kAfter));

TEST(FitsPattern, KnowsStarsAndBars) {
  EXPECT_TRUE(FitsPattern("orders", std::nullopt));
  EXPECT_TRUE(FitsPattern("orders", "ORD*"));
  EXPECT_TRUE(FitsPattern("orders", "x|*der.*"));
  EXPECT_TRUE(FitsPattern("a.b", "a.b"));
  EXPECT_FALSE(FitsPattern("orders", "order"));
  EXPECT_FALSE(FitsPattern("orders", ""));
  EXPECT_FALSE(FitsPattern(std::string(255, 'a'), "*a*a*a*a*a*a*a*a*a*a*a*a*b"));
}

TEST(CanInsert, TakesWhatLosesNothing) {
  using namespace arrow;
  EXPECT_TRUE(CanInsert(*int32(), *int64()));
  EXPECT_FALSE(CanInsert(*int64(), *int32()));
  EXPECT_TRUE(CanInsert(*int64(), *float64()));
  EXPECT_TRUE(CanInsert(*int64(), *decimal128(19, 0)));
  EXPECT_FALSE(CanInsert(*int64(), *decimal128(18, 0)));
  EXPECT_TRUE(CanInsert(*decimal128(4, 2), *decimal128(6, 3)));
  EXPECT_FALSE(CanInsert(*decimal128(4, 2), *decimal128(4, 3)));
  EXPECT_TRUE(CanInsert(*decimal128(38, 0), *int64()));
  EXPECT_FALSE(CanInsert(*float64(), *float32()));
  EXPECT_TRUE(CanInsert(*date32(), *timestamp(TimeUnit::MICRO)));
  EXPECT_FALSE(CanInsert(*utf8(), *date32()));
  EXPECT_FALSE(CanInsert(*int64(), *utf8()));
  EXPECT_TRUE(CanInsert(*list(int32()), *list(int64())));
  EXPECT_TRUE(CanInsert(*struct_({field("a", int8())}), *struct_({field("a", int16())})));
  EXPECT_FALSE(CanInsert(*struct_({field("b", int8())}), *struct_({field("a", int8())})));
}

}  // namespace
}  // namespace glaux::testing
