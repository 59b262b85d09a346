#pragma once

#include <memory>

#include "glaux/engine/athena/text_reader_internal.h"

namespace glaux::athena {

/// Of array, map and row.
Result<std::unique_ptr<TextReader>> MakeNestedReader(const std::shared_ptr<arrow::DataType>& type);

/// AppendColumn by Append.
bool AppendOneByOne(const TextReader& reader, const Cell* first, size_t stride, int64_t rows,
                    arrow::ArrayBuilder* builder, TextProblem* problem);

}  // namespace glaux::athena
