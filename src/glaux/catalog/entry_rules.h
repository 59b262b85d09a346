#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/catalog/catalog.h"

namespace glaux {

// What every catalog of ours holds entries to. Each function folds names in place or returns them folded; errors are
// kInvalid and name the entry, the field and what was found.

/// Fold a database, table or column name and check it: 1 to 255 bytes of UTF-8 without control characters, as Glue has
/// it. `what` is for the error: "table name".
Result<std::string> CheckName(std::string_view what, std::string_view name);
Result<TableId> CheckTableId(const TableId& id);

/// Names of columns; two that meet in one name are an error, also when they differ only by case.
Status CheckDescriptor(std::string_view subject, StorageDescriptor* storage);

/// Id, columns and partition keys; a column that is a partition key too is an error.
Status CheckTable(TableEntry* table);

/// The partition keys of a table after a change are those before it: number, names and types.
Status CheckSamePartitionKeys(const TableEntry& before, const TableEntry& after);

/// One value a partition key, and at least one key.
Status CheckPartitionValues(const TableId& table, const std::vector<Column>& keys,
                            const std::vector<std::string>& values);

Status CheckPage(const PageRequest& page);
Status CheckSegment(const Segment& segment);

}  // namespace glaux
