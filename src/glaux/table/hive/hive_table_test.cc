#include "glaux/table/hive/hive_table.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "glaux/table/hive/orders_for_test.h"
#include "glaux/testing/faulty_store.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using glaux::testing::FaultyStore;
using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(HiveTable, ALoadCreatesTheTableInGluesShapeWithOneFileAPartition) {
  World world;
  ASSERT_OK_AND_ASSIGN(const auto summary, world.Load(Orders(0, 3), "a"));
  EXPECT_EQ(summary.rows, 3);
  EXPECT_EQ(summary.files.size(), 3u);
  ASSERT_OK_AND_ASSIGN(const auto entry, world.catalog->GetTable(kId));
  EXPECT_EQ(entry.table_type, "EXTERNAL_TABLE");
  EXPECT_EQ(entry.storage.serde_info.serialization_library,
            "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe");
  EXPECT_EQ(entry.storage.columns.size(), 3u);
  EXPECT_EQ(entry.partition_keys, (std::vector<Column>{{"year", "string"}, {"month", "string"}, {"day", "string"}}));
  ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(*world.catalog, kId));
  ASSERT_EQ(partitions.size(), 3u);
  EXPECT_EQ(partitions[0].values, (std::vector<std::string>{"2025", "01", "31"}));
  EXPECT_EQ(partitions[0].storage.location, "s3://lake/sales/orders/year=2025/month=01/day=31/");
  EXPECT_EQ(partitions[0].storage.columns, entry.storage.columns);
  ASSERT_OK_AND_ASSIGN(const auto ids, world.Ids());
  EXPECT_THAT(ids, ElementsAre(0, 1, 2));
}

TEST(HiveTable, ScanProjectsFiltersAndPrunes) {
  World world;
  ASSERT_OK(world.Load(Orders(0, 10), "a"));
  ASSERT_OK_AND_ASSIGN(const auto filter, Predicate::Parse("month = '02' AND region = 'us' AND id < 8"));
  ASSERT_OK_AND_ASSIGN(const auto ids, world.Ids({.columns = std::vector<std::string>{"day", "id"}, .filter = filter}));
  EXPECT_THAT(ids, ElementsAre(1, 3, 5, 7));
  ASSERT_OK_AND_ASSIGN(const auto table, OpenHiveTable(world.Environment(), kId));
  ASSERT_OK_AND_ASSIGN(const auto one_day, Predicate::Parse("month = '02' AND day = '03'"));
  ASSERT_OK_AND_ASSIGN(const auto plan, table->Plan({.filter = one_day}));
  EXPECT_EQ(plan.files.size(), 1u);
  EXPECT_EQ(plan.partitions_kept, 1);
}

TEST(HiveTable, KeepPartitionSeesTypedValues) {
  World world;
  ASSERT_OK(world.Load(Orders(0, 4), "a", "id"));
  ASSERT_OK_AND_ASSIGN(const auto table, OpenHiveTable(world.Environment(), kId));
  PlanOptions options;
  options.keep_partition = [](std::span<const std::shared_ptr<arrow::Scalar>> values) -> Result<bool> {
    return static_cast<const arrow::Int64Scalar&>(*values[0]).value >= 2;
  };
  ASSERT_OK_AND_ASSIGN(const auto plan, table->Plan(options));
  EXPECT_EQ(plan.files.size(), 2u);
  EXPECT_EQ(plan.partitions_total, 4);
}

TEST(HiveTable, AnIdentityKeyLeavesTheFileAndComesBackFromThePath) {
  World world;
  ASSERT_OK(world.Load(Orders(0, 4), "a", "region"));
  ASSERT_OK_AND_ASSIGN(const auto eu, Predicate::Parse("region = 'eu'"));
  ASSERT_OK_AND_ASSIGN(const auto ids, world.Ids({.filter = eu}));
  EXPECT_THAT(ids, ElementsAre(0, 2));
  ASSERT_OK_AND_ASSIGN(const auto entry, world.catalog->GetTable(kId));
  for (const auto& column : entry.storage.columns) EXPECT_NE(column.name, "region");
}

