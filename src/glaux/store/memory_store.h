#pragma once

#include <memory>

#include "glaux/store/object_store.h"

namespace glaux {

/// A store that lives and dies with this process. It does all that the seam promises; the ETag is a hash of the
/// content.
std::shared_ptr<ObjectStore> MakeMemoryStore();

}  // namespace glaux
