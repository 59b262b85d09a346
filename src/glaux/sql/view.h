#pragma once

#include <string>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/catalog/catalog.h"

namespace glaux::sql {

/// Table::table_type of a view.
inline constexpr char kViewType[] = "VIRTUAL_VIEW";

/// What Athena and Trino keep of a view: its query and where plain names in it are looked up.
struct View {
  std::string sql;
  std::string catalog = "awsdatacatalog";
  std::string database = {};         ///< Trino's "schema"
  std::vector<Column> columns = {};  ///< types as Trino has them
  /// The query is the embedded engine's SQL, since it was made there, and not Athena's.
  bool is_native = false;
};

/// The text that ViewOriginalText has: "/* Presto View: <JSON in Base64> */".
std::string ToPrestoView(const View& view);

/// The view of a catalog's entry. kInvalid for what is no view, kNotImplemented for one that is not Athena's or
/// Trino's, kCorrupt for one that is broken; errors name it.
Result<View> ViewOf(const TableEntry& entry);

/// A view as the catalog has it, as Athena writes it. \param columns with Glue's types
TableEntry MakeViewEntry(TableId id, const View& view, std::vector<Column> columns);

}  // namespace glaux::sql
