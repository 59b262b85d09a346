#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "glaux/base/clock.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/object_store_conformance.h"
#include "glaux/testing/run_together.h"

namespace glaux::testing {

void ObjectStoreConformance::TearDown() {
  if (store == nullptr) return;
  ASSERT_OK_AND_ASSIGN(const auto uploads, store->ListMultipart(""));
  for (const auto& upload : uploads) EXPECT_OK(store->AbortMultipart(upload.key, upload.upload_id));
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
