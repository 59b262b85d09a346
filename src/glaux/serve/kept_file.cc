#include "glaux/serve/kept_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "glaux/base/random.h"

namespace glaux::serve {

KeptFile::Lock::~Lock() {
  if (fd_ >= 0) ::close(fd_);
}

KeptFile::Stamp KeptFile::StampNow() const {
  struct stat found = {};
  if (path_.empty() || ::stat(path_.c_str(), &found) != 0) return {};
  return {.inode = found.st_ino,
          .changed = static_cast<int64_t>(found.st_mtim.tv_sec) * 1'000'000'000 + found.st_mtim.tv_nsec,
          .size = found.st_size};
}

Result<std::optional<std::string>> KeptFile::ReadIfChanged() {
  const Stamp stamp = StampNow();
  if (stamp == stamp_) return std::nullopt;
  std::string text;
  if (stamp != Stamp()) {
    std::ifstream file(path_);
    std::ostringstream content;
    content << file.rdbuf();
    if (!file) return ErrnoError(errno, "read " + path_);
    text = std::move(content).str();
    if (text.empty()) return MakeError(ErrorKind::kCorrupt, "read ", path_, ": the file is empty");
  }
  stamp_ = stamp;
  return text;
}

Result<KeptFile::Lock> KeptFile::TakeLock() const {
  const std::string path = path_ + ".lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return ErrnoError(errno, "open " + path);
  Lock lock(fd);
  while (::flock(fd, LOCK_EX) != 0) {
    if (errno != EINTR) return ErrnoError(errno, "lock " + path);
  }
  return lock;
}

Status KeptFile::Replace(std::string_view text) {
  const std::string draft = path_ + "." + NewId();
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return ErrnoError(errno, "write " + path_);
  int error = 0;
  while (!text.empty() && error == 0) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) error = errno;
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
  if (error == 0 && ::fsync(fd) != 0) error = errno;
  ::close(fd);
  if (error == 0 && std::rename(draft.c_str(), path_.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(draft.c_str());
    return ErrnoError(error, "write " + path_);
  }
  stamp_ = StampNow();
  return Status::OK();
}

}  // namespace glaux::serve
