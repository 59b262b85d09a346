#pragma once

#include <functional>
#include <string>

#include "glaux/lake/lake.h"
#include "glaux/table/hive/hive_table.h"

namespace glaux {

/// What a load needs of the lake beyond its public face.
struct LoadEnvironment {
  HiveEnvironment hive;
  std::function<std::string(const TableId&)> location_of;  ///< URI of a new table
};

Result<LoadSummary> LoadIntoLake(Lake& lake, const LoadEnvironment& environment, const LoadOptions& options);

}  // namespace glaux
