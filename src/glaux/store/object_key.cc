#include "glaux/store/object_key.h"

#include <string>

namespace glaux {

Status CheckKey(std::string_view key) {
  if (key.empty()) return MakeError(ErrorKind::kInvalid, "a key cannot be empty");
  if (key.find('\0') != key.npos) {
    return MakeError(ErrorKind::kInvalid, "a key cannot hold a NUL byte: '", key.substr(0, key.find('\0')), "\\0…'");
  }
  if (key.front() == '/') return MakeError(ErrorKind::kInvalid, "a key cannot begin with '/': '", key, "'");
  if (key.size() > kMaxKeyBytes) {
    return MakeError(ErrorKind::kInvalid, "a key has at most ", kMaxKeyBytes, " bytes, this one has ", key.size(),
                     ": '", key.substr(0, 64), "…'");
  }
  return Status::OK();
}

}  // namespace glaux
