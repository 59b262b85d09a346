#include "glaux/table/hive/commit_log.h"

#include <boost/json.hpp>

#include <algorithm>
#include <set>

#include "glaux/catalog/entry_json.h"

namespace glaux {
namespace {

namespace json = boost::json;

constexpr int kFormatVersion = 1;
constexpr size_t kRecentCommits = 64;
/// A ledger of more segments than this is merged into one.
constexpr size_t kMostSegments = 24;

std::string_view View(const json::string& text) { return {text.data(), text.size()}; }

std::vector<std::string> Strings(const json::value* value) {
  std::vector<std::string> out;
  if (value == nullptr || !value->is_array()) return out;
  for (const auto& item : value->as_array()) {
    if (item.is_string()) out.emplace_back(View(item.as_string()));
  }
  return out;
}

json::array ToArray(std::span<const std::string> items) {
  json::array out;
  for (const auto& item : items) out.emplace_back(item);
  return out;
}

Result<json::object> ParseObject(std::string_view text, std::string_view key) {
  boost::system::error_code error;
  auto value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) {
    return MakeError({.kind = ErrorKind::kCorrupt,
                      .hint = "restore the object from a copy, or delete it and run glaux repair: "
                              "the data files are not touched, the list of loaded files is lost"},
                     "read ", key, ": not a JSON object", error ? ": " + error.message() : std::string());
  }
  return std::move(value.as_object());
}

std::string StringAt(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_string() ? std::string(View(value->as_string())) : std::string();
}

int64_t IntAt(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_int64() ? value->as_int64() : 0;
}

json::object ToJson(const PendingObject& object) {
  json::array parts;
  for (const auto& part : object.parts) {
    parts.push_back(json::object{{"number", part.number}, {"etag", part.etag}, {"size", part.size}});
  }
  return {{"key", object.key}, {"upload-id", object.upload_id}, {"size", object.size}, {"parts", std::move(parts)}};
}

PendingObject PendingFrom(const json::object& object) {
  PendingObject out{
      .key = StringAt(object, "key"), .upload_id = StringAt(object, "upload-id"), .size = IntAt(object, "size")};
  if (const auto* parts = object.if_contains("parts"); parts != nullptr && parts->is_array()) {
    for (const auto& part : parts->as_array()) {
      if (!part.is_object()) continue;
      const auto& p = part.as_object();
      out.parts.push_back({static_cast<int>(IntAt(p, "number")), StringAt(p, "etag"), IntAt(p, "size")});
    }
  }
  return out;
}

json::object ToJson(const LoadedFile& file) { return {{"key", file.key}, {"etag", file.etag}, {"size", file.size}}; }

LoadedFile LoadedFrom(const json::object& object) {
  return {.key = StringAt(object, "key"), .etag = StringAt(object, "etag"), .size = IntAt(object, "size")};
}

/// Errors after which nobody knows whether the call had its effect.
bool AnswerWasLost(const Status& status) {
  const auto kind = KindOf(status);
  return kind == ErrorKind::kUnavailable || kind == ErrorKind::kTimeout || kind == ErrorKind::kCommitUnknown;
}

}  // namespace

bool CommitLog::State::Knows(std::string_view commit_id) const {
  return open == commit_id || std::find(recent.begin(), recent.end(), commit_id) != recent.end();
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
    ARROW_ASSIGN_OR_RAISE(auto object, ParseObject(std::string_view(**body), key));
    if (IntAt(object, "format-version") != kFormatVersion) {
      return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "use a newer glaux"}, "read ", key,
                       ": format version ", IntAt(object, "format-version"), " is not known");
    }
    return State{.version = IntAt(object, "version"),
                 .open = StringAt(object, "open"),
                 .recent = Strings(object.if_contains("recent")),
                 .ledger = Strings(object.if_contains("ledger")),
                 .etag = info->etag};
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
      ARROW_ASSIGN_OR_RAISE(const auto object, ParseObject(std::string_view(text).substr(begin, end - begin), key));
      files.push_back(LoadedFrom(object));
      begin = end + 1;
    }
  }
  return files;
}

Status CommitLog::WriteSegment(const std::string& id, std::span<const LoadedFile> files) const {
  std::string text;
  for (const auto& file : files) text += json::serialize(ToJson(file)) + "\n";
  return PutString(*store_, Key("ledger/" + id + ".jsonl"), text).status();
}

Status CommitLog::WriteRecord(const CommitRecord& record) const {
  json::object out{{"id", record.id}, {"rows", record.rows}};
  json::array objects, partitions, columns, sources;
  for (const auto& object : record.objects) objects.push_back(ToJson(object));
  for (const auto& values : record.partitions) partitions.push_back(ToArray(values));
  for (const auto& column : record.columns)
    columns.push_back(json::object{{"name", column.name}, {"type", column.type}});
  for (const auto& file : record.sources) sources.push_back(ToJson(file));
  json::object parameters;
  for (const auto& [name, value] : record.parameters) parameters[name] = value;
  out["objects"] = std::move(objects);
  out["partitions"] = std::move(partitions);
  out["columns"] = std::move(columns);
  out["parameters"] = std::move(parameters);
  out["sources"] = std::move(sources);
  if (record.create.has_value()) out["create"] = ToJson(*record.create);
  return PutString(*store_, Key("commits/" + record.id + ".json"), json::serialize(out)).status();
}

