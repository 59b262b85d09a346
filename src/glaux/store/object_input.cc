#include "glaux/store/object_input.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

namespace glaux {
namespace {

class ObjectInput final : public arrow::io::RandomAccessFile {
 public:
  ObjectInput(std::shared_ptr<ObjectStore> store, ObjectInfo object)
      : store_(std::move(store)), object_(std::move(object)) {
    set_mode(arrow::io::FileMode::READ);
  }

  Status Close() override {
    closed_ = true;
    return Status::OK();
  }
  bool closed() const override { return closed_; }

  Result<int64_t> GetSize() override {
    ARROW_RETURN_NOT_OK(CheckOpen());
    return object_.size;
  }

  Result<int64_t> Tell() const override {
    ARROW_RETURN_NOT_OK(CheckOpen());
    return position_;
  }

  Status Seek(int64_t position) override {
    ARROW_RETURN_NOT_OK(CheckOpen());
    if (position < 0) return MakeError(ErrorKind::kInvalid, "read ", object_.key, ": seek to byte ", position);
    position_ = position;
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t size) override {
    ARROW_RETURN_NOT_OK(CheckOpen());
    if (position < 0 || size < 0) {
      return MakeError(ErrorKind::kInvalid, "read ", object_.key, ": ", size, " bytes from ", position);
    }
    if (size == 0 || position >= object_.size) return std::make_shared<arrow::Buffer>(nullptr, 0);
    size = std::min(size, object_.size - position);
    auto body = store_->Get(object_.key, {.range = {.offset = position, .length = size}, .if_match = object_.etag});
    if (KindOf(body.status()) == ErrorKind::kPrecondition) {
      return WithHint(Prefix(body.status(), "read " + object_.key + ": the object was replaced after it was opened"),
                      "run again, to read the new version from its start");
    }
    ARROW_RETURN_NOT_OK(body);
    if ((*body)->size() != size) {
      return MakeError(ErrorKind::kCorrupt, "read ", object_.key, ": ", (*body)->size(), " bytes came instead of ",
                       size, " from byte ", position);
    }
    return body;
  }

  Result<int64_t> ReadAt(int64_t position, int64_t size, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const auto body, ReadAt(position, size));
    if (body->size() > 0) std::memcpy(out, body->data(), static_cast<size_t>(body->size()));
    return body->size();
  }

  Result<int64_t> Read(int64_t size, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(position_, size, out));
    position_ += read;
    return read;
  }

  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(auto body, ReadAt(position_, size));
    position_ += body->size();
    return body;
  }

  using RandomAccessFile::ReadAt;

 private:
  Status CheckOpen() const {
    if (closed_) return MakeError(ErrorKind::kInvalid, "read ", object_.key, ": the file is closed");
    return Status::OK();
  }

  const std::shared_ptr<ObjectStore> store_;
  const ObjectInfo object_;
  int64_t position_ = 0;
  std::atomic<bool> closed_{false};
};

}  // namespace

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(std::shared_ptr<ObjectStore> store,
                                                               const ObjectInfo& object) {
  ObjectInfo info = object;
  if (info.etag.empty()) {
    ARROW_ASSIGN_OR_RAISE(info, store->Head(object.key));
  }
  return std::make_shared<ObjectInput>(std::move(store), std::move(info));
}

}  // namespace glaux
