#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <mutex>

#include "glaux/store/object_store.h"

namespace glaux {

/// The first bytes of an object, kept from the reading that looks what it is to the one that takes it: a small object
/// comes with one Get. All heads of a process hold at most 32 MiB. Thread-safe.
class ObjectHead {
 public:
  ObjectHead() = default;
  ~ObjectHead();
  ObjectHead(const ObjectHead&) = delete;
  ObjectHead& operator=(const ObjectHead&) = delete;

  /// Null: nothing is kept.
  std::shared_ptr<arrow::Buffer> bytes() const;
  /// Keep these, unless that is too much.
  void Keep(std::shared_ptr<arrow::Buffer> bytes);
  void Drop();

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<arrow::Buffer> bytes_;
};

/// Bytes of a Get that reads ahead.
inline constexpr int64_t kSequentialPieceBytes = 4 << 20;

/// Read an object of a remote store from front to back: as OpenInput, and once a second read goes on where the first
/// ended, three pieces of kSequentialPieceBytes are under way. Other reads are Gets of their own.
/// \param head may be null
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenSequentialInput(std::shared_ptr<ObjectStore> store,
                                                                         const ObjectInfo& object,
                                                                         std::shared_ptr<ObjectHead> head = nullptr);

}  // namespace glaux
