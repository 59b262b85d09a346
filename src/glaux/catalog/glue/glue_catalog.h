#pragma once

#include <memory>
#include <string>

#include "glaux/aws/credentials.h"
#include "glaux/base/clock.h"
#include "glaux/base/retry.h"
#include "glaux/catalog/catalog.h"
#include "glaux/http/transport.h"

namespace glaux {

struct GlueCatalogOptions {
  /// "eu-central-1"
  std::string region;
  /// Of AWS in the region, or of a server that speaks Glue's protocol: "http://127.0.0.1:9000".
  std::string endpoint_url;
  /// The account whose catalog it is, where it is another one than that of the credentials: "123456789012".
  std::string catalog_id = {};

  std::shared_ptr<http::Transport> transport;
  std::shared_ptr<aws::CredentialsProvider> credentials;

  /// As many segments of a table's partitions are read at once, where there are more than a page has. 1 to 10.
  int segments = 8;
  /// Batches of partitions that are written at once.
  int max_parallel = 8;
  /// False for servers that do not check VersionId of UpdateTable: CommitTable then only looks before it writes, and
  /// traits().optimistic_lock says so.
  bool version_check = true;

  RetryPolicy retry = {};
  http::Deadlines deadlines = {};
  Clock* clock = &Clock::System();

  /// kInvalid names the field and the value.
  Status Validate() const;
};

/// The AWS Glue Data Catalog, or a server that speaks its protocol. Nothing is sent before the first call.
///
/// What else there is in Glue than a TableEntry has (skewed columns, a schema of the registry, permissions) stays when
/// a table or a database is updated. Partitions are written in batches of 100 and dropped in batches of 25: an error
/// may leave some of them done, and names one that is not, and why. A table without a type is made as EXTERNAL_TABLE,
/// which Athena needs.
///
/// Pages come in the order of the service, which says nothing about it; AllPartitions puts partitions in order.
///
/// Costs of a call: Get… and List… one request; CreateTable two; CommitTable three; DropDatabase two; ApplyPartitions
/// one, and one a batch, and another one for those that are there already; AllPartitions one for up to 1,000
/// partitions.
///
/// A write whose answer was lost is looked for before it is repeated. kCommitUnknown where even that does not tell.
///
/// Source: AWS Glue Web API Reference, "Catalog API".
Result<std::shared_ptr<Catalog>> MakeGlueCatalog(GlueCatalogOptions options);

}  // namespace glaux
