#pragma once

#include <arrow/type_fwd.h>

#include <array>
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
  void AppendString(std::string_view value, std::string* out) const {
    if (MustQuote(value, true)) {
      AppendQuoted(value, out);
    } else {
      *out += value;
    }
  }
  void AppendQuoted(std::string_view value, std::string* out) const;
  /// Somewhere in `text` is a character that must be quoted.
  bool HasSpecial(std::string_view text) const;
  /// The value would else be taken apart, or taken for null, a comment or a byte order mark. `may_be_special`: what
  /// HasSpecial says of a text it is in.
  bool MustQuote(std::string_view value, bool may_be_special) const {
    return value.empty() || (may_be_special && HasSpecial(value)) || value[0] == dialect_.comment ||
           value.starts_with("\xEF\xBB\xBF") || (has_null_words_ && IsNullWord(value));
  }
  /// No number, boolean, date or time in ISO 8601 must be quoted.
  bool numbers_are_plain() const { return numbers_are_plain_; }
  /// A value that is not null. kInvalid for types that have no text.
  Status AppendValue(const arrow::Array& array, int64_t row, std::string* out) const;

 private:
  bool IsNullWord(std::string_view value) const;

  CsvDialect dialect_;
  std::vector<std::string> null_values_;
  std::string null_;
  char decimal_separator_ = '.';
  bool has_null_words_ = false;
  bool numbers_are_plain_ = false;
  /// By character: the value must be quoted.
  std::array<uint8_t, 256> special_ = {};
};

/// Append a value of any type as JSON: numbers and booleans bare, all else in quotes, structs and maps as objects.
Status AppendJson(const arrow::Array& array, int64_t row, std::string* out);

/// Append a value of a type that is not nested as plain text. kInvalid for others.
Status AppendPlain(const arrow::Array& array, int64_t row, std::string* out);

}  // namespace glaux
