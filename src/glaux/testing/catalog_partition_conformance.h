#pragma once

#include <map>
#include <set>

#include "glaux/testing/catalog_fixture.h"

// The part of catalog_conformance.h that is about partitions. Include that.

namespace glaux::testing {

TEST_P(CatalogConformance, ReturnsAPartitionAsPut) {
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->CreateTable(Billing()));
  PartitionEntry given = PartitionOf(table, {"2025", "01"});
  given.storage.columns.pop_back();  // registered before the table grew
  given.storage.parameters = {{"recordCount", "17"}};
  given.storage.number_of_buckets = 4;
  given.parameters = {{"transient_lastDdlTime", "1735689600"}};
  const PartitionEntry plain = PartitionOf(table, {"2025", "02"});
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.put = {given, plain}}));
  ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(*catalog_, table.id));
  ASSERT_EQ(partitions.size(), 2u);
  EXPECT_EQ(partitions[0].values, given.values);
  EXPECT_EQ(partitions[0].storage, given.storage);
  EXPECT_EQ(partitions[0].parameters, given.parameters);
  EXPECT_NE(partitions[0].creation_time, Timestamp{});
  EXPECT_EQ(partitions[1].storage, plain.storage);
  EXPECT_EQ(partitions[1].parameters, Parameters{});
}

TEST_P(CatalogConformance, LeavesColumnsOutOfPartitionsOnRequest) {
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->CreateTable(Billing()));
  const PartitionEntry given = PartitionOf(table, {"2025", "01"});
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.put = {given}}));
  ASSERT_OK_AND_ASSIGN(const auto partitions,
                       AllPartitions(*catalog_, table.id, PartitionQuery{.exclude_column_schema = true}));
  ASSERT_EQ(partitions.size(), 1u);
  StorageDescriptor expected = given.storage;
  expected.columns.clear();
  EXPECT_EQ(partitions[0].storage, expected);
}

TEST_P(CatalogConformance, OrdersPartitionsByTheirValues) {
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->CreateTable(Billing()));
  const std::vector<std::vector<std::string>> ordered = {{"", "b"},   {"a", "z"},   {"a b", "a"}, {"a/", "0"},
                                                         {"ab", "a"}, {"ab", "aa"}, {"b", ""},    {"b", "\xc3\xa9"}};
  PartitionChange change;
  for (auto it = ordered.rbegin(); it != ordered.rend(); ++it) change.put.push_back(PartitionOf(table, *it));
  ASSERT_OK(catalog_->ApplyPartitions(table.id, change));
  ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(*catalog_, table.id));
  EXPECT_EQ(Values(partitions), ordered);
}

TEST_P(CatalogConformance, KeepsPartitionValuesOfAnyText) {
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->CreateTable(Billing()));
  const std::set<std::vector<std::string>> given = {{"a/b=c%2F", "line\nbreak\ttab"},
                                                    {"ÄÖÜ 猫 🦉", "'quoted' \"twice\" \\"},
                                                    {"", ""},
                                                    {"__HIVE_DEFAULT_PARTITION__", " blank "},
                                                    {std::string("nul\0in", 6), std::string("\0\0", 2)},
                                                    {std::string("nul"), std::string("\0in\0\0", 5)},
                                                    {std::string(5000, 'x'), "UPPER"}};
  PartitionChange change;
  for (const auto& values : given) change.put.push_back({.values = values});
  ASSERT_OK(catalog_->ApplyPartitions(table.id, change));
  ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(*catalog_, table.id));
  const auto read = Values(partitions);
  EXPECT_EQ((std::set<std::vector<std::string>>(read.begin(), read.end())), given);
  EXPECT_EQ(read.size(), given.size());

  PartitionChange drop;
  drop.drop.assign(given.begin(), given.end());
  ASSERT_OK(catalog_->ApplyPartitions(table.id, drop));
  ASSERT_OK_AND_ASSIGN(const auto left, AllPartitions(*catalog_, table.id));
  EXPECT_TRUE(left.empty());
}

