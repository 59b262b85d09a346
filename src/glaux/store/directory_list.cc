#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include "glaux/store/directory_list_internal.h"
#include "glaux/store/object_key.h"

namespace glaux {
namespace {

// Folders with fewer names are read again faster than they are worth keeping.
constexpr size_t kMinCachedNames = 2000;
constexpr size_t kMaxCachedBytes = 64 << 20;

bool SameTime(const struct timespec& a, const struct timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

// A folder that changed just now can change once more within one tick of its time stamp, and nobody could tell.
bool IsSettled(const struct stat& folder) {
  struct timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  const auto since = [](const struct timespec& now, const struct timespec& then) {
    return std::chrono::seconds(now.tv_sec - then.tv_sec) + std::chrono::nanoseconds(now.tv_nsec - then.tv_nsec);
  };
  // Whole seconds: a file system that keeps no finer time.
  const bool coarse = folder.st_mtim.tv_nsec == 0 && folder.st_ctim.tv_nsec == 0;
  const auto age = std::min(since(now, folder.st_mtim), since(now, folder.st_ctim));
  return age > (coarse ? std::chrono::nanoseconds(std::chrono::seconds(3)) : std::chrono::milliseconds(100));
}

enum class EntryKind { kFile, kFolder, kOther };

// Behind the names of links and special files, where folders have '/'. No name of a file has it.
constexpr char kOtherMark = '\0';

EntryKind EntryKindOf(int dir, const dirent& entry) {
  switch (entry.d_type) {
    case DT_REG:
      return EntryKind::kFile;
    case DT_DIR:
      return EntryKind::kFolder;
    case DT_UNKNOWN:
      break;
    default:
      return EntryKind::kOther;
  }
  struct stat file;
  if (::fstatat(dir, entry.d_name, &file, AT_SYMLINK_NOFOLLOW) != 0) return EntryKind::kOther;
  return S_ISREG(file.st_mode) ? EntryKind::kFile : S_ISDIR(file.st_mode) ? EntryKind::kFolder : EntryKind::kOther;
}

// Call `visit(name, kind)` for each entry; it returns false to stop. The object whose key is the folder's own comes as a
// file without a name. 0 or the negative of errno.
template <typename Visit>
int VisitFolder(int fd, Visit visit) {
  // The stream owns its descriptor and moves its position: give it one of its own.
  const int own = ::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) return -errno;
  DIR* stream = ::fdopendir(own);
  if (stream == nullptr) {
    ::close(own);
    return -ENOMEM;
  }
  int error = 0;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream);
    if (entry == nullptr) {
      error = -errno;
      break;
    }
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    const auto kind = EntryKindOf(fd, *entry);
    const bool is_private = name == kPrivateDir;
    if (is_private && kind != EntryKind::kFile) continue;
    if (!visit(is_private ? std::string_view() : name, kind)) break;
  }
  ::closedir(stream);
  return error;
}

