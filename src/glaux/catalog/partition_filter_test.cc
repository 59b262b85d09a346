#include "glaux/catalog/partition_filter_internal.h"

#include <algorithm>
#include <random>

#include "glaux/catalog/partition_key_internal.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

const TableId kTable{"db", "t"};
const std::vector<Column> kText = {{.name = "a", .type = "string"}, {.name = "b", .type = "string"}};

/// The values of `candidates` whose keys lie in the filter's ranges.
std::string InRanges(std::string_view expression, const std::vector<std::vector<std::string>>& candidates) {
  auto filter = PartitionFilter::Make(kTable, kText, expression).ValueOrDie();
  std::string out;
  for (const auto& values : candidates) {
    const auto key = EncodePartitionKey(values);
    int hits = 0;
    for (const auto& range : filter.ranges()) hits += key >= range.first && (!range.last || key < *range.last);
    if (hits > 0) out += values[0] + values[1] + " ";
    EXPECT_LE(hits, 1) << "ranges meet";
  }
  return out;
}

TEST(PartitionFilter, NarrowsTheKeysToReadByConditionsOnLeadingTextKeys) {
  const std::vector<std::vector<std::string>> all = {{"", "1"},   {"x", "1"}, {"x", "2"}, {"x", "3"},
                                                     {"xx", "1"}, {"y", "1"}, {"z", "2"}};
  const std::pair<const char*, const char*> cases[] = {
      {"", "1 x1 x2 x3 xx1 y1 z2 "},
      {"a = 'x'", "x1 x2 x3 "},
      {"a = 'x' AND b = '2'", "x2 "},
      {"b = '2' AND a = 'x'", "x2 "},
      {"a IN ('z', 'x') AND b IN ('1', '2')", "x1 x2 z2 "},
      {"a = 'x' AND b > '1'", "x1 x2 x3 "},
      {"a = 'x' AND b BETWEEN '2' AND '3'", "x2 x3 "},
      {"a = 'x' AND b < '2'", "x1 x2 "},
      {"a >= 'xx' AND a < 'z'", "xx1 y1 z2 "},
      {"a > 'y'", "y1 z2 "},
      {"a = 'x' OR b = '1'", "1 x1 x2 x3 xx1 y1 z2 "},
      {"NOT a = 'x'", "1 x1 x2 x3 xx1 y1 z2 "},
      {"b = '2'", "1 x1 x2 x3 xx1 y1 z2 "},
      {"a = 'none'", ""},
  };
  for (const auto& [expression, expected] : cases) EXPECT_EQ(InRanges(expression, all), expected) << expression;
}

TEST(PartitionFilter, LeavesNoMatchOutsideItsRanges) {
  const std::vector<std::string> texts = {
      "", "1", "10", "2", "x", "xx", "x/y", "\xc3\xa9", "__HIVE_DEFAULT_PARTITION__"};
  std::mt19937 random(7);
  auto pick = [&](const auto& from) { return from[random() % std::size(from)]; };
  const char* const operators[] = {"=", "<>", "<", "<=", ">", ">="};
  auto term = [&]() -> std::string {
    const std::string column = random() % 2 == 0 ? "a" : "b";
    switch (random() % 6) {
      case 0:
        return column + " IN ('" + pick(texts) + "', '" + pick(texts) + "')";
      case 1:
        return column + " BETWEEN '" + pick(texts) + "' AND '" + pick(texts) + "'";
      case 2:
        return column + " " + pick(operators) + " " + std::to_string(random() % 12);
      case 3:
        return "NOT " + column + " = '" + pick(texts) + "'";
      default:
        return column + " " + pick(operators) + " '" + pick(texts) + "'";
    }
  };
  int matched = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string expression = term();
    for (uint32_t more = random() % 4; more > 0; --more) {
      expression = (random() % 4 == 0 ? "(" + expression + ") OR " : expression + " AND ") + term();
    }
    ASSERT_OK_AND_ASSIGN(auto filter, PartitionFilter::Make(kTable, kText, expression));
    for (const auto& a : texts) {
      for (const auto& b : texts) {
        ASSERT_OK_AND_ASSIGN(const bool matches, filter.Matches({a, b}));
        if (!matches) continue;
        ++matched;
        const auto key = EncodePartitionKey({a, b});
        EXPECT_TRUE(std::any_of(
            filter.ranges().begin(), filter.ranges().end(),
            [&](const KeyRange& range) { return key >= range.first && (!range.last || key < *range.last); }))
            << expression << " matches " << a << ", " << b;
      }
    }
  }
  EXPECT_GT(matched, 10'000);
}

