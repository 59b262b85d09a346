#pragma once

#include <sys/stat.h>

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "glaux/store/directory_root_internal.h"
#include "glaux/store/list_pager_internal.h"

namespace glaux {

/// The names in one folder, in the order of their keys: folders end in '/', since "a-b" comes before "a/" and "a0"
/// after.
using FolderNames = std::shared_ptr<const std::vector<std::string>>;

/// Names of large folders that were read lately, so that the next page of a listing need not read them again. An entry
/// counts only while the folder's time of change says that nothing was added or removed. Thread-safe.
class FolderCache {
 public:
  FolderNames Find(const struct stat& folder);
  void Keep(const struct stat& folder, FolderNames names);

 private:
  struct Entry {
    dev_t device;
    ino_t inode;
    struct timespec modified;
    struct timespec changed;
    FolderNames names;
    size_t bytes;
  };
  std::mutex mutex_;
  std::list<Entry> entries_;  // the latest used first
  size_t bytes_ = 0;
};

/// One page of a directory store. Reads only folders that can hold keys of the page.
Result<ListPage> ListDirectory(const DirectoryRoot& root, FolderCache& cache, const ListOptions& options);

}  // namespace glaux
