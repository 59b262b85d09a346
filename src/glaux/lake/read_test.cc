#include "glaux/lake/read.h"

#include <arrow/api.h>

#include <thread>

#include "glaux/lake/async.h"
#include "glaux/lake/write.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::testing {
namespace {

using std::chrono::hours;
using std::chrono::sys_days;

constexpr sys_days Day(int day) { return std::chrono::year(2025) / 1 / day; }

class ReadTest : public ::testing::Test {
 protected:
  /// One order at noon of each of the first days of January 2025, its number is the day.
  void WriteOrders(const std::string& partition_by, int days = 4) {
    std::string rows;
    for (int day = 1; day <= days; ++day) {
      const auto number = std::to_string(day);
      rows += "{\"id\":" + number + ",\"name\":\"n" + number + "\",\"at\":\"2025-01-0" + number + "T12:00:00Z\"}\n";
    }
    ASSERT_OK(Write(*lake_, table_, Records::Json(rows), {.partition_by = partition_by}).status());
  }

  /// What a read gives in its first column, sorted.
  Result<std::vector<int64_t>> Ids(TableReadOptions options = {}) {
    options.columns = {"id"};
    ARROW_ASSIGN_OR_RAISE(const auto reader, Read(*lake_, table_, options));
    ARROW_ASSIGN_OR_RAISE(const auto rows, reader->ToTable());
    std::vector<int64_t> ids;
    for (const auto& chunk : rows->column(0)->chunks()) {
      const auto& values = static_cast<const arrow::Int64Array&>(*chunk);
      for (int64_t i = 0; i < values.length(); ++i) ids.push_back(values.Value(i));
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  Result<std::string> Value(const std::string& sql, const LakeQueryOptions& options = {}) {
    ARROW_ASSIGN_OR_RAISE(const auto reader, Query(*lake_, sql, options));
    ARROW_ASSIGN_OR_RAISE(const auto rows, reader->ToTable());
    ARROW_ASSIGN_OR_RAISE(const auto scalar, rows->column(0)->GetScalar(0));
    return scalar->ToString();
  }

  const TempDir folder_;
  const std::unique_ptr<Lake> lake_ = Lake::Open({.directory = (folder_.path() / "lake").string()}).ValueOrDie();
  const TableId table_{"sales", "orders"};
};

using Numbers = std::vector<int64_t>;

TEST_F(ReadTest, GivesTheColumnsThatAreAskedFor) {
  WriteOrders("day(at)");
  ASSERT_OK_AND_ASSIGN(const auto all, Read(*lake_, table_));
  EXPECT_EQ(all->schema()->field_names(), (std::vector<std::string>{"id", "name", "at", "year", "month", "day"}));
  ASSERT_OK_AND_ASSIGN(const auto some, Read(*lake_, table_, {.columns = {{"day", "ID"}}}));
  EXPECT_EQ(some->schema()->field_names(), (std::vector<std::string>{"day", "id"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "did you mean name?", Read(*lake_, table_, {.columns = {{"nam"}}}));
  const auto missing = Read(*lake_, {"sales", "order"});
  ASSERT_FAILS(ErrorKind::kNotFound, "sales.order", missing);
  EXPECT_EQ(InfoOf(missing.status()).hint, "did you mean sales.orders?");
}

TEST_F(ReadTest, FiltersAndLimits) {
  WriteOrders("day(at)");
  EXPECT_EQ(Ids({.filter = "id >= 2 AND name <> 'n3'"}).ValueOrDie(), (Numbers{2, 4}));
  EXPECT_EQ(Ids({.filter = "day IN ('01', '03')"}).ValueOrDie(), (Numbers{1, 3}));
  EXPECT_EQ(Ids({.limit = 3}).ValueOrDie().size(), 3u);
  EXPECT_EQ(Ids({.limit = 0}).ValueOrDie().size(), 0u);
}

TEST_F(ReadTest, AFilterIsAConditionAndNothingElse) {
  WriteOrders("none");
  ASSERT_FAILS(ErrorKind::kInvalid, "filter", Ids({.filter = "id = 1) UNION SELECT 7 --"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "no column nobody", Ids({.filter = "nobody = 1"}));
  EXPECT_EQ(Ids({.filter = "name = 'x'' OR ''1''=''1'"}).ValueOrDie(), Numbers());
}

TEST_F(ReadTest, SinceAndUntilGoByTheColumnThatTheTableIsPartitionedBy) {
  WriteOrders("day(at)");
  EXPECT_EQ(Ids({.since = Day(2) + hours(12)}).ValueOrDie(), (Numbers{2, 3, 4}));
  EXPECT_EQ(Ids({.since = Day(2) + hours(13)}).ValueOrDie(), (Numbers{3, 4}));
  EXPECT_EQ(Ids({.until = Day(3) + hours(12)}).ValueOrDie(), (Numbers{1, 2}));
  EXPECT_EQ(Ids({.since = Day(2), .until = Day(4)}).ValueOrDie(), (Numbers{2, 3}));
}

TEST_F(ReadTest, SinceAndUntilLeaveOutPartitions) {
  WriteOrders("day(at)");
  // A partition that is not read may have lost its file.
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder_.path() / "lake" / "store")) {
    if (file.path().string().find("day=01") != std::string::npos && file.is_regular_file()) {
      std::filesystem::resize_file(file.path(), 4);
    }
  }
  EXPECT_EQ(Ids({.since = Day(2)}).ValueOrDie(), (Numbers{2, 3, 4}));
  EXPECT_FALSE(Ids({.until = Day(2)}).ok());
}

TEST_F(ReadTest, SinceAndUntilTakeAColumnOfTimesOrDates) {
  WriteOrders("none");
  ASSERT_FAILS(ErrorKind::kInvalid, "not partitioned by one", Ids({.since = Day(2)}));
  EXPECT_EQ(Ids({.since = Day(3), .time_column = "at"}).ValueOrDie(), (Numbers{3, 4}));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected a date, a timestamp", Ids({.since = Day(2), .time_column = "name"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "no column when", Ids({.since = Day(2), .time_column = "when"}));

  ASSERT_OK(
      Write(*lake_, {"sales", "dated"}, Records::Json("{\"d\":\"2025-01-02\"}\n{\"d\":\"2025-01-03\"}")).status());
  const auto dates = [&](const TableReadOptions& options) {
    return Read(*lake_, {"sales", "dated"}, options).ValueOrDie()->ToTable().ValueOrDie()->num_rows();
  };
  EXPECT_EQ(dates({.since = Day(2), .time_column = "d"}), 2);
  EXPECT_EQ(dates({.since = Day(2) + hours(1), .time_column = "d"}), 1);
  EXPECT_EQ(dates({.until = Day(3), .time_column = "d"}), 1);
  EXPECT_EQ(dates({.until = Day(3) + hours(1), .time_column = "d"}), 2);
}

TEST_F(ReadTest, SinceAndUntilReadWholePartitionsOfTheWriteTime) {
  ASSERT_OK(Write(*lake_, table_, Records::Json("{\"id\":1}")).status());
  const Timestamp now = Clock::System().Now();
  EXPECT_EQ(Ids({.since = now - hours(48)}).ValueOrDie(), Numbers{1});
  EXPECT_EQ(Ids({.since = now - hours(72), .until = now - hours(48)}).ValueOrDie(), Numbers());
  EXPECT_EQ(Ids({.since = now + hours(48)}).ValueOrDie(), Numbers());
}

TEST_F(ReadTest, SinceAndUntilUnderstandKeysThatOthersHaveMade) {
  for (const char* sql :
       {"CREATE DATABASE other",
        "CREATE EXTERNAL TABLE other.t (id bigint) PARTITIONED BY (year int, month string, day string) STORED AS "
        "PARQUET "
        "LOCATION 's3://lake/other/t/'",
        "INSERT INTO other.t VALUES (1, 2025, '1', '9'), (2, 2025, '1', '10'), (3, 2025, '11', '2')",
        "CREATE EXTERNAL TABLE other.dt (id bigint) PARTITIONED BY (dt string) STORED AS PARQUET LOCATION "
        "'s3://lake/other/dt/'",
        "INSERT INTO other.dt VALUES (1, '2025-01-09'), (2, '2025-01-10')"}) {
    ASSERT_OK(Query(*lake_, sql).ValueOrDie()->ToTable().status());
  }
  const auto count = [&](const char* table, const TableReadOptions& options) {
    return Read(*lake_, {"other", table}, options).ValueOrDie()->ToTable().ValueOrDie()->num_rows();
  };
  EXPECT_EQ(count("t", {.since = Day(10)}), 2);
  EXPECT_EQ(count("t", {.until = Day(10)}), 1);
  EXPECT_EQ(count("t", {.since = std::chrono::sys_days(std::chrono::year(2025) / 10 / 1)}), 1);
  EXPECT_EQ(count("dt", {.since = Day(10), .time_column = "dt"}), 1);
}

TEST_F(ReadTest, ParametersStandForThemselves) {
  EXPECT_EQ(Value("SELECT ?", {.parameters = {"it's; DROP TABLE x --"}}).ValueOrDie(), "it's; DROP TABLE x --");
  EXPECT_EQ(Value("SELECT ? - ?", {.parameters = {5, -7}}).ValueOrDie(), "12");
  EXPECT_EQ(Value("SELECT ?", {.parameters = {0.1}}).ValueOrDie(), "0.1");
  EXPECT_EQ(Value("SELECT typeof(?)", {.parameters = {0.5}}).ValueOrDie(), "DOUBLE");
  EXPECT_EQ(Value("SELECT typeof(?)", {.parameters = {"5"}}).ValueOrDie(), "VARCHAR");
  EXPECT_EQ(Value("SELECT ? IS NULL AND NOT ?", {.parameters = {nullptr, false}}).ValueOrDie(), "true");
  EXPECT_EQ(
      Value("SELECT ? = TIMESTAMP '2025-01-01 08:00:00'", {.parameters = {Timestamp(Day(1) + hours(8))}}).ValueOrDie(),
      "true");
  EXPECT_EQ(Value("SELECT ? = DATE '2025-01-01'", {.parameters = {Day(1)}}).ValueOrDie(), "true");
  EXPECT_EQ(Value("SELECT ?", {.parameters = {std::numeric_limits<int64_t>::min()}}).ValueOrDie(),
            "-9223372036854775808");
  ASSERT_FAILS(ErrorKind::kInvalid, "", Value("SELECT ?", {.parameters = {1, 2}}));
  ASSERT_FAILS(ErrorKind::kInvalid, "NaN",
               Value("SELECT ?", {.parameters = {std::numeric_limits<double>::quiet_NaN()}}));
  ASSERT_FAILS(ErrorKind::kInvalid, "NUL", Value("SELECT ?", {.parameters = {std::string_view("\0", 1)}}));
}

TEST_F(ReadTest, AStopRequestEndsAQueryThatRuns) {
  arrow::StopSource source;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    source.RequestStop();
  });
  // Adds up for hours before it has a row.
  const auto reader = Query(*lake_, "SELECT sum(hash(a.range + b.range) % 7) FROM range(100000000) a, range(1000000) b",
                            {.stop = source.token()});
  const auto rows = reader.ok() ? (*reader)->ToTable().status() : reader.status();
  stopper.join();
  ASSERT_FAILS(ErrorKind::kCancelled, "", rows);
  ASSERT_FAILS(ErrorKind::kCancelled, "", Query(*lake_, "SELECT 1", {.stop = source.token()}));
}

TEST_F(ReadTest, AClosedReaderEndsItsQuery) {
  ASSERT_OK_AND_ASSIGN(const auto reader, Query(*lake_, "SELECT * FROM range(1000000000)"));
  ASSERT_OK(reader->Next().status());
  ASSERT_OK(reader->Close());
  ASSERT_FAILS(ErrorKind::kInvalid, "closed", reader->Next());
}

TEST_F(ReadTest, CallsRunInTheBackground) {
  WriteOrders("none");
  auto reading = Async([&] { return Ids(); });
  auto failing = Async([&] { return Read(*lake_, {"no", "table"}); });
  auto status = Async([] { return MakeError(ErrorKind::kDenied, "no"); });
  EXPECT_EQ(reading.result().ValueOrDie(), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(KindOf(failing.status()), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(status.status()), ErrorKind::kDenied);
}

TEST_F(ReadTest, MoreCallsThanThreadsComeToTheirEnd) {
  std::vector<arrow::Future<std::string>> calls;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(Async([this, i] { return Value("SELECT ?", {.parameters = {i}}); }));
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(calls[static_cast<size_t>(i)].result().ValueOrDie(), std::to_string(i));
}

TEST_F(ReadTest, AStopRequestEndsACallInTheBackground) {
  arrow::StopSource source;
  std::atomic<bool> begun{false};
  auto waiting = Async(
      [&](const arrow::StopToken& stop) -> Status {
        begun = true;
        while (!stop.IsStopRequested()) std::this_thread::yield();
        return MakeError(ErrorKind::kCancelled, "stopped inside");
      },
      source.token());
  while (!begun) std::this_thread::yield();
  source.RequestStop();
  ASSERT_FAILS(ErrorKind::kCancelled, "stopped inside", waiting.status());
  auto late = Async([]() -> Result<int> { return 1; }, source.token());
  ASSERT_FAILS(ErrorKind::kCancelled, "before it was begun", late.status());
}

}  // namespace
}  // namespace glaux::testing
