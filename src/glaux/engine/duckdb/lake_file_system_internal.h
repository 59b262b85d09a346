#pragma once

#include <duckdb.hpp>

#include <memory>
#include <string>

#include "glaux/engine/duckdb/duckdb_engine.h"

namespace glaux::duckdb_engine {

/// Keys of duckdb::OpenFileInfo's options with what a plan knows of a file, so that opening it asks the store nothing.
inline constexpr char kFileSizeOption[] = "file_size";
inline constexpr char kFileEtagOption[] = "etag";

/// The file system that DuckDB gets: URIs of the lake are read through their store; what else there is depends on
/// `allow_local_access`. Without it, only DuckDB's own spill files in `temp_directory` are left.
duckdb::unique_ptr<duckdb::FileSystem> MakeFileSystem(const LakeAccess& lake, bool allow_local_access,
                                                      const std::string& temp_directory);

}  // namespace glaux::duckdb_engine
