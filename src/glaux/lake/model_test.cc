#include "glaux/lake/model.h"

#include <arrow/api.h>

#include <cstdint>
#include <limits>

#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::testing {

enum class Colour { kRed, kGreen };
BOOST_DESCRIBE_ENUM(Colour, kRed, kGreen)

struct Place {
  std::string city;
  std::optional<int32_t> floor;
  bool operator==(const Place&) const = default;
};
BOOST_DESCRIBE_STRUCT(Place, (), (city, floor))

struct Named {
  std::string name;
  bool operator==(const Named&) const = default;
};
BOOST_DESCRIBE_STRUCT(Named, (), (name))

using std::chrono::sys_days;
using std::chrono::sys_time;

/// One member of every kind.
struct Everything : Named {
  bool yes = false;
  int8_t tiny = 0;
  int16_t small = 0;
  int32_t medium = 0;
  int64_t big = 0;
  uint8_t u8 = 0;
  uint16_t u16 = 0;
  uint32_t u32 = 0;
  uint64_t u64 = 0;
  float real = 0;
  double wide = 0;
  std::vector<std::byte> bytes;
  sys_days day;
  sys_time<std::chrono::microseconds> at;
  std::chrono::sys_seconds second;
  Decimal<10, 2> price;
  Colour colour = Colour::kRed;
  std::optional<std::string> note;
  std::vector<std::optional<int64_t>> numbers;
  std::vector<Place> places;
  std::map<std::string, double> weights;
  std::optional<Place> home;
  bool operator==(const Everything&) const = default;
};
BOOST_DESCRIBE_STRUCT(Everything, (Named),
                      (yes, tiny, small, medium, big, u8, u16, u32, u64, real, wide, bytes, day, at, second, price,
                       colour, note, numbers, places, weights, home))

struct Part {
  int32_t id = 0;
  std::optional<std::string> later;
  bool operator==(const Part&) const = default;
};
BOOST_DESCRIBE_STRUCT(Part, (), (id, later))

struct Coloured {
  Colour colour = Colour::kRed;
};
BOOST_DESCRIBE_STRUCT(Coloured, (), (colour))

