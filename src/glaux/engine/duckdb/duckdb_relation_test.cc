#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "glaux/engine/duckdb/fake_lake.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::testing {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

/// Counts what a relation's readers do.
struct Watch {
  std::atomic<int> opened{0}, open_now{0}, batches{0};
};

class ListReader : public arrow::RecordBatchReader {
 public:
  ListReader(std::shared_ptr<arrow::Schema> schema, std::shared_ptr<Watch> watch,
             std::function<Result<std::shared_ptr<arrow::RecordBatch>>(int)> next)
      : schema_(std::move(schema)), watch_(std::move(watch)), next_(std::move(next)) {
    ++watch_->opened;
    ++watch_->open_now;
  }
  ~ListReader() override { --watch_->open_now; }
  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ++watch_->batches;
    ARROW_ASSIGN_OR_RAISE(*batch, next_(index_++));
    return Status::OK();
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const std::shared_ptr<Watch> watch_;
  const std::function<Result<std::shared_ptr<arrow::RecordBatch>>(int)> next_;
  int index_ = 0;
};

class DuckDBRelation : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open(DuckDBEngineOptions options = {}) {
    options.temp_directory = dir_.path().string();
    options.default_database = "db";
    if (options.threads == 0) options.threads = 4;
    ASSERT_OK_AND_ASSIGN(engine_, lake_.Engine(options));
  }

  QueryRelation Generated(const std::string& name, std::shared_ptr<arrow::Schema> schema,
                          std::function<Result<std::shared_ptr<arrow::RecordBatch>>(int)> next) {
    return {.name = name, .schema = schema, .open = [schema, next, watch = watch_] {
              return std::make_shared<ListReader>(schema, watch, next);
            }};
  }
  QueryRelation Listed(const std::string& name, Batches batches) {
    return Generated(name, batches[0]->schema(),
                     [batches](int i) { return i < static_cast<int>(batches.size()) ? batches[i] : nullptr; });
  }
  /// `batches` batches of `rows` numbers each: column i counts on, column t is a text of `width` bytes.
  QueryRelation Numbers(const std::string& name, int batches, int64_t rows, size_t width = 8) {
    const auto schema = arrow::schema({arrow::field("i", arrow::int64()), arrow::field("t", arrow::utf8())});
    return Generated(name, schema, [=](int index) -> Result<std::shared_ptr<arrow::RecordBatch>> {
      if (index >= batches) return nullptr;
      arrow::Int64Builder numbers;
      arrow::StringBuilder texts;
      for (int64_t i = 0; i < rows; ++i) {
        ARROW_RETURN_NOT_OK(numbers.Append(index * rows + i));
        ARROW_RETURN_NOT_OK(texts.Append(std::string(width, static_cast<char>('a' + i % 26))));
      }
      ARROW_ASSIGN_OR_RAISE(auto number_array, numbers.Finish());
      ARROW_ASSIGN_OR_RAISE(auto text_array, texts.Finish());
      return arrow::RecordBatch::Make(schema, rows, {number_array, text_array});
    });
  }
  static std::shared_ptr<arrow::RecordBatch> Column(const std::string& name, std::shared_ptr<arrow::DataType> type,
                                                    const std::string& json) {
    const auto array = arrow::json::ArrayFromJSONString(type, json);
    EXPECT_TRUE(array.ok()) << array.status().ToString();
    return arrow::RecordBatch::Make(arrow::schema({arrow::field(name, type)}), (*array)->length(), {*array});
  }

  Result<std::shared_ptr<arrow::Table>> Run(const std::string& sql, std::vector<QueryRelation> relations) {
    return QueryTable(*engine_, {.sql = sql, .relations = std::move(relations)});
  }
  std::string Text(const std::string& sql, std::vector<QueryRelation> relations) {
    const auto table = Run(sql, std::move(relations));
    if (!table.ok()) return table.status().ToString();
    const auto valid = (*table)->ValidateFull();
    if (!valid.ok()) return valid.ToString();
    std::string text;
    for (int64_t row = 0; row < (*table)->num_rows(); ++row) {
      if (row > 0) text += '|';
      for (int i = 0; i < (*table)->num_columns(); ++i) {
        if (i > 0) text += ' ';
        text += (*table)->column(i)->GetScalar(row).ValueOrDie()->ToString();
      }
    }
    return text;
  }

  TempDir dir_;
  FakeLake lake_;
  std::shared_ptr<Watch> watch_ = std::make_shared<Watch>();
  std::unique_ptr<QueryEngine> engine_;
};

