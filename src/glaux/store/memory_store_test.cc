#include "glaux/store/memory_store.h"

#include <set>

#include "glaux/testing/matchers.h"
#include "glaux/testing/object_store_conformance.h"

namespace glaux::testing {

INSTANTIATE_TEST_SUITE_P(Memory, ObjectStoreConformance, ::testing::Values(StoreUnderTest{"Memory", MakeMemoryStore}));

TEST(MemoryStore, TheSameContentHasTheSameETag) {
  const auto store = MakeMemoryStore();
  ASSERT_OK_AND_ASSIGN(const auto a, PutString(*store, "a", "content"));
  ASSERT_OK_AND_ASSIGN(const auto b, PutString(*store, "b", "content"));
  EXPECT_EQ(a.etag, b.etag);
}

TEST(MemoryStore, ContentsThatDifferInOneByteHaveDifferentETags) {
  const auto store = MakeMemoryStore();
  std::set<std::string> etags;
  for (size_t size = 0; size < 40; ++size) {
    std::string body(size, '\0');
    ASSERT_OK_AND_ASSIGN(const auto zeros, PutString(*store, "k", body));
    EXPECT_TRUE(etags.insert(zeros.etag).second) << size;
    for (auto& byte : body) {
      byte = 1;
      ASSERT_OK_AND_ASSIGN(const auto info, PutString(*store, "k", body));
      EXPECT_TRUE(etags.insert(info.etag).second) << size;
      byte = 0;
    }
  }
}

TEST(MemoryStore, AContinuationTokenThatNoPageGaveIsInvalid) {
  const auto store = MakeMemoryStore();
  for (const char* token : {"x", "k", "k1", "kzz", "q6162", "k616", "\xff\xff\xff"}) {
    EXPECT_EQ(KindOf(store->List({.continuation_token = token}).status()), ErrorKind::kInvalid) << token;
  }
}

TEST(MemoryStore, AnyDelimiterFolds) {
  const auto store = MakeMemoryStore();
  for (const char* key : {"a--1", "a--2", "a-b", "b", "c--d--e"}) ASSERT_OK(PutString(*store, key, "x"));
  ASSERT_OK_AND_ASSIGN(const auto page, store->List({.delimiter = "--"}));
  EXPECT_EQ(page.common_prefixes, (std::vector<std::string>{"a--", "c--"}));
  EXPECT_EQ(page.objects.size(), 2u);
}

TEST(MemoryStore, AReadOutlivesTheObject) {
  const auto store = MakeMemoryStore();
  ASSERT_OK(PutString(*store, "k", "content"));
  ASSERT_OK_AND_ASSIGN(const auto body, store->Get("k", {.range = {.offset = 3}}));
  ASSERT_OK(store->Delete(std::vector<std::string>{"k"}));
  EXPECT_EQ(body->ToString(), "tent");
}

}  // namespace glaux::testing