Result<CommitRecord> CommitLog::ReadRecord(const std::string& id) const {
  const std::string key = Key("commits/" + id + ".json");
  ARROW_ASSIGN_OR_RAISE(const std::string text, GetString(*store_, key));
  ARROW_ASSIGN_OR_RAISE(const auto object, ParseObject(text, key));
  CommitRecord record{.id = StringAt(object, "id"), .rows = IntAt(object, "rows")};
  const auto each = [&](std::string_view name, const auto& visit) {
    const auto* value = object.if_contains({name.data(), name.size()});
    if (value == nullptr || !value->is_array()) return;
    for (const auto& item : value->as_array()) visit(item);
  };
  each("objects", [&](const json::value& item) { record.objects.push_back(PendingFrom(item.as_object())); });
  each("partitions", [&](const json::value& item) { record.partitions.push_back(Strings(&item)); });
  each("sources", [&](const json::value& item) { record.sources.push_back(LoadedFrom(item.as_object())); });
  each("columns", [&](const json::value& item) {
    record.columns.push_back({.name = StringAt(item.as_object(), "name"), .type = StringAt(item.as_object(), "type")});
  });
  if (const auto* parameters = object.if_contains("parameters"); parameters != nullptr && parameters->is_object()) {
    for (const auto& [name, value] : parameters->as_object()) {
      if (value.is_string()) record.parameters[std::string(name)] = std::string(View(value.as_string()));
    }
  }
  if (const auto* create = object.if_contains("create"); create != nullptr) {
    ARROW_ASSIGN_OR_RAISE(record.create, TableFromJson(*create));
  }
  return record;
}

Result<std::vector<ObjectInfo>> CommitLog::ListRecords() const { return ListAll(*store_, Key("commits/")); }

Status CommitLog::DropRecord(const std::string& id) const {
  const std::string keys[] = {Key("commits/" + id + ".json")};
  ARROW_ASSIGN_OR_RAISE(const auto failures, store_->Delete(keys));
  return failures.empty() ? Status::OK() : failures.front().error;
}

Result<CommitLog::State> CommitLog::Swap(const State& from, State to) const {
  to.version = from.version + 1;
  json::object out{{"format-version", kFormatVersion},
                   {"version", to.version},
                   {"recent", ToArray(to.recent)},
                   {"ledger", ToArray(to.ledger)}};
  if (!to.open.empty()) out["open"] = to.open;
  const PutOptions condition = from.etag.empty() ? PutOptions{.if_absent = true} : PutOptions{.if_match = from.etag};
  auto put = PutString(*store_, Key("state.json"), json::serialize(out), condition);
  if (put.ok()) {
    to.etag = put->etag;
    return to;
  }
  return put.status();
}

Result<CommitLog::State> CommitLog::Begin(const State& state, const std::string& id) const {
  State next = state;
  next.open = id;
  auto swapped = Swap(state, next);
  if (swapped.ok()) return swapped;
  if (!AnswerWasLost(swapped.status())) return swapped.status();
  const auto now = Read();
  if (now.ok() && now->Knows(id)) return now;
  if (now.ok()) return swapped.status();
  return MakeError(
      {.kind = ErrorKind::kCommitUnknown, .hint = "run the same command again: it finds out and adds nothing twice"},
      "commit ", id, ": the answer was lost, and so was the look whether it happened: ", swapped.status().message());
}

Status CommitLog::Finish(const CommitRecord& record) const {
  ARROW_RETURN_NOT_OK(record.sources.empty() ? Status::OK() : WriteSegment(record.id, record.sources));
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const State state, Read());
    if (state.open != record.id) break;  // somebody else has finished it
    State next = state;
    next.open.clear();
    next.recent.push_back(record.id);
    if (next.recent.size() > kRecentCommits) next.recent.erase(next.recent.begin());
    if (!record.sources.empty()) next.ledger.push_back(record.id);
    if (next.ledger.size() > kMostSegments) {
      ARROW_ASSIGN_OR_RAISE(const auto files, ReadLedger(next));
      const std::string merged = record.id + "-merged";
      ARROW_RETURN_NOT_OK(WriteSegment(merged, files));
      next.ledger = {merged};
    }
    const auto swapped = Swap(state, next);
    if (swapped.ok()) {
      // Segments that were merged are garbage now; a reader that still holds the old state reads them before they go
      // or reads the state again.
      std::vector<std::string> stale;
      for (const auto& name : state.ledger) {
        if (next.ledger.size() == 1 && name != next.ledger.front()) stale.push_back(Key("ledger/" + name + ".jsonl"));
      }
      if (next.ledger.size() == 1 && next.ledger.front() != record.id)
        stale.push_back(Key("ledger/" + record.id + ".jsonl"));
      if (!stale.empty()) ARROW_RETURN_NOT_OK(store_->Delete(stale).status());
      break;
    }
    if (KindOf(swapped.status()) != ErrorKind::kPrecondition && !AnswerWasLost(swapped.status()))
      return swapped.status();
    if (AnswerWasLost(swapped.status())) {
      const auto now = Read();
      if (!now.ok()) return swapped.status();
      if (now->open != record.id) break;
      return swapped.status();
    }
  }
  return DropRecord(record.id);
}

}  // namespace glaux
