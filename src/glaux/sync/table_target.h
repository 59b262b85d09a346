#pragma once

#include <functional>
#include <memory>
#include <string>

#include "glaux/sync/environment.h"

namespace glaux {

struct TableTargetOptions {
  std::string name;  ///< for people
  /// Null: it is not there yet, and `stage` makes it.
  std::shared_ptr<Table> table = {};
  /// A table with these columns that the first commit creates. kAlreadyExists: somebody was faster.
  std::function<Result<std::shared_ptr<Table>>(const arrow::Schema& columns)> stage = {};
  /// kNotFound while there is none.
  std::function<Result<std::shared_ptr<Table>>()> open = {};
  /// Partitions of the table that `stage` makes.
  std::vector<PartitionField> partition_by = {};
  /// A table of a catalog: names are normalized, and columns stay when all rows are replaced.
  bool in_catalog = true;
  /// One file, whose rows keep the order of the source.
  bool single_file = false;
  std::string quarantine_folder = {};
  LocationResolver resolve;
  /// Opens the folders of objects that are attached to commits, as the table itself does. Unset: `resolve`.
  LocationResolver beside = {};
  std::function<Result<QueryEngine*>()> engine;
  std::string compression = "snappy";
  int64_t target_file_bytes = 128 << 20;
};

/// A table, or a folder of files that is used as one. Upserts rewrite what they change: they are planned as SQL over
/// the target's rows and the new ones, and committed as an overwrite that is refused if the target has changed
/// meanwhile.
std::unique_ptr<Target> MakeTableTarget(TableTargetOptions options);

}  // namespace glaux
