#pragma once

#include <memory>

#include "glaux/base/clock.h"
#include "glaux/catalog/catalog.h"

namespace glaux {

/// Make an empty catalog that lives in this process's memory, for tests and trials. Keeps every promise of Catalog but
/// durability; calls run one after the other. `clock` must outlive it.
std::shared_ptr<Catalog> MakeMemoryCatalog(Clock& clock = Clock::System());

}  // namespace glaux
