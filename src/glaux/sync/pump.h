#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/cancel.h>

#include <functional>
#include <memory>

#include "glaux/sync/row_stream.h"

namespace glaux {

struct PumpOptions {
  /// Batches reach the sink in the order of the stream's pieces.
  bool in_order = false;
  /// 0: as many as this process has cores.
  int threads = 0;
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
};

/// Decode all pieces of a stream on several threads and hand each batch on.
/// \param sink takes a decoded batch and its piece's sequence; called from several threads at once, in order one by one
Status Pump(RowStream& stream, const PumpOptions& options,
            const std::function<Status(std::shared_ptr<arrow::RecordBatch>, int64_t sequence)>& sink);

/// The stream's batches for a reader that pulls: decoded ahead on other threads, a few at a time.
/// \param process makes of a decoded batch what is handed out
std::shared_ptr<arrow::RecordBatchReader> PrefetchingReader(
    std::shared_ptr<RowStream> stream, std::shared_ptr<arrow::Schema> schema, const PumpOptions& options,
    std::function<Result<std::shared_ptr<arrow::RecordBatch>>(std::shared_ptr<arrow::RecordBatch>, int64_t)> process);

}  // namespace glaux
