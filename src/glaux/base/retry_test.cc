#include "glaux/base/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/testing/fake_clock.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FakeClock;

Status Throttled() { return MakeError(ErrorKind::kThrottled, "slow down"); }
Status Unavailable() { return MakeError(ErrorKind::kUnavailable, "reset"); }

class RetryTest : public ::testing::Test {
 protected:
  /// Run a loop whose n-th try gives the n-th outcome, and the last one from then on.
  Status Run(std::vector<Status> outcomes, Idempotency idempotency = Idempotency::kSafe, RetryHint hint = {}) {
    tries_ = 0;
    return Retry(policy_, idempotency, clock_, budget_, stop_.token(), [&](int attempt, RetryHint* given) {
      EXPECT_EQ(attempt, ++tries_);
      *given = hint;
      return outcomes[std::min(outcomes.size(), static_cast<size_t>(attempt)) - 1];
    });
  }

  RetryPolicy policy_;
  FakeClock clock_;
  RetryBudget* budget_ = nullptr;
  arrow::StopSource stop_;
  int tries_ = 0;
};

TEST_F(RetryTest, TriesAgainUntilItSucceeds) {
  ASSERT_OK(Run({Throttled(), Unavailable(), Status::OK()}));
  EXPECT_EQ(tries_, 3);
}

TEST_F(RetryTest, GivesTheLastErrorWithItsKindAndTheNumberOfTries) {
  const auto status = Run({Throttled()});
  EXPECT_EQ(KindOf(status), ErrorKind::kThrottled);
  EXPECT_EQ(tries_, 5);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("slow down (after 5 attempts)"));
}

TEST_F(RetryTest, DoesNotRepeatWhatRepeatingCannotHelp) {
  for (const auto kind : {ErrorKind::kInvalid, ErrorKind::kDenied, ErrorKind::kNotFound, ErrorKind::kPrecondition,
                          ErrorKind::kCorrupt, ErrorKind::kCancelled}) {
    EXPECT_EQ(KindOf(Run({MakeError(kind, "no")})), kind);
    EXPECT_EQ(tries_, 1);
  }
}

TEST_F(RetryTest, RepeatsAnUnsafeCallOnlyAfterThrottling) {
  EXPECT_EQ(KindOf(Run({Unavailable()}, Idempotency::kUnsafe)), ErrorKind::kUnavailable);
  EXPECT_EQ(tries_, 1);
  ASSERT_OK(Run({Throttled(), Status::OK()}, Idempotency::kUnsafe));
  EXPECT_EQ(tries_, 2);
}

TEST_F(RetryTest, RepeatsAnUnsafeCallThatNeverLeft) {
  EXPECT_FALSE(Run({Unavailable()}, Idempotency::kUnsafe, {.nothing_happened = true}).ok());
  EXPECT_EQ(tries_, 5);
}

TEST_F(RetryTest, WaitsAtLeastAsLongAsTheServiceAsks) {
  ASSERT_OK(Run({Throttled(), Status::OK()}, Idempotency::kSafe, {.retry_after = seconds(7)}));
  EXPECT_GE(clock_.slept(), seconds(7));
}

TEST_F(RetryTest, WaitsARandomPartOfADoublingDelay) {
  policy_ = {.max_attempts = 9, .base_delay = milliseconds(100), .max_delay = milliseconds(400)};
  EXPECT_FALSE(Run({Throttled()}).ok());
  // 100 + 200 + 6 * 400 at most.
  EXPECT_LE(clock_.slept(), milliseconds(2700));
  EXPECT_GT(clock_.slept(), milliseconds(10));
}

TEST_F(RetryTest, StartsNoTryBehindTheDeadline) {
  policy_ = {.max_attempts = 1000, .base_delay = seconds(60), .max_delay = seconds(60), .deadline = seconds(120)};
  EXPECT_FALSE(Run({Throttled()}).ok());
  EXPECT_LE(clock_.slept(), seconds(120));
  EXPECT_LT(tries_, 100);
}

TEST_F(RetryTest, TriesOnceMoreAtOnceAfterACorrection) {
  EXPECT_FALSE(
      Run({MakeError(ErrorKind::kUnauthenticated, "expired")}, Idempotency::kUnsafe, {.corrected = true}).ok());
  EXPECT_EQ(tries_, 2);
  EXPECT_EQ(clock_.slept(), seconds(0));
}

TEST_F(RetryTest, GivesUpWhereNoTryCanHelp) {
  EXPECT_FALSE(Run({Unavailable()}, Idempotency::kSafe, {.give_up = true}).ok());
  EXPECT_EQ(tries_, 1);
}