/// A type with strings and numbers where it has dictionaries.
std::shared_ptr<arrow::DataType> Dense(const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() == arrow::Type::DICTIONARY) return static_cast<const arrow::DictionaryType&>(*type).value_type();
  const auto child = [&](int i) { return type->field(i)->WithType(Dense(type->field(i)->type())); };
  switch (type->id()) {
    case arrow::Type::LIST:
      return arrow::list(child(0));
    case arrow::Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(child(0), static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case arrow::Type::STRUCT:
      return arrow::struct_({child(0)});
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return arrow::map(map.key_type(), Dense(map.item_type()));
    }
    default:
      return type;
  }
}

/// A door that readers wait at.
struct Door {
  std::mutex mutex;
  std::condition_variable changed;
  bool open = false;
  void Wait() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return open; });
  }
  void Open() {
    std::lock_guard lock(mutex);
    open = true;
    changed.notify_all();
  }
};

}  // namespace

TEST_F(DuckDBRelation, JoinsRelationsWithEachOtherAndWithTheLake) {
  const auto ids = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())});
  lake_.AddTable({"db", "t"}, ids->fields());
  lake_.AddFile({"db", "t"}, {}, *FakeLake::Rows(ids, R"([{"id":1,"name":"one"},{"id":2,"name":"two"}])"));
  const auto data =
      FakeLake::Rows(arrow::schema({arrow::field("id", arrow::int64()), arrow::field("v", arrow::int32())}),
                     R"([{"id":1,"v":10},{"id":2,"v":20},{"id":3,"v":30}])");
  const auto more = FakeLake::Rows(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("w", arrow::utf8())}), R"([{"id":2,"w":"x"}])");
  EXPECT_EQ(
      Text("SELECT * FROM s3_data JOIN s3_more USING (id)", {Listed("s3_data", {data}), Listed("s3_more", {more})}),
      "2 20 x");
  EXPECT_EQ(Text("SELECT name, v FROM s3_data JOIN t USING (id) ORDER BY id", {Listed("s3_data", {data})}),
            "one 10|two 20");
  EXPECT_EQ(Text("SELECT name, v FROM S3_Data JOIN db.t USING (id) ORDER BY id", {Listed("s3_DATA", {data})}),
            "one 10|two 20");
}

TEST_F(DuckDBRelation, ComesBeforeATableOfItsNameButNotBeforeAQualifiedOne) {
  const auto ids = arrow::schema({arrow::field("id", arrow::int64())});
  lake_.AddTable({"db", "t"}, ids->fields());
  lake_.AddFile({"db", "t"}, {}, *FakeLake::Rows(ids, R"([{"id":1}])"));
  const auto other = FakeLake::Rows(ids, R"([{"id":7}])");
  EXPECT_EQ(Text("SELECT t.id, u.id FROM t, db.t u", {Listed("t", {other})}), "7 1");
  EXPECT_EQ(Text("WITH t AS (SELECT 5 AS id) SELECT id FROM t", {Listed("t", {other})}), "5");
  EXPECT_EQ(Text("SELECT id FROM t", {}), "1");
  EXPECT_EQ(Text(R"(SELECT id FROM "a ""b"" ä.c")", {Listed("a \"b\" ä.c", {other})}), "7");
  EXPECT_EQ(Text("SELECT current_schema(), count(*) FROM t", {Listed("t", {other})}), "db 1");
}

TEST_F(DuckDBRelation, OpensOnceForEveryScanAndNotAtAllForNone) {
  EXPECT_EQ(Text("SELECT count(*) FROM n a JOIN n b USING (i)", {Numbers("n", 3, 1000)}), "3000");
  EXPECT_EQ(watch_->opened, 2);
  EXPECT_EQ(Text("SELECT 1", {Numbers("n", 3, 1000)}), "1");
  EXPECT_EQ(Text("SELECT count(*) FROM (DESCRIBE SELECT * FROM n)", {Numbers("n", 3, 1000)}), "2");
  EXPECT_EQ(watch_->opened, 2);
  EXPECT_EQ(watch_->open_now, 0);
}

