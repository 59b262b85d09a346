#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/engine/duckdb/fake_lake.h"
#include "glaux/testing/matchers.h"

namespace glaux::testing {

namespace {

using arrow::field;
using arrow::schema;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DuckDBScan : public ::testing::Test {
 protected:
  /// The rows of a query as text; or "<" and the error.
  std::vector<std::string> Rows(const std::string& sql) {
    if (!engine_) engine_ = lake_.Engine().ValueOrDie();
    const auto id = engine_->Submit({.sql = sql, .database = {}}).ValueOrDie();
    const auto reader = engine_->Results(id);
    const auto table = reader.ok() ? (*reader)->ToTable() : reader.status();
    statistics_ = engine_->GetStatus(id, std::chrono::seconds(5)).ValueOrDie().statistics;
    engine_->Release(id);
    error_ = table.status();
    if (!table.ok()) return {"<" + std::string(KindName(KindOf(table.status()))) + ": " + table.status().message()};
    std::vector<std::string> rows;
    for (int64_t row = 0; row < (*table)->num_rows(); ++row) {
      std::string text;
      for (const auto& column : (*table)->columns()) {
        if (!text.empty()) text += ' ';
        text += column->GetScalar(row).ValueOrDie()->ToString();
      }
      rows.push_back(text);
    }
    return rows;
  }

  FakeLake lake_;
  std::unique_ptr<QueryEngine> engine_;
  QueryStatistics statistics_;
  Status error_;
};

const TableId kCur{"billing", "cur"};
const TableId kT{"db", "t"};

/// 30 daily partitions, one file each with 10 rows of amount = day.
class PartitionedScan : public DuckDBScan {
 protected:
  PartitionedScan() {
    const auto columns = schema({field("id", arrow::int64()), field("amount", arrow::int64())});
    lake_.AddTable(kCur, columns->fields(), {field("month", arrow::int32()), field("day", arrow::utf8())});
    for (int day = 1; day <= 30; ++day) {
      std::string json;
      for (int i = 0; i < 10; ++i) {
        json += std::string(i ? "," : "[") + R"({"id":)" + std::to_string(day * 100 + i) + R"(,"amount":)" +
                std::to_string(day) + "}";
      }
      const auto text = std::string(day < 10 ? "0" : "") + std::to_string(day);
      lake_.AddFile(kCur, {arrow::MakeScalar(int32_t{1}), arrow::MakeScalar(text)},
                    *FakeLake::Rows(columns, json + "]"));
    }
  }

