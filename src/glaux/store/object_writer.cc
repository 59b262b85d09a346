#include "glaux/store/object_writer.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "glaux/store/object_key.h"

namespace glaux {
namespace {

// S3 numbers parts up to 10,000.
constexpr int kMaxParts = 10'000;

class MultipartWriter final : public ObjectWriter {
 public:
  MultipartWriter(std::shared_ptr<ObjectStore> store, PendingObject pending, int64_t part_size)
      : store_(std::move(store)), pending_(std::move(pending)), part_size_(part_size) {
    set_mode(arrow::io::FileMode::WRITE);
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
      // A whole part that the caller holds in one piece goes out without a copy.
      if (buffered_ == 0 && static_cast<int64_t>(bytes.size()) >= part_size_) {
        ARROW_RETURN_NOT_OK(Send(bytes.first(part_size_)));
        bytes = bytes.subspan(part_size_);
        continue;
      }
      const auto piece = std::min<int64_t>(bytes.size(), part_size_ - buffered_);
      ARROW_RETURN_NOT_OK(Reserve(buffered_ + piece));
      std::memcpy(buffer_->mutable_data() + buffered_, bytes.data(), piece);
      buffered_ += piece;
      bytes = bytes.subspan(piece);
      if (buffered_ == part_size_) ARROW_RETURN_NOT_OK(SendBuffered());
    }
    return Status::OK();
  }

  // Part sizes are the store's matter: a flush in between must not make a part that is too small.
  Status Flush() override { return failed_; }

  Status Close() override {
    if (closed_) return failed_;
    ARROW_RETURN_NOT_OK(failed_);
    // An object without bytes needs one empty part.
    if (buffered_ > 0 || pending_.parts.empty()) ARROW_RETURN_NOT_OK(SendBuffered());
    buffer_.reset();
    closed_ = true;
    return Status::OK();
  }

  Status Abort() override {
    if (closed_) return Status::OK();
    closed_ = true;
    buffer_.reset();
    failed_ = MakeError(ErrorKind::kCancelled, "write ", pending_.key, ": the writer was aborted");
    return glaux::Abort(*store_, pending_);
  }

  Result<int64_t> Tell() const override { return pending_.size + buffered_; }
  bool closed() const override { return closed_; }
  const PendingObject& pending() const override { return pending_; }

 private:
  // Grow by doubling up to a part, so that a small object does not cost a whole part of memory.
  Status Reserve(int64_t size) {
    if (buffer_ != nullptr && buffer_->size() >= size) return Status::OK();
    int64_t capacity = std::max<int64_t>(buffer_ == nullptr ? 0 : 2 * buffer_->size(), 64 << 10);
    capacity = std::min(std::max(capacity, size), part_size_);
    if (buffer_ == nullptr) return arrow::AllocateResizableBuffer(capacity).Value(&buffer_);
    return buffer_->Resize(capacity);
  }

  Status SendBuffered() {
    const auto* data = buffer_ == nullptr ? nullptr : reinterpret_cast<const std::byte*>(buffer_->data());
    ARROW_RETURN_NOT_OK(Send({data, static_cast<size_t>(buffered_)}));
    buffered_ = 0;
    return Status::OK();
  }

  Status Send(std::span<const std::byte> part) {
    failed_ = [&]() -> Status {
      const int number = static_cast<int>(pending_.parts.size()) + 1;
      if (number > kMaxParts) {
        return WithHint(MakeError(ErrorKind::kInvalid, "write ", pending_.key, ": more than ", kMaxParts, " parts of ",
                                  part_size_, " bytes"),
                        "write with a larger part size");
      }
      ARROW_ASSIGN_OR_RAISE(auto sent, store_->UploadPart(pending_.key, pending_.upload_id, number, part));
      pending_.parts.push_back(std::move(sent));
      pending_.size += static_cast<int64_t>(part.size());
      return Status::OK();
    }();
    return failed_;
  }

  const std::shared_ptr<ObjectStore> store_;
  PendingObject pending_;
  const int64_t part_size_;
  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  int64_t buffered_ = 0;
  bool closed_ = false;
  // The first error; a stream with a hole in it must not be closed as if it were whole.
  Status failed_;
};

}  // namespace

Result<std::shared_ptr<ObjectWriter>> ObjectWriter::Open(std::shared_ptr<ObjectStore> store, std::string key,
                                                         int64_t part_size) {
  if (part_size < 1) return MakeError(ErrorKind::kInvalid, "write ", key, ": a part size of ", part_size, " bytes");
  ARROW_RETURN_NOT_OK(CheckKey(key));
  part_size = std::max(part_size, store->traits().min_part_size);
  ARROW_ASSIGN_OR_RAISE(auto upload_id, store->CreateMultipart(key));
  PendingObject pending{.key = std::move(key), .upload_id = std::move(upload_id), .parts = {}, .size = 0};
  return std::make_shared<MultipartWriter>(std::move(store), std::move(pending), part_size);
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
