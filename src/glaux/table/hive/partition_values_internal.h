#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "glaux/schema/predicate.h"

namespace glaux {

/// A partition's values, as its path and the catalog have them, in the types of the keys. kCorrupt names the key.
Result<std::vector<std::shared_ptr<arrow::Scalar>>> TypedValues(std::span<const std::string> values,
                                                                const std::vector<std::shared_ptr<arrow::Field>>& keys);

/// The part of a filter that speaks of partition keys only: conjuncts over nothing else.
Predicate OverKeys(const Predicate& filter, const std::vector<std::string>& keys);

}  // namespace glaux
