#pragma once

#include <span>
#include <string>

#include "glaux/table/hive/hive_commit_internal.h"

namespace glaux {

/// Why readers see no file at these locations: there is nothing, it is a file itself, or what is there is hidden or
/// empty, with counts and some names. Empty: somebody has written files meanwhile.
Result<std::string> WhyNoFiles(const HivePlace& place, std::span<const std::string> locations);

}  // namespace glaux