TEST_F(DuckDBRelation, KeepsTheOrderOfTheReader) {
  ASSERT_OK_AND_ASSIGN(auto result, Query(*engine_, {.sql = "SELECT * FROM n WHERE i % 7 <> 3",
                                                     .relations = {Numbers("n", 300, 5000)}}));
  int64_t next = 0, rows = 0;
  for (;;) {
    ASSERT_OK_AND_ASSIGN(const auto batch, result.reader->Next());
    if (!batch) break;
    const auto& column = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (int64_t i = 0; i < column.length(); ++i, ++next, ++rows) {
      if (next % 7 == 3) ++next;
      ASSERT_EQ(column.Value(i), next);
    }
  }
  EXPECT_EQ(rows, 1285714);  // every seventh is left out
}

TEST_F(DuckDBRelation, StreamsSoThatTheReaderIsNotAheadOfTheRows) {
  // An endless relation: whatever collected it first would not come to an end.
  ASSERT_OK_AND_ASSIGN(
      auto result, Query(*engine_, {.sql = "SELECT i, t FROM n", .relations = {Numbers("n", 1 << 30, 10000, 100)}}));
  int64_t rows = 0;
  while (rows < 100000) {
    ASSERT_OK_AND_ASSIGN(const auto batch, result.reader->Next());
    rows += batch->num_rows();
  }
  const auto deadline = std::chrono::steady_clock::now() + milliseconds(300);
  int seen = -1;
  while (seen != watch_->batches || std::chrono::steady_clock::now() < deadline) {
    seen = watch_->batches;
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_LT(seen, 200);  // 200 MB
  result.reader.reset();
  EXPECT_EQ(watch_->open_now, 0);
}

TEST_F(DuckDBRelation, ReadsNoFurtherThanALimitNeeds) {
  EXPECT_EQ(Text("SELECT i FROM n LIMIT 3", {Numbers("n", 1 << 30, 1000)}), "0|1|2");
  EXPECT_EQ(watch_->open_now, 0);
}

TEST_F(DuckDBRelation, SpillsAJoinThatDoesNotFit) {
  Open({.memory_limit = 64 << 20, .threads = 2});
  EXPECT_EQ(Text("SELECT count(*), sum(length(a.t) + length(b.t)) FROM n a JOIN m b ON a.i = b.i",
                 {Numbers("n", 100, 10000, 100), Numbers("m", 100, 10000, 100)}),
            "1000000 200000000");
}

TEST_F(DuckDBRelation, GivesTheReadersErrorUnchanged) {
  const auto error = MakeError({.kind = ErrorKind::kCorrupt, .service = "s3", .hint = "mend it"}, "read a.csv, line 7");
  auto numbers = Numbers("n", 10, 1000);
  const auto failing = [&](int at) {
    return Generated("n", numbers.schema,
                     [=, open = numbers.open](int i) -> Result<std::shared_ptr<arrow::RecordBatch>> {
                       if (i == at) return error;
                       ARROW_ASSIGN_OR_RAISE(auto reader, open());
                       return reader->Next();
                     });
  };
  for (const int at : {0, 5}) {
    for (const std::string sql : {"SELECT * FROM n", "SELECT sum(i) FROM n", "SELECT * FROM n ORDER BY t, i",
                                  "SELECT count(*) FROM n a JOIN n b USING (i)"}) {
      const auto status = Run(sql, {failing(at)}).status();
      EXPECT_EQ(status.message(), error.message()) << sql;
      EXPECT_EQ(KindOf(status), ErrorKind::kCorrupt);
      EXPECT_EQ(InfoOf(status).hint, "mend it");
      EXPECT_EQ(InfoOf(status).service, "s3");
      EXPECT_EQ(watch_->open_now, 0);
    }
  }
  ASSERT_OK_AND_ASSIGN(const auto id, engine_->Submit({.sql = "SELECT sum(i) FROM n", .relations = {failing(5)}}));
  ASSERT_OK_AND_ASSIGN(const auto status, engine_->GetStatus(id, seconds(30)));
  EXPECT_EQ(status.state, QueryState::kFailed);
  EXPECT_TRUE(status.error.Equals(error)) << status.error.ToString();
  EXPECT_EQ(InfoOf(status.error).hint, "mend it");
  engine_->Release(id);

  auto closed = Numbers("n", 1, 1);
  closed.open = [error]() -> Result<std::shared_ptr<arrow::RecordBatchReader>> { return error; };
  EXPECT_EQ(Run("SELECT * FROM n", {closed}).status().message(), error.message());
  closed.open = []() -> Result<std::shared_ptr<arrow::RecordBatchReader>> { throw std::runtime_error("thrown"); };
  ASSERT_FAILS(ErrorKind::kOther, "relation n: thrown", Run("SELECT * FROM n", {closed}));
  closed.open = []() -> Result<std::shared_ptr<arrow::RecordBatchReader>> { return nullptr; };
  ASSERT_FAILS(ErrorKind::kInvalid, "relation n", Run("SELECT * FROM n", {closed}));
  closed.open = []() -> Result<std::shared_ptr<arrow::RecordBatchReader>> { return Status::IOError(""); };
  EXPECT_TRUE(Run("SELECT * FROM n", {closed}).status().IsIOError());
}

TEST_F(DuckDBRelation, CancelsAndTimesOutWhileAReaderBlocks) {
  const auto door = std::make_shared<Door>();
  auto numbers = Numbers("n", 10, 1000);
  const auto blocking =
      Generated("n", numbers.schema, [=, open = numbers.open](int i) -> Result<std::shared_ptr<arrow::RecordBatch>> {
        if (i == 1) door->Wait();
        ARROW_ASSIGN_OR_RAISE(auto reader, open());
        return reader->Next();
      });
  ASSERT_OK_AND_ASSIGN(const auto id, engine_->Submit({.sql = "SELECT * FROM n", .relations = {blocking}}));
  Status results;
  std::thread waiting([&] { results = engine_->Results(id).status(); });
  ASSERT_OK_AND_ASSIGN(auto status, engine_->GetStatus(id, milliseconds(50)));
  EXPECT_FALSE(status.done());
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_OK(engine_->Cancel(id));
  ASSERT_OK_AND_ASSIGN(status, engine_->GetStatus(id, seconds(20)));
  EXPECT_EQ(status.state, QueryState::kCancelled);
  waiting.join();
  EXPECT_EQ(KindOf(results), ErrorKind::kCancelled);

  ASSERT_FAILS(ErrorKind::kTimeout, "100 ms", [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto timed, engine_->Submit({.sql = "SELECT sum(i) FROM n a JOIN n b USING (i)",
                                                             .timeout = milliseconds(100),
                                                             .relations = {blocking}}));
    ARROW_ASSIGN_OR_RAISE(const auto end, engine_->GetStatus(timed, seconds(20)));
    return end.error;
  }());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
  door->Open();
  engine_->Release(id);
  engine_.reset();
  EXPECT_EQ(watch_->open_now, 0);
}

