#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "glaux/engine/duckdb/fake_lake.h"
#include "glaux/engine/query_estimate.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::testing {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kEndless[] =
    "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE hash(a.range, b.range) % 1000003 = 5";

class DuckDBQuery : public ::testing::Test {
 protected:
  void Open(DuckDBEngineOptions options = {}) {
    options.temp_directory = dir_.path().string();
    ASSERT_OK_AND_ASSIGN(engine_, lake_.Engine(options));
  }
  size_t TempEntries() {
    return static_cast<size_t>(std::distance(std::filesystem::recursive_directory_iterator(dir_.path()), {}));
  }

  TempDir dir_;
  FakeLake lake_;
  std::unique_ptr<QueryEngine> engine_;
};

}  // namespace

TEST_F(DuckDBQuery, EstimatesByTheTablesPlans) {
  const auto schema = arrow::schema({arrow::field("id", arrow::int64())});
  lake_.AddTable({"shop", "orders"}, schema->fields(), {arrow::field("day", arrow::utf8())});
  for (const char* day : {"01", "02", "03"}) {
    lake_.AddFile({"shop", "orders"}, {arrow::MakeScalar(day)}, *FakeLake::Rows(schema, R"([{"id":1}])"));
  }
  Open({.default_database = "shop"});
  const auto before = lake_.bytes_read();
  ASSERT_OK_AND_ASSIGN(const auto one,
                       EstimateQuery(*engine_, {.sql = "SELECT count(*) FROM orders WHERE day = '02'"}));
  ASSERT_EQ(one.inputs.size(), 1u);
  EXPECT_EQ(one.inputs[0].table, "shop.orders");
  EXPECT_EQ(one.inputs[0].files, 1);
  EXPECT_EQ(one.inputs[0].partitions_scanned, 1);
  EXPECT_EQ(one.inputs[0].partitions_total, 3);
  ASSERT_OK_AND_ASSIGN(const auto all, EstimateQuery(*engine_, {.sql = "SELECT id FROM orders"}));
  EXPECT_EQ(all.bytes(), 3 * *one.bytes());
  ASSERT_OK_AND_ASSIGN(const auto twice, EstimateQuery(*engine_, {.sql = "SELECT a.id FROM orders a, orders b"}));
  EXPECT_EQ(twice.bytes(), 6 * *one.bytes());
  ASSERT_OK_AND_ASSIGN(const auto none, EstimateQuery(*engine_, {.sql = "SELECT 1"}));
  EXPECT_EQ(none.bytes(), 0);
  EXPECT_EQ(lake_.bytes_read(), before);
  ASSERT_FAILS(ErrorKind::kNotFound, "nowhere", EstimateQuery(*engine_, {.sql = "SELECT * FROM nowhere"}));
  ASSERT_FAILS(ErrorKind::kNotImplemented, "DROP", EstimateQuery(*engine_, {.sql = "DROP TABLE orders"}));
}

TEST_F(DuckDBQuery, ExplainsColumnsWithTheirTypesAsAthenaNamesThem) {
  Open();
  const auto explain = [&](const std::string& sql) -> Result<std::string> {
    ARROW_ASSIGN_OR_RAISE(const auto table, QueryTable(*engine_, {.sql = sql, .dialect = SqlDialect::kAthena}));
    return table->column(0)->GetScalar(0).ValueOrDie()->ToString();
  };
  ASSERT_OK_AND_ASSIGN(
      const auto plan,
      explain("EXPLAIN (FORMAT JSON) SELECT 1 AS id, map(ARRAY['a'], ARRAY[CAST(1 AS decimal(5,2))]) AS m"));
  EXPECT_THAT(plan, ::testing::HasSubstr(R"("columnNames":"[id, m]")"));
  EXPECT_THAT(plan, ::testing::HasSubstr(R"({"symbol":"id","type":"integer"})"));
  EXPECT_THAT(plan, ::testing::HasSubstr(R"json({"symbol":"m","type":"map(varchar, decimal(5,2))"})json"));
  ASSERT_FAILS(ErrorKind::kInvalid, "nocolumn", explain("EXPLAIN (FORMAT JSON) SELECT nocolumn"));
}

TEST_F(DuckDBQuery, CancelsALongQuerySoon) {
  Open();
  ASSERT_OK_AND_ASSIGN(const auto id, engine_->Submit({.sql = kEndless}));
  ASSERT_OK_AND_ASSIGN(auto status, engine_->GetStatus(id, milliseconds(50)));
  EXPECT_FALSE(status.done());
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_OK(engine_->Cancel(id));
  ASSERT_OK_AND_ASSIGN(status, engine_->GetStatus(id, seconds(20)));
  EXPECT_EQ(status.state, QueryState::kCancelled) << status.error.ToString();
  EXPECT_EQ(KindOf(status.error), ErrorKind::kCancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(1));
  EXPECT_EQ(KindOf(engine_->Results(id).status()), ErrorKind::kCancelled);
}

