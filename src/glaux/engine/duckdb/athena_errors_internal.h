#pragma once

#include <duckdb.hpp>

#include <string_view>

#include "glaux/base/status.h"

namespace glaux::duckdb_engine {

/// What a query was, for the words of its error.
struct AthenaQuery {
  std::string_view asked;  ///< as it was written
  std::string_view run;    ///< as DuckDB got it
  std::string_view database;
};

/// An error of DuckDB's in Athena's words: "line 1:15: Table 'awsdatacatalog.db.t' does not exist", with Trino's name
/// for its kind as its code, "TABLE_NOT_FOUND". Positions are those of the query as it was written, where DuckDB tells.
/// \param status the error as it is without that: kept, but for code and message
Status ToAthenaStatus(const duckdb::ErrorData& error, const Status& status, const AthenaQuery& query);

}  // namespace glaux::duckdb_engine
