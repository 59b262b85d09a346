#pragma once

#include <duckdb.hpp>

#include <arrow/type_fwd.h>

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "glaux/engine/duckdb/lake_file_list_internal.h"
#include "glaux/table/data_file.h"

namespace glaux::duckdb_engine {

/// The rows of a table's files as pieces that threads decode side by side: of several files at once, and of one file
/// where its format can be cut. Thread-safe.
class LakeRowStream {
 public:
  /// \param wanted columns of the table that are read; no partition columns
  LakeRowStream(duckdb::ClientContext& context, const Table& table, const LakeFileList& files,
                std::shared_ptr<arrow::Schema> wanted);
  ~LakeRowStream();

  struct Piece {
    size_t file = 0;   ///< in the list
    size_t index = 0;  ///< grows from piece to piece, also for one thread
    /// With all columns that are wanted; may be empty.
    std::function<Result<std::shared_ptr<arrow::RecordBatch>>()> decode;
  };
  /// The next piece, or nothing at the end. Errors name table and file.
  Result<std::optional<Piece>> Next();

  size_t files() const { return count_; }

 private:
  struct OpenFile;

  Result<std::shared_ptr<OpenFile>> Open(size_t index);
  Result<std::optional<Piece>> NextOf(const std::shared_ptr<OpenFile>& file);
  void Close(const std::shared_ptr<OpenFile>& file);
  Status Name(const Status& error) const;

  duckdb::ClientContext& context_;
  const LakeFileList& files_;
  const size_t count_;
  const ScanPlan plan_;  // without files
  const std::string subject_;
  const std::shared_ptr<arrow::Schema> wanted_;
  std::mutex mutex_;
  size_t next_file_ = 0;
  size_t next_piece_ = 0;
  std::list<std::shared_ptr<OpenFile>> open_;
};

}  // namespace glaux::duckdb_engine
