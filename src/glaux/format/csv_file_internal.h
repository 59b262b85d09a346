#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/format/csv_block_internal.h"
#include "glaux/format/csv_column_internal.h"
#include "glaux/format/csv_dialect_internal.h"
#include "glaux/format/format.h"

namespace glaux {

/// A CSV file of which the names of the columns are known: from its first row, or as given.
class CsvFile {
 public:
  static Result<CsvFile> Open(const InputFile& input, const FormatOptions& options, int64_t block_bytes);

  const std::string& name() const { return name_; }
  const CsvOptions& options() const { return options_; }
  const CsvDialect& dialect() const { return dialect_; }
  const CsvRules& rules() const { return rules_; }
  const std::vector<std::string>& columns() const { return columns_; }
  int64_t stored_bytes_read() const { return splitter_->stored_bytes_read(); }

  /// Pass over rows that never end or are longer than allowed, and tell `on_bad_row` of them (empty: nobody).
  void PassOverBadRows(std::function<Status(BadRow)> on_bad_row) {
    if (splitter_ != nullptr) splitter_->PassOverBadRows(std::move(on_bad_row));
  }

  /// The next block of data rows.
  Result<std::optional<CsvBlock>> Next();
  /// Look at the next block without taking it.
  Result<const CsvBlock*> Peek();

 private:
  Status ReadColumns();
  Status NameColumns(std::vector<std::string> names, int64_t line);

  std::string name_;
  CsvOptions options_;
  CsvDialect dialect_;
  CsvRules rules_;
  std::unique_ptr<CsvBlockSplitter> splitter_;
  std::vector<std::string> columns_;
  std::optional<CsvBlock> next_;
};

/// Types from the first `sample_bytes` of data (0: from all), cut at an end of a row.
Result<InferredSchema> InferCsv(const InputFile& input, const InferOptions& options);

/// Types of one block's columns, of those rows that have the fields they should if `skip_bad_rows`.
Result<std::shared_ptr<arrow::Schema>> InferCsvBlock(const CsvFile& file, const CsvBlock& block, bool skip_bad_rows);

Result<std::unique_ptr<FileReader>> OpenCsvReader(const InputFile& input, const ReadOptions& options);

Result<std::unique_ptr<FileWriter>> OpenCsvWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                  std::shared_ptr<arrow::Schema> schema, const WriteOptions& options);

}  // namespace glaux