TEST_F(DuckDBRelation, ASlowReaderDoesNotStopOtherQueries) {
  const auto door = std::make_shared<Door>();
  auto numbers = Numbers("n", 10, 1000);
  const auto blocking = Generated("n", numbers.schema, [=](int) -> Result<std::shared_ptr<arrow::RecordBatch>> {
    door->Wait();
    return nullptr;
  });
  ASSERT_OK_AND_ASSIGN(const auto id, engine_->Submit({.sql = "SELECT sum(i) FROM n", .relations = {blocking}}));
  ASSERT_OK(engine_->GetStatus(id, milliseconds(50)));
  EXPECT_EQ(Text("SELECT count(DISTINCT i) FROM n", {Numbers("n", 100, 1000)}), "100000");
  door->Open();
  ASSERT_OK_AND_ASSIGN(const auto status, engine_->GetStatus(id, seconds(20)));
  EXPECT_EQ(status.state, QueryState::kSucceeded);
}

TEST_F(DuckDBRelation, RefusesRelationsThatCannotBe) {
  auto n = Numbers("n", 1, 1);
  ASSERT_FAILS(ErrorKind::kInvalid, "n and N",
               engine_->Submit({.sql = "SELECT 1", .relations = {n, Numbers("N", 1, 1)}}));
  ASSERT_FAILS(ErrorKind::kInvalid, "no name", engine_->Submit({.sql = "SELECT 1", .relations = {Numbers("", 1, 1)}}));
  ASSERT_FAILS(ErrorKind::kInvalid, "relation x", engine_->Submit({.sql = "SELECT 1", .relations = {{.name = "x"}}}));
  n.schema = arrow::schema({});
  ASSERT_FAILS(ErrorKind::kInvalid, "relation n has no columns", Run("SELECT 1", {n}));
  n.schema = arrow::schema({arrow::field("v", arrow::utf8()), arrow::field("V", arrow::utf8())});
  ASSERT_FAILS(ErrorKind::kInvalid, "v and V", Run("SELECT 1", {n}));
  n.schema = arrow::schema({arrow::field("a", arrow::utf8()), arrow::field("wide", arrow::decimal256(50, 2))});
  ASSERT_FAILS(ErrorKind::kInvalid, "relation n, column wide", Run("SELECT 1", {n}));
  n.schema = arrow::schema({arrow::field("h", arrow::float16())});
  ASSERT_FAILS(ErrorKind::kInvalid, "column h", Run("SELECT 1", {n}));
  n.schema = arrow::schema({arrow::field("s", arrow::struct_({}))});
  ASSERT_FAILS(ErrorKind::kInvalid, "column s", Run("SELECT 1", {n}));
  n.schema = arrow::schema({arrow::field("u", arrow::list(arrow::sparse_union({arrow::field("a", arrow::int32())})))});
  ASSERT_FAILS(ErrorKind::kInvalid, "column u", Run("SELECT 1", {n}));
  n.schema = arrow::schema({arrow::field("w", arrow::list_view(arrow::utf8()))});
  ASSERT_FAILS(ErrorKind::kInvalid, "column w", Run("SELECT 1", {n}));
  n.schema = arrow::schema({arrow::field("e", arrow::run_end_encoded(arrow::int32(), arrow::utf8()))});
  ASSERT_FAILS(ErrorKind::kInvalid, "column e", Run("SELECT 1", {n}));
}

