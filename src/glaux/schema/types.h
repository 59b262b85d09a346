#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux {

// One table of types (types.cc) behind all of these. Structs nest to any depth; names inside nested types keep their
// case and may hold any character but `:,<>` unless wrapped in backticks.

/// Read a Glue/Hive type string, "array<struct<a:int,b:map<string,decimal(10,2)>>>". Case and blanks do not matter.
/// Synonyms of Athena DDL and Spark are taken (integer, long, short, byte, real, "timestamp with time zone",
/// varchar(n)). kInvalid with the column of what was not understood.
Result<std::shared_ptr<arrow::DataType>> ParseGlueType(std::string_view text);

/// Print an Arrow type as Glue names it. Types that Glue lacks become the next wider one (uint32 bigint, uint64
/// decimal(20,0), large_string string, dictionary its values, time and duration as docs/reference/types.md lists).
/// kInvalid for what has no place in a table (union, null).
Result<std::string> ToGlueType(const arrow::DataType& type);

/// The Arrow type that a value of `type` has once it was written to and read from a Glue table of ours.
Result<std::shared_ptr<arrow::DataType>> StoredType(const arrow::DataType& type);

/// Read and print Athena's result and DDL types: "row(a integer, b varchar)", "array(bigint)", "timestamp(3) with time
/// zone".
Result<std::shared_ptr<arrow::DataType>> ParseAthenaType(std::string_view text);
Result<std::string> ToAthenaType(const arrow::DataType& type);

/// Print the DuckDB type, as DDL: "STRUCT(a INTEGER, b MAP(VARCHAR, DECIMAL(10,2)))[]", and read it back.
Result<std::string> ToDuckDBType(const arrow::DataType& type);
Result<std::shared_ptr<arrow::DataType>> ParseDuckDBType(std::string_view text);

}  // namespace glaux
