#include "glaux/base/memory.h"

#include <arrow/memory_pool.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

namespace glaux {

int64_t MemoryBudget::used() const {
  std::lock_guard lock(mutex_);
  return used_;
}

void MemoryBudget::Acquire(int64_t bytes) {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [&] { return Fits(bytes); });
  used_ += bytes;
}

bool MemoryBudget::TryAcquire(int64_t bytes) {
  std::lock_guard lock(mutex_);
  if (!Fits(bytes)) return false;
  used_ += bytes;
  return true;
}

void MemoryBudget::Release(int64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    used_ -= bytes;
  }
  freed_.notify_all();
}

int64_t PeakResidentBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

int64_t ResidentBytes() {
  long total = 0, resident = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &total, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return static_cast<int64_t>(resident) * sysconf(_SC_PAGESIZE);
}

void ReleaseUnusedMemory() {
  arrow::default_memory_pool()->ReleaseUnused();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace glaux
