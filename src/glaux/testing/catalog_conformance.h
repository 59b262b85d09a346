#pragma once

#include <atomic>
#include <thread>

#include "glaux/testing/catalog_fixture.h"
#include "glaux/testing/catalog_partition_conformance.h"

// The promises of Catalog, as tests over any implementation. In one test file of a room:
//
//   #include "glaux/testing/catalog_conformance.h"
//   namespace glaux::testing {
//   INSTANTIATE_TEST_SUITE_P(Mine, CatalogConformance, ::testing::Values(CatalogUnderTest{"Mine", OpenMine}),
//   CatalogName);
//   }

namespace glaux::testing {

TEST_P(CatalogConformance, ReturnsADatabaseAsCreated) {
  const std::string name = db_ + "_full";
  databases_.push_back(name);
  ASSERT_OK(catalog_->CreateDatabase({.name = name,
                                      .description = "bills",
                                      .location_uri = "s3://lake/" + name,
                                      .parameters = {{"owner", "finance"}, {"empty", ""}}}));
  ASSERT_OK_AND_ASSIGN(const auto database, catalog_->GetDatabase(name));
  EXPECT_EQ(database.name, name);
  EXPECT_EQ(database.description, "bills");
  EXPECT_EQ(database.location_uri, "s3://lake/" + name);
  EXPECT_EQ(database.parameters, (Parameters{{"owner", "finance"}, {"empty", ""}}));
  EXPECT_NE(database.create_time, Timestamp{});
}

TEST_P(CatalogConformance, ReplacesWhatIsSaidOfADatabase) {
  const std::string name = db_ + "_said";
  databases_.push_back(name);
  ASSERT_OK(catalog_->CreateDatabase(
      {.name = name, .description = "bills", .location_uri = "s3://lake/a", .parameters = {{"old", "1"}}}));
  ASSERT_OK_AND_ASSIGN(const auto before, catalog_->GetDatabase(name));
  ASSERT_OK(catalog_->CreateTable({.id = {name, "t"}}));
  ASSERT_OK(catalog_->UpdateDatabase({.name = db_ + "_SAID", .description = "", .parameters = {{"new", "2"}}}));
  ASSERT_OK_AND_ASSIGN(const auto after, catalog_->GetDatabase(name));
  EXPECT_EQ(after.name, name);
  EXPECT_EQ(after.description, "");
  EXPECT_EQ(after.location_uri, "");
  EXPECT_EQ(after.parameters, (Parameters{{"new", "2"}}));
  EXPECT_EQ(after.create_time, before.create_time);
  ASSERT_OK(catalog_->GetTable({name, "t"}));
  ASSERT_FAILS(ErrorKind::kNotFound, db_ + "_gone", catalog_->UpdateDatabase({.name = db_ + "_gone"}));
}

TEST_P(CatalogConformance, FoldsDatabaseNamesToLowerCase) {
  databases_.push_back(db_ + "_mixed");
  ASSERT_OK(catalog_->CreateDatabase({.name = db_ + "_MiXed"}));
  ASSERT_OK_AND_ASSIGN(const auto database, catalog_->GetDatabase(db_ + "_MIXED"));
  EXPECT_EQ(database.name, db_ + "_mixed");
  ASSERT_FAILS(ErrorKind::kAlreadyExists, db_ + "_mixed", catalog_->CreateDatabase({.name = db_ + "_mixed"}));
  ASSERT_OK(catalog_->DropDatabase(db_ + "_miXED"));
}

TEST_P(CatalogConformance, ListsDatabasesByNameOneToAPage) {
  for (const std::string suffix : {"_c", "_a", "_b"}) {
    databases_.push_back(db_ + suffix);
    ASSERT_OK(catalog_->CreateDatabase({.name = db_ + suffix}));
  }
  std::vector<std::string> ours;
  PageRequest request{.max_results = 1};
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, catalog_->ListDatabases(request));
    ASSERT_LE(page.entries.size(), 1u);
    for (const auto& database : page.entries) {
      if (database.name.starts_with(db_)) ours.push_back(database.name);
    }
    request.next_token = page.next_token;
  } while (!request.next_token.empty());
  EXPECT_THAT(ours, ::testing::ElementsAre(db_, db_ + "_a", db_ + "_b", db_ + "_c"));
}

