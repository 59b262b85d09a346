#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/format/byte_source.h"
#include "glaux/format/csv_dialect_internal.h"

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

/// Cuts a stream into blocks at ends of rows. A row that is longer than a block makes that block longer.
class CsvBlockSplitter {
 public:
  CsvBlockSplitter(std::string name, std::unique_ptr<ByteSource> source, const CsvDialect& dialect,
                   const CsvBlockOptions& options);

  /// The next block, or nothing at the end. No block is empty.
  Result<std::optional<CsvBlock>> Next();

  int64_t stored_bytes_read() const { return source_->stored_bytes_read(); }

 private:
  /// Bytes of `text` that are whole rows.
  size_t WholeRows(std::string_view text) const;
  /// The same, from quote to quote, where only quotes hide line ends.
  size_t WholeRowsByQuotes(std::string_view text) const;
  Status LineTooLong(std::string_view text) const;

  std::string name_;
  std::unique_ptr<ByteSource> source_;
  CsvDialect dialect_;
  CsvBlockOptions options_;
  /// Read and not handed out: the begin of a row, in the last block's buffer.
  std::shared_ptr<arrow::Buffer> rest_buffer_;
  std::string_view rest_;
  int64_t line_ = 1;
  bool ended_ = false;
};

/// Where the fields of a block are.
class CsvFields {
 public:
  /// Find the fields of a block whose rows all have `columns` fields. kInvalid names the line.
  static Result<CsvFields> Find(const std::string& name, const CsvBlock& block, const CsvDialect& dialect, int columns,
                                int64_t max_line_bytes);

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
