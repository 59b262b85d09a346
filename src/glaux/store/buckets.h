#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/store/object_store.h"

namespace glaux {

struct BucketInfo {
  std::string name;
  Timestamp created = {};
};

/// Stores by name, side by side. Thread-safe.
class BucketHost {
 public:
  virtual ~BucketHost() = default;
  /// Ordered by name.
  virtual Result<std::vector<BucketInfo>> List() = 0;
  /// Cheap when it was opened before. kNotFound.
  virtual Result<std::shared_ptr<ObjectStore>> Open(std::string_view name) = 0;
  /// kAlreadyExists; kInvalid for a name that is none.
  virtual Status Create(std::string_view name) = 0;
  /// kNotFound; kPrecondition if there is an object in it. Uploads under way go with it.
  virtual Status Delete(std::string_view name) = 0;
};

/// Whether this can be the name of a bucket: letters, digits, '-', '.', '_', not beginning with '.', at most 63 bytes.
bool IsBucketName(std::string_view name);

std::shared_ptr<BucketHost> MakeMemoryBuckets();

struct DirectoryBucketsOptions {
  /// Each folder in it is a bucket; made with the first bucket. Names that begin with '.' are none.
  std::string root = {};
  /// As DirectoryStoreOptions::sync.
  bool sync = true;
};

std::shared_ptr<BucketHost> MakeDirectoryBuckets(DirectoryBucketsOptions options);

}  // namespace glaux
