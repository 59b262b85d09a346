#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "glaux/store/posix_internal.h"

namespace glaux::posix {
namespace {

int CopyThroughMemory(int from, int64_t from_offset, int to, int64_t to_offset, int64_t size) {
  std::vector<std::byte> buffer(static_cast<size_t>(std::min<int64_t>(size, 1 << 20)));
  while (size > 0) {
    const auto got = ::pread(from, buffer.data(), std::min<size_t>(buffer.size(), size), from_offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 ? -errno : -ENODATA;
    if (const int error = WriteAt(to, std::span(buffer).first(got), to_offset); error < 0) return error;
    from_offset += got;
    to_offset += got;
    size -= got;
  }
  return 0;
}

}  // namespace

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

int OpenBeneath(int root, const std::string& path, int flags, mode_t mode) {
  static std::atomic<bool> missing{false};
  flags |= O_CLOEXEC;
  if (!missing) {
    open_how how{};
    how.flags = static_cast<uint32_t>(flags);
    how.mode = (flags & O_CREAT) != 0 ? mode : 0;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    for (;;) {
      const long fd = ::syscall(SYS_openat2, root, path.empty() ? "." : path.c_str(), &how, sizeof how);
      if (fd >= 0) return static_cast<int>(fd);
      if (errno == EINTR || errno == EAGAIN) continue;
      if (errno == ENOSYS) {
        missing = true;
      } else if (errno != EPERM) {  // EPERM is what some sandboxes answer instead of ENOSYS
        return -errno;
      }
      break;
    }
  }
  return OpenStepByStep(root, path, flags, mode);
}

// Since no link is followed at any step, nothing can lead out of the root.
int OpenStepByStep(int root, const std::string& path, int flags, mode_t mode) {
  const std::string name = path.empty() ? "." : path;
  Fd dir;
  size_t at = 0;
  for (;;) {
    const size_t slash = name.find('/', at);
    const std::string segment = name.substr(at, slash == name.npos ? slash : slash - at);
    const int parent = dir.get() < 0 ? root : dir.get();
    if (slash == name.npos) {
      const int fd = ::openat(parent, segment.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, mode);
      return fd < 0 ? -errno : fd;
    }
    Fd next(::openat(parent, segment.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (next.get() < 0) return -errno;
    dir = std::move(next);
    at = slash + 1;
  }
}

int WriteAt(int fd, std::span<const std::byte> bytes, int64_t offset) {
  while (!bytes.empty()) {
    const auto written = ::pwrite(fd, bytes.data(), bytes.size(), offset);
    if (written < 0) {
      if (errno == EINTR) continue;
      return -errno;
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
    offset += written;
  }
  return 0;
}

int CopyBytes(int from, int64_t from_offset, int to, int64_t to_offset, int64_t size) {
  off64_t in = from_offset, out = to_offset;
  const int64_t end = from_offset + size;
  while (in < end) {
    const auto copied = ::copy_file_range(from, &in, to, &out, static_cast<size_t>(end - in), 0);
    if (copied > 0) continue;
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO)) return -errno;
    // The end of the source, or a file system that does not know the call (some answer 0): the plain way tells.
    return CopyThroughMemory(from, in, to, out, end - in);
  }
  return 0;
}

int RenameIfAbsent(int from_dir, const std::string& from, int to_dir, const std::string& to) {
  if (::renameat2(from_dir, from.c_str(), to_dir, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -errno;
  // Network file systems: a second name is made only where there is none, then the first one goes.
  if (::linkat(from_dir, from.c_str(), to_dir, to.c_str(), 0) != 0) return -errno;
  ::unlinkat(from_dir, from.c_str(), 0);
  return 0;
}

int Lock(int fd, LockMode mode) {
  while (::flock(fd, mode == LockMode::kShared ? LOCK_SH : LOCK_EX) != 0) {
    if (errno != EINTR) return -errno;
  }
  return 0;
}

}  // namespace glaux::posix