TEST_P(CatalogConformance, NamesTheDatabaseThatIsNotThere) {
  const std::string gone = db_ + "_gone";
  ASSERT_FAILS(ErrorKind::kNotFound, gone, catalog_->GetDatabase(gone));
  ASSERT_FAILS(ErrorKind::kNotFound, gone, catalog_->DropDatabase(gone));
  ASSERT_FAILS(ErrorKind::kNotFound, gone, catalog_->ListTables(gone));
  ASSERT_FAILS(ErrorKind::kNotFound, gone, catalog_->GetTable({gone, "t"}));
  ASSERT_FAILS(ErrorKind::kNotFound, gone, catalog_->CreateTable({.id = {gone, "t"}}));
}

TEST_P(CatalogConformance, KeepsADatabaseThatHoldsTables) {
  ASSERT_OK(catalog_->CreateTable(Billing()));
  ASSERT_FAILS(ErrorKind::kPrecondition, db_, catalog_->DropDatabase(db_));
  ASSERT_OK(catalog_->GetTable(Id("billing")));
  ASSERT_OK(catalog_->DropTable(Id("billing")));
  ASSERT_OK(catalog_->DropDatabase(db_));
  ASSERT_FAILS(ErrorKind::kNotFound, db_, catalog_->GetDatabase(db_));
}

TEST_P(CatalogConformance, RefusesNamesThatGlueRefuses) {
  const std::string long_name(256, 'x');
  for (const std::string& name : {std::string(), long_name, std::string("line\nbreak")}) {
    ASSERT_FAILS(ErrorKind::kInvalid, "database name", catalog_->CreateDatabase({.name = name}));
    ASSERT_FAILS(ErrorKind::kInvalid, "table name", catalog_->CreateTable({.id = Id(name)}));
    TableEntry table{.id = Id("t")};
    table.storage.columns = {{.name = name, .type = "int"}};
    ASSERT_FAILS(ErrorKind::kInvalid, "column", catalog_->CreateTable(table));
  }
  ASSERT_OK(catalog_->CreateTable({.id = Id(std::string(255, 'x'))}));
}

TEST_P(CatalogConformance, RefusesPageSizesOutOfRange) {
  ASSERT_FAILS(ErrorKind::kInvalid, "max_results", catalog_->ListTables(db_, {.max_results = 0}));
  ASSERT_FAILS(ErrorKind::kInvalid, "max_results", catalog_->ListDatabases({.max_results = 1001}));
}

