#include "glaux/table/hive/passed_over_internal.h"

#include "glaux/table/hive/hive_path.h"

namespace glaux {
namespace {

/// Folders that are looked into, and files that are named.
constexpr size_t kMostLocations = 20, kMostNames = 3;

struct Passed {
  int64_t count = 0;
  std::string names;

  void Add(std::string_view name) {
    if (++count <= static_cast<int64_t>(kMostNames)) names += (names.empty() ? "" : ", ") + std::string(name);
  }
  std::string Describe(std::string_view what) const {
    std::string text = std::to_string(count) + (count == 1 ? " file " : " files ") + std::string(what) + " (" + names;
    return text + (count > static_cast<int64_t>(kMostNames) ? ", …)" : ")");
  }
};

/// Whether the location without its slash is an object.
Result<bool> IsFile(const Location& at) {
  std::string_view key = at.key;
  while (key.ends_with('/')) key.remove_suffix(1);
  if (key.empty()) return false;
  const auto head = at.store->Head(key);
  if (head.ok()) return true;
  return KindOf(head.status()) == ErrorKind::kNotFound ? Result<bool>(false) : head.status();
}

}  // namespace

Result<std::string> WhyNoFiles(const HivePlace& place, std::span<const std::string> locations) {
  Passed hidden, empty;
  std::string file;
  for (size_t i = 0; i < std::min(locations.size(), kMostLocations); ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto at, place.environment.resolve(locations[i]));
    bool visible = false;
    ARROW_RETURN_NOT_OK(ForEachObject(*at.store, at.key, [&](const ObjectInfo& object) {
      const std::string_view below = std::string_view(object.key).substr(at.key.size());
      if (IsHiddenPath(below)) {
        hidden.Add(below);
      } else if (object.size > 0) {
        visible = true;
      } else if (!below.empty()) {  // else the marker of the folder itself
        empty.Add(below);
      }
      return Status::OK();
    }));
    if (visible) return std::string();
    if (file.empty()) {
      ARROW_ASSIGN_OR_RAISE(const bool is_file, IsFile(at));
      if (is_file) file = locations[i];
    }
  }
  if (locations.empty()) return std::string();
  if (!file.empty()) {
    while (file.ends_with('/')) file.pop_back();
    return "its location " + file + " is a file, and tables are made of folders: name the folder that the file is in";
  }
  const std::string where =
      locations.size() == 1 ? "at " + locations.front() : "in its " + std::to_string(locations.size()) + " partitions";
  if (hidden.count == 0 && empty.count == 0) return "there is nothing " + where;
  std::string what;
  if (hidden.count > 0) what = hidden.Describe("with a name that begins with _ or ., which readers pass over");
  if (empty.count > 0) what += (what.empty() ? "" : " and ") + empty.Describe("without a byte");
  return where + " there is nothing but " + what;
}

}  // namespace glaux
