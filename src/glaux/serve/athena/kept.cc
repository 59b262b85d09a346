#include "glaux/serve/athena/kept_internal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "glaux/base/random.h"
#include "glaux/serve/athena/call_internal.h"

namespace glaux::serve::athena {
namespace {

/// Every change writes all of it.
constexpr size_t kMostBytes = 64 << 20;

Status Replace(const std::string& path, std::string_view text) {
  const std::string draft = path + "." + NewId();
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return ErrnoError(errno, "write " + path);
  int error = 0;
  while (!text.empty() && error == 0) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) error = errno;
    if (written > 0) text.remove_prefix(static_cast<size_t>(written));
  }
  if (error == 0 && ::fsync(fd) != 0) error = errno;
  ::close(fd);
  if (error == 0 && std::rename(draft.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return Status::OK();
  ::unlink(draft.c_str());
  return ErrnoError(error, "write " + path);
}

/// Held while a change is made, by all servers of a lake.
class FileLock {
 public:
  static Result<FileLock> Take(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) return ErrnoError(errno, "open " + path);
    FileLock lock(fd);
    while (::flock(fd, LOCK_EX) != 0) {
      if (errno != EINTR) return ErrnoError(errno, "lock " + path);
    }
    return lock;
  }
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~FileLock() {
    if (fd_ >= 0) ::close(fd_);
  }

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace

Kept::Stamp Kept::StampOf(const std::string& path) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {.inode = found.st_ino,
          .changed = static_cast<int64_t>(found.st_mtim.tv_sec) * 1'000'000'000 + found.st_mtim.tv_nsec,
          .size = found.st_size};
}

Result<std::unique_ptr<Kept>> Kept::Open(std::string path) {
  auto kept = std::unique_ptr<Kept>(new Kept(std::move(path)));
  ARROW_RETURN_NOT_OK(kept->Refresh());
  return kept;
}

Status Kept::Refresh() const {
  if (path_.empty()) return Status::OK();
  const Stamp stamp = StampOf(path_);
  {
    const std::lock_guard lock(mutex_);
    if (stamp == stamp_) return Status::OK();
  }
  auto read = std::make_shared<KeptState>();
  if (stamp != Stamp()) {
    std::ifstream file(path_);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return ErrnoError(errno, "read " + path_);
    auto state = glaux::wire::ParseShape<KeptState>(std::move(text).str(), glaux::wire::UnknownFields::kSkip);
    if (!state.ok()) {
      return MakeError({.kind = ErrorKind::kCorrupt, .hint = "remove the file to begin with none"},
                       "read workgroups from ", path_, ": ", state.status().message());
    }
    *read = *std::move(state);
  }
  const std::lock_guard lock(mutex_);
  state_ = std::move(read);
  stamp_ = stamp;
  return Status::OK();
}

std::shared_ptr<const KeptState> Kept::Get() const {
  // What another server has written. One that cannot be read now is read the next time, and a change says why.
  static_cast<void>(Refresh());
  const std::lock_guard lock(mutex_);
  return state_;
}

Status Kept::Change(const std::function<Status(KeptState*)>& change) {
  const std::lock_guard changing(change_mutex_);
  std::optional<FileLock> lock_of_all;
  if (!path_.empty()) {
    ARROW_ASSIGN_OR_RAISE(auto taken, FileLock::Take(path_ + ".lock"));
    lock_of_all.emplace(std::move(taken));
  }
  ARROW_RETURN_NOT_OK(Refresh());
  auto changed = std::make_shared<KeptState>(*Get());
  ARROW_RETURN_NOT_OK(change(changed.get()));
  const std::string text = glaux::wire::PrintShape(*changed);
  if (text.size() > kMostBytes) {
    return InvalidRequest("INVALID_INPUT",
                          "the workgroups, named queries and prepared statements of this server have "
                          "no room for more: delete some");
  }
  if (!path_.empty()) ARROW_RETURN_NOT_OK(Replace(path_, text));
  const std::lock_guard lock(mutex_);
  state_ = std::move(changed);
  stamp_ = StampOf(path_);
  return Status::OK();
}

}  // namespace glaux::serve::athena
