#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

// The system calls of the directory store. Each answers 0 or a descriptor, or the negative of errno: what an errno
// means depends on the call that got it.

namespace glaux::posix {

/// A file descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// Open a path below the directory `root` without following any symbolic link: -ELOOP or -ENOTDIR where one stands.
/// `path` has no "." and ".." segments; "" is the root itself.
int OpenBeneath(int root, const std::string& path, int flags, mode_t mode = 0);

/// The same for kernels and sandboxes without openat2: segment by segment.
int OpenStepByStep(int root, const std::string& path, int flags, mode_t mode = 0);

int WriteAt(int fd, std::span<const std::byte> bytes, int64_t offset);

/// Copy `size` bytes between two files, inside the kernel where it can. -ENODATA if `from` ends before that.
int CopyBytes(int from, int64_t from_offset, int to, int64_t to_offset, int64_t size);

/// Rename, but -EEXIST where the new name exists.
int RenameIfAbsent(int from_dir, const std::string& from, int to_dir, const std::string& to);

enum class LockMode { kShared, kExclusive };

/// Wait for a lock on an open file, between processes. It ends with the descriptor.
int Lock(int fd, LockMode mode);

}  // namespace glaux::posix
