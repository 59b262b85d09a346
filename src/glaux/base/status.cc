#include "glaux/base/status.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include "glaux/base/secrets.h"

namespace glaux {
namespace {

constexpr char kTypeId[] = "glaux::ErrorDetail";

class ErrorDetail final : public arrow::StatusDetail {
 public:
  explicit ErrorDetail(ErrorInfo info) : info_(std::move(info)) {}
  const char* type_id() const override { return kTypeId; }
  std::string ToString() const override {
    std::string text(KindName(info_.kind));
    auto add = [&](std::string_view name, std::string_view value) {
      if (!value.empty()) text.append(", ").append(name).append(" ").append(value);
    };
    add("service", info_.service);
    add("operation", info_.operation);
    add("code", info_.code);
    if (info_.http_status != 0) add("http status", std::to_string(info_.http_status));
    add("request id", info_.request_id);
    return text;
  }
  const ErrorInfo& info() const { return info_; }

 private:
  ErrorInfo info_;
};

const ErrorDetail* DetailOf(const Status& status) {
  const auto& detail = status.detail();
  if (detail == nullptr || std::strcmp(detail->type_id(), kTypeId) != 0) return nullptr;
  return static_cast<const ErrorDetail*>(detail.get());
}

arrow::StatusCode CodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
      return arrow::StatusCode::Invalid;
    case ErrorKind::kNotFound:
      return arrow::StatusCode::KeyError;
    case ErrorKind::kAlreadyExists:
      return arrow::StatusCode::AlreadyExists;
    case ErrorKind::kNotImplemented:
      return arrow::StatusCode::NotImplemented;
    case ErrorKind::kCancelled:
      return arrow::StatusCode::Cancelled;
    case ErrorKind::kCorrupt:
      return arrow::StatusCode::SerializationError;
    case ErrorKind::kOther:
      return arrow::StatusCode::UnknownError;
    default:
      return arrow::StatusCode::IOError;
  }
}

struct KindRow {
  ErrorKind kind;
  std::string_view name;
  int http_status;
  int exit_code;
};

constexpr KindRow kKinds[] = {
    {ErrorKind::kOther, "Other", 500, 1},
    {ErrorKind::kInvalid, "Invalid", 400, 2},
    {ErrorKind::kUnauthenticated, "Unauthenticated", 401, 3},
    {ErrorKind::kDenied, "Denied", 403, 3},
    {ErrorKind::kNotFound, "NotFound", 404, 4},
    {ErrorKind::kAlreadyExists, "AlreadyExists", 409, 5},
    {ErrorKind::kPrecondition, "Precondition", 412, 5},
    {ErrorKind::kCommitUnknown, "CommitUnknown", 500, 6},
    {ErrorKind::kThrottled, "Throttled", 429, 7},
    {ErrorKind::kUnavailable, "Unavailable", 503, 7},
    {ErrorKind::kTimeout, "Timeout", 504, 7},
    {ErrorKind::kCorrupt, "Corrupt", 500, 8},
    {ErrorKind::kNotImplemented, "NotImplemented", 501, 9},
    {ErrorKind::kCancelled, "Cancelled", 499, 130},
};

const KindRow& RowOf(ErrorKind kind) { return kKinds[static_cast<size_t>(kind)]; }

}  // namespace

Status MakeErrorMessage(ErrorInfo info, std::string message) {
  const auto code = CodeOf(info.kind);
  // The one place that every error passes: nobody has to think of what an address may hold.
  info.hint = WithoutSecrets(info.hint);
  message = WithoutSecrets(message);
  return Status(code, std::move(message), std::make_shared<ErrorDetail>(std::move(info)));
}

Status ErrnoError(int error, std::string_view what) {
  ErrorInfo info;
  switch (error) {
    case ENOENT:
      info.kind = ErrorKind::kNotFound;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      info.kind = ErrorKind::kDenied;
      break;
    case EEXIST:
    case ENOTEMPTY:
      info.kind = ErrorKind::kAlreadyExists;
      break;
    case EISDIR:
    case ENOTDIR:
    case ENAMETOOLONG:
    case EINVAL:
      info.kind = ErrorKind::kInvalid;
      break;
    case ENOSPC:
    case EDQUOT:
      info.kind = ErrorKind::kUnavailable;
      info.hint = "free some space and run the same command again: nothing was committed";
      break;
    default:
      info.kind = ErrorKind::kUnavailable;
  }
  return MakeError(std::move(info), what, ": ", std::strerror(error));
}

ErrorKind KindOf(const Status& status) {
  if (const auto* detail = DetailOf(status)) return detail->info().kind;
  switch (status.code()) {
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::TypeError:
    case arrow::StatusCode::IndexError:
      return ErrorKind::kInvalid;
    case arrow::StatusCode::KeyError:
      return ErrorKind::kNotFound;
    case arrow::StatusCode::AlreadyExists:
      return ErrorKind::kAlreadyExists;
    case arrow::StatusCode::NotImplemented:
      return ErrorKind::kNotImplemented;
    case arrow::StatusCode::Cancelled:
      return ErrorKind::kCancelled;
    case arrow::StatusCode::SerializationError:
      return ErrorKind::kCorrupt;
    case arrow::StatusCode::IOError:
    case arrow::StatusCode::OutOfMemory:
    case arrow::StatusCode::CapacityError:
      return ErrorKind::kUnavailable;
    default:
      return ErrorKind::kOther;
  }
}

ErrorInfo InfoOf(const Status& status) {
  if (const auto* detail = DetailOf(status)) return detail->info();
  return ErrorInfo{.kind = KindOf(status)};
}

Status Prefix(const Status& status, std::string_view context) {
  if (status.ok()) return status;
  return status.WithMessage(WithoutSecrets(context), ": ", WithoutSecrets(status.message()));
}

Status WithHint(const Status& status, std::string hint) {
  if (status.ok()) return status;
  auto info = InfoOf(status);
  if (info.hint.empty()) info.hint = std::move(hint);
  return MakeErrorMessage(std::move(info), status.message());
}

std::string_view KindName(ErrorKind kind) { return RowOf(kind).name; }
int ExitCodeOf(ErrorKind kind) { return RowOf(kind).exit_code; }
int HttpStatusOf(ErrorKind kind) { return RowOf(kind).http_status; }

}  // namespace glaux
