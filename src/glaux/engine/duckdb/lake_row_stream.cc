#include "glaux/engine/duckdb/lake_row_stream_internal.h"

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "glaux/engine/duckdb/lake_file_system_internal.h"
#include "glaux/engine/duckdb/opened_file_internal.h"
#include "glaux/store/object_input.h"
#include "glaux/store/sequential_input.h"

namespace glaux::duckdb_engine {

namespace {

/// Counts what a query reads of a file, and ends with the query.
class QueryInput final : public arrow::io::RandomAccessFile {
 public:
  QueryInput(std::shared_ptr<arrow::io::RandomAccessFile> file, duckdb::shared_ptr<QueryContext> query)
      : file_(std::move(file)), query_(std::move(query)) {
    set_mode(arrow::io::FileMode::READ);
  }

  Status Close() override { return file_->Close(); }
  bool closed() const override { return file_->closed(); }
  Result<int64_t> GetSize() override { return file_->GetSize(); }
  Result<int64_t> Tell() const override { return file_->Tell(); }
  Status Seek(int64_t position) override { return file_->Seek(position); }
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t size) override {
    ARROW_RETURN_NOT_OK(CheckStop());
    if (position == 0) {
      const std::lock_guard lock(mutex_);
      if (start_ != nullptr && start_size_ == size) return std::exchange(start_, nullptr);
    }
    ARROW_ASSIGN_OR_RAISE(auto bytes, file_->ReadAt(position, size));
    Count(bytes->size());
    if (position == 0 && bytes->size() <= kMostKept) {
      const std::lock_guard lock(mutex_);
      start_ = bytes;
      start_size_ = size;
    }
    return bytes;
  }
  Result<int64_t> ReadAt(int64_t position, int64_t size, void* out) override {
    ARROW_RETURN_NOT_OK(CheckStop());
    ARROW_ASSIGN_OR_RAISE(const int64_t got, file_->ReadAt(position, size, out));
    Count(got);
    return got;
  }
  Result<int64_t> Read(int64_t size, void* out) override {
    ARROW_RETURN_NOT_OK(CheckStop());
    ARROW_ASSIGN_OR_RAISE(const int64_t got, file_->Read(size, out));
    Count(got);
    return got;
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override {
    ARROW_RETURN_NOT_OK(CheckStop());
    ARROW_ASSIGN_OR_RAISE(auto bytes, file_->Read(size));
    Count(bytes->size());
    return bytes;
  }

 private:
  Status CheckStop() const {
    const bool stopped = query_ && query_->stop().IsStopRequested();
    return stopped ? MakeError(ErrorKind::kCancelled, "the query was cancelled") : Status::OK();
  }
  void Count(int64_t bytes) {
    if (query_) query_->bytes_scanned += bytes;
  }

  static constexpr int64_t kMostKept = 1 << 20;

  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const duckdb::shared_ptr<QueryContext> query_;
  /// What was read of the start of the file: most readers look at it once before they read it.
  std::mutex mutex_;
  std::shared_ptr<arrow::Buffer> start_;
  int64_t start_size_ = 0;
};

/// What is wrong with the bytes of a file is no fault of the query.
Status AsCorrupt(const Status& error) {
  if (KindOf(error) != ErrorKind::kInvalid) return error;
  auto info = InfoOf(error);
  info.kind = ErrorKind::kCorrupt;
  return MakeError(std::move(info), error.message());
}

}  // namespace

/// Its notes are the query's when its last piece is decoded.
struct LakeRowStream::OpenFile {
  ~OpenFile() {
    if (!query || reader == nullptr) return;
    for (const auto& note : reader->notes()) query->AddNote("file " + uri + ": " + note);
  }

