#pragma once

#include <memory>

#include "glaux/base/clock.h"
#include "glaux/catalog/catalog.h"
#include "glaux/store/location.h"
#include "glaux/table/table.h"

namespace glaux {

/// What a table of files lives in.
struct HiveEnvironment {
  std::shared_ptr<Catalog> catalog;
  LocationResolver resolve;
  /// Opens the folders of objects that are attached to commits: they may be anywhere. Unset: `resolve`.
  LocationResolver beside = {};
  Clock* clock = &Clock::System();
};

/// A table that is in the catalog.
Result<std::shared_ptr<Table>> OpenHiveTable(const HiveEnvironment& environment, const TableId& id);

/// A table that is not in the catalog yet: the first commit creates it, and nothing is there before.
/// kAlreadyExists if its location holds files, or what a drop that was cut off has left.
Result<std::shared_ptr<Table>> StageHiveTable(const HiveEnvironment& environment, TableEntry entry);

/// Remove a table from the catalog, then its files: also uploads and the log of commits. kNotFound.
///
/// Readers see the table as it was or none. A drop that was cut off is finished by calling this again, and until then
/// no table can be made in that place.
/// \param location where to look for such a rest when the catalog does not know the table; empty: nowhere
Status DropHiveTable(const HiveEnvironment& environment, const TableId& id, const std::string& location = {});

}  // namespace glaux
