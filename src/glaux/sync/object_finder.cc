#include "glaux/sync/object_finder.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "glaux/base/parallel.h"
#include "glaux/base/secrets.h"
#include "glaux/store/parallel_list.h"
#include "glaux/sync/glob.h"

namespace glaux {
namespace {

bool HasHiddenSegment(std::string_view path) {
  for (size_t begin = 0; begin < path.size();) {
    if (path[begin] == '.' || path[begin] == '_') return true;
    begin = path.find('/', begin);
    if (begin == std::string_view::npos) break;
    ++begin;
  }
  return false;
}

std::string_view WithoutSlash(std::string_view text) {
  if (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

/// Walks the folders behind one address.
class ObjectFinder {
 public:
  ObjectFinder(const SyncEnvironment& environment, const FindObjectsOptions& options)
      : environment_(environment), options_(options) {}

  Result<FoundObjects> Run(const std::string& uri) {
    const size_t scheme = uri.find("://");
    if (scheme == std::string::npos) {
      return MakeError(ErrorKind::kInvalid, "look at ", uri, ": expected s3://bucket/key or file:///path");
    }
    const size_t path = std::min(uri.find('/', scheme + 3), uri.size());
    const std::string root = uri.substr(0, path) + "/";
    const std::string key = path < uri.size() ? uri.substr(path + 1) : "";
    ARROW_ASSIGN_OR_RAISE(const auto pattern, Glob::Parse(key));
    if (pattern.is_literal()) {
      ARROW_RETURN_NOT_OK(FindLiteral(root + pattern.literal_prefix()));
    } else {
      ARROW_RETURN_NOT_OK(FindPattern(root, key));
    }
    for (auto& [address, object] : found_by_uri_) found_.objects.push_back(std::move(object));
    return std::move(found_);
  }

 private:
  Status FindLiteral(const std::string& uri) {
    const size_t slash = uri.rfind('/');
    const std::string name = uri.substr(slash + 1);
    if (!name.empty()) {
      const auto folder = environment_.open_folder(uri.substr(0, slash + 1), {});
      if (!folder.ok()) return folder.status();
      const auto info = folder->store->Head(folder->key + name);
      if (info.ok()) {
        found_.address = FoundObjects::Address::kObject;
        found_by_uri_[uri] = {.uri = uri, .below = name, .place = {folder->store, info->key}, .info = *info};
        return Status::OK();
      }
      const auto kind = KindOf(info.status());
      if (kind != ErrorKind::kNotFound && kind != ErrorKind::kInvalid) return info.status();
    }
    found_.address = FoundObjects::Address::kFolder;
    const std::string base = name.empty() ? uri : uri + "/";
    const auto folder = environment_.open_folder(base, {});
    if (!folder.ok() && KindOf(folder.status()) != ErrorKind::kNotFound) return folder.status();
    if (folder.ok()) {
      ARROW_ASSIGN_OR_RAISE(const auto all, Glob::Parse("**"));
      ARROW_RETURN_NOT_OK(options_.recursive ? TakeAllBelow(base, *folder, "")
                                             : WalkPattern(base, *folder, all, false));
      // A bucket and a folder of a file system are there without an object; a prefix is not.
      const bool is_root = folder->key.empty();
      if (is_root || !found_by_uri_.empty() || found_.hidden + found_.links > 0) return Status::OK();
    }
    return MakeError(ErrorKind::kNotFound, "there is no ", ShownAddress(uri),
                     name.empty() ? "" : " and nothing below it");
  }

  Status FindPattern(const std::string& root, const std::string& key) {
    found_.address = FoundObjects::Address::kPattern;
    // The folder is as written up to the first special character; an escaped one is left to the pattern.
    const size_t special = std::min(key.find_first_of("*?[{\\"), key.size());
    const size_t slash = special == 0 ? std::string::npos : key.rfind('/', special - 1);
    const std::string base = slash == std::string::npos ? root : root + key.substr(0, slash + 1);
    ARROW_ASSIGN_OR_RAISE(const auto below, Glob::Parse(slash == std::string::npos ? key : key.substr(slash + 1)));
    const auto folder = environment_.open_folder(base, {});
    if (!folder.ok()) return KindOf(folder.status()) == ErrorKind::kNotFound ? Status::OK() : folder.status();
    return WalkPattern(base, *folder, below, true);
  }

  /// Level by level; \param matches_only false: all of the first level, and no deeper
  Status WalkPattern(const std::string& base, const Location& folder, const Glob& pattern, bool matches_only) {
    std::vector<std::string> level = {matches_only ? pattern.literal_prefix() : ""};
    while (!level.empty()) {
      std::vector<std::string> next, matching;
      std::mutex mutex;
      ARROW_RETURN_NOT_OK(ParallelForIndex(level.size(), 0, Pool::kIo, options_.stop, [&](size_t i) -> Status {
        ListOptions list{.prefix = folder.key + level[i], .delimiter = "/"};
        for (;;) {
          ARROW_ASSIGN_OR_RAISE(auto page, folder.store->List(list));
          std::lock_guard lock(mutex);
          for (const auto& object : page.objects) {
            const std::string_view below = std::string_view(object.key).substr(folder.key.size());
            if (!matches_only || pattern.Matches(below)) Take(base, folder, object, false);
          }
          for (const auto& key : page.passed_over) {
            const std::string below = key.substr(folder.key.size());
            if (!matches_only || pattern.Matches(below) || pattern.MayMatchBelow(below + "/")) TakeLink(below);
          }
          for (const auto& prefix : page.common_prefixes) {
            const std::string below = prefix.substr(folder.key.size());
            if (!matches_only) {
              Take(base, folder, {.key = prefix}, true);
              continue;
            }
            if (Hides(below)) {
              if (pattern.MayMatchBelow(below) || pattern.Matches(WithoutSlash(below))) ++found_.hidden;
              continue;
            }
            if (pattern.Matches(WithoutSlash(below))) matching.push_back(below);
            if (pattern.MayMatchBelow(below)) next.push_back(below);
          }
          if (page.next_token.empty()) return Status::OK();
          list.continuation_token = page.next_token;
        }
      }));
      for (const auto& below : matching) {
        if (options_.recursive) {
          ARROW_RETURN_NOT_OK(TakeAllBelow(base, folder, below));
        } else {
          Take(base, folder, {.key = folder.key + below}, true);
        }
      }
      level = std::move(next);
    }
    return Status::OK();
  }

  Status TakeAllBelow(const std::string& base, const Location& folder, const std::string& below) {
    ARROW_ASSIGN_OR_RAISE(auto objects, ListBelow(base, folder, below));
    if (!options_.all && environment_.list_committed != nullptr) {
      ARROW_ASSIGN_OR_RAISE(const auto committed,
                            environment_.list_committed(*folder.store, folder.key + below, &objects));
      std::set<std::string_view> keep;
      for (const auto& object : committed) keep.insert(object.key);
      // Logs are told of as hidden, below.
      std::erase_if(objects, [&](const ObjectInfo& object) {
        return !keep.contains(object.key) && !Hides(std::string_view(object.key).substr(folder.key.size()));
      });
    }
    for (const auto& object : objects) Take(base, folder, object, false);
    return Status::OK();
  }

  Result<std::vector<ObjectInfo>> ListBelow(const std::string& base, const Location& folder, const std::string& below) {
    std::vector<ObjectInfo> objects;
    if (folder.store->traits().remote) {
      const Status listed = ParallelList(*folder.store, {.prefix = folder.key + below, .stop = options_.stop},
                                         [&](const ObjectInfo& object) {
                                           objects.push_back(object);
                                           return Status::OK();
                                         });
      if (KindOf(listed) == ErrorKind::kCancelled && !listed.ok()) return Cancelled(base);
      ARROW_RETURN_NOT_OK(listed);
      return objects;
    }
    ListOptions list{.prefix = folder.key + below};
    do {
      if (options_.stop.IsStopRequested()) return Cancelled(base);
      ARROW_ASSIGN_OR_RAISE(auto page, folder.store->List(list));
      for (auto& object : page.objects) objects.push_back(std::move(object));
      for (const auto& key : page.passed_over) TakeLink(key.substr(folder.key.size()));
      list.continuation_token = std::move(page.next_token);
    } while (!list.continuation_token.empty());
    return objects;
  }

  static Status Cancelled(const std::string& base) {
    return MakeError(ErrorKind::kCancelled, "list ", ShownAddress(base), ": cancelled");
  }

  void TakeLink(std::string_view below) { found_.links += Hides(below) ? 0 : 1; }

  bool Hides(std::string_view below) const { return !options_.all && HasHiddenSegment(below); }

  void Take(const std::string& base, const Location& folder, const ObjectInfo& info, bool is_folder) {
    const std::string below = info.key.substr(folder.key.size());
    if (below.empty() || (!is_folder && below.ends_with('/'))) return;  // a folder's marker
    if (Hides(below)) {
      ++found_.hidden;
      return;
    }
    const std::string uri = base + below;
    found_by_uri_[uri] = {
        .uri = uri, .below = below, .place = {folder.store, info.key}, .info = info, .is_folder = is_folder};
  }

  const SyncEnvironment& environment_;
  const FindObjectsOptions& options_;
  std::map<std::string, FoundObject> found_by_uri_;
  FoundObjects found_;
};

}  // namespace

Result<FoundObjects> FindObjects(const SyncEnvironment& environment, const std::string& uri,
                                 const FindObjectsOptions& options) {
  return ObjectFinder(environment, options).Run(uri);
}

}  // namespace glaux