// A folder that went away, or became a file, while we were on the way to it.
bool IsGone(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

class Lister {
 public:
  Lister(const DirectoryRoot& root, FolderCache& cache, ListPager& pager) : root_(root), cache_(cache), pager_(pager) {}

  Status Run() {
    // Begin in the deepest folder that the prefix names.
    const auto slash = pager_.prefix().rfind('/');
    const std::string start = slash == std::string::npos ? "" : pager_.prefix().substr(0, slash + 1);
    if (!start.empty() && !root_.CheckKey("list", start.substr(0, slash)).ok()) return Status::OK();
    return Walk(start).status();
  }

 private:
  // `folder` is "" or ends in '/'. Answers false when the page is full.
  Result<bool> Walk(const std::string& folder) {
    ARROW_ASSIGN_OR_RAISE(const auto fd, Open(folder));
    if (!fd) return true;
    ARROW_ASSIGN_OR_RAISE(const auto names, NamesOf(fd->get(), folder));
    std::string key = folder;
    for (auto name = FirstWanted(*names, folder); name != names->end(); ++name) {
      key.resize(folder.size());
      key += *name;
      if (key > pager_.prefix() && !key.starts_with(pager_.prefix())) break;
      if (key.size() > kMaxKeyBytes || key.empty()) continue;
      bool more = true;
      if (key.back() == kOtherMark) {
        key.pop_back();
        pager_.PassOver(key);
      } else if (name->empty() || key.back() != '/') {
        if (pager_.WantsKey(key)) more = OfferFile(fd->get(), *name, key);
      } else if (pager_.WantsTree(key)) {
        ARROW_ASSIGN_OR_RAISE(more, IsOneCommonPrefix(key) ? OfferFolder(key) : Walk(key));
      }
      if (!more) return false;
    }
    return true;
  }

  Result<std::optional<posix::Fd>> Open(const std::string& folder) {
    const std::string path = folder.empty() ? folder : folder.substr(0, folder.size() - 1);
    const int fd = posix::OpenBeneath(root_.fd(), path, O_RDONLY | O_DIRECTORY);
    if (fd >= 0) return std::optional(posix::Fd(fd));
    // A folder name that is too long for the file system is one more that is not there.
    if (IsGone(-fd) || fd == -ENAMETOOLONG) return std::optional<posix::Fd>();
    return root_.Error(-fd, "list", folder);
  }

  Result<FolderNames> NamesOf(int fd, const std::string& folder) {
    struct stat before;
    if (::fstat(fd, &before) != 0) return root_.Error(errno, "list", folder);
    if (auto kept = cache_.Find(before)) return kept;
    auto names = std::make_shared<std::vector<std::string>>();
    const int error = VisitFolder(fd, [&](std::string_view name, EntryKind kind) {
      auto& added = names->emplace_back(name);
      if (kind == EntryKind::kFolder) added.push_back('/');
      if (kind == EntryKind::kOther) added.push_back(kOtherMark);
      return true;
    });
    if (error < 0 && !IsGone(-error)) return root_.Error(-error, "list", folder);
    std::sort(names->begin(), names->end());
    if (names->size() >= kMinCachedNames && IsSettled(before)) cache_.Keep(before, names);
    return names;
  }

  // Where names of the page can begin: after the key that the page follows, and not before the prefix.
  std::vector<std::string>::const_iterator FirstWanted(const std::vector<std::string>& names,
                                                       const std::string& folder) {
    auto first = names.begin();
    for (const std::string* bound : {&pager_.prefix(), &pager_.after()}) {
      if (!bound->starts_with(folder)) continue;
      // The folder on the way to the bound comes before the bound itself.
      const auto slash = bound->find('/', folder.size());
      const auto rest = bound->substr(folder.size(), slash == std::string::npos ? slash : slash + 1 - folder.size());
      first = std::max(first, std::lower_bound(names.begin(), names.end(), rest));
    }
    return first;
  }

  bool OfferFile(int dir, const std::string& name, const std::string& key) {
    struct stat file;
    const char* path = name.empty() ? kPrivateDir.data() : name.c_str();
    if (::fstatat(dir, path, &file, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(file.st_mode)) return true;
    return pager_.Offer(DirectoryRoot::InfoOf(key, file));
  }

  // Whether all of a folder folds into its own name, and none of it lies before the page.
  bool IsOneCommonPrefix(const std::string& key) const {
    return pager_.delimiter() == "/" && key.size() > pager_.prefix().size() && key > pager_.after();
  }

  Result<bool> OfferFolder(const std::string& key) {
    std::vector<std::string> others;
    ARROW_ASSIGN_OR_RAISE(const bool any, HoldsAny(key, &others));
    if (any) return pager_.OfferCommonPrefix(key);
    // Nobody will list it, and so nobody else will tell of them.
    std::sort(others.begin(), others.end());
    for (auto& other : others) pager_.PassOver(std::move(other));
    return true;
  }

  // Whether there is any object below: folders alone are not something that a store shows. Where there is none,
  // `others` are all keys of what is no object.
  Result<bool> HoldsAny(const std::string& folder, std::vector<std::string>* others) {
    ARROW_ASSIGN_OR_RAISE(const auto fd, Open(folder));
    if (!fd) return false;
    bool any = false;
    std::vector<std::string> folders;
    const int error = VisitFolder(fd->get(), [&](std::string_view name, EntryKind kind) {
      if (folder.size() + name.size() > kMaxKeyBytes) return true;
      any = kind == EntryKind::kFile;
      if (kind == EntryKind::kFolder) folders.emplace_back(name);
      if (kind == EntryKind::kOther) others->push_back(folder + std::string(name));
      return !any;
    });
    if (error < 0 && !IsGone(-error)) return root_.Error(-error, "list", folder);
    for (size_t i = 0; i < folders.size() && !any; ++i) {
      ARROW_ASSIGN_OR_RAISE(any, HoldsAny(folder + folders[i] + "/", others));
    }
    return any;
  }

  const DirectoryRoot& root_;
  FolderCache& cache_;
  ListPager& pager_;
};

}  // namespace

FolderNames FolderCache::Find(const struct stat& folder) {
  const std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->device != folder.st_dev || entry->inode != folder.st_ino) continue;
    if (SameTime(entry->modified, folder.st_mtim) && SameTime(entry->changed, folder.st_ctim)) {
      entries_.splice(entries_.begin(), entries_, entry);
      return entry->names;
    }
    bytes_ -= entry->bytes;
    entries_.erase(entry);
    return nullptr;
  }
  return nullptr;
}

void FolderCache::Keep(const struct stat& folder, FolderNames names) {
  size_t bytes = names->capacity() * sizeof(std::string);
  for (const auto& name : *names) bytes += name.capacity() > std::string().capacity() ? name.capacity() : 0;
  if (bytes > kMaxCachedBytes) return;
  const std::lock_guard lock(mutex_);
  entries_.push_front({.device = folder.st_dev,
                       .inode = folder.st_ino,
                       .modified = folder.st_mtim,
                       .changed = folder.st_ctim,
                       .names = std::move(names),
                       .bytes = bytes});
  bytes_ += bytes;
  while (bytes_ > kMaxCachedBytes) {
    bytes_ -= entries_.back().bytes;
    entries_.pop_back();
  }
}

Result<ListPage> ListDirectory(const DirectoryRoot& root, FolderCache& cache, const ListOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto pager, ListPager::Make(options));
  ARROW_RETURN_NOT_OK(Lister(root, cache, pager).Run());
  return std::move(pager).Finish();
}

}  // namespace glaux
