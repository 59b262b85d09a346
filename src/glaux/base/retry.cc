#include "glaux/base/retry.h"

#include <algorithm>
#include <random>
#include <string>

namespace glaux {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Costs and gains of the AWS SDKs' "standard" mode.
constexpr int kRetryCost = 5;
constexpr int kTimeoutCost = 10;
constexpr int kGain = 1;

/// Sleeps are cut in pieces, so that a stop request is seen soon.
constexpr milliseconds kNap{50};

bool WorthRepeating(ErrorKind kind, Idempotency idempotency) {
  switch (kind) {
    case ErrorKind::kThrottled:
      return true;  // it was refused, so nothing has happened
    case ErrorKind::kUnavailable:
    case ErrorKind::kTimeout:
      return idempotency == Idempotency::kSafe;
    default:
      return false;
  }
}

double RandomPart() {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

microseconds Delay(const RetryPolicy& policy, int failed_attempt, const RetryHint& hint) {
  const double doubled =
      static_cast<double>(policy.base_delay.count()) * static_cast<double>(1LL << std::min(failed_attempt - 1, 30));
  const double most = std::min(static_cast<double>(policy.max_delay.count()), doubled);
  auto delay = microseconds(static_cast<int64_t>(most * 1000 * RandomPart()));
  if (hint.retry_after) delay = std::max<microseconds>(delay, std::min(*hint.retry_after, policy.deadline));
  return hint.corrected ? microseconds(0) : delay;
}

Status SleepUnlessStopped(Clock& clock, microseconds duration, const arrow::StopToken& stop) {
  while (duration.count() > 0) {
    if (stop.IsStopRequested()) return MakeError(ErrorKind::kCancelled, "cancelled while waiting for another try");
    const auto nap = std::min<microseconds>(duration, kNap);
    clock.SleepFor(nap);
    duration -= nap;
  }
  return Status::OK();
}

Status AfterAttempts(const Status& status, int attempts) {
  if (attempts <= 1) return status;
  return status.WithMessage(status.message(), " (after ", attempts, " attempts)");
}

}  // namespace

bool RetryBudget::Take(ErrorKind kind) {
  const int cost = kind == ErrorKind::kTimeout ? kTimeoutCost : kRetryCost;
  int there = tokens_.load();
  do {
    if (there < cost) return false;
  } while (!tokens_.compare_exchange_weak(there, there - cost));
  return true;
}

void RetryBudget::GiveBack(bool was_retry) {
  const int gain = was_retry ? kRetryCost : kGain;
  int there = tokens_.load();
  while (there < capacity_ && !tokens_.compare_exchange_weak(there, std::min(capacity_, there + gain))) {
  }
}

Status Retry(const RetryPolicy& policy, Idempotency idempotency, Clock& clock, RetryBudget* budget,
             const arrow::StopToken& stop, const std::function<Status(int, RetryHint*)>& attempt) {
  const Timestamp begin = clock.Now();
  bool corrected_before = false;
  for (int n = 1;; ++n) {
    RetryHint hint;
    const Status status = attempt(n, &hint);
    if (status.ok()) {
      if (budget != nullptr) budget->GiveBack(n > 1);
      return status;
    }
    const ErrorKind kind = KindOf(status);
    // What was put right once and fails again is something else.
    const bool corrected = hint.corrected && !corrected_before;
    corrected_before |= hint.corrected;
    const auto safety = hint.nothing_happened ? Idempotency::kSafe : idempotency;
    if (hint.give_up || (!corrected && !WorthRepeating(kind, safety))) return AfterAttempts(status, n);
    if (n >= policy.max_attempts && !corrected) return AfterAttempts(status, n);
    if (stop.IsStopRequested()) return MakeError(ErrorKind::kCancelled, status.message(), "; cancelled");
    const auto delay = Delay(policy, n, hint);
    if (clock.Now() + delay - begin > policy.deadline) return AfterAttempts(status, n);
    if (!corrected && budget != nullptr && !budget->Take(kind)) {
      return AfterAttempts(WithHint(status, "so many requests fail that no more are repeated for now"), n);
    }
    ARROW_RETURN_NOT_OK(SleepUnlessStopped(clock, delay, stop));
  }
}

}  // namespace glaux
