#include "glaux/sync/quarantine.h"

#include <boost/json.hpp>

#include <algorithm>

#include "glaux/base/utf8.h"

namespace glaux {
namespace {

/// Reasons that are told apart.
constexpr size_t kMostReasons = 50;

}  // namespace

Quarantine::Quarantine(const SyncEnvironment& environment, OnError on_error, std::string folder, std::string run_id,
                       std::optional<int64_t> max_errors)
    : environment_(environment),
      on_error_(on_error),
      folder_(std::move(folder)),
      run_id_(std::move(run_id)),
      max_errors_(max_errors) {}

Result<std::unique_ptr<Quarantine>> Quarantine::Make(const SyncEnvironment& environment, OnError on_error,
                                                     std::string folder, std::string run_id,
                                                     std::optional<int64_t> max_errors, int64_t rows_before) {
  if (on_error == OnError::kQuarantine && folder.empty()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "name a folder with quarantine:"},
                     "on_error: quarantine: there is no place next to this target");
  }
  auto quarantine = std::unique_ptr<Quarantine>(
      new Quarantine(environment, on_error, std::move(folder), std::move(run_id), max_errors));
  quarantine->rows_before_ = rows_before;
  return quarantine;
}

Quarantine::~Quarantine() = default;

std::function<Status(BadRow)> Quarantine::handler() {
  if (on_error_ == OnError::kFail) return {};
  return [this](BadRow row) { return Add(row); };
}

Status Quarantine::Add(const BadRow& row) {
  const std::string where = row.file + (row.line > 0 ? ", line " + std::to_string(row.line) : "") +
                            (row.column.empty() ? "" : ", column " + row.column);
  if (on_error_ == OnError::kFail) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "on_error: skip or quarantine goes on without such rows"},
                     "read ", where, ": ", row.reason);
  }
  std::lock_guard lock(mutex_);
  ++rows_;
  const std::string kind = row.column.empty() ? row.reason : row.column;
  if (reasons_.size() < kMostReasons || reasons_.contains(kind)) {
    auto& reason = reasons_[kind];
    if (reason.rows++ == 0) reason.text = ValidUtf8(where + ": " + row.reason);
  }
  if (max_errors_.has_value() && rows_before_ + rows_ > *max_errors_) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "look at the rows, or raise max_errors"}, "more than ",
                     *max_errors_, " rows cannot be taken; the last was ", where, ": ", row.reason);
  }
  if (on_error_ == OnError::kSkip) return Status::OK();
  if (writer_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(place_, environment_.make_folder(folder_, {}));
    place_.key += run_id_ + ".jsonl";
    ARROW_ASSIGN_OR_RAISE(writer_, ObjectWriter::Open(place_.store, place_.key));
  }
  const boost::json::object line{
      {"file", ValidUtf8(row.file)},       {"line", row.line},
      {"column", ValidUtf8(row.column)},   {"reason", ValidUtf8(row.reason)},
      {"content", ValidUtf8(row.content)}, {"time", FormatTimestamp(environment_.clock->Now())}};
  const std::string text = boost::json::serialize(line) + "\n";
  return writer_->Write(text.data(), static_cast<int64_t>(text.size()));
}

int64_t Quarantine::rows() const {
  std::lock_guard lock(mutex_);
  return rows_;
}

Result<std::string> Quarantine::Publish() {
  std::lock_guard lock(mutex_);
  if (writer_ == nullptr) return std::string();
  ARROW_RETURN_NOT_OK(writer_->Close());
  ARROW_RETURN_NOT_OK(Complete(*place_.store, writer_->pending()).status());
  published_ = true;
  return folder_ + run_id_ + ".jsonl";
}

Status Quarantine::Withdraw() {
  std::lock_guard lock(mutex_);
  if (!published_) return Status::OK();
  published_ = false;
  const std::string keys[] = {place_.key};
  return place_.store->Delete(keys).status();
}

std::vector<Quarantine::Reason> Quarantine::reasons() const {
  std::lock_guard lock(mutex_);
  std::vector<Reason> sorted;
  for (const auto& [kind, reason] : reasons_) sorted.push_back(reason);
  std::sort(sorted.begin(), sorted.end(), [](const Reason& a, const Reason& b) { return a.rows > b.rows; });
  return sorted;
}

}  // namespace glaux
