// Streams, the ledger and its watermark.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/table/hive/hive_table.h"
#include "glaux/table/hive/orders_for_test.h"
#include "glaux/testing/faulty_store.h"
#include "glaux/testing/run_together.h"

namespace glaux {
namespace {

using glaux::testing::FaultyStore;
using glaux::testing::RunTogether;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr char kSpec[] = "day(at)";

LoadedFile File(std::string key, int day) {
  return {.key = std::move(key),
          .etag = "e",
          .size = 1,
          .modified = std::chrono::sys_days(std::chrono::year(2025) / 1 / day)};
}

Timestamp Day(int day) { return std::chrono::sys_days(std::chrono::year(2025) / 1 / day); }

TEST(HiveStreams, ACommitMovesTheStreamWithItsRows) {
  World world;
  const StreamChange first[] = {{.stream = "orders", .expected = std::nullopt, .next = "10"}};
  ASSERT_OK(world.Add(Orders(0, 1), kSpec, nullptr, {}, first));
  const StreamChange second[] = {{.stream = "orders", .expected = "10", .next = "20"},
                                 {.stream = "items", .expected = std::nullopt, .next = "a"}};
  ASSERT_OK(world.Add(Orders(1, 1), kSpec, nullptr, {}, second));
  ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
  ASSERT_OK_AND_ASSIGN(auto streams, table->Streams());
  EXPECT_THAT(streams, ElementsAre(Pair("items", "a"), Pair("orders", "20")));
  const StreamChange gone[] = {{.stream = "items", .expected = "a", .next = std::nullopt}};
  ASSERT_OK(world.Add(nullptr, kSpec, nullptr, {}, gone));
  ASSERT_OK_AND_ASSIGN(streams, table->Streams());
  EXPECT_THAT(streams, ElementsAre(Pair("orders", "20")));
}

TEST(HiveStreams, AStreamThatIsNotAsExpectedAddsNothing) {
  World world;
  const StreamChange first[] = {{.stream = "s", .expected = std::nullopt, .next = "10"}};
  ASSERT_OK(world.Add(Orders(0, 1), kSpec, nullptr, {}, first));
  ASSERT_FAILS(ErrorKind::kPrecondition, "expected none, found '10'",
               world.Add(Orders(1, 1), kSpec, nullptr, {}, first));
  const StreamChange other[] = {{.stream = "s", .expected = "9", .next = "11"}};
  ASSERT_FAILS(ErrorKind::kPrecondition, "expected '9', found '10'",
               world.Add(Orders(1, 1), kSpec, nullptr, {}, other));
  const StreamChange twice[] = {{.stream = "s", .expected = "10", .next = "11"},
                                {.stream = "s", .expected = "10", .next = "12"}};
  ASSERT_FAILS(ErrorKind::kInvalid, "named twice", world.Add(Orders(1, 1), kSpec, nullptr, {}, twice));
  ASSERT_OK_AND_ASSIGN(const auto ids, world.Ids());
  EXPECT_THAT(ids, ElementsAre(0));
  EXPECT_EQ(world.DataKeys().size(), 1u);
  ASSERT_OK_AND_ASSIGN(const auto uploads, world.store->ListMultipart(""));
  EXPECT_TRUE(uploads.empty());
}

TEST(HiveStreams, OfCommitsThatExpectTheSameOneWins) {
  for (int round = 0; round < 10; ++round) {
    World world;
    ASSERT_OK(world.Add(Orders(100, 1), kSpec));
    constexpr int kWriters = 4;
    std::vector<Status> results(kWriters);
    RunTogether(kWriters, [&](int i) {
      const StreamChange change[] = {{.stream = "s", .expected = std::nullopt, .next = std::to_string(i)}};
      results[i] = world.Add(Orders(i, 1), kSpec, nullptr, {}, change).status();
    });
    std::vector<int64_t> won;
    for (int i = 0; i < kWriters; ++i) {
      if (results[i].ok())
        won.push_back(i);
      else
        EXPECT_EQ(KindOf(results[i]), ErrorKind::kPrecondition) << results[i].ToString();
    }
    ASSERT_EQ(won.size(), 1u);
    ASSERT_OK_AND_ASSIGN(const auto ids, world.Ids());
    EXPECT_THAT(ids, ElementsAre(won[0], 100));
    ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
    ASSERT_OK_AND_ASSIGN(const auto streams, table->Streams());
    EXPECT_EQ(streams.at("s"), std::to_string(won[0]));
  }
}

TEST(HiveStreams, ChangeStreamComparesAndSwaps) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 1), kSpec));
  ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
  ASSERT_OK(table->ChangeStream({.stream = "s", .expected = std::nullopt, .next = "1"}));
  ASSERT_FAILS(ErrorKind::kPrecondition, "sales.orders: change stream s",
               table->ChangeStream({.stream = "s", .expected = std::nullopt, .next = "2"}));
  ASSERT_OK(table->ChangeStream({.stream = "s", .expected = "1", .next = std::nullopt}));
  ASSERT_OK_AND_ASSIGN(const auto streams, table->Streams());
  EXPECT_TRUE(streams.empty());
}

