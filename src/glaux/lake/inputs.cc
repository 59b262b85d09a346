#include <glob.h>

#include <filesystem>
#include <map>
#include <set>

#include "glaux/base/secrets.h"
#include "glaux/lake/inputs_internal.h"
#include "glaux/store/directory_store.h"

namespace glaux {
namespace {

namespace fs = std::filesystem;

bool IsHiddenName(std::string_view name) { return name.starts_with('.') || name.starts_with('_'); }

class InputFinder {
 public:
  InputFinder(Lake& lake, const std::optional<std::string>& format) : lake_(lake), format_(format) {}

  Status Add(const std::string& input) {
    if (input.starts_with("s3://")) return AddPrefix(input);
    const std::string path = input.starts_with("file://") ? input.substr(7) : input;
    std::error_code error;
    const auto status = fs::status(path, error);
    if (fs::is_directory(status)) return AddFolder(path);
    if (fs::exists(status)) return AddFile(path);
    if (path.find_first_of("*?[") != std::string::npos) return AddGlob(path);
    return MakeError({.kind = ErrorKind::kNotFound,
                      .hint = "a path is taken from the current folder; quote a pattern to let glaux expand it"},
                     "load ", input, ": there is no such file");
  }

  Result<FoundFiles> Take() {
    for (auto& [key, file] : files_) {
      ARROW_ASSIGN_OR_RAISE(auto members, ExpandArchive(std::move(file), format_));
      for (auto& member : members) found_.files.push_back(std::move(member));
    }
    return std::move(found_);
  }

 private:
  Status AddFile(const fs::path& path) {
    std::error_code error;
    const fs::path absolute = fs::canonical(path, error);
    if (error) return ErrnoError(error.value(), "load " + path.string());
    auto& store = stores_[absolute.parent_path().string()];
    if (store == nullptr) {
      ARROW_ASSIGN_OR_RAISE(store, MakeDirectoryStore({.root = absolute.parent_path().string()}));
    }
    const std::string key = absolute.filename().string();
    auto info = store->Head(key);
    if (!info.ok()) return Prefix(info.status(), "load " + path.string());
    return AddObject({store, key}, *info, "file://" + absolute.string(), path.string());
  }

  Status AddFolder(const fs::path& folder) {
    std::error_code error;
    bool any = false;
    for (auto at = fs::recursive_directory_iterator(folder, error); !error && at != fs::recursive_directory_iterator();
         at.increment(error)) {
      if (IsHiddenName(at->path().filename().string())) {
        if (at->is_directory()) at.disable_recursion_pending();
        ++found_.hidden;
        continue;
      }
      if (at->is_symlink() || at->is_other()) ++found_.links;
      if (at->is_symlink() || !at->is_regular_file()) continue;
      any = true;
      ARROW_RETURN_NOT_OK(AddFile(at->path()));
    }
    if (error) return ErrnoError(error.value(), "list " + folder.string());
    if (any) return Status::OK();
    return MakeError({.kind = ErrorKind::kNotFound,
                      .hint = found_.links > 0 ? "symbolic links are followed only where they are named" : ""},
                     "load ", folder.string(), ": there is no file in this folder");
  }

  Status AddGlob(const std::string& pattern) {
    glob_t matches{};
    const int code = ::glob(pattern.c_str(), 0, nullptr, &matches);
    std::vector<std::string> paths(matches.gl_pathv, matches.gl_pathv + (code == 0 ? matches.gl_pathc : 0));
    ::globfree(&matches);
    if (paths.empty()) return MakeError(ErrorKind::kNotFound, "load ", pattern, ": no file matches");
    for (const auto& path : paths) {
      std::error_code error;
      if (fs::is_symlink(path, error)) {
        ++found_.links;
      } else {
        ARROW_RETURN_NOT_OK(Add(path));
      }
    }
    return Status::OK();
  }

  Status AddPrefix(const std::string& uri) {
    ARROW_ASSIGN_OR_RAISE(const auto place, lake_.Resolve(uri));
    const auto one = place.key.empty() ? Result<ObjectInfo>(MakeError(ErrorKind::kNotFound, "bucket"))
                                       : place.store->Head(place.key);
    if (one.ok()) return AddObject(place, *one, uri, uri);
    bool any = false;
    const std::string prefix = place.key.empty() || place.key.back() == '/' ? place.key : place.key + "/";
    const std::string base = uri.substr(0, uri.size() - place.key.size());
    ARROW_RETURN_NOT_OK(ForEachObject(*place.store, prefix, [&](const ObjectInfo& object) {
      const size_t slash = object.key.rfind('/');
      if (IsHiddenName(std::string_view(object.key).substr(slash == std::string::npos ? 0 : slash + 1))) {
        ++found_.hidden;
        return Status::OK();
      }
      any = true;
      return AddObject({place.store, object.key}, object, base + object.key, base + object.key);
    }));
    return any ? Status::OK()
               : MakeError(ErrorKind::kNotFound, "load ", uri, ": there is no such object and nothing under it");
  }

  Status AddObject(const Location& place, const ObjectInfo& info, const std::string& uri, const std::string& name) {
    if (info.size == 0) {
      if (empty_.insert(uri).second) ++found_.empty;
      return Status::OK();
    }
    files_[uri] = {
        .ledger = {.key = RememberedAddress(uri), .etag = info.etag, .size = info.size, .modified = info.last_modified},
        .place = place,
        .name = ShownAddress(name)};
    return Status::OK();
  }

  Lake& lake_;
  const std::optional<std::string>& format_;
  std::map<std::string, std::shared_ptr<ObjectStore>> stores_;
  std::map<std::string, SourceFile> files_;
  std::set<std::string> empty_;
  FoundFiles found_;
};

}  // namespace

Result<FoundFiles> FindInputs(Lake& lake, const std::vector<std::string>& inputs,
                              const std::optional<std::string>& format) {
  InputFinder finder(lake, format);
  for (const auto& input : inputs) ARROW_RETURN_NOT_OK(finder.Add(input));
  return finder.Take();
}

}  // namespace glaux
