#pragma once

#include <chrono>
#include <mutex>
#include <vector>

#include "glaux/base/clock.h"

namespace glaux::testing {

/// A clock whose time only passes by sleeping. Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Timestamp now = Timestamp(std::chrono::days(20'000))) : now_(now) {}

  Timestamp Now() override {
    std::lock_guard lock(mutex_);
    return now_;
  }
  void SleepFor(std::chrono::microseconds duration) override {
    std::lock_guard lock(mutex_);
    now_ += duration;
    slept_ += duration;
  }
  void Advance(std::chrono::microseconds duration) {
    std::lock_guard lock(mutex_);
    now_ += duration;
  }
  /// All sleeps together.
  std::chrono::microseconds slept() const {
    std::lock_guard lock(mutex_);
    return slept_;
  }

 private:
  mutable std::mutex mutex_;
  Timestamp now_;
  std::chrono::microseconds slept_{0};
};

}  // namespace glaux::testing
