#pragma once

#include <string>

#include "glaux/cost/prices.h"

namespace glaux::cli {

enum class CostTense {
  kPlanned,   ///< what would be sent
  kHappened,  ///< what was sent
};

/// Requests to S3, their bytes and, where somebody knows, what they cost, with a line end:
/// "requests: 2 LIST, 5 GET, 9 PUT; 1.2 MB received, 0.9 MB sent; $0.00007 (AWS list prices …)". Empty if there are
/// none: a lake in a folder sends nothing.
std::string DescribeRequests(const RequestCounts& counts, const PriceTable& prices, CostTense tense);

}  // namespace glaux::cli
