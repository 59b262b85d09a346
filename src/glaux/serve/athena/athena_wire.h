#pragma once

#include <functional>
#include <memory>
#include <string>

#include "glaux/catalog/catalog.h"
#include "glaux/engine/query_engine.h"
#include "glaux/serve/authentication.h"
#include "glaux/serve/wire.h"
#include "glaux/store/buckets.h"

namespace glaux::serve {

struct AthenaWireOptions {
  /// Runs the queries; asked for with the first one. What it gives must outlive the wire.
  std::function<Result<QueryEngine*>()> engine = {};
  /// Must outlive the wire.
  Catalog* catalog = nullptr;
  /// Where results go.
  std::shared_ptr<BucketHost> buckets = {};
  AuthenticationOptions authentication = {};
  /// Where the workgroup `primary` writes results before anybody has configured it. Its bucket is made when it is
  /// needed.
  std::string output_location = "s3://athena-results/";
  /// A file in which workgroups, named queries and prepared statements are kept. Empty: in memory. Queries are
  /// remembered in memory in any case, the last 10,000 of them.
  std::string kept_in = {};
  /// Queries that run at once; others wait, up to 1,000.
  int max_running = 8;
};

/// Amazon Athena over an engine, a catalog and stores: queries with their result objects, workgroups, named queries,
/// prepared statements, metadata. docs/guide/athena.md lists the operations. Access is all or nothing. Destroying it
/// cancels the queries that run.
/// kCorrupt if `kept_in` is no file of ours. Source: Amazon Athena API Reference, JSON 1.1 protocol.
Result<std::shared_ptr<Wire>> MakeAthenaWire(AthenaWireOptions options);

}  // namespace glaux::serve
