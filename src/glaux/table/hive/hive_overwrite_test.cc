// Commits that replace rows: readers see the old ones or the new.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "glaux/table/hive/hive_table.h"
#include "glaux/table/hive/orders_for_test.h"
#include "glaux/testing/faulty_store.h"

namespace glaux {
namespace {

using glaux::testing::FaultyStore;
using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr char kByDay[] = "day(at)";
constexpr char kByRegion[] = "region";
constexpr char kFlat[] = "";

AppendOptions Replace(Overwrite overwrite, std::chrono::seconds grace = std::chrono::hours(1)) {
  return {.overwrite = overwrite, .grace = grace};
}

using Ids = std::vector<int64_t>;

TEST(HiveOverwrite, OfATableWithoutPartitionsMovesItsLocationAndKeepsItsRoot) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 3), kFlat));
  ASSERT_OK_AND_ASSIGN(const auto summary, world.Add(Orders(5, 2), kFlat, nullptr, Replace(Overwrite::kTable)));
  EXPECT_EQ(summary.files_replaced, 1);
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(5, 6));
  ASSERT_OK_AND_ASSIGN(const auto entry, world.catalog->GetTable(kId));
  EXPECT_EQ(entry.storage.location, "s3://lake/sales/orders/" + summary.commit_id + "/");
  EXPECT_EQ(entry.parameters.at(kRootParameter), "s3://lake/sales/orders/");
  // What is added goes to where the table is now.
  ASSERT_OK(world.Add(Orders(7, 1), kFlat));
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(5, 6, 7));
  ASSERT_OK_AND_ASSIGN(const auto again, world.Add(nullptr, kFlat, nullptr, Replace(Overwrite::kTable)));
  EXPECT_EQ(again.files_replaced, 2);
  EXPECT_THAT(world.Ids().ValueOrDie(), SizeIs(0));
  // And everything is below the root.
  ASSERT_OK(DropHiveTable(world.Environment(), kId));
  EXPECT_TRUE(ListAll(*world.store, "").ValueOrDie().empty());
}

TEST(HiveOverwrite, OfTheTableReplacesEveryPartition) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 3), kByDay));
  ASSERT_OK_AND_ASSIGN(const auto summary, world.Add(Orders(2, 2), kByDay, nullptr, Replace(Overwrite::kTable)));
  EXPECT_EQ(summary.partitions_added, 1);
  EXPECT_EQ(summary.partitions_replaced, 3);
  EXPECT_EQ(summary.files_replaced, 3);
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(2, 3));
  ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(*world.catalog, kId));
  ASSERT_EQ(partitions.size(), 2u);
  EXPECT_EQ(partitions[0].storage.location,
            "s3://lake/sales/orders/" + summary.commit_id + "/year=2025/month=02/day=02/");
  ASSERT_OK_AND_ASSIGN(const auto entry, world.catalog->GetTable(kId));
  EXPECT_EQ(entry.storage.location, "s3://lake/sales/orders/");
}

TEST(HiveOverwrite, OfPartitionsReplacesThoseWrittenAndThoseNamed) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 3), kByDay));  // 31 January, 1 and 2 February
  auto options = Replace(Overwrite::kPartitions);
  options.replace_partitions = {{"2025", "01", "31"}, {"1999", "01", "01"}};
  ASSERT_OK_AND_ASSIGN(const auto summary, world.Add(Orders(2, 2), kByDay, nullptr, options));
  EXPECT_EQ(summary.partitions_added, 1);
  EXPECT_EQ(summary.partitions_replaced, 2);
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(1, 2, 3));
  EXPECT_THAT(AllPartitions(*world.catalog, kId).ValueOrDie(), SizeIs(3));

  options.replace_partitions = {{"2025", "01"}};
  ASSERT_FAILS(ErrorKind::kInvalid, "has 2 values, expected: 3", world.Add(Orders(2, 1), kByDay, nullptr, options));
  options.overwrite = Overwrite::kTable;
  ASSERT_FAILS(ErrorKind::kInvalid, "does not overwrite partitions", world.Add(Orders(2, 1), kByDay, nullptr, options));
}

