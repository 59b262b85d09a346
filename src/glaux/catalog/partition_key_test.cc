#include "glaux/catalog/partition_key_internal.h"

#include <algorithm>

#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

const std::vector<std::vector<std::string>> kTuples = {{"", ""},
                                                       {"", "a"},
                                                       {std::string("\0", 1), ""},
                                                       {std::string("\0\0", 2), ""},
                                                       {std::string("\0a", 2), "b"},
                                                       {"\x01", ""},
                                                       {"a", ""},
                                                       {"a", "b"},
                                                       {"a", std::string("b\0", 2)},
                                                       {std::string("a\0", 2), ""},
                                                       {"a\x01", "zzz"},
                                                       {"aa", ""},
                                                       {"\xff", "\xff"},
                                                       {"\xff\xff", ""}};

TEST(PartitionKey, OrdersBytesAsTheValues) {
  for (const auto& left : kTuples) {
    for (const auto& right : kTuples) {
      EXPECT_EQ(EncodePartitionKey(left) < EncodePartitionKey(right), left < right)
          << ::testing::PrintToString(left) << " " << ::testing::PrintToString(right);
    }
  }
}

TEST(PartitionKey, DecodesWhatItEncodes) {
  for (const auto& values : kTuples) {
    ASSERT_OK_AND_ASSIGN(const auto decoded, DecodePartitionKey(EncodePartitionKey(values)));
    EXPECT_EQ(decoded, values);
  }
}

TEST(PartitionKey, RefusesBrokenBytes) {
  for (const std::string& bytes :
       {std::string("a"), std::string("a\0", 2), std::string("a\0b", 3), std::string("a\0\0b", 4)}) {
    ASSERT_FAILS(ErrorKind::kCorrupt, "partition key", DecodePartitionKey(bytes));
  }
}

TEST(PartitionKey, HashesTheSameInEveryRelease) {
  // Page tokens and segments of a running job must mean the same after an update.
  EXPECT_EQ(StableHash(""), 0xecba3df2c3383c52u);
  EXPECT_EQ(StableHash("a"), 0xed8170de1919a24du);
}

TEST(PageToken, IsReadOnlyForItsRequest) {
  const std::string position("k\0\xff\n", 4);
  const auto token = MakePageToken("tables db", position);
  ASSERT_OK_AND_ASSIGN(const auto read, ReadPageToken("tables db", token));
  EXPECT_EQ(read, position);
  ASSERT_FAILS(ErrorKind::kInvalid, "next_token", ReadPageToken("tables other", token));
  for (const std::string& bad : {std::string("x"), std::string("zz"), token.substr(0, 15), token + "0", "A" + token}) {
    ASSERT_FAILS(ErrorKind::kInvalid, "next_token", ReadPageToken("tables db", bad));
  }
}

}  // namespace
}  // namespace glaux
