#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "glaux/engine/query_engine.h"
#include "glaux/store/location.h"
#include "glaux/table/table.h"

namespace glaux {

/// What a lake shows to the embedded engine. Functions, so that the engine knows no configuration.
struct LakeAccess {
  std::shared_ptr<Catalog> catalog;
  /// Open a table of the catalog. kNotFound.
  std::function<Result<std::shared_ptr<Table>>(const TableId&)> open_table;
  /// Where a table's file is.
  LocationResolver resolve;
  /// Where a file is that SQL names itself. Empty: the same.
  LocationResolver resolve_named = {};
};

struct DuckDBEngineOptions {
  std::string default_database = "default";
  /// Bytes that DuckDB may hold; larger intermediate results spill to `temp_directory`.
  int64_t memory_limit = 512 << 20;
  /// 0: as many as this process has cores.
  int threads = 0;
  /// Where spilled data goes; removed at the end. Empty: a folder of its own under the system's.
  std::string temp_directory = {};
  /// Let SQL read and write local files and load extensions. Off: SQL sees the lake and nothing else.
  bool allow_local_access = false;
};

/// SQL over the lake with DuckDB in this process.
///
/// Every table of the catalog appears as database.table (names fold to lower case); its columns have the catalog's
/// types, whatever the single files have; partition keys are typed columns. Filters on partition keys decide which
/// files are opened. Reads only: a statement that writes is
/// kNotImplemented.
Result<std::unique_ptr<QueryEngine>> MakeDuckDBEngine(LakeAccess lake, const DuckDBEngineOptions& options);

}  // namespace glaux
