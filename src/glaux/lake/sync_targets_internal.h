#pragma once

#include <arrow/io/type_fwd.h>

#include <functional>
#include <memory>
#include <string>

#include "glaux/lake/lake.h"
#include "glaux/lake/stores_internal.h"
#include "glaux/sync/environment.h"
#include "glaux/table/hive/hive_table.h"

namespace glaux {

/// What the targets of pipelines need of a lake.
struct SyncLake {
  HiveEnvironment hive;
  std::function<std::string(const TableId&)> location_of;  ///< URI of a new table
  std::function<Result<Location>(std::string_view uri, LakeStores::For purpose, const S3Access& access)> open_folder;
  std::function<Result<QueryEngine*>()> engine;
  std::string database;  ///< of names without one
  int64_t memory_limit = 0;
  std::shared_ptr<arrow::io::OutputStream> out;
};

/// A table of a DuckDB database file. The file is opened only while something is read from it or written.
Result<std::unique_ptr<Target>> OpenDuckDBTarget(const DestinationConfig& destination, int64_t memory_limit);

/// Open what a destination describes.
Result<std::unique_ptr<Target>> OpenSyncTarget(const SyncLake& lake, const DestinationConfig& destination,
                                               TargetUse use);

}  // namespace glaux