TEST_P(CatalogConformance, KeepsOrReplacesAPartitionThatIsThere) {
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->CreateTable(Billing()));
  PartitionEntry partition = PartitionOf(table, {"2025", "01"});
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.put = {partition}}));
  ASSERT_OK_AND_ASSIGN(const auto before, AllPartitions(*catalog_, table.id));

  PartitionEntry other = partition;
  other.storage.location = "s3://lake/elsewhere/";
  other.storage.columns.pop_back();
  other.parameters = {{"new", "yes"}};
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.put = {other, PartitionOf(table, {"2025", "02"})}}));
  ASSERT_OK_AND_ASSIGN(const auto kept, AllPartitions(*catalog_, table.id));
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].storage, partition.storage);
  EXPECT_EQ(kept[0].parameters, Parameters{});

  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.put = {other}, .replace_existing = true}));
  ASSERT_OK_AND_ASSIGN(const auto replaced, AllPartitions(*catalog_, table.id));
  ASSERT_EQ(replaced.size(), 2u);
  EXPECT_EQ(replaced[0].storage, other.storage);
  EXPECT_EQ(replaced[0].parameters, other.parameters);
}

TEST_P(CatalogConformance, DropsPartitionsAndTakesTheAbsentForDropped) {
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->CreateTable(Billing()));
  ASSERT_OK(catalog_->ApplyPartitions(
      table.id, {.put = {PartitionOf(table, {"2025", "01"}), PartitionOf(table, {"2025", "02"})}}));
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.drop = {{"2025", "01"}, {"1999", "01"}}}));
  ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(*catalog_, table.id));
  EXPECT_THAT(Values(partitions), ::testing::ElementsAre(std::vector<std::string>{"2025", "02"}));
  // Drops come first, so one change can put a partition anew.
  PartitionEntry anew = PartitionOf(table, {"2025", "02"});
  anew.storage.location = "s3://lake/anew/";
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.put = {anew}, .drop = {{"2025", "02"}}}));
  ASSERT_OK_AND_ASSIGN(const auto after, AllPartitions(*catalog_, table.id));
  ASSERT_EQ(after.size(), 1u);
  EXPECT_EQ(after[0].storage.location, "s3://lake/anew/");
}

TEST_P(CatalogConformance, FindsPartitionsByTheirExactValues) {
  TableEntry typed{.id = Id("typed")};
  typed.partition_keys = {{.name = "n", .type = "int"}, {.name = "s", .type = "string"}};
  ASSERT_OK(catalog_->CreateTable(typed));
  PartitionEntry odd{.values = {"05", "a'b"}, .parameters = {{"mine", "yes"}}};
  odd.storage.location = "s3://lake/odd/";
  odd.storage.columns = {{.name = "c", .type = "int"}};
  ASSERT_OK(catalog_->ApplyPartitions(typed.id, {.put = {odd, {.values = {"5", "a'b"}}, {.values = {"7", "x"}}}}));
  const std::vector<std::vector<std::string>> wanted = {{"7", "x"}, {"05", "a'b"}, {"7", "y"}, {"007", "x"}};
  ASSERT_OK_AND_ASSIGN(const auto found, catalog_->FindPartitions(typed.id, wanted));
  EXPECT_THAT(Values(found), ::testing::ElementsAre(wanted[0], wanted[1]));
  EXPECT_EQ(found[1].storage, odd.storage);
  EXPECT_EQ(found[1].parameters, odd.parameters);
  ASSERT_OK_AND_ASSIGN(const auto none, catalog_->FindPartitions(typed.id, {}));
  EXPECT_TRUE(none.empty());
  const std::vector<std::vector<std::string>> wrong = {{"7"}};
  ASSERT_FAILS(ErrorKind::kInvalid, "", catalog_->FindPartitions(typed.id, wrong));
  ASSERT_FAILS(ErrorKind::kNotFound, db_ + ".gone", catalog_->FindPartitions(Id("gone"), wanted));
}

