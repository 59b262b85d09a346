#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <string>

#include "glaux/base/status.h"
#include "glaux/format/format.h"

namespace glaux {

Result<InferredSchema> InferParquet(const InputFile& input);

Result<std::unique_ptr<FileReader>> OpenParquetReader(const InputFile& input, const ReadOptions& options);

Result<std::unique_ptr<FileWriter>> OpenParquetWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                      std::shared_ptr<arrow::Schema> schema,
                                                      const WriteOptions& options);

/// The chunks of one column as few arrays: dictionaries become one, or dense values where that is nearly as large.
Result<std::shared_ptr<arrow::ChunkedArray>> OneDictionary(const arrow::ArrayVector& chunks,
                                                           const std::shared_ptr<arrow::DataType>& value_type);

}  // namespace glaux
