#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "glaux/base/status.h"

namespace glaux {

/// Batches kept in a temporary file, to be read more than once. The file is gone with the spool, or with the process.
class Spool {
 public:
  /// In TMPDIR, or /tmp.
  static Result<std::unique_ptr<Spool>> Make(std::shared_ptr<arrow::Schema> schema);
  virtual ~Spool() = default;

  /// Thread-safe.
  virtual Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) = 0;
  /// After the last write.
  virtual Status Finish() = 0;
  virtual int64_t rows() const = 0;
  /// From the first batch on; as often as one likes, side by side. Holds the file.
  /// \param columns positions of those that are read; empty: all
  virtual Result<std::shared_ptr<arrow::RecordBatchReader>> Read(std::vector<int> columns = {}) const = 0;
};

}  // namespace glaux
