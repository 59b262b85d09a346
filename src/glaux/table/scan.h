#pragma once

#include <memory>

#include "glaux/store/location.h"
#include "glaux/table/table.h"

namespace glaux {

/// Of ScanOptions::position_column: bits of a row's number.
inline constexpr int kPositionBits = 40;

/// Read a table's rows through its plan.
///
/// Columns that a file lacks are null, narrower types widen to the table's, partition columns are the file's constants.
/// \param resolve finds the plan's files
/// \return batches with the columns asked for; row order unspecified; no batch is empty
Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(Table& table, const LocationResolver& resolve,
                                                       const ScanOptions& options);

/// The same for a plan that was made before, and not planned by the filter: files in the plan's order, rows in that of
/// their file.
Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(ScanPlan plan, const LocationResolver& resolve,
                                                       const ScanOptions& options);

}  // namespace glaux