/// An append that replaces what it names.
Result<std::unique_ptr<Append>> BeginNamed(const World& world, std::vector<std::vector<std::string>> partitions) {
  ARROW_ASSIGN_OR_RAISE(const auto table, world.Open());
  ARROW_ASSIGN_OR_RAISE(auto append, World::Begin(*table, *Orders(0, 0)->schema(), Replace(Overwrite::kNamed)));
  ARROW_RETURN_NOT_OK(append->Replace(std::move(partitions)));
  return append;
}

TEST(HiveOverwrite, OfNamedPartitionsAddsToOthers) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 4), kByRegion));  // eu: 0, 2; us: 1, 3
  const auto before = world.DataKeys();
  ASSERT_OK_AND_ASSIGN(auto append, BeginNamed(world, {{"eu"}}));
  ASSERT_OK(append->Write(Orders(4, 2)));  // 4 in place of eu's rows, 5 beside those of us
  EXPECT_THAT(append->Partitions().ValueOrDie(), SizeIs(2));
  ASSERT_OK_AND_ASSIGN(auto summary, append->Commit({}));
  EXPECT_EQ(summary.partitions_replaced, 1);
  EXPECT_EQ(summary.partitions_added, 0);
  EXPECT_EQ(summary.files_replaced, 1);
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(1, 3, 4, 5));
  for (const auto& key : before) EXPECT_TRUE(world.store->Head(key).ok()) << key;

  // A partition that gets no row is dropped.
  ASSERT_OK_AND_ASSIGN(append, BeginNamed(world, {{"us"}}));
  ASSERT_OK_AND_ASSIGN(summary, append->Commit({}));
  EXPECT_EQ(summary.partitions_replaced, 1);
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(4));
  EXPECT_THAT(AllPartitions(*world.catalog, kId).ValueOrDie(), SizeIs(1));
  // Where its replaced files still lie, new ones do not go.
  ASSERT_OK_AND_ASSIGN(append, BeginNamed(world, {}));
  ASSERT_OK(append->Write(Orders(7, 1)));
  ASSERT_OK(append->Commit({}));
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(4, 7));
}

TEST(HiveOverwrite, OfNothingNamedOnlyAddsAndIsStillRefusedWhenRowsChange) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 2), kFlat));
  ASSERT_OK_AND_ASSIGN(auto append, BeginNamed(world, {}));
  ASSERT_OK(append->Write(Orders(2, 1)));
  ASSERT_OK_AND_ASSIGN(const auto summary, append->Commit({}));
  EXPECT_EQ(summary.files_replaced, 0);
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(0, 1, 2));

  ASSERT_OK_AND_ASSIGN(append, BeginNamed(world, {}));
  ASSERT_OK(append->Write(Orders(3, 1)));
  ASSERT_OK(world.Add(Orders(9, 1), kFlat));
  const auto refused = append->Commit({}).status();
  ASSERT_FAILS(ErrorKind::kPrecondition, "another run has changed the table", refused);
  EXPECT_EQ(InfoOf(refused).code, kRowsChanged);
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(0, 1, 2, 9));
}

TEST(HiveOverwrite, OfTheOnePartitionOfAFlatTableReplacesAll) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 2), kFlat));
  ASSERT_OK_AND_ASSIGN(auto append, BeginNamed(world, {{}}));
  ASSERT_OK(append->Write(Orders(5, 1)));
  ASSERT_OK(append->Commit({}));
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(5));
  ASSERT_FAILS(ErrorKind::kInvalid, "has 1 values, expected: 0", BeginNamed(world, {{"eu"}}));
}

TEST(HiveOverwrite, ThatIsNotMadeFromRowsReplacesWhatIsThereAtItsCommit) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 4), kByRegion));
  ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
  auto options = Replace(Overwrite::kPartitions);
  options.made_from_rows = false;
  ASSERT_OK_AND_ASSIGN(const auto append, World::Begin(*table, *Orders(0, 0)->schema(), options));
  ASSERT_OK(append->Write(Orders(10, 1)));
  ASSERT_OK(world.Add(Orders(20, 2), kByRegion));
  ASSERT_OK(append->Commit({}));
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(1, 3, 10, 21));
}

