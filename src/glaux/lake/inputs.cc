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
  InputFinder(Lake& lake, const std::optional<std::string>& format, arrow::StopToken stop)
      : lake_(lake), format_(format), stop_(std::move(stop)) {}

  Status Add(const std::string& input) {
    if (input.starts_with("s3://")) return AddS3(input);
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
      if (file.format != nullptr) {
        found_.files.push_back(std::move(file));  // taken apart already
        continue;
      }
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

  /// An object, what is below a prefix, or what a pattern matches.
  Status AddS3(const std::string& uri) {
    const SourceConfig source{.name = uri, .uris = {uri}, .format = format_};
    auto found = FindSourceFiles(lake_.sync_environment(nullptr), source, stop_);
    if (!found.ok()) {
      return KindOf(found.status()) == ErrorKind::kNotFound
                 ? MakeError(InfoOf(found.status()), "load ", uri, ": there is no such object and nothing under it")
                 : Prefix(found.status(), "load");
    }
    if (found->files.empty() && found->empty == 0) {
      return MakeError(
          {.kind = ErrorKind::kNotFound, .hint = found->hidden > 0 ? "names that begin with . or _ are left out" : ""},
          "load ", uri, ": no file matches");
    }
    found_.hidden += found->hidden;
    found_.empty += found->empty;
    for (auto& file : found->files) {
      file.path_values.clear();
      files_[file.ledger.key] = std::move(file);
    }
    return Status::OK();
  }

  Status AddObject(const Location& place, const ObjectInfo& info, const std::string& uri, const std::string& name) {
    if (info.size == 0) {
      if (empty_.insert(uri).second) ++found_.empty;
      return Status::OK();
    }
    files_[uri] = {
        .ledger = {.key = RememberedAddress(uri), .etag = info.etag, .size = info.size, .modified = info.last_modified},
        .place = place,
        .name = ShownAddress(name),
        .storage_class = info.storage_class};
    return Status::OK();
  }

  Lake& lake_;
  const std::optional<std::string>& format_;
  const arrow::StopToken stop_;
  std::map<std::string, std::shared_ptr<ObjectStore>> stores_;
  std::map<std::string, SourceFile> files_;
  std::set<std::string> empty_;
  FoundFiles found_;
};

}  // namespace

Result<FoundFiles> FindInputs(Lake& lake, const std::vector<std::string>& inputs,
                              const std::optional<std::string>& format, const arrow::StopToken& stop) {
  InputFinder finder(lake, format, stop);
  for (const auto& input : inputs) ARROW_RETURN_NOT_OK(finder.Add(input));
  return finder.Take();
}

}  // namespace glaux
