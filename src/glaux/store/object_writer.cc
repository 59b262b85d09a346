#include "glaux/store/object_writer.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <utility>

#include "glaux/base/memory.h"
#include "glaux/base/parallel.h"
#include "glaux/store/object_key.h"

namespace glaux {
namespace {

// S3 numbers parts up to 10,000.
constexpr int kMaxParts = 10'000;
constexpr int64_t kMaxBytesOnTheirWay = 128 << 20;

// Of all writers of the process.
MemoryBudget& BytesOnTheirWay() {
  static auto* const budget = new MemoryBudget(kMaxBytesOnTheirWay);
  return *budget;
}

// With 8 MiB these steps come to 5.2 TiB in 10,000 parts, and the first 16 GiB are of equal parts.
int64_t SizeOfPart(int number, int64_t part_size) {
  if (number <= 2'000) return part_size;
  if (number <= 4'000) return 4 * part_size;
  if (number <= 6'000) return 16 * part_size;
  return 160 * part_size;
}

class MultipartWriter final : public ObjectWriter {
 public:
  MultipartWriter(std::shared_ptr<ObjectStore> store, PendingObject pending, int64_t part_size, int parallel_parts)
      : store_(std::move(store)), pending_(std::move(pending)), part_size_(part_size) {
    set_mode(arrow::io::FileMode::WRITE);
    if (parallel_parts > 1) on_their_way_ = std::make_unique<TaskGroup>(Pool::kIo, parallel_parts);
  }

  ~MultipartWriter() override {
    // What cannot be aborted now is found by ListMultipart later.
    if (!closed_) static_cast<void>(Abort());
  }

  Status Write(const void* data, int64_t size) override {
    if (closed_) return MakeError(ErrorKind::kInvalid, "write ", pending_.key, ": the writer is closed");
    ARROW_RETURN_NOT_OK(failed_);
    auto bytes = std::span(static_cast<const std::byte*>(data), static_cast<size_t>(size));
    while (!bytes.empty()) {
      const int64_t part_size = NextPartSize();
      // A whole part that the caller holds in one piece goes out without a copy.
      if (on_their_way_ == nullptr && buffered_ == 0 && static_cast<int64_t>(bytes.size()) >= part_size) {
        ARROW_RETURN_NOT_OK(Send(bytes.first(part_size)));
        bytes = bytes.subspan(part_size);
        continue;
      }
      const auto piece = std::min<int64_t>(bytes.size(), part_size - buffered_);
      ARROW_RETURN_NOT_OK(Reserve(buffered_ + piece, part_size));
      std::memcpy(buffer_->mutable_data() + buffered_, bytes.data(), piece);
      buffered_ += piece;
      bytes = bytes.subspan(piece);
      if (buffered_ == part_size) ARROW_RETURN_NOT_OK(SendBuffered());
    }
    return Status::OK();
  }

  // Part sizes are the store's matter: a flush in between must not make a part that is too small.
  Status Flush() override { return failed_; }

  Status Close() override {
    if (closed_) return failed_;
    ARROW_RETURN_NOT_OK(failed_);
    // An object without bytes needs one empty part.
    if (buffered_ > 0 || parts_.empty()) {
      const auto* data = buffer_ == nullptr ? nullptr : reinterpret_cast<const std::byte*>(buffer_->data());
      ARROW_RETURN_NOT_OK(Send({data, static_cast<size_t>(buffered_)}));
    }
    buffer_.reset();
    if (on_their_way_ != nullptr) {
      failed_ = on_their_way_->Wait();
      ARROW_RETURN_NOT_OK(failed_);
    }
    pending_.parts.assign(parts_.begin(), parts_.end());
    pending_.size = sent_;
    closed_ = true;
    return Status::OK();
  }

  Status Abort() override {
    if (closed_) return Status::OK();
    closed_ = true;
    buffer_.reset();
    aborted_ = true;
    // A part that arrives after the abort would stay.
    if (on_their_way_ != nullptr) static_cast<void>(on_their_way_->Wait());
    failed_ = MakeError(ErrorKind::kCancelled, "write ", pending_.key, ": the writer was aborted");
    return glaux::Abort(*store_, pending_);
  }

  Result<int64_t> Tell() const override { return sent_ + buffered_; }
  bool closed() const override { return closed_; }
  const PendingObject& pending() const override { return pending_; }

 private:
  int64_t NextPartSize() const { return SizeOfPart(static_cast<int>(parts_.size()) + 1, part_size_); }

  // Grow by doubling up to a part, so that a small object does not cost a whole part of memory.
  Status Reserve(int64_t size, int64_t part_size) {
    if (buffer_ != nullptr && buffer_->size() >= size) return Status::OK();
    int64_t capacity = std::max<int64_t>(buffer_ == nullptr ? 0 : 2 * buffer_->size(), 64 << 10);
    capacity = std::min(std::max(capacity, size), part_size);
    if (buffer_ == nullptr) return arrow::AllocateResizableBuffer(capacity).Value(&buffer_);
    return buffer_->Resize(capacity);
  }

  Status SendBuffered() {
    if (on_their_way_ == nullptr || !BytesOnTheirWay().TryAcquire(buffered_)) {
      ARROW_RETURN_NOT_OK(Send({reinterpret_cast<const std::byte*>(buffer_->data()), static_cast<size_t>(buffered_)}));
      buffered_ = 0;
      return Status::OK();
    }
    std::shared_ptr<arrow::Buffer> bytes = std::move(buffer_);
    const int64_t size = std::exchange(buffered_, 0);
    // Gives the bytes back also where the work is dropped.
    std::shared_ptr<void> held(nullptr, [size](void*) { BytesOnTheirWay().Release(size); });
    failed_ = [&]() -> Status {
      ARROW_ASSIGN_OR_RAISE(UploadedPart* const part, AddPart(size));
      return on_their_way_->Start([this, part, bytes, size, held]() -> Status {
        if (aborted_) return Status::OK();
        return Upload(part, {reinterpret_cast<const std::byte*>(bytes->data()), static_cast<size_t>(size)});
      });
    }();
    return failed_;
  }

  Status Send(std::span<const std::byte> bytes) {
    failed_ = [&]() -> Status {
      ARROW_ASSIGN_OR_RAISE(UploadedPart* const part, AddPart(static_cast<int64_t>(bytes.size())));
      return Upload(part, bytes);
    }();
    return failed_;
  }

  // Its place in the list stays where it is while others are added.
  Result<UploadedPart*> AddPart(int64_t size) {
    const int number = static_cast<int>(parts_.size()) + 1;
    if (number > kMaxParts) {
      return WithHint(MakeError(ErrorKind::kInvalid, "write ", pending_.key, ": more than ", kMaxParts, " parts of ",
                                part_size_, " bytes and more"),
                      "write with a larger part size");
    }
    sent_ += size;
    return &parts_.emplace_back(UploadedPart{.number = number, .etag = {}, .size = size});
  }

  Status Upload(UploadedPart* part, std::span<const std::byte> bytes) {
    return store_->UploadPart(pending_.key, pending_.upload_id, part->number, bytes).Value(part);
  }

  const std::shared_ptr<ObjectStore> store_;
  PendingObject pending_;
  const int64_t part_size_;
  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  int64_t buffered_ = 0;
  int64_t sent_ = 0;
  bool closed_ = false;
  std::atomic<bool> aborted_{false};
  // The first error; a stream with a hole in it must not be closed as if it were whole.
  Status failed_;
  std::deque<UploadedPart> parts_;
  // The last member: its end waits for work that uses the others. Null: parts are sent one by one.
  std::unique_ptr<TaskGroup> on_their_way_;
};

}  // namespace

Result<std::shared_ptr<ObjectWriter>> ObjectWriter::Open(std::shared_ptr<ObjectStore> store, std::string key,
                                                         const ObjectWriterOptions& options) {
  if (options.part_size < 1) {
    return MakeError(ErrorKind::kInvalid, "write ", key, ": a part size of ", options.part_size, " bytes");
  }
  ARROW_RETURN_NOT_OK(CheckKey(key));
  const StoreTraits traits = store->traits();
  const int64_t part_size = std::max(options.part_size, traits.min_part_size);
  const int parallel_parts = options.parallel_parts > 0 ? options.parallel_parts : traits.parallel_parts;
  ARROW_ASSIGN_OR_RAISE(auto upload_id, store->CreateMultipart(key));
  PendingObject pending{.key = std::move(key), .upload_id = std::move(upload_id), .parts = {}, .size = 0};
  return std::make_shared<MultipartWriter>(std::move(store), std::move(pending), part_size, parallel_parts);
}

Result<ObjectInfo> Complete(ObjectStore& store, const PendingObject& object, const PutOptions& options) {
  auto done = store.CompleteMultipart(object.key, object.upload_id, object.parts, options);
  if (done.ok() || KindOf(done.status()) != ErrorKind::kNotFound) return done;
  auto there = store.Head(object.key);
  if (there.ok() && there->size == object.size) return there;
  return done;
}

Status Abort(ObjectStore& store, const PendingObject& object) {
  const Status status = store.AbortMultipart(object.key, object.upload_id);
  return KindOf(status) == ErrorKind::kNotFound ? Status::OK() : status;
}

}  // namespace glaux
