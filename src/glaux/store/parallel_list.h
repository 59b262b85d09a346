#pragma once

#include <arrow/util/cancel.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "glaux/store/object_store.h"

namespace glaux {

struct ParallelListOptions {
  std::string prefix = {};
  /// Only keys greater than this one.
  std::string start_after = {};
  /// List calls in flight.
  int max_parallel = 16;
  /// Is raised by the List calls that were made.
  std::atomic<int64_t>* calls = nullptr;
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
};

/// Every object under a prefix, in byte order of the keys, listed by many calls at once.
///
/// One chain of pages gives some thousand keys a second however fast the link is, since each page waits for the one
/// before. So what is left after four pages is split: at folders where there are several, else at keys that short
/// probes find in the middle. Up to four pages there are no more calls than with ForEachObject, and for large prefixes
/// one in ten more. `visit` is called by one thread, and may stop the walk with an error. Memory: what some hundred
/// pages hold.
Status ParallelList(ObjectStore& store, const ParallelListOptions& options,
                    const std::function<Status(const ObjectInfo&)>& visit);

}  // namespace glaux