TEST_F(RetryTest, StopsWaitingWhenItIsStopped) {
  const auto status = Retry(policy_, Idempotency::kSafe, clock_, nullptr, stop_.token(), [&](int, RetryHint*) {
    stop_.RequestStop();
    return Throttled();
  });
  EXPECT_EQ(KindOf(status), ErrorKind::kCancelled);
}

TEST_F(RetryTest, SharedBudgetEndsAStormOfRetries) {
  RetryBudget budget(20);
  budget_ = &budget;
  EXPECT_FALSE(Run({Unavailable()}).ok());  // takes all that there is
  EXPECT_EQ(tries_, 5);
  EXPECT_FALSE(Run({Unavailable()}).ok());
  EXPECT_EQ(tries_, 1);
  for (int i = 0; i < 5; ++i) ASSERT_OK(Run({Status::OK()}));
  EXPECT_FALSE(Run({Unavailable()}).ok());  // and successes give some back
  EXPECT_EQ(tries_, 2);
}

TEST(AdaptiveRate, LetsRequestsPassUntilTheFirstThrottle) {
  FakeClock clock;
  AdaptiveRate rate;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_OK(rate.Acquire(clock, arrow::StopToken::Unstoppable()));
    rate.Report(false, clock.Now());
  }
  EXPECT_EQ(clock.slept(), seconds(0));
}

TEST(AdaptiveRate, SlowsDownAfterAThrottleAndRecovers) {
  FakeClock clock;
  AdaptiveRate rate;
  const auto stop = arrow::StopToken::Unstoppable();
  const auto send = [&](int count) {
    const auto begin = clock.slept();
    for (int i = 0; i < count; ++i) {
      EXPECT_TRUE(rate.Acquire(clock, stop).ok());
      clock.Advance(milliseconds(1));
      rate.Report(false, clock.Now());
    }
    return clock.slept() - begin;
  };
  send(3000);  // a thousand a second
  rate.Report(true, clock.Now());
  const auto slow = send(1000);
  EXPECT_GT(slow, milliseconds(50));
  send(20'000);
  EXPECT_LT(send(1000), slow);
}

/// Send with a rate for a while. \return requests a second
double Speed(AdaptiveRate& rate, FakeClock& clock, seconds duration) {
  const auto begin = clock.Now();
  int count = 0;
  for (; clock.Now() - begin < duration; ++count) {
    EXPECT_TRUE(rate.Acquire(clock, arrow::StopToken::Unstoppable()).ok());
    clock.Advance(milliseconds(1));
    rate.Report(false, clock.Now());
  }
  return count / static_cast<double>(duration.count());
}

TEST(AdaptiveRate, CutsOnceForAllThatWereUnderWay) {
  FakeClock clock;
  AdaptiveRate rate;
  EXPECT_NEAR(Speed(rate, clock, seconds(3)), 1000, 1);
  for (int i = 0; i < 64; ++i) rate.Report(true, clock.Now());
  EXPECT_GT(Speed(rate, clock, seconds(1)), 500);
}

TEST(AdaptiveRate, HasFullSpeedAgainAMinuteLater) {
  FakeClock clock;
  AdaptiveRate rate;
  Speed(rate, clock, seconds(3));
  for (int i = 0; i < 30; ++i) {
    clock.Advance(milliseconds(600));
    rate.Report(true, clock.Now());
  }
  EXPECT_LT(Speed(rate, clock, seconds(2)), 5);
  clock.Advance(seconds(60));
  EXPECT_GT(Speed(rate, clock, seconds(1)), 500);
}

TEST(AdaptiveRate, GoesOnAfterAThrottleInItsFirstMoments) {
  FakeClock clock;
  AdaptiveRate rate;
  for (int i = 0; i < 64; ++i) ASSERT_OK(rate.Acquire(clock, arrow::StopToken::Unstoppable()));
  for (int i = 0; i < 64; ++i) rate.Report(i % 8 == 0, clock.Now());
  EXPECT_GT(Speed(rate, clock, seconds(2)), 50);
}

TEST(AdaptiveRate, StopsWaitingWhenItIsStopped) {
  FakeClock clock;
  AdaptiveRate rate;
  rate.Report(true, clock.Now());
  arrow::StopSource stop;
  stop.RequestStop();
  ASSERT_FAILS(ErrorKind::kCancelled, "slowed down", rate.Acquire(clock, stop.token()));
}

}  // namespace
}  // namespace glaux
