#include "glaux/engine/duckdb/duckdb_file.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "glaux/engine/duckdb/duckdb_file_internal.h"
#include "glaux/engine/duckdb/fake_lake.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::testing {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = SchemaDifference::Kind;

std::shared_ptr<arrow::Schema> Shape(std::vector<std::pair<std::string, std::shared_ptr<arrow::DataType>>> columns) {
  arrow::FieldVector fields;
  for (auto& [name, type] : columns) fields.push_back(arrow::field(name, type));
  return arrow::schema(std::move(fields));
}

class DuckDBFileTest : public ::testing::Test {
 protected:
  void SetUp() override { target_ = {.path = dir_ / "out.duckdb", .table = "t"}; }

  std::unique_ptr<DuckDBFileWriter> Open(const std::shared_ptr<arrow::Schema>& schema,
                                         const DuckDBWriteOptions& options = {}) {
    auto writer = DuckDBFileWriter::Open(target_, schema, options);
    EXPECT_TRUE(writer.ok()) << writer.status().ToString();
    return writer.ok() ? std::move(writer).ValueUnsafe() : nullptr;
  }

  /// Write rows and commit: "inserted/updated/unchanged", or the error.
  std::string Write(const std::shared_ptr<arrow::Schema>& schema, const std::string& json,
                    const DuckDBWriteOptions& options = {}) {
    const auto summary = TryWrite(schema, json, options);
    if (!summary.ok()) return summary.status().ToString();
    return std::to_string(summary->inserted) + "/" + std::to_string(summary->updated) + "/" +
           std::to_string(summary->unchanged);
  }
  Result<DuckDBWriteSummary> TryWrite(const std::shared_ptr<arrow::Schema>& schema, const std::string& json,
                                      const DuckDBWriteOptions& options = {}) {
    ARROW_ASSIGN_OR_RAISE(const auto writer, DuckDBFileWriter::Open(target_, schema, options));
    ARROW_RETURN_NOT_OK(writer->Write(FakeLake::Rows(schema, json)));
    return writer->Commit({});
  }

  /// The result of SQL over the file, "a b|c d".
  std::string Sql(const std::string& sql) {
    auto file = duckdb_engine::DuckDBFile::Open(target_, true);
    if (!file.ok()) return file.status().ToString();
    try {
      const auto rows = (*file)->Rows(sql);
      std::string text;
      for (size_t row = 0; row < rows->RowCount(); ++row) {
        if (row > 0) text += "|";
        for (size_t i = 0; i < rows->ColumnCount(); ++i) text += (i > 0 ? " " : "") + rows->GetValue(i, row).ToString();
      }
      return text;
    } catch (const std::exception& error) {
      return error.what();
    }
  }
  std::string Types() {
    return Sql("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 't' ORDER BY column_index");
  }

  TempDir dir_;
  DuckDBTarget target_;
  const std::shared_ptr<arrow::Schema> pairs_ = Shape({{"id", arrow::int64()}, {"v", arrow::utf8()}});
  const DuckDBWriteOptions upsert_{.mode = DuckDBWrite::kUpsert, .primary_key = {"id"}};
};

}  // namespace

