#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/table/table.h"

namespace glaux {

/// The rows of a batch, told apart by their partition.
struct PartitionedRows {
  struct Group {
    std::vector<std::string> values;  ///< one a key, unescaped; null is kHiveNullPartition
    int64_t begin = 0;                ///< into `rows`
    int64_t end = 0;
  };
  std::vector<int32_t> rows;  ///< every row once, grouped
  std::vector<Group> groups;
};

/// Gives every row its partition values. Thread-safe.
class Partitioner {
 public:
  /// \param schema of the batches; the spec was checked by PartitionKeysOf
  /// \param write_time for time transforms without a source column
  Partitioner(std::vector<PartitionField> spec, const arrow::Schema& schema, Timestamp write_time);

  Result<PartitionedRows> Split(const arrow::RecordBatch& batch) const;

 private:
  struct Key {
    Transform transform;
    int column;  // -1: the write time
  };
  std::vector<Key> keys_;
  Timestamp write_time_;
};

}  // namespace glaux
