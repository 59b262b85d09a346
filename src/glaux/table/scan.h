#pragma once

#include <memory>

#include "glaux/store/location.h"
#include "glaux/table/table.h"

namespace glaux {

/// Read a table's rows through its plan.
///
/// Columns that a file lacks are null, narrower types widen to the table's, partition columns are the file's constants.
/// \param resolve finds the plan's files
/// \return batches with the columns asked for; row order unspecified; no batch is empty
Result<std::shared_ptr<arrow::RecordBatchReader>> Scan(Table& table, const LocationResolver& resolve,
                                                       const ScanOptions& options);

}  // namespace glaux
