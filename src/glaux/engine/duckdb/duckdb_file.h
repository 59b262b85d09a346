#pragma once

#include <arrow/type_fwd.h>

#include <chrono>
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
  std::string path;             ///< of the database file; made if it is not there, its folder is not
  std::string schema = "main";  ///< made if it is not there
  std::string table;
  /// Bytes that DuckDB may hold; more goes to a folder beside the file, "<path>.tmp". Of several users of one file in
  /// this process the first one's counts.
  int64_t memory_limit = 256 << 20;
  /// DuckDB lets one process at a time have a file: wait so long for another one, then kUnavailable.
  std::chrono::milliseconds wait_for_lock{10'000};
};

enum class DuckDBWrite {
  kAppend,
  kReplace,    ///< the table's rows are those of this write; its columns stay
  kUpsert,     ///< by key; a row is replaced whole, columns that the write lacks become null or their default
  kInsertNew,  ///< only rows whose key is not there
};

struct DuckDBWriteOptions {
  DuckDBWrite mode = DuckDBWrite::kAppend;
  /// Needed by kUpsert and kInsertNew. With it kReplace keeps one row of a key; kAppend keeps all rows, and does not
  /// look at keys. Rows without a value in one of the columns are kInvalid, naming column and count.
  std::vector<std::string> primary_key = {};
  /// Of rows with one key the one with the greatest value here stays, null being the least; of equal ones the greatest
  /// in `sequence_column`. A row of the table stays before a lesser one, and goes for an equal one. Empty: the row with
  /// the greatest value in `sequence_column` stays, whatever is in the table goes.
  std::string datetime_field = {};
  /// A bigint column of the batches that says in which order rows came; it is not written. Empty: of rows with one key
  /// the one written last.
  std::string sequence_column = {};
  /// kDiscardRow is kInvalid where it would have to discard something: there is no quarantine here.
  SchemaContract contract = {};
};

/// Counts of what a commit did to the table.
struct DuckDBWriteSummary {
  int64_t inserted = 0;
  int64_t updated = 0;
  int64_t unchanged = 0;  ///< rows of the write that lost against a row with their key
};

/// A write under way. Rows go to a temporary table, and Commit applies them in one transaction: nothing is visible
/// before it, destroying the write drops its rows, and a process that is killed leaves the old rows or the new ones.
///
/// A file that another process has open, longer than `wait_for_lock`, is kUnavailable, one that is no DuckDB database
/// kInvalid. Several writes of this process may have one file open and commit one after the other; a table that changed
/// its columns between Open and Commit is kPrecondition.
///
/// Tables that are made here have no PRIMARY KEY: an index slows large upserts down and forbids changes of type. The
/// key is kept by Commit, which deletes the rows of its keys and inserts the new ones; a table of somebody else's with
/// a primary key works too. New columns have the types that a table of the lake would have, and TIME and TIMESTAMP WITH
/// TIME ZONE besides. Names are DuckDB's: case is kept and ignored.
class DuckDBFileWriter {
 public:
  /// \param schema of the batches; new columns are added to the table, and changed types refused or widened, as the
  ///        contract says. Two columns that differ only by case, and types that DuckDB does not take, are kInvalid.
  static Result<std::unique_ptr<DuckDBFileWriter>> Open(const DuckDBTarget& target,
                                                        std::shared_ptr<arrow::Schema> schema,
                                                        const DuckDBWriteOptions& options);
  virtual ~DuckDBFileWriter() = default;

  virtual const std::vector<SchemaDifference>& differences() const = 0;
  virtual bool table_created() const = 0;

  /// Thread-safe. Batches have the schema given to Open.
  virtual Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) = 0;
  /// Apply everything, and in the same transaction set a stream's state, if the state there is still `expected`
  /// (nullopt: none); kPrecondition if not, and nothing was changed. A write ends with its first Commit, also one that
  /// fails.
  struct State {
    std::string stream;
    std::optional<std::string> expected;
    std::optional<std::string> next;  ///< nullopt: none from now on
  };
  virtual Result<DuckDBWriteSummary> Commit(const std::vector<State>& states) = 0;
};

/// What a write would do to the columns of its table.
struct DuckDBWritePlan {
  bool table_created = false;
  std::vector<SchemaDifference> differences;
};

/// Say what DuckDBFileWriter::Open would refuse, and what a commit would make and change, and change nothing: where
/// there is no file, none is made. kNotFound where its folder is not there.
Result<DuckDBWritePlan> PlanDuckDBWrite(const DuckDBTarget& target, std::shared_ptr<arrow::Schema> schema,
                                        const DuckDBWriteOptions& options);

/// A stream's state in a database file (table _glaux_state); nothing where file, table or row are not there.
Result<std::optional<std::string>> ReadDuckDBState(const DuckDBTarget& target, const std::string& stream);
/// Names of all streams with a state there.
Result<std::vector<std::string>> ListDuckDBStates(const DuckDBTarget& target);
/// Set or remove a state by itself. kPrecondition if it is not `expected` any more.
Status WriteDuckDBState(const DuckDBTarget& target, const std::string& stream,
                        const std::optional<std::string>& expected, const std::optional<std::string>& next);

}  // namespace glaux
