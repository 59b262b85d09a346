#include "glaux/base/memory.h"

#include <gtest/gtest.h>

#include <thread>

namespace glaux {
namespace {

TEST(MemoryBudget, GrantsOneDemandThatIsLargerThanTheWhole) {
  MemoryBudget budget(10);
  EXPECT_TRUE(budget.TryAcquire(100));
  EXPECT_FALSE(budget.TryAcquire(1));
  budget.Release(100);
  EXPECT_TRUE(budget.TryAcquire(10));
}

TEST(MemoryBudget, WaitsUntilOthersGiveBack) {
  MemoryBudget budget(10);
  budget.Acquire(8);
  std::thread waiter([&] { budget.Acquire(5); });
  budget.Release(8);
  waiter.join();
  EXPECT_EQ(budget.used(), 5);
}

TEST(PeakResidentBytes, IsAtLeastWhatIsResidentNow) {
  EXPECT_GT(ResidentBytes(), 0);
  // The kernel batches its counters per thread.
  EXPECT_GE(PeakResidentBytes() + (2 << 20), ResidentBytes());
}

}  // namespace
}  // namespace glaux
