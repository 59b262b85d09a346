#pragma once

#include <vector>

#include "glaux/catalog/catalog.h"

namespace glaux {

/// Holds the columns that partitions have for themselves to those of their table, as Athena does: a column that both
/// have has one type, or the partition's is the narrower one; the order does not matter, and each may have columns that
/// the other lacks.
class PartitionColumns {
 public:
  /// \param table outlives this
  explicit PartitionColumns(const TableEntry& table) : table_(table) {}

  /// kInvalid with code HIVE_PARTITION_SCHEMA_MISMATCH names partition, column and both types. A partition without
  /// columns of its own has the table's.
  Status Check(const PartitionEntry& partition);

 private:
  Status CheckOne(const PartitionEntry& partition, const Column& column) const;

  const TableEntry& table_;
  std::vector<Column> good_;  // of the partition before: neighbours mostly have the same
};

}  // namespace glaux
