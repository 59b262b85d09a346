#include "glaux/serve/access_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <random>
#include <sstream>

#include "glaux/base/random.h"

namespace glaux::serve {
namespace {

/// Write a file that only its owner may read, and let it appear whole unless one of that name is there already.
Status WriteOnce(const std::string& path, std::string_view text) {
  const std::string draft = path + "." + NewId();
  const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return ErrnoError(errno, "write the keys of the server to " + path);
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  ::close(fd);
  const int error = written ? (::link(draft.c_str(), path.c_str()) == 0 ? 0 : errno) : EIO;
  ::unlink(draft.c_str());
  return error == 0 || error == EEXIST ? Status::OK() : ErrnoError(error, "write the keys of the server to " + path);
}

}  // namespace

Result<std::vector<AccessKey>> ParseAccessKeys(std::string_view text) {
  std::vector<AccessKey> keys;
  for (size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find_first_of(",\n", at), text.size());
    const auto pair = text.substr(at, end - at);
    at = end + 1;
    const auto colon = pair.find(':');
    if (colon == pair.npos || colon == 0 || colon + 1 == pair.size()) {
      return MakeError(ErrorKind::kInvalid, "keys of the server: pair ", keys.size() + 1,
                       " is not of the form ID:SECRET (pairs are separated by commas)");
    }
    keys.push_back({.id = std::string(pair.substr(0, colon)), .secret = Secret(std::string(pair.substr(colon + 1)))});
  }
  return keys;
}

AccessKey MakeAccessKey() {
  static constexpr std::string_view kCapitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  static constexpr std::string_view kAny = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::random_device random;  // the kernel's own, on Linux
  const auto draw = [&](std::string_view from, size_t count) {
    std::string text;
    while (text.size() < count) text += from[random() % from.size()];
    return text;
  };
  return {.id = "GLAUX" + draw(kCapitals, 15), .secret = Secret(draw(kAny, 40))};
}

Result<KeptAccessKeys> KeepAccessKeys(const std::string& path) {
  KeptAccessKeys kept;
  if (::access(path.c_str(), F_OK) != 0) {
    const AccessKey key = MakeAccessKey();
    ARROW_RETURN_NOT_OK(WriteOnce(path, key.id + ":" + std::string(key.secret.Expose()) + "\n"));
    kept.made = true;
  }
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return ErrnoError(errno, "read the keys of the server from " + path);
  std::string lines = std::move(text).str();
  while (lines.ends_with('\n')) lines.pop_back();
  auto keys = ParseAccessKeys(lines);
  if (!keys.ok()) return Prefix(keys.status(), path);
  kept.keys = *std::move(keys);
  return kept;
}

}  // namespace glaux::serve
