#include "glaux/store/sequential_input.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <utility>

#include "glaux/base/memory.h"
#include "glaux/base/parallel.h"
#include "glaux/store/object_input.h"

namespace glaux {
namespace {

constexpr size_t kPiecesAhead = 3;
constexpr int64_t kMostOfAllHeads = 32 << 20;

MemoryBudget& HeadBytes() {
  static auto* const budget = new MemoryBudget(kMostOfAllHeads);
  return *budget;
}

/// A part of the object on its way.
struct Piece {
  int64_t begin = 0;
  int64_t end = 0;

  std::mutex mutex;
  std::condition_variable done;
  bool begun = false;
  bool ended = false;
  Result<std::shared_ptr<arrow::Buffer>> bytes = nullptr;

  void Run(arrow::io::RandomAccessFile& file) {
    {
      std::lock_guard lock(mutex);
      if (std::exchange(begun, true)) return;
    }
    auto got = file.ReadAt(begin, end - begin);
    std::lock_guard lock(mutex);
    bytes = std::move(got);
    ended = true;
    done.notify_all();
  }

  /// Whoever waits begins what nobody has begun.
  Result<std::shared_ptr<arrow::Buffer>> Await(arrow::io::RandomAccessFile& file) {
    Run(file);
    std::unique_lock lock(mutex);
    done.wait(lock, [this] { return ended; });
    return bytes;
  }
};

class SequentialInput final : public arrow::io::RandomAccessFile {
 public:
  SequentialInput(std::shared_ptr<arrow::io::RandomAccessFile> file, int64_t size, std::shared_ptr<ObjectHead> head)
      : file_(std::move(file)), size_(size), head_(std::move(head)), tasks_(Pool::kIo, kPiecesAhead) {
    set_mode(arrow::io::FileMode::READ);
  }

  Status Close() override { return file_->Close(); }
  bool closed() const override { return file_->closed(); }
  Result<int64_t> GetSize() override { return file_->GetSize(); }
  Result<int64_t> Tell() const override { return file_->Tell(); }
  Status Seek(int64_t position) override { return file_->Seek(position); }

  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t size) override {
    if (closed() || position < 0 || size <= 0 || position >= size_) return file_->ReadAt(position, size);
    const int64_t end = position + std::min(size, size_ - position);
    std::lock_guard lock(mutex_);
    if (head_ != nullptr) {
      if (const auto head = head_->bytes(); head != nullptr && end <= head->size()) {
        next_ = planned_ = end;
        pieces_.clear();
        return arrow::SliceBuffer(head, position, end - position);
      }
    }
    if (position == next_ && position > 0) {
      Plan();
      const auto piece = pieces_.front();
      if (end <= piece->end) {
        ARROW_ASSIGN_OR_RAISE(const auto bytes, piece->Await(*file_));
        next_ = end;
        if (end == piece->end) pieces_.pop_front();
        if (end < size_) Plan();
        return arrow::SliceBuffer(bytes, position - piece->begin, end - position);
      }
    }
    ARROW_ASSIGN_OR_RAISE(auto bytes, file_->ReadAt(position, end - position));
    next_ = planned_ = end;
    pieces_.clear();
    if (position == 0 && head_ != nullptr) head_->Keep(bytes);
    return bytes;
  }

  Result<int64_t> ReadAt(int64_t position, int64_t size, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const auto bytes, ReadAt(position, size));
    if (bytes->size() > 0) std::memcpy(out, bytes->data(), static_cast<size_t>(bytes->size()));
    return bytes->size();
  }
  Result<int64_t> Read(int64_t size, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t at, Tell());
    ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(at, size, out));
    ARROW_RETURN_NOT_OK(Seek(at + read));
    return read;
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t at, Tell());
    ARROW_ASSIGN_OR_RAISE(auto bytes, ReadAt(at, size));
    ARROW_RETURN_NOT_OK(Seek(at + bytes->size()));
    return bytes;
  }
  using RandomAccessFile::ReadAt;

 private:
  void Plan() {
    while (pieces_.size() < kPiecesAhead && planned_ < size_) {
      auto piece = std::make_shared<Piece>();
      piece->begin = planned_;
      piece->end = planned_ = std::min(size_, planned_ + kSequentialPieceBytes);
      pieces_.push_back(piece);
      // Its error is for whoever reads it.
      static_cast<void>(tasks_.Start([file = file_, piece] {
        piece->Run(*file);
        return Status::OK();
      }));
    }
  }

  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const int64_t size_;
  const std::shared_ptr<ObjectHead> head_;
  std::mutex mutex_;
  int64_t next_ = 0;     ///< where the last read ended
  int64_t planned_ = 0;  ///< where the last piece ends
  std::deque<std::shared_ptr<Piece>> pieces_;
  TaskGroup tasks_;
};

}  // namespace

ObjectHead::~ObjectHead() { Drop(); }

std::shared_ptr<arrow::Buffer> ObjectHead::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

void ObjectHead::Keep(std::shared_ptr<arrow::Buffer> bytes) {
  std::lock_guard lock(mutex_);
  if (bytes_ == nullptr && bytes->size() <= kMostOfAllHeads && HeadBytes().TryAcquire(bytes->size())) {
    bytes_ = std::move(bytes);
  }
}

void ObjectHead::Drop() {
  std::lock_guard lock(mutex_);
  if (bytes_ != nullptr) HeadBytes().Release(bytes_->size());
  bytes_.reset();
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenSequentialInput(std::shared_ptr<ObjectStore> store,
                                                                         const ObjectInfo& object,
                                                                         std::shared_ptr<ObjectHead> head) {
  ARROW_ASSIGN_OR_RAISE(auto file, OpenInput(std::move(store), object));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  return std::make_shared<SequentialInput>(std::move(file), size, std::move(head));
}

}  // namespace glaux
