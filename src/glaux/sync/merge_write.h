#pragma once

#include <memory>

#include "glaux/sync/table_target.h"

namespace glaux {

/// A write that merges its rows with the table's by their primary key: upsert and insert_new.
///
/// New rows wait in a temporary file until all are there. Then the engine, which sees keys only, says which rows of the
/// table lose and which new ones stay; partitions in which rows lose are written again without them, the new rows are
/// added where they belong, and all else of the table is left as it is. A single file is written again as a whole, in
/// its order. Where the table has changed meanwhile, it is merged again.
/// \param target outlives the write
/// \param has_rows the table may have some; else it is new
Result<std::unique_ptr<TargetWrite>> MakeMergeWrite(const TableTargetOptions& target, std::shared_ptr<Table> table,
                                                    bool has_rows, const EvolutionPlan& plan,
                                                    const TargetWriteOptions& options);

/// Columns of a table that meet the data's: its own and its identity keys, not the keys that a time makes.
std::shared_ptr<arrow::Schema> ComparableSchema(const Table& table);
TargetSummary ToSummary(CommitSummary commit);
inline bool Merges(WriteMode mode) { return mode == WriteMode::kUpsert || mode == WriteMode::kInsertNew; }
/// What an append is told for a write of this mode.
AppendOptions ToAppendOptions(const TargetWriteOptions& options, const TableTargetOptions& target);

}  // namespace glaux
