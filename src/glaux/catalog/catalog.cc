#include "glaux/catalog/catalog.h"

namespace glaux {
}  // namespace glaux
