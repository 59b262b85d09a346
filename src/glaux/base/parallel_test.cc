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

}  // namespace
}  // namespace glaux
