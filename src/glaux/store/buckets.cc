#include "glaux/store/buckets.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "glaux/base/random.h"
#include "glaux/store/directory_store.h"
#include "glaux/store/memory_store.h"

namespace glaux {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxNameBytes = 63;

Status CheckName(std::string_view name) {
  if (IsBucketName(name)) return Status::OK();
  return MakeError(ErrorKind::kInvalid, "make the bucket '", name,
                   "': a name has letters, digits, '-', '.' and '_', does not begin with '.', and has at most ",
                   kMaxNameBytes, " bytes");
}

Status NoBucket(std::string_view name) { return MakeError(ErrorKind::kNotFound, "there is no bucket '", name, "'"); }
Status HasObjects(std::string_view name) {
  return MakeError(ErrorKind::kPrecondition, "delete the bucket '", name, "': there are objects in it");
}
Status IsThere(std::string_view name) {
  return MakeError(ErrorKind::kAlreadyExists, "make the bucket '", name, "': it exists already");
}

Result<bool> IsEmpty(ObjectStore& store) {
  ARROW_ASSIGN_OR_RAISE(const auto page, store.List({.max_keys = 1}));
  return page.objects.empty();
}

class MemoryBuckets final : public BucketHost {
 public:
  Result<std::vector<BucketInfo>> List() override {
    const std::lock_guard lock(mutex_);
    std::vector<BucketInfo> list;
    for (const auto& [name, bucket] : buckets_) list.push_back({.name = name, .created = bucket.created});
    return list;
  }

  Result<std::shared_ptr<ObjectStore>> Open(std::string_view name) override {
    const std::lock_guard lock(mutex_);
    const auto found = buckets_.find(name);
    if (found == buckets_.end()) return NoBucket(name);
    return found->second.store;
  }

  Status Create(std::string_view name) override {
    ARROW_RETURN_NOT_OK(CheckName(name));
    const std::lock_guard lock(mutex_);
    Bucket bucket{.store = MakeMemoryStore(), .created = Clock::System().Now()};
    return buckets_.emplace(name, std::move(bucket)).second ? Status::OK() : IsThere(name);
  }

  Status Delete(std::string_view name) override {
    const std::lock_guard lock(mutex_);
    const auto found = buckets_.find(name);
    if (found == buckets_.end()) return NoBucket(name);
    ARROW_ASSIGN_OR_RAISE(const bool empty, IsEmpty(*found->second.store));
    if (!empty) return HasObjects(name);
    buckets_.erase(found);
    return Status::OK();
  }

 private:
  struct Bucket {
    std::shared_ptr<ObjectStore> store;
    Timestamp created;
  };
  std::mutex mutex_;
  std::map<std::string, Bucket, std::less<>> buckets_;
};

class DirectoryBuckets final : public BucketHost {
 public:
  explicit DirectoryBuckets(DirectoryBucketsOptions options) : options_(std::move(options)) {}

  Result<std::vector<BucketInfo>> List() override {
    std::vector<BucketInfo> list;
    std::error_code error;
    for (fs::directory_iterator at(options_.root, error), end; !error && at != end; at.increment(error)) {
      std::string name = at->path().filename().string();
      struct statx file;
      if (!IsBucketName(name) ||
          ::statx(AT_FDCWD, at->path().c_str(), 0, STATX_BTIME | STATX_MTIME | STATX_TYPE, &file) != 0 ||
          !S_ISDIR(file.stx_mode)) {
        continue;
      }
      // Not every file system knows when a folder was made.
      const auto& time = (file.stx_mask & STATX_BTIME) != 0 ? file.stx_btime : file.stx_mtime;
      const auto since = std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_nsec / 1000);
      list.push_back({.name = std::move(name), .created = Timestamp(since)});
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      return ErrnoError(error.value(), "list the buckets in " + options_.root);
    }
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return list;
  }

  Result<std::shared_ptr<ObjectStore>> Open(std::string_view name) override {
    if (!IsBucketName(name)) return NoBucket(name);
    const std::string path = PathOf(name);
    struct stat folder;
    if (::stat(path.c_str(), &folder) != 0 || !S_ISDIR(folder.st_mode)) return NoBucket(name);
    {
      const std::shared_lock lock(mutex_);
      // The folder may have gone and come again since.
      const auto found = stores_.find(name);
      if (found != stores_.end() && found->second.inode == folder.st_ino) return found->second.store;
    }
    const std::lock_guard lock(mutex_);
    ARROW_ASSIGN_OR_RAISE(auto store, MakeDirectoryStore({.root = path, .sync = options_.sync}));
    stores_.insert_or_assign(std::string(name), Opened{.store = store, .inode = folder.st_ino});
    return store;
  }

  Status Create(std::string_view name) override {
    ARROW_RETURN_NOT_OK(CheckName(name));
    std::error_code error;
    fs::create_directories(options_.root, error);
    if (::mkdir(PathOf(name).c_str(), 0777) == 0) return Status::OK();
    if (errno == EEXIST) return IsThere(name);
    return ErrnoError(errno, "make the bucket " + PathOf(name));
  }

  Status Delete(std::string_view name) override {
    ARROW_ASSIGN_OR_RAISE(const auto store, Open(name));
    ARROW_ASSIGN_OR_RAISE(bool empty, IsEmpty(*store));
    if (!empty) return HasObjects(name);
    const std::lock_guard lock(mutex_);
    // Under another name nobody finds it any more; whoever was first with an object gets the bucket back.
    const std::string aside = options_.root + "/.deleted-" + NewId();
    if (::rename(PathOf(name).c_str(), aside.c_str()) != 0)
      return ErrnoError(errno, "delete the bucket " + PathOf(name));
    const auto still_empty = IsEmpty(*store);
    if (!still_empty.ok() || !*still_empty) {
      if (::rename(aside.c_str(), PathOf(name).c_str()) != 0)
        return ErrnoError(errno, "keep the bucket " + PathOf(name));
      ARROW_RETURN_NOT_OK(still_empty.status());
      return HasObjects(name);
    }
    if (const auto found = stores_.find(name); found != stores_.end()) stores_.erase(found);
    std::error_code error;
    fs::remove_all(aside, error);
    return error ? ErrnoError(error.value(), "delete the bucket " + PathOf(name)) : Status::OK();
  }

 private:
  struct Opened {
    std::shared_ptr<ObjectStore> store;
    ino_t inode;
  };

  std::string PathOf(std::string_view name) const { return options_.root + "/" + std::string(name); }

  const DirectoryBucketsOptions options_;
  std::shared_mutex mutex_;
  std::map<std::string, Opened, std::less<>> stores_;
};

}  // namespace

bool IsBucketName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return (c < 0x80 && std::isalnum(c) != 0) || c == '-' || c == '.' || c == '_';
         });
}

std::shared_ptr<BucketHost> MakeMemoryBuckets() { return std::make_shared<MemoryBuckets>(); }

std::shared_ptr<BucketHost> MakeDirectoryBuckets(DirectoryBucketsOptions options) {
  return std::make_shared<DirectoryBuckets>(std::move(options));
}

}  // namespace glaux
