#pragma once

#include <arrow/io/type_fwd.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "terminal.h"

namespace glaux::cli {

enum class OutputFormat { kTable, kCsv, kTsv, kJson, kJsonLines, kMarkdown, kParquet, kArrow };

/// All names that --format takes.
const std::vector<std::string>& OutputFormatNames();
/// "csv", "jsonl". kInvalid with the names there are.
Result<OutputFormat> ParseOutputFormat(std::string_view name);

/// What the ending of a file's name says.
struct FileKind {
  OutputFormat format;
  std::string codec = {};  ///< "gzip" or "zstd" behind the format's own ending ("a.csv.gz"), else empty
};
/// \param format --format if it was given: then only a compression is taken from the name
Result<FileKind> OutputFormatOfFile(std::string_view path, std::optional<OutputFormat> format);

/// What is not text.
bool IsBinary(OutputFormat format);
/// kInvalid for a binary format on a terminal.
Status RefuseBinaryOnTerminal(OutputFormat format, const Terminal& terminal);

struct ResultWriterOptions {
  /// Table: what it is printed on.
  Terminal terminal = {};
  /// Table: most rows printed, half of them from the end. Unset: all.
  std::optional<int64_t> max_rows = 40;
  /// Table: what stands for a null.
  std::string null_text = "NULL";
  /// Table: a line below it that counts rows and columns.
  bool footer = true;
  /// Table: name of a type in the head; unset: no line of types.
  std::function<std::string(const arrow::DataType&)> type_name = {};
  /// Arrow: the file format, which has an index at its end, instead of the stream format.
  bool seekable = true;
};

/// Prints the rows of one result. Holds at most one batch, but for tables, which hold what they show.
class ResultWriter {
 public:
  virtual ~ResultWriter() = default;
  virtual Status Write(const arrow::RecordBatch& batch) = 0;
  /// Write what comes after the last row. Not called if the result ended in an error.
  virtual Status Finish() = 0;
};

/// The sink is the caller's to close.
Result<std::unique_ptr<ResultWriter>> MakeResultWriter(OutputFormat format, std::shared_ptr<arrow::Schema> schema,
                                                       std::shared_ptr<arrow::io::OutputStream> sink,
                                                       const ResultWriterOptions& options);

/// The same columns with names that are all different: "a", "a_1". For formats whose readers go by name.
std::shared_ptr<arrow::Schema> WithUniqueNames(const std::shared_ptr<arrow::Schema>& schema);

}  // namespace glaux::cli