  /// Rows of the query that matter, then partitions listed and files opened by it.
  std::string Reads(const std::string& sql) {
    const auto listed = lake_.listed(kCur);
    const auto rows = Rows(sql);
    std::string text = rows.empty() ? "nothing" : rows[0];
    return text + ", listed " + std::to_string(lake_.listed(kCur) - listed) + ", opened " +
           std::to_string(statistics_.files_opened);
  }
};

}  // namespace

TEST_F(PartitionedScan, ListsAndOpensOnlyThePartitionsThatAFilterLeaves) {
  EXPECT_EQ(Reads("SELECT count(*) FROM billing.cur"), "300, listed 30, opened 30");
  EXPECT_EQ(Reads("SELECT sum(amount) FROM billing.cur WHERE day = '03'"), "30, listed 1, opened 1");
  EXPECT_EQ(Reads("SELECT sum(amount) FROM billing.cur WHERE day IN ('03', '05')"), "80, listed 2, opened 2");
  EXPECT_EQ(Reads("SELECT sum(amount) FROM billing.cur WHERE day BETWEEN '03' AND '05'"), "120, listed 3, opened 3");
  EXPECT_EQ(Reads("SELECT sum(amount) FROM billing.cur WHERE cast(day AS int) < 4"), "60, listed 3, opened 3");
  EXPECT_EQ(Reads("SELECT sum(amount) FROM billing.cur WHERE day = '03' OR day = '30'"), "330, listed 2, opened 2");
  EXPECT_EQ(Reads("SELECT sum(amount) FROM billing.cur WHERE month = 1 AND day LIKE '1%'"),
            "1450, listed 10, opened 10");
  EXPECT_EQ(Reads("SELECT count(*) FROM billing.cur WHERE month = 2"), "0, listed 0, opened 0");
  EXPECT_EQ(Reads("SELECT sum(amount) FROM billing.cur WHERE month || day = '107'"), "70, listed 1, opened 1");
}

TEST_F(PartitionedScan, PrunesByThePartOfAnOrThatKnowsPartitions) {
  EXPECT_EQ(Reads("SELECT count(*) FROM billing.cur WHERE (day = '03' AND amount = 3) OR (day = '04' AND amount = 5)"),
            "10, listed 2, opened 2");
  EXPECT_EQ(Reads("SELECT count(*) FROM billing.cur WHERE day = '03' OR amount = 5"), "20, listed 30, opened 30");
}

TEST_F(PartitionedScan, PrunesThroughSubqueriesAndUnions) {
  EXPECT_EQ(Reads("SELECT sum(amount) FROM (SELECT * FROM billing.cur) WHERE day = '03'"), "30, listed 1, opened 1");
  EXPECT_EQ(Reads("WITH c AS (SELECT day AS d, amount AS a FROM billing.cur) SELECT sum(a) FROM c WHERE d > '28'"),
            "590, listed 2, opened 2");
  EXPECT_EQ(
      Reads("SELECT sum(amount) FROM (SELECT * FROM billing.cur UNION ALL SELECT * FROM billing.cur) WHERE day = '02'"),
      "40, listed 2, opened 1");
}

TEST_F(PartitionedScan, PrunesByTheOtherSideOfAJoin) {
  EXPECT_EQ(Reads("SELECT sum(c.amount) FROM billing.cur c JOIN (VALUES ('04', 'x')) d(day, name) ON c.day = d.day "
                  "WHERE d.day = '04'"),
            "40, listed 1, opened 1");
  // Known only once the other side has run: all are listed, few are opened.
  const auto columns = schema({field("day", arrow::utf8()), field("holiday", arrow::boolean())});
  lake_.AddTable({"billing", "days"}, columns->fields());
  lake_.AddFile({"billing", "days"}, {},
                *FakeLake::Rows(columns, R"([{"day":"07","holiday":true},{"day":"08","holiday":false}])"));
  EXPECT_EQ(Reads("SELECT sum(c.amount) FROM billing.cur c JOIN billing.days d ON c.day = d.day WHERE d.holiday"),
            "70, listed 30, opened 2");
}

TEST_F(PartitionedScan, TellsPartitionsAndBytes) {
  Rows("SELECT sum(amount) FROM billing.cur WHERE day <= '05'");
  EXPECT_EQ(statistics_.partitions_total, 30);
  EXPECT_EQ(statistics_.partitions_scanned, 5);
  EXPECT_EQ(statistics_.rows, 1);
  EXPECT_EQ(statistics_.bytes_scanned, lake_.bytes_read());
  EXPECT_GT(statistics_.bytes_scanned, 0);
}

TEST_F(PartitionedScan, ReadsASmallFileWithOneGet) {
  Rows("SELECT sum(amount), min(id) FROM billing.cur WHERE day = '05'");
  EXPECT_EQ(lake_.gets(), 1);
}

TEST_F(PartitionedScan, OpensNothingToExplain) {
  Rows("EXPLAIN SELECT sum(amount) FROM billing.cur WHERE day = '05'");
  EXPECT_OK(error_);
  EXPECT_EQ(lake_.gets(), 0);
}

TEST_F(PartitionedScan, AggregatesPartitionColumnsAlone) {
  EXPECT_EQ(Reads("SELECT min(day) || max(day) || count(DISTINCT day) || sum(month) FROM billing.cur"),
            "013030300, listed 30, opened 30");
}

TEST_F(PartitionedScan, StopsEarlyForALimit) {
  Rows("SELECT * FROM billing.cur LIMIT 3");
  EXPECT_LT(statistics_.files_opened, 30);
}

TEST_F(PartitionedScan, OrdersAndLimitsWideRows) {
  EXPECT_THAT(Rows("SELECT * FROM billing.cur ORDER BY id DESC LIMIT 2"), ElementsAre("3009 30 1 30", "3008 30 1 30"));
  EXPECT_THAT(Rows("SELECT * FROM billing.cur WHERE day < '03' ORDER BY id DESC LIMIT 1"), ElementsAre("209 2 1 02"));
}

TEST_F(PartitionedScan, ShowsTheFileOfARow) {
  EXPECT_THAT(Rows("SELECT DISTINCT \"$path\" FROM billing.cur WHERE day = '01'"),
              ElementsAre("s3://lake/billing/cur/0.parquet"));
}

TEST_F(PartitionedScan, DescribesAndListsTables) {
  EXPECT_THAT(Rows("SELECT column_name, column_type FROM (DESCRIBE billing.cur)"),
              ElementsAre("id BIGINT", "amount BIGINT", "month INTEGER", "day VARCHAR"));
  EXPECT_THAT(Rows("SELECT table_schema, table_name FROM information_schema.tables"), ElementsAre("billing cur"));
  EXPECT_THAT(Rows("SELECT name FROM (SHOW TABLES FROM billing)"), ElementsAre("cur"));
  EXPECT_THAT(
      Rows("SELECT column_name FROM information_schema.columns WHERE table_name = 'cur' ORDER BY ordinal_position"),
      ElementsAre("id", "amount", "month", "day"));
  EXPECT_EQ(lake_.gets(), 0);
}

TEST_F(PartitionedScan, SuggestsTheNamesThatAreNear) {
  EXPECT_THAT(Rows("SELECT * FROM billing.curr"),
              ElementsAre(AllOf(HasSubstr("<NotFound"), HasSubstr("Did you mean \"cur\""))));
  EXPECT_THAT(Rows("SELECT * FROM cur"), ElementsAre(AllOf(HasSubstr("<NotFound"), HasSubstr("billing.cur"))));
  EXPECT_THAT(Rows("SELECT amont FROM billing.cur"), ElementsAre(AllOf(HasSubstr("<Invalid"), HasSubstr("amount"))));
  EXPECT_THAT(Rows("SELECT 1 FRM x WHERE"),
              ElementsAre(AllOf(HasSubstr("<Invalid"), HasSubstr("LINE 1"), HasSubstr("^"))));
}

TEST_F(PartitionedScan, TakesAthenasNameOfTheCatalog) {
  EXPECT_THAT(Rows("SELECT count(*) FROM AwsDataCatalog.billing.cur WHERE day = '01'"), ElementsAre("10"));
}

TEST_F(DuckDBScan, RefusesAFileWhoseColumnsDifferOnlyByCaseWhereItReadsThem) {
  lake_.AddTable(kT, {field("id", arrow::int64()), field("v", arrow::int64()), field("v_1", arrow::int64()),
                      field("w", arrow::int64()), field("w_1", arrow::int64())});
  const auto twice = schema({field("id", arrow::int64()), field("v", arrow::int64()), field("V", arrow::int64()),
                             field("w", arrow::int64()), field("w_1", arrow::int64())});
  const auto key = lake_.AddFile(kT, {}, *FakeLake::Rows(twice, R"([{"id":1,"v":2,"V":3,"w":4,"w_1":5}])"));
  EXPECT_THAT(Rows("SELECT id, w, w_1 FROM db.t"), ElementsAre("1 4 5"));
  EXPECT_THAT(Rows("SELECT count(*) FROM db.t"), ElementsAre("1"));
  for (const std::string sql : {"SELECT v FROM db.t", "SELECT id FROM db.t WHERE v = 2", "SELECT v_1 FROM db.t"}) {
    EXPECT_THAT(Rows(sql), ElementsAre(AllOf(HasSubstr("<Invalid"), HasSubstr("db.t"), HasSubstr(key),
                                             HasSubstr("columns v and V"))));
    EXPECT_THAT(InfoOf(error_).hint, HasSubstr("renamed"));
  }
}

TEST_F(DuckDBScan, RefusesFieldsOfAStructThatDifferOnlyByCase) {
  const auto table = arrow::struct_({field("a", arrow::int64())});
  const auto file = arrow::struct_({field("a", arrow::int64()), field("A", arrow::int64())});
  lake_.AddTable(kT, {field("id", arrow::int64()), field("s", table), field("l", arrow::list(table))});
  lake_.AddFile(
      kT, {},
      *FakeLake::Rows(schema({field("id", arrow::int64()), field("s", file)}), R"([{"id":1,"s":{"a":1,"A":2}}])"));
  EXPECT_THAT(Rows("SELECT id FROM db.t"), ElementsAre("1"));
  EXPECT_THAT(Rows("SELECT s FROM db.t"), ElementsAre(AllOf(HasSubstr("<Invalid"), HasSubstr("s.a and s.A"))));
  lake_.AddFile(kT, {}, *FakeLake::Rows(schema({field("l", arrow::list(file))}), R"([{"l":[{"a":1,"A":2}]}])"));
  EXPECT_THAT(Rows("SELECT l FROM db.t"), ElementsAre(AllOf(HasSubstr("<Invalid"), HasSubstr(".a and l."))));
}

TEST_F(DuckDBScan, PrunesByTypedPartitionKeys) {
  const auto columns = schema({field("v", arrow::int64())});
  lake_.AddTable(kT, columns->fields(),
                 {field("d", arrow::date32()), field("n", arrow::int64()),
                  field("at", arrow::timestamp(arrow::TimeUnit::MICRO)), field("price", arrow::decimal128(10, 2))});
  const auto add = [&](std::shared_ptr<arrow::Scalar> d, std::shared_ptr<arrow::Scalar> n, int v) {
    lake_.AddFile(
        kT,
        {d, n, arrow::MakeScalar(arrow::timestamp(arrow::TimeUnit::MICRO), int64_t{v} * 3'600'000'000).ValueOrDie(),
         arrow::MakeScalar(arrow::decimal128(10, 2), arrow::Decimal128(v * 100 + 5)).ValueOrDie()},
        *FakeLake::Rows(columns, R"([{"v":)" + std::to_string(v) + "}]"));
  };
  add(std::make_shared<arrow::Date32Scalar>(19723), arrow::MakeScalar(int64_t{9}), 1);  // 2024-01-01
  add(std::make_shared<arrow::Date32Scalar>(19724), arrow::MakeScalar(int64_t{10}), 2);
  add(arrow::MakeNullScalar(arrow::date32()), arrow::MakeNullScalar(arrow::int64()), 3);
  EXPECT_THAT(Rows("SELECT v, d FROM db.t WHERE d = DATE '2024-01-02'"), ElementsAre("2 2024-01-02"));
  EXPECT_EQ(statistics_.files_opened, 1);
  EXPECT_THAT(Rows("SELECT v FROM db.t WHERE n > 9"), ElementsAre("2"));  // as numbers, not as text
  EXPECT_EQ(statistics_.files_opened, 1);
  EXPECT_THAT(Rows("SELECT v FROM db.t WHERE d IS NULL"), ElementsAre("3"));
  EXPECT_EQ(statistics_.files_opened, 1);
  EXPECT_THAT(Rows("SELECT v FROM db.t WHERE NOT (n = 9)"), ElementsAre("2"));
  EXPECT_THAT(Rows("SELECT v FROM db.t WHERE year(d) = 2024 ORDER BY v"), ElementsAre("1", "2"));
  EXPECT_THAT(Rows("SELECT v, \"at\", price FROM db.t WHERE hour(\"at\") = 2"),
              ElementsAre("2 1970-01-01 02:00:00.000000 2.05"));
  EXPECT_EQ(statistics_.files_opened, 1);
  EXPECT_THAT(Rows("SELECT v FROM db.t WHERE coalesce(n, 0) = 0"), ElementsAre("3"));
}

TEST_F(DuckDBScan, ReadsFilesOfEveryAgeOfATable) {
  lake_.AddTable(kT, {field("id", arrow::int64()), field("name", arrow::utf8()), field("added", arrow::float64()),
                      field("s", arrow::struct_({field("a", arrow::int64()), field("b", arrow::utf8())}))});
  const auto old_columns = schema({field("id", arrow::int32()), field("Name", arrow::utf8()),
                                   field("s", arrow::struct_({field("a", arrow::int32())}))});
  lake_.AddFile(kT, {},
                *FakeLake::Rows(old_columns, R"([{"id":1,"Name":"x","s":{"a":5}},{"id":2,"Name":null,"s":null}])"));
  const auto new_columns = schema(
      {field("extra", arrow::int64()),
       field("s", arrow::struct_({field("b", arrow::utf8()), field("a", arrow::int64()), field("c", arrow::int64())})),
       field("added", arrow::float64()), field("name", arrow::utf8()), field("id", arrow::int64())});
  lake_.AddFile(kT, {},
                *FakeLake::Rows(new_columns,
                                R"([{"extra":0,"s":{"b":"q","a":6,"c":7},"added":0.5,"name":"y","id":5000000000}])"));
  EXPECT_THAT(Rows("SELECT id, name, added, s.a, s.b FROM db.t ORDER BY id"),
              ElementsAre("1 x null 5 null", "2 null null null null", "5000000000 y 0.5 6 q"));
  EXPECT_THAT(Rows("SELECT id FROM db.t WHERE id > 1 AND name IS NULL"), ElementsAre("2"));
  EXPECT_THAT(Rows("SELECT count(*) FROM db.t WHERE added IS NULL"), ElementsAre("2"));
  EXPECT_THAT(Rows("SELECT id FROM db.t WHERE s.b = 'q'"), ElementsAre("5000000000"));
  EXPECT_THAT(Rows("SELECT id FROM db.t WHERE s.a = 5"), ElementsAre("1"));
  EXPECT_THAT(Rows("SELECT typeof(s) FROM db.t LIMIT 1"), ElementsAre("STRUCT(a BIGINT, b VARCHAR)"));
}

TEST_F(DuckDBScan, ReadsNestedColumnsWhoseFieldsWereAddedLater) {
  const auto item_now = arrow::struct_({field("x", arrow::int64()), field("y", arrow::utf8())});
  const auto item_then = arrow::struct_({field("x", arrow::int32())});
  lake_.AddTable(kT, {field("l", arrow::list(item_now)), field("m", arrow::map(arrow::utf8(), item_now)),
                      field("n", arrow::list(arrow::int64()))});
  const auto then = schema({field("l", arrow::list(field("array_element", item_then))),
                            field("m", arrow::map(arrow::utf8(), item_then)), field("n", arrow::list(arrow::int32()))});
  lake_.AddFile(kT, {}, *FakeLake::Rows(then, R"([{"l":[{"x":1},{"x":2}],"m":[["k",{"x":3}]],"n":[7]}])"));
  const auto now = schema({field("l", arrow::list(item_now)), field("m", arrow::map(arrow::utf8(), item_now)),
                           field("n", arrow::list(arrow::int64()))});
  lake_.AddFile(kT, {}, *FakeLake::Rows(now, R"([{"l":[{"x":4,"y":"z"}],"m":[["k",{"x":5,"y":"w"}]],"n":[8,null]}])"));
  EXPECT_THAT(Rows("SELECT l::varchar, m::varchar, n::varchar FROM db.t ORDER BY n[1]"),
              ElementsAre("[{'x': 1, 'y': NULL}, {'x': 2, 'y': NULL}] {k={'x': 3, 'y': NULL}} [7]",
                          "[{'x': 4, 'y': z}] {k={'x': 5, 'y': w}} [8, NULL]"));
  EXPECT_THAT(Rows("SELECT l[1].y FROM db.t WHERE n[1] = 8"), ElementsAre("z"));
}

TEST_F(DuckDBScan, RefusesAFileWhoseColumnDoesNotFit) {
  lake_.AddTable(kT, {field("id", arrow::int64()), field("v", arrow::int64())});
  lake_.AddFile(
      kT, {},
      *FakeLake::Rows(schema({field("id", arrow::int64()), field("v", arrow::utf8())}), R"([{"id":1,"v":"7"}])"));
  EXPECT_THAT(Rows("SELECT id, v FROM db.t"), ElementsAre("<Corrupt: read table db.t, file s3://lake/db/t/0.parquet, "
                                                          "column v: the table has BIGINT, the file has VARCHAR"));
  EXPECT_THAT(Rows("SELECT id FROM db.t"), ElementsAre("1"));  // the column is not read
}

TEST_F(DuckDBScan, RefusesAFileWhoseNumbersAreWider) {
  lake_.AddTable(kT, {field("v", arrow::int32())});
  lake_.AddFile(kT, {}, *FakeLake::Rows(schema({field("v", arrow::int64())}), R"([{"v":7}])"));
  EXPECT_THAT(Rows("SELECT v FROM db.t"), ElementsAre(HasSubstr("the table has INTEGER, the file has BIGINT")));
}

TEST_F(DuckDBScan, WidensWhatLosesNothing) {
  lake_.AddTable(kT, {field("a", arrow::float64()), field("b", arrow::decimal128(20, 4)),
                      field("c", arrow::timestamp(arrow::TimeUnit::MICRO)), field("d", arrow::int64()),
                      field("e", arrow::decimal128(38, 2))});
  lake_.AddFile(kT, {},
                *FakeLake::Rows(schema({field("a", arrow::float32()), field("b", arrow::decimal128(10, 2)),
                                        field("c", arrow::timestamp(arrow::TimeUnit::MILLI, "UTC")),
                                        field("d", arrow::uint32()), field("e", arrow::int64())}),
                                R"([{"a":0.5,"b":"1.25","c":"2024-01-01 00:00:01.5","d":4000000000,"e":3}])"));
  EXPECT_THAT(Rows("SELECT a, b, c, d, e FROM db.t"),
              ElementsAre("0.5 1.2500 2024-01-01 00:00:01.500000 4000000000 3.00"));
  EXPECT_THAT(Rows("SELECT a FROM db.t WHERE b = 1.25 AND c > TIMESTAMP '2024-01-01 00:00:01' AND d > 5 AND e < 4"),
              ElementsAre("0.5"));
}

TEST_F(DuckDBScan, ReadsUnmarkedBytesAsTextWhereTheTableHasText) {
  lake_.AddTable(kT, {field("s", arrow::utf8())});
  lake_.AddFile(kT, {}, *FakeLake::Rows(schema({field("s", arrow::binary())}), R"([{"s":"grün"}])"));
  EXPECT_THAT(Rows("SELECT s, length(s) FROM db.t"), ElementsAre("grün 4"));
}

TEST_F(DuckDBScan, ReadsATableWithoutFiles) {
  lake_.AddTable(kT, {field("id", arrow::int64())}, {field("day", arrow::utf8())});
  EXPECT_THAT(Rows("SELECT count(*), max(day) FROM db.t WHERE id > 3"), ElementsAre("0 null"));
  EXPECT_THAT(Rows("SELECT * FROM db.t"), ElementsAre());
  EXPECT_OK(error_);
}

TEST_F(DuckDBScan, PassesFiltersOnDataDownToRowGroups) {
  lake_.AddTable(kT, {field("id", arrow::int64()), field("fill", arrow::utf8())});
  std::string json = "[";
  for (int i = 0; i < 40000; ++i) {
    json += (i ? "," : "") + std::string(R"({"id":)") + std::to_string(i) + R"(,"fill":")" +
            std::to_string(i * 7919LL % 1000003 * 100003) + std::to_string(i * 104729LL % 999983) +
            std::to_string(i * 15485863LL) + "\"}";
  }
  lake_.AddFile(kT, {},
                *FakeLake::Rows(schema({field("id", arrow::int64()), field("fill", arrow::utf8())}), json + "]"), 4000);
  EXPECT_THAT(Rows("SELECT count(*), count(DISTINCT fill) FROM db.t"), ElementsAre("40000 40000"));
  const auto all = statistics_.bytes_scanned;
  EXPECT_GT(all, 1 << 20) << "the file must be too large to be read whole";
  EXPECT_THAT(Rows("SELECT count(DISTINCT fill) FROM db.t WHERE id BETWEEN 100 AND 109"), ElementsAre("10"));
  EXPECT_LT(statistics_.bytes_scanned, all / 4);
}

TEST_F(DuckDBScan, NamesTheFileThatIsCorrupt) {
  lake_.AddTable(kT, {field("id", arrow::int64())});
  lake_.AddRawFile(kT, "this is no Parquet file, though it is long enough");
  EXPECT_THAT(Rows("SELECT * FROM db.t"),
              ElementsAre(AllOf(HasSubstr("<Corrupt"), HasSubstr("db.t"), HasSubstr("s3://lake/db/t/0.parquet"))));
}

TEST_F(DuckDBScan, NamesTheFileWhosePagesAreCorrupt) {
  lake_.AddTable(kT, {field("id", arrow::int64())});
  const auto key =
      lake_.AddFile(kT, {}, *FakeLake::Rows(schema({field("id", arrow::int64())}), R"([{"id":1},{"id":2},{"id":3}])"));
  auto content = GetString(lake_.store(), key).ValueOrDie();
  for (size_t i = 4; i < 40; ++i) content[i] = '\xff';
  FakeLake damaged;
  damaged.AddTable(kT, {field("id", arrow::int64())});
  damaged.AddRawFile(kT, content);
  engine_ = damaged.Engine().ValueOrDie();
  EXPECT_THAT(Rows("SELECT sum(id) FROM db.t"),
              ElementsAre(AllOf(HasSubstr("<Corrupt"), HasSubstr("s3://lake/db/t/0.parquet"))));
}

TEST_F(DuckDBScan, SaysThatAFileOfAnotherFormatIsNotRead) {
  lake_.AddTable(kT, {field("id", arrow::int64())});
  lake_.AddRawFile(kT, "id\n1\n", "csv");
  EXPECT_THAT(Rows("SELECT * FROM db.t"),
              ElementsAre(AllOf(HasSubstr("<NotImplemented"), HasSubstr("s3://lake/db/t/0.csv"))));
}

TEST_F(DuckDBScan, SaysThatAFileChangedOrVanishedUnderTheQuery) {
  lake_.AddTable(kT, {field("id", arrow::int64())});
  const auto rows = FakeLake::Rows(schema({field("id", arrow::int64())}), R"([{"id":1}])");
  const auto key = lake_.AddFile(kT, {}, *rows);
  ASSERT_OK(PutString(lake_.store(), key, "something else"));
  EXPECT_THAT(Rows("SELECT * FROM db.t"),
              ElementsAre(AllOf(HasSubstr("<Precondition"), HasSubstr("replaced after the query was planned"))));
  EXPECT_THAT(InfoOf(error_).hint, HasSubstr("run the query again"));
  ASSERT_OK(lake_.store().Delete(std::vector<std::string>{key}));
  EXPECT_THAT(Rows("SELECT * FROM db.t"), ElementsAre(AllOf(HasSubstr("<NotFound"), HasSubstr("deleted after"))));
}

TEST_F(DuckDBScan, GivesThePlansOwnErrorBack) {
  lake_.AddTable(kT, {field("id", arrow::int64())});
  lake_.FailPlans(kT, MakeError({.kind = ErrorKind::kThrottled, .code = "SlowDown"}, "too many lists"));
  EXPECT_THAT(Rows("SELECT * FROM db.t"), ElementsAre("<Throttled: plan db.t: too many lists"));
  EXPECT_EQ(InfoOf(error_).code, "SlowDown");
}

TEST_F(DuckDBScan, ReadsFilesOfTheLakeByTheirUri) {
  lake_.AddTable(kT, {field("id", arrow::int64())});
  const auto rows = FakeLake::Rows(schema({field("id", arrow::int64())}), R"([{"id":1}])");
  lake_.AddFile(kT, {}, *rows);
  lake_.AddFile(kT, {}, *rows);
  EXPECT_THAT(Rows("SELECT count(*) FROM read_parquet('s3://lake/db/t/0.parquet')"), ElementsAre("1"));
  EXPECT_THAT(Rows("SELECT count(*) FROM read_parquet('s3://lake/db/t/*.parquet')"), ElementsAre("2"));
  EXPECT_THAT(Rows("SELECT count(*) FROM read_parquet('s3://lake/*.parquet')"),
              ElementsAre(HasSubstr("No files found")));
  EXPECT_THAT(Rows("SELECT count(*) FROM read_parquet('s3://lake/**.parquet')"), ElementsAre("2"));
}

/// Twelve files of a table that is far away, each with two row groups of about 2 MiB in four columns.
class RemoteScan : public DuckDBScan {
 protected:
  RemoteScan() {
    lake_.MakeRemote();
    const auto columns = schema(
        {field("id", arrow::int64()), field("a", arrow::utf8()), field("b", arrow::utf8()), field("c", arrow::utf8())});
    lake_.AddTable(kT, columns->fields());
    uint64_t random = 1;
    for (int file = 0; file < kFiles; ++file) {
      std::vector<std::shared_ptr<arrow::Array>> arrays;
      arrow::Int64Builder ids;
      for (int row = 0; row < kRows; ++row) EXPECT_OK(ids.Append(file * kRows + row));
      arrays.push_back(ids.Finish().ValueOrDie());
      for (int column = 0; column < 3; ++column) {
        arrow::StringBuilder texts;
        for (int row = 0; row < kRows; ++row) {
          std::string text(350, ' ');
          for (char& c : text) c = static_cast<char>('!' + ((random = random * 6364136223846793005 + 1) >> 58));
          EXPECT_OK(texts.Append(text));
        }
        arrays.push_back(texts.Finish().ValueOrDie());
      }
      lake_.AddFile(kT, {}, *arrow::RecordBatch::Make(columns, kRows, arrays), kRows / 2);
    }
  }
  static constexpr int kFiles = 12, kRows = 4000;
};

TEST_F(RemoteScan, AProjectionCostsAGetForTheFooterAndOneForEachRowGroup) {
  EXPECT_THAT(Rows("SELECT sum(id), sum(length(a)) FROM db.t"), ElementsAre("1151976000 16800000"));
  EXPECT_LE(lake_.gets(), kFiles * 3);
  EXPECT_EQ(statistics_.bytes_scanned, lake_.bytes_read());
  // Two of three columns of text stay where they are.
  EXPECT_LE(lake_.bytes_read(), int64_t{kFiles} * (kRows * 400 + (200 << 10)));
}

TEST_F(RemoteScan, CountingRowsReadsFootersAlone) {
  EXPECT_THAT(Rows("SELECT count(*) FROM db.t"), ElementsAre("48000"));
  EXPECT_EQ(lake_.gets(), kFiles);
}

TEST_F(RemoteScan, AFewRowsDoNotCostTheTable) {
  EXPECT_EQ(Rows("SELECT a FROM db.t LIMIT 3").size(), 3u);
  EXPECT_LE(lake_.bytes_read(), int64_t{kFiles} * kRows * 350 * 3 / 2);
}

TEST_F(RemoteScan, AFileThatIsReplacedDuringTheScanIsAnErrorWithItsName) {
  const auto objects = ListAll(lake_.store(), "db/t/");
  ASSERT_OK(objects);
  ASSERT_OK(PutString(lake_.store(), (*objects)[5].key, std::string(static_cast<size_t>((*objects)[5].size), 'x')));
  EXPECT_THAT(
      Rows("SELECT sum(id), sum(length(b)) FROM db.t")[0],
      AllOf(HasSubstr("<Precondition: "), HasSubstr("s3://lake/" + (*objects)[5].key), HasSubstr("was replaced")));
}

}  // namespace glaux::testing
