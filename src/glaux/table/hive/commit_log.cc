#include "glaux/table/hive/commit_log.h"

#include <algorithm>
#include <set>

#include "glaux/table/hive/commit_json_internal.h"

namespace glaux {
namespace {

constexpr size_t kRecentCommits = 64;
/// A ledger of more segments than this is merged into one.

std::string Shown(const std::optional<std::string>& text) {
  constexpr size_t kMost = 200;
  if (!text.has_value()) return "none";
  return "'" + (text->size() > kMost ? text->substr(0, kMost) + "…" : *text) + "'";
}

/// Whether a glaux that knows format 1 only would lose something of the commit.
bool NeedsSecondFormat(const CommitRecord& record) {
  return !record.streams.empty() || record.watermark.has_value() || !record.moves.empty() ||
         record.location_to.has_value() || record.replaces || !record.attached.empty();
}

}  // namespace

Status CompleteAttached(const LocationResolver& resolve, const AttachedObject& attached) {
  ARROW_ASSIGN_OR_RAISE(const auto place, resolve(attached.folder));
  PendingObject object = attached.object;
  object.key = place.key + std::string(attached.name());
  const auto done = Complete(*place.store, object);
  // Its upload is gone, so it was completed; whoever has seen it may have moved it away before the commit was closed.
  if (done.ok() || KindOf(done.status()) == ErrorKind::kNotFound) return Status::OK();
  return Prefix(done.status(), "write " + attached.uri());
}

bool AnswerWasLost(const Status& status) {
  const auto kind = KindOf(status);
  return kind == ErrorKind::kUnavailable || kind == ErrorKind::kTimeout || kind == ErrorKind::kCommitUnknown;
}

bool CommitLog::State::Knows(std::string_view commit_id) const {
  return open == commit_id || std::find(recent.begin(), recent.end(), commit_id) != recent.end();
}

bool CommitLog::State::PastWatermark(const LoadedFile& file) const {
  return watermark.has_value() && file.modified != Timestamp{} && file.modified < *watermark;
}

Status CommitLog::State::CheckStreams(std::span<const StreamChange> changes) const {
  std::set<std::string_view> seen;
  for (const auto& change : changes) {
    if (!seen.insert(change.stream).second) {
      return MakeError(ErrorKind::kInvalid, "change stream ", change.stream, ": it is named twice in one commit");
    }
    const auto at = streams.find(change.stream);
    const auto now = at == streams.end() ? std::nullopt : std::optional(at->second);
    if (now != change.expected) {
      return MakeError({.kind = ErrorKind::kPrecondition, .hint = "run again: it goes on where the other run ended"},
                       "change stream ", change.stream, ": another run has moved it: expected ", Shown(change.expected),
                       ", found ", Shown(now));
    }
  }
  return Status::OK();
}

void CommitLog::State::ChangeStreams(std::span<const StreamChange> changes) {
  for (const auto& change : changes) {
    if (change.next.has_value()) {
      streams[change.stream] = *change.next;
    } else {
      streams.erase(change.stream);
    }
  }
}

CommitLog::CommitLog(std::shared_ptr<ObjectStore> store, std::string prefix)
    : store_(std::move(store)), prefix_(std::move(prefix)) {}

Result<CommitLog::State> CommitLog::Read() const {
  const std::string key = Key("state.json");
  // Head and Get apart could see two versions; the condition makes them one.
  for (;;) {
    const auto info = store_->Head(key);
    if (!info.ok() && KindOf(info.status()) == ErrorKind::kNotFound) return State{};
    ARROW_RETURN_NOT_OK(info.status());
    auto body = store_->Get(key, {.if_match = info->etag});
    if (!body.ok() &&
        (KindOf(body.status()) == ErrorKind::kPrecondition || KindOf(body.status()) == ErrorKind::kNotFound))
      continue;
    ARROW_RETURN_NOT_OK(body.status());
    ARROW_ASSIGN_OR_RAISE(auto state, ParseState(std::string_view(**body), key));
    state.etag = info->etag;
    return state;
  }
}

Result<std::vector<LoadedFile>> CommitLog::ReadLedger(const State& state) const {
  std::vector<LoadedFile> files;
  for (const auto& name : state.ledger) {
    const std::string key = Key("ledger/" + name + ".jsonl");
    ARROW_ASSIGN_OR_RAISE(const std::string text, GetString(*store_, key));
    for (size_t begin = 0; begin < text.size();) {
      size_t end = text.find('\n', begin);
      if (end == std::string::npos) end = text.size();
      ARROW_ASSIGN_OR_RAISE(auto file, ParseLoaded(std::string_view(text).substr(begin, end - begin), key));
      files.push_back(std::move(file));
      begin = end + 1;
    }
  }
  return files;
}

Status CommitLog::WriteSegment(const std::string& name, std::span<const LoadedFile> files) const {
  std::string text;
  for (const auto& file : files) text += PrintLoaded(file) + "\n";
  return PutString(*store_, Key("ledger/" + name + ".jsonl"), text).status();
}

Status CommitLog::DropSegments(std::span<const std::string> names) const {
  if (names.empty()) return Status::OK();
  std::vector<std::string> keys;
  for (const auto& name : names) keys.push_back(Key("ledger/" + name + ".jsonl"));
  return store_->Delete(keys).status();
}

Status CommitLog::WriteRecord(const CommitRecord& record) const {
  return PutString(*store_, Key("commits/" + record.id + ".json"), PrintRecord(record)).status();
}

Result<CommitRecord> CommitLog::ReadRecord(const std::string& id) const {
  const std::string key = Key("commits/" + id + ".json");
  ARROW_ASSIGN_OR_RAISE(const std::string text, GetString(*store_, key));
  return ParseRecord(text, key);
}

Result<std::vector<ObjectInfo>> CommitLog::ListRecords() const { return ListAll(*store_, Key("commits/")); }

Status CommitLog::DropRecord(const std::string& id) const {
  const std::string keys[] = {Key("commits/" + id + ".json")};
  ARROW_ASSIGN_OR_RAISE(const auto failures, store_->Delete(keys));
  return failures.empty() ? Status::OK() : failures.front().error;
}

Result<CommitLog::State> CommitLog::Swap(const State& from, State to) const {
  to.version = from.version + 1;
  if (!to.streams.empty() || to.watermark.has_value()) to.format = 2;
  const PutOptions condition = from.etag.empty() ? PutOptions{.if_absent = true} : PutOptions{.if_match = from.etag};
  ARROW_ASSIGN_OR_RAISE(const auto put, PutString(*store_, Key("state.json"), PrintState(to), condition));
  to.etag = put.etag;
  return to;
}

Result<CommitLog::State> CommitLog::Begin(const State& state, const CommitRecord& record) const {
  State next = state;
  next.open = record.id;
  next.open_replaces = record.replaces;
  if (NeedsSecondFormat(record)) next.format = 2;
  auto swapped = Swap(state, next);
  if (swapped.ok()) return swapped;
  if (!AnswerWasLost(swapped.status())) return swapped.status();
  const auto now = Read();
  if (now.ok() && now->Knows(record.id)) return now;
  if (now.ok()) return swapped.status();
  return MakeError(
      {.kind = ErrorKind::kCommitUnknown, .hint = "run the same command again: it finds out and adds nothing twice"},
      "commit ", record.id,
      ": the answer was lost, and so was the look whether it happened: ", swapped.status().message());
}

Status CommitLog::Finish(const CommitRecord& record, Timestamp now) const {
  for (bool written = record.sources.empty();;) {
    ARROW_ASSIGN_OR_RAISE(const State state, Read());
    if (state.open != record.id) break;  // somebody else has finished it
    if (!written) ARROW_RETURN_NOT_OK(WriteSegment(record.id, record.sources));
    written = true;
    State next = state;
    next.open.clear();
    next.open_replaces = false;
    next.recent.push_back(record.id);
    if (next.recent.size() > kRecentCommits) next.recent.erase(next.recent.begin());
    next.ChangeStreams(record.streams);
    if (record.watermark.has_value() && (!next.watermark.has_value() || *next.watermark < *record.watermark)) {
      next.watermark = record.watermark;
    }
    if (record.replaces) {
      ++next.overwrites;
      next.replaced.push_back({record.id, now + record.grace});
    }
    if (!record.sources.empty()) next.ledger.push_back(record.id);
    std::vector<std::string> stale;
    if (next.ledger.size() > kMostSegments) {
      auto files = ReadLedger(next);
      if (!files.ok()) {
        // Somebody else may have merged them, which is after closing this commit.
        ARROW_ASSIGN_OR_RAISE(const State other, Read());
        if (KindOf(files.status()) == ErrorKind::kNotFound && other.version != state.version) continue;
        return files.status();
      }
      std::erase_if(*files, [&](const LoadedFile& file) { return next.PastWatermark(file); });
      const std::string merged = record.id + "-merged";
      ARROW_RETURN_NOT_OK(WriteSegment(merged, *files));
      stale = std::exchange(next.ledger, {merged});
    }
    const auto swapped = Swap(state, next);
    if (swapped.ok()) {
      // Segments that were merged are garbage now; a reader that still holds the old state reads them before they go
      // or reads the state again.
      ARROW_RETURN_NOT_OK(DropSegments(stale));
      break;
    }
    if (KindOf(swapped.status()) == ErrorKind::kPrecondition) continue;
    if (!AnswerWasLost(swapped.status())) return swapped.status();
    const auto seen = Read();
    if (!seen.ok() || seen->open == record.id) return swapped.status();
    break;
  }
  return record.replaces ? Status::OK() : DropRecord(record.id);
}

}  // namespace glaux