TEST(HiveOverwrite, OfPartitionsWithoutRowsChangesNothing) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 3), kFlat));
  ASSERT_OK_AND_ASSIGN(const auto summary, world.Add(nullptr, kFlat, nullptr, Replace(Overwrite::kPartitions)));
  EXPECT_EQ(summary.files_replaced, 0);
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(0, 1, 2));
}

TEST(HiveOverwrite, KeepsPropertiesAndCommentsAndGivesThePartitionTheTablesColumns) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 1), kByDay));
  ASSERT_OK_AND_ASSIGN(auto entry, world.catalog->GetTable(kId));
  entry.storage.columns[0].comment = "number of the order";
  entry.parameters["owner-team"] = "sales";
  ASSERT_OK(world.catalog->CommitTable(entry.version_id, entry));
  ASSERT_OK_AND_ASSIGN(auto partitions, AllPartitions(*world.catalog, kId));
  partitions[0].parameters["checked"] = "yes";
  ASSERT_OK(world.catalog->ApplyPartitions(kId, {.put = partitions, .replace_existing = true}));

  auto wider = Orders(0, 1);
  ASSERT_OK_AND_ASSIGN(wider, wider->AddColumn(1, "tax", wider->column(0)));
  ASSERT_OK(world.Add(wider, kByDay, nullptr, Replace(Overwrite::kPartitions)));
  ASSERT_OK_AND_ASSIGN(entry, world.catalog->GetTable(kId));
  EXPECT_EQ(entry.parameters.at("owner-team"), "sales");
  EXPECT_EQ(entry.storage.columns[0].comment, "number of the order");
  ASSERT_OK_AND_ASSIGN(partitions, AllPartitions(*world.catalog, kId));
  EXPECT_EQ(partitions[0].parameters.at("checked"), "yes");
  EXPECT_EQ(partitions[0].storage.columns, entry.storage.columns);
}

TEST(HiveOverwrite, RowsAreAddedWhereThePartitionIsNow) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 2), kByRegion));
  ASSERT_OK_AND_ASSIGN(const auto summary,
                       world.Add(Orders(10, 1), kByRegion, nullptr, Replace(Overwrite::kPartitions)));
  ASSERT_OK_AND_ASSIGN(const auto added, world.Add(Orders(12, 1), kByRegion));
  EXPECT_EQ(added.partitions_added, 0);
  EXPECT_THAT(added.files, ElementsAre(::testing::HasSubstr(summary.commit_id + "/region=eu/" + added.commit_id)));
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(1, 10, 12));
}

TEST(HiveOverwrite, RowsAreAddedToAPartitionThatSomebodyPutElsewhere) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 1), kByRegion));
  ASSERT_OK_AND_ASSIGN(auto partitions, AllPartitions(*world.catalog, kId));
  partitions[0].values = {"us"};
  partitions[0].storage.location = "s3://lake/elsewhere/us";
  ASSERT_OK(world.catalog->ApplyPartitions(kId, {.put = partitions}));
  ASSERT_OK(world.Add(Orders(1, 1), kByRegion));
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(0, 1));
  EXPECT_EQ(ListAll(*world.store, "elsewhere/us/").ValueOrDie().size(), 1u);
  // An overwrite does not delete what is not below the table.
  ASSERT_OK(world.Add(Orders(3, 1), kByRegion, nullptr, Replace(Overwrite::kTable, std::chrono::seconds(0))));
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(3));
  EXPECT_EQ(ListAll(*world.store, "elsewhere/us/").ValueOrDie().size(), 1u);
}

TEST(HiveOverwrite, ADroppedPartitionComesBackWithoutItsOldRows) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 2), kByRegion));
  ASSERT_OK(world.Add(Orders(10, 1), kByRegion, nullptr, Replace(Overwrite::kTable)));
  ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
  // The folder of the dropped partition still holds a file.
  ASSERT_OK_AND_ASSIGN(const auto repaired, table->Repair(std::chrono::seconds(-1)));
  EXPECT_EQ(repaired.partitions_added, 0);
  EXPECT_EQ(repaired.files_removed, 0);
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(10));
  ASSERT_OK(world.Add(Orders(11, 1), kByRegion));
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(10, 11));
}

