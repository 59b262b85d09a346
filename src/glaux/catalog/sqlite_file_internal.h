#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "glaux/base/status.h"
#include "glaux/catalog/sqlite_connection_internal.h"

namespace glaux::sqlite {

/// "gLxC" in the file's header says that it is a catalog of ours; user_version is the version of its tables.
inline constexpr int64_t kApplicationId = 0x674c7843;
inline constexpr int64_t kSchemaVersion = 1;

inline constexpr char kMemoryPath[] = ":memory:";

/// Open a connection to a catalog, making its tables if the file is new. `path` is absolute or kMemoryPath.
/// Errors as OpenSqliteCatalog.
Result<std::unique_ptr<Connection>> OpenCatalogFile(const std::string& path, std::chrono::milliseconds busy_timeout,
                                                    bool create);

}  // namespace glaux::sqlite
