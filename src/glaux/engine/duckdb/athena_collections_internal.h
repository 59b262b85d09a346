#pragma once

#include <duckdb.hpp>
#include <duckdb/function/function_set.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace glaux::duckdb_engine {

/// Functions over arrays and maps whose types only a bind knows:
///
///   athena_rows(x)        what UNNEST takes apart, an array of rows: of a map its keys and values, of an array its
///                         elements
///   athena_multimap(x)    the map of an array of pairs, with an array of values for each key; null keys fall away
///   athena_typeof(x)      the type's name in Athena
///   athena_type_name(t)   the same of a type by its name in DuckDB
///   athena_joda(pattern)  a pattern of Joda's as strftime has it
///   sequence(a, b, step)  of integers, dates and timestamps; 10,000 values at most
std::vector<duckdb::ScalarFunctionSet> AthenaCollectionFunctions();

/// A pattern of Joda Time's, "yyyy-MM-dd'T'HH:mm", as strftime has it. Throws InvalidInputException naming the letter
/// that it cannot say.
std::string StrftimeOfJoda(std::string_view pattern);

}  // namespace glaux::duckdb_engine
