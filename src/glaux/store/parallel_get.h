#pragma once

#include <arrow/util/cancel.h>

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "glaux/store/object_store.h"

namespace glaux {

struct ParallelGetOptions {
  /// Bytes of one Get. Memory is at most `piece_size` times `max_parallel`.
  int64_t piece_size = 8 << 20;
  /// Gets in flight.
  int max_parallel = 8;
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
};

/// Read an object piece by piece, several pieces in flight, and hand them to `sink` in order, one at a time (from
/// changing threads). Every piece is of the version in `object`: kPrecondition once it was replaced.
/// One Head where `object` has no ETag.
Status ParallelGet(ObjectStore& store, ObjectInfo object, const ParallelGetOptions& options,
                   const std::function<Status(std::span<const std::byte>)>& sink);

/// A whole object in one piece of memory, read by several Gets.
Result<std::shared_ptr<arrow::Buffer>> ParallelGetBuffer(ObjectStore& store, ObjectInfo object,
                                                         const ParallelGetOptions& options = {});

struct ReadRangesOptions {
  /// Ranges with at most this many bytes between them come with one Get: a request costs about as much as that many
  /// bytes.
  int64_t max_gap = 256 << 10;
  /// A Get that was joined together stops growing here; longer ranges are cut into such pieces.
  int64_t max_piece = 8 << 20;
  int max_parallel = 16;
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
};

/// Read many ranges of one object, as readers of columns do: near ones with one Get, all of them in parallel.
/// Ranges may come in any order and overlap; each has its length set and lies within the object.
/// \return one buffer a range, in the order of `ranges`; those of one Get share its memory
Result<std::vector<std::shared_ptr<arrow::Buffer>>> ReadRanges(ObjectStore& store, const ObjectInfo& object,
                                                               std::span<const ByteRange> ranges,
                                                               const ReadRangesOptions& options = {});

}  // namespace glaux
