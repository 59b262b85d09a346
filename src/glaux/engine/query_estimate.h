#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/engine/query_engine.h"

namespace glaux {

/// What a query would read.
struct QueryEstimate {
  struct Input {
    std::string table;  ///< "shop.orders"
    /// Of its data files, as stored; those of all their columns, so at most. Unset: nobody knows.
    std::optional<int64_t> bytes = {};
    // Of engines that tell: the files, and the partitions that matter of those there are.
    std::optional<int64_t> files = {};
    int64_t partitions_total = 0;
    int64_t partitions_scanned = 0;
  };
  std::vector<Input> inputs = {};

  /// Of all inputs together. Unset where it is of one of them.
  std::optional<int64_t> bytes() const;
};

/// Ask an engine what a query would read, by EXPLAIN (TYPE IO, FORMAT JSON), which runs nothing and costs nothing.
/// kInvalid, kNotFound: as the query itself. kNotImplemented: it is no query.
Result<QueryEstimate> EstimateQuery(QueryEngine& engine, const QueryRequest& request);

/// Read what that statement answers. kCorrupt.
Result<QueryEstimate> ParseIoPlan(std::string_view json);

}  // namespace glaux