TEST(PartitionFilter, NeverNarrowsByTheTextOfNumbers) {
  ASSERT_OK_AND_ASSIGN(auto filter, PartitionFilter::Make(kTable, {{.name = "n", .type = "int"}}, "n = 7"));
  EXPECT_EQ(filter.ranges().size(), 1u);
  for (const std::string value : {"7", "07", "007"}) {
    ASSERT_OK_AND_ASSIGN(const bool matches, filter.Matches({value}));
    EXPECT_TRUE(matches) << value;
  }
}

TEST(PartitionFilter, ReadsValuesAsTheTypesOfTheirKeys) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"bigint", "k > 9000000000", "9000000001"},
      {"tinyint", "k = -5", "-5"},
      {"double", "k < 1.5", "1.25"},
      {"decimal(10,2)", "k = 12.5", "12.50"},
      {"decimal(10,2)", "k > 4", "5"},
      {"date", "k >= DATE '2025-01-31'", "2025-01-31"},
      {"timestamp", "k > TIMESTAMP '2025-01-31 08:00:00'", "2025-01-31 08:00:01"},
      {"boolean", "k = TRUE", "true"},
      {"varchar(10)", "k = 'x'", "x"},
      {"", "k = 'x'", "x"},
  };
  for (const auto& [type, expression, value] : cases) {
    auto filter = PartitionFilter::Make(kTable, {{.name = "k", .type = type}}, expression);
    ASSERT_TRUE(filter.ok()) << type << ": " << filter.status().ToString();
    const auto matches = filter->Matches({value});
    ASSERT_TRUE(matches.ok()) << type << ": " << matches.status().ToString();
    EXPECT_TRUE(*matches) << type << " " << expression << " " << value;
    const auto null = filter->Matches({"__HIVE_DEFAULT_PARTITION__"});
    ASSERT_TRUE(null.ok()) << type << ": " << null.status().ToString();
    EXPECT_FALSE(*null) << type;
  }
}

TEST(PartitionFilter, NamesTheValueThatIsNotOfItsType) {
  const std::vector<Column> keys = {{.name = "n", .type = "int"}, {.name = "s", .type = "string"}};
  ASSERT_OK_AND_ASSIGN(auto filter, PartitionFilter::Make(kTable, keys, "n > 1"));
  ASSERT_FAILS(ErrorKind::kInvalid, "n = 'many'", filter.Matches({"many", "x"}));
  ASSERT_OK_AND_ASSIGN(auto other, PartitionFilter::Make(kTable, keys, "s = 'x'"));
  ASSERT_OK_AND_ASSIGN(const bool matches, other.Matches({"many", "x"}));
  EXPECT_TRUE(matches) << "a key that the expression does not name is not looked at";
}

TEST(PartitionFilter, RefusesWhatItCannotAnswer) {
  ASSERT_FAILS(ErrorKind::kInvalid, "c is no partition key; they are: a, b",
               PartitionFilter::Make(kTable, kText, "c = 1"));
  ASSERT_FAILS(ErrorKind::kInvalid, "db.t", PartitionFilter::Make(kTable, kText, "a = = 1"));
  ASSERT_FAILS(ErrorKind::kInvalid, "partition key k",
               PartitionFilter::Make(kTable, {{.name = "k", .type = "no such type"}}, "k = 1"));
}

}  // namespace
}  // namespace glaux
