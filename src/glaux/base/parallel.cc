#include "glaux/base/parallel.h"

#include <arrow/util/thread_pool.h>
#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>

namespace glaux {
namespace {

constexpr int kIoThreads = 16;

int CountCores() {
  if (const char* wanted = std::getenv("GLAUX_THREADS")) {
    if (const int n = std::atoi(wanted); n > 0) return n;
  }
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return 1;
}

arrow::internal::ThreadPool& PoolOf(Pool pool) {
  // Leaked on purpose: workers may still be parked when static objects are destroyed.
  static auto* cpu = new auto(*arrow::internal::ThreadPool::Make(PoolSize(Pool::kCpu)));
  static auto* io = new auto(*arrow::internal::ThreadPool::Make(kIoThreads));
  return pool == Pool::kCpu ? **cpu : **io;
}

/// One call's state; helpers on the pool may outlive the call, but then find nothing left to do.
struct Run {
  Run(size_t count, arrow::StopToken stop, const std::function<Status(size_t)>* work)
      : count(count), stop(std::move(stop)), work(work) {}

  const size_t count;
  const arrow::StopToken stop;
  const std::function<Status(size_t)>* const work;  // valid while `running` > 0 or the caller is inside
  std::mutex mutex;
  std::condition_variable idle;
  size_t next = 0;
  int running = 0;
  Status error;

  void Drain() {
    std::unique_lock lock(mutex);
    while (next < count && error.ok()) {
      if (stop.IsStopRequested()) {
        error = MakeError(ErrorKind::kCancelled, "cancelled");
        break;
      }
      const size_t index = next++;
      ++running;
      lock.unlock();
      Status status = (*work)(index);
      lock.lock();
      --running;
      if (!status.ok() && error.ok()) error = std::move(status);
    }
    if (running == 0) idle.notify_all();
  }
};

}  // namespace

int PoolSize(Pool pool) {
  static const int cores = CountCores();
  return pool == Pool::kCpu ? cores : kIoThreads;
}

Status ParallelForIndex(size_t count, int max_parallel, Pool pool, const arrow::StopToken& stop,
                        const std::function<Status(size_t)>& work) {
  if (count == 0) return Status::OK();
  const size_t limit = max_parallel > 0 ? max_parallel : PoolSize(pool);
  auto run = std::make_shared<Run>(count, stop, &work);
  for (size_t helper = 1; helper < std::min(limit, count); ++helper) {
    // A pool that takes no more work only means fewer helpers.
    (void)PoolOf(pool).Spawn([run] { run->Drain(); });
  }
  run->Drain();
  std::unique_lock lock(run->mutex);
  run->next = count;
  run->idle.wait(lock, [&] { return run->running == 0; });
  return run->error;
}

}  // namespace glaux
