#include "glaux/testing/object_store_conformance.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <ostream>

#include "glaux/base/clock.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/run_together.h"

namespace glaux::testing {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ObjectStoreConformance);

void PrintTo(const StoreUnderTest& store, std::ostream* out) { *out << store.name; }

void ObjectStoreConformance::SetUp() {
  if (const auto& why_not = GetParam().why_not; why_not && !why_not().empty()) GTEST_SKIP() << why_not();
  const std::string whole = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  const auto known = GetParam().known.find(whole.substr(0, whole.find('/')));
  if (known != GetParam().known.end()) GTEST_SKIP() << known->second;
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
  EXPECT_EQ(ReadOpened("a/b.txt"), "content");
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

TEST_P(ObjectStoreConformance, AKeyMayEndInASlash) {
  Write("a/b/", "");
  Write("a/b/c", "below");
  Write("a/d/", "with content");
  EXPECT_EQ(Read("a/b/"), "");
  EXPECT_EQ(Read("a/d/"), "with content");
  EXPECT_EQ(Read("a/b"), "<NotFound");
  EXPECT_EQ(Read("a/"), "<NotFound");
  EXPECT_EQ(Keys(), (std::vector<std::string>{"a/b/", "a/b/c", "a/d/"}));
  EXPECT_EQ(Keys("a/b/"), (std::vector<std::string>{"a/b/", "a/b/c"}));
  auto listing = ListPages({.prefix = "a/", .delimiter = "/", .max_keys = 1});
  EXPECT_TRUE(listing.keys.empty());
  EXPECT_EQ(listing.common_prefixes, (std::vector<std::string>{"a/b/", "a/d/"}));
  listing = ListPages({.prefix = "a/b/", .delimiter = "/", .max_keys = 1});
  EXPECT_EQ(listing.keys, (std::vector<std::string>{"a/b/", "a/b/c"}));
  listing = ListPages({.start_after = "a/b/"});
  EXPECT_EQ(listing.keys, (std::vector<std::string>{"a/b/c", "a/d/"}));
  const auto id = Begin("m/");
  const std::vector parts = {Send("m/", id, 1, "part")};
  ASSERT_OK(store->CompleteMultipart("m/", id, parts));
  EXPECT_EQ(Read("m/"), "part");
  ASSERT_OK_AND_ASSIGN(const auto failures, store->Delete(std::vector<std::string>{"a/b/", "a/d/", "m/", "a/x/"}));
  EXPECT_TRUE(failures.empty());
  EXPECT_EQ(Keys(), std::vector<std::string>{"a/b/c"});
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
  // Swaps of which nobody can say whether they happened: a link that loses answers has such.
  std::atomic<int> unknown{0};
  std::mutex mutex;
  std::vector<std::string> errors;
  const auto fail = [&](const Status& status) {
    std::lock_guard lock(mutex);
    errors.push_back(status.ToString());
  };
  RunTogether(kThreads, [&](int) {
    for (int step = 0; step < kSteps;) {
      const auto head = store->Head("counter");
      if (!head.ok()) return fail(head.status());
      if (head->etag.empty()) return fail(Status::Invalid("an object without an ETag"));
      const auto body = store->Get("counter", {.if_match = head->etag});
      if (!body.ok()) {
        if (KindOf(body.status()) == ErrorKind::kPrecondition) continue;
        return fail(body.status());
      }
      const std::string next = std::to_string(std::stoi((*body)->ToString()) + 1);
      const auto put = PutString(*store, "counter", next, {.if_match = head->etag});
      if (put.ok()) {
        ++step;
      } else if (KindOf(put.status()) == ErrorKind::kCommitUnknown) {
        ++unknown;
      } else if (KindOf(put.status()) != ErrorKind::kPrecondition) {
        return fail(put.status());
      }
    }
  });
  EXPECT_THAT(errors, ::testing::IsEmpty());
  const int count = std::stoi(Read("counter"));
  EXPECT_GE(count, 100 + kThreads * kSteps);
  EXPECT_LE(count, 100 + kThreads * kSteps + unknown);
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
  std::mutex mutex;
  std::vector<std::string> errors;
  const auto expect_ok = [&](const Status& status) {
    if (status.ok()) return;
    std::lock_guard lock(mutex);
    errors.push_back(status.ToString());
  };
  RunTogether(4, [&](int i) {
    const std::string key = "shared/folder/" + std::to_string(i);
    for (int n = 0; n < 100; ++n) {
      expect_ok(PutString(*store, key, "x").status());
      const auto failures = store->Delete(std::vector{key});
      expect_ok(failures.status());
      if (failures.ok() && !failures->empty()) expect_ok(failures->front().error);
    }
  });
  EXPECT_THAT(errors, ::testing::IsEmpty());
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

}  // namespace glaux::testing
