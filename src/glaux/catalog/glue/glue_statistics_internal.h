#pragma once

#include <span>
#include <string>
#include <vector>

#include "glaux/catalog/glue/glue_connection_internal.h"

namespace glaux::glue {

/// Catalog::GetStatistics and ApplyStatistics over Glue. Tables and columns are folded.

Result<std::vector<ColumnStatistics>> GetStatistics(GlueConnection& connection, const TableId& table,
                                                    const std::vector<std::string>& partition,
                                                    std::span<const std::string> columns);
Status ApplyStatistics(GlueConnection& connection, const TableId& table, const std::vector<std::string>& partition,
                       const StatisticsChange& change);

}  // namespace glaux::glue
