#include "glaux/store/object_input.h"

#include <atomic>

#include "glaux/store/memory_store.h"
#include "glaux/testing/faulty_store.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/run_together.h"

namespace glaux::testing {
namespace {

TEST(ObjectInput, ReadsRangesAndInSequence) {
  const auto store = MakeMemoryStore();
  ASSERT_OK_AND_ASSIGN(const auto info, PutString(*store, "k", "0123456789"));
  ASSERT_OK_AND_ASSIGN(const auto file, OpenInput(store, info));
  ASSERT_OK_AND_ASSIGN(const auto size, file->GetSize());
  EXPECT_EQ(size, 10);
  ASSERT_OK_AND_ASSIGN(const auto middle, file->ReadAt(3, 4));
  EXPECT_EQ(middle->ToString(), "3456");
  ASSERT_OK_AND_ASSIGN(const auto first, file->Read(6));
  EXPECT_EQ(first->ToString(), "012345");
  char rest[16];
  ASSERT_OK_AND_ASSIGN(const auto read, file->Read(sizeof rest, rest));
  EXPECT_EQ(std::string(rest, read), "6789");
  ASSERT_OK_AND_ASSIGN(const auto end, file->Read(5));
  EXPECT_EQ(end->size(), 0);
  ASSERT_OK(file->Seek(8));
  ASSERT_OK_AND_ASSIGN(const auto tail, file->Read(100));
  EXPECT_EQ(tail->ToString(), "89");
  EXPECT_EQ(KindOf(file->Seek(-1)), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(file->ReadAt(-1, 2).status()), ErrorKind::kInvalid);
}

TEST(ObjectInput, AReplacedObjectIsAClearError) {
  const auto store = MakeMemoryStore();
  ASSERT_OK_AND_ASSIGN(const auto info, PutString(*store, "t/k", "0123456789"));
  ASSERT_OK_AND_ASSIGN(const auto file, OpenInput(store, info));
  ASSERT_OK(PutString(*store, "t/k", "abcdefghij"));
  ASSERT_FAILS(ErrorKind::kPrecondition, "t/k: the object was replaced after it was opened", file->ReadAt(0, 4));
}

TEST(ObjectInput, OpeningWithAnETagAsksTheStoreNothing) {
  const auto memory = MakeMemoryStore();
  ASSERT_OK_AND_ASSIGN(const auto info, PutString(*memory, "k", "content"));
  const auto counting = std::make_shared<FaultyStore>(memory, 0, FaultyStore::When::kBefore);
  ASSERT_OK(OpenInput(counting, info));
  EXPECT_EQ(counting->calls(), 0);
  ASSERT_OK_AND_ASSIGN(const auto file, OpenInput(counting, ObjectInfo{.key = "k"}));
  EXPECT_EQ(counting->calls(), 1);
  ASSERT_OK_AND_ASSIGN(const auto body, file->ReadAt(0, 100));
  EXPECT_EQ(body->ToString(), "content");
  EXPECT_EQ(counting->calls(), 2);
  EXPECT_EQ(KindOf(OpenInput(counting, ObjectInfo{.key = "missing"}).status()), ErrorKind::kNotFound);
}

TEST(ObjectInput, ManyThreadsReadAtOnce) {
  const auto store = MakeMemoryStore();
  std::string body(100'000, ' ');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7 + i / 256);
  ASSERT_OK_AND_ASSIGN(const auto info, PutString(*store, "k", body));
  ASSERT_OK_AND_ASSIGN(const auto file, OpenInput(store, info));
  std::atomic<int> wrong{0};
  RunTogether(4, [&](int thread) {
    for (int i = 0; i < 200; ++i) {
      const int64_t at = (thread * 7919 + i * 331) % 99'000;
      const auto read = file->ReadAt(at, 1000);
      if (!read.ok() || (*read)->ToString() != body.substr(at, 1000)) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
}

TEST(ObjectInput, AClosedFileCannotBeRead) {
  const auto store = MakeMemoryStore();
  ASSERT_OK_AND_ASSIGN(const auto info, PutString(*store, "k", "content"));
  ASSERT_OK_AND_ASSIGN(const auto file, OpenInput(store, info));
  ASSERT_OK(file->Close());
  EXPECT_TRUE(file->closed());
  EXPECT_EQ(KindOf(file->ReadAt(0, 1).status()), ErrorKind::kInvalid);
}

}  // namespace
}  // namespace glaux::testing
