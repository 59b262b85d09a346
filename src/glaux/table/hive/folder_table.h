#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/format/format.h"
#include "glaux/store/location.h"
#include "glaux/table/table.h"

namespace glaux {

/// Files of one format in a folder, or one single file, that no catalog knows.
struct FolderSpec {
  /// URI. Ends in '/': a folder, Hive-partitioned below if `partition_by` says so. Else: just this one file.
  std::string location;
  std::string format = "parquet";
  FormatOptions format_options = {};
  std::vector<PartitionField> partition_by = {};
  /// Of new files in a folder, without the folder: "{run}-{part}.parquet". Tokens: {run} the commit's id, {part} a
  /// number of five digits; the caller has replaced all others. Empty: "{run}-{part}" and the format's and the
  /// compression's endings. kInvalid where it lacks {part} or {run}.
  std::string file_name = {};
};

/// A folder or file as a table: the same commits, overwrites, ledger and streams, with the log in a folder `_glaux`
/// beside the files (of a single file "_glaux/<file name>/"). The columns are those of the last commit, kept in the log; in a
/// folder that holds files but no log they are read from the files.
///
/// Overwriting: a single file is replaced in one step. In a folder the new files appear, then the replaced ones go;
/// readers of ours see the old or the new, a reader that knows nothing of the log may see both for a moment.
/// Appending to a single file is kInvalid.
Result<std::shared_ptr<Table>> OpenFolderTable(const LocationResolver& resolve, const FolderSpec& spec,
                                               Clock& clock = Clock::System());

/// The files that count below a folder, for those who list it: without files of commits that are not finished, and
/// without replaced ones. Folders without a log keep all. `keys` are below `prefix` in the store.
Result<std::vector<std::string>> KeepCommitted(ObjectStore& store, const std::string& prefix,
                                               std::vector<std::string> keys);

}  // namespace glaux
