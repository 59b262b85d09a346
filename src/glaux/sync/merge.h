#pragma once

#include <arrow/util/cancel.h>

#include <cstdint>
#include <vector>

#include "glaux/engine/query_engine.h"
#include "glaux/sync/config.h"

namespace glaux {

/// The name that new rows' order has while they wait.
inline constexpr char kSequenceColumn[] = "_glaux_sequence";

/// What a merge has to know of rows to say which ones stay: their keys, when they are from, and which ones they are.
/// The wide rows themselves never go through the engine.
struct MergeSide {
  /// Columns k0, k1 … (the primary key), `t` (the datetime_field, if there is one), `p` (bigint, the row's position),
  /// of new rows also `s` (bigint, their order).
  std::shared_ptr<arrow::Schema> schema;
  std::function<Result<std::shared_ptr<arrow::RecordBatchReader>>()> open;
  int64_t rows = 0;  ///< roughly
};

/// Columns of a MergeSide.
inline constexpr char kMergeTime[] = "t", kMergePosition[] = "p", kMergeOrder[] = "s";
std::string MergeKeyColumn(size_t key);

/// Positions of the new rows that are the one of their key: with the greatest time (null is the least), of those the
/// last.
/// \param rows that there are; positions are below
Result<std::vector<bool>> LastOfEachKey(QueryEngine& engine, const MergeSide& incoming, size_t rows,
                                        const arrow::StopToken& stop);

/// Two rows with one key met, one of the target and a new one.
struct MergeMeeting {
  int64_t target = 0;    ///< position
  int64_t incoming = 0;  ///< position
  bool target_stays = false;
};

/// Tell `meet` of every row of the target whose key a new row has. Of upserts: whether it stays; all rows of the target
/// with one key lose, or all but one. Of insert_new: all stay. Without a time the target's row loses, and `incoming` is
/// not told.
/// \param incoming one row a key
Status MeetTarget(QueryEngine& engine, WriteMode mode, const MergeSide& incoming, const MergeSide& target,
                  const arrow::StopToken& stop, const std::function<Status(const MergeMeeting&)>& meet);

}  // namespace glaux
