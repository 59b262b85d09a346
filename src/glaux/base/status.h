#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

namespace glaux {

using arrow::Result;
using arrow::Status;

/// What a caller can do about an error. Branch on the kind, never on the text.
enum class ErrorKind : uint8_t {
  kOther,            ///< no kind was given: a bug or a library's own word
  kInvalid,          ///< the request or the data is wrong; repeating it changes nothing
  kUnauthenticated,  ///< no credentials, or they are not accepted
  kDenied,           ///< the credentials may not do this
  kNotFound,
  kAlreadyExists,
  kPrecondition,   ///< somebody else was first: read again and decide
  kCommitUnknown,  ///< the answer to a commit was lost: look whether it happened
  kThrottled,
  kUnavailable,  ///< the other side, the network or the disk cannot serve now
  kTimeout,
  kCorrupt,  ///< stored bytes do not mean what they should
  kNotImplemented,
  kCancelled,
};

/// What is known about an error beyond its message. All fields but `kind` may be empty.
struct ErrorInfo {
  ErrorKind kind = ErrorKind::kOther;
  std::string service = {};    ///< "s3", "glue", …
  std::string operation = {};  ///< "GetObject"
  std::string code = {};       ///< the service's own code, "NoSuchKey"
  int http_status = 0;
  std::string request_id = {};
  std::string hint = {};  ///< what to do next, one sentence
};

/// Make an error of the kind in `info`. The message says what was being done, to what, and what happened.
Status MakeErrorMessage(ErrorInfo info, std::string message);

template <typename... Args>
Status MakeError(ErrorInfo info, Args&&... args) {
  std::ostringstream text;
  (text << ... << std::forward<Args>(args));
  return MakeErrorMessage(std::move(info), std::move(text).str());
}

template <typename... Args>
Status MakeError(ErrorKind kind, Args&&... args) {
  return MakeError(ErrorInfo{.kind = kind}, std::forward<Args>(args)...);
}

/// Make an error from errno: ENOENT is kNotFound, EACCES kDenied, EEXIST kAlreadyExists, ENOSPC and EDQUOT kUnavailable
/// with a hint, EISDIR, ENOTDIR and ENAMETOOLONG kInvalid, else kUnavailable. The text of errno is appended to `what`.
Status ErrnoError(int error, std::string_view what);

/// The kind of an error. Errors of Arrow that carry no detail are mapped by their code; OK gives kOther.
ErrorKind KindOf(const Status& status);

/// The detail of an error that MakeError made; else only the kind.
ErrorInfo InfoOf(const Status& status);

/// The same error with words of the caller in front: "load a.csv: <message>". Kind and detail stay.
Status Prefix(const Status& status, std::string_view context);

/// The same error, with a hint if it has none.
Status WithHint(const Status& status, std::string hint);

/// "kNotFound" without the k: "NotFound".
std::string_view KindName(ErrorKind kind);

/// Exit code of the program for an error of this kind (see docs/reference/errors.md).
int ExitCodeOf(ErrorKind kind);

/// HTTP status that the server answers for an error of this kind.
int HttpStatusOf(ErrorKind kind);

}  // namespace glaux
