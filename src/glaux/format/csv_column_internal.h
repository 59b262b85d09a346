#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/format/csv_block_internal.h"
#include "glaux/format/csv_rules_internal.h"

namespace glaux {

/// One value as the file has it.
struct CsvCell {
  std::string_view text;
  bool quoted = false;
};

/// The cells of one block, unquoted as they are asked for.
class CsvCells {
 public:
  CsvCells(std::string_view text, const CsvFields& fields, const CsvDialect& dialect,
           const std::vector<std::string>& null_values);

  int64_t rows() const { return fields_.rows(); }
  const CsvFields& fields() const { return fields_; }

  /// Call visit(row, cell) for rows [first, last) of a column until it returns false; the row in which it did, or -1.
  /// A cell's text holds until the next one.
  template <typename Visit>
  int64_t Each(int column, int64_t first, int64_t last, Visit&& visit) const {
    std::string scratch;
    for (int64_t row = first; row < last; ++row) {
      const uint32_t begin = fields_.Begin(row, column);
      CsvCell cell{.text = {text_.data() + begin, fields_.End(row, column) - begin}};
      if (!cell.text.empty() && (cell.text[0] == dialect_.quote || dialect_.escape)) {
        cell.quoted = cell.text[0] == dialect_.quote;
        cell.text = UnquoteField(cell.text, dialect_, &scratch);
      }
      if (!visit(row, cell)) return row;
    }
    return -1;
  }

  /// The cell means null in a column of strings. Elsewhere an empty cell is null too, quoted or not: it is no value.
  bool IsNull(const CsvCell& cell) const {
    if (cell.quoted) return false;
    return cell.text.empty() ? empty_is_null_ : has_null_words_ && IsNullWord(cell.text);
  }

  /// Every byte of the block is valid UTF-8.
  bool utf8() const { return utf8_; }

 private:
  bool IsNullWord(std::string_view text) const;

  std::string_view text_;
  const CsvFields& fields_;
  const CsvDialect& dialect_;
  const std::vector<std::string>& null_values_;
  bool empty_is_null_ = false;
  bool has_null_words_ = false;
  bool utf8_ = false;
};

/// Turns one column of one block into an array. Used once, by one thread.
class CsvColumn {
 public:
  virtual ~CsvColumn() = default;
  virtual Status Reserve(int64_t rows) = 0;
  /// Append rows [first, last). \return the row that does not convert, or -1. What Finish gives then is worth nothing,
  /// but rows behind can still be tried.
  virtual int64_t Append(const CsvCells& cells, int column, int64_t first, int64_t last) = 0;
  virtual Result<std::shared_ptr<arrow::Array>> Finish() = 0;

  /// kInvalid for types that CSV has no words for (lists, structs, …). `rules` must outlive the column.
  static Result<std::unique_ptr<CsvColumn>> Make(const std::shared_ptr<arrow::DataType>& type, const CsvRules& rules);
};

/// What a decoder of strings found wrong is not a type conflict: the bytes are no UTF-8.
bool IsStringColumn(const arrow::DataType& type);

}  // namespace glaux
