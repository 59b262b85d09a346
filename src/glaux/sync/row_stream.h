#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "glaux/base/progress.h"
#include "glaux/format/format.h"
#include "glaux/sync/shape.h"

namespace glaux {

/// Rows on their way, as pieces that several threads decode side by side.
class RowStream {
 public:
  struct Piece {
    /// Runs once, on any thread.
    DecodeTask decode;
    /// Pieces in the order of the source: 0, 1, 2 … without a gap. Only of streams that keep the order.
    int64_t number = 0;
    /// Order of the piece's rows among all of the source's: file and piece of the file.
    int64_t sequence = 0;
  };
  virtual ~RowStream() = default;
  /// The next piece for a thread that last worked on `*own` (begins as SIZE_MAX), or nothing at the end. Thread-safe.
  virtual Result<std::optional<Piece>> Next(size_t* own) = 0;
  /// What people should know of the rows that were decoded.
  virtual std::vector<std::string> notes() const { return {}; }
};

/// Where the sequence of a file's rows begins: 38 bits for its pieces and their rows (at most 2^21 a piece).
constexpr int64_t FileSequence(int64_t file) { return file << 38; }
constexpr int64_t FileOfSequence(int64_t sequence) { return sequence >> 38; }

/// A file that went away under the run: the caller plans again.
Status IfGone(const Status& status, const std::string& name);

struct FileStreamOptions {
  /// Pieces in the order of the files: one file is open at a time. Else each thread goes through a file of its own.
  bool in_order = false;
  /// A column with the address of each row's file. Empty: none.
  std::string file_column = {};
  /// Asked before a file is opened, with the count of files that were begun: false ends the stream.
  std::function<bool(size_t begun)> go_on = {};
  Progress* progress = nullptr;
};

/// The rows of files. Batches have the columns of each file that are wanted, under the target's names; columns without
/// a type are left out.
class FileStream : public RowStream {
 public:
  static std::unique_ptr<FileStream> Make(std::vector<FileInput> inputs, FileStreamOptions options);
  /// Files that were begun, and so are read to their end: the first ones.
  virtual size_t files_begun() const = 0;
  /// kInvalid with code kTypeConflict if rows had a key that inference has not seen: its values are in no column.
  /// After the last piece was decoded.
  virtual Status CheckKeys() const = 0;
  /// Rows that were decoded of each file.
  virtual std::vector<int64_t> rows_of_files() const = 0;
};

/// The batches of a reader, pulled by whoever is free.
std::unique_ptr<RowStream> MakeReaderStream(std::shared_ptr<arrow::RecordBatchReader> reader);

}  // namespace glaux