class StreamFaults : public ::testing::TestWithParam<FaultyStore::When> {};

TEST_P(StreamFaults, RowsAndStreamMoveTogetherWhateverFails) {
  for (int n = 1;; ++n) {
    World world;
    const StreamChange first[] = {{.stream = "s", .expected = std::nullopt, .next = "1"}};
    ASSERT_OK(world.Add(Orders(0, 1), kSpec, nullptr, {}, first));
    const auto faulty = std::make_shared<FaultyStore>(world.store, n, GetParam());
    const StreamChange second[] = {{.stream = "s", .expected = "1", .next = "2"}};
    const auto result = world.Add(Orders(1, 1), kSpec, faulty, {}, second);
    ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
    // Reading the streams finishes what has begun, so afterwards they say which rows are there.
    ASSERT_OK_AND_ASSIGN(const auto streams, table->Streams());
    ASSERT_OK_AND_ASSIGN(const auto ids, world.Ids());
    EXPECT_EQ(ids.size(), streams.at("s") == "2" ? 2u : 1u) << "fault at call " << n;
    if (result.ok()) {
      EXPECT_EQ(streams.at("s"), "2");
    }
    // A run that starts from what the stream says ends with every row once.
    if (streams.at("s") == "1") ASSERT_OK(world.Add(Orders(1, 1), kSpec, nullptr, {}, second));
    ASSERT_OK_AND_ASSIGN(const auto all, world.Ids());
    EXPECT_THAT(all, ElementsAre(0, 1)) << "fault at call " << n << ": " << result.status().ToString();
    if (!faulty->fired()) break;
    ASSERT_LT(n, 1000);
  }
}

TEST_P(StreamFaults, ChangeStreamHappensOrNot) {
  for (int n = 1;; ++n) {
    World world;
    ASSERT_OK(world.Add(Orders(0, 1), kSpec));
    const auto faulty = std::make_shared<FaultyStore>(world.store, n, GetParam());
    ASSERT_OK_AND_ASSIGN(const auto through, world.Open(faulty));
    const Status status = through->ChangeStream({.stream = "s", .expected = std::nullopt, .next = "1"});
    ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
    ASSERT_OK_AND_ASSIGN(const auto streams, table->Streams());
    EXPECT_LE(streams.size(), 1u);
    if (status.ok()) {
      EXPECT_EQ(streams.size(), 1u) << "fault at call " << n;
    }
    if (!faulty->fired()) break;
    ASSERT_LT(n, 100);
  }
}

TEST_P(StreamFaults, ForgetLoadedKeepsOrForgetsWhole) {
  for (int n = 1;; ++n) {
    World world;
    for (const char* key : {"a", "b", "c"}) ASSERT_OK(world.Load(Orders(0, 1), key));
    const auto faulty = std::make_shared<FaultyStore>(world.store, n, GetParam());
    ASSERT_OK_AND_ASSIGN(const auto through, world.Open(faulty));
    const auto result = through->ForgetLoaded([](const LoadedFile& file) { return file.key != "b"; });
    ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
    ASSERT_OK_AND_ASSIGN(const auto loaded, table->Loaded());
    EXPECT_TRUE(loaded.size() == 3 || loaded.size() == 1) << "fault at call " << n;
    if (result.ok()) {
      EXPECT_EQ(*result, 2);
      EXPECT_EQ(loaded.size(), 1u) << "fault at call " << n;
    }
    if (!faulty->fired()) break;
    ASSERT_LT(n, 100);
  }
}

INSTANTIATE_TEST_SUITE_P(When, StreamFaults, ::testing::Values(FaultyStore::When::kBefore, FaultyStore::When::kAfter),
                         [](const auto& info) {
                           return info.param == FaultyStore::When::kBefore ? "BeforeTheEffect" : "AfterTheEffect";
                         });

