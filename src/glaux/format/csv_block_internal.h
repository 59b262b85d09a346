#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/format/byte_source.h"
#include "glaux/format/csv_dialect_internal.h"
#include "glaux/format/format.h"

namespace glaux {

/// Whole rows of a CSV file. kScanPadding bytes behind the text can be read.
struct CsvBlock {
  std::shared_ptr<arrow::Buffer> buffer;
  std::string_view text;
  /// Line of the file in which the text begins, from 1.
  int64_t first_line = 1;

  /// The line that holds the byte at `offset`.
  int64_t LineAt(size_t offset) const { return first_line + CountLines(text.substr(0, offset)); }
};

struct CsvBlockOptions {
  int64_t block_bytes = 1 << 20;
  int64_t max_line_bytes = 16 << 20;
};

/// A piece of a block that is no row of the file's columns.
struct CsvBadText {
  size_t begin = 0;
  size_t end = 0;
  std::string column = {};
  std::string reason;
};

/// Cuts a stream into blocks at ends of rows. A row that is longer than a block makes that block longer.
class CsvBlockSplitter {
 public:
  CsvBlockSplitter(std::string name, std::unique_ptr<ByteSource> source, const CsvDialect& dialect,
                   const CsvBlockOptions& options);

  /// The next block, or nothing at the end. No block is empty.
  Result<std::optional<CsvBlock>> Next();

  /// From now on a row that is longer than allowed is told to `on_bad_row` (if any) and left out.
  void PassOverBadRows(std::function<Status(BadRow)> on_bad_row) {
    on_bad_row_ = std::move(on_bad_row);
    pass_over_ = true;
  }

  int64_t stored_bytes_read() const { return source_->stored_bytes_read(); }

 private:
  /// Bytes of `text` that are whole rows.
  size_t WholeRows(std::string_view text) const;
  /// The same, from quote to quote, where only quotes hide line ends.
  size_t WholeRowsByQuotes(std::string_view text) const;
  Status LineTooLong(std::string_view text) const;
  /// Tell of the row that `text` begins with, and read until it ends.
  Status PassOverRow(std::string_view text);

  std::string name_;
  std::unique_ptr<ByteSource> source_;
  CsvDialect dialect_;
  CsvBlockOptions options_;
  /// Read and not handed out: the begin of a row, in the last block's buffer.
  std::shared_ptr<arrow::Buffer> rest_buffer_;
  std::string_view rest_;
  int64_t line_ = 1;
  bool ended_ = false;
  bool pass_over_ = false;
  std::function<Status(BadRow)> on_bad_row_;
};

/// Where the fields of a block are.
class CsvFields {
 public:
  /// Find the fields of a block whose rows all have `columns` fields. kInvalid names the line; with `bad`, rows that
  /// are none go there, in order, and are left out.
  static Result<CsvFields> Find(const std::string& name, const CsvBlock& block, const CsvDialect& dialect, int columns,
                                int64_t max_line_bytes, std::vector<CsvBadText>* bad = nullptr);

  /// Leave out rows, given in order.
  void Remove(const std::vector<int64_t>& rows);

  int64_t rows() const { return static_cast<int64_t>(row_begins_.size()); }
  int columns() const { return columns_; }
  /// Offsets in the text, quotes included.
  uint32_t Begin(int64_t row, int column) const {
    return column == 0 ? row_begins_[static_cast<size_t>(row)] : ends_[row * columns_ + column - 1] + 1;
  }
  uint32_t End(int64_t row, int column) const { return ends_[row * columns_ + column]; }

 private:
  friend struct CsvFieldSink;
  int columns_ = 0;
  std::shared_ptr<arrow::ResizableBuffer> buffer_;
  uint32_t* ends_ = nullptr;
  std::vector<uint32_t> row_begins_;
};

/// The fields of the first row of `text`, unquoted, and where the text behind it begins. Nothing if there is no row.
struct CsvFirstRow {
  std::vector<std::string> fields;
  size_t begin = 0;
  size_t next = 0;
};
Result<std::optional<CsvFirstRow>> ReadFirstRow(const std::string& name, const CsvBlock& block,
                                                const CsvDialect& dialect);

/// The value of a field that begins with a quote or holds escapes, as it is meant; in `scratch` where it must be built.
std::string_view UnquoteField(std::string_view raw, const CsvDialect& dialect, std::string* scratch);

}  // namespace glaux
