#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "glaux/lake/statement_engine_internal.h"
#include "glaux/lake/statement_run_internal.h"
#include "glaux/sql/statement.h"

namespace glaux {

/// What runs a statement: one object a statement, on the statement's thread.
class Statements {
 public:
  using Rows = std::shared_ptr<arrow::Table>;

  Statements(const StatementEnvironment& environment, StatementRun& run);

  // statement_databases.cc
  Result<Rows> operator()(const sql::CreateDatabase& create);
  Result<Rows> operator()(const sql::DropDatabase& drop);
  Result<Rows> operator()(const sql::SetDatabaseProperties& set);
  Result<Rows> operator()(const sql::ShowDatabases& show);
  Result<Rows> operator()(const sql::ShowTables& show);
  Result<Rows> operator()(const sql::ShowViews& show);
  // statement_show.cc
  Result<Rows> operator()(const sql::ShowColumns& show);
  Result<Rows> operator()(const sql::ShowPartitions& show);
  Result<Rows> operator()(const sql::ShowCreateTable& show);
  Result<Rows> operator()(const sql::ShowTableProperties& show);
  Result<Rows> operator()(const sql::DescribeTable& describe);
  // statement_tables.cc
  Result<Rows> operator()(const sql::CreateExternalTable& create);
  Result<Rows> operator()(const sql::DropTable& drop);
  Result<Rows> operator()(const sql::AddColumns& add);
  Result<Rows> operator()(const sql::ReplaceColumns& replace);
  Result<Rows> operator()(const sql::SetTableLocation& set);
  Result<Rows> operator()(const sql::SetTableProperties& set);
  Result<Rows> operator()(const sql::UnsetTableProperties& unset);
  // statement_partitions.cc
  Result<Rows> operator()(const sql::AddPartitions& add);
  Result<Rows> operator()(const sql::DropPartitions& drop);
  Result<Rows> operator()(const sql::SetPartitionLocation& set);
  Result<Rows> operator()(const sql::RepairTable& repair);
  // statement_writes.cc
  Result<Rows> operator()(const sql::CreateTableAs& create);
  Result<Rows> operator()(const sql::InsertInto& insert);
  Result<Rows> operator()(const sql::Unload& unload);
  // statement_views.cc
  Result<Rows> operator()(const sql::CreateView& create);

 private:
  Catalog& catalog() const { return *environment_.hive.catalog; }
  /// The database of the request where the statement names none; that of the configuration is made where it is needed.
  Result<TableId> Named(const TableId& id) const;
  std::string DatabaseNamed(const std::string& database) const;
  /// False for the configuration's database that nobody has made yet; kNotFound for another one that is not there.
  Result<bool> HasDatabase(const std::string& database) const;
  Status NeedDatabase(const std::string& database);
  Result<std::vector<TableEntry>> TablesOf(const std::string& database) const;
  /// kNotFound with the names that are near.
  Result<TableEntry> EntryOf(const TableId& id) const;
  Result<TableEntry> TableOf(std::string_view statement, const TableId& id) const;  ///< kInvalid for a view
  /// Change a table's entry; again from the newest one while somebody else is faster.
  Status Change(const TableId& id, std::string_view statement, const std::function<Status(TableEntry*)>& change);
  /// The location as the catalog has it, with '/' at its end. kInvalid, naming the statement: no folder in the lake.
  Result<std::string> CheckLocation(const std::string& statement, const std::string& location) const;
  /// Values in the order of the keys, checked against their types.
  Result<std::vector<std::string>> ValuesOf(const TableEntry& table, const sql::PartitionSpec& spec) const;

  const StatementEnvironment& environment_;
  StatementRun& run_;
};

/// Rows of texts. `rows` are one vector a row.
std::shared_ptr<arrow::Table> TextRows(const std::vector<std::string>& names,
                                       const std::vector<std::vector<std::string>>& rows);
/// The result of a statement that has none.
std::shared_ptr<arrow::Table> NoRows();
/// The result of a write.
std::shared_ptr<arrow::Table> CountRows(int64_t rows);

/// The query with no rows: for its columns. What it says stays where it is, for errors.
std::string WithoutRows(const sql::InnerQuery& query);

/// kInvalid (COLUMN_NAME_NOT_SPECIFIED) if a query gives a column no name, in a dialect that knows such columns.
Status CheckNamed(const arrow::Schema& query);

/// Whether a name fits a pattern of SHOW: * (or .*) stands for anything, | for or; case does not matter.
bool FitsPattern(std::string_view name, const std::optional<std::string>& pattern);

}  // namespace glaux
