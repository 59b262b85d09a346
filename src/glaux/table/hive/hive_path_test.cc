#include "glaux/table/hive/hive_path.h"

#include <gtest/gtest.h>

#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using Strings = std::vector<std::string>;

TEST(PartitionPath, EscapesWhatHiveEscapesAndReadsItBack) {
  const Strings keys = {"year", "name"};
  const Strings values = {"2025", "a/b = 100%: c"};
  const std::string path = PartitionPath(keys, values);
  EXPECT_EQ(path, "year=2025/name=a%2Fb %3D 100%25%3A c/");
  ASSERT_OK_AND_ASSIGN(const auto back, ParsePartitionPath(path + "x.parquet", keys));
  EXPECT_EQ(back, values);
}

TEST(PartitionPath, EveryByteSurvives) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(UnescapePartitionValue(EscapePartitionValue(all)), all);
}

TEST(PartitionPath, AnEmptyValueIsHivesNullFolder) {
  EXPECT_EQ(EscapePartitionValue(""), "__HIVE_DEFAULT_PARTITION__");
}

TEST(PartitionPath, AStrayPercentStandsForItself) {
  EXPECT_EQ(UnescapePartitionValue("100%"), "100%");
  EXPECT_EQ(UnescapePartitionValue("%zz%4"), "%zz%4");
}

TEST(PartitionPath, AFolderThatDoesNotFollowTheKeysIsRefused) {
  const Strings keys = {"year", "month"};
  ASSERT_FAILS(ErrorKind::kInvalid, "expected month=", ParsePartitionPath("year=2025/day=1/x", keys));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected year=", ParsePartitionPath("x.parquet", keys));
  ASSERT_OK_AND_ASSIGN(const auto folded, ParsePartitionPath("Year=2025/MONTH=01/x", keys));
  EXPECT_EQ(folded, (Strings{"2025", "01"}));
}

TEST(HiddenPath, IsWhatReadersPassOver) {
  for (const char* hidden : {"_SUCCESS", ".part.crc", "_glaux/state.json", "year=2025/_temporary/x", "a/.b"}) {
    EXPECT_TRUE(IsHiddenPath(hidden)) << hidden;
  }
  for (const char* visible : {"a.parquet", "year=2025/a.parquet", "_col=1/a.parquet", "a_b/c"}) {
    EXPECT_FALSE(IsHiddenPath(visible)) << visible;
  }
}

}  // namespace
}  // namespace glaux