TEST_P(CatalogConformance, ChecksWhatAChangeOfPartitionsExpects) {
  using Expect = PartitionChange::Expect;
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->CreateTable(Billing()));
  const auto a = PartitionOf(table, {"2025", "01"}), b = PartitionOf(table, {"2025", "02"});
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.put = {a}, .expect = Expect::kNew}));
  ASSERT_FAILS(ErrorKind::kAlreadyExists, "[2025, 01]",
               catalog_->ApplyPartitions(table.id, {.put = {a}, .expect = Expect::kNew}));

  PartitionEntry changed = a;
  changed.storage.location = "s3://lake/elsewhere/";
  ASSERT_OK(
      catalog_->ApplyPartitions(table.id, {.put = {changed}, .replace_existing = true, .expect = Expect::kThere}));
  ASSERT_FAILS(ErrorKind::kNotFound, "[2025, 02]",
               catalog_->ApplyPartitions(table.id, {.put = {b}, .replace_existing = true, .expect = Expect::kThere}));
  ASSERT_FAILS(ErrorKind::kNotFound, "[2025, 02]",
               catalog_->ApplyPartitions(table.id, {.drop = {{"2025", "02"}}, .expect = Expect::kThere}));

  // A move takes a partition away and puts one that was not there.
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.put = {b}, .drop = {a.values}, .expect = Expect::kMoves}));
  ASSERT_FAILS(ErrorKind::kNotFound, "[2025, 01]",
               catalog_->ApplyPartitions(table.id, {.put = {a}, .drop = {a.values}, .expect = Expect::kMoves}));
  ASSERT_OK_AND_ASSIGN(const auto left, AllPartitions(*catalog_, table.id));
  EXPECT_THAT(Values(left), ::testing::ElementsAre(b.values));
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.drop = {b.values}, .expect = Expect::kThere}));
}

TEST_P(CatalogConformance, ChangesNothingWhereOnePartitionIsNotAsExpected) {
  using Expect = PartitionChange::Expect;
  if (!catalog_->traits().atomic_partitions) GTEST_SKIP() << "partitions are changed in batches";
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->CreateTable(Billing()));
  const auto a = PartitionOf(table, {"2025", "01"}), b = PartitionOf(table, {"2025", "02"});
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.put = {a}}));
  ASSERT_FAILS(ErrorKind::kAlreadyExists, "[2025, 01]",
               catalog_->ApplyPartitions(table.id, {.put = {b, a}, .expect = Expect::kNew}));
  ASSERT_FAILS(ErrorKind::kAlreadyExists, "[2025, 02]",
               catalog_->ApplyPartitions(table.id, {.put = {b, b}, .expect = Expect::kNew}));
  ASSERT_FAILS(ErrorKind::kNotFound, "[2025, 02]",
               catalog_->ApplyPartitions(table.id, {.drop = {a.values, b.values}, .expect = Expect::kThere}));
  ASSERT_OK_AND_ASSIGN(const auto left, AllPartitions(*catalog_, table.id));
  EXPECT_THAT(Values(left), ::testing::ElementsAre(a.values));
}

TEST_P(CatalogConformance, AppliesNothingIfOnePartitionIsInvalid) {
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->CreateTable(Billing()));
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.put = {PartitionOf(table, {"2025", "01"})}}));
  PartitionChange change{.drop = {{"2025", "01"}}};
  for (int i = 0; i < 150; ++i) change.put.push_back(PartitionOf(table, {"2026", std::to_string(i)}));
  change.put.push_back({.values = {"2027"}});
  ASSERT_FAILS(ErrorKind::kInvalid, "2027", catalog_->ApplyPartitions(table.id, change));
  ASSERT_FAILS(ErrorKind::kInvalid, "",
               catalog_->ApplyPartitions(table.id, {.drop = {{"2025", "01"}, {"a", "b", "c"}}}));
  ASSERT_FAILS(ErrorKind::kInvalid, "", catalog_->ApplyPartitions(table.id, {.put = {{.values = {}}}}));
  ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(*catalog_, table.id));
  EXPECT_THAT(Values(partitions), ::testing::ElementsAre(std::vector<std::string>{"2025", "01"}));
}

TEST_P(CatalogConformance, RefusesPartitionsOfATableWithoutKeys) {
  ASSERT_OK(catalog_->CreateTable({.id = Id("plain")}));
  ASSERT_FAILS(ErrorKind::kInvalid, "no partition keys",
               catalog_->ApplyPartitions(Id("plain"), {.put = {{.values = {}}}}));
  ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(*catalog_, Id("plain")));
  EXPECT_TRUE(partitions.empty());
}