TEST(HiveOverwrite, ReplacedFilesGoWithTheNextCommitAfterTheirGrace) {
  World world;
  SetClock clock;
  world.clock = &clock;
  ASSERT_OK(world.Add(Orders(0, 2), kByDay));
  ASSERT_OK(world.Add(Orders(0, 2), kByDay, nullptr, Replace(Overwrite::kTable, std::chrono::minutes(10))));
  EXPECT_THAT(world.DataKeys(), SizeIs(4));
  clock.now += std::chrono::minutes(9);
  ASSERT_OK(world.Add(Orders(5, 1), kByDay));
  EXPECT_THAT(world.DataKeys(), SizeIs(5));
  clock.now += std::chrono::minutes(1);
  ASSERT_OK(world.Add(Orders(6, 1), kByDay));
  EXPECT_THAT(world.DataKeys(), SizeIs(4));
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(0, 1, 5, 6));
  EXPECT_TRUE(ListAll(*world.store, "sales/orders/_glaux/commits/").ValueOrDie().empty());
}

TEST(HiveOverwrite, RepairRemovesReplacedFilesAfterTheirGraceAndKeepsTheirRecordBefore) {
  World world;
  SetClock clock;
  world.clock = &clock;
  ASSERT_OK(world.Add(Orders(0, 2), kByDay));
  ASSERT_OK(world.Add(Orders(0, 2), kByDay, nullptr, Replace(Overwrite::kTable, std::chrono::minutes(10))));
  ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
  // Of the store's own clock, the record is younger than any grace; a negative one is older.
  ASSERT_OK_AND_ASSIGN(auto summary, table->Repair(std::chrono::hours(-1'000'000)));
  EXPECT_EQ(summary.files_removed, 0);
  clock.now += std::chrono::minutes(11);
  ASSERT_OK_AND_ASSIGN(summary, table->Repair(std::chrono::hours(-1'000'000)));
  EXPECT_EQ(summary.files_removed, 2);
  EXPECT_THAT(world.DataKeys(), SizeIs(2));
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(0, 1));
}

TEST(HiveOverwrite, AGraceOfNothingDeletesRightAway) {
  World world;
  for (const char* spec : {kFlat}) {
    ASSERT_OK(world.Add(Orders(0, 2), spec));
    for (int i = 0; i < 3; ++i) {
      ASSERT_OK(world.Add(Orders(i, 2), spec, nullptr, Replace(Overwrite::kTable, std::chrono::seconds(0))));
      EXPECT_THAT(world.DataKeys(), SizeIs(1));
    }
  }
  EXPECT_TRUE(ListAll(*world.store, "sales/orders/_glaux/commits/").ValueOrDie().empty());
}

TEST(HiveOverwrite, OfRowsThatHaveChangedSinceItBeganIsRefused) {
  for (const auto overwrite : {Overwrite::kTable, Overwrite::kPartitions}) {
    World world;
    ASSERT_OK(world.Add(Orders(0, 2), kByRegion));
    ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
    ASSERT_OK_AND_ASSIGN(const auto append, World::Begin(*table, *Orders(0, 0)->schema(), Replace(overwrite)));
    ASSERT_OK(append->Write(Orders(10, 2)));
    ASSERT_OK(world.Add(Orders(2, 1), kByRegion));
    ASSERT_FAILS(ErrorKind::kPrecondition, "another run has changed the table", append->Commit({}));
    EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(0, 1, 2));
  }
}

TEST(HiveOverwrite, AStreamThatMovesByItselfIsNoChangeOfRows) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 2), kByRegion));
  ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
  ASSERT_OK_AND_ASSIGN(const auto append, World::Begin(*table, *Orders(0, 0)->schema(), Replace(Overwrite::kTable)));
  ASSERT_OK(append->Write(Orders(10, 2)));
  ASSERT_OK(table->ChangeStream({.stream = "s", .expected = std::nullopt, .next = "1"}));
  ASSERT_OK(append->Commit({}));
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(10, 11));
}

