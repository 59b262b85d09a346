#pragma once

#include <duckdb.hpp>
#include <duckdb/function/function_set.hpp>

namespace glaux::duckdb_engine {

// Arithmetic with Athena's types and errors, where DuckDB's has others. Source: Trino documentation, "Mathematical
// functions and operators", "Decimal functions and operators", "Aggregate functions".

/// a / b of integers, which is one, and of decimals: decimal(min(38, p1 + s2 + max(0, s2 - s1)), max(s1, s2)), rounded
/// half up. A zero is an error.
void AddDivisions(duckdb::ScalarFunctionSet* set);
/// a % b of integers. A zero is an error.
void AddRemainders(duckdb::ScalarFunctionSet* set);
/// sum of integers, which is a bigint and an error beyond; of real, which is one.
void AddSums(duckdb::AggregateFunctionSet* set);
/// count_if, which is a bigint.
void AddCountIf(duckdb::AggregateFunctionSet* set);
/// avg of decimals, which has their type; of real.
void AddAverages(duckdb::AggregateFunctionSet* set);

}  // namespace glaux::duckdb_engine
