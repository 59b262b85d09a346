#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <string>
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

/// An output stream into a multipart upload. Not thread-safe. Holds at most one part in memory.
///
/// Close() sends the rest and ends the writing, but does not complete the upload: take `pending()` and hand it to
/// Complete, or Abort it. Destroying a writer that was not closed aborts the upload.
class ObjectWriter : public arrow::io::OutputStream {
 public:
  /// \param part_size bytes kept before they are sent as one part; raised to the store's minimum
  static Result<std::shared_ptr<ObjectWriter>> Open(std::shared_ptr<ObjectStore> store, std::string key,
                                                    int64_t part_size = 8 << 20);

  /// After Close(): what Complete and Abort need.
  virtual const PendingObject& pending() const = 0;
};

/// Make a pending object visible. If it is visible already (its upload is gone and the key has its size), that is
/// success: a repeated or resumed commit ends here.
Result<ObjectInfo> Complete(ObjectStore& store, const PendingObject& object, const PutOptions& options = {});

/// Drop a pending object; one that is gone is success.
Status Abort(ObjectStore& store, const PendingObject& object);

}  // namespace glaux
