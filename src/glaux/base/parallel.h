#pragma once

#include <arrow/util/cancel.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "glaux/base/status.h"

namespace glaux {

/// Which of the process's two pools helps with the work: kCpu has one thread a core, kIo up to 64 for calls that
/// wait.
enum class Pool { kCpu, kIo };

/// Threads of a pool: the cores this process may use, or GLAUX_THREADS; 64 for kIo.
int PoolSize(Pool pool);

/// Run a piece of work on a thread of the pool, whenever one is free. Nobody waits for it.
void Spawn(Pool pool, std::function<void()> work);

/// Run `work(0) … work(count - 1)`, at most `max_parallel` at a time (0: as many as there are cores, 16 of kIo).
///
/// The caller's thread takes part, so nested calls cannot lock each other out. The first error wins, and no further
/// item is started after it or after `stop` was requested (kCancelled). Returns when no item is running any more.
Status ParallelForIndex(size_t count, int max_parallel, Pool pool, const arrow::StopToken& stop,
                        const std::function<Status(size_t)>& work);

template <typename Item, typename Work>
Status ParallelFor(std::span<Item> items, int max_parallel, Pool pool, const arrow::StopToken& stop, Work&& work) {
  return ParallelForIndex(items.size(), max_parallel, pool, stop, [&](size_t i) -> Status { return work(items[i]); });
}

/// Work that goes on while its starter does something else. The starter's calls are not thread-safe.
///
/// Whoever waits takes work that has not begun, so groups inside of pool threads cannot lock each other out.
class TaskGroup {
 public:
  /// \param max_running pieces of work that run or wait to run at once, at least 1
  TaskGroup(Pool pool, int max_running);
  /// Wait for what is running; what has not begun is dropped.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Begin `work`; where too many are running, wait for one to end. \return the first error of any work so far, after
  /// which nothing is begun any more
  Status Start(std::function<Status()> work);
  /// Wait until nothing is running. \return the first error of all
  Status Wait();

 private:
  struct State;
  std::shared_ptr<State> state_;
  const Pool pool_;
  const int max_running_;
};

}  // namespace glaux