TEST(HiveOverwrite, RowsForAPartitionThatMovedMeanwhileAreRefused) {
  for (const char* spec : {kByRegion, kFlat}) {
    World world;
    ASSERT_OK(world.Add(Orders(0, 2), spec));
    ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
    // Little memory: the files are begun, and so placed, before the overwrite.
    ASSERT_OK_AND_ASSIGN(const auto append, World::Begin(*table, *Orders(0, 0)->schema(), {.memory_limit = 1}));
    ASSERT_OK(append->Write(Orders(2, 1)));
    ASSERT_OK(world.Add(Orders(10, 1), spec, nullptr, Replace(Overwrite::kPartitions)));
    ASSERT_FAILS(ErrorKind::kPrecondition, "nothing was added", append->Commit({}));
    ASSERT_OK_AND_ASSIGN(const auto ids, world.Ids());
    EXPECT_EQ(ids, spec == std::string(kFlat) ? Ids({10}) : Ids({1, 10}));
  }
}

TEST(HiveOverwrite, RowsForAPartitionThatDidNotMoveAreAdded) {
  World world;
  ASSERT_OK(world.Add(Orders(0, 2), kByRegion));
  ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
  ASSERT_OK_AND_ASSIGN(const auto append, World::Begin(*table, *Orders(0, 0)->schema(), {.memory_limit = 1}));
  ASSERT_OK(append->Write(Orders(2, 1)));
  ASSERT_OK(world.Add(Orders(11, 1), kByRegion, nullptr, Replace(Overwrite::kPartitions)));
  ASSERT_OK(append->Commit({}));
  EXPECT_THAT(world.Ids().ValueOrDie(), ElementsAre(0, 2, 11));
}

struct FaultCase {
  const char* name;
  const char* spec;
  Overwrite overwrite;
  int64_t grace_seconds;
  Ids new_rows;
};

class OverwriteFaults : public ::testing::TestWithParam<std::tuple<FaultCase, FaultyStore::When>> {};