TEST_P(CatalogConformance, KeepsPartitionsWhenTheTableChanges) {
  ASSERT_OK_AND_ASSIGN(TableEntry table, catalog_->CreateTable(Billing()));
  const PartitionEntry partition = PartitionOf(table, {"2025", "01"});
  ASSERT_OK(catalog_->ApplyPartitions(table.id, {.put = {partition}}));
  table.storage.columns.push_back({.name = "tax", .type = "double"});
  ASSERT_OK(catalog_->CommitTable(table.version_id, table));
  ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(*catalog_, table.id));
  ASSERT_EQ(partitions.size(), 1u);
  EXPECT_EQ(partitions[0].storage, partition.storage);
}

TEST_P(CatalogConformance, PagesPartitionsOneByOneWhileOthersComeAndGo) {
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->CreateTable(Billing()));
  PartitionChange change;
  for (const std::string month : {"02", "04", "06", "08"}) change.put.push_back(PartitionOf(table, {"2025", month}));
  ASSERT_OK(catalog_->ApplyPartitions(table.id, change));
  std::vector<std::string> months;
  PartitionQuery query{.page = {.max_results = 1}};
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, catalog_->GetPartitions(table.id, query));
    ASSERT_LE(page.entries.size(), 1u);
    for (const auto& partition : page.entries) months.push_back(partition.values[1]);
    if (months == std::vector<std::string>{"02", "04"}) {
      ASSERT_OK(catalog_->ApplyPartitions(
          table.id, {.put = {PartitionOf(table, {"2025", "01"}), PartitionOf(table, {"2025", "05"})},
                     .drop = {{"2025", "02"}, {"2025", "04"}}}));
    }
    query.page.next_token = page.next_token;
  } while (!query.page.next_token.empty());
  EXPECT_THAT(months, ::testing::ElementsAre("02", "04", "05", "06", "08"));
}

TEST_P(CatalogConformance, PagesThroughAFilter) {
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->CreateTable(Billing()));
  PartitionChange change;
  for (int year = 2000; year < 2010; ++year) {
    for (int month = 10; month < 13; ++month) {
      change.put.push_back({.values = {std::to_string(year), std::to_string(month)}});
    }
  }
  ASSERT_OK(catalog_->ApplyPartitions(table.id, change));
  PartitionQuery query{.expression = "month = '11' AND year IN ('2003', '2001', '2009')", .page = {.max_results = 1}};
  std::vector<std::string> years;
  int pages = 0;
  do {
    ASSERT_OK_AND_ASSIGN(const auto page, catalog_->GetPartitions(table.id, query));
    for (const auto& partition : page.entries) years.push_back(partition.values[0]);
    query.page.next_token = page.next_token;
    ++pages;
  } while (!query.page.next_token.empty());
  EXPECT_THAT(years, ::testing::ElementsAre("2001", "2003", "2009"));
  EXPECT_LE(pages, 4);
}

