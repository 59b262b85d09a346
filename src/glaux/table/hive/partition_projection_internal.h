#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/catalog/catalog.h"
#include "glaux/table/table.h"

namespace glaux {

/// Whether a table's partitions are worked out from its properties (projection.enabled), and not asked of the catalog.
bool HasProjection(const TableEntry& table);

/// A partition that the properties make.
struct ProjectedPartition {
  std::vector<std::string> values;  ///< as in its location
  std::string location;             ///< URI, ends with '/'
};

/// Athena's partition projection: the values of each key by projection.<key>.type (enum, integer, date, injected) and
/// what belongs to it, and the location by storage.location.template. Nobody asks whether the folders are there.
///
/// \param only by key the only values that matter; see PlanOptions::key_values
/// \param filter over keys; tells such values too
/// \return partitions in the order of the keys' values, every one that may matter. kInvalid: a property is missing or
///         makes no sense, an injected key without a value, or more than a million partitions
Result<std::vector<ProjectedPartition>> ProjectPartitions(
    const TableEntry& table, const arrow::FieldVector& keys,
    const std::vector<std::optional<std::vector<std::shared_ptr<arrow::Scalar>>>>& only, const Predicate& filter,
    Timestamp now);

}  // namespace glaux
