#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <utility>
#include <vector>

#include "glaux/base/random.h"
#include "glaux/store/directory_root_internal.h"
#include "glaux/store/object_key.h"

namespace glaux {
namespace {

constexpr mode_t kFileMode = 0666, kDirMode = 0777;  // less the umask
// Writers and deleters of one folder get into each other's way a few times at most.
constexpr int kMaxTries = 1000;
// Longer than any Put or Copy takes to write a file.
constexpr std::chrono::hours kStaleAfter{24};

// A key that ends in '/' is the file with the private folder's name in the folder of that name.
std::string PathOf(std::string_view key) {
  std::string path(key);
  if (path.ends_with('/')) path += kPrivateDir;
  return path;
}

// The folder and the name in it. A path passes through unchanged: none ends in '/'.
std::pair<std::string, std::string> SplitKey(std::string_view of) {
  const std::string path = PathOf(of);
  const std::string_view key = path;
  const auto slash = key.rfind('/');
  if (slash == key.npos) return {std::string(), std::string(key)};
  return {std::string(key.substr(0, slash)), std::string(key.substr(slash + 1))};
}

// Time stamps of the kernel tick every few milliseconds, and inode numbers are used again: two versions of an object
// could have the same of both. The clock tells them apart.
int StampNow(int fd) {
  struct timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  const struct timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, now};
  // Only the owner may set times; a file that somebody else began keeps that of its last write.
  return ::futimens(fd, times) == 0 || errno == EPERM ? 0 : -errno;
}

bool Exists(int dir, const std::string& name) {
  struct stat file;
  return ::fstatat(dir, name.c_str(), &file, AT_SYMLINK_NOFOLLOW) == 0;
}

}  // namespace

int SyncFile(int fd) {
  while (::fsync(fd) != 0) {
    if (errno == EINTR) continue;
    return errno == EINVAL || errno == ENOTSUP ? 0 : -errno;
  }
  return 0;
}

DirectoryRoot::TempFile::~TempFile() {
  if (fd_.get() >= 0) ::unlinkat(root_, path_.c_str(), 0);
}

int DirectoryRoot::TempFile::MoveTo(const std::string& path) {
  if (::renameat(root_, path_.c_str(), root_, path.c_str()) != 0) return -errno;
  ::close(fd_.release());
  return 0;
}

