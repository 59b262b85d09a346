#pragma once

#include <arrow/record_batch.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/engine/athena/text_reader_internal.h"

namespace glaux::athena {

/// The columns of a result and how their texts are read. Thread-safe once it is made.
class ResultColumns {
 public:
  static Result<std::shared_ptr<const ResultColumns>> Make(std::shared_ptr<arrow::Schema> schema);

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  size_t size() const { return readers_.size(); }

  /// Cells row by row to a batch. kCorrupt names column and row.
  /// \param first_row the number of the first row in the result, from 1, for errors
  Result<std::shared_ptr<arrow::RecordBatch>> ToBatch(const std::vector<Cell>& cells, int64_t first_row) const;

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::unique_ptr<TextReader>> readers_;
};

/// Bytes of `text` up to the end of the last whole row in it; `text` begins with a row. 0: there is no end in it.
size_t WholeRows(std::string_view text);

/// Take rows of Athena's CSV apart: every value in double quotes, nothing at all for NULL. Cells point into `text`.
/// kCorrupt: a row with more or fewer values than there are columns, something outside of quotes.
Status ReadCells(std::string_view text, size_t columns, int64_t first_row, std::vector<Cell>* cells);

/// Take lines apart whose values stand between tabs: SHOW, DESCRIBE, EXPLAIN. Of one column the line is the value.
/// Blanks at the ends of values fill them up and do not count; missing values are empty.
void ReadLines(std::string_view text, size_t columns, std::vector<Cell>* cells);

}  // namespace glaux::athena
