#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "glaux/store/object_store.h"

namespace glaux {

/// An object whose bytes are all in the store but that nobody sees yet. Plain data: it can be written down, and any
/// process can complete or abort it later.
struct PendingObject {
  std::string key;
  std::string upload_id;
  std::vector<UploadedPart> parts;
  int64_t size = 0;
};

struct ObjectWriterOptions {
  /// Bytes kept before they are sent as one part; raised to the store's minimum. After 2,000 parts they grow, so that
  /// 10,000 of 8 MiB and more hold the 5 TiB that S3 allows.
  int64_t part_size = 8 << 20;
  /// Parts on their way at once, beside the one that is filled. 0: what the store's traits say. All writers of the
  /// process together have at most 128 MiB on their way; above that a writer sends its part itself.
  int parallel_parts = 0;
};

/// An output stream into a multipart upload. Not thread-safe. Holds one part in memory, and those on their way.
/// An error of a part that was on its way comes from a later call.
///
/// Close() sends the rest and ends the writing, but does not complete the upload: take `pending()` and hand it to
/// Complete, or Abort it. Destroying a writer that was not closed aborts the upload.
class ObjectWriter : public arrow::io::OutputStream {
 public:
  static Result<std::shared_ptr<ObjectWriter>> Open(std::shared_ptr<ObjectStore> store, std::string key,
                                                    const ObjectWriterOptions& options);
  static Result<std::shared_ptr<ObjectWriter>> Open(std::shared_ptr<ObjectStore> store, std::string key,
                                                    int64_t part_size = 8 << 20) {
    return Open(std::move(store), std::move(key), ObjectWriterOptions{.part_size = part_size});
  }

  /// After Close(): what Complete and Abort need.
  virtual const PendingObject& pending() const = 0;
};

/// Make a pending object visible. If it is visible already (its upload is gone and the key has its size), that is
/// success: a repeated or resumed commit ends here.
Result<ObjectInfo> Complete(ObjectStore& store, const PendingObject& object, const PutOptions& options = {});

/// Drop a pending object; one that is gone is success.
Status Abort(ObjectStore& store, const PendingObject& object);

}  // namespace glaux