TEST_F(DuckDBRelation, RefusesBatchesThatAreNotOfTheSchema) {
  const auto numbers = Column("v", arrow::int64(), "[1]");
  auto relation = Listed("r", {numbers, Column("v", arrow::utf8(), R"(["a"])")});
  ASSERT_FAILS(ErrorKind::kInvalid, "relation r: column v of a batch is string, the schema has int64",
               Run("SELECT * FROM r", {relation}));
  relation = Listed("r", {numbers, Column("w", arrow::int64(), "[1]")});
  ASSERT_FAILS(ErrorKind::kInvalid, "is w, the schema has v", Run("SELECT * FROM r", {relation}));
}

TEST_F(DuckDBRelation, TakesEveryTypeThatDuckDBHas) {
  const auto seen = [&](const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
    return Text("SELECT v FROM r", {Listed("r", {Column("v", type, json)})});
  };
  EXPECT_EQ(seen(arrow::null(), "[null]"), "null");
  EXPECT_EQ(seen(arrow::boolean(), "[true, null, false]"), "true|null|false");
  for (const auto& type : {arrow::int8(), arrow::int16(), arrow::int32(), arrow::int64(), arrow::uint8(),
                           arrow::uint16(), arrow::uint32(), arrow::uint64(), arrow::float32(), arrow::float64()}) {
    EXPECT_EQ(seen(type, "[1, null, 100]"), "1|null|100") << type->ToString();
  }
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view(), arrow::binary(),
                           arrow::large_binary(), arrow::binary_view()}) {
    EXPECT_THAT(seen(type, R"(["a", null, "", "longer than twelve bytes"])"), ::testing::Not(HasSubstr("rror")));
  }
  EXPECT_EQ(seen(arrow::utf8_view(), R"(["a", null, "", "longer than twelve bytes"])"),
            "a|null||longer than twelve bytes");
  EXPECT_EQ(seen(arrow::fixed_size_binary(2), R"(["ab", null])"), "ab|null");
  EXPECT_EQ(seen(arrow::date32(), "[1, null]"), "1970-01-02|null");
  EXPECT_EQ(seen(arrow::date64(), "[86400000]"), "1970-01-02");
  EXPECT_EQ(seen(arrow::time32(arrow::TimeUnit::SECOND), "[1]"), "00:00:01.000000");
  EXPECT_EQ(seen(arrow::time64(arrow::TimeUnit::MICRO), "[1]"), "00:00:00.000001");
  for (const auto unit :
       {arrow::TimeUnit::SECOND, arrow::TimeUnit::MILLI, arrow::TimeUnit::MICRO, arrow::TimeUnit::NANO}) {
    EXPECT_THAT(seen(arrow::timestamp(unit), "[0]"), ::testing::StartsWith("1970-01-01 00:00:00"));
    EXPECT_THAT(seen(arrow::timestamp(unit, "Europe/Berlin"), "[0]"), ::testing::StartsWith("1970-01-01 00:00:00"));
  }
  EXPECT_EQ(seen(arrow::decimal128(10, 2), R"(["12.50", null, "-0.01"])"), "12.50|null|-0.01");
  EXPECT_EQ(seen(arrow::decimal128(38, 0), R"(["12345678901234567890123456789012345678"])"),
            "12345678901234567890123456789012345678");
  EXPECT_EQ(Text("SELECT v[2], len(v) FROM r",
                 {Listed("r", {Column("v", arrow::list(arrow::utf8()), R"([["a","b"],[],null])")})}),
            "b 2|null 0|null null");
  EXPECT_EQ(Text("SELECT v.a, v.b[1].c FROM r",
                 {Listed("r", {Column("v",
                                      arrow::struct_({arrow::field("a", arrow::int32()),
                                                      arrow::field("b", arrow::list(arrow::struct_(
                                                                            {arrow::field("c", arrow::utf8())})))}),
                                      R"([{"a":1,"b":[{"c":"x"}]}, null, {"a":2,"b":null}])")})}),
            "1 x|null null|2 null");
  EXPECT_EQ(Text("SELECT v['k'] FROM r",
                 {Listed("r", {Column("v", arrow::map(arrow::utf8(), arrow::int64()), R"([[["k", 1]], [], null])")})}),
            "1|null|null");
  EXPECT_EQ(Text("SELECT v[1], v[2] FROM r",
                 {Listed("r", {Column("v", arrow::fixed_size_list(arrow::int32(), 2), "[[1,2],null]")})}),
            "1 2|null null");
}

