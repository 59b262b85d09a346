#pragma once

#include <duckdb.hpp>

#include <memory>
#include <string>

#include "glaux/engine/duckdb/duckdb_engine.h"
#include "glaux/engine/duckdb/opened_file_internal.h"

namespace glaux::duckdb_engine {

/// Keys of duckdb::OpenFileInfo's options with what a plan knows of a file, so that opening it asks the store nothing.
inline constexpr char kFileSizeOption[] = "file_size";
inline constexpr char kFileEtagOption[] = "etag";
/// The file is one of a table's: SQL has not named it.
inline constexpr char kTableFileOption[] = "of_table";

/// The file system that DuckDB gets: URIs of the lake are read through their store; what else there is depends on
/// `allow_local_access`. Without it, only DuckDB's own spill files in `temp_directory` are left.
duckdb::unique_ptr<duckdb::FileSystem> MakeFileSystem(const LakeAccess& lake, bool allow_local_access,
                                                      const std::string& temp_directory);

/// The file as all readers of the query that `context` runs share it. Of one that was planned, the store is not asked.
Result<std::shared_ptr<OpenedFile>> OpenShared(duckdb::ClientContext& context, const duckdb::OpenFileInfo& info);

}  // namespace glaux::duckdb_engine