TEST(HiveTable, ANewColumnIsAppendedAndOldPartitionsReadItAsNull) {
  World world;
  ASSERT_OK(world.Load(Orders(0, 2), "a"));
  auto wider = Orders(2, 2);
  ASSERT_OK_AND_ASSIGN(wider, wider->AddColumn(1, "tax", wider->column(0)));
  ASSERT_OK(world.Load(wider, "b"));
  ASSERT_OK_AND_ASSIGN(const auto entry, world.catalog->GetTable(kId));
  ASSERT_EQ(entry.storage.columns.size(), 4u);
  EXPECT_EQ(entry.storage.columns.back(), (Column{"tax", "bigint"}));
  const auto environment = world.Environment();
  ASSERT_OK_AND_ASSIGN(const auto table, OpenHiveTable(environment, kId));
  ASSERT_OK_AND_ASSIGN(const auto reader,
                       Scan(*table, environment.resolve, {.columns = std::vector<std::string>{"tax"}}));
  ASSERT_OK_AND_ASSIGN(const auto rows, reader->ToTable());
  EXPECT_EQ(rows->num_rows(), 4);
  EXPECT_EQ(rows->column(0)->null_count(), 2);
}

TEST(HiveTable, ADroppedAppendLeavesNothing) {
  World world;
  {
    const auto environment = world.Environment();
    const auto batch = Orders(0, 3);
    ASSERT_OK_AND_ASSIGN(const auto table, world.OpenOrStage(environment, *batch->schema(), "day(at)"));
    ASSERT_OK_AND_ASSIGN(const auto plan,
                         PlanEvolution(*arrow::schema(arrow::FieldVector{}), *batch->schema(), {}, {}, "t"));
    ASSERT_OK_AND_ASSIGN(const auto append, table->NewAppend(plan, {.memory_limit = 1}));
    ASSERT_OK(append->Write(batch));
  }
  ASSERT_OK_AND_ASSIGN(const auto objects, ListAll(*world.store, ""));
  EXPECT_TRUE(objects.empty());
  ASSERT_OK_AND_ASSIGN(const auto uploads, world.store->ListMultipart(""));
  EXPECT_TRUE(uploads.empty());
  ASSERT_FAILS(ErrorKind::kNotFound, "", world.catalog->GetTable(kId));
}

TEST(HiveTable, LittleMemoryMakesMoreRowGroupsAndSmallTargetsMoreFiles) {
  World world;
  const auto environment = world.Environment();
  const auto batch = Orders(0, 1);
  ASSERT_OK_AND_ASSIGN(const auto table, world.OpenOrStage(environment, *batch->schema(), ""));
  ASSERT_OK_AND_ASSIGN(const auto plan,
                       PlanEvolution(*arrow::schema(arrow::FieldVector{}), *batch->schema(), {}, {}, "t"));
  ASSERT_OK_AND_ASSIGN(const auto append, table->NewAppend(plan, {.memory_limit = 1, .target_file_bytes = 1}));
  for (int i = 0; i < 5; ++i) ASSERT_OK(append->Write(Orders(i, 1)));
  ASSERT_OK_AND_ASSIGN(const auto summary, append->Commit({}));
  EXPECT_EQ(summary.files.size(), 5u);
  ASSERT_OK_AND_ASSIGN(const auto ids, world.Ids());
  EXPECT_THAT(ids, ElementsAre(0, 1, 2, 3, 4));
}

TEST(HiveTable, ASecondLoadOfTheSameFileAddsNothing) {
  World world;
  ASSERT_OK(world.Load(Orders(0, 3), "a"));
  ASSERT_OK_AND_ASSIGN(const auto again, world.Load(Orders(0, 3), "a"));
  EXPECT_TRUE(again.already_loaded);
  ASSERT_OK_AND_ASSIGN(const auto ids, world.Ids());
  EXPECT_THAT(ids, ElementsAre(0, 1, 2));
}

TEST(HiveTable, TwoLoadsOfOneFileAtOnceAddItOnce) {
  for (int round = 0; round < 5; ++round) {
    World world;
    ASSERT_OK(world.Load(Orders(100, 1), "first"));
    std::vector<std::thread> threads;
    std::vector<Result<CommitSummary>> results(4, Status::UnknownError("not run"));
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] { results[i] = world.Load(Orders(0, 3), "same"); });
    }
    for (auto& thread : threads) thread.join();
    int added = 0;
    for (const auto& result : results) {
      ASSERT_OK(result);
      added += !result->already_loaded;
    }
    EXPECT_EQ(added, 1);
    ASSERT_OK_AND_ASSIGN(const auto ids, world.Ids());
    EXPECT_THAT(ids, ElementsAre(0, 1, 2, 100));
  }
}

