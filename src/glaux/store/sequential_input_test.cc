#include "glaux/store/sequential_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "glaux/store/memory_store.h"
#include "glaux/testing/forwarding_store.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

constexpr int64_t kMiB = 1 << 20;

class SlowStore : public testing::ForwardingStore {
 public:
  SlowStore() : ForwardingStore(MakeMemoryStore()) {}
  Result<std::shared_ptr<arrow::Buffer>> Get(std::string_view key, const GetOptions& options) override {
    ++gets;
    const int now = ++running;
    for (int most = most_running; now > most && !most_running.compare_exchange_weak(most, now);) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    --running;
    return store_->Get(key, options);
  }
  std::atomic<int> gets{0}, running{0}, most_running{0};
};

class SequentialInputTest : public ::testing::Test {
 protected:
  std::shared_ptr<arrow::io::RandomAccessFile> Open(int64_t size, std::shared_ptr<ObjectHead> head = nullptr) {
    std::mt19937 random(7);
    content_.resize(static_cast<size_t>(size));
    for (char& c : content_) c = static_cast<char>(random());
    const auto info = PutString(*store_, "k", content_);
    EXPECT_OK(info);
    return OpenSequentialInput(store_, *info, std::move(head)).ValueOrDie();
  }

  std::shared_ptr<SlowStore> store_ = std::make_shared<SlowStore>();
  std::string content_;
};

TEST_F(SequentialInputTest, ReadingFromFrontToBackGivesTheBytesAndHasSomeUnderWay) {
  const auto file = Open(21 * kMiB + 17);
  std::string read;
  while (read.size() < content_.size()) {
    const auto piece = file->ReadAt(static_cast<int64_t>(read.size()), kMiB);
    ASSERT_OK(piece);
    ASSERT_GT((*piece)->size(), 0);
    read += (*piece)->ToString();
  }
  EXPECT_EQ(read, content_);
  EXPECT_EQ(store_->gets, 1 + 6);  // the first MiB, then pieces of four
  EXPECT_GE(store_->most_running, 2);
  EXPECT_EQ((*file->ReadAt(static_cast<int64_t>(content_.size()), kMiB))->size(), 0);
}

TEST_F(SequentialInputTest, AnyReadsInAnyOrderGiveTheBytes) {
  const auto file = Open(9 * kMiB);
  std::mt19937 random(1);
  int64_t at = 0;
  for (int i = 0; i < 200; ++i) {
    if (random() % 3 == 0) at = random() % (9 * kMiB);
    const int64_t length = 1 + random() % (i % 10 == 0 ? 6 * kMiB : kMiB / 2);
    const auto piece = file->ReadAt(at, length);
    ASSERT_OK(piece);
    ASSERT_EQ((*piece)->ToString(), content_.substr(at, length)) << at << " " << length;
    at = (at + (*piece)->size()) % (9 * kMiB);
  }
}

TEST_F(SequentialInputTest, ASmallObjectComesOnceForTwoReadings) {
  const auto head = std::make_shared<ObjectHead>();
  const auto file = Open(700'000, head);
  EXPECT_EQ((*file->ReadAt(0, kMiB))->ToString(), content_);
  EXPECT_EQ((*file->ReadAt(5, 10))->ToString(), content_.substr(5, 10));
  const auto again = OpenSequentialInput(store_, *store_->Head("k"), head).ValueOrDie();
  EXPECT_EQ((*again->ReadAt(0, kMiB))->ToString(), content_);
  EXPECT_EQ(store_->gets, 1);
  head->Drop();
  EXPECT_EQ((*again->ReadAt(0, kMiB))->ToString(), content_);
  EXPECT_EQ(store_->gets, 2);
}

TEST_F(SequentialInputTest, HeadsHoldNoMoreThanTheirShare) {
  std::vector<std::shared_ptr<ObjectHead>> heads;
  int kept = 0;
  for (int i = 0; i < 100; ++i) {
    heads.push_back(std::make_shared<ObjectHead>());
    heads.back()->Keep(arrow::Buffer::FromString(std::string(kMiB, 'x')));
    kept += heads.back()->bytes() != nullptr;
  }
  EXPECT_EQ(kept, 32);
  heads.clear();
  ObjectHead another;
  another.Keep(arrow::Buffer::FromString("x"));
  EXPECT_NE(another.bytes(), nullptr);
}

TEST_F(SequentialInputTest, AnObjectThatIsReplacedMeanwhileIsAnErrorWithItsName) {
  const auto file = Open(30 * kMiB);
  ASSERT_OK(file->ReadAt(0, kMiB).status());
  ASSERT_OK(PutString(*store_, "k", "other"));
  const auto next = file->ReadAt(kMiB, kMiB);
  EXPECT_EQ(KindOf(next.status()), ErrorKind::kPrecondition);
  EXPECT_THAT(next.status().message(), ::testing::HasSubstr("read k: the object was replaced"));
}

}  // namespace
}  // namespace glaux
