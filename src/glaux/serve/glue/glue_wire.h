#pragma once

#include <memory>
#include <string>

#include "glaux/catalog/catalog.h"
#include "glaux/serve/authentication.h"
#include "glaux/serve/wire.h"

namespace glaux::serve {

struct GlueWireOptions {
  /// Must outlive the wire.
  Catalog* catalog = nullptr;
  AuthenticationOptions authentication = {};
  /// The CatalogId of what is answered to requests that name none. One catalog is all there is: requests may name any.
  std::string catalog_id = "000000000000";
  /// A file for tags. Empty: they go with the process.
  std::string kept_in = {};
};

/// AWS Glue's Data Catalog over a catalog: databases, tables with their versions, partitions, column statistics.
/// docs/guide/glue.md lists the operations. Access is all or nothing.
/// Source: AWS Glue Web API Reference, JSON 1.1 protocol.
std::shared_ptr<Wire> MakeGlueWire(GlueWireOptions options);

}  // namespace glaux::serve
