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
  /// Empty: as the log has it. kInvalid if the log has another one.
  std::vector<PartitionField> partition_by = {};
  /// Of new files in a folder, without the folder: "{run}-{part}.parquet". Tokens: {run} the commit's id, {part} a
  /// number of five digits; the caller has replaced all others. Empty: "{run}-{part}" and the format's and the
  /// compression's endings. kInvalid where it lacks {part} or {run}, or readers would not find the file.
  std::string file_name = {};
  /// Of a single file: the name of its log, "_glaux/<log_name>/", where files whose names change with time share one:
  /// its columns, ledger and streams go on from file to file. Empty: the file's name.
  std::string log_name = {};
};

/// A folder or file as a table: the same commits, overwrites, ledger and streams, with the log in a folder `_glaux`
/// beside the files (of a single file "_glaux/<file name>/"). The columns are those of the last commit, kept in the log
/// with their exact Arrow types and names; in a folder that holds files but no log they are read from the files (of
/// many files ten), and partition keys that are no time are whole numbers or text, as their folders look. A folder with
/// neither has no columns until the first commit gives it some.
///
/// The rows are those of all files of the format (by their ending) directly in the folder, or directly in the folders
/// of its partitions, whoever wrote them; hidden ones ("_x", ".x") and folders below are passed over. Names of
/// partition keys are normalized as in tables.
///
/// Overwriting: a single file is replaced in one step. In a folder the new files appear, then the replaced ones go, at
/// once whatever the grace; readers of ours see the old or the new, a reader that knows nothing of the log may see both
/// for a moment. Appending to a single file that is there is kInvalid. AppendOptions::compression is not looked at: how
/// files are compressed is a matter of `format_options`.
///
/// \param clock outlives the table
/// \param beside as HiveEnvironment::beside
Result<std::shared_ptr<Table>> OpenFolderTable(const LocationResolver& resolve, const FolderSpec& spec,
                                               Clock& clock = Clock::System(), const LocationResolver& beside = {});

/// The files that count below a folder, for those who list it: without files of commits that are not finished, without
/// replaced ones, without logs. Folders without a log keep all. A log counts for its folder and everything below it,
/// wherever `prefix` is: logs are looked for in the folders of `keys` and above `prefix`.
///
/// A commit may end between the listing and this call, so that only a part of its files was listed: ListCommitted
/// knows. An overwrite of which not all new files were listed is taken for not done: the files that it has replaced are
/// kept, and are gone (kNotFound) if they are read too late. \param keys everything that was listed below `prefix`,
/// before any choice among it
Result<std::vector<std::string>> KeepCommitted(ObjectStore& store, const std::string& prefix,
                                               std::vector<std::string> keys);

/// List the files that count below a prefix, as they were at one point in time. Lists twice where there is a log, and
/// again while commits begin and end meanwhile; kUnavailable if that does not stop.
Result<std::vector<ObjectInfo>> ListCommitted(ObjectStore& store, const std::string& prefix,
                                              const std::vector<ObjectInfo>* listed = nullptr);

}  // namespace glaux
