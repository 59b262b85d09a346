#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "glaux/engine/query_engine.h"
#include "glaux/store/location.h"
#include "glaux/table/hive/hive_table.h"

namespace glaux {

/// What statements that write need of a lake.
struct StatementEnvironment {
  HiveEnvironment hive;
  /// Open a table of the catalog, with the names that are near in its error. kNotFound.
  std::function<Result<std::shared_ptr<Table>>(const TableId&)> open_table;
  /// URI of a new table, ends with '/'.
  std::function<std::string(const TableId&)> location_of;
  /// Where data of a table may be. Makes nothing: kNotFound for a bucket that is not there. kDenied outside the lake.
  LocationResolver find;
  /// The database of names without one. It is there once it is needed.
  std::string database = "default";
  /// Bytes of rows that a write holds.
  int64_t memory_limit = 128 << 20;
  /// Why statements that change something are refused; OK: they are not.
  Status unchangeable = {};
};

/// An engine that runs the statements of sql/statement.h itself, over the catalog and the tables of a lake, and leaves
/// all others to `queries`, unchanged. Queries inside of statements are `queries`' too, with the request's relations.
///
/// CREATE TABLE AS, INSERT INTO and UNLOAD are commits of tables: their rows become visible together or not at all, and
/// what was begun can be cancelled until its commit begins. Their result is one row with one bigint column `rows`.
/// Statements that change the catalog have a result without columns.
std::unique_ptr<QueryEngine> MakeStatementEngine(std::unique_ptr<QueryEngine> queries,
                                                 StatementEnvironment environment);

}  // namespace glaux
