#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <vector>

#include "cell_text.h"
#include "result_writer.h"

namespace glaux::cli {

using Sink = std::shared_ptr<arrow::io::OutputStream>;

std::unique_ptr<ResultWriter> MakeDelimitedWriter(std::shared_ptr<arrow::Schema> schema, Sink sink, char delimiter);
std::unique_ptr<ResultWriter> MakeJsonWriter(std::shared_ptr<arrow::Schema> schema, Sink sink, bool lines);
std::unique_ptr<ResultWriter> MakeMarkdownWriter(std::shared_ptr<arrow::Schema> schema, Sink sink);
std::unique_ptr<ResultWriter> MakeTableWriter(std::shared_ptr<arrow::Schema> schema, Sink sink,
                                              const ResultWriterOptions& options);
Result<std::unique_ptr<ResultWriter>> MakeParquetWriter(std::shared_ptr<arrow::Schema> schema, Sink sink);
Result<std::unique_ptr<ResultWriter>> MakeArrowWriter(std::shared_ptr<arrow::Schema> schema, Sink sink, bool seekable);

/// One printer a column.
Result<std::vector<std::unique_ptr<CellPrinter>>> MakePrinters(const arrow::RecordBatch& batch, CellStyle style);

/// Text on its way to a sink, in pieces that are worth a system call.
class TextBuffer {
 public:
  explicit TextBuffer(Sink sink) : sink_(std::move(sink)) {}
  std::string& text() { return text_; }
  Status WriteIfLarge() { return text_.size() < kPiece ? Status::OK() : Write(); }
  Status Write();

 private:
  static constexpr size_t kPiece = 256 << 10;
  Sink sink_;
  std::string text_;
};

}  // namespace glaux::cli
