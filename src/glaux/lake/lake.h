#pragma once

#include <arrow/io/type_fwd.h>
#include <arrow/type_fwd.h>
#include <arrow/util/cancel.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/progress.h"
#include "glaux/base/secret.h"
#include "glaux/base/status.h"
#include "glaux/catalog/catalog.h"
#include "glaux/cost/prices.h"
#include "glaux/engine/query_engine.h"
#include "glaux/engine/query_estimate.h"
#include "glaux/format/format.h"
#include "glaux/schema/evolution.h"
#include "glaux/store/buckets.h"
#include "glaux/store/location.h"
#include "glaux/store/s3_access.h"
#include "glaux/sync/environment.h"
#include "glaux/table/table.h"

namespace glaux {

/// The AWS Glue Data Catalog as a lake's catalog. Who asks, and the region, is what LakeConfig::s3 says.
struct GlueAccess {
  /// "http://127.0.0.1:9000". Empty: what the environment and the shared AWS files say, else AWS's own.
  std::string endpoint_url = {};
  /// The account whose catalog it is; empty: that of the credentials.
  std::string catalog_id = {};

  bool operator==(const GlueAccess&) const = default;
};

/// Amazon Athena as a lake's engine. Who asks, and the region, is what LakeConfig::s3 says; results are read from S3.
struct AthenaAccess {
  /// "http://127.0.0.1:9000". Empty: what the environment and the shared AWS files say, else AWS's own.
  std::string endpoint_url = {};
  /// Empty: "primary".
  std::string workgroup = {};
  /// "s3://bucket/prefix/". Empty: the workgroup says it.
  std::string output_location = {};
  /// A data catalog of Athena. Empty: "AwsDataCatalog".
  std::string catalog = {};
  /// Which way rows come: "auto", "csv", "unload", "api".
  std::string results = "auto";
  /// Take the result of the same query that ran not longer than this ago. Unset: always run it.
  std::optional<std::chrono::minutes> result_reuse = {};
  /// Queries at Athena at once; others wait here.
  int max_concurrent = 20;