TEST(HiveTable, LoadsOfDifferentFilesAtOnceAllArrive) {
  World world;
  ASSERT_OK(world.Load(Orders(100, 1), "first"));
  std::vector<std::thread> threads;
  std::vector<Result<CommitSummary>> results(6, Status::UnknownError("not run"));
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] { results[i] = world.Load(Orders(i, 1), "file-" + std::to_string(i)); });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& result : results) ASSERT_OK(result);
  ASSERT_OK_AND_ASSIGN(const auto ids, world.Ids());
  EXPECT_THAT(ids, ElementsAre(0, 1, 2, 3, 4, 5, 100));
}

class CommitFaults : public ::testing::TestWithParam<FaultyStore::When> {};

TEST_P(CommitFaults, AtAnyCallLeaveTheOldRowsOrTheNewAndARerunGivesTheNew) {
  for (int n = 1;; ++n) {
    World world;
    ASSERT_OK(world.Load(Orders(0, 2), "old"));
    const auto faulty = std::make_shared<FaultyStore>(world.store, n, GetParam());
    const auto broken = world.Load(Orders(10, 2), "new", "day(at)", faulty);
    const bool fired = faulty->fired();
    ASSERT_OK_AND_ASSIGN(const auto seen, world.Ids());
    const std::vector<int64_t> old_rows = {0, 1}, new_rows = {0, 1, 10, 11};
    EXPECT_TRUE(seen == old_rows || seen == new_rows) << "fault at call " << n << ": " << broken.status().ToString();
    if (broken.ok()) {
      EXPECT_EQ(seen, new_rows) << "fault at call " << n;
    }
    // The same load again, with a store that works: nothing lost, nothing twice.
    ASSERT_OK(world.Load(Orders(10, 2), "new"));
    ASSERT_OK_AND_ASSIGN(const auto rows, world.Ids());
    EXPECT_EQ(rows, new_rows) << "fault at call " << n << ": " << broken.status().ToString();
    // And repair leaves no upload behind.
    ASSERT_OK_AND_ASSIGN(const auto table, OpenHiveTable(world.Environment(), kId));
    ASSERT_OK(table->Repair(std::chrono::seconds(-1)));
    ASSERT_OK_AND_ASSIGN(const auto uploads, world.store->ListMultipart(""));
    EXPECT_TRUE(uploads.empty()) << "fault at call " << n;
    if (!fired) break;
    ASSERT_LT(n, 1000);
  }
}

TEST_P(CommitFaults, InAFirstLoadLeaveNoTableOrTheWholeTable) {
  for (int n = 1;; ++n) {
    World world;
    const auto faulty = std::make_shared<FaultyStore>(world.store, n, GetParam());
    const auto broken = world.Load(Orders(0, 3), "a", "day(at)", faulty);
    const auto seen = world.Ids();
    if (seen.ok()) {
      EXPECT_TRUE(seen->empty() || seen->size() == 3) << "fault at call " << n;
    } else {
      EXPECT_EQ(KindOf(seen.status()), ErrorKind::kNotFound) << seen.status().ToString();
    }
    ASSERT_OK(world.Load(Orders(0, 3), "a"));
    ASSERT_OK_AND_ASSIGN(const auto rows, world.Ids());
    EXPECT_THAT(rows, ElementsAre(0, 1, 2)) << "fault at call " << n << ": " << broken.status().ToString();
    if (!faulty->fired()) break;
    ASSERT_LT(n, 1000);
  }
}

/// The rows of a run that were set aside: an upload that nobody sees yet.
Result<AttachedObject> SetAside(const std::shared_ptr<ObjectStore>& store, const std::string& folder,
                                const std::string& text) {
  ARROW_ASSIGN_OR_RAISE(const auto writer,
                        ObjectWriter::Open(store, folder.substr(std::string_view("s3://lake/").size()) + "bad.jsonl"));
  ARROW_RETURN_NOT_OK(writer->Write(text.data(), static_cast<int64_t>(text.size())));
  ARROW_RETURN_NOT_OK(writer->Close());
  return AttachedObject{.folder = folder, .object = writer->pending()};
}