TEST_P(OverwriteFaults, AtAnyCallLeaveTheOldRowsOrTheNew) {
  const auto& [test, when] = GetParam();
  const auto options = Replace(test.overwrite, std::chrono::seconds(test.grace_seconds));
  const Ids old_rows = {0, 1};
  for (int n = 1;; ++n) {
    World world;
    ASSERT_OK(world.Add(Orders(0, 2), test.spec));
    const auto faulty = std::make_shared<FaultyStore>(world.store, n, when);
    const auto broken = world.Add(Orders(1, 2), test.spec, faulty, options);
    const std::string at = "fault at call " + std::to_string(n) + ": " + broken.status().ToString();
    ASSERT_OK_AND_ASSIGN(const auto seen, world.Ids());
    EXPECT_TRUE(seen == old_rows || seen == test.new_rows) << at;
    if (broken.ok()) {
      EXPECT_EQ(seen, test.new_rows) << at;
    }
    // A filter over the keys sees the same generation.
    ASSERT_OK_AND_ASSIGN(const auto filter, Predicate::Parse("region = 'eu'"));
    ASSERT_OK_AND_ASSIGN(const auto even, world.Ids({.columns = std::vector<std::string>{"id"}, .filter = filter}));
    EXPECT_EQ(even, seen == old_rows ? Ids({0}) : test.new_rows == Ids({0, 1, 2}) ? Ids({0, 2}) : Ids({2})) << at;

    ASSERT_OK_AND_ASSIGN(const auto table, world.Open());
    ASSERT_OK(table->Repair(std::chrono::hours(-1)));
    ASSERT_OK_AND_ASSIGN(const auto recovered, world.Ids());
    EXPECT_TRUE(recovered == test.new_rows || (recovered == old_rows && seen == old_rows && !broken.ok())) << at;
    EXPECT_TRUE(world.store->ListMultipart("").ValueOrDie().empty()) << at;

    // The same again, with a store that works.
    ASSERT_OK(world.Add(Orders(1, 2), test.spec, nullptr, options));
    ASSERT_OK_AND_ASSIGN(const auto rows, world.Ids());
    EXPECT_EQ(rows, test.new_rows) << at;
    if (test.grace_seconds == 0) {
      // Nothing replaced is left, nor any record.
      ASSERT_OK(table->Refresh());
      ASSERT_OK_AND_ASSIGN(const auto plan, table->Plan({}));
      EXPECT_EQ(world.DataKeys().size(), plan.files.size()) << at;
      EXPECT_TRUE(ListAll(*world.store, "sales/orders/_glaux/commits/").ValueOrDie().empty()) << at;
    }
    if (!faulty->fired()) break;
    ASSERT_LT(n, 1000);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, OverwriteFaults,
    ::testing::Combine(::testing::Values(FaultCase{"FlatTable", kFlat, Overwrite::kTable, 3600, {1, 2}},
                                         FaultCase{"FlatTableAtOnce", kFlat, Overwrite::kTable, 0, {1, 2}},
                                         FaultCase{"FlatPartitions", kFlat, Overwrite::kPartitions, 3600, {1, 2}},
                                         FaultCase{"DaysTable", kByDay, Overwrite::kTable, 3600, {1, 2}},
                                         FaultCase{"DaysTableAtOnce", kByDay, Overwrite::kTable, 0, {1, 2}},
                                         FaultCase{"DaysPartitions", kByDay, Overwrite::kPartitions, 3600, {0, 1, 2}},
                                         FaultCase{
                                             "DaysPartitionsAtOnce", kByDay, Overwrite::kPartitions, 0, {0, 1, 2}},
                                         FaultCase{"RegionsTable", kByRegion, Overwrite::kTable, 3600, {1, 2}}),
                       ::testing::Values(FaultyStore::When::kBefore, FaultyStore::When::kAfter)),
    [](const auto& info) {
      return std::string(std::get<0>(info.param).name) +
             (std::get<1>(info.param) == FaultyStore::When::kBefore ? "BeforeTheEffect" : "AfterTheEffect");
    });

/// Every row says which generation it is of: a reader must find just one, and all of it.
void ReadWhileOverwriting(const char* spec, Overwrite overwrite, std::chrono::seconds grace) {
  World world;
  constexpr int kGenerations = 50, kRows = 4;
  // ids g * 4 … g * 4 + 3; by region, every generation writes the same two partitions.
  ASSERT_OK(world.Add(Orders(0, kRows), spec));
  std::atomic<bool> done{false}, broken{false};
  std::atomic<int> looks{0};
  std::vector<std::string> wrong;
  std::thread reader([&] {
    int64_t newest = 0;
    while (!done) {
      const auto environment = world.Environment();
      const auto table = OpenHiveTable(environment, kId);
      if (!table.ok()) {
        wrong.push_back(table.status().ToString());
        broken = true;
        return;
      }
      const auto rows = Scan(**table, environment.resolve, {});
      const auto read = rows.ok() ? (*rows)->ToTable() : Result<std::shared_ptr<arrow::Table>>(rows.status());
      if (!read.ok()) {
        // Without a grace the files may go before they are read; that is said, never a part of them given.
        const std::string why = read.status().ToString();
        if (grace.count() > 0 || why.find("there is no such object") == std::string::npos) wrong.push_back(why);
        continue;
      }
      const auto ids = SortedIds(**read);
      const int64_t first = ids.empty() ? -1 : ids[0];
      if (first < newest || first % kRows != 0 || ids != Ids({first, first + 1, first + 2, first + 3})) {
        wrong.push_back(::testing::PrintToString(ids));
      }
      newest = first;
      ++looks;
    }
  });
  for (int g = 1; g <= kGenerations; ++g) {
    EXPECT_OK(world.Add(Orders(g * kRows, kRows), spec, nullptr, Replace(overwrite, grace)));
    // Let the reader get a look in between.
    for (const int seen = looks; g % 10 == 0 && looks == seen && !broken;) std::this_thread::yield();
  }
  done = true;
  reader.join();
  EXPECT_THAT(wrong, ElementsAre());
  EXPECT_GT(looks, 0);
  EXPECT_EQ(world.Ids().ValueOrDie().at(0), kGenerations * kRows);
}

TEST(HiveOverwrite, AReaderDuringManySeesOneGeneration) {
  ReadWhileOverwriting(kFlat, Overwrite::kTable, std::chrono::hours(1));
  ReadWhileOverwriting(kByDay, Overwrite::kTable, std::chrono::hours(1));
  ReadWhileOverwriting(kByRegion, Overwrite::kPartitions, std::chrono::hours(1));
}

TEST(HiveOverwrite, AReaderDuringManyWithoutGraceSeesOneGenerationOrAnError) {
  ReadWhileOverwriting(kFlat, Overwrite::kTable, std::chrono::seconds(0));
  ReadWhileOverwriting(kByDay, Overwrite::kTable, std::chrono::seconds(0));
}

TEST(HiveOverwrite, APlanThatOneOvertakesIsMadeAgain) {
  for (const char* spec : {kByDay, kFlat}) {
    for (const int64_t grace : {0, 3600}) {
      World world;
      ASSERT_OK(world.Add(Orders(0, 4), spec));
      auto environment = world.Environment();
      const auto resolve = environment.resolve;
      std::mutex mutex;  // several threads list
      int overtakes = 0;
      // Plan resolves a location when it has read the state and the catalog and is about to list.
      environment.resolve = [&](std::string_view uri) {
        std::lock_guard lock(mutex);
        if (overtakes > 0) {
          --overtakes;
          EXPECT_OK(world.Add(Orders(10 + overtakes, 2), spec, nullptr,
                              Replace(Overwrite::kTable, std::chrono::seconds(grace))));
        }
        return resolve(uri);
      };
      ASSERT_OK_AND_ASSIGN(const auto table, OpenHiveTable(environment, kId));
      overtakes = 3;
      ASSERT_OK_AND_ASSIGN(const auto reader, Scan(*table, resolve, {}));
      ASSERT_OK_AND_ASSIGN(const auto rows, reader->ToTable());
      EXPECT_THAT(SortedIds(*rows), ElementsAre(10, 11)) << spec << grace;
      EXPECT_EQ(overtakes, 0);
    }
  }
}

TEST(HiveOverwrite, RacesWithRowsThatAreAddedEndRightOrRefused) {
  for (const char* spec : {kByRegion, kFlat}) {
    for (int round = 0; round < 10; ++round) {
      World world;
      ASSERT_OK(world.Add(Orders(0, 2), spec));
      std::vector<Status> added(6), replaced(3);
      std::vector<std::thread> threads;
      for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&, i] { added[i] = world.Add(Orders(10 + i, 1), spec).status(); });
      }
      for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&, i] {
          replaced[i] = world.Add(Orders(100 + 2 * i, 2), spec, nullptr, Replace(Overwrite::kTable)).status();
        });
      }
      for (auto& thread : threads) thread.join();
      ASSERT_OK_AND_ASSIGN(const auto ids, world.Ids());
      bool any = false;
      int generations = 0;
      for (int i = 0; i < 3; ++i) {
        if (!replaced[i].ok()) {
          EXPECT_EQ(KindOf(replaced[i]), ErrorKind::kPrecondition) << replaced[i].ToString();
        }
        any |= replaced[i].ok();
        const bool one = std::count(ids.begin(), ids.end(), 100 + 2 * i) > 0;
        EXPECT_EQ(one, std::count(ids.begin(), ids.end(), 101 + 2 * i) > 0);
        EXPECT_TRUE(!one || replaced[i].ok());
        generations += one;
      }
      EXPECT_EQ(generations, any ? 1 : 0);
      EXPECT_EQ(std::count(ids.begin(), ids.end(), 0), any ? 0 : 1);
      for (int i = 0; i < 6; ++i) {
        const bool there = std::count(ids.begin(), ids.end(), 10 + i) == 1;
        if (!added[i].ok()) {
          EXPECT_EQ(KindOf(added[i]), ErrorKind::kPrecondition) << added[i].ToString();
          EXPECT_FALSE(there);
        } else {
          EXPECT_TRUE(there || any);  // an overwrite that came later has taken it away
        }
      }
    }
  }
}

}  // namespace
}  // namespace glaux
