#include "glaux/engine/duckdb/statement_internal.h"

#include <duckdb/common/enum_util.hpp>
#include <duckdb/parser/statement/copy_statement.hpp>
#include <duckdb/parser/statement/explain_statement.hpp>

namespace glaux::duckdb_engine {

Status CheckStatement(const duckdb::SQLStatement& statement, bool allow_local_access) {
  using duckdb::StatementType;
  const auto denied = [&](std::string_view what) -> Status {
    if (allow_local_access) return Status::OK();
    return MakeError({.kind = ErrorKind::kDenied,
                      .hint = "set `allow_local_access: true` in glaux.yaml to let SQL use local files, settings and "
                              "extensions"},
                     what, " is not allowed: SQL sees the lake and nothing else");
  };
  switch (statement.type) {
    case StatementType::SELECT_STATEMENT:
    case StatementType::RELATION_STATEMENT:
      return Status::OK();
    case StatementType::EXPLAIN_STATEMENT:
      return CheckStatement(*static_cast<const duckdb::ExplainStatement&>(statement).stmt, allow_local_access);
    case StatementType::COPY_STATEMENT:
      if (!static_cast<const duckdb::CopyStatement&>(statement).info->is_from) return denied("COPY TO");
      break;
    case StatementType::EXPORT_STATEMENT:
      return denied("EXPORT");
    case StatementType::ATTACH_STATEMENT:
      return denied("ATTACH");
    case StatementType::DETACH_STATEMENT:
      return denied("DETACH");
    case StatementType::COPY_DATABASE_STATEMENT:
      return denied("COPY DATABASE");
    case StatementType::LOAD_STATEMENT:
      return denied("LOAD and INSTALL");
    case StatementType::UPDATE_EXTENSIONS_STATEMENT:
      return denied("UPDATE EXTENSIONS");
    case StatementType::EXTENSION_STATEMENT:
      return denied("a statement of an extension");
    case StatementType::CALL_STATEMENT:
      return denied("CALL");
    // Those that show something have become SELECTs by now.
    case StatementType::PRAGMA_STATEMENT:
      return denied("PRAGMA");
    case StatementType::SET_STATEMENT:
    case StatementType::VARIABLE_SET_STATEMENT:
      return denied("SET");
    default:
      break;
  }
  const auto name = duckdb::StringUtil::Replace(duckdb::EnumUtil::ToString(statement.type), "_STATEMENT", "");
  return MakeError({.kind = ErrorKind::kNotImplemented,
                    .hint = "statements that write are those of docs/reference/sql.md, and begin with their own words"},
                   name, " is not supported: the embedded engine only reads the lake");
}

}  // namespace glaux::duckdb_engine