TEST_F(DuckDBRelation, ReadsDictionariesThatChangeFromBatchToBatch) {
  const auto type = arrow::dictionary(arrow::int32(), arrow::utf8());
  const auto schema = arrow::schema({arrow::field("i", arrow::int64()), arrow::field("d", type)});
  // Every batch has a dictionary of its own, at an address that the last one may have left.
  const auto relation = Generated("r", schema, [=](int index) -> Result<std::shared_ptr<arrow::RecordBatch>> {
    if (index == 200) return nullptr;
    arrow::Int64Builder numbers;
    arrow::StringDictionary32Builder texts;
    for (int i = 0; i < 5000; ++i) {
      ARROW_RETURN_NOT_OK(numbers.Append(index));
      ARROW_RETURN_NOT_OK(i % 10 == 0 ? texts.AppendNull()
                                      : texts.Append("a longer text of batch " + std::to_string(index * 10 + i % 3)));
    }
    ARROW_ASSIGN_OR_RAISE(auto number_array, numbers.Finish());
    ARROW_ASSIGN_OR_RAISE(auto text_array, texts.Finish());
    return arrow::RecordBatch::Make(schema, 5000, {number_array, text_array});
  });
  EXPECT_EQ(Text("SELECT count(*), count(d), count(DISTINCT d), "
                 "count(*) FILTER (d LIKE '%batch ' || (i * 10)::varchar OR d LIKE '%batch ' || (i * 10 + 1)::varchar "
                 "OR d LIKE '%batch ' || (i * 10 + 2)::varchar) FROM r",
                 {relation}),
            "1000000 900000 600 900000");
  EXPECT_EQ(Text("SELECT d FROM r", {Listed("r", {Column("d", type, "[null, null]")})}), "null|null");
  // Nulls inside the dictionary, a slice, and dictionaries inside of lists and structs.
  const auto indices = arrow::json::ArrayFromJSONString(arrow::int32(), "[0, 1, 2, null, 2]").ValueOrDie();
  const auto values = arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["x", null, "z"])").ValueOrDie();
  const auto array = arrow::DictionaryArray::FromArrays(type, indices, values).ValueOrDie();
  const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("d", type)}), 5, {array});
  EXPECT_EQ(Text("SELECT d FROM r", {Listed("r", {batch, batch->Slice(2), batch->Slice(1, 1)})}),
            "x|null|z|null|z|z|null|z|null");
  const auto lists = std::make_shared<arrow::ListArray>(
      arrow::list(type), 2,
      arrow::json::ArrayFromJSONString(arrow::int32(), "[0, 3, 5]").ValueOrDie()->data()->buffers[1], array);
  const auto structs = arrow::StructArray::Make({array}, std::vector<std::string>{"d"}).ValueOrDie();
  const auto nested = arrow::RecordBatch::Make(arrow::schema({arrow::field("l", lists->type())}), 2, {lists});
  EXPECT_EQ(Text("SELECT l[1], l[3] FROM r", {Listed("r", {nested, nested->Slice(1)})}), "x z|null null|null null");
  const auto in_struct = arrow::RecordBatch::Make(arrow::schema({arrow::field("s", structs->type())}), 5, {structs});
  EXPECT_EQ(Text("SELECT s.d FROM r", {Listed("r", {in_struct, in_struct->Slice(2)})}), "x|null|z|null|z|z|null|z");
}

