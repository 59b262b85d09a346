#pragma once

#include <memory>
#include <string>

#include "glaux/engine/query_engine.h"
#include "glaux/lake/lake.h"
#include "glaux/store/location.h"

namespace glaux {

/// Amazon Athena as the engine of a lake; `access` says the region and who asks.
/// \param database of names without one
/// \param dollars what a terabyte costs that is scanned
/// \param resolve where results are
Result<std::unique_ptr<QueryEngine>> OpenAthenaEngine(const AthenaAccess& athena, const S3Access& access,
                                                      const std::string& database, double dollars,
                                                      LocationResolver resolve);

}  // namespace glaux