TEST_F(DuckDBQuery, CancelsAQueryWhileItsRowsAreRead) {
  Open();
  ASSERT_OK_AND_ASSIGN(const auto id,
                       engine_->Submit({.sql = "SELECT range, 'some text to fill it' AS t FROM range(1000000000)"}));
  ASSERT_OK_AND_ASSIGN(const auto reader, engine_->Results(id));
  ASSERT_OK(reader->Next());
  ASSERT_OK(engine_->Cancel(id));
  Status end;
  for (int i = 0; i < 1000 && end.ok(); ++i) end = reader->Next().status();
  EXPECT_EQ(KindOf(end), ErrorKind::kCancelled) << end.ToString();
}

TEST_F(DuckDBQuery, EndsAtItsTimeout) {
  Open();
  ASSERT_FAILS(ErrorKind::kTimeout, "100 ms", QueryTable(*engine_, {.sql = kEndless, .timeout = milliseconds(100)}));
  ASSERT_OK(QueryTable(*engine_, {.sql = "SELECT 1", .timeout = seconds(60)}));
}

TEST_F(DuckDBQuery, TellsTheErrorOfOneThreadAndNotThatItStoppedTheOthers) {
  Open();
  constexpr char kFailsLate[] =
      "SELECT CASE WHEN i = 300000 THEN error('late') ELSE i::VARCHAR END FROM range(1000000) t(i)";
  // Which thread sees the failure first is chance: about one query in 500 once said that it was interrupted.
  for (int i = 0; i < 60; ++i) ASSERT_FAILS(ErrorKind::kInvalid, "late", QueryTable(*engine_, {.sql = kFailsLate}));
}

TEST_F(DuckDBQuery, StreamsAResultThatIsLargerThanMemory) {
  Open({.memory_limit = 64 << 20});
  ASSERT_OK_AND_ASSIGN(auto result,
                       Query(*engine_, {.sql = "SELECT range AS i, repeat('x', 200) AS t FROM range(1000000)"}));
  int64_t rows = 0;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const auto batch, result.reader->Next());
    if (!batch) break;
    rows += batch->num_rows();
  }
  EXPECT_EQ(rows, 1000000);
  EXPECT_EQ(engine_->GetStatus(result.id, seconds(5))->statistics.rows, 1000000);
}

TEST_F(DuckDBQuery, ComesToItsEndThoughNobodyReadsAndKeepsEveryRow) {
  Open();
  ASSERT_OK_AND_ASSIGN(const auto id,
                       engine_->Submit({.sql = "SELECT range AS i, repeat('x', 100) AS t FROM range(1000000)"}));
  ASSERT_OK_AND_ASSIGN(const auto status, engine_->GetStatus(id, seconds(60)));
  ASSERT_EQ(status.state, QueryState::kSucceeded) << status.error.ToString();
  ASSERT_OK_AND_ASSIGN(auto reader, engine_->Results(id));
  int64_t rows = 0, sum = 0;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const auto batch, reader->Next());
    if (!batch) break;
    const auto& column = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (int64_t i = 0; i < column.length(); ++i) EXPECT_EQ(column.Value(i), rows + i);
    rows += batch->num_rows();
    sum += column.Value(0);
  }
  EXPECT_EQ(rows, 1000000);
  reader.reset();
  engine_->Release(id);
}

TEST_F(DuckDBQuery, SpillsWhatDoesNotFitAndCleansUp) {
  Open({.memory_limit = 96 << 20, .threads = 2});
  ASSERT_OK_AND_ASSIGN(
      const auto rows,
      QueryTable(*engine_, {.sql = "SELECT count(*), max(t) FROM (SELECT range, repeat('x', 64) || range AS t "
                                   "FROM range(3000000) ORDER BY hash(range), t)"}));
  EXPECT_EQ(rows->num_rows(), 1);
  engine_.reset();
  EXPECT_EQ(TempEntries(), 0u);
}

TEST_F(DuckDBQuery, NamesTheMemoryLimitThatAQueryExceeds) {
  Open({.memory_limit = 16 << 20, .threads = 1});
  const auto status =
      QueryTable(*engine_, {.sql = "SELECT length(string_agg(repeat('x', 1000) || range, ',')) FROM range(200000)"})
          .status();
  ASSERT_EQ(KindOf(status), ErrorKind::kUnavailable) << status.ToString();
  EXPECT_THAT(InfoOf(status).hint, ::testing::HasSubstr("memory_limit"));
  ASSERT_OK(QueryTable(*engine_, {.sql = "SELECT 1"}));
}

