#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/store/directory_root_internal.h"

namespace glaux {

/// The multipart uploads of a directory store; any process can go on with them. Thread-safe.
///
/// An upload is the folder .glaux/uploads/<id> with
/// - `key`, the object's key; its lock is the upload's lock
/// - `data`, to which parts are appended that come as 1, 2, 3 …; to complete the upload this file gets the key as its
/// name
/// - one file for each part that came out of order or again, named by the part's ETag
/// - `parts`, lines of one length. Line 0: the file that becomes the object, the number of the part that may be
/// appended
///   next, the size reserved so far. Line n: the file, offset, size and ETag of part n
/// The upload is gone as soon as the file that line 0 names is gone, whatever else is left of it.
class DirectoryUploads {
 public:
  explicit DirectoryUploads(const DirectoryRoot& root) : root_(root) {}

  Result<std::string> Create(std::string_view key);
  Result<UploadedPart> UploadPart(std::string_view key, std::string_view upload_id, int number,
                                  std::span<const std::byte> body);
  Result<ObjectInfo> Complete(std::string_view key, std::string_view upload_id, std::span<const UploadedPart> parts,
                              const PutOptions& options);
  Status Abort(std::string_view key, std::string_view upload_id);
  Result<std::vector<MultipartUpload>> List(std::string_view prefix);

 private:
  const DirectoryRoot& root_;
};

}  // namespace glaux
