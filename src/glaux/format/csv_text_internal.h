#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/format/csv_dialect_internal.h"
#include "glaux/format/format.h"

namespace glaux {

/// Values as CSV has them (RFC 4180): read back by the reader with the same options, they are the same values.
/// Lists, structs and maps are written as JSON text.
class CsvText {
 public:
  static Result<CsvText> Make(const CsvOptions& options);

  char delimiter() const { return dialect_.delimiter; }

  /// The first word for null; an empty field if that is one.
  void AppendNull(std::string* out) const { *out += null_; }
  /// Quoted where it would else be taken apart or taken for null.
  void AppendString(std::string_view value, std::string* out) const;
  /// A value that is not null. kInvalid for types that have no text.
  Status AppendValue(const arrow::Array& array, int64_t row, std::string* out) const;

 private:
  CsvDialect dialect_;
  std::vector<std::string> null_values_;
  std::string null_;
  /// By character: the value must be quoted.
  std::vector<bool> special_;
};

/// Append a value of any type as JSON: numbers and booleans bare, all else in quotes, structs and maps as objects.
Status AppendJson(const arrow::Array& array, int64_t row, std::string* out);

/// Append a value of a type that is not nested as plain text. kInvalid for others.
Status AppendPlain(const arrow::Array& array, int64_t row, std::string* out);

}  // namespace glaux