TEST_P(CommitFaults, AtAnyCallShowWhatIsAttachedWithTheRowsOrNotAtAll) {
  for (const std::string folder : {"s3://lake/sales/orders/_quarantine/", "s3://lake/elsewhere/"}) {
    const std::string key = folder.substr(std::string_view("s3://lake/").size()) + "bad.jsonl";
    for (int n = 1;; ++n) {
      SCOPED_TRACE(folder + ", fault at call " + std::to_string(n));
      World world;
      ASSERT_OK(world.Load(Orders(0, 2), "old"));
      const auto faulty = std::make_shared<FaultyStore>(world.store, n, GetParam());
      ASSERT_OK_AND_ASSIGN(const auto attached, SetAside(world.store, folder, "a bad row"));
      const LoadedFile file{.key = "new", .etag = "e", .size = 1};
      const auto broken = world.LoadFile(Orders(10, 2), file, "day(at)", faulty, {}, {}, &attached);
      const bool fired = faulty->fired();
      // What its owner does.
      if (!broken.ok() && KindOf(broken.status()) != ErrorKind::kCommitUnknown)
        ASSERT_OK(Abort(*world.store, attached.object));
      ASSERT_OK_AND_ASSIGN(const bool before, Exists(*world.store, key));
      ASSERT_OK_AND_ASSIGN(const auto seen, world.Ids());
      if (seen.size() == 4) {
        EXPECT_TRUE(before) << broken.status().ToString();
      }
      if (broken.ok()) {
        EXPECT_EQ(seen.size(), 4u);
      }
      // The same run again, with rows of its own set aside in an object of its own.
      ASSERT_OK_AND_ASSIGN(auto again, SetAside(world.store, folder + "again/", "a bad row"));
      ASSERT_OK_AND_ASSIGN(const auto repeated,
                           world.LoadFile(Orders(10, 2), file, "day(at)", nullptr, {}, {}, &again));
      if (repeated.already_loaded) ASSERT_OK(Abort(*world.store, again.object));
      ASSERT_OK_AND_ASSIGN(const auto rows, world.Ids());
      EXPECT_THAT(rows, ElementsAre(0, 1, 10, 11));
      ASSERT_OK_AND_ASSIGN(const bool first, Exists(*world.store, key));
      ASSERT_OK_AND_ASSIGN(const bool second, Exists(*world.store, again.object.key));
      EXPECT_NE(first, second) << "set aside once, in one place: " << broken.status().ToString();
      if (before) {
        EXPECT_TRUE(first);
      }
      ASSERT_OK_AND_ASSIGN(const auto table, OpenHiveTable(world.Environment(), kId));
      ASSERT_OK(table->Repair(std::chrono::seconds(-1)));
      if (folder.find("orders") != std::string::npos) {
        ASSERT_OK_AND_ASSIGN(const auto uploads, world.store->ListMultipart(""));
        EXPECT_TRUE(uploads.empty());
      }
      if (!fired) break;
      ASSERT_LT(n, 1000);
    }
  }
}

TEST(HiveTable, WhatIsAttachedMayGoBeforeItsCommitIsClosed) {
  // Every commit is stopped at each of its calls; whoever looks after the quarantine takes away what appears there.
  int taken = 0;
  for (int n = 1;; ++n) {
    World world;
    ASSERT_OK(world.Load(Orders(0, 2), "old"));
    ASSERT_OK_AND_ASSIGN(const auto attached,
                         SetAside(world.store, "s3://lake/sales/orders/_quarantine/", "a bad row"));
    const auto faulty = std::make_shared<FaultyStore>(world.store, n, FaultyStore::When::kBefore);
    const LoadedFile file{.key = "new", .etag = "e", .size = 1};
    const auto broken = world.LoadFile(Orders(10, 2), file, "day(at)", faulty, {}, {}, &attached);
    if (Exists(*world.store, attached.object.key).ValueOrDie()) {
      const std::string keys[] = {attached.object.key};
      ASSERT_OK(world.store->Delete(keys));
      taken += !broken.ok();
      SCOPED_TRACE(n);
      ASSERT_OK(world.Load(Orders(20, 1), "next"));
      ASSERT_OK_AND_ASSIGN(const auto rows, world.Ids());
      EXPECT_THAT(rows, ElementsAre(0, 1, 10, 11, 20));
    }
    if (!faulty->fired()) break;
  }
  EXPECT_GT(taken, 0);
}

