#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/schema/evolution.h"

namespace glaux {

/// A table of a DuckDB database file that rows are written into, in one transaction.
struct DuckDBTarget {
  std::string path;  ///< of the database file; made if it is not there
  std::string schema = "main";
  std::string table;
  int64_t memory_limit = 256 << 20;  ///< bytes that DuckDB may hold
};

enum class DuckDBWrite {
  kAppend,
  kReplace,    ///< the table's rows are those of this write
  kUpsert,     ///< by key
  kInsertNew,  ///< only rows whose key is not there
};

struct DuckDBWriteOptions {
  DuckDBWrite mode = DuckDBWrite::kAppend;
  std::vector<std::string> primary_key = {};
  /// Of rows with one key the one with the greatest value here stays; a row of the table stays before a lesser one.
  /// Empty: the row with the greatest value in `sequence_column` stays, whatever is in the table goes.
  std::string datetime_field = {};
  /// A bigint column of the batches that says in which order rows came; it is not written. Empty: any order.
  std::string sequence_column = {};
  SchemaContract contract = {};
};

/// Counts of what a commit did to the table.
struct DuckDBWriteSummary {
  int64_t inserted = 0;
  int64_t updated = 0;
  int64_t unchanged = 0;  ///< rows of the write that lost against a row with their key
};

/// A write under way. Rows go to a staging table in the same file's transaction; nothing is visible before Commit;
/// destroying it rolls back. Another process that has the file open is kUnavailable, naming the file.
class DuckDBFileWriter {
 public:
  /// \param schema of the batches; new columns are added to the table, and changed types refused, as the contract says
  static Result<std::unique_ptr<DuckDBFileWriter>> Open(const DuckDBTarget& target,
                                                        std::shared_ptr<arrow::Schema> schema,
                                                        const DuckDBWriteOptions& options);
  virtual ~DuckDBFileWriter() = default;

  virtual const std::vector<SchemaDifference>& differences() const = 0;
  virtual bool table_created() const = 0;

  /// Thread-safe.
  virtual Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) = 0;
  /// Apply everything, and in the same transaction set a stream's state, if the state there is still `expected`
  /// (nullopt: none); kPrecondition if not, and nothing was changed.
  struct State {
    std::string stream;
    std::optional<std::string> expected;
    std::optional<std::string> next;  ///< nullopt: none from now on
  };
  virtual Result<DuckDBWriteSummary> Commit(const std::vector<State>& states) = 0;
};

/// A stream's state in a database file (table _glaux_state); nothing where file, table or row are not there.
Result<std::optional<std::string>> ReadDuckDBState(const DuckDBTarget& target, const std::string& stream);
/// Names of all streams with a state there.
Result<std::vector<std::string>> ListDuckDBStates(const DuckDBTarget& target);
/// Set or remove a state by itself. kPrecondition if it is not `expected` any more.
Status WriteDuckDBState(const DuckDBTarget& target, const std::string& stream,
                        const std::optional<std::string>& expected, const std::optional<std::string>& next);

}  // namespace glaux
