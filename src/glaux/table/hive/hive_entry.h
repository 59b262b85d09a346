#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "glaux/table/table.h"

namespace glaux {

/// Table parameter that holds the partition spec ("day(lineitem_usagestartdate)").
inline constexpr char kPartitionByParameter[] = "glaux.partition-by";

/// Table parameter of a table whose location an overwrite has moved: the folder below which all of its files are, and
/// its log of commits.
inline constexpr char kRootParameter[] = "glaux.root";

/// The partition keys that a spec makes: time transforms give string keys year, month, day, hour down to their level;
/// an identity field gives its column with the column's type. kInvalid if a source column is not in `columns`, is no
/// date or timestamp where one is needed, or if two keys, or a key and a remaining column, have one name.
Result<std::vector<Column>> PartitionKeysOf(std::span<const PartitionField> spec, const arrow::Schema& columns);

/// Columns as the catalog has them, without those that became partition keys.
Result<std::vector<Column>> ColumnsOf(const arrow::Schema& schema, std::span<const PartitionField> spec);

/// The one place that says how a Parquet table looks in Glue: EXTERNAL_TABLE, MapredParquet formats, ParquetHiveSerDe.
TableEntry MakeParquetTableEntry(TableId id, std::string location, std::vector<Column> columns,
                                 std::vector<Column> partition_keys, std::span<const PartitionField> spec);

/// A partition that inherits the table's descriptor, at its own location.
PartitionEntry MakePartitionEntry(const TableEntry& table, std::vector<std::string> values, std::string location);

/// Fields with the Arrow types of catalog columns. kInvalid names the column whose type does not parse.
Result<std::vector<std::shared_ptr<arrow::Field>>> FieldsOf(std::span<const Column> columns);

}  // namespace glaux
