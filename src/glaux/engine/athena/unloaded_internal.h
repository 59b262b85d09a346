#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "glaux/engine/athena/results_internal.h"

namespace glaux::athena {

/// A query as an UNLOAD to Parquet files in a folder; nothing if it is a statement that has no rows to unload.
std::optional<std::string> UnloadOf(std::string_view sql, std::string_view folder);

/// The rows of the files that an UNLOAD has written. They are deleted when the reader is at its end or destroyed.
/// \param manifest the address of the list of files; empty: the folder is listed, which is that of this UNLOAD alone
Result<std::shared_ptr<arrow::RecordBatchReader>> ReadUnloaded(const ResultSource& source, const std::string& manifest,
                                                               const std::string& folder, const std::string& subject);

/// Delete the files of an UNLOAD that nobody reads.
void DropUnloaded(const ResultSource& source, const std::string& folder);

}  // namespace glaux::athena
