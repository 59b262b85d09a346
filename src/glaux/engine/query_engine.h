#pragma once

#include <arrow/type_fwd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"

namespace glaux {

using QueryId = std::string;

/// Rows of the caller's that a query sees as a table.
///
/// Rows come in the reader's order where SQL keeps the order of a table: SELECT without a join, GROUP BY or ORDER BY.
/// A query holds a few batches of every scan, whatever the whole relation has.
struct QueryRelation {
  /// Without a database; wins over a table of that name. Folds to lower case, as all names do; two of one name are
  /// kInvalid.
  std::string name;
  /// kInvalid, naming relation and column: a type that the engine does not take, names that differ only by case.
  std::shared_ptr<arrow::Schema> schema;
  /// Begin to read, once for every time that the query scans the relation, when it needs the first row; never at the
  /// same time as another call, but from any thread. Batches have the schema; one that has not is kInvalid. The reader
  /// is called from one thread at a time, not always the same, and ahead of what the query has read; its error is the
  /// query's, unchanged. It is destroyed when it is at its end or the query is, at the latest in Release: a reader that
  /// blocks does not keep a query from being cancelled or timed out, but Release waits for its call.
  std::function<Result<std::shared_ptr<arrow::RecordBatchReader>>()> open;
  /// How many rows there are, roughly: of two sides of a join the smaller one is kept in memory. Unset: not known.
  std::optional<int64_t> rows = {};
};

enum class SqlDialect {
  kNative,  ///< what the engine speaks
  /// Amazon Athena's. An engine of another dialect gives a query Athena's meaning where it can, as that integers are
  /// divided to integers.
  kAthena,
};

/// In the metadata of a result's column that the query gives no name; it is called by its place then, "_col0" in
/// Athena.
inline constexpr char kUnnamedKey[] = "glaux.unnamed";

struct QueryRequest {
  std::string sql;
  SqlDialect dialect = SqlDialect::kNative;
  /// Where names without a database are looked up. Empty: the engine's default.
  std::string database = {};
  /// Cancel the query after this long (kTimeout). Unset: wait without limit.
  std::optional<std::chrono::milliseconds> timeout = {};
  /// Values of the `?` of the text, in its order: SQL literals (`5`, `'text'`, `DATE '2025-01-31'`). What is no literal
  /// is taken as text. None of them can become anything else in the statement.
  std::vector<std::string> parameters = {};
  /// kNotImplemented where traits().relations is false.
  std::vector<QueryRelation> relations = {};
};

/// Athena's words for the life of a query.
enum class QueryState { kQueued, kRunning, kSucceeded, kFailed, kCancelled };
std::string_view QueryStateName(QueryState state);  // "SUCCEEDED"

struct QueryStatistics {
  int64_t rows = 0;           ///< of the result, as far as it was read
  int64_t bytes_scanned = 0;  ///< of data files, as stored
  int64_t files_opened = 0;
  int64_t partitions_total = 0;
  int64_t partitions_scanned = 0;
  std::chrono::milliseconds queue_time{0};
  std::chrono::milliseconds execution_time{0};
  std::chrono::milliseconds planning_time{0};  ///< a part of the execution, where the engine tells it
  /// What the query costs; unset where nobody bills it, or as long as that is not known.
  std::optional<double> dollars = {};
  int64_t peak_memory = 0;  ///< bytes; 0 where the engine does not tell
};

struct QueryStatus {
  QueryState state = QueryState::kQueued;
  QueryStatistics statistics = {};
  /// Why it failed or was cancelled. OK otherwise.
  Status error = {};
  Timestamp submitted = {};
  /// What the service that runs it calls it. Empty: nobody else runs it, or it has not begun.
  std::string service_id = {};
  /// Which way the rows come, for people: "first page of GetQueryResults". Empty: there is one way, or not known yet.
  std::string result_path = {};
  /// What people should know of it and is no error, one sentence each.
  std::vector<std::string> notes = {};
  /// Addresses of the data files that a statement has written, once it is done.
  std::vector<std::string> files_written = {};
  bool done() const { return state >= QueryState::kSucceeded; }
};

struct EngineTraits {
  /// "duckdb", "athena", "trino".
  std::string name;
  std::string dialect;
  /// A query costs money by bytes scanned.
  bool billed = false;
  /// Results() gives rows while the query still runs.
  bool streaming = false;
  /// Queries can read QueryRequest::relations.
  bool relations = false;
};

/// Runs SQL over the tables of a catalog, `database.table`.
///
/// Thread-safe; every call blocks no longer than it must. A query belongs to the engine until Release.
class QueryEngine {
 public:
  virtual ~QueryEngine() = default;

  virtual EngineTraits traits() const = 0;

  /// Start a query. An error in the SQL may come from here or from Status.
  virtual Result<QueryId> Submit(const QueryRequest& request) = 0;
  /// Where a query stands, waiting up to `wait` for it to be done. kNotFound.
  virtual Result<QueryStatus> GetStatus(const QueryId& id, std::chrono::milliseconds wait = {}) = 0;
  /// Stop a query; one that is done stays as it is. Its state becomes kCancelled soon after. kNotFound.
  virtual Status Cancel(const QueryId& id) = 0;
  /// The rows, once: a second call is kInvalid. A streaming engine gives them while it runs, others wait for the end.
  /// Reading ends with the query's error if it fails or is cancelled.
  virtual Result<std::shared_ptr<arrow::RecordBatchReader>> Results(const QueryId& id) = 0;
  /// Forget a query; one that runs is cancelled.
  virtual void Release(const QueryId& id) = 0;
};

/// A query's rows as a stream that owns the query: closing or destroying it releases the query.
struct QueryResult {
  QueryId id;
  std::shared_ptr<arrow::RecordBatchReader> reader;
};

/// Submit and take the results.
Result<QueryResult> Query(QueryEngine& engine, const QueryRequest& request);

/// Submit, read everything into memory. For small results and tests.
Result<std::shared_ptr<arrow::Table>> QueryTable(QueryEngine& engine, const QueryRequest& request);

}  // namespace glaux
