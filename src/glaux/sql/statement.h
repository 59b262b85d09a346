#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/catalog/catalog.h"

namespace glaux::sql {

// Statements that change a lake or show its catalog, as Athena has them: Hive's DDL, Trino's INSERT, CREATE TABLE AS
// and views, UNLOAD. Names are folded to lower case; a TableId without a database means the request's. What the
// statement says and the catalog checks (names that are too long, columns that are there twice) is left to the catalog.

/// Values in the order of the statement; a key that is there twice is an error of the parser.
using PartitionSpec = std::vector<std::pair<std::string, std::string>>;

struct CreateDatabase {
  std::string name;
  bool if_not_exists = false;
  std::string comment = {};
  std::string location = {};
  Parameters properties = {};
};

struct DropDatabase {
  std::string name;
  bool if_exists = false;
  bool cascade = false;
};

/// ALTER DATABASE … SET DBPROPERTIES
struct SetDatabaseProperties {
  std::string name;
  Parameters properties;
};

/// `pattern` of these is Hive's: * stands for anything, | for or.
struct ShowDatabases {
  std::optional<std::string> pattern = {};
};
struct ShowTables {
  std::string database = {};
  std::optional<std::string> pattern = {};
};
struct ShowViews {
  std::string database = {};
  std::optional<std::string> pattern = {};
};
struct ShowColumns {
  TableId table;
};
struct ShowPartitions {
  TableId table;
};
struct ShowCreateTable {
  TableId table;
  bool view = false;  ///< SHOW CREATE VIEW
};
struct ShowTableProperties {
  TableId table;
  std::optional<std::string> key = {};
};

struct DescribeTable {
  TableId table;
  enum class Detail { kColumns, kExtended, kFormatted } detail = Detail::kColumns;
  std::string column = {};  ///< empty: all
};

/// ROW FORMAT DELIMITED; empty: not said.
struct DelimitedRows {
  std::string field = {};
  std::string escape = {};
  std::string collection_item = {};
  std::string map_key = {};
  std::string line = {};
  std::string null = {};
  bool null_said = false;  ///< NULL DEFINED AS ''
};

struct CreateExternalTable {
  TableId table;
  bool if_not_exists = false;
  std::vector<Column> columns = {};  ///< types as Glue has them
  std::vector<Column> partition_keys = {};
  std::string comment = {};
  std::vector<std::string> bucket_columns = {};
  int buckets = 0;
  std::vector<SortColumn> sort_columns = {};
  std::optional<DelimitedRows> delimited = {};
  std::string serde = {};  ///< ROW FORMAT SERDE
  Parameters serde_properties = {};
  std::string stored_as = {};  ///< "PARQUET", in upper case; empty: not said, or by class names
  std::string input_format = {};
  std::string output_format = {};
  std::string location = {};
  Parameters properties = {};
};

struct DropTable {
  TableId table;
  bool if_exists = false;
  bool view = false;  ///< DROP VIEW
};

struct AddColumns {
  TableId table;
  std::vector<Column> columns;
};
struct ReplaceColumns {
  TableId table;
  std::vector<Column> columns;
};
struct AddPartitions {
  TableId table;
  bool if_not_exists = false;
  struct Partition {
    PartitionSpec values;
    std::string location = {};  ///< empty: below the table
  };
  std::vector<Partition> partitions;
};
struct DropPartitions {
  TableId table;
  bool if_exists = false;
  std::vector<PartitionSpec> partitions;
};
struct SetPartitionLocation {
  TableId table;
  PartitionSpec partition;
  std::string location;
};
struct SetTableLocation {
  TableId table;
  std::string location;
};
struct SetTableProperties {
  TableId table;
  Parameters properties;
};
struct UnsetTableProperties {
  TableId table;
  std::vector<std::string> keys;
};
struct RepairTable {
  TableId table;
};

/// Properties of WITH (…) of CREATE TABLE AS and UNLOAD. A value is a text, a number or a flag as it is written without
/// quotes, or a list (ARRAY[…]).
struct WriteProperty {
  std::string name;  ///< lower case
  std::string value = {};
  std::vector<std::string> list = {};
  bool is_list = false;
  int line = 1;
  int column = 1;
};

/// The text of a query inside of a statement, with blanks and line feeds for what stands before it, so that positions
/// in errors about it are those of the whole.
struct InnerQuery {
  std::string sql;
};

struct CreateTableAs {
  TableId table;
  bool if_not_exists = false;
  std::vector<WriteProperty> properties = {};
  InnerQuery query;
  bool with_data = true;
};

struct InsertInto {
  TableId table;
  std::vector<std::string> columns = {};  ///< empty: all, partition keys last
  InnerQuery query;
};

struct CreateView {
  TableId view;
  bool or_replace = false;
  InnerQuery query;
};

struct Unload {
  InnerQuery query;
  std::string location;
  std::vector<WriteProperty> properties = {};
};

using Statement =
    std::variant<CreateDatabase, DropDatabase, SetDatabaseProperties, ShowDatabases, ShowTables, ShowViews, ShowColumns,
                 ShowPartitions, ShowCreateTable, ShowTableProperties, DescribeTable, CreateExternalTable, DropTable,
                 AddColumns, ReplaceColumns, AddPartitions, DropPartitions, SetPartitionLocation, SetTableLocation,
                 SetTableProperties, UnsetTableProperties, RepairTable, CreateTableAs, InsertInto, CreateView, Unload>;

/// Read a statement that writes or shows the catalog.
///
/// \return nothing for what an engine answers itself: queries, EXPLAIN, DESCRIBE of a query.
///         kInvalid with "line 3:14: expected …, found …"; kNotImplemented for a statement that writes and that is not
///         one of these, with its name
Result<std::optional<Statement>> ParseStatement(std::string_view text);

/// Whether a statement changes the lake, and does not only show something.
bool ChangesLake(const Statement& statement);

/// The first words of a statement, for messages: "ALTER TABLE", "INSERT INTO".
std::string StatementName(const Statement& statement);

/// Whether a name is one that Athena's DDL reserves: it stands in backticks or not at all.
bool IsReservedWord(std::string_view name);

}  // namespace glaux::sql