TEST(HiveLedger, LoadedTellsKeysAndTimes) {
  World world;
  ASSERT_OK(world.LoadFile(Orders(1, 1), File("b", 2)));
  ASSERT_OK(world.LoadFile(Orders(0, 1), File("a", 1)));
  ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
  ASSERT_OK_AND_ASSIGN(const auto loaded, table->Loaded());
  EXPECT_THAT(loaded, ElementsAre(File("a", 1), File("b", 2)));
  EXPECT_EQ(loaded[0].modified, Day(1));
  EXPECT_EQ(loaded[1].modified, Day(2));
}

TEST(HiveLedger, FilesFromBeforeTheWatermarkCountAsLoaded) {
  World world;
  ASSERT_OK(world.LoadFile(Orders(0, 1), File("a", 5), kSpec, nullptr, {.ledger_watermark = Day(4)}));
  ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
  const LoadedFile timeless{.key = "never seen", .etag = "e", .size = 1};
  const LoadedFile files[] = {File("a", 5), File("old", 3), File("edge", 4), File("new", 6), timeless};
  ASSERT_OK_AND_ASSIGN(auto loaded, table->AlreadyLoaded(files));
  EXPECT_THAT(loaded, ElementsAre(true, true, false, false, false));
  // It never goes back.
  ASSERT_OK(world.LoadFile(Orders(1, 1), File("b", 6), kSpec, nullptr, {.ledger_watermark = Day(2)}));
  ASSERT_OK_AND_ASSIGN(loaded, table->AlreadyLoaded(files));
  EXPECT_THAT(loaded, ElementsAre(true, true, false, false, false));
}

TEST(HiveLedger, MergingDropsWhatTheWatermarkCovers) {
  World world;
  for (int i = 0; i < 23; ++i) ASSERT_OK(world.LoadFile(Orders(i, 1), File("f" + std::to_string(i), 1 + i)));
  ASSERT_OK(world.Load(Orders(90, 1), "timeless"));
  ASSERT_OK(world.LoadFile(Orders(91, 1), File("last", 30), kSpec, nullptr, {.ledger_watermark = Day(20)}));
  ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
  ASSERT_OK_AND_ASSIGN(const auto kept, table->Loaded());
  std::vector<std::string> keys;
  for (const auto& file : kept) keys.push_back(file.key);
  EXPECT_THAT(keys, ElementsAre("f19", "f20", "f21", "f22", "last", "timeless"));
  const LoadedFile files[] = {File("f0", 1), File("f19", 20), {.key = "timeless", .etag = "e", .size = 1}};
  ASSERT_OK_AND_ASSIGN(const auto loaded, table->AlreadyLoaded(files));
  EXPECT_THAT(loaded, ElementsAre(true, true, true));
}

TEST(HiveLedger, ForgottenFilesLoadAgainAndTheWatermarkGoesWithThem) {
  World world;
  ASSERT_OK(world.LoadFile(Orders(0, 1), File("a", 5)));
  ASSERT_OK(world.LoadFile(Orders(1, 1), File("b", 6), kSpec, nullptr, {.ledger_watermark = Day(4)}));
  ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
  ASSERT_OK_AND_ASSIGN(const auto none, table->ForgetLoaded([](const LoadedFile&) { return false; }));
  EXPECT_EQ(none, 0);
  const LoadedFile files[] = {File("a", 5), File("b", 6), File("old", 3)};
  ASSERT_OK_AND_ASSIGN(auto loaded, table->AlreadyLoaded(files));
  EXPECT_THAT(loaded, ElementsAre(true, true, false));
  ASSERT_OK_AND_ASSIGN(const auto one, table->ForgetLoaded([](const LoadedFile& file) { return file.key == "a"; }));
  EXPECT_EQ(one, 1);
  ASSERT_OK_AND_ASSIGN(loaded, table->AlreadyLoaded(files));
  EXPECT_THAT(loaded, ElementsAre(false, true, false));
  ASSERT_OK_AND_ASSIGN(const auto all, table->ForgetLoaded([](const LoadedFile&) { return true; }));
  EXPECT_EQ(all, 1);
  ASSERT_OK_AND_ASSIGN(const auto left, table->Loaded());
  EXPECT_TRUE(left.empty());
  ASSERT_OK_AND_ASSIGN(const auto segments, ListAll(*world.store, "sales/orders/_glaux/ledger/"));
  EXPECT_TRUE(segments.empty());
}

}  // namespace
}  // namespace glaux