  bool operator==(const AthenaAccess&) const = default;
};

/// What a configuration file describes: one store, one catalog, one engine.
struct LakeConfig {
  /// How it was found, for people: "--lake", "GLAUX_LAKE", a path of glaux.yaml, "the default".
  std::string found_by = {};
  /// Root of a local lake: catalog.sqlite and store/<bucket>/… live below it.
  std::string directory = "./lake";
  /// The database of names without one.
  std::string database = "default";
  /// Bucket of new tables, and the prefix of their keys in it, without '/' at its ends.
  std::string bucket = "lake";
  std::string prefix = {};
  /// Tables are on S3, and not in folders of the lake's own store.
  bool remote_store = false;
  /// s3:// addresses of files, as commands and pipelines name them, lead to S3 though the tables are local.
  bool remote_files = false;
  /// How S3 is reached.
  S3Access s3 = {};
  /// The catalog is Glue; unset: catalog.sqlite in `directory`.
  std::optional<GlueAccess> glue = {};
  /// The engine is Athena; unset: DuckDB, in this process. Pipelines have DuckDB in any case.
  std::optional<AthenaAccess> athena = {};
  /// What requests cost, where the user says so.
  std::optional<PriceTable> prices = {};
  /// Bytes for all that one command does.
  int64_t memory_limit = 512 << 20;
  /// SQL may read local files and load extensions.
  bool allow_local_access = false;
  /// Make the lake's folder if it is not there. Without, a lake that is not there is an empty one, and nothing is made.
  bool create = true;
  /// "ID:SECRET,ID:SECRET", who may use the server of this lake. Empty: what GLAUX_SERVE_KEYS says, else a pair of the
  /// lake's own.
  Secret serve_keys = {};
  /// Write file:// addresses into the catalog instead of s3://, for other tools that open the folder with no server.
  bool file_locations = false;
};

/// Read a configuration file (YAML). Errors name file, line and field.
Result<LakeConfig> ReadLakeConfig(const std::string& path);

/// Find the lake of a command: `given` (--lake: a directory, or a .yaml file), else GLAUX_LAKE, else glaux.yaml in
/// `working_directory` or above, else ./lake.
Result<LakeConfig> FindLakeConfig(std::string_view given, const std::string& working_directory);

struct LoadOptions {
  /// Files to read: paths, globs that the shell did not expand, or s3:// URIs of the lake.
  std::vector<std::string> inputs;
  TableId table;
  /// Unset: by extension.
  std::optional<std::string> format = {};
  FormatOptions format_options = {};
  /// "day(lineItem/UsageStartDate)"; unset for a new table: year/month/day of the write time.
  std::optional<std::string> partition_by = {};
  /// Types that are given, by source or table name: Glue type strings.
  std::map<std::string, std::string> types = {};
  SchemaContract contract = {};
  /// Bytes of each file that inference looks at; 0: all. Unset: 1 MiB, less where there are many files.
  std::optional<int64_t> sample_bytes = {};
  /// Load files that the ledger says are loaded.
  bool again = false;
  /// Say what would happen, change nothing.
  bool dry_run = false;
  std::string compression = "snappy";
  int64_t target_file_bytes = 128 << 20;
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
  Progress* progress = nullptr;
};

struct LoadSummary {
  CommitSummary commit;
  bool table_created = false;
  int64_t files_loaded = 0;
  int64_t files_skipped = 0;  ///< in the ledger already
  int64_t files_empty = 0;    ///< no row in them
  int64_t bytes_read = 0;     ///< as stored
  std::vector<SchemaDifference> differences;
  std::vector<std::string> renamed_columns;  ///< "lineItem/UnblendedCost -> lineitem_unblendedcost"
  std::vector<std::string> notes;
  std::string location;  ///< of the table
  /// Of a dry run: what reading the files, writing and committing would take.
  RequestCounts requests = {};
};

/// A lake: one store, one catalog and one engine. Thread-safe.
///
/// Rows in and out are free functions over it: Write (write.h), Read and Query (read.h), the same for structs
/// (model.h), and Async for all of them (async.h).
class Lake {
 public:
  /// Open a lake, making its directory if there is none and `config.create` says so.
  static Result<std::unique_ptr<Lake>> Open(const LakeConfig& config);
  virtual ~Lake() = default;

  virtual const LakeConfig& config() const = 0;
  virtual Catalog& catalog() = 0;
  /// Made on first use: opening a lake to list its tables starts no engine. Statements that write run on it too.
  virtual Result<QueryEngine*> engine() = 0;
  /// What a query would read: by the plans of the lake's tables, which list files and read none; where the embedded
  /// engine does not understand it, by Athena's EXPLAIN.
  virtual Result<QueryEstimate> Estimate(const QueryRequest& request) = 0;
  /// The store and the key behind a URI of this lake.
  virtual Result<Location> Resolve(std::string_view uri) = 0;
  /// The names of the buckets that this lake can list, sorted.
  virtual Result<std::vector<std::string>> Buckets() = 0;
  /// The lake's buckets as stores, for a server. It may outlive the lake.
  virtual std::shared_ptr<BucketHost> bucket_host() = 0;
  /// kNotFound with the names that are near.
  virtual Result<std::shared_ptr<Table>> OpenTable(const TableId& id) = 0;

  /// Counts what the lake sends to S3.
  virtual std::shared_ptr<const RequestMeter> meter() const = 0;

  /// Load files into a table, making or evolving it. All or nothing.
  virtual Result<LoadSummary> Load(const LoadOptions& options) = 0;
  /// Where rows go: what writes and pipelines of this lake write through. The lake must outlive it.
  virtual Result<std::unique_ptr<Target>> OpenTarget(const DestinationConfig& destination, TargetUse use) = 0;
  /// What pipelines of this lake run in. It holds on to the lake, which must outlive it.
  /// \param out where destinations of kind stdout write
  virtual SyncEnvironment sync_environment(std::shared_ptr<arrow::io::OutputStream> out) = 0;
  /// Drop a table and its files.
  virtual Status DropTable(const TableId& id) = 0;
};

}  // namespace glaux
