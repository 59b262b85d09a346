#pragma once

#include <memory>
#include <string>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"
#include "glaux/catalog/catalog.h"
#include "glaux/catalog/sqlite_connection_internal.h"

namespace glaux::sqlite {

/// A catalog over connections that `open` makes, `max_connections` at most; opens the first at once.
Result<std::shared_ptr<Catalog>> MakeCatalog(std::string name, ConnectionPool::Opener open, int max_connections,
                                             std::chrono::milliseconds busy_timeout, Clock& clock);

}  // namespace glaux::sqlite
