#pragma once

#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "glaux/engine/query_engine.h"
#include "glaux/testing/matchers.h"

// The promises of QueryEngine, as tests over any implementation, in SQL that Athena, Trino and DuckDB all speak. In one
// test file of a room:
//
//   #include "glaux/testing/query_engine_conformance.h"
//   namespace glaux::testing {
//   INSTANTIATE_TEST_SUITE_P(Mine, QueryEngineConformance, ::testing::Values(EngineUnderTest{"Mine", MakeMine}),
//                            EngineName);
//   }

namespace glaux::testing {

/// An engine with what it needs to live, over a lake with exactly these tables:
///   conformance.orders(id bigint, customer bigint, amount double, note string), partitioned by (day string)
///       day 01: (1, 10, 1.5, 'a'), (2, 11, 2.5, null)   day 02: (3, 10, 4.0, '')   day null: (4, null, 8.0, 'd')
///   conformance.nothing(id bigint, name string)
///       no rows
///   conformance_other.customers(id bigint, name string)
///       (10, 'ada'), (11, 'bob')
/// Its default database is `conformance`.
class EngineLake {
 public:
  virtual ~EngineLake() = default;
  virtual QueryEngine& engine() = 0;
};

struct EngineUnderTest {
  std::string name;
  std::function<std::shared_ptr<EngineLake>()> make;
};

inline std::string EngineName(const ::testing::TestParamInfo<EngineUnderTest>& info) { return info.param.name; }
inline void PrintTo(const EngineUnderTest& engine, std::ostream* out) { *out << engine.name; }

class QueryEngineConformance : public ::testing::TestWithParam<EngineUnderTest> {
 protected:
  void SetUp() override { lake_ = GetParam().make(); }

  QueryEngine& engine() { return lake_->engine(); }

  /// The rows of a query, each as its values with blanks between; or "<" and the kind of the error.
  std::vector<std::string> Rows(const std::string& sql, const std::string& database = {},
                                std::vector<QueryRelation> relations = {}) {
    const auto table = QueryTable(engine(), {.sql = sql, .database = database, .relations = std::move(relations)});
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

  /// A relation (id bigint, word string) with rows (10, 'ten'), (12, 'twelve') that counts how often it is opened;
  /// after them comes `end`.
  static QueryRelation Words(const std::string& name, const std::shared_ptr<int>& opened, const Status& end = {}) {
    const auto schema = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("word", arrow::utf8())});
    return {.name = name, .schema = schema, .open = [=]() -> Result<std::shared_ptr<arrow::RecordBatchReader>> {
              ++*opened;
              return std::make_shared<WordReader>(schema, end);
            }};
  }

  QueryStatus WaitUntilDone(const QueryId& id) {
    for (int i = 0; i < 600; ++i) {
      const auto status = engine().GetStatus(id, std::chrono::milliseconds(100));
      if (!status.ok() || status->done()) return status.ok() ? *status : QueryStatus{.error = status.status()};
    }
    return {};
  }

  std::shared_ptr<EngineLake> lake_;

 private:
  class WordReader : public arrow::RecordBatchReader {
   public:
    WordReader(std::shared_ptr<arrow::Schema> schema, Status end) : schema_(std::move(schema)), end_(std::move(end)) {}
    std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
    Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
      batch->reset();
      if (next_ == 2) return end_;
      arrow::Int64Builder ids;
      arrow::StringBuilder words;
      ARROW_RETURN_NOT_OK(ids.Append(next_ == 0 ? 10 : 12));
      ARROW_RETURN_NOT_OK(words.Append(next_ == 0 ? "ten" : "twelve"));
      ++next_;
      ARROW_ASSIGN_OR_RAISE(auto id_array, ids.Finish());
      ARROW_ASSIGN_OR_RAISE(auto word_array, words.Finish());
      *batch = arrow::RecordBatch::Make(schema_, 1, {id_array, word_array});
      return Status::OK();
    }

