#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "glaux/base/parallel.h"
#include "glaux/engine/duckdb/opened_file_internal.h"

namespace glaux::duckdb_engine {

/// The chunks of some top-level columns in a Parquet file, from the last bytes of it. Names compare without case.
/// Nothing where the footer is not within `tail`, or is no footer that can be read: whoever opens the file will say
/// why.
std::vector<WantedRange> ColumnChunks(const arrow::Buffer& tail, int64_t file_size,
                                      const std::vector<std::string>& columns);

struct ReadAheadOptions {
  /// Top-level columns that the scan reads whole.
  std::vector<std::string> columns = {};
  ReadingQuery query = {};
  /// Bytes in memory at once that nobody has read yet. At the beginning it is less, since a query may want a few rows.
  int64_t memory = 64 << 20;
  int max_parallel = 24;
};

/// Gets what a scan of Parquet files will read before it is asked for: ends of files with their footers, small files
/// whole, and the chunks of its columns, in the order of the files.
///
/// Engines tie requests in flight to their threads, and so wait for a network most of the time; here many are in
/// flight. Errors stay with their piece of the file until somebody reads it. Destroying it waits for the Gets in
/// flight.
class ReadAhead : public std::enable_shared_from_this<ReadAhead> {
 public:
  /// Opens file `i`: the one that its readers will share.
  using OpenFile = std::function<Result<std::shared_ptr<OpenedFile>>(size_t i)>;

  ReadAhead(size_t files, OpenFile open, ReadAheadOptions options);
  ~ReadAhead();

  void Begin();
  /// A reader has opened file `i`, and keeps it.
  void Opened(size_t i);
  /// Readers have used up a piece.
  void Used();

 private:
  struct File {
    enum class State { kWaiting, kOpening, kOpen, kDone } state = State::kWaiting;
    std::shared_ptr<OpenedFile> held = {};  ///< until its reader has it
    std::weak_ptr<OpenedFile> file = {};
    std::deque<std::shared_ptr<OpenedFile::Piece>> pieces = {};
    bool is_read = false;
  };

  void Pump();
  bool StartNext();
  void Start(std::function<void()> work);
  /// Open file `i` without a look into it. \return null where that is an error, which its readers will tell
  std::shared_ptr<OpenedFile> Prepare(size_t i);
  void Open(size_t i);

  const OpenFile open_;
  const ReadAheadOptions options_;
  /// Bytes of pieces that were begun and that nobody has used up. Files count it down, which may outlive this.
  const std::shared_ptr<std::atomic<int64_t>> held_ = std::make_shared<std::atomic<int64_t>>(0);
  std::mutex mutex_;
  std::vector<File> files_;
  size_t first_ = 0;   ///< of the files that are not done
  size_t opened_ = 0;  ///< files whose opening has begun
  int64_t window_;
  int running_ = 0;
  bool closed_ = false;
  /// The last member: its end waits for work that uses the others.
  TaskGroup tasks_;
};

}  // namespace glaux::duckdb_engine
