#pragma once

#include <memory>
#include <string>

#include "glaux/store/object_store.h"

namespace glaux {

struct DirectoryStoreOptions {
  /// The folder that holds the objects; made if it is not there.
  std::string root = {};
  /// Send every object to the disk before it becomes visible, so that it also survives a loss of power. Without it an
  /// object survives the end of any process, and writing many small ones is much faster.
  bool sync = true;
};

/// Objects as plain files in a folder of a local file system: the key is the path below it.
///
/// Other programs may read the files, and add, replace (by rename) and delete some; processes that use the same folder
/// through this store also keep each other's conditions. Files under way live in the folder `.glaux` under the root: a
/// writer that is killed leaves something there, never a part of an object under its key.
///
/// - A segment of a key cannot be empty, ".", ".." or ".glaux", nor longer than the file system's names (255 bytes).
/// - A key that ends in '/' (the mark that some tools make for a folder) is the file `.glaux` in that folder.
/// - A key cannot be a folder of other keys: after "a/b", writing "a" is kInvalid, and the other way round.
/// - Symbolic links below the root are not followed: List passes over them and says so, a key that needs one is
/// kInvalid.
/// - The ETag is made of the file's inode, size and time of change: a file that another program writes in place within
///   the resolution of that time (some milliseconds) to the same size can keep its ETag.
Result<std::shared_ptr<ObjectStore>> MakeDirectoryStore(DirectoryStoreOptions options);

}  // namespace glaux
