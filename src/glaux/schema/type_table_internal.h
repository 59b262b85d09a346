#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux::schema_internal {

enum class Dialect : uint8_t { kGlue, kAthena, kDuckDB };

/// "Glue type", …: what errors call a text in this dialect.
std::string_view DialectName(Dialect dialect);

/// Types nest this deep at most; a deeper one is an error, not a stack overflow.
inline constexpr int kMaxTypeDepth = 100;

/// One type without parameters of its own. Decimals and nested types are grammar, not rows.
struct TypeRow {
  std::shared_ptr<arrow::DataType> type;
  /// Name in each dialect; empty: it has none there, and the name of `stored` stands in.
  std::string_view glue, athena, duckdb;
  /// What a value becomes in a Glue table of ours; null: it has no place in one.
  std::shared_ptr<arrow::DataType> stored;

  std::string_view name(Dialect dialect) const;
};

const std::vector<TypeRow>& TypeTable();

/// The row of a type that Plain returned; null if there is none.
const TypeRow* FindRow(const arrow::DataType& type);

/// The type of one word ("INT", "string", "timestamptz") in a dialect, synonyms included; null if it has none.
std::shared_ptr<arrow::DataType> FindWord(Dialect dialect, std::string_view word);

/// Take away what only Arrow's memory knows: large and view layouts, dictionaries, run ends, extension types, narrow
/// and wide decimals, zones other than UTC. Children of nested types are left as they are.
Result<std::shared_ptr<arrow::DataType>> Plain(const std::shared_ptr<arrow::DataType>& type);

/// list<element: T>, as Parquet calls it.
std::shared_ptr<arrow::DataType> ListOf(std::shared_ptr<arrow::DataType> element);

Result<std::shared_ptr<arrow::DataType>> ParseType(Dialect dialect, std::string_view text);
/// Glue takes StoredType types only.
Result<std::string> PrintType(Dialect dialect, const arrow::DataType& type);

/// SQL keywords that DuckDB does not take as a name without quotes.
bool IsDuckDBKeyword(std::string_view word);

}  // namespace glaux::schema_internal