struct Strict {
  int32_t id = 0;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(Strict, (), (id, name))

struct Housed {
  int64_t id = 0;
  Place place;
};
BOOST_DESCRIBE_STRUCT(Housed, (), (id, place))

namespace {

constexpr sys_days kDay = std::chrono::year(2025) / 1 / 31;

Everything Full() {
  Everything one;
  one.name = "ada";
  one.yes = true;
  one.tiny = std::numeric_limits<int8_t>::min();
  one.small = std::numeric_limits<int16_t>::min();
  one.medium = std::numeric_limits<int32_t>::min();
  one.big = std::numeric_limits<int64_t>::min();
  one.u8 = std::numeric_limits<uint8_t>::max();
  one.u16 = std::numeric_limits<uint16_t>::max();
  one.u32 = std::numeric_limits<uint32_t>::max();
  one.u64 = std::numeric_limits<uint64_t>::max();
  one.real = 1.5F;
  one.wide = -0.1;
  one.bytes = {std::byte{0}, std::byte{255}};
  one.day = kDay;
  one.at = kDay + std::chrono::hours(8) + std::chrono::microseconds(1);
  one.second = kDay + std::chrono::seconds(5);
  one.price = {arrow::Decimal128(1250)};
  one.colour = Colour::kGreen;
  one.note = "";
  one.numbers = {1, std::nullopt, -3};
  one.places = {{"Paris", 3}, {"Rome", std::nullopt}};
  one.weights = {{"a", 1.0}, {"b", 2.5}};
  one.home = Place{"Oslo", 1};
  return one;
}

class ModelTest : public ::testing::Test {
 protected:
  const TempDir folder_;
  const std::unique_ptr<Lake> lake_ = Lake::Open({.directory = (folder_.path() / "lake").string()}).ValueOrDie();
  const TableId table_{"db", "t"};
};

TEST_F(ModelTest, EveryKindOfMemberComesBackAsItWas) {
  const std::vector<Everything> rows = {Full(), Everything()};
  ASSERT_OK_AND_ASSIGN(const auto written, Write(*lake_, table_, rows, {.partition_by = "none"}));
  EXPECT_EQ(written.commit.rows, 2);
  ASSERT_OK_AND_ASSIGN(auto reader, Read<Everything>(*lake_, table_));
  ASSERT_OK_AND_ASSIGN(const auto back, reader.ToVector());
  EXPECT_EQ(back, rows);
}

TEST_F(ModelTest, ColumnsHaveTheTypesThatTheHeaderTells) {
  ASSERT_OK(Write(*lake_, table_, std::vector<Everything>{Full()}, {.partition_by = "none"}).status());
  ASSERT_OK_AND_ASSIGN(const auto entry, lake_->catalog().GetTable(table_));
  std::map<std::string, std::string> types;
  for (const auto& column : entry.storage.columns) types[column.name] = column.type;
  EXPECT_EQ(entry.storage.columns.front().name, "name");  // of the base
  EXPECT_EQ(types["tiny"], "tinyint");
  EXPECT_EQ(types["u8"], "smallint");
  EXPECT_EQ(types["u16"], "int");
  EXPECT_EQ(types["u32"], "bigint");
  EXPECT_EQ(types["u64"], "decimal(20,0)");
  EXPECT_EQ(types["real"], "float");
  EXPECT_EQ(types["bytes"], "binary");
  EXPECT_EQ(types["day"], "date");
  EXPECT_EQ(types["second"], "timestamp");
  EXPECT_EQ(types["price"], "decimal(10,2)");
  EXPECT_EQ(types["colour"], "string");
  EXPECT_EQ(types["numbers"], "array<bigint>");
  EXPECT_EQ(types["places"], "array<struct<city:string,floor:int>>");
  EXPECT_EQ(types["weights"], "map<string,double>");
}

TEST_F(ModelTest, ColumnsThatTheModelLacksAreNotRead) {
  ASSERT_OK(Write(*lake_, table_, Records::Json("{\"id\":1,\"other\":\"x\"}"), {.partition_by = "none"}).status());
  ASSERT_OK_AND_ASSIGN(auto reader, Read<Part>(*lake_, table_));
  ASSERT_OK_AND_ASSIGN(const auto rows, reader.ToVector());
  EXPECT_EQ(rows, (std::vector<Part>{{1, std::nullopt}}));  // `later` is no column yet
}

TEST_F(ModelTest, WhatDoesNotFitAMemberIsNamedWithColumnAndRow) {
  ASSERT_OK(Write(*lake_, table_,
                  Records::Json("{\"id\":1,\"name\":\"a\",\"colour\":\"kRed\"}\n"
                                "{\"id\":5000000000,\"colour\":\"blue\"}"),
                  {.partition_by = "none"})
                .status());
  ASSERT_OK_AND_ASSIGN(auto narrow, Read<Part>(*lake_, table_));
  ASSERT_FAILS(ErrorKind::kInvalid, "column id", narrow.ToVector());
  ASSERT_OK_AND_ASSIGN(auto coloured, Read<Coloured>(*lake_, table_));
  ASSERT_FAILS(ErrorKind::kInvalid, "column colour, row 1: expected one of kRed, kGreen, found: blue",
               coloured.ToVector());
  ASSERT_OK_AND_ASSIGN(auto strict, Read<Strict>(*lake_, table_, {.filter = "id > 1"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "column id", strict.ToVector());
  ASSERT_OK_AND_ASSIGN(auto named, Query<Strict>(*lake_, "SELECT 7 AS id, NULL::varchar AS name"));
  ASSERT_FAILS(ErrorKind::kInvalid, "column name, row 0: null, and the member is no std::optional", named.ToVector());
  ASSERT_OK_AND_ASSIGN(auto lacking, Query<Strict>(*lake_, "SELECT 7 AS id"));
  ASSERT_FAILS(ErrorKind::kInvalid, "no column name", lacking.ToVector());
  ASSERT_FAILS(ErrorKind::kInvalid, "no column place", Read<Housed>(*lake_, table_));
}

TEST_F(ModelTest, ErrorsSayWhereInsideAColumn) {
  ASSERT_OK_AND_ASSIGN(auto reader,
                       Query<Housed>(*lake_, "SELECT 1 AS id, {'city': NULL::varchar, 'floor': 3} AS place"));
  ASSERT_FAILS(ErrorKind::kInvalid, "column place.city, row 0: null", reader.ToVector());
  const std::vector<Coloured> nameless = {{Colour::kRed}, {static_cast<Colour>(7)}};
  ASSERT_FAILS(ErrorKind::kInvalid, "column colour, row 1: an enumerator without a name: 7",
               ToBatch(std::span<const Coloured>(nameless)));
}

TEST_F(ModelTest, RowsOfASliceAreThoseOfTheSlice) {
  const std::vector<Housed> rows = {{1, {"a", 1}}, {2, {"b", std::nullopt}}, {3, {"c", 3}}};
  ASSERT_OK_AND_ASSIGN(const auto batch, ToBatch(std::span<const Housed>(rows)));
  ASSERT_OK_AND_ASSIGN(const auto tail, FromBatch<Housed>(batch->Slice(1)));
  ASSERT_EQ(tail.size(), 2u);
  EXPECT_EQ(tail[0].place, rows[1].place);
  EXPECT_EQ(tail[1].place, rows[2].place);
}

TEST_F(ModelTest, AStreamOfRowsIsWrittenAsItComes) {
  int32_t next = 0;
  const auto records = RecordsFrom<Part>([&next]() -> Result<std::vector<Part>> {
    std::vector<Part> rows;
    for (int i = 0; i < 100 && next < 1000; ++i) rows.push_back({next++, "x"});
    return rows;
  });
  ASSERT_OK_AND_ASSIGN(const auto written, Write(*lake_, table_, records, {.partition_by = "none"}));
  EXPECT_EQ(written.commit.rows, 1000);
  int64_t sum = 0;
  ASSERT_OK(ReadInto<Part>(*lake_, table_, [&sum](std::vector<Part> rows) {
    for (const auto& row : rows) sum += row.id;
    return Status::OK();
  }));
  EXPECT_EQ(sum, 999 * 1000 / 2);
  const auto stopped =
      ReadInto<Part>(*lake_, table_, [](const std::vector<Part>&) { return MakeError(ErrorKind::kDenied, "enough"); });
  ASSERT_FAILS(ErrorKind::kDenied, "enough", stopped);
}

}  // namespace
}  // namespace glaux::testing