TEST_P(CatalogConformance, RefusesAPageTokenThatIsNone) {
  ASSERT_OK(catalog_->CreateTable(Billing()));
  ASSERT_FAILS(ErrorKind::kInvalid, "", catalog_->ListTables(db_, {.next_token = "no such token"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "", catalog_->GetPartitions(Id("billing"), {.page = {.next_token = "zz"}}));
}

TEST_P(CatalogConformance, ReturnsATableAsCreated) {
  const TableEntry given = Billing();
  ASSERT_OK_AND_ASSIGN(const auto created, catalog_->CreateTable(given));
  ASSERT_OK_AND_ASSIGN(const auto read, catalog_->GetTable(given.id));
  for (const auto& table : {created, read}) {
    EXPECT_EQ(table.id, given.id);
    EXPECT_EQ(table.description, given.description);
    EXPECT_EQ(table.owner, given.owner);
    EXPECT_EQ(table.storage, given.storage);
    EXPECT_EQ(table.partition_keys, given.partition_keys);
    EXPECT_EQ(table.table_type, given.table_type);
    EXPECT_EQ(table.parameters, given.parameters);
  }
  EXPECT_EQ(created.version_id, read.version_id);
  EXPECT_NE(read.create_time, Timestamp{});
  EXPECT_EQ(read.create_time, created.create_time);
}

TEST_P(CatalogConformance, ReturnsAViewAsCreated) {
  TableEntry view{.id = Id("v"), .table_type = "VIRTUAL_VIEW"};
  view.view_original_text = "/* Presto View: eyJ9 */";
  view.view_expanded_text = "/* Presto View */";
  view.storage.columns = {{.name = "a", .type = "int"}};
  ASSERT_OK(catalog_->CreateTable(view));
  ASSERT_OK_AND_ASSIGN(const auto read, catalog_->GetTable(Id("v")));
  EXPECT_EQ(read.view_original_text, view.view_original_text);
  EXPECT_EQ(read.view_expanded_text, view.view_expanded_text);
  EXPECT_EQ(read.table_type, "VIRTUAL_VIEW");
}

TEST_P(CatalogConformance, FoldsTableAndColumnNamesButNotWhatTypesAndParametersSay) {
  TableEntry table{.id = {db_, "Billing"}};
  table.storage.columns = {{.name = "LineItem", .type = "struct<Key:int>"}, {.name = "GRÖSSE", .type = "int"}};
  table.partition_keys = {{.name = "Year", .type = "string"}};
  table.parameters = {{"MixedCase", "Value"}};
  ASSERT_OK(catalog_->CreateTable(table));
  ASSERT_OK_AND_ASSIGN(const auto read, catalog_->GetTable({db_, "BILLING"}));
  EXPECT_EQ(read.id, Id("billing"));
  EXPECT_EQ(read.storage.columns[0].name, "lineitem");
  EXPECT_EQ(read.storage.columns[0].type, "struct<Key:int>");
  EXPECT_EQ(read.storage.columns[1].name, "grösse");
  EXPECT_EQ(read.partition_keys[0].name, "year");
  EXPECT_EQ(read.parameters.at("MixedCase"), "Value");
  ASSERT_FAILS(ErrorKind::kAlreadyExists, db_ + ".billing", catalog_->CreateTable({.id = {db_, "bILLING"}}));
}

TEST_P(CatalogConformance, RefusesColumnsThatMeetInOneName) {
  TableEntry table = Billing();
  table.storage.columns.push_back({.name = "Cost", .type = "int"});
  ASSERT_FAILS(ErrorKind::kInvalid, "cost", catalog_->CreateTable(table));
  table = Billing();
  table.storage.columns.push_back({.name = "Month", .type = "int"});
  ASSERT_FAILS(ErrorKind::kInvalid, "month", catalog_->CreateTable(table));
  table = Billing();
  table.partition_keys.push_back({.name = "YEAR", .type = "int"});
  ASSERT_FAILS(ErrorKind::kInvalid, "year", catalog_->CreateTable(table));
  ASSERT_FAILS(ErrorKind::kNotFound, "billing", catalog_->GetTable(Id("billing")));
}

TEST_P(CatalogConformance, NamesTheTableThatIsNotThere) {
  const std::string gone = db_ + ".gone";
  ASSERT_FAILS(ErrorKind::kNotFound, gone, catalog_->GetTable(Id("gone")));
  ASSERT_FAILS(ErrorKind::kNotFound, gone, catalog_->DropTable(Id("gone")));
  ASSERT_FAILS(ErrorKind::kNotFound, gone, catalog_->CommitTable("0", {.id = Id("gone")}));
  ASSERT_FAILS(ErrorKind::kNotFound, gone, catalog_->GetPartitions(Id("gone")));
  ASSERT_FAILS(ErrorKind::kNotFound, gone, catalog_->ApplyPartitions(Id("gone"), {.put = {{.values = {"a"}}}}));
  ASSERT_FAILS(ErrorKind::kNotFound, gone, catalog_->TableVersions(Id("gone")));
}

TEST_P(CatalogConformance, ListsTablesByNameOneToAPageWhileOthersComeAndGo) {
  for (const std::string name : {"c", "a", "e", "b"}) ASSERT_OK(catalog_->CreateTable({.id = Id(name)}));
  std::vector<std::string> names;
  PageRequest request{.max_results = 1};
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, catalog_->ListTables(db_, request));
    for (const auto& table : page.entries) names.push_back(table.id.name);
    if (names == std::vector<std::string>{"a"}) {
      ASSERT_OK(catalog_->CreateTable({.id = Id("aa")}));
      ASSERT_OK(catalog_->DropTable(Id("a")));
    }
    request.next_token = page.next_token;
  } while (!request.next_token.empty());
  EXPECT_THAT(names, ::testing::ElementsAre("a", "aa", "b", "c", "e"));
}

TEST_P(CatalogConformance, ReplacesATableAsGivenAtCommit) {
  ASSERT_OK_AND_ASSIGN(const auto created, catalog_->CreateTable(Billing()));
  TableEntry changed = created;
  changed.description.clear();
  changed.parameters = {{"only", "this"}};
  changed.storage.columns.push_back({.name = "tax", .type = "double"});
  changed.storage.location = "s3://lake/billing/run-2/";
  ASSERT_OK_AND_ASSIGN(const auto committed, catalog_->CommitTable(created.version_id, changed));
  ASSERT_OK_AND_ASSIGN(const auto read, catalog_->GetTable(Id("billing")));
  for (const auto& table : {committed, read}) {
    EXPECT_EQ(table.description, "");
    EXPECT_EQ(table.parameters, (Parameters{{"only", "this"}}));
    EXPECT_EQ(table.storage, changed.storage);
    EXPECT_NE(table.version_id, created.version_id);
    EXPECT_EQ(table.create_time, created.create_time);
  }
  EXPECT_EQ(committed.version_id, read.version_id);
  EXPECT_GE(read.update_time, created.update_time);
}

