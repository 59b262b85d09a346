#include "glaux/store/object_writer.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "glaux/store/memory_store.h"
#include "glaux/testing/faulty_store.h"
#include "glaux/testing/forwarding_store.h"
#include "glaux/testing/matchers.h"

namespace glaux::testing {
namespace {

class ObjectWriterTest : public ::testing::Test {
 protected:
  std::shared_ptr<ObjectWriter> Open(int64_t part_size, std::shared_ptr<ObjectStore> to = nullptr) {
    return ObjectWriter::Open(to == nullptr ? store : to, "t/k", part_size).ValueOrDie();
  }
  size_t Uploads() { return store->ListMultipart("").ValueOrDie().size(); }
  std::string Content() {
    auto body = GetString(*store, "t/k");
    return body.ok() ? *body : "<none>";
  }

  std::shared_ptr<ObjectStore> store = MakeMemoryStore();
};

TEST_F(ObjectWriterTest, SendsPartsOfTheGivenSizeAndTheRest) {
  const auto writer = Open(4);
  for (const char* piece : {"0", "12", "3456789ab", "", "cd"}) ASSERT_OK(writer->Write(std::string_view(piece)));
  ASSERT_OK_AND_ASSIGN(const auto position, writer->Tell());
  EXPECT_EQ(position, 14);
  ASSERT_OK(writer->Close());
  const auto& pending = writer->pending();
  EXPECT_EQ(pending.key, "t/k");
  EXPECT_EQ(pending.size, 14);
  ASSERT_EQ(pending.parts.size(), 4u);
  EXPECT_EQ(pending.parts[0].size, 4);
  EXPECT_EQ(pending.parts[3].size, 2);
  EXPECT_EQ(Content(), "<none>");
  ASSERT_OK_AND_ASSIGN(const auto info, Complete(*store, pending));
  EXPECT_EQ(info.size, 14);
  EXPECT_EQ(Content(), "0123456789abcd");
}

TEST_F(ObjectWriterTest, AnObjectWithoutBytesIsWrittenToo) {
  const auto writer = Open(4);
  ASSERT_OK(writer->Close());
  ASSERT_OK(Complete(*store, writer->pending()));
  EXPECT_EQ(Content(), "");
}

TEST_F(ObjectWriterTest, AFullLastPartIsNotFollowedByAnEmptyOne) {
  const auto writer = Open(4);
  ASSERT_OK(writer->Write(std::string_view("01234567")));
  ASSERT_OK(writer->Close());
  EXPECT_EQ(writer->pending().parts.size(), 2u);
}

TEST_F(ObjectWriterTest, AFlushMakesNoSmallPart) {
  const auto writer = Open(100);
  ASSERT_OK(writer->Write(std::string_view("01")));
  ASSERT_OK(writer->Flush());
  ASSERT_OK(writer->Write(std::string_view("23")));
  ASSERT_OK(writer->Close());
  EXPECT_EQ(writer->pending().parts.size(), 1u);
}

TEST_F(ObjectWriterTest, AWriterThatIsNotClosedAbortsItsUpload) {
  {
    const auto writer = Open(2);
    ASSERT_OK(writer->Write(std::string_view("0123")));
    EXPECT_EQ(Uploads(), 1u);
  }
  EXPECT_EQ(Uploads(), 0u);
  {
    const auto writer = Open(2);
    ASSERT_OK(writer->Close());
  }
  EXPECT_EQ(Uploads(), 1u);
}

TEST_F(ObjectWriterTest, AfterAnErrorNothingCanBeClosed) {
  const auto faulty = std::make_shared<FaultyStore>(store, 2, FaultyStore::When::kBefore);
  {
    const auto writer = Open(2, faulty);
    EXPECT_EQ(KindOf(writer->Write(std::string_view("0123"))), ErrorKind::kUnavailable);
    EXPECT_EQ(KindOf(writer->Write(std::string_view("45"))), ErrorKind::kUnavailable);
    EXPECT_EQ(KindOf(writer->Close()), ErrorKind::kUnavailable);
    EXPECT_FALSE(writer->closed());
  }
  EXPECT_TRUE(faulty->fired());
  EXPECT_EQ(Uploads(), 0u);
}

TEST_F(ObjectWriterTest, AClosedWriterTakesNoMoreBytes) {
  const auto writer = Open(2);
  ASSERT_OK(writer->Close());
  ASSERT_OK(writer->Close());
  EXPECT_EQ(KindOf(writer->Write(std::string_view("x"))), ErrorKind::kInvalid);
}

TEST_F(ObjectWriterTest, CompletingAgainIsSuccessWhileTheObjectIsThatOne) {
  const auto writer = Open(2);
  ASSERT_OK(writer->Write(std::string_view("0123")));
  ASSERT_OK(writer->Close());
  ASSERT_OK(Complete(*store, writer->pending()));
  ASSERT_OK_AND_ASSIGN(const auto again, Complete(*store, writer->pending()));
  EXPECT_EQ(again.size, 4);
  ASSERT_OK(PutString(*store, "t/k", "another object"));
  EXPECT_EQ(KindOf(Complete(*store, writer->pending()).status()), ErrorKind::kNotFound);
  ASSERT_OK(store->Delete(std::vector<std::string>{"t/k"}));
  EXPECT_EQ(KindOf(Complete(*store, writer->pending()).status()), ErrorKind::kNotFound);
}

TEST_F(ObjectWriterTest, ACompletionWhoseAnswerWasLostIsRepeatedSafely) {
  const auto writer = Open(2);
  ASSERT_OK(writer->Write(std::string_view("0123")));
  ASSERT_OK(writer->Close());
  FaultyStore faulty(store, 1, FaultyStore::When::kAfter);
  EXPECT_EQ(KindOf(Complete(faulty, writer->pending(), {.if_absent = true}).status()), ErrorKind::kUnavailable);
  ASSERT_OK(Complete(faulty, writer->pending(), {.if_absent = true}));
  EXPECT_EQ(Content(), "0123");
}

TEST_F(ObjectWriterTest, AbortingWhatIsGoneIsSuccess) {
  const auto writer = Open(2);
  ASSERT_OK(writer->Close());
  ASSERT_OK(Abort(*store, writer->pending()));
  ASSERT_OK(Abort(*store, writer->pending()));
  EXPECT_EQ(Uploads(), 0u);
}

TEST_F(ObjectWriterTest, BadKeysAndPartSizesAreInvalid) {
  EXPECT_EQ(KindOf(ObjectWriter::Open(store, "", 4).status()), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(ObjectWriter::Open(store, "k", 0).status()), ErrorKind::kInvalid);
}

TEST_F(ObjectWriterTest, MorePartsThanAnUploadHoldsIsInvalid) {
  const auto writer = Open(1);
  constexpr size_t kMost = 2'000 + 2'000 * 4 + 2'000 * 16 + 4'000 * 160;
  ASSERT_OK(writer->Write(std::string(kMost, 'x')));
  EXPECT_EQ(KindOf(writer->Write(std::string(1, 'x'))), ErrorKind::kOther);
  EXPECT_EQ(KindOf(writer->Close()), ErrorKind::kInvalid);
}

TEST_F(ObjectWriterTest, PartsGrowSoThatTheLargestObjectFits) {
  const auto writer = Open(1);
  std::string body(2'000 + 3 * 4, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 26);
  ASSERT_OK(writer->Write(body));
  ASSERT_OK(writer->Close());
  const auto& parts = writer->pending().parts;
  ASSERT_EQ(parts.size(), 2'003u);
  EXPECT_EQ(parts[1'999].size, 1);
  EXPECT_EQ(parts[2'000].size, 4);
  ASSERT_OK(Complete(*store, writer->pending()));
  EXPECT_EQ(Content(), body);
}

/// A store whose parts take a while, and that knows how many were on their way at once.
class SlowStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<UploadedPart> UploadPart(std::string_view key, std::string_view upload_id, int number,
                                  std::span<const std::byte> body) override {
    const int now = ++on_their_way;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    // Odd ones take longer, so that parts end in another order than they began.
    std::this_thread::sleep_for(std::chrono::milliseconds(number % 2 == 1 ? 8 : 2));
    auto part = ForwardingStore::UploadPart(key, upload_id, number, body);
    --on_their_way;
    if (number == fail_part) return MakeError(ErrorKind::kUnavailable, "part ", number, " is lost");
    return part;
  }

  std::atomic<int> on_their_way{0}, most{0};
  int fail_part = 0;
};

TEST_F(ObjectWriterTest, PartsGoTogetherAndKeepTheirOrder) {
  const auto slow = std::make_shared<SlowStore>(store);
  ASSERT_OK_AND_ASSIGN(const auto writer, ObjectWriter::Open(slow, "t/k", {.part_size = 10, .parallel_parts = 3}));
  std::string body(205, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  for (size_t i = 0; i < body.size(); i += 7) ASSERT_OK(writer->Write(std::string_view(body).substr(i, 7)));
  EXPECT_EQ(writer->Tell().ValueOrDie(), 205);
  ASSERT_OK(writer->Close());
  EXPECT_GT(slow->most, 1);
  EXPECT_LE(slow->most, 4);
  ASSERT_EQ(writer->pending().parts.size(), 21u);
  EXPECT_EQ(writer->pending().size, 205);
  ASSERT_OK(Complete(*store, writer->pending()));
  EXPECT_EQ(Content(), body);
}

TEST_F(ObjectWriterTest, APartThatWasLostOnItsWayIsNotForgotten) {
  for (int part = 1; part <= 6; ++part) {
    const auto slow = std::make_shared<SlowStore>(store);
    slow->fail_part = part;
    ASSERT_OK_AND_ASSIGN(const auto writer, ObjectWriter::Open(slow, "t/k", {.part_size = 10, .parallel_parts = 4}));
    Status status = writer->Write(std::string(55, 'x'));
    if (status.ok()) status = writer->Close();
    ASSERT_FAILS(ErrorKind::kUnavailable, "part " + std::to_string(part) + " is lost", status);
    ASSERT_FAILS(ErrorKind::kUnavailable, "is lost", writer->Close());
    ASSERT_OK(writer->Abort());
    EXPECT_EQ(slow->on_their_way, 0);
    EXPECT_EQ(Uploads(), 0u);
  }
}

TEST_F(ObjectWriterTest, AnAbortLeavesNoPartBehindIt) {
  const auto slow = std::make_shared<SlowStore>(store);
  {
    ASSERT_OK_AND_ASSIGN(const auto writer, ObjectWriter::Open(slow, "t/k", {.part_size = 10, .parallel_parts = 4}));
    ASSERT_OK(writer->Write(std::string(65, 'x')));
  }
  EXPECT_EQ(slow->on_their_way, 0);
  EXPECT_EQ(Uploads(), 0u);
  EXPECT_EQ(Content(), "<none>");
}

// Every fault of a write that gives up on the first error: the object is whole or not there, and nothing is left over.
TEST_F(ObjectWriterTest, AFaultAnywhereLeavesTheWholeObjectOrNone) {
  int rounds = 0;
  for (const auto when : {FaultyStore::When::kBefore, FaultyStore::When::kAfter, FaultyStore::When::kBefore}) {
    const int parallel_parts = ++rounds;
    for (int n = 1;; ++n) {
      SCOPED_TRACE(n);
      store = MakeMemoryStore();
      const auto faulty = std::make_shared<FaultyStore>(store, n, when);
      const Status status = [&]() -> Status {
        ARROW_ASSIGN_OR_RAISE(const auto writer,
                              ObjectWriter::Open(faulty, "t/k", {.part_size = 2, .parallel_parts = parallel_parts}));
        ARROW_RETURN_NOT_OK(writer->Write(std::string_view("01234")));
        ARROW_RETURN_NOT_OK(writer->Close());
        const auto done = Complete(*faulty, writer->pending());
        return done.ok() ? Status::OK() : Complete(*faulty, writer->pending()).status();
      }();
      if (!faulty->fired()) {
        ASSERT_OK(status);
        break;
      }
      EXPECT_EQ(Content(), status.ok() ? "01234" : "<none>");
      // Only an upload whose id never came back cannot be aborted.
      EXPECT_EQ(Uploads(), n == 1 && when == FaultyStore::When::kAfter ? 1u : 0u);
    }
  }
}

}  // namespace
}  // namespace glaux::testing
