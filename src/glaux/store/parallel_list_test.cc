#include "glaux/store/parallel_list.h"

#include <algorithm>
#include <cstdio>
#include <random>

#include "glaux/store/memory_store.h"
#include "glaux/testing/faulty_store.h"
#include "glaux/testing/matchers.h"

namespace glaux::testing {
namespace {

std::string Text(const char* format, int number) {
  char text[100];
  return std::string(text, std::snprintf(text, sizeof text, format, number));
}

/// A store with these keys, and what listing it costs.
struct Lake {
  explicit Lake(std::vector<std::string> keys) : keys(std::move(keys)) {
    std::sort(this->keys.begin(), this->keys.end());
    for (const auto& key : this->keys) EXPECT_OK(PutString(*store, key, "x"));
  }
  std::vector<std::string> List(const ParallelListOptions& options) {
    FaultyStore counting(store, 0, FaultyStore::When::kBefore);
    std::vector<std::string> seen;
    EXPECT_OK(ParallelList(counting, options, [&](const ObjectInfo& object) {
      seen.push_back(object.key);
      return Status::OK();
    }));
    calls = counting.calls();
    return seen;
  }

  std::vector<std::string> keys;
  std::shared_ptr<ObjectStore> store = MakeMemoryStore();
  int calls = 0;
};

TEST(ParallelList, SmallFoldersAreListedTogether) {
  std::vector<std::string> keys = {"d/_x", "d/day=0100", "d/day=01000", "d/day=010/\xF4\x8F\xBF\xBFz", "d/z"};
  for (int day = 0; day < 300; ++day) {
    for (int file = 0; file < 40 + day % 50; ++file) {
      keys.push_back(Text("d/day=%03d/", day) + Text("part-%05d", file));
    }
  }
  Lake lake(keys);
  EXPECT_EQ(lake.List({.prefix = "d/"}), lake.keys);
  EXPECT_LE(lake.calls, static_cast<int>(keys.size()) / 1000 * 14 / 10 + 2);
  EXPECT_EQ(lake.List({}), lake.keys);
  const auto after = lake.List({.prefix = "d/", .start_after = "d/day=123/part-00007"});
  EXPECT_EQ(after, std::vector<std::string>(
                       std::upper_bound(lake.keys.begin(), lake.keys.end(), "d/day=123/part-00007"), lake.keys.end()));
}

TEST(ParallelList, KeysOfFoldersComeInOrderAndOnce) {
  std::vector<std::string> keys = {"a", "t/_marker", "t/year=2024-x", "z"};
  for (int year = 2020; year < 2024; ++year) {
    for (int day = 0; day < 30; ++day) {
      for (int file = 0; file < 150; ++file) {
        keys.push_back(Text("t/year=%d/", year) + Text("day=%02d/", day) + Text("part-%05d.parquet", file));
      }
    }
  }
  Lake lake(keys);
  EXPECT_EQ(lake.List({}), lake.keys);
  EXPECT_LE(lake.calls, 18'000 / 1000 + 160);
  const auto inside = lake.List({.prefix = "t/year=2021/day=0"});
  EXPECT_EQ(inside.size(), 1500u);
  EXPECT_EQ(lake.calls, 2);
}

TEST(ParallelList, KeysWithoutFoldersAreSplitByProbes) {
  std::vector<std::string> keys;
  for (int i = 0; i < 60'000; ++i) keys.push_back(Text("flat/file-%07d", i));
  Lake lake(keys);
  EXPECT_EQ(lake.List({.prefix = "flat/"}), lake.keys);
  EXPECT_LE(lake.calls, 60 + 120);
  std::mt19937 random(3);
  keys.clear();
  for (int i = 0; i < 60'000; ++i) keys.push_back(Text("%08x", static_cast<int>(random())) + Text("-%d.json", i));
  Lake hashed(keys);
  EXPECT_EQ(hashed.List({}), hashed.keys);
  EXPECT_LE(hashed.calls, 60 + 200);
}

TEST(ParallelList, OddKeysAreNotLost) {
  std::mt19937 random(11);
  const std::vector<std::string> pieces = {"a", "b", "/", "0", "9",    "é", "日", "🦉",
                                           "-", "z", "~", "!", "\x01", "Z", "="};
  for (int round = 0; round < 6; ++round) {
    std::vector<std::string> keys;
    for (int i = 0; i < 9000; ++i) {
      std::string key = "p";
      for (size_t length = random() % 12; length-- > 0;) key += pieces[random() % (round + 4 + random() % 6)];
      keys.push_back(key);
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    Lake lake(keys);
    EXPECT_EQ(lake.List({}), lake.keys) << round;
    const std::string& middle = lake.keys[lake.keys.size() / 5];
    const auto behind = std::vector(std::upper_bound(lake.keys.begin(), lake.keys.end(), middle), lake.keys.end());
    EXPECT_EQ(lake.List({.start_after = middle, .max_parallel = 3}), behind) << round;
  }
}

TEST(ParallelList, UpToFourPagesCostNoMoreCallsThanPages) {
  std::vector<std::string> keys;
  for (int i = 0; i < 3500; ++i) keys.push_back(Text("k%d", i));
  Lake lake(keys);
  EXPECT_EQ(lake.List({}).size(), 3500u);
  EXPECT_EQ(lake.calls, 4);
  EXPECT_TRUE(lake.List({.prefix = "none"}).empty());
  EXPECT_EQ(lake.calls, 1);
}

TEST(ParallelList, TheVisitorMayStop) {
  std::vector<std::string> keys;
  for (int i = 0; i < 7000; ++i) keys.push_back(Text("k%05d", i));
  Lake lake(keys);
  int seen = 0;
  EXPECT_EQ(KindOf(ParallelList(*lake.store, {},
                                [&](const ObjectInfo&) {
                                  return ++seen == 4500 ? MakeError(ErrorKind::kCancelled, "enough") : Status::OK();
                                })),
            ErrorKind::kCancelled);
  EXPECT_EQ(seen, 4500);
}

}  // namespace
}  // namespace glaux::testing
