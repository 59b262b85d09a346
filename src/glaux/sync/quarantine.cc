#include "glaux/sync/quarantine.h"

#include <boost/json.hpp>

#include <algorithm>

#include "glaux/base/utf8.h"

namespace glaux {
namespace {

/// Reasons that are told apart.
constexpr size_t kMostReasons = 50;

}  // namespace

Result<std::unique_ptr<Quarantine>> Quarantine::Make(Options options) {
  if (options.on_error == OnError::kQuarantine && options.folder.empty()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "name a folder with quarantine:"},
                     "on_error: quarantine: there is no place next to this target");
  }
  return std::unique_ptr<Quarantine>(new Quarantine(std::move(options)));
}

Quarantine::~Quarantine() {
  if (closed_.has_value()) (void)Abort(*place_.store, *closed_);
}

std::function<Status(BadRow)> Quarantine::handler() {
  if (options_.on_error == OnError::kFail) return {};
  return [this](BadRow row) { return Add(row); };
}

Status Quarantine::Add(const BadRow& row) {
  const std::string where = row.file + (row.line > 0 ? ", line " + std::to_string(row.line) : "") +
                            (row.column.empty() ? "" : ", column " + row.column);
  if (options_.on_error == OnError::kFail) {
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
  if (options_.max_errors.has_value() && options_.rows_before + rows_ > *options_.max_errors) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "look at the rows, or raise max_errors"}, "more than ",
                     *options_.max_errors, " rows cannot be taken; the last was ", where, ": ", row.reason);
  }
  if (options_.on_error == OnError::kSkip) return Status::OK();
  if (writer_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(place_, options_.open_folder(options_.folder));
    place_.key += options_.run_id + ".jsonl";
    ARROW_ASSIGN_OR_RAISE(writer_, ObjectWriter::Open(place_.store, place_.key));
  }
  const boost::json::object line{{"file", ValidUtf8(row.file)},       {"line", row.line},
                                 {"column", ValidUtf8(row.column)},   {"reason", ValidUtf8(row.reason)},
                                 {"content", ValidUtf8(row.content)}, {"time", FormatTimestamp(options_.clock->Now())}};
  const std::string text = boost::json::serialize(line) + "\n";
  return writer_->Write(text.data(), static_cast<int64_t>(text.size()));
}

int64_t Quarantine::rows() const {
  std::lock_guard lock(mutex_);
  return rows_;
}

Result<std::optional<AttachedObject>> Quarantine::Close() {
  std::lock_guard lock(mutex_);
  if (writer_ == nullptr) return std::nullopt;
  ARROW_RETURN_NOT_OK(writer_->Close());
  closed_ = writer_->pending();
  return AttachedObject{.folder = options_.folder, .object = *closed_};
}

void Quarantine::Release() {
  std::lock_guard lock(mutex_);
  closed_.reset();
}

Status Quarantine::Publish() {
  std::lock_guard lock(mutex_);
  if (!closed_.has_value()) return Status::OK();
  ARROW_RETURN_NOT_OK(Complete(*place_.store, *closed_).status());
  closed_.reset();
  return Status::OK();
}

std::vector<Quarantine::Reason> Quarantine::reasons() const {
  std::lock_guard lock(mutex_);
  std::vector<Reason> sorted;
  for (const auto& [kind, reason] : reasons_) sorted.push_back(reason);
  std::sort(sorted.begin(), sorted.end(), [](const Reason& a, const Reason& b) { return a.rows > b.rows; });
  return sorted;
}

}  // namespace glaux