TEST_F(DuckDBFileTest, AppendsAndMakesFileSchemaAndTable) {
  target_.schema = "a \"b\"";
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"},{"id":2}])"), "2/0/0");
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"}])"), "1/0/0");
  EXPECT_EQ(Sql(R"(FROM "a ""b""".t)"), "1 a|2 NULL|1 a");
}

TEST_F(DuckDBFileTest, Replaces) {
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"},{"id":2}])"), "2/0/0");
  EXPECT_EQ(Write(Shape({{"id", arrow::int64()}}), R"([{"id":3}])", {.mode = DuckDBWrite::kReplace}), "1/0/0");
  EXPECT_EQ(Sql("FROM t"), "3 NULL");
  EXPECT_EQ(Write(pairs_, "[]", {.mode = DuckDBWrite::kReplace}), "0/0/0");
  EXPECT_EQ(Sql("SELECT count(*) FROM t"), "0");
}

TEST_F(DuckDBFileTest, Upserts) {
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"},{"id":2,"v":"b"}])", upsert_), "2/0/0");
  EXPECT_EQ(Write(pairs_, R"([{"id":2,"v":"B"},{"id":3,"v":"c"}])", upsert_), "1/1/0");
  EXPECT_EQ(Sql("FROM t ORDER BY id"), "1 a|2 B|3 c");
  // A column that the rows lack is null after it, as in any other row of this write.
  EXPECT_EQ(Write(Shape({{"id", arrow::int64()}}), R"([{"id":1}])", upsert_), "0/1/0");
  EXPECT_EQ(Sql("FROM t ORDER BY id"), "1 NULL|2 B|3 c");
}

TEST_F(DuckDBFileTest, UpsertsByTheLastOfTheSequenceWhateverTheTableHas) {
  const auto rows = Shape({{"id", arrow::int64()}, {"v", arrow::utf8()}, {"seq", arrow::int64()}});
  auto options = upsert_;
  options.sequence_column = "seq";
  EXPECT_EQ(
      Write(rows, R"([{"id":1,"v":"late","seq":9},{"id":1,"v":"early","seq":3},{"id":2,"v":"x","seq":1}])", options),
      "2/0/1");
  EXPECT_EQ(Sql("FROM t ORDER BY id"), "1 late|2 x");
  EXPECT_EQ(Write(rows, R"([{"id":1,"v":"newer","seq":1},{"id":1,"v":"none"}])", options), "0/1/1");
  EXPECT_EQ(Sql("FROM t ORDER BY id"), "1 newer|2 x");
}

TEST_F(DuckDBFileTest, UpsertsByTheGreatestTime) {
  const auto rows =
      Shape({{"id", arrow::int64()}, {"v", arrow::utf8()}, {"at", arrow::timestamp(arrow::TimeUnit::MICRO)}});
  auto options = upsert_;
  options.datetime_field = "at";
  EXPECT_EQ(Write(rows, R"([{"id":1,"v":"new","at":"2024-02-01"},{"id":1,"v":"old","at":"2024-01-01"},{"id":1,"v":"no"},
                            {"id":2,"v":"none"}])",
                  options),
            "2/0/2");
  EXPECT_EQ(Sql("SELECT id, v FROM t ORDER BY id"), "1 new|2 none");
  EXPECT_EQ(Write(rows, R"([{"id":1,"v":"older","at":"2024-01-15"},{"id":2,"v":"some","at":"2024-01-01"}])", options),
            "0/1/1");
  EXPECT_EQ(Sql("SELECT id, v FROM t ORDER BY id"), "1 new|2 some");
  EXPECT_EQ(Write(rows, R"([{"id":1,"v":"same time","at":"2024-02-01"},{"id":2,"v":"null"}])", options), "0/1/1");
  EXPECT_EQ(Sql("SELECT id, v FROM t ORDER BY id"), "1 same time|2 some");
}

TEST_F(DuckDBFileTest, InsertsOnlyNewKeys) {
  const DuckDBWriteOptions options{.mode = DuckDBWrite::kInsertNew, .primary_key = {"id", "v"}};
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"},{"id":1,"v":"b"},{"id":1,"v":"a"}])", options), "2/0/1");
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"},{"id":2,"v":"a"}])", options), "1/0/1");
  EXPECT_EQ(Sql("FROM t ORDER BY ALL"), "1 a|1 b|2 a");
}

TEST_F(DuckDBFileTest, RefusesKeysWithoutAValueAndKeepsTheTable) {
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"}])", upsert_), "1/0/0");
  ASSERT_FAILS(ErrorKind::kInvalid, "column id: 2 rows have no value in the primary key",
               TryWrite(pairs_, R"([{"v":"x"},{"id":2},{"v":"y"}])", upsert_));
  EXPECT_EQ(Sql("FROM t"), "1 a");
}

TEST_F(DuckDBFileTest, RefusesOptionsThatNameNoColumn) {
  ASSERT_FAILS(ErrorKind::kInvalid, "no primary_key", TryWrite(pairs_, "[]", {.mode = DuckDBWrite::kUpsert}));
  ASSERT_FAILS(ErrorKind::kInvalid, "key",
               TryWrite(pairs_, "[]", {.mode = DuckDBWrite::kUpsert, .primary_key = {"key"}}));
  ASSERT_FAILS(ErrorKind::kInvalid, "datetime_field", TryWrite(pairs_, "[]", {.datetime_field = "at"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "sequence_column", TryWrite(pairs_, "[]", {.sequence_column = "n"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected int64", TryWrite(pairs_, "[]", {.sequence_column = "v"}));
  target_.table = "_Glaux_State";
  ASSERT_FAILS(ErrorKind::kInvalid, "_Glaux_State", TryWrite(pairs_, "[]"));
}

TEST_F(DuckDBFileTest, AddsAndWidensColumns) {
  EXPECT_EQ(Write(Shape({{"id", arrow::int32()}, {"f", arrow::float32()}, {"d", arrow::decimal128(5, 2)}}),
                  R"([{"id":1,"f":1.5,"d":"1.25"}])"),
            "1/0/0");
  const auto wider =
      Shape({{"id", arrow::int64()}, {"f", arrow::float64()}, {"d", arrow::decimal128(12, 2)}, {"n", arrow::utf8()}});
  ASSERT_FAILS(ErrorKind::kInvalid, "id", TryWrite(wider, "[]"));
  const DuckDBWriteOptions evolve{.contract = {.data_type = ContractMode::kEvolve}};
  EXPECT_EQ(Write(wider, R"([{"id":5000000000,"f":0.1,"d":"1234567890.25","n":"x"}])", evolve), "1/0/0");
  EXPECT_EQ(Sql("FROM t"), "1 1.5 1.25 NULL|5000000000 0.1 1234567890.25 x");
  EXPECT_EQ(Types(), "id BIGINT|f DOUBLE|d DECIMAL(12,2)|n VARCHAR");
  auto writer = Open(wider, evolve);
  EXPECT_THAT(writer->differences(), IsEmpty());
  EXPECT_FALSE(writer->table_created());
}

TEST_F(DuckDBFileTest, AddsFieldsInsideOfStructs) {
  const auto one =
      Shape({{"s", arrow::struct_({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8())})}});
  const auto two = Shape({{"s", arrow::struct_({arrow::field("b", arrow::utf8()), arrow::field("c", arrow::utf8())})}});
  EXPECT_EQ(Write(one, R"([{"s":{"a":1,"b":"x"}}])"), "1/0/0");
  EXPECT_EQ(Write(two, R"([{"s":{"b":"y","c":"z"}}])"), "1/0/0");
  EXPECT_EQ(Sql("SELECT s.a, s.b, s.c FROM t"), "1 x NULL|NULL y z");
}

TEST_F(DuckDBFileTest, KeepsToTheContract) {
  const DuckDBWriteOptions frozen{.contract = {.tables = ContractMode::kFreeze, .columns = ContractMode::kFreeze}};
  ASSERT_FAILS(ErrorKind::kInvalid, "the table is not there", TryWrite(pairs_, "[]", frozen));
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"}])"), "1/0/0");
  const auto more = Shape({{"id", arrow::int64()}, {"extra", arrow::float64()}});
  ASSERT_FAILS(ErrorKind::kInvalid, "extra", TryWrite(more, R"([{"id":2,"extra":1}])", frozen));
  EXPECT_EQ(Write(more, R"([{"id":2,"extra":1}])", {.contract = {.columns = ContractMode::kDiscardValue}}), "1/0/0");
  EXPECT_EQ(Sql("FROM t"), "1 a|2 NULL");
  ASSERT_FAILS(ErrorKind::kInvalid, "quarantine",
               TryWrite(more, "[]", {.contract = {.columns = ContractMode::kDiscardRow}}));
  const auto changed = Shape({{"id", arrow::int64()}, {"v", arrow::int64()}});
  ASSERT_FAILS(ErrorKind::kInvalid, "v", TryWrite(changed, R"([{"id":2,"v":1}])"));
  const auto nested = Shape({{"id", arrow::int64()}, {"s", arrow::struct_({arrow::field("a", arrow::int64())})}});
  EXPECT_EQ(Write(nested, R"([{"id":3,"s":{"a":1}}])"), "1/0/0");
  const auto deeper =
      Shape({{"id", arrow::int64()},
             {"s", arrow::struct_({arrow::field("x", arrow::int64()), arrow::field("a", arrow::int64())})}});
  EXPECT_EQ(Write(deeper, R"([{"id":4,"s":{"x":7,"a":2}}])", {.contract = {.columns = ContractMode::kDiscardValue}}),
            "1/0/0");
  EXPECT_EQ(Sql("SELECT id, s FROM t WHERE id > 2"), "3 {'a': 1}|4 {'a': 2}");
}

TEST_F(DuckDBFileTest, CastsOnlyWhatFits) {
  EXPECT_EQ(Write(Shape({{"x", arrow::float64()}}), R"([{"x":0.5}])"), "1/0/0");
  const auto whole = Shape({{"x", arrow::int64()}});
  EXPECT_EQ(Write(whole, R"([{"x":9007199254740992}])"), "1/0/0");
  ASSERT_FAILS(ErrorKind::kInvalid, "column x: a DOUBLE cannot hold 9007199254740993",
               TryWrite(whole, R"([{"x":9007199254740993}])"));
  EXPECT_EQ(Sql("SELECT count(*) FROM t"), "2");
}

TEST_F(DuckDBFileTest, TakesEveryTypeOfTheLake) {
  const auto schema = Shape({{"b", arrow::boolean()},
                             {"i8", arrow::int8()},
                             {"u64", arrow::uint64()},
                             {"d", arrow::date32()},
                             {"ts", arrow::timestamp(arrow::TimeUnit::NANO)},
                             {"tz", arrow::timestamp(arrow::TimeUnit::MILLI, "Europe/Berlin")},
                             {"tm", arrow::time32(arrow::TimeUnit::SECOND)},
                             {"bin", arrow::binary()},
                             {"dict", arrow::dictionary(arrow::int32(), arrow::utf8())},
                             {"l", arrow::list(arrow::utf8())},
                             {"m", arrow::map(arrow::utf8(), arrow::int64())},
                             {"none", arrow::null()}});
  const std::string rows =
      R"([{"b":true,"i8":1,"u64":18446744073709551615,"d":19000,"ts":1000,"tz":0,"tm":3661,"bin":"x","dict":"w",
           "l":["a",null],"m":[["k",1]]},{}])";
  EXPECT_EQ(Write(schema, rows), "2/0/0");
  EXPECT_EQ(Write(schema, rows), "2/0/0");
  EXPECT_EQ(Sql("FROM t LIMIT 1"),
            "true 1 18446744073709551615 2022-01-08 1970-01-01 00:00:00.000001 1970-01-01 00:00:00+00 01:01:01 x w [a, "
            "NULL] {k=1}");
  EXPECT_THAT(Types(), HasSubstr("tz TIMESTAMP WITH TIME ZONE|tm TIME|"));
}

TEST_F(DuckDBFileTest, TakesAnyName) {
  target_.table = "se\"lect ä '";
  const auto schema =
      Shape({{"select", arrow::int64()}, {"a b", arrow::utf8()}, {"q\"q", arrow::utf8()}, {"größe", arrow::utf8()}});
  const DuckDBWriteOptions options{
      .mode = DuckDBWrite::kUpsert, .primary_key = {"select", "q\"q"}, .datetime_field = "a b"};
  EXPECT_EQ(Write(schema, R"([{"select":1,"a b":"x","q\"q":"y","größe":"z"}])", options), "1/0/0");
  EXPECT_EQ(Write(schema, R"([{"select":1,"a b":"y","q\"q":"y","größe":"w"}])", options), "0/1/0");
  EXPECT_EQ(Sql(R"(FROM "se""lect ä '")"), "1 y y w");
  // Files whose name is a name of DuckDB's own.
  for (const std::string name : {"main.duckdb", "temp.duckdb", "system.db", "t", "a.b.c"}) {
    target_ = {.path = dir_ / name, .table = "t"};
    EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"}])", upsert_), "1/0/0") << name;
    EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"b"}])", upsert_), "0/1/0") << name;
  }
  target_.table = "glaux_stage";
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"}])", upsert_), "1/0/0");
}

TEST_F(DuckDBFileTest, FoldsNamesAsDuckDBDoes) {
  EXPECT_EQ(Write(Shape({{"Id", arrow::int64()}, {"V", arrow::utf8()}}), R"([{"Id":1,"V":"a"}])"), "1/0/0");
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"b"}])", upsert_), "0/1/0");
  EXPECT_EQ(Sql("FROM t"), "1 b");
  EXPECT_EQ(Types(), "Id BIGINT|V VARCHAR");
  ASSERT_FAILS(ErrorKind::kInvalid, "columns w and W",
               TryWrite(Shape({{"w", arrow::utf8()}, {"W", arrow::utf8()}}), "[]"));
}

TEST_F(DuckDBFileTest, KeepsStatesWithTheRows) {
  const auto commit = [&](std::vector<DuckDBFileWriter::State> states) -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto writer, DuckDBFileWriter::Open(target_, pairs_, {}));
    ARROW_RETURN_NOT_OK(writer->Write(FakeLake::Rows(pairs_, R"([{"id":1}])")));
    return writer->Commit(states).status();
  };
  ASSERT_OK(commit({{.stream = "a'b", .next = "one"}, {.stream = "b", .next = ""}}));
  EXPECT_EQ(ReadDuckDBState(target_, "a'b").ValueOrDie(), "one");
  EXPECT_EQ(ReadDuckDBState(target_, "b").ValueOrDie(), "");
  EXPECT_EQ(ReadDuckDBState(target_, "c").ValueOrDie(), std::nullopt);
  EXPECT_THAT(ListDuckDBStates(target_).ValueOrDie(), ElementsAre("a'b", "b"));
  ASSERT_FAILS(ErrorKind::kPrecondition, "stream a'b",
               commit({{.stream = "c", .next = "x"}, {.stream = "a'b", .expected = "zero", .next = "two"}}));
  ASSERT_FAILS(ErrorKind::kPrecondition, "stream a'b", commit({{.stream = "a'b", .next = "two"}}));
  EXPECT_EQ(Sql("SELECT count(*) FROM t"), "1");
  EXPECT_THAT(ListDuckDBStates(target_).ValueOrDie(), ElementsAre("a'b", "b"));
  ASSERT_OK(commit({{.stream = "a'b", .expected = "one", .next = "two"}, {.stream = "b", .expected = ""}}));
  EXPECT_EQ(ReadDuckDBState(target_, "a'b").ValueOrDie(), "two");
  EXPECT_THAT(ListDuckDBStates(target_).ValueOrDie(), ElementsAre("a'b"));
}

TEST_F(DuckDBFileTest, KeepsStatesWithoutRows) {
  EXPECT_EQ(ReadDuckDBState(target_, "a").ValueOrDie(), std::nullopt);
  EXPECT_THAT(ListDuckDBStates(target_).ValueOrDie(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(target_.path));
  ASSERT_OK(WriteDuckDBState(target_, "a", std::nullopt, "1"));
  ASSERT_FAILS(ErrorKind::kPrecondition, "stream a", WriteDuckDBState(target_, "a", std::nullopt, "2"));
  ASSERT_OK(WriteDuckDBState(target_, "a", "1", std::nullopt));
  ASSERT_OK(WriteDuckDBState(target_, "a", std::nullopt, std::nullopt));
  EXPECT_THAT(ListDuckDBStates(target_).ValueOrDie(), IsEmpty());
}

TEST_F(DuckDBFileTest, LeavesNothingBehindWithoutCommit) {
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"}])"), "1/0/0");
  {
    const auto writer = Open(Shape({{"id", arrow::int64()}, {"n", arrow::utf8()}}), {.mode = DuckDBWrite::kReplace});
    ASSERT_OK(writer->Write(FakeLake::Rows(Shape({{"id", arrow::int64()}, {"n", arrow::utf8()}}), R"([{"id":2}])")));
  }
  EXPECT_EQ(Sql("FROM t"), "1 a");
  EXPECT_EQ(Types(), "id BIGINT|v VARCHAR");
  const auto writer = Open(pairs_);
  ASSERT_OK(writer->Commit({}));
  ASSERT_FAILS(ErrorKind::kInvalid, "over", writer->Commit({}));
  ASSERT_FAILS(ErrorKind::kInvalid, "over", writer->Write(FakeLake::Rows(pairs_, R"([{"id":2}])")));
}

TEST_F(DuckDBFileTest, SharesAFileWithOtherWritesOfThisProcess) {
  const auto first = Open(pairs_, upsert_), second = Open(pairs_, upsert_);
  ASSERT_OK(first->Write(FakeLake::Rows(pairs_, R"([{"id":1,"v":"first"}])")));
  ASSERT_OK(second->Write(FakeLake::Rows(pairs_, R"([{"id":1,"v":"second"}])")));
  ASSERT_OK(first->Commit({}));
  // It was going to make the table.
  ASSERT_FAILS(ErrorKind::kPrecondition, "columns changed", second->Commit({}));
  const auto third = Open(pairs_, upsert_), fourth = Open(pairs_, upsert_);
  ASSERT_OK(third->Write(FakeLake::Rows(pairs_, R"([{"id":1,"v":"third"}])")));
  ASSERT_OK(fourth->Write(FakeLake::Rows(pairs_, R"([{"id":1,"v":"fourth"}])")));
  ASSERT_OK(fourth->Commit({}));
  ASSERT_OK(third->Commit({}));
  EXPECT_EQ(Sql("FROM t"), "1 third");
}

TEST_F(DuckDBFileTest, CommitsOneAfterTheOther) {
  EXPECT_EQ(Write(pairs_, R"([{"id":-1,"v":"x"}])"), "1/0/0");
  std::vector<std::thread> threads;
  std::atomic<int> won{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 5; ++round) {
        const auto summary =
            TryWrite(pairs_, R"([{"id":1,"v":"a"},{"id":2,"v":")" + std::to_string(i) + R"("}])", upsert_);
        if (summary.ok()) ++won;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(won, 20);
  EXPECT_EQ(Sql("SELECT count(*), count(DISTINCT id) FROM t"), "3 3");
}

TEST_F(DuckDBFileTest, RefusesBatchesOfAnotherShape) {
  const auto writer = Open(pairs_);
  ASSERT_FAILS(ErrorKind::kInvalid, "expected",
               writer->Write(FakeLake::Rows(Shape({{"id", arrow::int64()}}), R"([{"id":2}])")));
}

TEST_F(DuckDBFileTest, TakesRowsFromManyThreads) {
  const auto writer = Open(pairs_, upsert_);
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int batch = 0; batch < 20; ++batch) {
        arrow::Int64Builder ids;
        arrow::StringBuilder texts;
        for (int64_t i = 0; i < 5000; ++i) {
          (void)ids.Append((thread * 20 + batch) * 5000 + i);
          (void)texts.Append("text " + std::to_string(thread));
        }
        const auto rows = arrow::RecordBatch::Make(pairs_, 5000, {*ids.Finish(), *texts.Finish()});
        if (!writer->Write(rows).ok()) ++failed;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  ASSERT_OK_AND_ASSIGN(const auto summary, writer->Commit({}));
  EXPECT_EQ(summary.inserted, 400000);
  EXPECT_EQ(Sql("SELECT count(*), count(DISTINCT id), sum(id) FROM t"), "400000 400000 79999800000");
}

TEST_F(DuckDBFileTest, UpsertsAMillionRowsInLittleMemory) {
  target_.memory_limit = 128 << 20;
  const auto schema =
      Shape({{"id", arrow::int64()}, {"a", arrow::utf8()}, {"b", arrow::float64()}, {"c", arrow::utf8()}});
  const auto run = [&](int64_t begin) -> Result<DuckDBWriteSummary> {
    ARROW_ASSIGN_OR_RAISE(const auto writer, DuckDBFileWriter::Open(target_, schema, upsert_));
    for (int64_t batch = 0; batch < 100; ++batch) {
      arrow::Int64Builder ids;
      arrow::DoubleBuilder numbers;
      arrow::StringBuilder a, c;
      for (int64_t i = begin + batch * 10000; i < begin + (batch + 1) * 10000; ++i) {
        (void)ids.Append(i);
        (void)numbers.Append(static_cast<double>(begin));
        (void)a.Append("a text of some length that is " + std::to_string(i * 7919));
        (void)c.Append("x");
      }
      ARROW_RETURN_NOT_OK(writer->Write(
          arrow::RecordBatch::Make(schema, 10000, {*ids.Finish(), *a.Finish(), *numbers.Finish(), *c.Finish()})));
    }
    return writer->Commit({});
  };
  ASSERT_OK_AND_ASSIGN(auto summary, run(0));
  EXPECT_EQ(summary.inserted, 1000000);
  const auto start = std::chrono::steady_clock::now();
  ASSERT_OK_AND_ASSIGN(summary, run(500000));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  EXPECT_EQ(summary.inserted, 500000);
  EXPECT_EQ(summary.updated, 500000);
  EXPECT_EQ(Sql("SELECT count(*), count(DISTINCT id), sum(b)::BIGINT FROM t"), "1500000 1500000 500000000000");
}

TEST_F(DuckDBFileTest, WritesIntoTablesOfOthersThatHaveAPrimaryKey) {
  EXPECT_EQ(Sql("CREATE TABLE t (id BIGINT PRIMARY KEY, v VARCHAR, u UUID DEFAULT uuid(), l INTEGER[])"), "");
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"},{"id":2,"v":"b"}])", upsert_), "2/0/0");
  EXPECT_EQ(Write(pairs_, R"([{"id":2,"v":"B"},{"id":3,"v":"c"}])", upsert_), "1/1/0");
  EXPECT_EQ(Sql("SELECT id, v FROM t ORDER BY id"), "1 a|2 B|3 c");
  EXPECT_EQ(Write(pairs_, R"([{"id":2,"v":"r"}])", {.mode = DuckDBWrite::kReplace}), "1/0/0");
  EXPECT_EQ(Sql("SELECT id, v FROM t ORDER BY id"), "2 r");
  ASSERT_FAILS(ErrorKind::kInvalid, "Duplicate key", TryWrite(pairs_, R"([{"id":2}])"));
  EXPECT_EQ(
      Write(pairs_, R"([{"id":2,"v":"z"},{"id":4,"v":"z"}])", {.mode = DuckDBWrite::kInsertNew, .primary_key = {"id"}}),
      "1/0/1");
  EXPECT_EQ(Sql("DELETE FROM t"), "2");
  EXPECT_EQ(Sql("INSERT INTO t SELECT range, 'old', uuid(), [range] FROM range(300000)"), "300000");
  std::string rows;
  for (int i = 100000; i < 400000; ++i) {
    rows += (i > 100000 ? ",{\"id\":" : "[{\"id\":") + std::to_string(i) + ",\"v\":\"new\"}";
  }
  EXPECT_EQ(Write(pairs_, rows + "]", upsert_), "100000/200000/0");
  EXPECT_EQ(Sql("SELECT v, count(*), count(DISTINCT id) FROM t GROUP BY v ORDER BY v"),
            "new 300000 300000|old 100000 100000");
  EXPECT_EQ(Write(pairs_, rows + "]", {.mode = DuckDBWrite::kReplace}), "300000/0/0");
}

TEST_F(DuckDBFileTest, TellsWhatIsWrongWithAFile) {
  target_.path = dir_.Write("notes.txt", std::string(20000, 'x'));
  ASSERT_FAILS(ErrorKind::kInvalid, "notes.txt", TryWrite(pairs_, "[]"));
  target_.path = dir_ / "nowhere/out.duckdb";
  ASSERT_FAILS(ErrorKind::kNotFound, "nowhere", TryWrite(pairs_, "[]"));
  target_.path = dir_.path().string();
  ASSERT_FAILS(ErrorKind::kInvalid, "folder", TryWrite(pairs_, "[]"));
  EXPECT_EQ(InfoOf(TryWrite(pairs_, "[]").status()).kind, ErrorKind::kInvalid);
}

TEST_F(DuckDBFileTest, RefusesAViewOfTheTablesName) {
  EXPECT_EQ(Sql("CREATE VIEW t AS SELECT 1 AS id"), "");
  ASSERT_FAILS(ErrorKind::kInvalid, "t", TryWrite(pairs_, "[]"));
}

namespace {

/// Run `work` in a process of its own, that has no threads of ours.
pid_t Child(const std::function<void()>& work) {
  const auto pid = fork();
  if (pid == 0) {
    work();
    _exit(0);
  }
  return pid;
}

void WaitFor(const std::string& path) {
  for (int i = 0; i < 500 && !std::filesystem::exists(path); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

}  // namespace

TEST_F(DuckDBFileTest, NamesTheFileThatAnotherProcessHasOpen) {
  const auto ready = dir_ / "ready";
  const auto child = Child([&] {
    const auto writer = Open(pairs_);
    std::ofstream(ready) << "1";
    pause();
  });
  WaitFor(ready);
  target_.wait_for_lock = std::chrono::milliseconds(50);
  const auto status = TryWrite(pairs_, "[]").status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUnavailable) << status.ToString();
  EXPECT_THAT(status.message(), HasSubstr("out.duckdb"));
  EXPECT_THAT(InfoOf(status).hint, HasSubstr("close"));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"}])"), "1/0/0");
}

TEST_F(DuckDBFileTest, WaitsForAProcessThatIsDoneSoon) {
  const auto ready = dir_ / "ready";
  const auto child = Child([&] {
    const auto writer = Open(pairs_);
    std::ofstream(ready) << "1";
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    (void)writer->Commit({});
  });
  WaitFor(ready);
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"}])"), "1/0/0");
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(DuckDBFileTest, FirstWritesOfManyProcessesAllArrive) {
  constexpr int kProcesses = 6;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    children.push_back(Child([&] {
      const auto writer = DuckDBFileWriter::Open(target_, pairs_, {});
      if (!writer.ok() || !(*writer)->Write(FakeLake::Rows(pairs_, R"([{"id":1,"v":"a"}])")).ok() ||
          !(*writer)->Commit({}).ok()) {
        _exit(1);
      }
    }));
  }
  for (const auto child : children) {
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(Sql("SELECT count(*) FROM t"), std::to_string(kProcesses));
}

TEST_F(DuckDBFileTest, APlanMakesAndChangesNothing) {
  ASSERT_OK_AND_ASSIGN(auto plan, PlanDuckDBWrite(target_, pairs_, {}));
  EXPECT_TRUE(plan.table_created);
  ASSERT_EQ(plan.differences.size(), 2u);
  EXPECT_EQ(plan.differences[0].ToString(), "add column id: bigint");
  EXPECT_FALSE(std::filesystem::exists(target_.path));
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"}])"), "1/0/0");
  const auto wider = Shape({{"id", arrow::int64()}, {"w", arrow::float64()}});
  ASSERT_OK_AND_ASSIGN(plan, PlanDuckDBWrite(target_, wider, {}));
  EXPECT_FALSE(plan.table_created);
  const auto adds = [](const SchemaDifference& one) { return one.ToString() == "add column w: double"; };
  EXPECT_TRUE(std::any_of(plan.differences.begin(), plan.differences.end(), adds));
  EXPECT_EQ(Types(), "id BIGINT|v VARCHAR");
}

TEST_F(DuckDBFileTest, APlanRefusesWhatAWriteRefuses) {
  EXPECT_EQ(Write(pairs_, R"([{"id":1,"v":"a"}])"), "1/0/0");
  const auto other = Shape({{"id", arrow::utf8()}, {"v", arrow::utf8()}});
  EXPECT_EQ(KindOf(PlanDuckDBWrite(target_, other, {}).status()),
            KindOf(DuckDBFileWriter::Open(target_, other, {}).status()));
  ASSERT_FAILS(ErrorKind::kInvalid, "primary_key", PlanDuckDBWrite(target_, pairs_, {.mode = DuckDBWrite::kUpsert}));
  target_.path = dir_ / "nowhere/out.duckdb";
  ASSERT_FAILS(ErrorKind::kNotFound, "no such folder", PlanDuckDBWrite(target_, pairs_, {}));
}

TEST_F(DuckDBFileTest, AKillLeavesOldOrNewRows) {
  EXPECT_EQ(Write(pairs_, R"([{"id":0,"v":"old"},{"id":-1,"v":"old"}])", upsert_), "2/0/0");
  for (int round = 0; round < 12; ++round) {
    const auto ready = dir_ / ("ready" + std::to_string(round));
    const auto state = ReadDuckDBState(target_, "s").ValueOrDie();
    const auto before = Sql("SELECT v FROM t WHERE id = 0");
    const auto value = "round " + std::to_string(round);
    const auto child = Child([&] {
      const auto writer = Open(pairs_, upsert_);
      arrow::Int64Builder ids;
      arrow::StringBuilder texts;
      for (int64_t i = 0; i < 50000; ++i) {
        (void)ids.Append(i);
        (void)texts.Append(value);
      }
      (void)writer->Write(arrow::RecordBatch::Make(pairs_, 50000, {*ids.Finish(), *texts.Finish()}));
      std::ofstream(ready) << "1";
      (void)writer->Commit({{.stream = "s", .expected = state, .next = value}});
    });
    WaitFor(ready);
    std::this_thread::sleep_for(std::chrono::milliseconds(round * 4));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const auto after = Sql("SELECT v FROM t WHERE id = 0");
    ASSERT_TRUE(after == before || after == value) << after;
    EXPECT_EQ(ReadDuckDBState(target_, "s").ValueOrDie(), after == "old" ? std::nullopt : std::make_optional(after));
    EXPECT_EQ(Sql("SELECT count(*) FROM t WHERE id >= 0 AND v <> '" + after + "'"), "0");
    EXPECT_EQ(Sql("SELECT count(*) = count(DISTINCT id) FROM t"), "true");
    EXPECT_THAT(Sql("SELECT count(*) FROM t"), ::testing::AnyOf("2", "50001"));
  }
}

}  // namespace glaux::testing
