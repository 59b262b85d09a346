#include "glaux/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace glaux {
namespace {

TEST(ParallelFor, RunsEveryItemOnce) {
  std::vector<std::atomic<int>> seen(1000);
  ASSERT_TRUE(ParallelForIndex(seen.size(), 0, Pool::kIo, arrow::StopToken::Unstoppable(), [&](size_t i) {
                ++seen[i];
                return Status::OK();
              }).ok());
  for (const auto& count : seen) EXPECT_EQ(count, 1);
}

TEST(ParallelFor, TheFirstErrorWinsAndStopsTheRest) {
  std::atomic<int> ran{0};
  const Status status = ParallelForIndex(10'000, 2, Pool::kCpu, arrow::StopToken::Unstoppable(), [&](size_t i) {
    ++ran;
    return i == 3 ? MakeError(ErrorKind::kCorrupt, "item 3") : Status::OK();
  });
  EXPECT_EQ(KindOf(status), ErrorKind::kCorrupt);
  EXPECT_LT(ran, 10'000);
}

TEST(ParallelFor, AStopIsCancelled) {
  arrow::StopSource source;
  source.RequestStop();
  EXPECT_EQ(KindOf(ParallelForIndex(3, 1, Pool::kCpu, source.token(), [](size_t) { return Status::OK(); })),
            ErrorKind::kCancelled);
}

TEST(ParallelFor, MayBeNestedDeeperThanThePoolIsWide) {
  std::atomic<int> leaves{0};
  const std::function<Status(int)> descend = [&](int depth) -> Status {
    if (depth == 0) {
      ++leaves;
      return Status::OK();
    }
    return ParallelForIndex(3, 0, Pool::kCpu, arrow::StopToken::Unstoppable(),
                            [&](size_t) { return descend(depth - 1); });
  };
  ASSERT_TRUE(descend(6).ok());
  EXPECT_EQ(leaves, 729);
}

TEST(ParallelFor, NeverRunsMoreThanTheLimit) {
  std::atomic<int> now{0}, most{0};
  ASSERT_TRUE(ParallelForIndex(500, 3, Pool::kIo, arrow::StopToken::Unstoppable(), [&](size_t) {
                const int running = ++now;
                for (int seen = most; running > seen && !most.compare_exchange_weak(seen, running);) {
                }
                --now;
                return Status::OK();
              }).ok());
  EXPECT_LE(most, 3);
}

TEST(TaskGroup, RunsAllWorkAndNeverMoreThanTheLimit) {
  std::atomic<int> now{0}, most{0}, done{0};
  TaskGroup group(Pool::kIo, 3);
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(group
                    .Start([&] {
                      const int running = ++now;
                      for (int seen = most; running > seen && !most.compare_exchange_weak(seen, running);) {
                      }
                      --now;
                      ++done;
                      return Status::OK();
                    })
                    .ok());
  }
  ASSERT_TRUE(group.Wait().ok());
  EXPECT_EQ(done, 300);
  EXPECT_LE(most, 3);
}

TEST(TaskGroup, TheFirstErrorEndsIt) {
  std::atomic<int> after{0};
  TaskGroup group(Pool::kIo, 1);
  ASSERT_TRUE(group.Start([] { return MakeError(ErrorKind::kCorrupt, "first"); }).ok());
  EXPECT_EQ(KindOf(group.Wait()), ErrorKind::kCorrupt);
  EXPECT_EQ(KindOf(group.Start([&] {
              ++after;
              return Status::OK();
            })),
            ErrorKind::kCorrupt);
  EXPECT_EQ(KindOf(group.Wait()), ErrorKind::kCorrupt);
  EXPECT_EQ(after, 0);
}

TEST(TaskGroup, GroupsInsideOfAllPoolThreadsFinish) {
  std::atomic<int> leaves{0};
  ASSERT_TRUE(ParallelForIndex(64, 0, Pool::kIo, arrow::StopToken::Unstoppable(), [&](size_t) {
                TaskGroup group(Pool::kIo, 2);
                for (int i = 0; i < 5; ++i) {
                  ARROW_RETURN_NOT_OK(group.Start([&] {
                    ++leaves;
                    return Status::OK();
                  }));
                }
                return group.Wait();
              }).ok());
  EXPECT_EQ(leaves, 320);
}

}  // namespace
}  // namespace glaux
