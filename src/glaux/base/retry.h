#pragma once

#include <arrow/util/cancel.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"

namespace glaux {

/// Whether a repeated call does the same as one call.
enum class Idempotency { kSafe, kUnsafe };

struct RetryPolicy {
  /// The first try counts.
  int max_attempts = 5;
  /// The delay before try n is a random part of min(max_delay, base_delay * 2^(n-2)): "full jitter".
  std::chrono::milliseconds base_delay{100};
  std::chrono::milliseconds max_delay{20'000};
  /// No new try starts after this long.
  std::chrono::milliseconds deadline{120'000};
};

/// Tokens that all calls to one service share: a retry costs some, a success gives some back. When they are spent, an
/// outage is answered with its error at once and not with a storm of retries. Thread-safe.
class RetryBudget {
 public:
  explicit RetryBudget(int capacity = 500) : capacity_(capacity), tokens_(capacity) {}
  /// False: no retry now.
  bool Take(ErrorKind kind);
  void GiveBack(bool was_retry);

 private:
  const int capacity_;
  std::atomic<int> tokens_;
};

/// Slows all calls to one service down after it asked for it (503 SlowDown, 429), and speeds them up again with each
/// success: a send rate that is cut by a factor and then grows as CUBIC does. No limit before the first throttle.
/// Thread-safe.
class AdaptiveRate {
 public:
  AdaptiveRate();
  ~AdaptiveRate();
  /// Wait for a turn. kCancelled.
  Status Acquire(Clock& clock, const arrow::StopToken& stop);
  void Report(bool throttled, Timestamp now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// What one failed try tells the loop.
struct RetryHint {
  /// From `Retry-After`; the delay is at least this.
  std::optional<std::chrono::milliseconds> retry_after = {};
  /// The error is worth one more try whatever its kind: credentials were renewed, the clock's skew is known now.
  bool corrected = false;
  /// No other try can help, whatever the error is.
  bool give_up = false;
  /// The request never left this machine: repeating it is safe whatever it does.
  bool nothing_happened = false;
};

/// THE retry loop. Calls `attempt(n, hint)` for n = 1, 2, … until it succeeds, gives an error that is not worth another
/// try, or a bound is reached. Tries again after kThrottled always, and after kUnavailable and kTimeout if
/// `idempotency` allows. The last error comes back with "after 5 attempts" in its message. A stop request ends the
/// waiting with kCancelled.
Status Retry(const RetryPolicy& policy, Idempotency idempotency, Clock& clock, RetryBudget* budget,
             const arrow::StopToken& stop, const std::function<Status(int attempt, RetryHint* hint)>& attempt);

}  // namespace glaux
