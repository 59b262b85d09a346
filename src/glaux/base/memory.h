#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace glaux {

/// Bytes that a stage may hold at once. Thread-safe.
///
/// A single demand larger than the whole budget is granted when nothing else is held, so that no row is too large to
/// make progress.
class MemoryBudget {
 public:
  explicit MemoryBudget(int64_t limit) : limit_(limit) {}

  int64_t limit() const { return limit_; }
  int64_t used() const;

  /// Take `bytes`, waiting until others give enough back.
  void Acquire(int64_t bytes);
  /// Take `bytes` if they are free now.
  bool TryAcquire(int64_t bytes);
  void Release(int64_t bytes);

 private:
  bool Fits(int64_t bytes) const { return used_ == 0 || used_ + bytes <= limit_; }

  const int64_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  int64_t used_ = 0;
};

/// The most resident memory that this process has had, in bytes.
int64_t PeakResidentBytes();

/// Resident memory now, in bytes.
int64_t ResidentBytes();

/// Give memory that Arrow and the C library keep for later back to the system. For the border between two stages of
/// which each uses much.
void ReleaseUnusedMemory();

}  // namespace glaux
