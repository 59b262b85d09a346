#pragma once

#include <arrow/type_fwd.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "glaux/engine/query_engine.h"

namespace glaux::duckdb_engine {

/// One scan of a relation: its reader is opened and read by a thread of the stream's own, a few batches ahead, so that
/// whoever waits for rows can stop waiting while the reader cannot. Thread-safe.
class RelationStream {
 public:
  struct Rows {
    std::shared_ptr<arrow::RecordBatch> batch;  ///< null at the end; never empty
    size_t index = 0;                           ///< of the batch in the stream
  };

  /// \param open_mutex held while the relation is opened
  RelationStream(std::shared_ptr<const QueryRelation> relation, std::shared_ptr<std::mutex> open_mutex);
  /// Waits for the reader's thread.
  ~RelationStream();

  /// Wait for the next batch; the first call opens the relation. The reader's error as it is; kCancelled after Stop.
  /// The reader is gone before the end or its error is given.
  Result<Rows> Next();

  /// Read no further and wake whoever waits. Does not wait for the reader.
  void Stop();
  /// Whether the stream ended because of Stop.
  bool stopped() const;

 private:
  void Run();
  Status ReadAll();
  Status Check(const arrow::RecordBatch& batch) const;

  const std::shared_ptr<const QueryRelation> relation_;
  const std::shared_ptr<std::mutex> open_mutex_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
  std::deque<std::shared_ptr<arrow::RecordBatch>> batches_;
  size_t given_ = 0;
  bool stopped_ = false;
  std::optional<Status> end_;
};

}  // namespace glaux::duckdb_engine
