#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux::serve::athena {

/// What becomes of a statement's rows.
enum class ResultKind {
  kRows,   ///< a .csv with a header: SELECT and its like
  kText,   ///< a .txt of lines: SHOW, DESCRIBE, EXPLAIN
  kDone,   ///< an empty .txt: CREATE, DROP, ALTER
  kCount,  ///< no object, a number of rows: INSERT, CREATE TABLE AS, UNLOAD
};

struct StatementShape {
  std::string type;          ///< "DML", "DDL", "UTILITY"
  std::string substatement;  ///< "SELECT", "CREATE_TABLE_AS_SELECT"
  ResultKind result = ResultKind::kRows;
};

/// What kind of statement a text is, by its first words. kInvalid if it begins like none of Athena's.
Result<StatementShape> ShapeOf(std::string_view sql);

/// EXECUTE name USING value, …
struct ExecuteStatement {
  std::string name;
  std::vector<std::string> values;
};
/// kInvalid if it is an EXECUTE that is not understood; nothing if it is another statement.
Result<std::optional<ExecuteStatement>> ParseExecute(std::string_view sql);

/// A parameter's value as it goes into SQL: what is one literal (a number, TRUE, NULL, 'text', DATE '2025-01-31') as
/// it is, everything else as a string. Nothing that it holds can end the literal. kInvalid for a NUL.
Result<std::string> LiteralOf(std::string_view value);

/// Put literals in the place of each `?` that is not in a string, a quoted name or a comment. kInvalid if their numbers
/// differ.
Result<std::string> BindParameters(std::string_view sql, const std::vector<std::string>& values);

/// PREPARE name FROM statement, and DEALLOCATE PREPARE name, which has no statement.
struct PrepareStatement {
  std::string name;
  std::string statement = {};
};
/// Nothing for another statement. kInvalid, naming the place.
Result<std::optional<PrepareStatement>> ParsePrepare(std::string_view sql);

}  // namespace glaux::serve::athena