Result<std::unique_ptr<DirectoryRoot>> DirectoryRoot::Open(const DirectoryStoreOptions& options) {
  if (options.root.empty() || options.root.find('\0') != std::string::npos) {
    return MakeError(ErrorKind::kInvalid, "open a directory store: its root is not a path: '", options.root, "'");
  }
  std::error_code error;
  const auto path = std::filesystem::absolute(options.root, error).lexically_normal();
  std::filesystem::create_directories(path, error);
  std::string text = path.string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  auto root = std::unique_ptr<DirectoryRoot>(new DirectoryRoot);
  root->name_ = "file://" + text;
  root->sync_ = options.sync;
  root->root_ = posix::Fd(::open(text.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root->fd() < 0) return ErrnoError(error ? error.value() : errno, "open the directory store " + root->name_);
  root->RemoveStaleFiles();
  return root;
}

Status DirectoryRoot::Error(int error, std::string_view operation, std::string_view key) const {
  std::string what;
  what.append(operation).append(" ").append(name_).append("/").append(key);
  switch (error) {
    case ELOOP:
      return MakeError(ErrorKind::kInvalid, what,
                       ": a symbolic link stands there, and links below the root are not followed");
    case EXDEV:
      return MakeError(ErrorKind::kInvalid, what, ": another file system is mounted there; give it a store of its own");
    default:
      return ErrnoError(error, what);
  }
}

Status DirectoryRoot::CheckKey(std::string_view operation, std::string_view key) const {
  ARROW_RETURN_NOT_OK(Prefix(glaux::CheckKey(key), operation));
  for (size_t at = 0; at <= key.size();) {
    const auto end = std::min(key.find('/', at), key.size());
    const auto segment = key.substr(at, end - at);
    if (segment.empty() && at == key.size()) break;  // "a/"
    if (segment.empty() || segment == "." || segment == ".." || segment == kPrivateDir) {
      return MakeError(ErrorKind::kInvalid, operation, " ", name_, "/", key,
                       ": a key in a directory cannot hold the segment '", segment, "'");
    }
    at = end + 1;
  }
  return Status::OK();
}

ObjectInfo DirectoryRoot::InfoOf(std::string_view key, const struct stat& file) {
  char etag[64];
  std::snprintf(etag, sizeof etag, "%llx-%llx-%llx%08lx", static_cast<unsigned long long>(file.st_ino),
                static_cast<unsigned long long>(file.st_size), static_cast<unsigned long long>(file.st_mtim.tv_sec),
                file.st_mtim.tv_nsec);
  const auto modified = std::chrono::seconds(file.st_mtim.tv_sec) + std::chrono::nanoseconds(file.st_mtim.tv_nsec);
  return {.key = std::string(key),
          .size = file.st_size,
          .etag = etag,
          .last_modified = Timestamp(std::chrono::floor<std::chrono::microseconds>(modified)),
          .version = {}};
}

Result<DirectoryRoot::OpenedObject> DirectoryRoot::OpenObject(std::string_view operation, std::string_view key,
                                                              OpenFor purpose) const {
  ARROW_RETURN_NOT_OK(CheckKey(operation, key));
  // Without O_NONBLOCK, opening a pipe would wait for its writer.
  const int flags = purpose == OpenFor::kStat ? O_PATH : O_RDONLY | O_NONBLOCK;
  const int fd = posix::OpenBeneath(root_.get(), PathOf(key), flags);
  if (fd < 0) return Error(fd == -ENOTDIR || fd == -ENXIO ? ENOENT : -fd, operation, key);
  OpenedObject object{.fd = posix::Fd(fd), .info = {}};
  struct stat file;
  if (::fstat(fd, &file) != 0) return Error(errno, operation, key);
  if (!S_ISREG(file.st_mode)) return Error(S_ISLNK(file.st_mode) ? ELOOP : ENOENT, operation, key);
  object.info = InfoOf(key, file);
  return object;
}

Status DirectoryRoot::MakePrivateDirs() const {
  for (const char* dir : {".glaux", kTempDir, kUploadsDir, kLocksDir}) {
    if (::mkdirat(root_.get(), dir, kDirMode) != 0 && errno != EEXIST) return Error(errno, "make the folder", dir);
  }
  if (sync_) {
    const posix::Fd dir(posix::OpenBeneath(root_.get(), ".glaux", O_RDONLY | O_DIRECTORY));
    SyncFile(dir.get());
    SyncFile(root_.get());
  }
  return Status::OK();
}

Result<DirectoryRoot::TempFile> DirectoryRoot::MakeTempFile(std::string_view operation, std::string_view key) const {
  std::string path = std::string(kTempDir) + "/" + NewId();
  constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL;
  int fd = posix::OpenBeneath(root_.get(), path, kFlags, kFileMode);
  if (fd == -ENOENT) {
    ARROW_RETURN_NOT_OK(MakePrivateDirs());
    fd = posix::OpenBeneath(root_.get(), path, kFlags, kFileMode);
  }
  if (fd < 0) return Error(-fd, operation, key);
  return TempFile(root_.get(), std::move(path), posix::Fd(fd));
}

Result<posix::Fd> DirectoryRoot::MakeParent(std::string_view operation, std::string_view key) const {
  const std::string parent = SplitKey(key).first;
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    int fd = posix::OpenBeneath(root_.get(), parent, kFlags);
    if (fd >= 0) return posix::Fd(fd);
    // Go down from the root and make what is missing; a deleter may take away again what was just made.
    posix::Fd dir;
    for (size_t at = 0; fd == -ENOENT && at < parent.size();) {
      const size_t end = std::min(parent.find('/', at), parent.size());
      const std::string segment = parent.substr(at, end - at);
      const int above = dir.get() < 0 ? root_.get() : dir.get();
      posix::Fd next(::openat(above, segment.c_str(), kFlags));
      if (next.get() < 0 && errno == ENOENT) {
        if (::mkdirat(above, segment.c_str(), kDirMode) != 0 && errno != EEXIST) {
          fd = -errno;
          break;
        }
        if (sync_) SyncFile(above);
        next = posix::Fd(::openat(above, segment.c_str(), kFlags));
      }
      if (next.get() < 0) {
        fd = -errno;
        break;
      }
      dir = std::move(next);
      at = end + 1;
      if (at > parent.size()) return dir;
    }
    if (fd == -ENOTDIR) {
      return MakeError(ErrorKind::kInvalid, operation, " ", name_, "/", key,
                       ": a part of the path is an object (or a link) and cannot be the folder of another key too");
    }
    if (fd != -ENOENT) return Error(-fd, operation, key);
  }
  return Error(ENOENT, operation, key);
}

