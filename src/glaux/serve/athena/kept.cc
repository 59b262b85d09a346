#include "glaux/serve/athena/kept_internal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>

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

}  // namespace

Result<std::unique_ptr<Kept>> Kept::Open(std::string path) {
  auto kept = std::unique_ptr<Kept>(new Kept(std::move(path)));
  if (kept->path_.empty() || ::access(kept->path_.c_str(), F_OK) != 0) return kept;
  std::ifstream file(kept->path_);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return ErrnoError(errno, "read " + kept->path_);
  auto state = glaux::wire::ParseShape<KeptState>(std::move(text).str(), glaux::wire::UnknownFields::kSkip);
  if (!state.ok()) {
    return MakeError({.kind = ErrorKind::kCorrupt, .hint = "remove the file to begin with none"},
                     "read workgroups from ", kept->path_, ": ", state.status().message());
  }
  kept->state_ = std::make_shared<const KeptState>(*std::move(state));
  return kept;
}

std::shared_ptr<const KeptState> Kept::Get() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

Status Kept::Change(const std::function<Status(KeptState*)>& change) {
  const std::lock_guard changing(change_mutex_);
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
  return Status::OK();
}

}  // namespace glaux::serve::athena
