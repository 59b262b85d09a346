#pragma once

#include <arrow/type.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/wire/athena_query.h"

namespace glaux::athena {

/// A column as EXPLAIN names it.
struct ExplainedColumn {
  std::string name;
  std::string type;  ///< "array(row(a integer))"
};

/// The columns of a query from EXPLAIN (FORMAT JSON): those of its Output. kCorrupt.
Result<std::vector<ExplainedColumn>> ReadExplainedColumns(std::string_view json);

/// The schema of a result.
/// \param explain gives the columns as EXPLAIN tells them; asked only if there are nested ones
/// \param note told why nested columns are text, where they are
Result<std::shared_ptr<arrow::Schema>> SchemaOf(const std::vector<glaux::wire::athena::ColumnInfo>& columns,
                                                const std::function<Result<std::vector<ExplainedColumn>>()>& explain,
                                                const std::function<void(std::string_view)>& note);

/// The schema of columns as EXPLAIN tells them.
Result<std::shared_ptr<arrow::Schema>> SchemaOf(const std::vector<ExplainedColumn>& columns);

}  // namespace glaux::athena
