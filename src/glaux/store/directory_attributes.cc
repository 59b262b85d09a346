#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "glaux/store/directory_root_internal.h"

namespace glaux {
namespace {

constexpr char kName[] = "user.glaux.attributes";

/// A descriptor that only names a file (O_PATH) has no attributes of its own to read; its path in /proc has.
std::string PathOf(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

/// Name, NUL, value, NUL, and so on.
ObjectAttributes Parse(std::string_view text) {
  ObjectAttributes attributes;
  while (!text.empty()) {
    const auto name = text.substr(0, text.find('\0'));
    text.remove_prefix(std::min(name.size() + 1, text.size()));
    const auto value = text.substr(0, text.find('\0'));
    text.remove_prefix(std::min(value.size() + 1, text.size()));
    attributes.emplace(name, value);
  }
  return attributes;
}

}  // namespace

ObjectAttributes DirectoryRoot::ReadAttributes(int fd) {
  std::array<char, 1024> few;
  auto size = ::fgetxattr(fd, kName, few.data(), few.size());
  std::string path;
  if (size < 0 && errno == EBADF) {
    path = PathOf(fd);
    size = ::getxattr(path.c_str(), kName, few.data(), few.size());
  }
  if (size >= 0) return Parse({few.data(), static_cast<size_t>(size)});
  if (errno != ERANGE) return {};
  std::string many(65'536, '\0');  // no file system takes more
  size = path.empty() ? ::fgetxattr(fd, kName, many.data(), many.size())
                      : ::getxattr(path.c_str(), kName, many.data(), many.size());
  return size < 0 ? ObjectAttributes{} : Parse({many.data(), static_cast<size_t>(size)});
}

Status DirectoryRoot::WriteAttributes(std::string_view operation, std::string_view key, int fd,
                                      const ObjectAttributes& attributes) const {
  std::string text;
  for (const auto& [name, value] : attributes) {
    if (name.empty() || name.find('\0') != name.npos || value.find('\0') != value.npos) {
      return MakeError(ErrorKind::kInvalid, operation, " ", name_, "/", key,
                       ": an attribute needs a name, and neither name nor value can hold a NUL byte");
    }
    text.append(name).push_back('\0');
    text.append(value).push_back('\0');
  }
  if (text.empty()) {
    if (::fremovexattr(fd, kName) == 0 || errno == ENODATA || errno == ENOTSUP) return Status::OK();
    return Error(errno, operation, key);
  }
  if (::fsetxattr(fd, kName, text.data(), text.size(), 0) == 0) return Status::OK();
  if (errno == ENOTSUP) {
    return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "leave out metadata and tags, or use another disk"},
                     operation, " ", name_, "/", key, ": this file system keeps no attributes of files");
  }
  if (errno == ENOSPC || errno == E2BIG || errno == ERANGE) {
    return MakeError(ErrorKind::kInvalid, operation, " ", name_, "/", key, ": metadata and tags of ", text.size(),
                     " bytes are more than this file system keeps for a file");
  }
  return Error(errno, operation, key);
}

Status DirectoryRoot::SetAttributes(std::string_view key, const ObjectAttributes& attributes,
                                    const std::string& if_match) const {
  constexpr char kOperation[] = "set the attributes of";
  ARROW_ASSIGN_OR_RAISE(const auto object, OpenObject(kOperation, key, OpenFor::kRead));
  // Should the key get another file meanwhile, this file's attributes no longer matter to anybody.
  if (!if_match.empty() && object.info.etag != if_match) {
    return MakeError(ErrorKind::kPrecondition, kOperation, " ", name_, "/", key, ": its ETag is ", object.info.etag);
  }
  return WriteAttributes(kOperation, key, object.fd.get(), attributes);
}

}  // namespace glaux
