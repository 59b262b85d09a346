#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>

#include "glaux/base/status.h"

namespace glaux::cli {

enum class CellStyle {
  /// For tables, CSV, Markdown: text as it is, "2025-01-31 08:30:00", nested values as JSON, binary as hexadecimal
  /// digits.
  kText,
  /// A JSON value: exact numbers for integers and decimals, null for NaN and infinities, "2025-01-31T08:30:00Z".
  kJson,
};

/// Prints the values of one array. Made once per array, so that a value costs no look at its type.
class CellPrinter {
 public:
  /// kNotImplemented for a type that has no text.
  static Result<std::unique_ptr<CellPrinter>> Make(std::shared_ptr<arrow::Array> array, CellStyle style);
  virtual ~CellPrinter() = default;

  virtual bool IsNull(int64_t row) const = 0;
  /// Append a value. A null gives nothing as text and "null" as JSON.
  virtual void Append(int64_t row, std::string* out) const = 0;
};

/// Append a string as a JSON string. Bytes that are not UTF-8 become U+FFFD.
void AppendJsonString(std::string_view text, std::string* out);

/// Values of this type are set to the right.
bool IsNumberType(const arrow::DataType& type);

}  // namespace glaux::cli
