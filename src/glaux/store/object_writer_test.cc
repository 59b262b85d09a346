#include "glaux/store/object_writer.h"

#include "glaux/store/memory_store.h"
#include "glaux/testing/faulty_store.h"
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
  EXPECT_EQ(KindOf(writer->Write(std::string(10'001, 'x'))), ErrorKind::kInvalid);
}

// Every fault of a write that gives up on the first error: the object is whole or not there, and nothing is left over.
TEST_F(ObjectWriterTest, AFaultAnywhereLeavesTheWholeObjectOrNone) {
  for (const auto when : {FaultyStore::When::kBefore, FaultyStore::When::kAfter}) {
    for (int n = 1;; ++n) {
      SCOPED_TRACE(n);
      store = MakeMemoryStore();
      const auto faulty = std::make_shared<FaultyStore>(store, n, when);
      const Status status = [&]() -> Status {
        ARROW_ASSIGN_OR_RAISE(const auto writer, ObjectWriter::Open(faulty, "t/k", 2));
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
