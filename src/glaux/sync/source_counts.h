#pragma once

#include <cstdint>

namespace glaux {

/// Rows of a source as counted: read = passed + filtered + set_aside.
struct SourceCounts {
  int64_t rows_read = 0;
  int64_t rows_filtered = 0;   ///< by filter, cursor, range and limit
  int64_t rows_set_aside = 0;  ///< skipped or quarantined
  int64_t rows_passed = 0;
  int64_t files = 0;
  int64_t files_known = 0;  ///< in the ledger already
  int64_t files_empty = 0;
  int64_t files_hidden = 0;
  int64_t files_links = 0;  ///< symbolic links and special files, which are not followed
  int64_t files_not_selected = 0;
  int64_t bytes = 0;  ///< of the files, as stored
  int64_t requests = 0;
};

}  // namespace glaux