TEST_P(CatalogConformance, FiltersPartitionsByTypedValues) {
  TableEntry table{.id = Id("typed")};
  table.partition_keys = {
      {.name = "region", .type = "string"}, {.name = "n", .type = "int"}, {.name = "day", .type = "date"}};
  ASSERT_OK(catalog_->CreateTable(table));
  const std::vector<std::vector<std::string>> rows = {
      {"__HIVE_DEFAULT_PARTITION__", "1", "2025-01-31"},        // a
      {"ap-south", "9", "2024-12-31"},                          // b
      {"eu-north", "10", "2025-02-01"},                         // c
      {"eu-west", "100", "2025-10-05"},                         // d
      {"eu-west", "__HIVE_DEFAULT_PARTITION__", "2025-10-06"},  // e
      {"us'east", "-3", "__HIVE_DEFAULT_PARTITION__"},          // f
  };
  PartitionChange change;
  std::map<std::vector<std::string>, char> letters;
  for (const auto& values : rows) {
    letters[values] = static_cast<char>('a' + letters.size());
    change.put.push_back({.values = values});
  }
  ASSERT_OK(catalog_->ApplyPartitions(table.id, change));

  const std::pair<std::string, std::string> cases[] = {
      {"", "abcdef"},
      {"region = 'eu-west'", "de"},
      {"REGION = 'eu-west'", "de"},
      {"region = 'EU-WEST'", ""},
      {"region <> 'eu-west'", "bcf"},
      {"region != 'eu-west' AND n > 0", "bc"},
      {"region = 'us''east'", "f"},
      {"region < 'eu-north'", "b"},
      {"region <= 'eu-north'", "bc"},
      {"region > 'eu-north'", "def"},
      {"region >= 'eu-north' AND region < 'f'", "cde"},
      {"region BETWEEN 'b' AND 'eu-west'", "cde"},
      {"region NOT BETWEEN 'b' AND 'eu-west'", "bf"},
      {"region IN ('ap-south', 'us''east', 'nowhere')", "bf"},
      {"region NOT IN ('ap-south', 'us''east')", "cde"},
      {"region LIKE 'eu-%'", "cde"},
      {"region LIKE 'eu-_est'", "de"},
      {"region NOT LIKE 'eu-%'", "bf"},
      {"region IS NULL", "a"},
      {"region IS NOT NULL", "bcdef"},
      {"n = 10", "c"},
      {"n > 9", "cd"},
      {"n >= 9 AND n <= 10", "bc"},
      {"n < 0", "f"},
      {"n IN (1, 100)", "ad"},
      {"n BETWEEN 1 AND 9", "ab"},
      {"n IS NULL", "e"},
      {"day = '2025-02-01'", "c"},
      {"day > DATE '2025-01-31'", "cde"},
      {"day BETWEEN DATE '2025-01-01' AND DATE '2025-02-28'", "ac"},
      {"NOT n > 9", "abf"},
      {"n = 9 OR region = 'eu-west'", "bde"},
      {"(n = 9 OR n = 100) AND region LIKE 'eu%'", "d"},
      {"region = 'eu-west' AND n = 100", "d"},
      {"region = 'eu-west' AND region = 'eu-north'", ""},
      {"region = 'eu-west' AND n IS NULL AND day = DATE '2025-10-06'", "e"},
  };
  for (const auto& [expression, expected] : cases) {
    const auto partitions = AllPartitions(*catalog_, table.id, expression);
    ASSERT_TRUE(partitions.ok()) << expression << ": " << partitions.status().ToString();
    std::string found;
    for (const auto& partition : *partitions) found += letters.at(partition.values);
    EXPECT_EQ(found, expected) << expression;
  }
}

TEST_P(CatalogConformance, RefusesExpressionsItCannotAnswer) {
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->CreateTable(Billing()));
  ASSERT_FAILS(ErrorKind::kInvalid, "", AllPartitions(*catalog_, table.id, "year = "));
  ASSERT_FAILS(ErrorKind::kInvalid, "", AllPartitions(*catalog_, table.id, "year = '2025' OR OR"));
  ASSERT_FAILS(ErrorKind::kInvalid, "cost", AllPartitions(*catalog_, table.id, "year = '2025' AND cost > 3"));
}

TEST_P(CatalogConformance, CoversEachPartitionByExactlyOneSegment) {
  ASSERT_OK_AND_ASSIGN(const auto table, catalog_->CreateTable(Billing()));
  PartitionChange change;
  for (int i = 0; i < 200; ++i) change.put.push_back({.values = {"2025", std::to_string(i)}});
  ASSERT_OK(catalog_->ApplyPartitions(table.id, change));
  std::multiset<std::string> seen;
  size_t smallest = change.put.size();
  for (int number = 0; number < 4; ++number) {
    PartitionQuery query{.segment = Segment{.number = number, .total = 4}, .page = {.max_results = 7}};
    ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(*catalog_, table.id, query));
    for (const auto& partition : partitions) seen.insert(partition.values[1]);
    smallest = std::min(smallest, partitions.size());
  }
  EXPECT_EQ(seen.size(), 200u);
  EXPECT_EQ((std::set<std::string>(seen.begin(), seen.end()).size()), 200u);
  EXPECT_GT(smallest, 0u);
  for (const Segment bad : {Segment{.number = 4, .total = 4}, Segment{.number = -1, .total = 4}, Segment{.total = 0}}) {
    ASSERT_FAILS(ErrorKind::kInvalid, "", catalog_->GetPartitions(table.id, {.segment = bad}));
  }
}

}  // namespace glaux::testing