   private:
    const std::shared_ptr<arrow::Schema> schema_;
    const Status end_;
    int next_ = 0;
  };
};

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_P(QueryEngineConformance, ReadsATableOfADatabase) {
  EXPECT_THAT(Rows("SELECT id, amount FROM conformance.orders ORDER BY id"),
              ElementsAre("1 1.5", "2 2.5", "3 4", "4 8"));
}

TEST_P(QueryEngineConformance, LooksUpPlainNamesInTheDatabaseOfTheRequest) {
  EXPECT_THAT(Rows("SELECT count(*) FROM orders"), ElementsAre("4"));
  EXPECT_THAT(Rows("SELECT count(*) FROM customers", "conformance_other"), ElementsAre("2"));
}

TEST_P(QueryEngineConformance, FoldsNamesToLowerCase) {
  EXPECT_THAT(Rows("SELECT COUNT(*) FROM Conformance.ORDERS WHERE Day = '01'"), ElementsAre("2"));
  EXPECT_THAT(Rows(R"(SELECT count(*) FROM "conformance"."orders")"), ElementsAre("4"));
}

TEST_P(QueryEngineConformance, JoinsAcrossDatabases) {
  EXPECT_THAT(Rows("SELECT c.name, sum(o.amount) FROM conformance.orders o JOIN conformance_other.customers c "
                   "ON o.customer = c.id GROUP BY c.name ORDER BY 1"),
              ElementsAre("ada 5.5", "bob 2.5"));
}

TEST_P(QueryEngineConformance, RunsCommonTableExpressionsAndSubqueries) {
  EXPECT_THAT(Rows("WITH big AS (SELECT * FROM orders WHERE amount > 2) "
                   "SELECT count(*) FROM big WHERE customer IN (SELECT id FROM conformance_other.customers)"),
              ElementsAre("2"));
}

TEST_P(QueryEngineConformance, GivesPartitionKeysAsColumns) {
  EXPECT_THAT(Rows("SELECT day, count(*) FROM orders WHERE day IS NOT NULL GROUP BY day ORDER BY day"),
              ElementsAre("01 2", "02 1"));
  EXPECT_THAT(Rows("SELECT id FROM orders WHERE day IS NULL"), ElementsAre("4"));
}

TEST_P(QueryEngineConformance, KeepsNullAndEmptyStringApart) {
  EXPECT_THAT(Rows("SELECT id FROM orders WHERE note IS NULL"), ElementsAre("2"));
  EXPECT_THAT(Rows("SELECT id FROM orders WHERE note = ''"), ElementsAre("3"));
}

TEST_P(QueryEngineConformance, GivesTheSchemaOfAnEmptyResult) {
  ASSERT_OK_AND_ASSIGN(const auto table, QueryTable(engine(), {.sql = "SELECT id, name FROM conformance.nothing"}));
  EXPECT_EQ(table->num_rows(), 0);
  EXPECT_THAT(table->ColumnNames(), ElementsAre("id", "name"));
  EXPECT_EQ(table->schema()->field(0)->type()->ToString(), "int64");
}

TEST_P(QueryEngineConformance, NamesTheTableThatIsNotThere) {
  ASSERT_FAILS(ErrorKind::kNotFound, "ordersx", QueryTable(engine(), {.sql = "SELECT * FROM conformance.ordersx"}));
  ASSERT_FAILS(ErrorKind::kNotFound, "nowhere", QueryTable(engine(), {.sql = "SELECT * FROM nowhere.orders"}));
  ASSERT_FAILS(ErrorKind::kNotFound, "nowhere",
               QueryTable(engine(), {.sql = "SELECT * FROM orders", .database = "nowhere"}));
}

