#pragma once

#include <optional>
#include <string>

#include "glaux/engine/query_estimate.h"

namespace glaux::cli {

/// What a query may read and cost at most. Unset: as much as it likes.
struct QueryLimits {
  std::optional<int64_t> bytes = {};
  std::optional<double> dollars = {};
  bool any() const { return bytes || dollars; }
};

/// "10GiB", "0.50" or "$0.50"; empty: no limit. kInvalid.
Result<QueryLimits> ParseLimits(const std::string& bytes, const std::string& dollars);

/// kInvalid, with the figures, if a query would read or cost more, or nobody can tell.
/// \param terabyte what Athena asks for one, in dollars
Status CheckLimits(const QueryEstimate& estimate, const QueryLimits& limits, double terabyte);

/// What a query would read, for people, with a line end.
std::string DescribeEstimate(const QueryEstimate& estimate, double terabyte);

/// The same for machines, a JSON object; null is what nobody knows.
std::string EstimateJson(const QueryEstimate& estimate, double terabyte);

}  // namespace glaux::cli
