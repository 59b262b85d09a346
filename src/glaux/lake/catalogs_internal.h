#pragma once

#include <memory>

#include "glaux/lake/lake.h"

namespace glaux {

/// Glue as a lake's catalog. Nothing is sent before it is used.
/// \param access who asks, and in which region
Result<std::shared_ptr<Catalog>> OpenGlueCatalog(const GlueAccess& glue, const S3Access& access);

}  // namespace glaux
