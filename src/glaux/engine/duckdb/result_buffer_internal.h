#pragma once

#include <arrow/ipc/type_fwd.h>
#include <arrow/type_fwd.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "glaux/base/status.h"

namespace glaux::duckdb_engine {

/// A query's rows between the thread that computes them and the one that reads them. Thread-safe.
///
/// While somebody reads, the writer waits for them once `memory_limit` bytes lie here. While nobody does, the query
/// must still come to its end (callers may ask for the rows only then), so rows beyond the limit go to a file.
class ResultBuffer {
 public:
  ResultBuffer(int64_t memory_limit, std::string spill_path);
  ~ResultBuffer();

  /// The writer: the schema first, then batches, then the end with the query's error or OK.
  void SetSchema(std::shared_ptr<arrow::Schema> schema);
  /// kCancelled once the buffer is closed.
  Status Push(const std::shared_ptr<arrow::RecordBatch>& batch);
  void Finish(const Status& error);

  /// The reader announces itself.
  void Attach();
  /// Wait for the schema. The query's error if it failed before there was one.
  Result<std::shared_ptr<arrow::Schema>> WaitForSchema();
  /// Wait for the next batch; null at the end. The query's error at its place.
  Result<std::shared_ptr<arrow::RecordBatch>> Pop();

  /// Drop everything: the writer stops, the reader gets `error`.
  void Close(const Status& error);

 private:
  Status Spill(const arrow::RecordBatch& batch);

  const int64_t memory_limit_;
  const std::string spill_path_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<arrow::Schema> schema_;
  std::deque<std::pair<std::shared_ptr<arrow::RecordBatch>, int64_t>> batches_;
  int64_t bytes_ = 0;
  bool attached_ = false;
  std::optional<Status> finished_;
  std::optional<Status> closed_;
  // The file follows the batches in memory: once it is begun, every later batch goes there.
  std::shared_ptr<arrow::io::OutputStream> spill_file_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> spill_writer_;
  std::shared_ptr<arrow::RecordBatchReader> spill_reader_;
};

}  // namespace glaux::duckdb_engine
