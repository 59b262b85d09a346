#include <cstdio>
#include <cstdlib>

#include "glaux/base/random.h"
#include "glaux/base/utf8.h"
#include "glaux/store/object_key.h"
#include "glaux/store/s3/s3_digest_internal.h"
#include "glaux/store/s3/s3_object_internal.h"

namespace glaux::s3 {

std::string_view WithoutQuotes(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return etag;
}

std::string WithQuotes(std::string_view etag) { return '"' + std::string(etag) + '"'; }

Timestamp ParseHttpDate(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  int day = 0, year = 0, hour = 0, minute = 0, second = 0;
  char month[4] = {};
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%*3s, %2d %3s %4d %2d:%2d:%2d", &day, month, &year, &hour, &minute, &second) != 6) {
    return {};
  }
  const auto at = kMonths.find(month);
  if (at == kMonths.npos || at % 3 != 0) return {};
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(at / 3 + 1)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return {};
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

Status CheckS3Key(std::string_view key) {
  ARROW_RETURN_NOT_OK(CheckKey(key));
  if (ValidUtf8(key) == key) return Status::OK();
  return MakeError(ErrorKind::kInvalid, "a key of S3 is UTF-8, and this one is not: '", ValidUtf8(key), "'");
}

ObjectInfo InfoFromHeaders(std::string_view key, const http::Headers& headers) {
  ObjectInfo info;
  info.key = key;
  info.size = std::strtoll(headers.Get("content-length").c_str(), nullptr, 10);
  info.etag = WithoutQuotes(headers.Get("etag"));
  info.last_modified = ParseHttpDate(headers.Get("last-modified"));
  info.version = headers.Get("x-amz-version-id");
  info.storage_class = StorageClassOf(headers.Get("x-amz-storage-class"));
  return info;
}

ObjectInfo InfoOfWrite(std::string_view key, int64_t size, const http::Headers& headers) {
  ObjectInfo info = InfoFromHeaders(key, headers);
  info.size = size;
  info.last_modified = ParseHttpDate(headers.Get("date"));
  return info;
}

Status AddConditions(const S3Connection& connection, std::string_view operation, std::string_view key,
                     const PutOptions& options, http::Headers* headers) {
  if (!HasCondition(options)) return Status::OK();
  if (!connection.options().conditional_writes) {
    return connection.Error(ErrorKind::kNotImplemented, operation, key, "this server has no conditional writes");
  }
  if (options.if_absent) headers->Set("If-None-Match", "*");
  if (!options.if_match.empty()) headers->Set("If-Match", WithQuotes(options.if_match));
  return Status::OK();
}

Status MissingIsPrecondition(const Status& status, const PutOptions& options) {
  ErrorInfo info = InfoOf(status);
  if (info.kind != ErrorKind::kNotFound || options.if_match.empty()) return status;
  if (info.code == "NoSuchUpload" || info.code == "NoSuchBucket") return status;
  info.kind = ErrorKind::kPrecondition;
  return MakeErrorMessage(std::move(info), status.message());
}

// An answer to HEAD has no body that could say why it is a refusal; one to GET has.
static Status WithReason(S3Connection& connection, std::string_view key, const Status& refusal) {
  const auto info = InfoOf(refusal);
  if (!info.code.empty() || (info.http_status != 400 && info.http_status != 403)) return refusal;
  S3Call call{.operation = "GetObject", .key = std::string(key), .customer_key = true};
  call.headers.Set("Range", "bytes=0-0");
  const auto response = connection.Send(call);
  return response.ok() ? refusal : response.status();
}

Result<ObjectInfo> HeadObject(S3Connection& connection, std::string_view key, std::string* write_mark) {
  ARROW_RETURN_NOT_OK(CheckS3Key(key));
  S3Call call{.operation = "HeadObject", .method = "HEAD", .key = std::string(key), .customer_key = true};
  const auto response = connection.Send(call);
  if (!response.ok()) return WithReason(connection, key, response.status());
  if (write_mark != nullptr) *write_mark = response->headers.Get(kWriteMark);
  ObjectInfo info = InfoFromHeaders(key, response->headers);
  info.attributes = AttributesFromHeaders(response->headers);
  return info;
}

Result<ObjectInfo> PutObject(S3Connection& connection, std::string_view key, std::span<const std::byte> body,
                             const PutOptions& options) {
  ARROW_RETURN_NOT_OK(CheckS3Key(key));
  S3Call call{.operation = "PutObject", .method = "PUT", .key = std::string(key), .body = body, .customer_key = true};
  connection.AddWriteHeaders(&call.headers);
  if (options.attributes) {
    ARROW_RETURN_NOT_OK(AddAttributes(connection, call.operation, key, *options.attributes, &call.headers));
  }
  AddChecksum(connection.options().checksum, body, &call.headers);
  ARROW_RETURN_NOT_OK(AddConditions(connection, call.operation, key, options, &call.headers));
  const auto size = static_cast<int64_t>(body.size());
  if (!HasCondition(options)) {
    ARROW_ASSIGN_OR_RAISE(const auto response, connection.Send(call));
    return InfoOfWrite(key, size, response.headers);
  }
  const std::string mark = NewId();
  call.headers.Set(kWriteMark, mark);
  call.idempotency = Idempotency::kUnsafe;
  auto result = connection.SendOnce<ObjectInfo>(
      call, [&](const http::Response& response) { return InfoOfWrite(key, size, response.headers); },
      [&](const Status& error) -> Result<ObjectInfo> {
        const Status status = MissingIsPrecondition(error, options);
        if (KindOf(status) != ErrorKind::kPrecondition) return status;
        std::string there;
        auto head = HeadObject(connection, key, &there);
        if (!head.ok()) return KindOf(head.status()) == ErrorKind::kNotFound ? status : head.status();
        if (there == mark) return head;
        // With if_absent, another's object is what the condition is about. With if_match, ours may have been there, and
        // another may have gone on from it: to write once more would apply it twice.
        if (options.if_match.empty()) return status;
        ErrorInfo info = InfoOf(status);
        info.kind = ErrorKind::kCommitUnknown;
        return MakeErrorMessage(std::move(info),
                                status.message() +
                                    "; an earlier answer was lost, and the object is now another's, which "
                                    "may have followed on ours");
      });
  if (!result.ok()) return MissingIsPrecondition(result.status(), options);
  return result;
}

}  // namespace glaux::s3
