#include "glaux/table/hive/partitioner.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/table/hive/hive_entry.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using Strings = std::vector<std::string>;

std::shared_ptr<arrow::RecordBatch> TimesAndRegions() {
  arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  arrow::StringBuilder regions;
  const auto at = [](const char* text) { return ParseTimestamp(text)->time_since_epoch().count(); };
  EXPECT_OK(times.AppendValues({at("2025-01-31T23:59:59.999999Z"), at("2025-02-01T00:00:00Z"),
                                at("2025-01-31T01:00:00Z"), at("1969-12-31T23:30:00Z")}));
  EXPECT_OK(times.AppendNull());
  for (const char* region : {"eu", "eu", "us", "a/b", ""}) EXPECT_OK(regions.Append(region));
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("at", times.type()), arrow::field("region", arrow::utf8())}), 5,
      {times.Finish().ValueOrDie(), regions.Finish().ValueOrDie()});
}

std::map<Strings, std::vector<int32_t>> Split(const char* spec, const arrow::RecordBatch& batch) {
  const Partitioner partitioner(ParsePartitionSpec(spec).ValueOrDie(), *batch.schema(),
                                *ParseTimestamp("2026-03-04T05:06:07Z"));
  const auto split = partitioner.Split(batch).ValueOrDie();
  std::map<Strings, std::vector<int32_t>> groups;
  for (const auto& group : split.groups) {
    groups[group.values] = {split.rows.begin() + group.begin, split.rows.begin() + group.end};
  }
  return groups;
}

TEST(Partitioner, DayMakesYearMonthAndDayInUtcAndNullItsOwnPartition) {
  const auto groups = Split("day(at)", *TimesAndRegions());
  const std::string null = "__HIVE_DEFAULT_PARTITION__";
  EXPECT_THAT(groups, UnorderedElementsAre(Pair(ElementsAre("2025", "01", "31"), ElementsAre(0, 2)),
                                           Pair(ElementsAre("2025", "02", "01"), ElementsAre(1)),
                                           Pair(ElementsAre("1969", "12", "31"), ElementsAre(3)),
                                           Pair(ElementsAre(null, null, null), ElementsAre(4))));
}

TEST(Partitioner, EveryTransformHasItsLevels) {
  const auto batch = TimesAndRegions();
  EXPECT_TRUE(Split("year(at)", *batch).contains(Strings{"2025"}));
  EXPECT_TRUE(Split("month(at)", *batch).contains(Strings{"2025", "02"}));
  EXPECT_TRUE(Split("hour(at)", *batch).contains(Strings{"2025", "01", "31", "23"}));
  EXPECT_TRUE(Split("hour(at)", *batch).contains(Strings{"1969", "12", "31", "23"}));
}

TEST(Partitioner, IdentityTakesTheValueAndAnEmptyStringIsNull) {
  const auto groups = Split("region", *TimesAndRegions());
  EXPECT_THAT(groups,
              UnorderedElementsAre(Pair(ElementsAre("eu"), ElementsAre(0, 1)), Pair(ElementsAre("us"), ElementsAre(2)),
                                   Pair(ElementsAre("a/b"), ElementsAre(3)),
                                   Pair(ElementsAre("__HIVE_DEFAULT_PARTITION__"), ElementsAre(4))));
}

TEST(Partitioner, SeveralKeysRefineEachOther) {
  const auto groups = Split("region, year(at)", *TimesAndRegions());
  EXPECT_TRUE(groups.contains(Strings{"eu", "2025"}));
  EXPECT_TRUE(groups.contains(Strings{"a/b", "1969"}));
  EXPECT_EQ(groups.size(), 4u);
}

TEST(Partitioner, WithoutAColumnTheWriteTimeDecides) {
  const auto groups = Split("day()", *TimesAndRegions());
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups.begin()->first, (Strings{"2026", "03", "04"}));
  EXPECT_EQ(groups.begin()->second.size(), 5u);
}

TEST(Partitioner, NoKeysIsOnePartition) {
  const auto groups = Split("", *TimesAndRegions());
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_TRUE(groups.begin()->first.empty());
}

TEST(PartitionSpec, ReadsTransformsAndNormalizesNames) {
  ASSERT_OK_AND_ASSIGN(const auto fields, ParsePartitionSpec("day(lineItem/UsageStartDate), Region"));
  EXPECT_EQ(ToString(fields), "day(lineitem_usagestartdate), region");
  ASSERT_FAILS(ErrorKind::kInvalid, "is no transform", ParsePartitionSpec("week(at)"));
  ASSERT_FAILS(ErrorKind::kInvalid, "parenthesis", ParsePartitionSpec("day(at"));
  ASSERT_FAILS(ErrorKind::kInvalid, "empty", ParsePartitionSpec("a,,b"));
}

TEST(PartitionKeys, RefuseWhatCannotBeAKey) {
  const auto schema = arrow::schema({arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO)),
                                     arrow::field("year", arrow::int64()), arrow::field("n", arrow::int64())});
  const auto keys = [&](const char* spec) { return PartitionKeysOf(ParsePartitionSpec(spec).ValueOrDie(), *schema); };
  ASSERT_FAILS(ErrorKind::kInvalid, "there is no column nope", keys("nope"));
  ASSERT_FAILS(ErrorKind::kInvalid, "must be a date or timestamp", keys("day(n)"));
  ASSERT_FAILS(ErrorKind::kInvalid, "has a column year", keys("day(at)"));
  ASSERT_FAILS(ErrorKind::kInvalid, "appears twice", keys("n, n"));
  ASSERT_OK_AND_ASSIGN(const auto identity, keys("year"));
  EXPECT_EQ(identity, (std::vector<Column>{{.name = "year", .type = "bigint"}}));
}

}  // namespace
}  // namespace glaux
