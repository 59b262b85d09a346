#include "glaux/testing/object_store_conformance.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ostream>
#include <set>
#include <thread>
#include <utility>

#include "glaux/base/clock.h"
#include "glaux/testing/matchers.h"

namespace glaux::testing {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ObjectStoreConformance);

void PrintTo(const StoreUnderTest& store, std::ostream* out) { *out << store.name; }

void ObjectStoreConformance::SetUp() {
  store = GetParam().make();
  ASSERT_NE(store, nullptr);
}

std::string ObjectStoreConformance::Write(std::string_view key, std::string_view body) {
  auto info = PutString(*store, key, body);
  EXPECT_TRUE(info.ok()) << info.status().ToString();
  return info.ok() ? info->etag : "";
}

std::string ObjectStoreConformance::Read(std::string_view key) {
  auto body = GetString(*store, key);
  return body.ok() ? *body : "<" + std::string(KindName(KindOf(body.status())));
}

std::string ObjectStoreConformance::ReadRange(std::string_view key, ByteRange range) {
  auto body = store->Get(key, {.range = range});
  return body.ok() ? (*body)->ToString() : "<" + std::string(KindName(KindOf(body.status())));
}

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

std::string ObjectStoreConformance::PartBody(char seed, int64_t size) {
  size = std::max<int64_t>({size, store->traits().min_part_size, 1});
  std::string body(static_cast<size_t>(size), seed);
  for (size_t i = 0; i < body.size(); i += 97) body[i] = static_cast<char>('0' + i % 10);
  return body;
}

std::string ObjectStoreConformance::Begin(std::string_view key) {
  auto id = store->CreateMultipart(key);
  EXPECT_TRUE(id.ok()) << id.status().ToString();
  return id.ok() ? *id : "";
}

UploadedPart ObjectStoreConformance::Send(std::string_view key, const std::string& id, int number,
                                          std::string_view body) {
  auto part = store->UploadPart(key, id, number, AsBytes(body));
  EXPECT_TRUE(part.ok()) << part.status().ToString();
  return part.ok() ? *part : UploadedPart{};
}