TEST_P(CatalogConformance, RefusesACommitToAnOldVersion) {
  if (!catalog_->traits().optimistic_lock) GTEST_SKIP() << "no optimistic lock";
  ASSERT_OK_AND_ASSIGN(TableEntry table, catalog_->CreateTable(Billing()));
  const std::string first = table.version_id;
  ASSERT_OK(catalog_->CommitTable(first, table));
  table.description = "late";
  for (const std::string& wrong : {first, std::string("77"), std::string("x"), std::string()}) {
    ASSERT_FAILS(ErrorKind::kPrecondition, "billing", catalog_->CommitTable(wrong, table));
  }
  ASSERT_OK_AND_ASSIGN(const auto read, catalog_->GetTable(Id("billing")));
  EXPECT_EQ(read.description, "what things cost");
}

TEST_P(CatalogConformance, KeepsThePartitionKeysOfATable) {
  ASSERT_OK_AND_ASSIGN(const auto created, catalog_->CreateTable(Billing()));
  auto attempt = [&](std::vector<Column> keys) {
    TableEntry changed = created;
    changed.partition_keys = std::move(keys);
    return catalog_->CommitTable(created.version_id, changed);
  };
  ASSERT_FAILS(ErrorKind::kInvalid, "(year string, month string) to (year string)",
               attempt({created.partition_keys[0]}));
  ASSERT_FAILS(ErrorKind::kInvalid, "(year string, day string)",
               attempt({created.partition_keys[0], {.name = "day", .type = "string"}}));
  ASSERT_FAILS(ErrorKind::kInvalid, "(year int, month string)",
               attempt({{.name = "year", .type = "int"}, created.partition_keys[1]}));
  ASSERT_FAILS(ErrorKind::kInvalid, "", attempt({}));
  ASSERT_OK(attempt({{.name = "YEAR", .type = "String", .comment = "of the bill"}, created.partition_keys[1]}));
}

TEST_P(CatalogConformance, LetsExactlyOneOfManyThreadsCommitEachVersion) {
  if (!catalog_->traits().optimistic_lock) GTEST_SKIP() << "no optimistic lock";
  ASSERT_OK_AND_ASSIGN(TableEntry table, catalog_->CreateTable(Billing()));
  constexpr int kThreads = 8;
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> ready = 0;
    std::vector<Result<TableEntry>> results(kThreads, Status::Invalid("not run"));
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        TableEntry mine = table;
        mine.owner = "thread " + std::to_string(i);
        for (++ready; ready < kThreads;) std::this_thread::yield();
        results[i] = catalog_->CommitTable(table.version_id, mine);
      });
    }
    for (auto& thread : threads) thread.join();
    int winners = 0;
    ASSERT_OK_AND_ASSIGN(const auto now, catalog_->GetTable(table.id));
    for (const auto& result : results) {
      if (result.ok()) {
        ++winners;
        EXPECT_EQ(now.owner, result->owner);
        EXPECT_EQ(now.version_id, result->version_id);
      } else {
        EXPECT_EQ(KindOf(result.status()), ErrorKind::kPrecondition) << result.status().ToString();
      }
    }
    ASSERT_EQ(winners, 1);
    table = now;
  }
}

TEST_P(CatalogConformance, KeepsOldVersionsNewestFirst) {
  if (!catalog_->traits().table_versions) GTEST_SKIP() << "no table versions";
  ASSERT_OK_AND_ASSIGN(TableEntry table, catalog_->CreateTable(Billing()));
  std::vector<std::string> ids = {table.version_id};
  for (int i = 1; i <= 11; ++i) {  // past 9: versions are ordered as numbers
    table.owner = "owner " + std::to_string(i);
    ASSERT_OK_AND_ASSIGN(table, catalog_->CommitTable(table.version_id, table));
    ids.insert(ids.begin(), table.version_id);
  }
  std::vector<std::string> listed;
  PageRequest request{.max_results = 5};
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, catalog_->TableVersions(table.id, request));
    for (const auto& version : page.entries) listed.push_back(version.version_id);
    request.next_token = page.next_token;
  } while (!request.next_token.empty());
  EXPECT_EQ(listed, ids);
  ASSERT_OK_AND_ASSIGN(const auto first, catalog_->GetTable(table.id, ids.back()));
  EXPECT_EQ(first.owner, "finance");
  EXPECT_EQ(first.version_id, ids.back());
  EXPECT_EQ(first.storage, Billing().storage);
  ASSERT_FAILS(ErrorKind::kNotFound, "99", catalog_->GetTable(table.id, "99"));
  ASSERT_FAILS(ErrorKind::kNotFound, "latest", catalog_->GetTable(table.id, "latest"));
}

