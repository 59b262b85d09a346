#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux::athena {

/// One value of a result as it stands there.
struct Cell {
  const char* data = nullptr;  ///< null: NULL
  uint32_t size = 0;
  bool escaped = false;  ///< each `"` in it is doubled
};

/// The text of a cell that is not NULL; `scratch` holds it where it is not the cell's own.
std::string_view TextOf(const Cell& cell, std::string* scratch);

/// Why a text is no value.
struct TextProblem {
  int64_t row = 0;      ///< of AppendColumn, from 0
  size_t position = 0;  ///< in the text
  std::string expected;
};

/// Reads texts of one type into a builder of that type. Stateless and thread-safe.
///
/// Nested values are Trino's texts, "[1, 2]", "{k=v}", "{field=1}", "null". They quote nothing, so a text in them that
/// holds ", " or brackets may be taken apart elsewhere than it was put together: the field names of a row and the types
/// decide where they can.
class TextReader {
 public:
  virtual ~TextReader() = default;
  virtual bool Append(std::string_view text, arrow::ArrayBuilder* builder, TextProblem* problem) const = 0;
  /// Append `rows` cells that are `stride` cells apart.
  virtual bool AppendColumn(const Cell* first, size_t stride, int64_t rows, arrow::ArrayBuilder* builder,
                            TextProblem* problem) const = 0;
};

/// kNotImplemented for a type that no result has.
Result<std::unique_ptr<TextReader>> MakeTextReader(const std::shared_ptr<arrow::DataType>& type);

}  // namespace glaux::athena
