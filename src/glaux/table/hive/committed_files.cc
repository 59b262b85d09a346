// Which files of a listing count, for those who list folders themselves.
#include <algorithm>
#include <map>
#include <set>

#include "glaux/base/parallel.h"
#include "glaux/table/hive/commit_log.h"
#include "glaux/table/hive/folder_table.h"

namespace glaux {
namespace {

constexpr std::string_view kLog = "_glaux/", kState = "_glaux/state.json";

/// A log as it was at one point in time.
struct LogView {
  CommitLog::State state;
  std::vector<CommitRecord> replaced;  ///< of overwrites whose replaced files are there
};
/// By the folder that it is of.
using Logs = std::map<std::string, LogView>;

CommitLog LogOf(ObjectStore& store, const std::string& root) {
  // The log lives as long as the call, and so does the caller's store.
  return {std::shared_ptr<ObjectStore>(std::shared_ptr<void>(), &store), root + std::string(kLog)};
}

Result<LogView> ViewOf(const CommitLog& log) {
  for (;;) {
    LogView view;
    ARROW_ASSIGN_OR_RAISE(view.state, log.Read());
    bool changed = false;
    for (const auto& item : view.state.replaced) {
      auto record = log.ReadRecord(item.id);
      if (!record.ok() && KindOf(record.status()) == ErrorKind::kNotFound) {
        ARROW_ASSIGN_OR_RAISE(const auto now, log.Read());
        changed = now.version != view.state.version;
        if (changed) break;
        continue;  // somebody has deleted the record by hand
      }
      ARROW_RETURN_NOT_OK(record.status());
      view.replaced.push_back(*std::move(record));
    }
    if (!changed) return view;
  }
}

/// The logs of the folders above a prefix, and of those in a listing below it.
Result<Logs> FindLogs(ObjectStore& store, const std::string& prefix, std::span<const std::string> keys) {
  std::set<std::string> roots = {""};
  for (size_t at = prefix.find('/'); at != std::string::npos; at = prefix.find('/', at + 1)) {
    roots.insert(prefix.substr(0, at + 1));
  }
  for (const auto& key : keys) {
    if (key == kState || key.ends_with("/" + std::string(kState))) {
      roots.insert(key.substr(0, key.size() - kState.size()));
    }
  }
  const std::vector<std::string> folders(roots.begin(), roots.end());
  std::vector<LogView> views(folders.size());
  const auto stop = arrow::StopToken::Unstoppable();
  ARROW_RETURN_NOT_OK(ParallelForIndex(folders.size(), store.traits().remote ? 0 : 1, Pool::kIo, stop,
                                       [&](size_t i) { return ViewOf(LogOf(store, folders[i])).Value(&views[i]); }));
  Logs logs;
  for (size_t i = 0; i < folders.size(); ++i) {
    if (views[i].state.version > 0) logs.emplace(folders[i], std::move(views[i]));
  }
  return logs;
}

bool MentionsAny(std::string_view key, const std::set<std::string>& ids) {
  const std::string_view name = key.substr(key.rfind('/') + 1);
  return std::any_of(ids.begin(), ids.end(),
                     [&](const std::string& id) { return name.find(id) != std::string_view::npos; });
}

/// Take off what does not count. An overwrite of which not all new files were listed is taken for not done.
template <typename Item, typename KeyOf>
void Filter(const std::string& prefix, const Logs& logs, const KeyOf& key_of, std::vector<Item>* items) {
  std::erase_if(*items, [&](const Item& item) {
    const std::string_view key = key_of(item);
    return key.starts_with(kLog) || key.find("/" + std::string(kLog)) != std::string_view::npos;
  });
  std::set<std::string_view> listed;
  for (const auto& item : *items) listed.insert(key_of(item));
  std::vector<std::pair<std::string, std::set<std::string>>> unseen;  // by root
  std::set<std::string> replaced;
  for (const auto& [root, log] : logs) {
    std::set<std::string> ids;
    if (!log.state.open.empty()) ids.insert(log.state.open);
    for (const auto& record : log.replaced) {
      const bool all_listed = std::all_of(record.objects.begin(), record.objects.end(), [&](const auto& object) {
        return !object.key.starts_with(prefix) || listed.contains(object.key);
      });
      if (!all_listed) {
        ids.insert(record.id);
        continue;
      }
      for (const auto& path : record.replaced) replaced.insert(root + path);
    }
    if (!ids.empty()) unseen.emplace_back(root, std::move(ids));
  }
  std::erase_if(*items, [&](const Item& item) {
    const std::string key(key_of(item));
    return replaced.contains(key) || std::any_of(unseen.begin(), unseen.end(), [&](const auto& log) {
             return key.starts_with(log.first) && MentionsAny(key, log.second);
           });
  });
}

bool SameVersions(const Logs& a, const Logs& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.state.version == y.second.state.version;
  });
}

}  // namespace

Result<std::vector<std::string>> KeepCommitted(ObjectStore& store, const std::string& prefix,
                                               std::vector<std::string> keys) {
  ARROW_ASSIGN_OR_RAISE(const auto logs, FindLogs(store, prefix, keys));
  Filter(
      prefix, logs, [](const std::string& key) -> std::string_view { return key; }, &keys);
  return keys;
}

Result<std::vector<ObjectInfo>> ListCommitted(ObjectStore& store, const std::string& prefix,
                                              const std::vector<ObjectInfo>* listed) {
  constexpr int kMostAttempts = 100;
  std::optional<Logs> before;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    std::vector<ObjectInfo> objects;
    if (attempt == 0 && listed != nullptr) {
      objects = *listed;
    } else {
      ARROW_ASSIGN_OR_RAISE(objects, ListAll(store, prefix));
    }
    std::vector<std::string> keys;
    for (const auto& object : objects) keys.push_back(object.key);
    ARROW_ASSIGN_OR_RAISE(auto after, FindLogs(store, prefix, keys));
    if (after.empty() || (before.has_value() && SameVersions(*before, after))) {
      Filter(
          prefix, after, [](const ObjectInfo& object) -> std::string_view { return object.key; }, &objects);
      return objects;
    }
    before = std::move(after);
  }
  return MakeError({.kind = ErrorKind::kUnavailable, .hint = "try again when fewer commits run"}, "list ", prefix,
                   ": commits began or ended ", kMostAttempts, " times while it was listed");
}

}  // namespace glaux
