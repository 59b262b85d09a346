#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/store/directory_root_internal.h"

namespace glaux {

/// The multipart uploads of a directory store; any process can go on with them. Thread-safe.
///
/// An upload is some files in .glaux/uploads, whose names begin with its id:
/// - `<id>.parts`, the notes: the key, what the object's file is, where each part is; its lock is the upload's lock
/// - `<id>.data`, to which parts are appended that come as 1, 2, 3 …, and in which those of one size have their place in
///   whatever order they come; to complete the upload, this file gets the key as its name and nothing is copied
/// - `<id>.<etag>` for each part that came again, is larger than those before it or of unknown size; they are copied
/// The upload is gone as soon as the object's file is gone from there, whatever else is left of it.
class DirectoryUploads {
 public:
  explicit DirectoryUploads(const DirectoryRoot& root) : root_(root) {}

  Result<std::string> Create(std::string_view key, const ObjectAttributes& attributes);
  /// \param size of the part. Unset: as much as `write` says that it wrote
  /// \param write writes the part into a file from an offset on, and returns its size
  Result<UploadedPart> UploadPart(std::string_view key, std::string_view upload_id, int number,
                                  std::optional<int64_t> size,
                                  const std::function<Result<int64_t>(int fd, int64_t offset)>& write);
  Result<std::vector<UploadedPart>> ListParts(std::string_view key, std::string_view upload_id);
  Result<ObjectInfo> Complete(std::string_view key, std::string_view upload_id, std::span<const UploadedPart> parts,
                              const PutOptions& options);
  Status Abort(std::string_view key, std::string_view upload_id);
  Result<std::vector<MultipartUpload>> List(std::string_view prefix);

 private:
  const DirectoryRoot& root_;
};

}  // namespace glaux