TEST_F(DuckDBQuery, RunsManyQueriesAtOnce) {
  const auto columns = arrow::schema({arrow::field("id", arrow::int64())});
  lake_.AddTable({"db", "t"}, columns->fields(), {arrow::field("day", arrow::int32())});
  for (int day = 0; day < 20; ++day) {
    lake_.AddFile({"db", "t"}, {arrow::MakeScalar(int32_t{day})}, *FakeLake::Rows(columns, R"([{"id":1},{"id":2}])"));
  }
  Open();
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 5; ++round) {
        const auto rows =
            QueryTable(*engine_, {.sql = "SELECT sum(id) + count(*) FROM db.t WHERE day < " + std::to_string(i + 1)});
        if (rows.ok() && (*rows)->column(0)->GetScalar(0).ValueOrDie()->ToString() == std::to_string((i + 1) * 5))
          ++right;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 40);
}

TEST_F(DuckDBQuery, EndsRunningQueriesWithTheEngine) {
  Open();
  ASSERT_OK_AND_ASSIGN(const auto id, engine_->Submit({.sql = kEndless}));
  ASSERT_OK(engine_->GetStatus(id, milliseconds(20)));
  engine_.reset();
  EXPECT_EQ(TempEntries(), 0u);
}

TEST_F(DuckDBQuery, TellsTimeAndMemory) {
  Open();
  ASSERT_OK_AND_ASSIGN(const auto id,
                       engine_->Submit({.sql = "SELECT count(*) FROM (SELECT DISTINCT range FROM range(500000))"}));
  ASSERT_OK_AND_ASSIGN(const auto status, engine_->GetStatus(id, seconds(30)));
  EXPECT_TRUE(status.done());
  EXPECT_GT(status.statistics.peak_memory, 1 << 20);
  EXPECT_GT(status.statistics.execution_time.count(), 0);
}

TEST_F(DuckDBQuery, GivesEveryTypeAnArrowType) {
  Open();
  const auto type_of = [&](const std::string& expression) -> std::string {
    const auto table = QueryTable(*engine_, {.sql = "SELECT " + expression + " AS v UNION ALL SELECT NULL"});
    if (!table.ok()) return table.status().ToString();
    const auto valid = (*table)->ValidateFull();
    if (!valid.ok()) return valid.ToString();
    return (*table)->schema()->field(0)->type()->ToString() + " " +
           (*table)->column(0)->GetScalar(0).ValueOrDie()->ToString();
  };
  EXPECT_EQ(type_of("sum(x) FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT 1)"),
            "decimal128(38, 0) 9223372036854775808");
  EXPECT_EQ(type_of("count(*)"), "int64 1");
  EXPECT_EQ(type_of("1::utinyint"), "uint8 1");
  EXPECT_EQ(type_of("1::ubigint"), "uint64 1");
  EXPECT_EQ(type_of("'a'"), "string a");
  EXPECT_EQ(type_of("'00000000-0000-0000-0000-000000000001'::uuid"), "string 00000000-0000-0000-0000-000000000001");
  EXPECT_EQ(type_of("TIMESTAMP '2024-01-01 00:00:01'"), "timestamp[us] 2024-01-01 00:00:01.000000");
  EXPECT_EQ(type_of("TIMESTAMPTZ '2024-01-01 01:00:01+01'"), "timestamp[us, tz=UTC] 2024-01-01 00:00:01.000000Z");
  EXPECT_EQ(type_of("DATE '2024-01-01'"), "date32[day] 2024-01-01");
  EXPECT_EQ(type_of("TIME '01:02:03'"), "time64[us] 01:02:03.000000");
  EXPECT_EQ(type_of("1.5::decimal(10,2)"), "decimal128(10, 2) 1.50");
  EXPECT_EQ(type_of("INTERVAL 1 MONTH"), "month_day_nano_interval 1M0d0ns");
  EXPECT_EQ(type_of("'\\x41'::blob"), "binary A");
  for (const std::string expression :
       {"'a'::enum('a','b')", "[1,2]", "{'a': 1, 'b': [{'c': 'x'}]}", "MAP {'k': 1}", "union_value(num := 1)",
        "'101'::bit", "1::uhugeint", "1::hugeint", "TIMETZ '01:02:03+01'", "'1'::json", "array_value(1,2)",
        "TIMESTAMP_NS '2024-01-01'", "'12345678901234567890123'::varint", "1::tinyint", "true", "1.5::float"}) {
    const auto seen = type_of(expression);
    EXPECT_EQ(seen.find("rror"), std::string::npos) << expression << ": " << seen;
    EXPECT_EQ(seen.find("nvalid"), std::string::npos) << expression << ": " << seen;
  }
  EXPECT_THAT(type_of("1::variant"), ::testing::StartsWith("NotImplemented"));
}

}  // namespace glaux::testing
