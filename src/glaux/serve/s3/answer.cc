#include <algorithm>
#include <charconv>
#include <ctime>

#include "glaux/serve/s3/call_internal.h"
#include "glaux/serve/s3/upload_body_internal.h"
#include "glaux/wire/s3_error.h"

namespace glaux::serve::s3 {
namespace {

constexpr size_t kMaxXml = 4 << 20;

struct Code {
  std::string code;
  int status;
};

/// What an error of a store is called that no operation gave a name.
Code CodeOf(const Status& status) {
  const ErrorInfo info = InfoOf(status);
  if (!info.code.empty() && info.http_status != 0) return {info.code, info.http_status};
  switch (info.kind) {
    case ErrorKind::kInvalid:
      return {"InvalidArgument", 400};
    case ErrorKind::kUnauthenticated:
    case ErrorKind::kDenied:
      return {"AccessDenied", 403};
    case ErrorKind::kNotFound:
      return {"NoSuchKey", 404};
    case ErrorKind::kAlreadyExists:
      return {"OperationAborted", 409};
    case ErrorKind::kPrecondition:
      return {"PreconditionFailed", 412};
    case ErrorKind::kThrottled:
      return {"SlowDown", 503};
    case ErrorKind::kUnavailable:
    case ErrorKind::kTimeout:
      return {"ServiceUnavailable", 503};
    case ErrorKind::kNotImplemented:
      return {"NotImplemented", 501};
    case ErrorKind::kOther:
    case ErrorKind::kCommitUnknown:
    case ErrorKind::kCorrupt:
    case ErrorKind::kCancelled:
      break;
  }
  return {"InternalError", 500};
}

std::string_view MessageOf(std::string_view code) {
  if (code == "NoSuchKey") return "The specified key does not exist.";
  if (code == "PreconditionFailed") return "At least one of the pre-conditions you specified did not hold";
  return {};
}

/// Messages of a store name its folder, which is nobody's business.
std::string WithoutPaths(std::string message, const Call& call) {
  if (call.store == nullptr) return message;
  const std::string name = call.store->name();
  for (size_t at = 0; (at = message.find(name, at)) != std::string::npos;) {
    message.replace(at, name.size(), "s3://" + call.bucket);
  }
  return message;
}

}  // namespace

Status Call::SendXml(std::string_view xml) {
  headers.Add("Content-Type", "application/xml");
  return response.Send(200, headers, xml);
}

Status Call::SendNothing(int status) { return response.Send(status, headers, ""); }

Status WithCode(const Status& status, std::string_view code, int http_status) {
  ErrorInfo info = InfoOf(status);
  if (!info.code.empty()) return status;
  info.code = code;
  info.http_status = http_status;
  return MakeErrorMessage(std::move(info), status.message());
}

void SendError(Call& call, const Status& status) {
  if (call.response.begun()) return;
  const Code code = CodeOf(status);
  if (code.status == 304) {
    static_cast<void>(call.SendNothing(304));
    return;
  }
  const bool named = !InfoOf(status).code.empty();
  const auto plain = MessageOf(code.code);
  wire::s3::Error error{.Code = code.code,
                        .Message = named || plain.empty() ? WithoutPaths(status.message(), call) : std::string(plain),
                        .Resource = call.request.path,
                        .RequestId = call.request.id,
                        .HostId = call.request.id,
                        .extra = call.details};
  if (code.code == "NoSuchKey") error.extra.emplace_back("Key", call.key);
  call.headers.Add("Content-Type", "application/xml");
  static_cast<void>(call.response.Send(code.status, call.headers, error.ToXml()));
}

std::string UnquoteETag(std::string_view text) {
  if (text.starts_with("W/")) text.remove_prefix(2);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

std::string QuoteETag(std::string_view etag) { return '"' + std::string(etag) + '"'; }

bool MatchesETag(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    auto one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(one.size() + 1, list.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one == "*" || UnquoteETag(one) == etag) return true;
  }
  return false;
}

std::string FormatHttpDate(Timestamp time) {
  const time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  tm parts;
  ::gmtime_r(&seconds, &parts);
  char text[40];
  return {text, ::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

std::optional<std::chrono::sys_seconds> ParseHttpDate(const std::string& text) {
  for (const char* format : {"%a, %d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S UTC", "%Y-%m-%dT%H:%M:%SZ",
                             "%a, %d %b %Y %H:%M:%S +0000"}) {
    tm parts{};
    const char* end = ::strptime(text.c_str(), format, &parts);
    if (end != nullptr && *end == '\0') return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
  }
  return std::nullopt;
}

Status CheckConditions(const Call& call, std::string_view prefix, const ObjectInfo& info, int not_modified) {
  const std::string before(prefix);
  const auto modified = std::chrono::floor<std::chrono::seconds>(info.last_modified);
  const auto date = [&](const char* name) { return ParseHttpDate(call.Header(before + name)); };
  const auto failed = [&](const char* condition) {
    return S3Error(ErrorKind::kPrecondition, 412, "PreconditionFailed",
                   "At least one of the pre-conditions you specified did not hold: ", before, condition);
  };
  const auto unchanged = [&](const char* condition) {
    return not_modified == 304 ? S3Error(ErrorKind::kPrecondition, 304, "NotModified", "Not Modified")
                               : failed(condition);
  };
  if (const auto match = call.request.headers.Find(before + "if-match")) {
    if (!MatchesETag(*match, info.etag)) return failed("If-Match");
  } else if (const auto since = date("if-unmodified-since"); since && modified > *since) {
    return failed("If-Unmodified-Since");
  }
  if (const auto none = call.request.headers.Find(before + "if-none-match")) {
    if (MatchesETag(*none, info.etag)) return unchanged("If-None-Match");
  } else if (const auto since = date("if-modified-since"); since && modified <= *since) {
    return unchanged("If-Modified-Since");
  }
  return Status::OK();
}

Result<int64_t> IntParameter(const Call& call, std::string_view name, int64_t otherwise, int64_t least, int64_t most) {
  const auto text = call.query.Find(name);
  if (!text || text->empty()) return otherwise;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < least || value > most) {
    return InvalidArgument(name, ": expected a whole number from ", least, " to ", most, ", found: ", *text);
  }
  return value;
}

Result<std::string> ReadXmlBody(Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto body, UploadBody::Open(call));
  std::string text;
  std::string piece(16 << 10, '\0');
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto got, body->Read(std::as_writable_bytes(std::span(piece))));
    if (got == 0) return text;
    if (text.size() + got > kMaxXml) {
      return S3Error(ErrorKind::kInvalid, 400, "MaxMessageLengthExceeded", "Your request was too big.");
    }
    text.append(piece, 0, got);
  }
}

wire::s3::Owner TheOwner() { return {.ID = "glaux", .DisplayName = "glaux"}; }

}  // namespace glaux::serve::s3
