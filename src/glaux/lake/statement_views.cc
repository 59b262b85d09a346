#include <arrow/api.h>

#include "glaux/lake/statements_internal.h"
#include "glaux/schema/names.h"
#include "glaux/schema/types.h"
#include "glaux/sql/view.h"

namespace glaux {
namespace {

/// Without blanks at its ends: what stands before a query keeps its place in errors, and nobody wants to see it.
std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  const size_t end = text.find_last_not_of(" \t\r\n");
  return begin == std::string::npos ? std::string() : text.substr(begin, end - begin + 1);
}

}  // namespace

std::string WithoutRows(const sql::InnerQuery& query) {
  constexpr std::string_view kBegin = "SELECT * FROM (";
  // A query inside of a statement begins with blanks for the words before it.
  const bool room = query.sql.find_first_not_of(' ') >= kBegin.size();
  return std::string(kBegin) + (room ? query.sql.substr(kBegin.size()) : query.sql) + "\n) AS no_rows LIMIT 0";
}

Status CheckNamed(const arrow::Schema& query) {
  for (int i = 0; i < query.num_fields(); ++i) {
    const auto& field = *query.field(i);
    if (!field.HasMetadata() || !field.metadata()->Contains(kUnnamedKey)) continue;
    return MakeError({.kind = ErrorKind::kInvalid, .code = "COLUMN_NAME_NOT_SPECIFIED", .hint = "name it with AS"},
                     "Column name not specified at position ", i + 1);
  }
  return Status::OK();
}

Result<Statements::Rows> Statements::operator()(const sql::CreateView& create) {
  ARROW_ASSIGN_OR_RAISE(const auto id, Named(create.view));
  const std::string statement = "CREATE VIEW " + id.ToString();
  ARROW_RETURN_NOT_OK(HasDatabase(id.database).status());
  const auto there = catalog().GetTable(id);
  if (!there.ok() && KindOf(there.status()) != ErrorKind::kNotFound) return there.status();
  if (there.ok() && there->table_type != sql::kViewType) {
    return MakeError(ErrorKind::kAlreadyExists, statement, ": there is a table of this name");
  }
  if (there.ok() && !create.or_replace) {
    return MakeError({.kind = ErrorKind::kAlreadyExists, .hint = "CREATE OR REPLACE VIEW replaces it"}, statement,
                     ": it is there already");
  }
  // Asks for no row: names and types of the columns are enough.
  ARROW_ASSIGN_OR_RAISE(const auto reader, run_.Query(WithoutRows(create.query)));
  ARROW_RETURN_NOT_OK(CheckNamed(*reader->schema()));
  ARROW_ASSIGN_OR_RAISE(const auto names, NormalizeColumnNames(reader->schema()->field_names()));
  sql::View view{.sql = Trimmed(create.query.sql),
                 .database = DatabaseNamed(""),
                 .is_native = run_.request().dialect == SqlDialect::kNative};
  std::vector<Column> columns;
  for (int i = 0; i < reader->schema()->num_fields(); ++i) {
    const auto& field = *reader->schema()->field(i);
    const auto& name = names[static_cast<size_t>(i)].column;
    if (name != FoldName(field.name())) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "give it a name with AS"}, statement, ": column ", i + 1,
                       " has no name that a view can have: ", field.name());
    }
    auto stored = StoredType(*field.type());
    if (!stored.ok()) return Prefix(stored.status(), statement + ": column " + name);
    ARROW_ASSIGN_OR_RAISE(auto athena, ToAthenaType(**stored));
    ARROW_ASSIGN_OR_RAISE(auto glue, ToGlueType(**stored));
    view.columns.push_back({.name = name, .type = std::move(athena)});
    columns.push_back({.name = name, .type = std::move(glue)});
  }
  ARROW_RETURN_NOT_OK(run_.BeginCommit());
  ARROW_RETURN_NOT_OK(NeedDatabase(id.database));
  // Whoever reads the view looks plain names up there.
  ARROW_RETURN_NOT_OK(NeedDatabase(view.database));
  const auto entry = sql::MakeViewEntry(id, view, std::move(columns));
  ARROW_RETURN_NOT_OK(there.ok() ? catalog().CommitTable(there->version_id, entry).status()
                                 : catalog().CreateTable(entry).status());
  return NoRows();
}

}  // namespace glaux
