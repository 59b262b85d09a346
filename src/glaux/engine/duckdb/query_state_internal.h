#pragma once

#include <duckdb.hpp>
#include <duckdb/main/client_context_state.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include <arrow/util/cancel.h>

#include "glaux/base/status.h"

namespace glaux::duckdb_engine {

class OpenedFile;
class QueryRelations;

/// What one query carries through DuckDB's calls into our code: its cancellation, its numbers, and the Status behind an
/// exception of ours. Thread-safe.
class QueryContext : public duckdb::ClientContextState {
 public:
  explicit QueryContext(arrow::StopToken stop);
  ~QueryContext() override;

  /// The state of the query that a client context runs; null outside queries of the engine.
  static duckdb::shared_ptr<QueryContext> Of(duckdb::ClientContext& context);
  void AttachTo(duckdb::ClientContext& context, duckdb::shared_ptr<QueryContext> self);

  const arrow::StopToken& stop() const { return stop_; }
  QueryRelations& relations() const { return *relations_; }

  std::atomic<int64_t> bytes_scanned{0};
  std::atomic<int64_t> partitions_total{0};
  std::atomic<int64_t> partitions_scanned{0};
  int64_t files_opened() const;

  /// The open file of a URI that all readers share, made by `make` if there is none.
  std::shared_ptr<OpenedFile> Share(const std::string& uri, const std::function<std::shared_ptr<OpenedFile>()>& make);

  /// What people should know of the rows, each thing once.
  void AddNote(std::string note);
  std::vector<std::string> notes() const;

  void Remember(const Status& error);
  /// The remembered error whose message is part of an exception's; OK if there is none.
  Status Recall(const std::string& message) const;

 private:
  const arrow::StopToken stop_;
  const std::unique_ptr<QueryRelations> relations_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<OpenedFile>> files_;
  std::vector<Status> errors_;
  std::vector<std::string> notes_;
};

/// Leave DuckDB's code with this error; ToStatus gives it back unchanged.
[[noreturn]] void Throw(QueryContext* query, const Status& error);
[[noreturn]] void Throw(duckdb::ClientContext& context, const Status& error);

/// The Status for an error that DuckDB reports, with the kind that its type tells.
/// \param query whose own errors are given back unchanged; may be null
Status ToStatus(const duckdb::ErrorData& error, const QueryContext* query);

}  // namespace glaux::duckdb_engine
