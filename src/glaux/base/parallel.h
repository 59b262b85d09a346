#pragma once

#include <arrow/util/cancel.h>

#include <cstddef>
#include <functional>
#include <span>

#include "glaux/base/status.h"

namespace glaux {

/// Which of the process's two pools helps with the work: kCpu has one thread a core, kIo sixteen for calls that wait.
enum class Pool { kCpu, kIo };

/// Threads of a pool: the cores this process may use, or GLAUX_THREADS; 16 for kIo.
int PoolSize(Pool pool);

/// Run `work(0) … work(count - 1)`, at most `max_parallel` at a time (0: as many as the pool has threads).
///
/// The caller's thread takes part, so nested calls cannot lock each other out. The first error wins, and no further
/// item is started after it or after `stop` was requested (kCancelled). Returns when no item is running any more.
Status ParallelForIndex(size_t count, int max_parallel, Pool pool, const arrow::StopToken& stop,
                        const std::function<Status(size_t)>& work);

template <typename Item, typename Work>
Status ParallelFor(std::span<Item> items, int max_parallel, Pool pool, const arrow::StopToken& stop, Work&& work) {
  return ParallelForIndex(items.size(), max_parallel, pool, stop, [&](size_t i) -> Status { return work(items[i]); });
}

}  // namespace glaux
