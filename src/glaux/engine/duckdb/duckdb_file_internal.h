#pragma once

#include <duckdb.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/engine/duckdb/duckdb_file.h"

namespace glaux::duckdb_engine {

/// A connection to a DuckDB database file. Not thread-safe; calls throw what DuckDB throws.
///
/// All connections of this process to one file share one instance of DuckDB: the file's lock does not keep two
/// instances of one process apart.
class DuckDBFile {
 public:
  /// \param create make the file if it is not there; else that is kNotFound
  static Result<std::unique_ptr<DuckDBFile>> Open(const DuckDBTarget& target, bool create);

  /// An empty database in memory in place of a file that is not there.
  static Result<std::unique_ptr<DuckDBFile>> OpenNothing(const DuckDBTarget& target);
  /// kNotFound if the file's folder is not there, so that the file could not be made.
  static Status CheckFolder(const DuckDBTarget& target);

  duckdb::Connection& connection() { return *connection_; }
  duckdb::ClientContext& context() { return *connection_->context; }
  const std::string& catalog() const { return catalog_; }

  /// A table of the target's schema as SQL names it.
  std::string Name(std::string_view table) const;
  /// \return the columns of a table; nothing if it is not there
  struct Column {
    std::string name;
    duckdb::LogicalType type;
  };
  std::optional<std::vector<Column>> Columns(const std::string& table);

  void Run(const std::string& sql) { (void)Rows(sql); }
  /// The first value of a statement's result as a number: what it counts or how many rows it changed.
  int64_t Count(const std::string& sql);
  duckdb::unique_ptr<duckdb::MaterializedQueryResult> Rows(const std::string& sql,
                                                           duckdb::vector<duckdb::Value> values = {});

  /// Run in a transaction that is rolled back when `work` fails or throws. Exceptions become a Status of `what`. One at
  /// a time for a file: two that insert one key at once would not conflict, and the key would be there twice.
  Status Transact(std::string_view what, const std::function<Status()>& work);

  /// In a transaction: nothing without a table or a row.
  std::optional<std::string> State(const std::string& stream);
  /// In a transaction: kPrecondition if the state there is not `expected`.
  Status SetState(const std::string& stream, const std::optional<std::string>& expected,
                  const std::optional<std::string>& next);

 private:
  struct Instance;
  /// Take a database as the target's. Throws.
  void Attach(const DuckDBTarget& target, std::shared_ptr<Instance> instance);
  static std::shared_ptr<Instance> Make(const std::string& path, int64_t memory_limit);
  /// The one instance of a file in this process.
  static std::shared_ptr<Instance> Share(const std::string& path, const DuckDBTarget& target);
  /// The same, after a wait while another process has the file open.
  static std::shared_ptr<Instance> ShareWhenFree(const std::string& path, const DuckDBTarget& target);

  std::shared_ptr<Instance> instance_;
  std::unique_ptr<duckdb::Connection> connection_;
  std::string catalog_, schema_, path_;
};

inline constexpr char kStateTable[] = "_glaux_state";

/// An identifier in quotes.
std::string Quoted(std::string_view name);

}  // namespace glaux::duckdb_engine