  duckdb::shared_ptr<QueryContext> query;
  size_t index = 0;
  std::string uri;
  std::shared_ptr<OpenedFile> shared;  // is counted while it lives
  std::mutex mutex;                    // of the reader's Next
  std::shared_ptr<const DataFileReader> file;
  FileReader* reader = nullptr;
  bool ended = false;
};

LakeRowStream::LakeRowStream(duckdb::ClientContext& context, const Table& table, const LakeFileList& files,
                             std::shared_ptr<arrow::Schema> wanted)
    : context_(context),
      files_(files),
      count_(files.GetTotalFileCount()),
      plan_{.schema = table.schema(), .partition_columns = table.partition_columns()},
      subject_("read table " + table.id().ToString()),
      wanted_(std::move(wanted)) {}

LakeRowStream::~LakeRowStream() = default;

Status LakeRowStream::Name(const Status& error) const { return Prefix(AsCorrupt(error), subject_); }

Result<std::shared_ptr<LakeRowStream::OpenFile>> LakeRowStream::Open(size_t index) {
  const auto& file = files_.file(index);
  auto open = std::make_shared<OpenFile>();
  open->index = index;
  open->uri = file.info.path;
  open->query = QueryContext::Of(context_);
  ARROW_ASSIGN_OR_RAISE(open->shared, OpenShared(context_, file.info));
  const std::shared_ptr<ObjectStore> store(open->shared, &open->shared->store());
  const auto& object = open->shared->info();
  ARROW_ASSIGN_OR_RAISE(auto bytes,
                        store->traits().remote ? OpenSequentialInput(store, object) : OpenInput(store, object));
  const InputFile input{.name = open->uri, .file = std::make_shared<QueryInput>(std::move(bytes), open->query)};
  const DataFile data{
      .location = open->uri, .size = file.size, .format = file.format, .format_options = file.format_options};
  ARROW_ASSIGN_OR_RAISE(auto reader, OpenDataFile(plan_, data, input, wanted_->fields(), {}));
  auto shared = std::make_shared<DataFileReader>(std::move(reader));
  open->reader = shared->reader.get();
  open->file = std::move(shared);
  return open;
}

Result<std::optional<LakeRowStream::Piece>> LakeRowStream::NextOf(const std::shared_ptr<OpenFile>& open) {
  if (open->ended) return std::nullopt;
  auto task = open->reader->Next();
  if (!task.ok()) return Name(task.status());
  if (!task->has_value()) {
    open->ended = true;
    Close(open);
    return std::nullopt;
  }
  Piece piece{.file = open->index};
  piece.decode = [this, open, task = *std::move(*task)]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
    auto batch = task();
    if (!batch.ok()) return Name(batch.status());
    return open->file->Complete(**batch, wanted_);
  };
  std::lock_guard lock(mutex_);
  piece.index = next_piece_++;
  return piece;
}

void LakeRowStream::Close(const std::shared_ptr<OpenFile>& file) {
  std::lock_guard lock(mutex_);
  open_.remove(file);
}

Result<std::optional<LakeRowStream::Piece>> LakeRowStream::Next() {
  for (;;) {
    // A file of which nobody takes the next piece; else one that is not begun; else wait for the first.
    std::shared_ptr<OpenFile> file;
    std::unique_lock<std::mutex> taking;
    std::optional<size_t> fresh;
    {
      std::lock_guard lock(mutex_);
      for (const auto& open : open_) {
        taking = std::unique_lock(open->mutex, std::try_to_lock);
        if (!taking.owns_lock()) continue;
        file = open;
        break;
      }
      if (file == nullptr && next_file_ < count_) fresh = next_file_++;
      if (file == nullptr && !fresh) {
        if (open_.empty()) return std::nullopt;
        file = open_.front();
      }
    }
    if (fresh) {
      auto opened = Open(*fresh);
      if (!opened.ok()) return Name(opened.status());
      file = *std::move(opened);
      taking = std::unique_lock(file->mutex);
      std::lock_guard lock(mutex_);
      open_.push_back(file);
    } else if (!taking.owns_lock()) {
      taking = std::unique_lock(file->mutex);
    }
    ARROW_ASSIGN_OR_RAISE(auto piece, NextOf(file));
    if (piece) return piece;
  }
}

}  // namespace glaux::duckdb_engine