// Every change of a key holds its lock, shared; who checks an ETag first holds it alone, so that nothing changes
// between the check and the rename.
Result<posix::Fd> DirectoryRoot::LockKey(std::string_view operation, std::string_view key, posix::LockMode mode) const {
  // Few files serve all keys. The hash must be the same in every process: FNV-1a.
  uint32_t hash = 2166136261;
  for (const unsigned char byte : key) hash = (hash ^ byte) * 16777619;
  char name[8];
  std::snprintf(name, sizeof name, "/%02x", hash % 64);
  const std::string path = kLocksDir + std::string(name);
  int fd = posix::OpenBeneath(root_.get(), path, O_RDWR | O_CREAT, kFileMode);
  if (fd == -ENOENT) {
    ARROW_RETURN_NOT_OK(MakePrivateDirs());
    fd = posix::OpenBeneath(root_.get(), path, O_RDWR | O_CREAT, kFileMode);
  }
  if (fd < 0) return Error(-fd, operation, key);
  posix::Fd lock(fd);
  if (const int error = posix::Lock(fd, mode); error < 0) return Error(-error, operation, key);
  return lock;
}

Result<int64_t> DirectoryRoot::WriteStream(std::string_view operation, std::string_view key, int fd, int64_t offset,
                                           ByteReader& body) const {
  constexpr int64_t kPiece = 1 << 20;
  constexpr int64_t kStretch = 8 << 20;
  std::vector<std::byte> piece(static_cast<size_t>(std::clamp<int64_t>(body.size().value_or(kPiece), 1, kPiece)));
  int64_t written = 0, begun = 0;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto got, body.Read(piece));
    if (got == 0) break;
    if (const int error = posix::WriteAt(fd, std::span(piece).first(got), offset + written); error < 0)
      return Error(-error, operation, key);
    written += static_cast<int64_t>(got);
    if (sync_ && written - begun >= kStretch) {
      // The disk begins while the rest is still coming; that all is there, the sync at the end sees to.
      ::sync_file_range(fd, offset + begun, written - begun, SYNC_FILE_RANGE_WRITE);
      begun = written;
    }
  }
  if (body.size().value_or(written) != written) {
    return MakeError(ErrorKind::kInvalid, operation, " ", name_, "/", key, ": the body has ", written,
                     " bytes, expected ", *body.size());
  }
  return written;
}

int DirectoryRoot::StampAndSync(int fd) const {
  const int error = StampNow(fd);
  return error < 0 || !sync_ ? error : SyncFile(fd);
}

Result<ObjectInfo> DirectoryRoot::Publish(std::string_view operation, std::string_view key, const std::string& path,
                                          int fd, Content content, const PutOptions& options) const {
  if (content == Content::kNew) {
    if (const int error = StampAndSync(fd); error < 0) return Error(-error, operation, key);
  }
  auto info = Rename(operation, key, path, fd, options);
  // Folders that were made for it would stand in the way of a key with their name.
  if (!info.ok()) RemoveEmptyParents(key);
  return info;
}