TEST_P(CatalogConformance, KeepsStatisticsOfATableAndOfItsPartitions) {
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->CreateTable(Billing()));
  const std::vector<std::string> january = {"2025", "01"}, february = {"2025", "02"};
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.put = {PartitionOf(table, january), PartitionOf(table, february)}}));
  const Timestamp time(std::chrono::seconds(1'735'689'600));
  const auto of = [&](std::string column, int nulls) {
    return ColumnStatistics{.column = std::move(column),
                            .type = "string",
                            .data = R"({"Type":"STRING","StringColumnStatisticsData":{"MaximumLength":9,)"
                                    R"("AverageLength":3.5,"NumberOfNulls":)" +
                                    std::to_string(nulls) + R"(,"NumberOfDistinctValues":4}})",
                            .analyzed_time = time};
  };
  const std::vector<std::string> columns = {"tags", "line_item", "cost", "none"};
  const auto known = [&](const std::vector<std::string>& partition) {
    std::vector<std::string> out;
    for (const auto& one : catalog_->GetStatistics(table.id, partition, columns).ValueOrDie()) {
      const auto at = one.data.find("\"NumberOfNulls\":") + 16;
      out.push_back(one.column + " " + one.type + " " + one.data.substr(at, one.data.find(',', at) - at));
      EXPECT_EQ(one.analyzed_time, time);
    }
    return out;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(known({}), ElementsAre());
  ASSERT_OK(catalog_->ApplyStatistics(table.id, {}, {.put = {of("line_item", 1), of("TAGS", 2)}}));
  ASSERT_OK(catalog_->ApplyStatistics(table.id, january, {.put = {of("line_item", 3)}}));
  ASSERT_OK(catalog_->ApplyStatistics(table.id, february, {.put = {of("line_item", 4)}}));
  EXPECT_THAT(known({}), ElementsAre("tags string 2", "line_item string 1"));
  EXPECT_THAT(known(january), ElementsAre("line_item string 3"));
  ASSERT_OK(catalog_->ApplyStatistics(table.id, {}, {.put = {of("line_item", 5)}, .drop = {"tags"}}));
  EXPECT_THAT(known({}), ElementsAre("line_item string 5"));

  // They go with the partition, and stay when the table changes.
  ASSERT_OK(catalog_->CommitTable(table.version_id, table));
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.drop = {january}}));
  ASSERT_FAILS(ErrorKind::kNotFound, table.id.ToString(), catalog_->GetStatistics(table.id, january, columns));
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.put = {PartitionOf(table, january)}}));
  EXPECT_THAT(known(january), ElementsAre());
  EXPECT_THAT(known(february), ElementsAre("line_item string 4"));
  EXPECT_THAT(known({}), ElementsAre("line_item string 5"));

  ASSERT_FAILS(ErrorKind::kNotFound, "none", catalog_->ApplyStatistics(table.id, {}, {.put = {of("none", 1)}}));
  ASSERT_FAILS(ErrorKind::kNotFound, "gone", catalog_->GetStatistics(Id("gone"), {}, columns));
  ASSERT_OK(catalog_->DropTable(table.id));
  ASSERT_OK(catalog_->CreateTable(Billing()));
  EXPECT_THAT(known({}), ElementsAre());
}

TEST_P(CatalogConformance, DropsATableWithItsVersionsAndPartitions) {
  ASSERT_OK_AND_ASSIGN(TableEntry table, catalog_->CreateTable(Billing()));
  ASSERT_OK_AND_ASSIGN(table, catalog_->CommitTable(table.version_id, table));
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.put = {PartitionOf(table, {"2025", "01"})}}));
  ASSERT_OK(catalog_->DropTable(table.id));
  ASSERT_FAILS(ErrorKind::kNotFound, "billing", catalog_->GetTable(table.id));

  ASSERT_OK_AND_ASSIGN(const auto again, catalog_->CreateTable(Billing()));
  ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(*catalog_, table.id));
  EXPECT_TRUE(partitions.empty());
  if (!catalog_->traits().table_versions) return;
  ASSERT_OK_AND_ASSIGN(const auto versions, catalog_->TableVersions(table.id));
  EXPECT_EQ(versions.entries.size(), 1u);
}

}  // namespace glaux::testing