TEST_F(DuckDBRelation, ReadsSlicesOfEveryLayout) {
  const auto schema = arrow::schema({arrow::field("i", arrow::int64()), arrow::field("b", arrow::boolean()),
                                     arrow::field("s", arrow::utf8()), arrow::field("l", arrow::list(arrow::int32())),
                                     arrow::field("t", arrow::struct_({arrow::field("x", arrow::utf8())}))});
  std::string json = "[";
  for (int i = 0; i < 5000; ++i) {
    if (i > 0) json += ",";
    const auto n = std::to_string(i);
    json += R"({"i":)" + n + R"(,"b":)" +
            (i % 3 == 0   ? "true"
             : i % 3 == 1 ? "false"
                          : "null") +
            R"(,"s":)" + (i % 5 == 0 ? "null" : "\"text " + n + "\"") + R"(,"l":[)" + n + "," + n + R"(],"t":)" +
            (i % 7 == 0 ? "null" : R"({"x":")" + n + "\"}") + "}";
  }
  const auto batch = FakeLake::Rows(schema, json + "]");
  const auto wrong =
      "SELECT count(*), count(*) FILTER (b IS DISTINCT FROM (CASE i % 3 WHEN 0 THEN true WHEN 1 THEN false END) "
      "OR s IS DISTINCT FROM (CASE WHEN i % 5 <> 0 THEN 'text ' || i END) OR l IS DISTINCT FROM [i, i] "
      "OR t.x IS DISTINCT FROM (CASE WHEN i % 7 <> 0 THEN i::varchar END)) FROM r";
  EXPECT_EQ(Text(wrong, {Listed("r", {batch, batch->Slice(1), batch->Slice(4097), batch->Slice(13, 2049)})}),
            std::to_string(5000 + 4999 + 903 + 2049) + " 0");
}

