#include <arrow/api.h>
#include <gtest/gtest.h>

#include "glaux/table/hive/java_date_format_internal.h"
#include "glaux/table/hive/partition_projection_internal.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using Scalars = std::vector<std::shared_ptr<arrow::Scalar>>;
using Only = std::vector<std::optional<Scalars>>;

const Timestamp kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 28) + std::chrono::hours(15);

TableEntry Table(Parameters projection, std::vector<std::string> keys) {
  TableEntry table{.id = {.database = "d", .name = "t"}};
  table.storage.location = "s3://lake/t";
  for (auto& key : keys) table.partition_keys.push_back({.name = key, .type = "string"});
  table.parameters = {{"projection.enabled", "true"}};
  for (auto& [key, value] : projection) table.parameters[(key[0] == '/' ? key.substr(1) : "projection." + key)] = value;
  return table;
}

Result<std::vector<std::string>> Locations(const TableEntry& table, const Only& only = {}, const Predicate& filter = {},
                                           const std::shared_ptr<arrow::DataType>& type = arrow::utf8()) {
  arrow::FieldVector keys;
  for (const auto& key : table.partition_keys) keys.push_back(arrow::field(key.name, type));
  ARROW_ASSIGN_OR_RAISE(const auto partitions, ProjectPartitions(table, keys, only, filter, kNow));
  std::vector<std::string> locations;
  for (const auto& partition : partitions) locations.push_back(partition.location.substr(10));
  return locations;
}

Only One(const std::string& value) { return {Scalars{arrow::MakeScalar(value)}}; }

TEST(PartitionProjection, MakesTheProductOfItsKeys) {
  const auto table = Table({{"a.type", " Enum "},
                            {"a.values", "x,y z"},
                            {"b.type", "integer"},
                            {"b.range", " 08 , 12"},
                            {"b.interval", "2"},
                            {"b.digits", "3"}},
                           {"a", "b"});
  ASSERT_OK_AND_ASSIGN(const auto locations, Locations(table));
  EXPECT_EQ(locations, (std::vector<std::string>{"t/a=x/b=008/", "t/a=x/b=010/", "t/a=x/b=012/", "t/a=y z/b=008/",
                                                 "t/a=y z/b=010/", "t/a=y z/b=012/"}));
}

TEST(PartitionProjection, TakesOnlyTheValuesThatItHas) {
  const auto numbers =
      Table({{"n.type", "integer"}, {"n.range", "-9000000000,9000000000"}, {"n.interval", "5"}}, {"n"});
  EXPECT_EQ(*Locations(numbers, One("10")), std::vector<std::string>{"t/n=10/"});
  EXPECT_EQ(*Locations(numbers, One("11")), std::vector<std::string>());
  EXPECT_EQ(*Locations(numbers, One("010")), std::vector<std::string>());  // the key is text, and this another
  EXPECT_EQ(*Locations(numbers, {Scalars{arrow::MakeScalar<int64_t>(10)}}, {}, arrow::int64()),
            std::vector<std::string>{"t/n=10/"});
  ASSERT_OK_AND_ASSIGN(const auto filter, Predicate::Parse("n = '15' or n in ('20', '21')"));
  EXPECT_EQ(*Locations(numbers, {}, filter), (std::vector<std::string>{"t/n=15/", "t/n=20/"}));
  EXPECT_EQ(KindOf(Locations(numbers).status()), ErrorKind::kInvalid);
}

TEST(PartitionProjection, CountsDatesFromTheirBegin) {
  auto table =
      Table({{"d.type", "date"}, {"d.range", "2024-12,2025-05"}, {"d.format", "yyyy-MM"}, {"d.interval", "2"}}, {"d"});
  EXPECT_EQ(*Locations(table), (std::vector<std::string>{"t/d=2024-12/", "t/d=2025-02/", "t/d=2025-04/"}));
  EXPECT_EQ(*Locations(table, One("2025-02")), std::vector<std::string>{"t/d=2025-02/"});
  EXPECT_EQ(*Locations(table, One("2025-03")), std::vector<std::string>());
  EXPECT_EQ(*Locations(table, One("2025-06")), std::vector<std::string>());
  table = Table({{"d.type", "date"},
                 {"d.range", "NOW-1WEEK, NOW"},
                 {"d.format", "yyyy/MM/dd"},
                 {"d.interval", "1"},
                 {"d.interval.unit", "weeks"},
                 {"/storage.location.template", "s3://lake/logs/${d}/x"}},
                {"d"});
  EXPECT_EQ(*Locations(table), (std::vector<std::string>{"logs/2026/11/21/x/", "logs/2026/11/28/x/"}));
  table = Table({{"d.type", "date"}, {"d.range", "NOW-2HOURS,NOW"}, {"d.format", "yyyy-MM-dd'T'HH"}}, {"d"});
  EXPECT_NE(Locations(table).status().message().find("projection.d.interval.unit is missing"), std::string::npos);
  table.parameters["projection.d.interval.unit"] = "HOURS";
  table.parameters["projection.d.interval"] = "1";
  EXPECT_EQ(Locations(table)->size(), 3u);
}