TEST(HiveTable, ARunThatAddsNothingLeavesWhatIsAttachedToItsOwner) {
  World world;
  ASSERT_OK_AND_ASSIGN(const auto attached, SetAside(world.store, "s3://lake/sales/orders/_quarantine/", "a bad row"));
  const LoadedFile file{.key = "a", .etag = "e", .size = 1};
  const auto environment = world.Environment();
  ASSERT_OK(world.Load(Orders(5, 1), "first"));
  ASSERT_OK_AND_ASSIGN(const auto table, OpenHiveTable(environment, kId));
  ASSERT_OK_AND_ASSIGN(const auto slow, World::Begin(*table, *Orders(0, 1)->schema(), {}));
  ASSERT_OK(slow->Write(Orders(0, 1)));
  slow->Attach(attached);
  ASSERT_OK(world.Load(Orders(0, 1), "a"));
  ASSERT_OK_AND_ASSIGN(const auto summary, slow->Commit(std::span(&file, 1)));
  EXPECT_TRUE(summary.already_loaded);
  EXPECT_FALSE(Exists(*world.store, attached.object.key).ValueOrDie());
  EXPECT_THAT(world.store->ListMultipart("sales/orders/_quarantine/").ValueOrDie(), SizeIs(1));
}

INSTANTIATE_TEST_SUITE_P(When, CommitFaults, ::testing::Values(FaultyStore::When::kBefore, FaultyStore::When::kAfter),
                         [](const auto& info) {
                           return info.param == FaultyStore::When::kBefore ? "BeforeTheEffect" : "AfterTheEffect";
                         });

TEST(HiveTable, AReaderDuringACommitSeesTheOldRowsOnly) {
  World world;
  ASSERT_OK(world.Load(Orders(0, 2), "old"));
  // Stop the commit after its first upload became visible: the answers to all further calls are errors.
  for (int n = 1; n < 200; ++n) {
    const auto faulty =
        std::make_shared<FaultyStore>(world.store, n, FaultyStore::When::kBefore, FaultyStore::Count::kMutating);
    World copy = world;
    const auto result = copy.Load(Orders(10, 2), "new", "day(at)", faulty);
    if (result.ok()) break;
    ASSERT_OK_AND_ASSIGN(const auto seen, world.Ids());
    EXPECT_TRUE(seen.size() == 2 || seen.size() == 4) << n;
    if (seen.size() == 4) break;
  }
}

TEST(HiveTable, RepairRegistersFoldersThatOthersWrote) {
  World world;
  ASSERT_OK(world.Load(Orders(0, 1), "a"));
  ASSERT_OK_AND_ASSIGN(const auto objects, ListAll(*world.store, "sales/orders/year="));
  ASSERT_OK(world.store->Copy(objects[0].key, "sales/orders/year=2030/month=12/day=01/x.parquet"));
  ASSERT_OK_AND_ASSIGN(const auto table, OpenHiveTable(world.Environment(), kId));
  ASSERT_OK_AND_ASSIGN(const auto summary, table->Repair(std::chrono::hours(1)));
  EXPECT_EQ(summary.partitions_added, 1);
  ASSERT_OK_AND_ASSIGN(const auto ids, world.Ids());
  EXPECT_THAT(ids, ElementsAre(0, 0));
}

TEST(HiveTable, DropRemovesEntryFilesAndUploads) {
  World world;
  ASSERT_OK(world.Load(Orders(0, 2), "a"));
  ASSERT_OK(world.store->CreateMultipart("sales/orders/left"));
  ASSERT_OK(PutString(*world.store, "sales/other/x", "stays"));
  ASSERT_OK(DropHiveTable(world.Environment(), kId));
  ASSERT_OK_AND_ASSIGN(const auto objects, ListAll(*world.store, ""));
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_EQ(objects[0].key, "sales/other/x");
  ASSERT_FAILS(ErrorKind::kNotFound, "", OpenHiveTable(world.Environment(), kId));
}