namespace {

// Run `work(0) … work(count - 1)` on threads that start together.
template <typename Work>
void RunTogether(int count, Work work) {
  std::atomic<int> waiting{count};
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      for (--waiting; waiting > 0;) std::this_thread::yield();
      work(i);
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace

// ---- put, get, head -------------------------------------------------------------------------------------------------

TEST_P(ObjectStoreConformance, WhatWasPutIsThere) {
  ASSERT_OK_AND_ASSIGN(const auto put, PutString(*store, "a/b.txt", "content"));
  EXPECT_EQ(put.key, "a/b.txt");
  EXPECT_EQ(put.size, 7);
  EXPECT_FALSE(put.etag.empty());
  EXPECT_EQ(put.etag.find('"'), std::string::npos);
  ASSERT_OK_AND_ASSIGN(const auto head, store->Head("a/b.txt"));
  EXPECT_EQ(head.key, "a/b.txt");
  EXPECT_EQ(head.size, 7);
  EXPECT_EQ(head.etag, put.etag);
  EXPECT_EQ(Read("a/b.txt"), "content");
}

TEST_P(ObjectStoreConformance, BytesOfEveryValueComeBack) {
  std::string body(100'000, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 + i / 256);
  Write("bytes", body);
  EXPECT_EQ(Read("bytes"), body);
}

TEST_P(ObjectStoreConformance, AnObjectMayBeEmpty) {
  ASSERT_OK_AND_ASSIGN(const auto put, PutString(*store, "empty", ""));
  EXPECT_EQ(put.size, 0);
  EXPECT_FALSE(put.etag.empty());
  EXPECT_EQ(Read("empty"), "");
  EXPECT_EQ(Keys(), std::vector<std::string>{"empty"});
}

TEST_P(ObjectStoreConformance, WhatIsNotThereIsNotFound) {
  Write("dir/file", "x");
  for (const char* key : {"missing", "dir", "dir/missing", "dir/file/below", "di"}) {
    SCOPED_TRACE(key);
    EXPECT_EQ(KindOf(store->Head(key).status()), ErrorKind::kNotFound);
    EXPECT_EQ(KindOf(store->Get(key).status()), ErrorKind::kNotFound);
    ASSERT_OK_AND_ASSIGN(const bool exists, Exists(*store, key));
    EXPECT_FALSE(exists);
  }
  ASSERT_FAILS(ErrorKind::kNotFound, "dir/missing", store->Get("dir/missing"));
}

TEST_P(ObjectStoreConformance, PutReplacesTheWholeObject) {
  Write("k", "a long first version");
  Write("k", "short");
  EXPECT_EQ(Read("k"), "short");
  ASSERT_OK_AND_ASSIGN(const auto head, store->Head("k"));
  EXPECT_EQ(head.size, 5);
}

TEST_P(ObjectStoreConformance, TheETagChangesWithTheContentAlsoAtTheSameSize) {
  std::string previous;
  for (int i = 0; i < 50; ++i) {
    const std::string etag = Write("k", std::to_string(1000 + i));
    EXPECT_NE(etag, previous);
    ASSERT_OK_AND_ASSIGN(const auto head, store->Head("k"));
    EXPECT_EQ(head.etag, etag);
    previous = etag;
  }
}

TEST_P(ObjectStoreConformance, TheETagStaysWhileTheObjectIsOnlyRead) {
  const std::string etag = Write("k", "content");
  EXPECT_EQ(Read("k"), "content");
  Write("other", "content");
  ASSERT_OK_AND_ASSIGN(const auto head, store->Head("k"));
  EXPECT_EQ(head.etag, etag);
  ASSERT_OK_AND_ASSIGN(const auto page, store->List({.prefix = "k"}));
  ASSERT_EQ(page.objects.size(), 1u);
  EXPECT_EQ(page.objects[0].etag, etag);
  EXPECT_EQ(page.objects[0].size, 7);
}

TEST_P(ObjectStoreConformance, LastModifiedIsAboutNow) {
  const auto now = Clock::System().Now();
  ASSERT_OK_AND_ASSIGN(const auto put, PutString(*store, "k", "x"));
  ASSERT_OK_AND_ASSIGN(const auto head, store->Head("k"));
  EXPECT_LT(std::chrono::abs(head.last_modified - now), std::chrono::minutes(5));
}

TEST_P(ObjectStoreConformance, AKeyThatNoStoreCanHoldIsInvalid) {
  const std::string nul("a\0b", 3);
  for (const std::string& key : {std::string(), std::string("/a"), std::string(1025, 'k'), nul}) {
    SCOPED_TRACE(key.substr(0, 10));
    EXPECT_EQ(KindOf(store->Head(key).status()), ErrorKind::kInvalid);
    EXPECT_EQ(KindOf(store->Get(key).status()), ErrorKind::kInvalid);
    EXPECT_EQ(KindOf(PutString(*store, key, "x").status()), ErrorKind::kInvalid);
    EXPECT_EQ(KindOf(store->CreateMultipart(key).status()), ErrorKind::kInvalid);
    ASSERT_OK_AND_ASSIGN(const auto failures, store->Delete(std::vector{key}));
    ASSERT_EQ(failures.size(), 1u);
    EXPECT_EQ(failures[0].key, key);
    EXPECT_EQ(KindOf(failures[0].error), ErrorKind::kInvalid);
  }
  EXPECT_TRUE(Keys().empty());
}

TEST_P(ObjectStoreConformance, OddKeysAreKeptAsTheyAre) {
  std::string longest = "long";
  while (longest.size() + 100 <= 1024) longest += "/" + std::string(99, 'x');
  longest += "/" + std::string(1023 - longest.size(), 'y');
  ASSERT_EQ(longest.size(), 1024u);
  std::vector<std::string> keys = {
      "with space",  " lead",       "trail ",           "per%cent",
      "per%2Fcent",  "plus+plus",   "equal=equal",      "year=2024/month=01/day=__HIVE_DEFAULT_PARTITION__/f",
      "quote'\"",    "amp&amp;",    "q?a=b#c",          "naïve/ünïcödé/日本語/🦉",
      "e\u0301",     "back\\slash", "semi;colon,comma", "~tilde@at$!*()",
      "...",         "..a",         ".hidden",          "_under",
      "colon:colon", "<tag>",       "[a-z]*",           longest};
  for (const auto& key : keys) Write(key, "body of " + key);
  for (const auto& key : keys) EXPECT_EQ(Read(key), "body of " + key);
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(Keys(), keys);
  ASSERT_OK_AND_ASSIGN(const auto failures, store->Delete(keys));
  EXPECT_TRUE(failures.empty());
  EXPECT_TRUE(Keys().empty());
}

// ---- ranges ---------------------------------------------------------------------------------------------------------

TEST_P(ObjectStoreConformance, ARangeGivesJustItsBytes) {
  Write("k", "0123456789");
  EXPECT_EQ(ReadRange("k", {}), "0123456789");
  EXPECT_EQ(ReadRange("k", {.offset = 0, .length = 1}), "0");
  EXPECT_EQ(ReadRange("k", {.offset = 3, .length = 4}), "3456");
  EXPECT_EQ(ReadRange("k", {.offset = 9, .length = 1}), "9");
  EXPECT_EQ(ReadRange("k", {.offset = 7}), "789");
  EXPECT_EQ(ReadRange("k", {.offset = 0, .length = 10}), "0123456789");
}

TEST_P(ObjectStoreConformance, ARangePastTheEndIsCut) {
  Write("k", "0123456789");
  EXPECT_EQ(ReadRange("k", {.offset = 8, .length = 100}), "89");
  EXPECT_EQ(ReadRange("k", {.offset = 0, .length = int64_t{1} << 40}), "0123456789");
  EXPECT_EQ(ReadRange("k", {.offset = 5, .length = INT64_MAX}), "56789");
}

TEST_P(ObjectStoreConformance, ARangeThatBeginsAtTheEndOrPastItIsInvalid) {
  Write("k", "0123456789");
  EXPECT_EQ(ReadRange("k", {.offset = 10}), "<Invalid");
  EXPECT_EQ(ReadRange("k", {.offset = 10, .length = 5}), "<Invalid");
  EXPECT_EQ(ReadRange("k", {.offset = INT64_MAX, .length = INT64_MAX}), "<Invalid");
  EXPECT_EQ(ReadRange("k", {.offset = -1, .length = 5}), "<Invalid");
  EXPECT_EQ(ReadRange("k", {.offset = 1, .length = -5}), "<Invalid");
}

TEST_P(ObjectStoreConformance, ARangeOfNoBytesIsEmpty) {
  Write("k", "0123456789");
  EXPECT_EQ(ReadRange("k", {.offset = 3, .length = 0}), "");
}

TEST_P(ObjectStoreConformance, AnyRangeOfAnEmptyObjectIsEmpty) {
  Write("k", "");
  EXPECT_EQ(ReadRange("k", {}), "");
  EXPECT_EQ(ReadRange("k", {.offset = 0, .length = 5}), "");
  EXPECT_EQ(ReadRange("k", {.offset = 3, .length = 5}), "");
}

// ---- conditions -----------------------------------------------------------------------------------------------------

TEST_P(ObjectStoreConformance, GetIfMatchReadsOnlyTheExpectedObject) {
  const std::string first = Write("k", "first");
  ASSERT_OK_AND_ASSIGN(const auto body, store->Get("k", {.range = {.offset = 1, .length = 3}, .if_match = first}));
  EXPECT_EQ(body->ToString(), "irs");
  const std::string second = Write("k", "other");
  EXPECT_EQ(KindOf(store->Get("k", {.if_match = first}).status()), ErrorKind::kPrecondition);
  EXPECT_OK(store->Get("k", {.if_match = second}));
  EXPECT_EQ(KindOf(store->Get("missing", {.if_match = first}).status()), ErrorKind::kNotFound);
}

TEST_P(ObjectStoreConformance, GetIfNoneMatchReadsOnlyAnotherObject) {
  const std::string first = Write("k", "first");
  EXPECT_EQ(KindOf(store->Get("k", {.if_none_match = first}).status()), ErrorKind::kPrecondition);
  Write("k", "other");
  ASSERT_OK_AND_ASSIGN(const auto body, store->Get("k", {.if_none_match = first}));
  EXPECT_EQ(body->ToString(), "other");
}

TEST_P(ObjectStoreConformance, PutIfAbsentKeepsTheFirstWriter) {
  if (!store->traits().conditional_put) GTEST_SKIP() << "no conditional put";
  ASSERT_OK(PutString(*store, "d/k", "first", {.if_absent = true}));
  EXPECT_EQ(KindOf(PutString(*store, "d/k", "second", {.if_absent = true}).status()), ErrorKind::kPrecondition);
  EXPECT_EQ(Read("d/k"), "first");
  ASSERT_OK(store->Delete(std::vector<std::string>{"d/k"}));
  ASSERT_OK(PutString(*store, "d/k", "third", {.if_absent = true}));
  EXPECT_EQ(Read("d/k"), "third");
}

TEST_P(ObjectStoreConformance, PutIfMatchReplacesOnlyTheExpectedObject) {
  if (!store->traits().conditional_put) GTEST_SKIP() << "no conditional put";
  const std::string first = Write("k", "first");
  ASSERT_OK_AND_ASSIGN(const auto second, PutString(*store, "k", "other", {.if_match = first}));
  EXPECT_EQ(KindOf(PutString(*store, "k", "third", {.if_match = first}).status()), ErrorKind::kPrecondition);
  EXPECT_EQ(Read("k"), "other");
  ASSERT_OK(PutString(*store, "k", "third", {.if_match = second.etag}));
  EXPECT_EQ(Read("k"), "third");
}

TEST_P(ObjectStoreConformance, PutIfMatchOfAMissingKeyWritesNothing) {
  if (!store->traits().conditional_put) GTEST_SKIP() << "no conditional put";
  const std::string etag = Write("other", "x");
  EXPECT_EQ(KindOf(PutString(*store, "d/k", "y", {.if_match = etag}).status()), ErrorKind::kPrecondition);
  EXPECT_EQ(Keys(), std::vector<std::string>{"other"});
}

TEST_P(ObjectStoreConformance, OfManyWritersWithIfAbsentExactlyOneWins) {
  if (!store->traits().conditional_put) GTEST_SKIP() << "no conditional put";
  for (int round = 0; round < 10; ++round) {
    const std::string key = "race/" + std::to_string(round) + "/k";
    std::atomic<int> winners{0}, losers{0}, winner{-1};
    RunTogether(8, [&](int i) {
      const auto put = PutString(*store, key, "writer " + std::to_string(i), {.if_absent = true});
      if (put.ok()) {
        ++winners;
        winner = i;
      } else if (KindOf(put.status()) == ErrorKind::kPrecondition) {
        ++losers;
      }
    });
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(losers, 7);
    EXPECT_EQ(Read(key), "writer " + std::to_string(winner));
  }
}

TEST_P(ObjectStoreConformance, CompareAndSwapLosesNoUpdate) {
  if (!store->traits().conditional_put) GTEST_SKIP() << "no conditional put";
  Write("counter", "100");
  constexpr int kThreads = 6, kSteps = 15;
  std::atomic<int> errors{0};
  RunTogether(kThreads, [&](int) {
    for (int step = 0; step < kSteps;) {
      const auto head = store->Head("counter");
      if (!head.ok()) {
        ++errors;
        return;
      }
      const auto body = store->Get("counter", {.if_match = head->etag});
      if (!body.ok()) {
        if (KindOf(body.status()) == ErrorKind::kPrecondition) continue;
        ++errors;
        return;
      }
      const std::string next = std::to_string(std::stoi((*body)->ToString()) + 1);
      const auto put = PutString(*store, "counter", next, {.if_match = head->etag});
      if (put.ok()) {
        ++step;
      } else if (KindOf(put.status()) != ErrorKind::kPrecondition) {
        ++errors;
        return;
      }
    }
  });
  EXPECT_EQ(errors, 0);
  EXPECT_EQ(Read("counter"), std::to_string(100 + kThreads * kSteps));
}

TEST_P(ObjectStoreConformance, AReaderSeesTheOldObjectOrTheNewOne) {
  const std::string a(200'000, 'a'), b(150'000, 'b');
  Write("k", a);
  std::atomic<bool> done{false};
  std::atomic<int> torn{0};
  RunTogether(3, [&](int i) {
    if (i == 0) {
      for (int n = 0; n < 60; ++n) Write("k", n % 2 == 0 ? b : a);
      done = true;
      return;
    }
    while (!done) {
      const std::string seen = Read("k");
      if (seen != a && seen != b) ++torn;
    }
  });
  EXPECT_EQ(torn, 0);
}

// ---- list -----------------------------------------------------------------------------------------------------------

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

// ---- delete, copy ---------------------------------------------------------------------------------------------------

TEST_P(ObjectStoreConformance, DeletingWhatIsNotThereSucceeds) {
  Write("d/file", "x");
  ASSERT_OK_AND_ASSIGN(const auto failures,
                       store->Delete(std::vector<std::string>{"missing", "d", "d/missing", "d/file/below", "x/y/z"}));
  EXPECT_TRUE(failures.empty());
  EXPECT_EQ(Keys(), std::vector<std::string>{"d/file"});
}

TEST_P(ObjectStoreConformance, DeleteTakesManyKeysAndLeavesTheRest) {
  for (const char* key : {"a", "d/1", "d/2", "d/e/3", "z"}) Write(key, "x");
  ASSERT_OK_AND_ASSIGN(const auto failures, store->Delete(std::vector<std::string>{"d/1", "d/e/3", "a", "a"}));
  EXPECT_TRUE(failures.empty());
  EXPECT_EQ(Keys(), (std::vector<std::string>{"d/2", "z"}));
  ASSERT_OK_AND_ASSIGN(const auto none, store->Delete({}));
  EXPECT_TRUE(none.empty());
}

TEST_P(ObjectStoreConformance, AFolderIsGoneWithItsLastObject) {
  Write("a/b/c", "x");
  Write("k", "x");
  ASSERT_OK(store->Delete(std::vector<std::string>{"a/b/c"}));
  EXPECT_TRUE(ListPages({.delimiter = "/"}).common_prefixes.empty());
  Write("a", "now an object");
  EXPECT_EQ(Read("a"), "now an object");
}

TEST_P(ObjectStoreConformance, WritingAndDeletingInOneFolderDoNotDisturbEachOther) {
  std::atomic<int> errors{0};
  RunTogether(4, [&](int i) {
    const std::string key = "shared/folder/" + std::to_string(i);
    for (int n = 0; n < 100; ++n) {
      if (!PutString(*store, key, "x").ok()) ++errors;
      const auto failures = store->Delete(std::vector{key});
      if (!failures.ok() || !failures->empty()) ++errors;
    }
  });
  EXPECT_EQ(errors, 0);
  EXPECT_TRUE(Keys().empty());
}

TEST_P(ObjectStoreConformance, ACopyIsTheSameContentUnderAnotherKey) {
  const std::string body(70'000, 'c');
  Write("from", body);
  ASSERT_OK_AND_ASSIGN(const auto info, store->Copy("from", "to/there"));
  EXPECT_EQ(info.key, "to/there");
  EXPECT_EQ(info.size, 70'000);
  ASSERT_OK_AND_ASSIGN(const auto head, store->Head("to/there"));
  EXPECT_EQ(head.etag, info.etag);
  EXPECT_EQ(Read("to/there"), body);
  Write("from", "changed");
  EXPECT_EQ(Read("to/there"), body);
}

TEST_P(ObjectStoreConformance, ACopyOfAMissingKeyIsNotFoundAndWritesNothing) {
  EXPECT_EQ(KindOf(store->Copy("missing", "to").status()), ErrorKind::kNotFound);
  EXPECT_TRUE(Keys().empty());
}

TEST_P(ObjectStoreConformance, ACopyKeepsConditions) {
  if (!store->traits().conditional_put) GTEST_SKIP() << "no conditional put";
  Write("from", "new");
  const std::string etag = Write("to", "old");
  EXPECT_EQ(KindOf(store->Copy("from", "to", {.if_absent = true}).status()), ErrorKind::kPrecondition);
  EXPECT_EQ(Read("to"), "old");
  ASSERT_OK(store->Copy("from", "to", {.if_match = etag}));
  EXPECT_EQ(Read("to"), "new");
}

// ---- multipart ------------------------------------------------------------------------------------------------------

TEST_P(ObjectStoreConformance, AnUploadInPartsIsVisibleWhenItIsComplete) {
  const auto id = Begin("m/k");
  const std::string one = PartBody('a'), two = PartBody('b', 100), three = "end";
  std::vector<UploadedPart> parts = {Send("m/k", id, 1, one), Send("m/k", id, 2, two), Send("m/k", id, 3, three)};
  EXPECT_EQ(parts[1].number, 2);
  EXPECT_EQ(parts[1].size, static_cast<int64_t>(two.size()));
  EXPECT_EQ(Read("m/k"), "<NotFound");
  EXPECT_TRUE(Keys().empty());
  ASSERT_OK_AND_ASSIGN(const auto info, store->CompleteMultipart("m/k", id, parts));
  EXPECT_EQ(info.key, "m/k");
  EXPECT_EQ(info.size, static_cast<int64_t>(one.size() + two.size() + three.size()));
  EXPECT_EQ(Read("m/k"), one + two + three);
  ASSERT_OK_AND_ASSIGN(const auto head, store->Head("m/k"));
  EXPECT_EQ(head.etag, info.etag);
  EXPECT_EQ(Keys(), std::vector<std::string>{"m/k"});
}

TEST_P(ObjectStoreConformance, PartsMayComeInAnyOrderAndWithGaps) {
  const auto id = Begin("k");
  const std::string a = PartBody('a', 3000), b = PartBody('b', 10), c = PartBody('c', 777);
  const auto nine = Send("k", id, 9, "tail");
  const auto five = Send("k", id, 5, c);
  const auto one = Send("k", id, 1, a);
  const auto two = Send("k", id, 2, b);
  ASSERT_OK(store->CompleteMultipart("k", id, std::vector{one, two, five, nine}));
  EXPECT_EQ(Read("k"), a + b + c + "tail");
}

TEST_P(ObjectStoreConformance, PartsMayComeAtOnceFromSeveralThreads) {
  const auto id = Begin("k");
  constexpr int kParts = 12;
  std::vector<UploadedPart> parts(kParts);
  RunTogether(4, [&](int thread) {
    for (int i = thread; i < kParts; i += 4) {
      auto part = store->UploadPart("k", id, i + 1, AsBytes(PartBody(static_cast<char>('a' + i), 5000 + i)));
      if (part.ok()) parts[i] = *part;
    }
  });
  std::string expected;
  for (int i = 0; i < kParts; ++i) expected += PartBody(static_cast<char>('a' + i), 5000 + i);
  ASSERT_OK(store->CompleteMultipart("k", id, parts));
  EXPECT_EQ(Read("k"), expected);
}

TEST_P(ObjectStoreConformance, OfARepeatedPartTheLastOneCounts) {
  const auto id = Begin("k");
  const std::string a = PartBody('a', 50), b = PartBody('b', 80), again = PartBody('A', 70);
  const auto first = Send("k", id, 1, a);
  const auto two = Send("k", id, 2, b);
  const auto one = Send("k", id, 1, again);
  EXPECT_EQ(KindOf(store->CompleteMultipart("k", id, std::vector{first, two}).status()), ErrorKind::kInvalid);
  ASSERT_OK(store->CompleteMultipart("k", id, std::vector{one, two}));
  EXPECT_EQ(Read("k"), again + b);
}

TEST_P(ObjectStoreConformance, PartsThatAreNotNamedAreLeftOut) {
  const auto id = Begin("k");
  const std::string a = PartBody('a', 50), b = PartBody('b', 80);
  const auto one = Send("k", id, 1, a);
  Send("k", id, 2, b);
  const auto three = Send("k", id, 3, "end");
  ASSERT_OK(store->CompleteMultipart("k", id, std::vector{one, three}));
  EXPECT_EQ(Read("k"), a + "end");
}

TEST_P(ObjectStoreConformance, TheLastPartMayBeLeftOut) {
  const auto id = Begin("k");
  const std::string a = PartBody('a', 50);
  const auto one = Send("k", id, 1, a);
  Send("k", id, 2, "too much");
  ASSERT_OK(store->CompleteMultipart("k", id, std::vector{one}));
  EXPECT_EQ(Read("k"), a);
}

TEST_P(ObjectStoreConformance, AnObjectOfOneEmptyPartIsEmpty) {
  const auto id = Begin("k");
  const auto one = Send("k", id, 1, "");
  ASSERT_OK(store->CompleteMultipart("k", id, std::vector{one}));
  EXPECT_EQ(Read("k"), "");
}

TEST_P(ObjectStoreConformance, ACompletionWithWrongPartsIsInvalidAndKeepsTheUpload) {
  const auto id = Begin("k");
  const auto one = Send("k", id, 1, PartBody('a', 50));
  const auto two = Send("k", id, 2, "end");
  auto wrong_etag = two;
  wrong_etag.etag = "0123456789abcdef0123456789abcdef";
  auto unknown = two;
  unknown.number = 7;
  EXPECT_EQ(KindOf(store->CompleteMultipart("k", id, std::vector{one, wrong_etag}).status()), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(store->CompleteMultipart("k", id, std::vector{one, unknown}).status()), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(store->CompleteMultipart("k", id, std::vector{two, one}).status()), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(store->CompleteMultipart("k", id, std::vector{one, one}).status()), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(store->CompleteMultipart("k", id, {}).status()), ErrorKind::kInvalid);
  EXPECT_EQ(Read("k"), "<NotFound");
  ASSERT_OK(store->CompleteMultipart("k", id, std::vector{one, two}));
}

TEST_P(ObjectStoreConformance, ACompletedUploadIsGone) {
  const auto id = Begin("k");
  const std::vector parts = {Send("k", id, 1, "content")};
  ASSERT_OK(store->CompleteMultipart("k", id, parts));
  EXPECT_EQ(KindOf(store->CompleteMultipart("k", id, parts).status()), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(store->UploadPart("k", id, 2, AsBytes("x")).status()), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(store->AbortMultipart("k", id)), ErrorKind::kNotFound);
  ASSERT_OK_AND_ASSIGN(const auto uploads, store->ListMultipart(""));
  EXPECT_TRUE(uploads.empty());
  EXPECT_EQ(Read("k"), "content");
}

TEST_P(ObjectStoreConformance, OfTwoCompletionsAtOnceOneFindsTheUploadGone) {
  for (int round = 0; round < 10; ++round) {
    const auto id = Begin("k");
    const std::vector parts = {Send("k", id, 1, "content")};
    std::atomic<int> done{0}, gone{0};
    RunTogether(2, [&](int) {
      const auto info = store->CompleteMultipart("k", id, parts);
      done += info.ok();
      gone += !info.ok() && KindOf(info.status()) == ErrorKind::kNotFound;
    });
    EXPECT_GE(done, 1);
    EXPECT_EQ(done + gone, 2);
    EXPECT_EQ(Read("k"), "content");
  }
}

TEST_P(ObjectStoreConformance, AnAbortedUploadLeavesNothing) {
  Write("k", "old");
  const auto id = Begin("k");
  const std::vector parts = {Send("k", id, 1, "new")};
  ASSERT_OK(store->AbortMultipart("k", id));
  EXPECT_EQ(KindOf(store->AbortMultipart("k", id)), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(store->CompleteMultipart("k", id, parts).status()), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(store->UploadPart("k", id, 1, AsBytes("x")).status()), ErrorKind::kNotFound);
  ASSERT_OK_AND_ASSIGN(const auto uploads, store->ListMultipart(""));
  EXPECT_TRUE(uploads.empty());
  EXPECT_EQ(Read("k"), "old");
}

TEST_P(ObjectStoreConformance, AnUnknownUploadIsNotFound) {
  for (const char* id : {"nosuchupload", "0123456789abcdef0123456789abcdef", "../../etc", "."}) {
    SCOPED_TRACE(id);
    EXPECT_EQ(KindOf(store->UploadPart("k", id, 1, AsBytes("x")).status()), ErrorKind::kNotFound);
    EXPECT_EQ(KindOf(store->AbortMultipart("k", id)), ErrorKind::kNotFound);
    const std::vector<UploadedPart> parts = {{.number = 1, .etag = "x", .size = 1}};
    EXPECT_EQ(KindOf(store->CompleteMultipart("k", id, parts).status()), ErrorKind::kNotFound);
  }
  const auto id = Begin("k");
  EXPECT_EQ(KindOf(store->UploadPart("other", id, 1, AsBytes("x")).status()), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(store->AbortMultipart("other", id)), ErrorKind::kNotFound);
}

TEST_P(ObjectStoreConformance, PartNumbersAreFromOneToTenThousand) {
  const auto id = Begin("k");
  EXPECT_EQ(KindOf(store->UploadPart("k", id, 0, AsBytes("x")).status()), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(store->UploadPart("k", id, 10'001, AsBytes("x")).status()), ErrorKind::kInvalid);
  const auto last = Send("k", id, 10'000, "x");
  ASSERT_OK(store->CompleteMultipart("k", id, std::vector{last}));
  EXPECT_EQ(Read("k"), "x");
}

TEST_P(ObjectStoreConformance, TwoUploadsOfOneKeyAreApartAndTheLastCompletionStays) {
  const auto a = Begin("k"), b = Begin("k");
  EXPECT_NE(a, b);
  const auto part_a = Send("k", a, 1, "from a"), part_b = Send("k", b, 1, "from b");
  ASSERT_OK(store->CompleteMultipart("k", b, std::vector{part_b}));
  EXPECT_EQ(Read("k"), "from b");
  ASSERT_OK(store->CompleteMultipart("k", a, std::vector{part_a}));
  EXPECT_EQ(Read("k"), "from a");
}

TEST_P(ObjectStoreConformance, ACompletionWhoseConditionFailsKeepsTheUpload) {
  if (!store->traits().conditional_put) GTEST_SKIP() << "no conditional put";
  const std::string old = Write("k", "old");
  const std::string a = PartBody('a', 50);
  for (const bool in_order : {true, false}) {
    const auto id = Begin("k");
    std::vector<UploadedPart> parts(2);
    parts[in_order ? 0 : 1] = Send("k", id, in_order ? 1 : 2, in_order ? a : "end");
    parts[in_order ? 1 : 0] = Send("k", id, in_order ? 2 : 1, in_order ? "end" : a);
    EXPECT_EQ(KindOf(store->CompleteMultipart("k", id, parts, {.if_absent = true}).status()), ErrorKind::kPrecondition);
    EXPECT_EQ(KindOf(store->CompleteMultipart("k", id, parts, {.if_match = "different"}).status()),
              ErrorKind::kPrecondition);
    ASSERT_OK_AND_ASSIGN(const auto uploads, store->ListMultipart("k"));
    EXPECT_EQ(uploads.size(), 1u);
    ASSERT_OK_AND_ASSIGN(const auto head, store->Head("k"));
    if (in_order) {
      EXPECT_EQ(head.etag, old);
      EXPECT_EQ(Read("k"), "old");
    }
    ASSERT_OK(store->CompleteMultipart("k", id, parts, {.if_match = head.etag}));
    EXPECT_EQ(Read("k"), a + "end");
  }
}

TEST_P(ObjectStoreConformance, UploadsUnderWayAreListedByKey) {
  const auto b = Begin("t/b"), a = Begin("t/a"), other = Begin("u"), dash = Begin("t-");
  Send("t/b", b, 1, "x");
  ASSERT_OK_AND_ASSIGN(const auto all, store->ListMultipart(""));
  ASSERT_EQ(all.size(), 4u);
  ASSERT_OK_AND_ASSIGN(const auto uploads, store->ListMultipart("t/"));
  ASSERT_EQ(uploads.size(), 2u);
  EXPECT_EQ(uploads[0].key, "t/a");
  EXPECT_EQ(uploads[0].upload_id, a);
  EXPECT_EQ(uploads[1].key, "t/b");
  EXPECT_EQ(uploads[1].upload_id, b);
  EXPECT_LT(std::chrono::abs(uploads[0].initiated - Clock::System().Now()), std::chrono::minutes(5));
  for (const auto& upload : all) EXPECT_OK(store->AbortMultipart(upload.key, upload.upload_id));
  ASSERT_OK_AND_ASSIGN(const auto none, store->ListMultipart(""));
  EXPECT_TRUE(none.empty());
}

}  // namespace glaux::testing
