#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux {

/// The values of one array as JSON text. The reader makes the same values of it, given the same type:
/// integers and decimals are numbers with all their digits; floating numbers are the shortest that read back, with a
/// point or an exponent, and "NaN", "Infinity", "-Infinity" in quotes; dates, times and timestamps are ISO 8601 in
/// quotes, with Z behind those of a time zone; binary is base64; structs are objects; lists are arrays; maps are
/// objects if their keys are strings, else arrays of {"key":…,"value":…}.
class JsonValueText {
 public:
  virtual ~JsonValueText() = default;

  bool IsNull(int64_t row) const;
  /// Append the value, or null.
  void Append(int64_t row, std::string* out) const {
    if (IsNull(row)) {
      out->append("null", 4);
    } else {
      AppendValid(row, out);
    }
  }

  /// `array` must live as long. \return kInvalid for types that have no text, or with two members of one name
  static Result<std::unique_ptr<JsonValueText>> Make(const arrow::Array& array, bool omit_nulls);

 protected:
  explicit JsonValueText(const arrow::Array& array);
  virtual void AppendValid(int64_t row, std::string* out) const = 0;

 private:
  const arrow::Array& array_;
  bool no_nulls_;
};

/// In quotes, with what must be escaped escaped.
void AppendJsonString(std::string_view value, std::string* out);

}  // namespace glaux
