#pragma once

#include <span>
#include <string>
#include <vector>

#include "glaux/catalog/glue/glue_connection_internal.h"

namespace glaux::glue {

/// Catalog::GetPartitions, FindPartitions and ApplyPartitions over Glue. Tables are folded.

Result<Page<PartitionEntry>> GetPartitions(GlueConnection& connection, const TableId& table,
                                           const PartitionQuery& query);
Result<std::vector<PartitionEntry>> FindPartitions(GlueConnection& connection, const TableId& table,
                                                   std::span<const std::vector<std::string>> values);
/// \param change checked against the table's keys
Status ApplyPartitions(GlueConnection& connection, const TableId& table, const PartitionChange& change);

}  // namespace glaux::glue
