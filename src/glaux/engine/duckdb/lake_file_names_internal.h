#pragma once

#include <duckdb.hpp>
#include <duckdb/common/multi_file/multi_file_data.hpp>

#include <string>
#include <vector>

#include "glaux/base/status.h"

namespace glaux::duckdb_engine {

/// Refuse a Parquet file in which a column that the query reads, or a field inside of it, has one name with another
/// when case is ignored. DuckDB gives the second a number ("V" becomes "V_1"), and its values would not be found.
///
/// \param columns of the file as DuckDB names them
/// \param read names of columns that the query reads
/// \return kInvalid naming both. The file's own schema is asked for only where a name looks like one with a number.
Status CheckNames(duckdb::ClientContext& context, const std::string& file,
                  const duckdb::vector<duckdb::MultiFileColumnDefinition>& columns,
                  const std::vector<std::string>& read);

}  // namespace glaux::duckdb_engine