TEST(PartitionProjection, InjectedKeysNeedEqualities) {
  const auto table = Table({{"k.type", "injected"}}, {"k"});
  EXPECT_EQ(*Locations(table, One("a/b")), std::vector<std::string>{"t/k=a%2Fb/"});
  EXPECT_EQ(KindOf(Locations(table).status()), ErrorKind::kInvalid);
}

TEST(PartitionProjection, NamesWhatIsWrong) {
  const auto fails = [](Parameters projection, std::string_view words) {
    const auto status = Locations(Table(std::move(projection), {"k"})).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kInvalid) << status.ToString();
    EXPECT_NE(status.message().find(words), std::string::npos) << status.message();
  };
  fails({}, "missing projection configuration: [k]");
  fails({{"k.type", "random"}}, "projection.k.type: expected enum, integer, date or injected, found: random");
  fails({{"k.type", "enum"}}, "projection.k.values is missing");
  fails({{"k.type", "integer"}, {"k.range", "5"}}, "projection.k.range");
  fails({{"k.type", "integer"}, {"k.range", "5,1"}}, "the least and the greatest");
  fails({{"k.type", "integer"}, {"k.range", "1,5"}, {"k.interval", "0"}}, "projection.k.interval");
  fails({{"k.type", "date"}, {"k.range", "2024,NOW"}, {"k.format", "yyyy-MM-dd"}}, "dates in the format yyyy-MM-dd");
  fails({{"k.type", "date"}, {"k.range", "NOW-3FORTNIGHTS,NOW"}, {"k.format", "yyyy-MM-dd"}}, "a unit");
  fails({{"k.type", "enum"}, {"k.values", "a"}, {"/storage.location.template", "s3://lake/x/"}}, "${k}");
}

TEST(JavaDateFormat, PrintsWhatItParses) {
  for (const auto& [pattern, text] :
       std::vector<std::pair<std::string, std::string>>{{"yyyyMMdd", "20240229"},
                                                        {"dd-MM-yyyy-HH-mm-ss", "29-02-2024-23-59-01"},
                                                        {"yyyy/M/d", "2024/2/9"},
                                                        {"yyyy-MM-dd'T'HH:mm:ss.SSS", "1969-12-31T23:59:59.999"},
                                                        {"yy''MM", "24'02"}}) {
    ASSERT_OK_AND_ASSIGN(const auto format, JavaDateFormat::Make(pattern));
    const auto time = format.Parse(text);
    ASSERT_TRUE(time.has_value()) << pattern;
    EXPECT_EQ(format.Print(*time), text);
    EXPECT_FALSE(format.Parse(text + "x").has_value());
  }
  ASSERT_OK_AND_ASSIGN(const auto format, JavaDateFormat::Make("yyyy-MM-dd"));
  EXPECT_FALSE(format.Parse("2023-02-29").has_value());
  EXPECT_EQ(KindOf(JavaDateFormat::Make("yyyy-MMM").status()), ErrorKind::kNotImplemented);
  EXPECT_EQ(KindOf(JavaDateFormat::Make("MM-dd").status()), ErrorKind::kInvalid);
}

TEST(JavaDateFormat, AddsMonthsThatAreShorter) {
  ASSERT_OK_AND_ASSIGN(const auto format, JavaDateFormat::Make("yyyy-MM-dd"));
  const int64_t end_of_january = *format.Parse("2024-01-31");
  EXPECT_EQ(format.Print(AddUnits(end_of_january, JavaDateFormat::Unit::kMonths, 1)), "2024-02-29");
  EXPECT_EQ(format.Print(AddUnits(end_of_january, JavaDateFormat::Unit::kYears, -1)), "2023-01-31");
  EXPECT_EQ(UnitsBetween(end_of_january, *format.Parse("2024-03-30"), JavaDateFormat::Unit::kMonths), 1);
}

}  // namespace
}  // namespace glaux