TEST_P(QueryEngineConformance, RefusesWhatIsNoSql) {
  ASSERT_FAILS(ErrorKind::kInvalid, "orders", QueryTable(engine(), {.sql = "SELECT 1 FRM orders WHERE"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "nocolumn", QueryTable(engine(), {.sql = "SELECT nocolumn FROM orders"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "", QueryTable(engine(), {.sql = ""}));
  ASSERT_FAILS(ErrorKind::kInvalid, "", QueryTable(engine(), {.sql = "SELECT 1; SELECT 2"}));
}

TEST_P(QueryEngineConformance, BindsParametersAsValuesAndNothingElse) {
  const auto count = [&](std::vector<std::string> parameters) -> Result<int64_t> {
    ARROW_ASSIGN_OR_RAISE(const auto table,
                          QueryTable(engine(), {.sql = "SELECT id FROM orders WHERE id < ? AND note = ?",
                                                .parameters = std::move(parameters)}));
    return table->num_rows();
  };
  ASSERT_OK_AND_ASSIGN(const auto literal, count({"5", "'a'"}));
  EXPECT_EQ(literal, 1);
  ASSERT_OK_AND_ASSIGN(const auto text, count({"5", "a"}));
  EXPECT_EQ(text, 1);
  ASSERT_OK_AND_ASSIGN(const auto injected, count({"5", "x' OR 'a' = 'a"}));
  EXPECT_EQ(injected, 0);
  ASSERT_OK_AND_ASSIGN(const auto null, count({"5", "NULL"}));
  EXPECT_EQ(null, 0);
  ASSERT_FAILS(ErrorKind::kInvalid, "", count({"5"}));
}

TEST_P(QueryEngineConformance, TellsTheStateOfAQueryToItsEnd) {
  ASSERT_OK_AND_ASSIGN(const auto id, engine().Submit({.sql = "SELECT id FROM orders"}));
  const auto status = WaitUntilDone(id);
  EXPECT_EQ(status.state, QueryState::kSucceeded) << status.error.ToString();
  EXPECT_OK(status.error);
  EXPECT_GT(status.submitted, Timestamp{});
  ASSERT_OK_AND_ASSIGN(const auto reader, engine().Results(id));
  ASSERT_OK_AND_ASSIGN(const auto rows, reader->ToTable());
  EXPECT_EQ(rows->num_rows(), 4);
  engine().Release(id);
  ASSERT_FAILS(ErrorKind::kNotFound, id, engine().GetStatus(id));
}

TEST_P(QueryEngineConformance, TellsWhyAQueryFailed) {
  const auto id = engine().Submit({.sql = "SELECT * FROM conformance.ordersx"});
  if (!id.ok()) {
    EXPECT_EQ(KindOf(id.status()), ErrorKind::kNotFound);
    return;
  }
  const auto status = WaitUntilDone(*id);
  EXPECT_EQ(status.state, QueryState::kFailed);
  EXPECT_EQ(KindOf(status.error), ErrorKind::kNotFound) << status.error.ToString();
  EXPECT_FALSE(engine().Results(*id).ok());
  engine().Release(*id);
}

TEST_P(QueryEngineConformance, GivesTheRowsOfAQueryOnce) {
  ASSERT_OK_AND_ASSIGN(const auto id, engine().Submit({.sql = "SELECT 1"}));
  ASSERT_OK_AND_ASSIGN(const auto reader, engine().Results(id));
  ASSERT_FAILS(ErrorKind::kInvalid, "", engine().Results(id));
  engine().Release(id);
}

TEST_P(QueryEngineConformance, KnowsOnlyItsOwnQueries) {
  ASSERT_FAILS(ErrorKind::kNotFound, "no-such-query", engine().GetStatus("no-such-query"));
  ASSERT_FAILS(ErrorKind::kNotFound, "no-such-query", engine().Cancel("no-such-query"));
  ASSERT_FAILS(ErrorKind::kNotFound, "no-such-query", engine().Results("no-such-query"));
  engine().Release("no-such-query");
}

TEST_P(QueryEngineConformance, LeavesAQueryThatIsDoneAsItIs) {
  ASSERT_OK_AND_ASSIGN(const auto id, engine().Submit({.sql = "SELECT 1"}));
  EXPECT_EQ(WaitUntilDone(id).state, QueryState::kSucceeded);
  ASSERT_OK(engine().Cancel(id));
  EXPECT_EQ(WaitUntilDone(id).state, QueryState::kSucceeded);
  engine().Release(id);
}

TEST_P(QueryEngineConformance, ReleasesAQueryWithItsReader) {
  ASSERT_OK_AND_ASSIGN(auto result, Query(engine(), {.sql = "SELECT 1"}));
  ASSERT_OK(engine().GetStatus(result.id));
  result.reader.reset();
  ASSERT_FAILS(ErrorKind::kNotFound, result.id, engine().GetStatus(result.id));
}

TEST_P(QueryEngineConformance, RefusesRelationsWhereItHasNone) {
  if (engine().traits().relations) GTEST_SKIP() << "reads relations";
  ASSERT_FAILS(ErrorKind::kNotImplemented, "words",
               QueryTable(engine(), {.sql = "SELECT 1", .relations = {Words("words", std::make_shared<int>(0))}}));
}

TEST_P(QueryEngineConformance, ReadsARelationOfTheQueryAsATable) {
  if (!engine().traits().relations) GTEST_SKIP() << "no relations";
  const auto opened = std::make_shared<int>(0);
  EXPECT_THAT(Rows("SELECT o.id, w.word FROM orders o LEFT JOIN words w ON w.id = o.customer ORDER BY o.id", {},
                   {Words("words", opened)}),
              ElementsAre("1 ten", "2 null", "3 ten", "4 null"));
  EXPECT_EQ(*opened, 1);
  EXPECT_THAT(Rows("SELECT * FROM WORDS", {}, {Words("Words", opened)}), ElementsAre("10 ten", "12 twelve"));
  EXPECT_THAT(Rows("SELECT count(*) FROM words"), ElementsAre(HasSubstr("<NotFound")));
}

TEST_P(QueryEngineConformance, OpensARelationForEveryScan) {
  if (!engine().traits().relations) GTEST_SKIP() << "no relations";
  const auto opened = std::make_shared<int>(0);
  EXPECT_THAT(Rows("SELECT a.word FROM words a JOIN words b ON b.id > a.id", {}, {Words("words", opened)}),
              ElementsAre("ten"));
  EXPECT_EQ(*opened, 2);
}

TEST_P(QueryEngineConformance, PrefersARelationToATableOfItsName) {
  if (!engine().traits().relations) GTEST_SKIP() << "no relations";
  const auto opened = std::make_shared<int>(0);
  EXPECT_THAT(Rows("SELECT word FROM orders ORDER BY 1", {}, {Words("orders", opened)}), ElementsAre("ten", "twelve"));
  EXPECT_THAT(Rows("SELECT count(*) FROM conformance.orders", {}, {Words("orders", opened)}), ElementsAre("4"));
}

TEST_P(QueryEngineConformance, GivesTheErrorOfARelationsReader) {
  if (!engine().traits().relations) GTEST_SKIP() << "no relations";
  const auto error = MakeError({.kind = ErrorKind::kThrottled, .hint = "wait"}, "read words: slow down");
  const auto status = QueryTable(engine(), {.sql = "SELECT count(*) FROM words",
                                            .relations = {Words("words", std::make_shared<int>(0), error)}})
                          .status();
  EXPECT_EQ(status.message(), error.message());
  EXPECT_EQ(KindOf(status), ErrorKind::kThrottled);
  EXPECT_EQ(InfoOf(status).hint, "wait");
}

TEST_P(QueryEngineConformance, RefusesTwoRelationsOfOneName) {
  if (!engine().traits().relations) GTEST_SKIP() << "no relations";
  const auto opened = std::make_shared<int>(0);
  ASSERT_FAILS(
      ErrorKind::kInvalid, "words",
      QueryTable(engine(), {.sql = "SELECT 1", .relations = {Words("words", opened), Words("Words", opened)}}));
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(QueryEngineConformance);

}  // namespace glaux::testing
