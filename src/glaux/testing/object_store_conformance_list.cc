#include <algorithm>
#include <atomic>
#include <set>

#include "glaux/testing/matchers.h"
#include "glaux/testing/object_store_conformance.h"
#include "glaux/testing/run_together.h"

namespace glaux::testing {

ObjectStoreConformance::Listing ObjectStoreConformance::ListPages(ListOptions options) {
  Listing listing;
  do {
    auto page = store->List(options);
    EXPECT_TRUE(page.ok()) << page.status().ToString();
    if (!page.ok()) break;
    EXPECT_LE(page->objects.size() + page->common_prefixes.size(), static_cast<size_t>(options.max_keys));
    for (const auto& object : page->objects) listing.keys.push_back(object.key);
    for (const auto& prefix : page->common_prefixes) listing.common_prefixes.push_back(prefix);
    options.continuation_token = page->next_token;
    ++listing.pages;
  } while (!options.continuation_token.empty() && listing.pages < 10'000);
  return listing;
}

std::vector<std::string> ObjectStoreConformance::Keys(std::string_view prefix) {
  return ListPages({.prefix = std::string(prefix)}).keys;
}

TEST_P(ObjectStoreConformance, AnEmptyStoreHasAnEmptyPage) {
  ASSERT_OK_AND_ASSIGN(const auto page, store->List());
  EXPECT_TRUE(page.objects.empty());
  EXPECT_TRUE(page.common_prefixes.empty());
  EXPECT_TRUE(page.next_token.empty());
}

TEST_P(ObjectStoreConformance, ListIsInByteOrderOfWholeKeys) {
  // '-' and '.' come before '/', '0' after it: a walk folder by folder would get this wrong.
  std::vector<std::string> keys = {"a-b", "a.b", "a/b", "a/b.c", "a/b-c/d", "a/c/d", "a0",
                                   "aa",  "A",   "Z/z", "é",     "z",       "a!/x"};
  for (const auto& key : keys) Write(key, "x");
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(Keys(), keys);
  for (int max_keys = 1; max_keys <= 5; ++max_keys) EXPECT_EQ(ListPages({.max_keys = max_keys}).keys, keys) << max_keys;
}

TEST_P(ObjectStoreConformance, AKeyMayAlsoBeTheFolderOfOthersWhereTheStoreHoldsThat) {
  Write("a", "x");
  Write("a-b", "x");
  const auto below = PutString(*store, "a/b", "x");
  if (below.ok()) {
    EXPECT_EQ(Keys(), (std::vector<std::string>{"a", "a-b", "a/b"}));
    EXPECT_EQ(Keys("a/"), (std::vector<std::string>{"a/b"}));
  } else {
    ASSERT_FAILS(ErrorKind::kInvalid, "a/b", below);
    EXPECT_EQ(Keys(), (std::vector<std::string>{"a", "a-b"}));
  }
  EXPECT_EQ(Read("a"), "x");
}

TEST_P(ObjectStoreConformance, APrefixMayEndInTheMiddleOfAName) {
  for (const char* key :
       {"data/2023/x", "data/2024-01/x", "data/2024-02/y", "data/2024.txt", "data/2025/x", "dat", "database"}) {
    Write(key, "x");
  }
  EXPECT_EQ(Keys("data/2024"), (std::vector<std::string>{"data/2024-01/x", "data/2024-02/y", "data/2024.txt"}));
  EXPECT_EQ(Keys("data/2024-02/"), (std::vector<std::string>{"data/2024-02/y"}));
  EXPECT_EQ(Keys("data/2024.txt"), (std::vector<std::string>{"data/2024.txt"}));
  EXPECT_EQ(Keys("data"), (std::vector<std::string>{"data/2023/x", "data/2024-01/x", "data/2024-02/y", "data/2024.txt",
                                                    "data/2025/x", "database"}));
  EXPECT_TRUE(Keys("data/2026").empty());
  EXPECT_TRUE(Keys("data/2024.txt/").empty());
  EXPECT_TRUE(Keys("nothing/here/").empty());
  EXPECT_TRUE(Keys("//").empty());
  EXPECT_TRUE(Keys("../").empty());
  EXPECT_TRUE(Keys("/").empty());
}

TEST_P(ObjectStoreConformance, TheDelimiterFoldsWhatIsDeeper) {
  for (const char* key : {"a/1", "a/2", "b", "c/d/e", "c/f", "c-g"}) Write(key, "x");
  const auto top = ListPages({.delimiter = "/"});
  EXPECT_EQ(top.keys, (std::vector<std::string>{"b", "c-g"}));
  EXPECT_EQ(top.common_prefixes, (std::vector<std::string>{"a/", "c/"}));
  const auto below = ListPages({.prefix = "c/", .delimiter = "/"});
  EXPECT_EQ(below.keys, (std::vector<std::string>{"c/f"}));
  EXPECT_EQ(below.common_prefixes, (std::vector<std::string>{"c/d/"}));
  const auto middle = ListPages({.prefix = "c", .delimiter = "/"});
  EXPECT_EQ(middle.keys, (std::vector<std::string>{"c-g"}));
  EXPECT_EQ(middle.common_prefixes, (std::vector<std::string>{"c/"}));
}

TEST_P(ObjectStoreConformance, FoldedPagesNeitherRepeatNorDrop) {
  std::set<std::string> prefixes, keys;
  for (int i = 0; i < 12; ++i) {
    const std::string dir = "d" + std::to_string(i) + "/";
    for (const char* name : {"x/1", "x/2", "y"}) Write(dir + name, "x");
    prefixes.insert(dir);
    Write("f" + std::to_string(i), "x");
    keys.insert("f" + std::to_string(i));
    Write("d" + std::to_string(i) + "-file", "x");
    keys.insert("d" + std::to_string(i) + "-file");
  }
  for (int max_keys : {1, 2, 3, 7, 36, 1000}) {
    const auto listing = ListPages({.delimiter = "/", .max_keys = max_keys});
    EXPECT_EQ(listing.keys, std::vector<std::string>(keys.begin(), keys.end())) << max_keys;
    EXPECT_EQ(listing.common_prefixes, std::vector<std::string>(prefixes.begin(), prefixes.end())) << max_keys;
    EXPECT_LE(listing.pages, 36 / max_keys + 1);
  }
}

TEST_P(ObjectStoreConformance, PagesAreFullAndTheLastOneHasNoToken) {
  std::vector<std::string> keys;
  for (int i = 0; i < 25; ++i) {
    keys.push_back((i % 3 == 0 ? "p/sub/" : i % 3 == 1 ? "p/" : "p/sub-") + std::to_string(100 + i));
    Write(keys.back(), "x");
  }
  std::sort(keys.begin(), keys.end());
  for (int max_keys : {1, 5, 7, 25, 26}) {
    const auto listing = ListPages({.prefix = "p/", .max_keys = max_keys});
    EXPECT_EQ(listing.keys, keys) << max_keys;
    EXPECT_EQ(listing.pages, (25 + max_keys - 1) / max_keys) << max_keys;
  }
}

TEST_P(ObjectStoreConformance, StartAfterLeavesOutTheKeyItselfAndAllBefore) {
  for (const char* key : {"a", "b/1", "b/2", "b/3/x", "b-", "c"}) Write(key, "x");
  EXPECT_EQ(ListPages({.start_after = "b/1"}).keys, (std::vector<std::string>{"b/2", "b/3/x", "c"}));
  EXPECT_EQ(ListPages({.start_after = "b/1a"}).keys, (std::vector<std::string>{"b/2", "b/3/x", "c"}));
  EXPECT_EQ(ListPages({.start_after = "b"}).keys, (std::vector<std::string>{"b-", "b/1", "b/2", "b/3/x", "c"}));
  EXPECT_EQ(ListPages({.start_after = "b/3"}).keys, (std::vector<std::string>{"b/3/x", "c"}));
  EXPECT_EQ(ListPages({.prefix = "b/", .start_after = "a"}).keys, (std::vector<std::string>{"b/1", "b/2", "b/3/x"}));
  EXPECT_EQ(ListPages({.prefix = "b/", .start_after = "b/2"}).keys, (std::vector<std::string>{"b/3/x"}));
  EXPECT_TRUE(ListPages({.prefix = "b/", .start_after = "c"}).keys.empty());
  EXPECT_EQ(ListPages({.start_after = "b/1", .max_keys = 1}).keys, (std::vector<std::string>{"b/2", "b/3/x", "c"}));
}

TEST_P(ObjectStoreConformance, APageGoesOnWhereTheKeyOfTheTokenWasDeleted) {
  for (const char* key : {"d/1", "d/2", "d/3", "e/4"}) Write(key, "x");
  ASSERT_OK_AND_ASSIGN(const auto first, store->List({.max_keys = 2}));
  ASSERT_OK(store->Delete(std::vector<std::string>{"d/1", "d/2", "d/3"}));
  Write("d/25", "x");
  ASSERT_OK_AND_ASSIGN(const auto second, store->List({.continuation_token = first.next_token}));
  ASSERT_EQ(second.objects.size(), 2u);
  EXPECT_EQ(second.objects[0].key, "d/25");
  EXPECT_EQ(second.objects[1].key, "e/4");
}

TEST_P(ObjectStoreConformance, MaxKeysIsFromOneToAThousand) {
  EXPECT_EQ(KindOf(store->List({.max_keys = 0}).status()), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(store->List({.max_keys = 1001}).status()), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(store->List({.max_keys = -1}).status()), ErrorKind::kInvalid);
}

TEST_P(ObjectStoreConformance, MoreThanAPageOfObjectsIsVisitedInOrder) {
  std::vector<std::string> keys;
  for (int i = 0; i < 1205; ++i) {
    keys.push_back("n/" + std::to_string(i));
    Write(keys.back(), "x");
  }
  std::sort(keys.begin(), keys.end());
  ASSERT_OK_AND_ASSIGN(const auto objects, ListAll(*store, "n/"));
  std::vector<std::string> seen;
  for (const auto& object : objects) seen.push_back(object.key);
  EXPECT_EQ(seen, keys);
  std::vector<std::string> deleted = keys;
  ASSERT_OK_AND_ASSIGN(const auto failures, store->Delete(deleted));
  EXPECT_TRUE(failures.empty());
  EXPECT_TRUE(Keys().empty());
}

TEST_P(ObjectStoreConformance, AListingSurvivesWritersAndDeleters) {
  for (int i = 0; i < 30; ++i) Write("steady/" + std::to_string(i) + "/k", "x");
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  RunTogether(4, [&](int i) {
    if (i < 2) {
      for (int n = 0; n < 100; ++n) {
        const std::string key = "steady/" + std::to_string(n % 30) + "-" + std::to_string(i) + "/deep/er/k";
        Write(key, "x");
        if (!store->Delete(std::vector{key}).ok()) ++wrong;
      }
      done = true;
      return;
    }
    while (!done) {
      int steady = 0;
      for (const auto& key : ListPages({.prefix = "steady/", .max_keys = 9}).keys) steady += !key.ends_with("/er/k");
      if (steady != 30) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
}

}  // namespace glaux::testing
