#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "glaux/aws/credentials.h"
#include "glaux/base/clock.h"
#include "glaux/base/retry.h"
#include "glaux/cost/prices.h"
#include "glaux/engine/query_engine.h"
#include "glaux/http/transport.h"
#include "glaux/store/location.h"

namespace glaux {

/// Which way the rows of a query come.
enum class AthenaResults {
  /// The first page of GetQueryResults where that is all, else the result object; further pages where the object
  /// cannot be read (denied, gone), which is said.
  kAuto,
  kCsv,     ///< the result object
  kUnload,  ///< of queries: Parquet files that UNLOAD writes, and that are deleted when they are read
  kApi,     ///< GetQueryResults, page by page: slow, and needs no access to the bucket
};
std::string_view AthenaResultsName(AthenaResults results);  // "csv"
/// kInvalid lists the names there are.
Result<AthenaResults> ParseAthenaResults(std::string_view name);

struct AthenaEngineOptions {
  /// "eu-central-1"
  std::string region;
  /// Of AWS in the region, or of a server that speaks Athena's protocol: "http://127.0.0.1:9000".
  std::string endpoint_url;
  /// Empty: Athena's own, "primary".
  std::string workgroup = {};
  /// "s3://bucket/prefix/", where Athena puts results. Empty: the workgroup says it; one that enforces its own wins.
  std::string output_location = {};
  /// A data catalog of Athena. Empty: "AwsDataCatalog".
  std::string catalog = {};
  /// The database of names without one, where a request has none.
  std::string database = {};
  AthenaResults results = AthenaResults::kAuto;
  /// Take the result of the same query that ran not longer than this ago; that costs nothing. Unset: always run it.
  std::optional<std::chrono::minutes> result_reuse = {};
  /// Queries of this engine that Athena has at once; others wait here. 1 or more.
  int max_concurrent = 20;
  /// Between two looks at a query: grows with its age from the first to the second, with a random part.
  std::chrono::milliseconds first_poll{50};
  std::chrono::milliseconds max_poll{5'000};
  /// A start that Athena throttles is tried again for this long, and a query that nobody can look at is given up then.
  std::chrono::milliseconds patience{300'000};

  std::shared_ptr<http::Transport> transport;
  std::shared_ptr<aws::CredentialsProvider> credentials;
  /// The store behind the address of a result object.
  LocationResolver resolve;
  /// What a terabyte costs that is scanned, in dollars.
  double dollars_per_terabyte = kAthenaDollarsPerTerabyte;

  RetryPolicy retry = {};
  http::Deadlines deadlines = {};
  Clock* clock = &Clock::System();

  /// kInvalid names the field and the value.
  Status Validate() const;
};

/// Amazon Athena, or a server that speaks its protocol. Nothing is sent before the first query.
///
/// An id is the engine's own; Athena's is QueryStatus::service_id and in every error. A query that finds
/// `max_concurrent` others waits here; so does one whose start Athena throttles. A start carries a token, so that one
/// whose answer was lost is repeated and never runs twice. One thread asks for all open queries, up to 50 in a request.
/// What is cancelled, released, timed out or still open when the engine is destroyed is stopped at Athena.
///
/// Rows have Athena's types: array, map and row as an EXPLAIN of the query tells them, which costs nothing and is asked
/// only for such columns; where it does not tell they are text. Statements without rows have a result without columns;
/// those that count rows (INSERT, CREATE TABLE AS, UNLOAD) have one bigint column `rows`.
/// kCorrupt names column, row and position of a text that is no value of its type.
///
/// Source: Amazon Athena API Reference.
Result<std::unique_ptr<QueryEngine>> MakeAthenaEngine(AthenaEngineOptions options);

}  // namespace glaux
