#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "glaux/testing/matchers.h"
#include "glaux/testing/object_store_conformance.h"

// What ObjectStore implements in terms of its other calls, and stores in their own way: streams, readers, attributes.
namespace glaux::testing {
namespace {

/// Gives a text in pieces, then its end or an error.
class TextReader final : public ByteReader {
 public:
  explicit TextReader(std::string text, bool tells_size = true, bool fails = false)
      : text_(std::move(text)), tells_size_(tells_size), fails_(fails) {}

  Result<size_t> Read(std::span<std::byte> out) override {
    if (at_ == text_.size() && fails_) return MakeError(ErrorKind::kUnavailable, "the sender went away");
    const size_t size = std::min({out.size(), text_.size() - at_, size_t{70'001}});
    std::memcpy(out.data(), text_.data() + at_, size);
    at_ += size;
    return size;
  }
  std::optional<int64_t> size() const override {
    if (!tells_size_) return std::nullopt;
    return static_cast<int64_t>(text_.size()) + (fails_ ? 10 : 0);
  }

 private:
  const std::string text_;
  const bool tells_size_;
  const bool fails_;
  size_t at_ = 0;
};

std::string ReadAll(ByteReader& reader) {
  std::string text(100'000, '\0');
  std::string all;
  for (;;) {
    const auto got = reader.Read(std::as_writable_bytes(std::span(text)));
    if (!got.ok()) return "<" + std::string(KindName(KindOf(got.status())));
    if (*got == 0) return all;
    all.append(text, 0, *got);
  }
}

const ObjectAttributes kAttributes = {{"content-type", "text/csv; charset=utf-8"},
                                      {"x-amz-meta-owner", "grüße, a=b\n"}};

}  // namespace

std::string ObjectStoreConformance::ReadOpened(std::string_view key) {
  const auto reader = store->OpenObject(key);
  if (!reader.ok()) return "<" + std::string(KindName(KindOf(reader.status())));
  return ReadAll(*glaux::ReadRange(**reader, 0, (*reader)->info().size));
}

TEST_P(ObjectStoreConformance, AStreamBecomesAnObject) {
  std::string large(9'000'000, 'x');
  for (size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>('a' + i % 26);
  for (const auto& text : {std::string(), std::string("short"), large}) {
    for (const bool tells_size : {true, false}) {
      SCOPED_TRACE(text.size());
      TextReader reader(text, tells_size);
      ASSERT_OK_AND_ASSIGN(const auto info, store->PutStream("d/k", reader));
      EXPECT_EQ(info.size, static_cast<int64_t>(text.size()));
      EXPECT_TRUE(Read("d/k") == text);
      EXPECT_TRUE(ReadOpened("d/k") == text);
      ASSERT_OK_AND_ASSIGN(const auto head, store->Head("d/k"));
      EXPECT_EQ(head.etag, info.etag);
    }
  }
}

TEST_P(ObjectStoreConformance, AStreamThatBreaksLeavesNothing) {
  Write("k", "old");
  for (const size_t size : {size_t{10}, size_t{9'000'000}}) {
    TextReader broken(std::string(size, 'x'), true, true);
    EXPECT_EQ(KindOf(store->PutStream("k", broken).status()), ErrorKind::kUnavailable);
    TextReader new_key(std::string(size, 'x'), false, true);
    EXPECT_EQ(KindOf(store->PutStream("new/k", new_key).status()), ErrorKind::kUnavailable);
  }
  EXPECT_EQ(Read("k"), "old");
  EXPECT_EQ(Keys(), std::vector<std::string>{"k"});
  ASSERT_OK_AND_ASSIGN(const auto uploads, store->ListMultipart(""));
  EXPECT_TRUE(uploads.empty());
}

TEST_P(ObjectStoreConformance, AStreamKeepsConditions) {
  if (!store->traits().conditional_put) GTEST_SKIP() << "no conditional put";
  const std::string etag = Write("k", "old");
  TextReader absent("new");
  EXPECT_EQ(KindOf(store->PutStream("k", absent, {.if_absent = true}).status()), ErrorKind::kPrecondition);
  EXPECT_EQ(Read("k"), "old");
  TextReader match("new");
  ASSERT_OK(store->PutStream("k", match, {.if_match = etag}));
  EXPECT_EQ(Read("k"), "new");
}

TEST_P(ObjectStoreConformance, PartsMayBeStreams) {
  const auto id = Begin("k");
  const std::string a = PartBody('a', 200'000), b = PartBody('b', 300'000);
  TextReader second(b, false), first(a), broken("lost", true, true), last("end");
  ASSERT_OK_AND_ASSIGN(const auto two, store->UploadPartStream("k", id, 2, second));
  EXPECT_EQ(KindOf(store->UploadPartStream("k", id, 1, broken).status()), ErrorKind::kUnavailable);
  ASSERT_OK_AND_ASSIGN(const auto one, store->UploadPartStream("k", id, 1, first));
  ASSERT_OK_AND_ASSIGN(const auto three, store->UploadPartStream("k", id, 3, last));
  EXPECT_EQ(one.size, static_cast<int64_t>(a.size()));
  EXPECT_EQ(two.size, static_cast<int64_t>(b.size()));
  ASSERT_OK(store->CompleteMultipart("k", id, std::vector{one, two, three}));
  EXPECT_TRUE(Read("k") == a + b + "end");
}

TEST_P(ObjectStoreConformance, TheRoomOfAPartThatBrokeIsNotInTheObject) {
  const auto id = Begin("k");
  TextReader broken("lost", true, true);
  EXPECT_EQ(KindOf(store->UploadPartStream("k", id, 1, broken).status()), ErrorKind::kUnavailable);
  const auto one = Send("k", id, 1, "whole");
  ASSERT_OK(store->CompleteMultipart("k", id, std::vector{one}));
  EXPECT_EQ(Read("k"), "whole");
}

TEST_P(ObjectStoreConformance, ThePartsOfAnUploadAreListed) {
  if (!store->traits().list_parts) GTEST_SKIP() << "parts are not listed";
  const auto id = Begin("k");
  ASSERT_OK_AND_ASSIGN(const auto none, store->ListParts("k", id));
  EXPECT_TRUE(none.empty());
  const auto three = Send("k", id, 3, "three");
  const auto one = Send("k", id, 1, PartBody('a', 50));
  ASSERT_OK_AND_ASSIGN(const auto parts, store->ListParts("k", id));
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].number, 1);
  EXPECT_EQ(parts[0].etag, one.etag);
  EXPECT_EQ(parts[0].size, one.size);
  EXPECT_EQ(parts[1].number, 3);
  EXPECT_EQ(parts[1].etag, three.etag);
  EXPECT_EQ(KindOf(store->ListParts("other", id).status()), ErrorKind::kNotFound);
  ASSERT_OK(store->AbortMultipart("k", id));
  EXPECT_EQ(KindOf(store->ListParts("k", id).status()), ErrorKind::kNotFound);
}

TEST_P(ObjectStoreConformance, AnOpenObjectReadsAnyOfItsBytes) {
  std::string body(300'000, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7 + i / 256);
  const std::string etag = Write("k", body);
  ASSERT_OK_AND_ASSIGN(const auto reader, store->OpenObject("k"));
  EXPECT_EQ(reader->info().key, "k");
  EXPECT_EQ(reader->info().size, 300'000);
  EXPECT_EQ(reader->info().etag, etag);
  std::string some(1000, '\0');
  ASSERT_OK_AND_ASSIGN(auto got, reader->ReadAt(123'456, std::as_writable_bytes(std::span(some))));
  EXPECT_EQ(got, 1000u);
  EXPECT_EQ(some, body.substr(123'456, 1000));
  ASSERT_OK_AND_ASSIGN(got, reader->ReadAt(299'990, std::as_writable_bytes(std::span(some))));
  EXPECT_EQ(got, 10u);
  ASSERT_OK_AND_ASSIGN(got, reader->ReadAt(300'000, std::as_writable_bytes(std::span(some))));
  EXPECT_EQ(got, 0u);
  EXPECT_TRUE(ReadAll(*glaux::ReadRange(*reader, 0, 300'000)) == body);
  EXPECT_EQ(ReadAll(*glaux::ReadRange(*reader, 5, 7)), body.substr(5, 7));
}

TEST_P(ObjectStoreConformance, AStreamedGetHandsOutARangePieceByPiece) {
  std::string body(3'000'000, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7 + i / 256);
  Write("k", body);
  const auto streamed = [&](const GetOptions& options) -> Result<std::string> {
    std::string seen(body.size(), '?');
    ARROW_ASSIGN_OR_RAISE(const int64_t size,
                          store->GetStream("k", options, [&](int64_t offset, std::span<const std::byte> bytes) {
                            std::memcpy(seen.data() + offset, bytes.data(), bytes.size());
                            return Status::OK();
                          }));
    return seen.substr(static_cast<size_t>(options.range.offset), static_cast<size_t>(size));
  };
  ASSERT_OK_AND_ASSIGN(auto seen, streamed({}));
  EXPECT_TRUE(seen == body);
  ASSERT_OK_AND_ASSIGN(seen, streamed({.range = {.offset = 1'234'567, .length = 1'500'000}}));
  EXPECT_TRUE(seen == body.substr(1'234'567, 1'500'000));
  ASSERT_OK_AND_ASSIGN(seen, streamed({.range = {.offset = 2'999'995, .length = 100}}));
  EXPECT_EQ(seen, body.substr(2'999'995));
  ASSERT_OK_AND_ASSIGN(seen, streamed({.range = {.offset = 2'999'000}}));
  EXPECT_TRUE(seen == body.substr(2'999'000));
  ASSERT_OK_AND_ASSIGN(seen, streamed({.range = {.offset = 7, .length = 0}}));
  EXPECT_EQ(seen, "");
}

TEST_P(ObjectStoreConformance, AStreamedGetKnowsTheConditionsAndErrorsOfGet) {
  const std::string etag = Write("k", "0123456789");
  Write("empty", "");
  const auto nothing = [](int64_t, std::span<const std::byte>) { return Status::OK(); };
  EXPECT_EQ(store->GetStream("k", {.if_match = etag}, nothing).ValueOr(-1), 10);
  EXPECT_EQ(store->GetStream("empty", {}, nothing).ValueOr(-1), 0);
  EXPECT_EQ(KindOf(store->GetStream("k", {.if_match = "other"}, nothing).status()), ErrorKind::kPrecondition);
  EXPECT_EQ(KindOf(store->GetStream("k", {.if_none_match = etag}, nothing).status()), ErrorKind::kPrecondition);
  EXPECT_EQ(KindOf(store->GetStream("k", {.range = {.offset = 10}}, nothing).status()), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(store->GetStream("missing", {}, nothing).status()), ErrorKind::kNotFound);
  int calls = 0;
  const auto full = [&](int64_t, std::span<const std::byte>) {
    ++calls;
    return MakeError(ErrorKind::kUnavailable, "disk full");
  };
  EXPECT_EQ(store->GetStream("k", {}, full).status().message(), "disk full");
  EXPECT_EQ(calls, 1);
}

TEST_P(ObjectStoreConformance, AnOpenObjectStaysOneVersion) {
  const std::string first(100'000, '1'), second(100'000, '2');
  const std::string etag = Write("k", first);
  ASSERT_OK_AND_ASSIGN(const auto reader, store->OpenObject("k"));
  Write("k", second);
  const auto seen = ReadAll(*glaux::ReadRange(*reader, 0, 100'000));
  EXPECT_TRUE(seen == first || seen == "<Precondition") << seen.substr(0, 20);
  EXPECT_EQ(KindOf(store->OpenObject("k", {.if_match = etag}).status()), ErrorKind::kPrecondition);
  ASSERT_OK_AND_ASSIGN(const auto now, store->OpenObject("k", {.if_none_match = etag}));
  EXPECT_EQ(KindOf(store->OpenObject("k", {.if_none_match = now->info().etag}).status()), ErrorKind::kPrecondition);
  EXPECT_EQ(KindOf(store->OpenObject("missing").status()), ErrorKind::kNotFound);
}

// ---- attributes -----------------------------------------------------------------------------------------------------

TEST_P(ObjectStoreConformance, AttributesStayWithTheirObject) {
  if (!store->traits().attributes) GTEST_SKIP() << "no attributes";
  ASSERT_OK(PutString(*store, "k", "body", {.attributes = kAttributes}));
  Write("plain", "body");
  ASSERT_OK_AND_ASSIGN(auto info, store->Head("k"));
  EXPECT_EQ(info.attributes, kAttributes);
  ASSERT_OK_AND_ASSIGN(const auto reader, store->OpenObject("k"));
  EXPECT_EQ(reader->info().attributes, kAttributes);
  ASSERT_OK_AND_ASSIGN(info, store->Head("plain"));
  EXPECT_TRUE(info.attributes.empty());
  TextReader stream("streamed");
  ASSERT_OK(store->PutStream("s", stream, {.attributes = kAttributes}));
  ASSERT_OK_AND_ASSIGN(info, store->Head("s"));
  EXPECT_EQ(info.attributes, kAttributes);
}

TEST_P(ObjectStoreConformance, AReplacedObjectHasTheAttributesOfTheNewOne) {
  if (!store->traits().attributes) GTEST_SKIP() << "no attributes";
  ASSERT_OK(PutString(*store, "k", "body", {.attributes = kAttributes}));
  ASSERT_OK(PutString(*store, "k", "body"));
  ASSERT_OK_AND_ASSIGN(auto info, store->Head("k"));
  EXPECT_TRUE(info.attributes.empty());
  ASSERT_OK(PutString(*store, "k", "body", {.attributes = kAttributes}));
  ASSERT_OK(store->Delete(std::vector<std::string>{"k"}));
  Write("k", "body");
  ASSERT_OK_AND_ASSIGN(info, store->Head("k"));
  EXPECT_TRUE(info.attributes.empty());
}

TEST_P(ObjectStoreConformance, ACopyTakesAttributesAlongUnlessOthersAreGiven) {
  if (!store->traits().attributes) GTEST_SKIP() << "no attributes";
  ASSERT_OK(PutString(*store, "k", "body", {.attributes = kAttributes}));
  ASSERT_OK(store->Copy("k", "same"));
  ASSERT_OK(store->Copy("k", "other", {.attributes = ObjectAttributes{{"content-type", "text/plain"}}}));
  ASSERT_OK(store->Copy("k", "none", {.attributes = ObjectAttributes{}}));
  ASSERT_OK_AND_ASSIGN(auto info, store->Head("same"));
  EXPECT_EQ(info.attributes, kAttributes);
  ASSERT_OK_AND_ASSIGN(info, store->Head("other"));
  EXPECT_EQ(info.attributes, (ObjectAttributes{{"content-type", "text/plain"}}));
  ASSERT_OK_AND_ASSIGN(info, store->Head("none"));
  EXPECT_TRUE(info.attributes.empty());
  // Onto itself: the way to change attributes in S3.
  ASSERT_OK(store->Copy("k", "k", {.attributes = ObjectAttributes{{"content-type", "text/plain"}}}));
  ASSERT_OK_AND_ASSIGN(info, store->Head("k"));
  EXPECT_EQ(info.attributes, (ObjectAttributes{{"content-type", "text/plain"}}));
  EXPECT_EQ(Read("k"), "body");
}

TEST_P(ObjectStoreConformance, AttributesOfAnUploadComeWithItsObject) {
  if (!store->traits().attributes) GTEST_SKIP() << "no attributes";
  for (const bool in_order : {true, false}) {
    ASSERT_OK_AND_ASSIGN(const auto id, store->CreateMultipart("k", kAttributes));
    std::vector<UploadedPart> parts(2);
    for (const int i : {in_order ? 0 : 1, in_order ? 1 : 0}) parts[i] = Send("k", id, i + 1, PartBody('a', 50));
    ASSERT_OK(store->CompleteMultipart("k", id, parts));
    ASSERT_OK_AND_ASSIGN(const auto info, store->Head("k"));
    EXPECT_EQ(info.attributes, kAttributes);
  }
}

TEST_P(ObjectStoreConformance, AttributesAreSetWithoutTouchingTheObject) {
  if (!store->traits().set_attributes) GTEST_SKIP() << "attributes come with the object alone";
  const std::string etag = Write("k", "body");
  ASSERT_OK_AND_ASSIGN(const auto before, store->Head("k"));
  ASSERT_OK(store->SetAttributes("k", kAttributes));
  ASSERT_OK_AND_ASSIGN(auto info, store->Head("k"));
  EXPECT_EQ(info.attributes, kAttributes);
  EXPECT_EQ(info.etag, etag);
  EXPECT_EQ(info.last_modified, before.last_modified);
  ASSERT_OK(store->SetAttributes("k", {}, etag));
  ASSERT_OK_AND_ASSIGN(info, store->Head("k"));
  EXPECT_TRUE(info.attributes.empty());
  EXPECT_EQ(KindOf(store->SetAttributes("missing", kAttributes)), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(store->SetAttributes("k", kAttributes, "another")), ErrorKind::kPrecondition);
}

}  // namespace glaux::testing