Result<ObjectInfo> DirectoryRoot::Rename(std::string_view operation, std::string_view key, const std::string& path,
                                         int fd, const PutOptions& options) const {
  struct stat file;
  if (::fstat(fd, &file) != 0) return Error(errno, operation, key);
  const std::string last = SplitKey(key).second;
  const auto condition_failed = [&](std::string_view why) {
    return MakeError(ErrorKind::kPrecondition, operation, " ", name_, "/", key, ": ", why);
  };

  for (int tries = 0; tries < kMaxTries; ++tries) {
    ARROW_ASSIGN_OR_RAISE(const auto parent, MakeParent(operation, key));
    int error = 0;
    {
      const auto mode = options.if_match.empty() ? posix::LockMode::kShared : posix::LockMode::kExclusive;
      ARROW_ASSIGN_OR_RAISE(const auto lock, LockKey(operation, key, mode));
      struct stat there;
      const bool exists = ::fstatat(parent.get(), last.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0;
      const bool is_object = exists && S_ISREG(there.st_mode);
      if (options.if_absent && exists && !S_ISDIR(there.st_mode)) return condition_failed("the key exists already");
      if (!options.if_match.empty() && (!is_object || InfoOf(key, there).etag != options.if_match)) {
        return condition_failed("the object is not the one with ETag " + options.if_match);
      }
      if (exists && S_ISDIR(there.st_mode)) {
        // A folder that nothing is in any more gives way.
        if (::unlinkat(parent.get(), last.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
          if (errno != ENOTEMPTY && errno != EEXIST) return Error(errno, operation, key);
          return MakeError(ErrorKind::kInvalid, operation, " ", name_, "/", key,
                           ": the key is the folder of other keys and cannot be an object too");
        }
      }
      if (options.if_absent) {
        error = posix::RenameIfAbsent(root_.get(), path, parent.get(), last);
      } else if (::renameat(root_.get(), path.c_str(), parent.get(), last.c_str()) != 0) {
        error = -errno;
      }
    }
    if (error == 0) {
      if (sync_) {
        if (const int failed = SyncFile(parent.get()); failed < 0) return Error(-failed, operation, key);
      }
      return InfoOf(key, file);
    }
    // The folder went away, or somebody made one (or an object) here, since we looked: look again.
    if (error == -EISDIR || error == -EEXIST || error == -ENOTEMPTY) continue;
    if (error != -ENOENT || !Exists(root_.get(), path)) return Error(-error, operation, key);
  }
  return Error(EAGAIN, operation, key);
}

Result<ObjectInfo> DirectoryRoot::Publish(std::string_view operation, std::string_view key, TempFile file,
                                          const PutOptions& options) const {
  ARROW_ASSIGN_OR_RAISE(auto info, Publish(operation, key, file.path_, file.fd(), Content::kNew, options));
  // It has its final name: nothing is left to remove.
  ::close(file.fd_.release());
  return info;
}

Status DirectoryRoot::Delete(std::string_view key) const {
  ARROW_RETURN_NOT_OK(CheckKey("delete", key));
  const auto gone = [](int error) { return error == ENOENT || error == ENOTDIR; };
  const auto [dir, last] = SplitKey(key);
  const posix::Fd parent(posix::OpenBeneath(root_.get(), dir, O_PATH | O_DIRECTORY));
  if (parent.get() < 0) return gone(-parent.get()) ? Status::OK() : Error(-parent.get(), "delete", key);
  struct stat there;
  if (::fstatat(parent.get(), last.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) {
    return gone(errno) ? Status::OK() : Error(errno, "delete", key);
  }
  if (S_ISLNK(there.st_mode)) return Error(ELOOP, "delete", key);
  if (!S_ISREG(there.st_mode)) return Status::OK();
  {
    ARROW_ASSIGN_OR_RAISE(const auto lock, LockKey("delete", key, posix::LockMode::kShared));
    if (::unlinkat(parent.get(), last.c_str(), 0) != 0 && !gone(errno) && errno != EISDIR)
      return Error(errno, "delete", key);
  }
  RemoveEmptyParents(key);
  return Status::OK();
}

void DirectoryRoot::RemoveEmptyParents(std::string_view key) const {
  for (std::string dir = SplitKey(key).first; !dir.empty();) {
    const auto [above, name] = SplitKey(dir);
    const posix::Fd parent(posix::OpenBeneath(root_.get(), above, O_PATH | O_DIRECTORY));
    if (parent.get() < 0 || ::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) != 0) return;
    dir = above;
  }
}

// What killed writers left: files that nobody has written to for long and that belong to no upload.
void DirectoryRoot::RemoveStaleFiles() const {
  const auto stale = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() - kStaleAfter);
  for (const char* folder : {kTempDir, kUploadsDir}) {
    const int fd = posix::OpenBeneath(root_.get(), folder, O_RDONLY | O_DIRECTORY);
    if (fd < 0) continue;
    DIR* stream = ::fdopendir(fd);
    if (stream == nullptr) {
      ::close(fd);
      continue;
    }
    while (const dirent* entry = ::readdir(stream)) {
      const std::string name = entry->d_name;
      struct stat file;
      if (::fstatat(fd, name.c_str(), &file, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(file.st_mode)) continue;
      if (file.st_mtim.tv_sec >= stale) continue;
      if (folder == kUploadsDir && Exists(fd, name.substr(0, name.find('.')) + kPartsSuffix)) continue;
      ::unlinkat(fd, name.c_str(), 0);
    }
    ::closedir(stream);
  }
}

}  // namespace glaux