TEST(HiveTable, ADropThatWasCutOffIsFinishedByTheNext) {
  // Without partitions, names of files come before those of the log.
  for (const char* spec : {"day(at)", ""}) {
    for (const auto when : {FaultyStore::When::kBefore, FaultyStore::When::kAfter}) {
      for (int n = 1;; ++n) {
        SCOPED_TRACE(std::string(spec) + ", call " + std::to_string(n));
        World world;
        ASSERT_OK(world.Load(Orders(0, 2), "a", spec));
        const auto faulty = std::make_shared<FaultyStore>(world.store, n, when);
        const Status dropped = DropHiveTable(world.Environment(faulty), kId, "s3://lake/sales/orders/");
        if (!faulty->fired()) {
          ASSERT_OK(dropped);
          break;
        }
        const bool there = OpenHiveTable(world.Environment(), kId).ok();
        if (there) {
          EXPECT_THAT(world.Ids().ValueOrDie(), SizeIs(2));
        } else if (!ListAll(*world.store, "").ValueOrDie().empty()) {
          const auto loaded = world.Load(Orders(0, 2), "a", spec);
          ASSERT_FAILS(ErrorKind::kAlreadyExists, "a drop of the table that was there", loaded);
          EXPECT_EQ(InfoOf(loaded.status()).hint, "repeat the drop");
        }
        const Status again = DropHiveTable(world.Environment(), kId, "s3://lake/sales/orders/");
        if (there || KindOf(again) != ErrorKind::kNotFound) ASSERT_OK(again);
        EXPECT_TRUE(ListAll(*world.store, "").ValueOrDie().empty());
        ASSERT_OK_AND_ASSIGN(const auto loaded, world.Load(Orders(0, 2), "a", spec));
        EXPECT_FALSE(loaded.already_loaded);
        EXPECT_THAT(world.Ids().ValueOrDie(), SizeIs(2));
      }
    }
  }
}

TEST(HiveTable, ADropTouchesNoFilesThatNoDropHasLeft) {
  World world;
  ASSERT_OK(PutString(*world.store, "sales/orders/x.parquet", "somebody's"));
  ASSERT_FAILS(ErrorKind::kNotFound, "", DropHiveTable(world.Environment(), kId, "s3://lake/sales/orders/"));
  EXPECT_TRUE(Exists(*world.store, "sales/orders/x.parquet").ValueOrDie());
}

TEST(HiveTable, RepairTakesBackADropThatDidNotHappen) {
  World world;
  ASSERT_OK(world.Load(Orders(0, 1), "a"));
  ASSERT_OK(PutString(*world.store, "sales/orders/_glaux/dropped", ""));
  ASSERT_OK_AND_ASSIGN(const auto table, OpenHiveTable(world.Environment(), kId));
  ASSERT_OK(table->Repair(std::chrono::hours(1)));
  EXPECT_TRUE(Exists(*world.store, "sales/orders/_glaux/dropped").ValueOrDie()) << "a drop may be running";
  ASSERT_OK(table->Repair(std::chrono::seconds(-1)));
  EXPECT_FALSE(Exists(*world.store, "sales/orders/_glaux/dropped").ValueOrDie());
}

TEST(HiveTable, ALocationWithFilesIsNotTakenForANewTable) {
  World world;
  ASSERT_OK(PutString(*world.store, "sales/orders/x.parquet", "somebody's"));
  ASSERT_FAILS(ErrorKind::kAlreadyExists, "there is a file already: x.parquet", world.Load(Orders(0, 1), "a"));
}

TEST(HiveTable, AManySegmentLedgerIsMergedAndStillKnowsEveryFile) {
  World world;
  for (int i = 0; i < 30; ++i) ASSERT_OK(world.Load(Orders(i, 1), "file-" + std::to_string(i)));
  for (int i = 0; i < 30; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto again, world.Load(Orders(i, 1), "file-" + std::to_string(i)));
    EXPECT_TRUE(again.already_loaded) << i;
  }
  ASSERT_OK_AND_ASSIGN(const auto segments, ListAll(*world.store, "sales/orders/_glaux/ledger/"));
  EXPECT_LT(segments.size(), 25u);
}

}  // namespace
}  // namespace glaux