TEST_F(DuckDBRelation, KeepsEveryValueOfEveryTypeInSlices) {
  const auto text = [](int i) { return "\"a text of some length " + std::to_string(i) + "\""; };
  const auto number = [](int i) { return std::to_string(i % 100); };
  using Value = std::function<std::string(int)>;
  const auto list = [](Value value) -> Value {
    return [value](int i) {
      return i % 4 == 0 ? "[]" : "[" + value(i) + (i % 4 == 1 ? "," + value(i + 1) : ",null") + "]";
    };
  };
  const auto object = [](Value value) -> Value { return [value](int i) { return "{\"x\":" + value(i) + "}"; }; };
  const auto map = [=](Value value) -> Value {
    return [=](int i) { return i % 4 == 0 ? "[]" : "[[" + text(i) + "," + value(i) + "]]"; };
  };
  const auto pair = [](Value value) -> Value { return [value](int i) { return "[" + value(i) + ",null]"; }; };
  const auto flag = [](int i) { return i % 3 == 0 ? std::string("true") : std::string("false"); };
  const auto words = arrow::dictionary(arrow::int32(), arrow::utf8());
  const auto in_struct = [](std::shared_ptr<arrow::DataType> type) {
    return arrow::struct_({arrow::field("x", type)});
  };
  // DuckDB's name of a list's elements.
  const auto slot = [](std::shared_ptr<arrow::DataType> type) { return arrow::field("", std::move(type)); };
  const auto element = [](std::shared_ptr<arrow::DataType> type) { return arrow::field("l", std::move(type)); };
  const std::vector<std::pair<std::shared_ptr<arrow::DataType>, Value>> cases = {
      {arrow::boolean(), flag},
      {arrow::utf8_view(), text},
      {arrow::large_utf8(), text},
      {words, [=](int i) { return text(i % 50); }},
      {arrow::dictionary(arrow::int8(), arrow::int64()), number},
      {arrow::dictionary(arrow::uint16(), arrow::utf8()), [=](int i) { return text(i % 50); }},
      {arrow::timestamp(arrow::TimeUnit::MILLI), number},
      {arrow::timestamp(arrow::TimeUnit::NANO), number},
      {arrow::date64(), [](int i) { return std::to_string(86400000LL * i); }},
      {arrow::decimal128(5, 1), [=](int i) { return "\"" + number(i) + ".5\""; }},
      {arrow::decimal128(30, 1), [=](int i) { return "\"" + number(i) + ".5\""; }},
      {arrow::list(element(arrow::int32())), list(number)},
      {arrow::list(element(arrow::boolean())), list(flag)},
      {arrow::large_list(element(arrow::utf8())), list(text)},
      {arrow::list(element(arrow::list(element(arrow::utf8())))), list(list(text))},
      {arrow::list(element(in_struct(arrow::utf8()))), list(object(text))},
      {arrow::list(element(words)), list(text)},
      {arrow::list(element(in_struct(words))), list(object(text))},
      {in_struct(arrow::boolean()), object(flag)},
      {in_struct(words), object(text)},
      {in_struct(arrow::list(element(words))), object(list(text))},
      {in_struct(in_struct(arrow::int64())), object(object(number))},
      {in_struct(in_struct(arrow::list(element(in_struct(arrow::utf8()))))), object(object(list(object(text))))},
      {arrow::list(element(in_struct(in_struct(arrow::utf8())))), list(object(object(text)))},
      {arrow::map(arrow::utf8(), arrow::int64()), map(number)},
      {arrow::map(arrow::utf8(), words), map(text)},
      {arrow::map(arrow::utf8(), arrow::list(element(arrow::utf8()))), map(list(text))},
      {arrow::fixed_size_list(slot(arrow::int32()), 2), pair(number)},
      {arrow::fixed_size_list(slot(arrow::utf8()), 2), pair(text)},
      {arrow::fixed_size_list(slot(in_struct(arrow::utf8())), 2), pair(object(text))},
      {arrow::fixed_size_list(slot(words), 2), pair(text)},
      {arrow::list(element(arrow::fixed_size_list(slot(arrow::utf8()), 2))), list(pair(text))},
      {arrow::list(element(arrow::map(arrow::utf8(), arrow::utf8()))), list(map(text))},
  };
  for (const auto& [type, value] : cases) {
    std::string json = "[";
    for (int i = 0; i < 5000; ++i) json += (i > 0 ? "," : "") + (i % 11 == 5 ? "null" : value(i));
    const auto slices = [&](const std::shared_ptr<arrow::DataType>& of) -> Batches {
      const auto batch = Column("v", of, json + "]");
      return {batch->Slice(1), batch, batch->Slice(4097), batch->Slice(2049, 3)};
    };
    const auto batches = slices(type);
    ASSERT_OK_AND_ASSIGN(const auto table, Run("SELECT v FROM r", {Listed("r", batches)}));
    ASSERT_OK(table->ValidateFull());
    int64_t row = 0;
    int wrong = 0;
    for (const auto& part : slices(Dense(type))) {
      for (int64_t i = 0; i < part->num_rows(); ++i, ++row) {
        const auto wanted = part->column(0)->GetScalar(i).ValueOrDie();
        const auto found = table->column(0)->GetScalar(row).ValueOrDie();
        // Only the types' names differ.
        const auto plain = [](std::string scalar) {
          for (const std::string noise : {"large_list", "list_view", "list", "string_view", "string"}) {
            for (size_t at; (at = scalar.find(noise)) != std::string::npos;) scalar.erase(at, noise.size());
          }
          return scalar;
        };
        if (plain(wanted->ToString()) != plain(found->ToString()) && ++wrong < 3) {
          ADD_FAILURE() << type->ToString() << " row " << row << "\n"
                        << wanted->ToString() << "\n"
                        << found->ToString();
        }
      }
    }
    EXPECT_EQ(row, table->num_rows());
    EXPECT_EQ(wrong, 0) << type->ToString();
  }
}

TEST_F(DuckDBRelation, ExplainNamesTheRelation) {
  EXPECT_THAT(Text("EXPLAIN SELECT i FROM n WHERE i > 3", {Numbers("n", 1, 1)}), HasSubstr("Relation: n"));
  EXPECT_EQ(watch_->opened, 0);
  ASSERT_FAILS(ErrorKind::kInvalid, "relation_scan", Run("SELECT * FROM relation_scan(0)", {}));
}

}  // namespace glaux::testing
