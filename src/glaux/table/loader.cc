#include "glaux/table/loader.h"

#include <arrow/api.h>

#include <mutex>

#include "glaux/base/parallel.h"

namespace glaux {
namespace {

/// Hands out pieces of files to several threads: each thread goes through a file of its own, so that files inflate side
/// by side; when no file is left unopened, threads help with the pieces of those that are open.
class PieceQueue {
 public:
  PieceQueue(std::span<const LoadInput> inputs, Progress* progress) : inputs_(inputs), progress_(progress) {}

  struct Piece {
    size_t file = 0;
    DecodeTask decode;
  };

  /// The next piece for a thread that last worked on `*own` (npos: none). Nothing when all files are at their end.
  Result<std::optional<Piece>> Next(size_t* own) {
    for (;;) {
      std::shared_ptr<OpenFile> file;
      {
        std::lock_guard lock(mutex_);
        file = Pick(*own);
      }
      if (file == nullptr) return std::nullopt;
      ARROW_ASSIGN_OR_RAISE(auto task, NextOf(*file));
      if (task.has_value()) {
        *own = file->index;
        return Piece{file->index, *std::move(task)};
      }
      std::lock_guard lock(mutex_);
      std::erase(open_, file);
    }
  }

 private:
  struct OpenFile {
    size_t index = 0;
    std::mutex mutex;
    std::unique_ptr<FileReader> reader;
    int64_t reported = 0;
    bool at_end = false;
  };

  std::shared_ptr<OpenFile> Pick(size_t own) {
    for (const auto& file : open_) {
      if (file->index == own) return file;
    }
    if (next_ < inputs_.size()) {
      auto file = std::make_shared<OpenFile>();
      file->index = next_++;
      open_.push_back(file);
      return file;
    }
    if (open_.empty()) return nullptr;
    return open_[turn_++ % open_.size()];
  }

  Result<std::optional<DecodeTask>> NextOf(OpenFile& file) {
    std::lock_guard lock(file.mutex);
    if (file.at_end) return std::nullopt;
    if (file.reader == nullptr) {
      const auto& input = inputs_[file.index];
      ARROW_ASSIGN_OR_RAISE(file.reader, input.format->OpenReader(input.file, input.read));
    }
    ARROW_ASSIGN_OR_RAISE(auto task, file.reader->Next());
    const int64_t read = file.reader->bytes_read();
    progress_->Advance(read - file.reported);
    file.reported = read;
    if (!task.has_value()) {
      file.at_end = true;
      file.reader.reset();
    }
    return task;
  }

  const std::span<const LoadInput> inputs_;
  Progress* const progress_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<OpenFile>> open_;
  size_t next_ = 0;
  size_t turn_ = 0;
};

/// The batch under the table's names, without columns that have no type.
std::shared_ptr<arrow::RecordBatch> Rename(const arrow::RecordBatch& batch, const std::vector<std::string>& names) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (batch.column(i)->type_id() == arrow::Type::NA) continue;
    fields.push_back(arrow::field(names[i], batch.column(i)->type()));
    columns.push_back(batch.column(i));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.num_rows(), std::move(columns));
}

}  // namespace

Result<std::vector<int64_t>> LoadFiles(std::span<const LoadInput> inputs, Append& append,
                                       const LoaderOptions& options) {
  Progress& progress = options.progress == nullptr ? Progress::None() : *options.progress;
  PieceQueue queue(inputs, &progress);
  std::vector<std::atomic<int64_t>> rows(inputs.size());
  const int threads = PoolSize(Pool::kCpu);
  ARROW_RETURN_NOT_OK(ParallelForIndex(threads, threads, Pool::kCpu, options.stop, [&](size_t) -> Status {
    size_t own = SIZE_MAX;
    for (;;) {
      if (options.stop.IsStopRequested()) return MakeError(ErrorKind::kCancelled, "load cancelled; nothing was added");
      ARROW_ASSIGN_OR_RAISE(auto piece, queue.Next(&own));
      if (!piece.has_value()) return Status::OK();
      ARROW_ASSIGN_OR_RAISE(const auto batch, piece->decode());
      piece->decode = nullptr;  // frees the block before the rows are copied
      rows[piece->file] += batch->num_rows();
      ARROW_RETURN_NOT_OK(append.Write(Rename(*batch, inputs[piece->file].column_names)));
    }
  }));
  return std::vector<int64_t>(rows.begin(), rows.end());
}

}  // namespace glaux
