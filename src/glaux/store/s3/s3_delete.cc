#include <algorithm>

#include "glaux/base/parallel.h"
#include "glaux/store/s3/s3_digest_internal.h"
#include "glaux/store/s3/s3_object_internal.h"
#include "glaux/wire/s3_object.h"

namespace glaux::s3 {
namespace {

constexpr size_t kMaxKeys = 1000;
constexpr int kMaxParallel = 8;

// Servers whose parser is strict about XML 1.0 refuse these even as references.
bool IsHardInXml(std::string_view key) {
  return std::any_of(key.begin(), key.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }) ||
         key.find("\xEF\xBF\xBE") != key.npos || key.find("\xEF\xBF\xBF") != key.npos;
}

Status DeleteOne(S3Connection& connection, const std::string& key) {
  const Status status = connection.Send({.operation = "DeleteObject", .method = "DELETE", .key = key}).status();
  const bool missing = KindOf(status) == ErrorKind::kNotFound && InfoOf(status).code != "NoSuchBucket";
  return missing ? Status::OK() : status;
}

Result<wire::s3::DeleteResult> SendBatch(S3Connection& connection, std::span<const std::string> keys) {
  wire::s3::Delete request{.Quiet = true};
  for (const auto& key : keys) request.Object.push_back({.Key = key});
  const std::string body = request.ToXml();
  S3Call call{.operation = "DeleteObjects", .method = "POST", .query = {{"delete", ""}}, .body = AsBytes(body)};
  call.headers.Set("Content-MD5", Base64(Md5(AsBytes(body))));
  call.headers.Set("Content-Type", "application/xml");
  ARROW_ASSIGN_OR_RAISE(const auto response, connection.Send(call));
  auto result = wire::s3::DeleteResult::FromXml(response.body);
  if (!result.ok()) return connection.BadAnswer(call, result.status());
  return result;
}

Status ToStatus(const S3Connection& connection, const wire::s3::DeleteError& error) {
  ErrorInfo info{.service = "s3", .operation = "DeleteObjects", .code = error.Code};
  info.kind = aws::KindOfServiceError(error.Code, 0);
  return MakeError(std::move(info), "DeleteObjects ", connection.Subject(error.Key), ": ", error.Code, ": ",
                   error.Message);
}

// Keys that failed for the moment go once more.
Status DeleteBatch(S3Connection& connection, std::vector<std::string> keys, std::vector<DeleteFailure>* failures) {
  const auto& options = connection.options();
  std::vector<DeleteFailure> passing;
  bool answered = false;
  const Status status =
      Retry(options.retry, Idempotency::kSafe, *options.clock, nullptr, arrow::StopToken::Unstoppable(),
            [&](int, RetryHint*) -> Status {
              auto result = SendBatch(connection, keys);
              if (!result.ok()) {
                for (auto& key : keys) failures->push_back({std::move(key), result.status()});
                passing.clear();
                return Status::OK();
              }
              answered = true;
              passing.clear();
              keys.clear();
              Status first;
              for (const auto& error : result->Error) {
                Status why = ToStatus(connection, error);
                const ErrorKind kind = KindOf(why);
                if (kind == ErrorKind::kNotFound) continue;
                if (kind == ErrorKind::kThrottled || kind == ErrorKind::kUnavailable || kind == ErrorKind::kTimeout) {
                  if (first.ok()) first = why;
                  keys.push_back(error.Key);
                  passing.push_back({error.Key, std::move(why)});
                } else {
                  failures->push_back({error.Key, std::move(why)});
                }
              }
              return first;
            });
  for (auto& failure : passing) failures->push_back(std::move(failure));
  if (!answered && !failures->empty()) return failures->front().error;
  return Status::OK();
}

}  // namespace

Result<std::vector<DeleteFailure>> DeleteObjects(S3Connection& connection, std::span<const std::string> keys) {
  std::vector<DeleteFailure> failures;
  std::vector<std::string> single, many;
  for (const auto& key : keys) {
    if (Status bad = CheckS3Key(key); !bad.ok()) {
      failures.push_back({key, std::move(bad)});
    } else {
      (IsHardInXml(key) ? single : many).push_back(key);
    }
  }
  std::sort(many.begin(), many.end());
  many.erase(std::unique(many.begin(), many.end()), many.end());
  if (many.size() == 1) single.push_back(std::move(many.front())), many.clear();

  const size_t batches = (many.size() + kMaxKeys - 1) / kMaxKeys;
  std::vector<std::vector<DeleteFailure>> failed(batches + single.size());
  std::vector<Status> statuses(failed.size());
  ARROW_RETURN_NOT_OK(ParallelForIndex(
      failed.size(), kMaxParallel, Pool::kIo, arrow::StopToken::Unstoppable(), [&](size_t i) -> Status {
        if (i < batches) {
          const auto begin = many.begin() + static_cast<int64_t>(i * kMaxKeys);
          const auto end = many.begin() + static_cast<int64_t>(std::min(many.size(), (i + 1) * kMaxKeys));
          statuses[i] = DeleteBatch(connection, {begin, end}, &failed[i]);
          return Status::OK();
        }
        const auto& key = single[i - batches];
        statuses[i] = DeleteOne(connection, key);
        if (!statuses[i].ok()) failed[i].push_back({key, statuses[i]});
        return Status::OK();
      }));
  const bool none_worked =
      !statuses.empty() && std::none_of(statuses.begin(), statuses.end(), [](const Status& s) { return s.ok(); });
  if (none_worked && failures.empty()) return statuses.front();
  for (auto& batch : failed) std::move(batch.begin(), batch.end(), std::back_inserter(failures));
  return failures;
}

}  // namespace glaux::s3
