#include "query_cost.h"

#include "glaux/testing/matchers.h"

namespace glaux::cli {
namespace {

using ::testing::HasSubstr;

QueryEstimate Orders(std::optional<int64_t> bytes) {
  return {
      .inputs = {{.table = "shop.orders", .bytes = bytes, .files = 3, .partitions_total = 9, .partitions_scanned = 2}}};
}

TEST(QueryLimits, RefuseWhatWouldBeMore) {
  ASSERT_OK_AND_ASSIGN(const auto scan, ParseLimits("10GiB", ""));
  EXPECT_OK(CheckLimits(Orders(int64_t{10} << 30), scan, 5));
  ASSERT_FAILS(ErrorKind::kInvalid, "would scan up to 10.7 GB, at Athena $0.049; --max-scan allows 10.7 GB",
               CheckLimits(Orders((int64_t{10} << 30) + 1), scan, 5));
  ASSERT_OK_AND_ASSIGN(const auto cost, ParseLimits("", "$0.50"));
  EXPECT_OK(CheckLimits(Orders(int64_t{100} << 30), cost, 5));
  ASSERT_FAILS(ErrorKind::kInvalid, "at Athena $5.00; --max-cost allows $0.50; it was not run",
               CheckLimits(Orders(int64_t{1} << 40), cost, 5));
  EXPECT_OK(CheckLimits(Orders(int64_t{1} << 50), {}, 5));
}

TEST(QueryLimits, RefuseWhatNobodyKnows) {
  ASSERT_FAILS(ErrorKind::kInvalid, "nobody knows", CheckLimits(Orders(std::nullopt), {.bytes = 1}, 5));
}

TEST(QueryLimits, AreAmounts) {
  ASSERT_FAILS(ErrorKind::kInvalid, "--max-cost is a number of dollars", ParseLimits("", "cheap"));
  ASSERT_FAILS(ErrorKind::kInvalid, "--max-cost is a number of dollars", ParseLimits("", "-1"));
  ASSERT_FAILS(ErrorKind::kInvalid, "", ParseLimits("much", ""));
}

TEST(QueryEstimate, IsToldForPeopleAndMachines) {
  EXPECT_EQ(
      DescribeEstimate(Orders(1'200'000), 5),
      "shop.orders: 1.2 MB, 3 files, 2 of 9 partitions\n"
      "at most 1.2 MB, at Athena $0.000048: whole files are counted, and columns that are not read cost nothing\n");
  EXPECT_THAT(DescribeEstimate(Orders(std::nullopt), 5), HasSubstr("not known"));
  EXPECT_EQ(DescribeEstimate({}, 5), "reads no table\n");
  EXPECT_THAT(EstimateJson(Orders(10), 5), HasSubstr(R"("bytes":10,"athena_dollars":4.76)"));
  EXPECT_THAT(EstimateJson(Orders(std::nullopt), 5), HasSubstr(R"("bytes":null,"athena_dollars":null)"));
}

}  // namespace
}  // namespace glaux::cli
