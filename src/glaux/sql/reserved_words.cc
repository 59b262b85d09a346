#include <algorithm>
#include <iterator>

#include "glaux/sql/lexer_internal.h"
#include "glaux/sql/statement.h"

namespace glaux::sql {
namespace {

// Athena's manual, "Reserved keywords in DDL statements". Sorted.
constexpr std::string_view kReserved[] = {
    "ALL",           "ALTER",     "AND",       "ARRAY",        "AS",
    "AUTHORIZATION", "BETWEEN",   "BIGINT",    "BINARY",       "BOOLEAN",
    "BOTH",          "BY",        "CASE",      "CAST",         "CHAR",
    "COLUMN",        "COMMIT",    "CONF",      "CONSTRAINT",   "CREATE",
    "CROSS",         "CUBE",      "CURRENT",   "CURRENT_DATE", "CURRENT_TIMESTAMP",
    "CURSOR",        "DATABASE",  "DATE",      "DAYOFWEEK",    "DECIMAL",
    "DELETE",        "DESCRIBE",  "DISTINCT",  "DIV",          "DOUBLE",
    "DROP",          "ELSE",      "END",       "EXCHANGE",     "EXISTS",
    "EXTENDED",      "EXTERNAL",  "EXTRACT",   "FALSE",        "FETCH",
    "FLOAT",         "FLOOR",     "FOLLOWING", "FOR",          "FOREIGN",
    "FROM",          "FULL",      "FUNCTION",  "GRANT",        "GROUP",
    "GROUPING",      "HAVING",    "IF",        "IMPORT",       "IN",
    "INNER",         "INSERT",    "INT",       "INTEGER",      "INTERSECT",
    "INTERVAL",      "INTO",      "IS",        "JOIN",         "LATERAL",
    "LEFT",          "LESS",      "LIKE",      "LOCAL",        "MACRO",
    "MAP",           "MORE",      "NONE",      "NOT",          "NULL",
    "NUMERIC",       "OF",        "ON",        "ONLY",         "OR",
    "ORDER",         "OUT",       "OUTER",     "OVER",         "PARTIALSCAN",
    "PARTITION",     "PERCENT",   "PRECEDING", "PRECISION",    "PRESERVE",
    "PRIMARY",       "PROCEDURE", "RANGE",     "READS",        "REDUCE",
    "REFERENCES",    "REGEXP",    "REVOKE",    "RIGHT",        "RLIKE",
    "ROLLBACK",      "ROLLUP",    "ROW",       "ROWS",         "SELECT",
    "SET",           "SMALLINT",  "START",     "TABLE",        "TABLESAMPLE",
    "THEN",          "TIME",      "TIMESTAMP", "TO",           "TRANSFORM",
    "TRIGGER",       "TRUE",      "TRUNCATE",  "UNBOUNDED",    "UNION",
    "UNIQUEJOIN",    "UPDATE",    "USER",      "USING",        "UTC_TIMESTAMP",
    "VALUES",        "VARCHAR",   "VIEWS",     "WHEN",         "WHERE",
    "WINDOW",        "WITH",
};

}  // namespace

bool IsReservedWord(std::string_view name) {
  static_assert(std::is_sorted(std::begin(kReserved), std::end(kReserved)));
  return std::binary_search(std::begin(kReserved), std::end(kReserved), Upper(name));
}

}  // namespace glaux::sql
