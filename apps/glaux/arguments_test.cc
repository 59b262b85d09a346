#include "arguments.h"

#include "glaux/testing/matchers.h"
#include "human_text.h"

namespace glaux::cli {
namespace {

using std::chrono::milliseconds;

TEST(Assignment, SplitsAtTheLastEqualsSign) {
  const auto both = ParseAssignment("a=b = decimal(10,2)").ValueOrDie();
  EXPECT_EQ(both.first, "a=b");
  EXPECT_EQ(both.second, "decimal(10,2)");
  for (const auto* text : {"", "a", "a=", "=int"})
    ASSERT_FAILS(ErrorKind::kInvalid, "COLUMN=TYPE", ParseAssignment(text));
}

TEST(Contract, ChangesOnlyWhatIsNamed) {
  const auto contract = ParseContract("columns=freeze, types = EVOLVE").ValueOrDie();
  EXPECT_EQ(contract.columns, ContractMode::kFreeze);
  EXPECT_EQ(contract.data_type, ContractMode::kEvolve);
  EXPECT_EQ(contract.tables, ContractMode::kEvolve);
  ASSERT_FAILS(ErrorKind::kInvalid, "rows=freeze", ParseContract("rows=freeze"));
  ASSERT_FAILS(ErrorKind::kInvalid, "columns", ParseContract("columns"));
  ASSERT_FAILS(ErrorKind::kInvalid, "melt", ParseContract("columns=melt"));
}

TEST(HumanText, GroupsDigitsAndScalesBytesAndTimes) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1'234'567), "1,234,567");
  EXPECT_EQ(FormatCount(-1'000), "-1,000");
  EXPECT_EQ(FormatCount(1, "row", "rows"), "1 row");
  EXPECT_EQ(FormatDollars(0.000048), "$0.000048");
  EXPECT_EQ(FormatDollars(0.5), "$0.50");
  EXPECT_EQ(FormatBytes(999), "999 B");
  EXPECT_EQ(FormatBytes(1'234), "1.2 kB");
  EXPECT_EQ(FormatBytes(999'960), "1.0 MB");
  EXPECT_EQ(FormatDuration(std::chrono::microseconds(3'400)), "3 ms");
  EXPECT_EQ(FormatDuration(milliseconds(1'240)), "1.24 s");
  EXPECT_EQ(FormatDuration(milliseconds(59'970)), "1 min 0 s");
  EXPECT_EQ(FormatDuration(std::chrono::minutes(62)), "1 h 2 min");
}

}  // namespace
}  // namespace glaux::cli
