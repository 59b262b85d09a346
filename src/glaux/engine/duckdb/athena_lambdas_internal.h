#pragma once

#include <duckdb.hpp>
#include <duckdb/parser/expression/function_expression.hpp>

#include <string>
#include <utility>
#include <vector>

namespace glaux::duckdb_engine {

/// Put expressions in the places of columns by the names of these, but not of what a lambda inside calls so.
void Substitute(const std::vector<std::pair<std::string, const duckdb::ParsedExpression*>>& given,
                duckdb::unique_ptr<duckdb::ParsedExpression>* expression);

/// Functions that take lambdas, made of those that DuckDB has. One object a query: it counts the names that it makes.
class LambdaWriter {
 public:
  /// Null for what is none of these functions, or has other arguments.
  duckdb::unique_ptr<duckdb::ParsedExpression> WriteOut(const duckdb::FunctionExpression& function);

 private:
  int made_ = 0;
};

}  // namespace glaux::duckdb_engine
