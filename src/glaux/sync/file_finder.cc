#include "glaux/sync/file_finder.h"

#include <arrow/scalar.h>
#include <arrow/util/uri.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <regex>
#include <set>

#include "glaux/base/parallel.h"
#include "glaux/base/secrets.h"
#include "glaux/schema/predicate.h"
#include "glaux/store/object_input.h"
#include "glaux/store/parallel_list.h"
#include "glaux/sync/glob.h"

namespace glaux {
namespace {

constexpr char kNullPartition[] = "__HIVE_DEFAULT_PARTITION__";
constexpr std::string_view kLogFolder = "_glaux/";

bool HasHiddenSegment(std::string_view path) {
  for (size_t begin = 0; begin < path.size();) {
    if (path[begin] == '.' || path[begin] == '_') return true;
    begin = path.find('/', begin);
    if (begin == std::string_view::npos) break;
    ++begin;
  }
  return false;
}

std::string_view FolderOf(std::string_view path) { return path.substr(0, path.rfind('/') + 1); }

/// The values of `key=value` folders in a path, with their keys as they are.
std::vector<std::pair<std::string, std::optional<std::string>>> KeyValues(std::string_view folder) {
  std::vector<std::pair<std::string, std::optional<std::string>>> values;
  for (size_t begin = 0; begin < folder.size();) {
    const size_t end = std::min(folder.find('/', begin), folder.size());
    const std::string_view segment = folder.substr(begin, end - begin);
    if (const size_t equal = segment.find('='); equal != std::string_view::npos && equal > 0) {
      std::string value = arrow::util::UriUnescape(segment.substr(equal + 1));
      values.emplace_back(arrow::util::UriUnescape(segment.substr(0, equal)),
                          value == kNullPartition ? std::nullopt : std::optional<std::string>(std::move(value)));
    }
    begin = end + 1;
  }
  return values;
}

/// The same as a condition looks them up.
std::map<std::string, std::shared_ptr<arrow::Scalar>> PathValues(std::string_view folder) {
  std::map<std::string, std::shared_ptr<arrow::Scalar>> values;
  for (auto& [key, value] : KeyValues(folder)) {
    std::string name = key;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    values[name] =
        value.has_value() ? std::make_shared<arrow::StringScalar>(*value) : arrow::MakeNullScalar(arrow::utf8());
  }
  return values;
}

/// A folder that is walked: where it begins, and what is wanted below it.
struct Address {
  std::string base;  ///< of the folder, a URI that ends in '/'
  Glob below;        ///< what is wanted, relative to the folder
  bool pattern = false;
  std::string text;  ///< as it was given
};

/// Split an address into the folder that can be opened and the rest.
Result<Address> TakeApart(const std::string& uri) {
  const size_t scheme = uri.find("://");
  if (scheme == std::string::npos) {
    return MakeError(ErrorKind::kInvalid, "read ", uri, ": expected s3://bucket/key or file:///path");
  }
  const size_t path = uri.find('/', scheme + 3);
  if (path == std::string::npos) {
    ARROW_ASSIGN_OR_RAISE(auto all, Glob::Parse("**"));
    return Address{.base = uri + "/", .below = std::move(all), .pattern = false, .text = uri};
  }
  ARROW_ASSIGN_OR_RAISE(const auto whole, Glob::Parse(std::string_view(uri).substr(path + 1)));
  if (whole.is_literal()) {
    const std::string plain = uri.substr(0, path + 1) + whole.literal_prefix();
    ARROW_ASSIGN_OR_RAISE(auto all, Glob::Parse("**"));
    return Address{
        .base = plain.substr(0, plain.rfind('/') + 1), .below = std::move(all), .pattern = false, .text = plain};
  }
  // A pattern's folder is as written up to the first special character; an escaped one is left to the pattern.
  const size_t special = std::min(uri.find_first_of("*?[{\\", path), uri.size());
  const size_t slash = uri.rfind('/', special == uri.size() ? special : special - 1);
  ARROW_ASSIGN_OR_RAISE(auto below, Glob::Parse(std::string_view(uri).substr(slash + 1)));
  return Address{.base = uri.substr(0, slash + 1), .below = std::move(below), .pattern = true, .text = uri};
}

class FileFinder {
 public:
  FileFinder(const SyncEnvironment& environment, const SourceConfig& source, const arrow::StopToken& stop)
      : environment_(environment), source_(source), stop_(stop) {}

  Result<FoundSourceFiles> Run() {
    ARROW_ASSIGN_OR_RAISE(partitions_, Predicate::Parse(source_.select.partitions));
    for (const auto& text : source_.select.exclude) {
      ARROW_ASSIGN_OR_RAISE(auto glob, Glob::Parse(text));
      exclude_.push_back(std::move(glob));
    }
    if (source_.select.regex.has_value()) {
      try {
        regex_.emplace(*source_.select.regex);
      } catch (const std::regex_error& error) {
        return MakeError(ErrorKind::kInvalid, source_.place.ToString(), ": regex ", *source_.select.regex, ": ",
                         error.what());
      }
    }
    std::set<std::string> taken;
    for (const auto& uri : source_.uris) {
      ARROW_RETURN_NOT_OK(Add(uri));
      for (auto& [address, file] : files_) {
        if (!taken.insert(address).second) continue;
        found_.bytes += file.ledger.size;
        ARROW_RETURN_NOT_OK(AddMembers(std::move(file)));
      }
      files_.clear();
    }
    found_.links.assign(links_.begin(), links_.end());
    return std::move(found_);
  }

 private:
  Status Add(const std::string& uri) {
    ARROW_ASSIGN_OR_RAISE(const auto address, TakeApart(uri));
    auto folder = environment_.open_folder(address.base, source_.s3);
    if (!folder.ok()) {
      if (KindOf(folder.status()) == ErrorKind::kNotFound && address.pattern) return Status::OK();
      return Prefix(folder.status(), "source " + source_.name);
    }
    if (!address.pattern) {
      const std::string rest = address.text.substr(address.base.size());
      if (!rest.empty()) {
        ++found_.requests;
        const auto info = folder->store->Head(folder->key + rest);
        if (info.ok()) return AddObject(address, *folder, *info);
        if (KindOf(info.status()) != ErrorKind::kNotFound && KindOf(info.status()) != ErrorKind::kInvalid)
          return Prefix(info.status(), "source " + source_.name);
      }
      return AddFolder(address, rest);
    }
    return Walk(address, *folder);
  }

  /// All that is below an address that is no file.
  Status AddFolder(const Address& address, const std::string& rest) {
    ARROW_ASSIGN_OR_RAISE(auto all, Glob::Parse("**"));
    const Address below{.base = rest.empty() ? address.base : address.base + rest + "/",
                        .below = std::move(all),
                        .pattern = false,
                        .text = address.text};
    const auto folder = environment_.open_folder(below.base, source_.s3);
    const auto seen = [&] { return files_.size() + static_cast<size_t>(found_.empty + found_.not_selected); };
    const size_t before = seen();
    if (folder.ok()) ARROW_RETURN_NOT_OK(Walk(below, *folder));
    if (!folder.ok() && KindOf(folder.status()) != ErrorKind::kNotFound) return folder.status();
    if (seen() > before) return Status::OK();
    const std::string shown = ShownAddress(address.text);
    if (!links_.empty()) {
      return MakeError({.kind = ErrorKind::kNotFound, .hint = "name the linked files, or what they stand for"},
                       "source ", source_.name, ": below ", shown, " are only symbolic links (", *links_.begin(),
                       "), which are not followed inside folders");
    }
    return MakeError(
        {.kind = ErrorKind::kNotFound, .hint = "a pattern such as *.csv may match nothing, a name may not"}, "source ",
        source_.name, ": there is no file ", shown, " and nothing below it");
  }

  Status Walk(const Address& address, const Location& folder) {
    // With folders to choose from, go level by level; else one listing has it all.
    const std::string_view pattern =
        std::string_view(address.text).substr(std::min(address.base.size(), address.text.size()));
    const bool by_level = !partitions_.always_true() || (address.pattern && pattern.find("**") == std::string::npos);
    std::vector<ObjectInfo> objects;
    std::set<std::string> roots;
    std::vector<std::string> level = {folder.key + std::string(FolderOf(address.below.literal_prefix()))};
    std::string name_prefix = address.below.literal_prefix().substr(FolderOf(address.below.literal_prefix()).size());
    if (!by_level && folder.store->traits().remote) {
      std::atomic<int64_t> calls = 0;
      const ParallelListOptions list{.prefix = level[0] + name_prefix, .calls = &calls, .stop = stop_};
      const Status listed = ParallelList(*folder.store, list, [&](const ObjectInfo& object) {
        TakeKey(folder.key, object, &objects, &roots);
        return Status::OK();
      });
      found_.requests += calls;
      if (!listed.ok()) return Prefix(listed, "source " + source_.name);
      level.clear();
    }
    while (!level.empty()) {
      std::vector<std::string> next;
      std::mutex mutex;
      ARROW_RETURN_NOT_OK(ParallelForIndex(level.size(), 0, Pool::kIo, stop_, [&](size_t i) -> Status {
        ListOptions list{.prefix = level[i] + name_prefix, .delimiter = by_level ? "/" : ""};
        for (;;) {
          auto page = folder.store->List(list);
          if (!page.ok()) return Prefix(page.status(), "source " + source_.name);
          std::lock_guard lock(mutex);
          ++found_.requests;
          for (auto& object : page->objects) TakeKey(folder.key, std::move(object), &objects, &roots);
          for (const auto& key : page->passed_over) TakeLink(address, key, key.substr(folder.key.size()));
          for (auto& prefix : page->common_prefixes) {
            const std::string_view below = std::string_view(prefix).substr(folder.key.size());
            if (below.ends_with(kLogFolder) &&
                (below.size() == kLogFolder.size() || below[below.size() - kLogFolder.size() - 1] == '/')) {
              roots.insert(prefix.substr(0, prefix.size() - kLogFolder.size()));
              continue;
            }
            ARROW_ASSIGN_OR_RAISE(const bool wanted, MayHold(address, below));
            if (wanted) {
              next.push_back(std::move(prefix));
            } else {
              ++found_.folders_pruned;
            }
          }
          if (page->next_token.empty()) return Status::OK();
          list.continuation_token = page->next_token;
        }
      }));
      name_prefix.clear();
      level = std::move(next);
    }
    ARROW_RETURN_NOT_OK(ListManaged(folder, roots, &objects));
    for (const auto& object : objects) {
      if (!address.below.Matches(std::string_view(object.key).substr(folder.key.size()))) continue;
      ARROW_RETURN_NOT_OK(AddObject(address, folder, object));
    }
    return Status::OK();
  }

  void TakeLink(const Address& address, const std::string& key, const std::string& below) {
    if (!source_.select.include_hidden && HasHiddenSegment(below)) return;
    if (key.find(kLogFolder) != std::string::npos) return;
    if (address.below.Matches(below) || address.below.MayMatchBelow(below + "/"))
      links_.insert(ShownAddress(address.base + below));
  }

  static void TakeKey(const std::string& base, ObjectInfo object, std::vector<ObjectInfo>* objects,
                      std::set<std::string>* roots) {
    const std::string_view below = std::string_view(object.key).substr(base.size());
    constexpr std::string_view kState = "_glaux/state.json";
    if (below.ends_with(kState) && (below.size() == kState.size() || below[below.size() - kState.size() - 1] == '/')) {
      roots->insert(object.key.substr(0, object.key.size() - kState.size()));
    }
    objects->push_back(std::move(object));
  }

  /// Whether a file below a folder can be wanted.
  Result<bool> MayHold(const Address& address, std::string_view below) const {
    if (!source_.select.include_hidden && HasHiddenSegment(below)) return false;
    if (!address.below.MayMatchBelow(below)) return false;
    if (partitions_.always_true()) return true;
    const auto values = PathValues(below);
    ARROW_ASSIGN_OR_RAISE(const auto truth, partitions_.Evaluate([&](const std::string& column) {
      const auto at = values.find(column);
      return at == values.end() ? nullptr : at->second;
    }));
    return truth != Predicate::Truth::kFalse;
  }

  /// Below a folder that a log manages, what the log says counts.
  Status ListManaged(const Location& folder, const std::set<std::string>& roots, std::vector<ObjectInfo>* objects) {
    if (environment_.list_committed == nullptr) return Status::OK();
    std::string last;
    for (const auto& root : roots) {
      // A folder inside a managed one went with it.
      if (!last.empty() && root.starts_with(last)) continue;
      last = root.empty() ? "/" : root;
      int64_t listed = 0;
      std::erase_if(*objects, [&](const ObjectInfo& object) {
        if (!object.key.starts_with(root)) return false;
        listed += object.key.find(kLogFolder) == std::string::npos;
        return true;
      });
      found_.requests += 2;
      ARROW_ASSIGN_OR_RAISE(auto committed, environment_.list_committed(*folder.store, root, nullptr));
      found_.not_selected += std::max<int64_t>(0, listed - static_cast<int64_t>(committed.size()));
      for (auto& object : committed) objects->push_back(std::move(object));
    }
    return Status::OK();
  }

  Result<bool> IsSelected(std::string_view below, const ObjectInfo& object) const {
    const auto& select = source_.select;
    const auto excluded = [&](const Glob& glob) {
      return glob.Matches(below) || glob.Matches(below.substr(below.rfind('/') + 1));
    };
    if (std::any_of(exclude_.begin(), exclude_.end(), excluded)) return false;
    if (regex_.has_value() && !std::regex_search(below.begin(), below.end(), *regex_)) return false;
    if (select.modified_after.has_value() && object.last_modified < *select.modified_after) return false;
    if (select.modified_before.has_value() && object.last_modified >= *select.modified_before) return false;
    if (select.min_size.has_value() && object.size < *select.min_size) return false;
    if (select.max_size.has_value() && object.size > *select.max_size) return false;
    if (partitions_.always_true()) return true;
    const auto values = PathValues(FolderOf(below));
    std::string missing;
    ARROW_ASSIGN_OR_RAISE(const auto truth,
                          partitions_.Evaluate([&](const std::string& column) -> std::shared_ptr<arrow::Scalar> {
                            const auto at = values.find(column);
                            if (at != values.end()) return at->second;
                            missing = column;
                            return nullptr;
                          }));
    if (truth == Predicate::Truth::kUnknown && !missing.empty()) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "partitions speaks of folders such as year=2026"},
                       "source ", source_.name, ": the path of ", below, " has no key ", missing);
    }
    return truth == Predicate::Truth::kTrue;
  }

  Status AddObject(const Address& address, const Location& folder, const ObjectInfo& object) {
    const std::string_view below = std::string_view(object.key).substr(folder.key.size());
    if (below.empty() || below.ends_with('/')) return Status::OK();  // a folder's marker
    const std::string uri = address.base + std::string(below);
    if (!source_.select.include_hidden && address.text != uri && HasHiddenSegment(below)) {
      // What a log of ours holds is nobody's data.
      if (below.find(kLogFolder) == std::string_view::npos) ++found_.hidden;
      return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(const bool selected, IsSelected(below, object));
    if (!selected) {
      ++found_.not_selected;
      return Status::OK();
    }
    if (object.size == 0) {
      if (empty_.insert(uri).second) ++found_.empty;
      return Status::OK();
    }
    files_[uri] = {.ledger = {.key = RememberedAddress(uri),
                              .etag = object.etag,
                              .size = object.size,
                              .modified = object.last_modified},
                   .place = {folder.store, object.key},
                   .name = ShownAddress(uri),
                   .path_values = KeyValues(FolderOf(below)),
                   .storage_class = object.storage_class};
    return Status::OK();
  }

  Status AddMembers(SourceFile file) {
    auto members = ExpandArchive(std::move(file), source_.format);
    if (!members.ok()) return Prefix(members.status(), "source " + source_.name);
    for (auto& member : *members) found_.files.push_back(std::move(member));
    return Status::OK();
  }

  const SyncEnvironment& environment_;
  const SourceConfig& source_;
  const arrow::StopToken stop_;
  Predicate partitions_;
  std::vector<Glob> exclude_;
  std::optional<std::regex> regex_;
  std::map<std::string, SourceFile> files_;
  std::set<std::string> empty_, links_;
  FoundSourceFiles found_;
};

}  // namespace

Result<InputFile> SourceFile::Open() const {
  const ObjectInfo object{.key = place.key, .size = ledger.size, .etag = ledger.etag};
  ARROW_ASSIGN_OR_RAISE(
      auto input, is_read_ahead() ? OpenSequentialInput(place.store, object, head) : OpenInput(place.store, object));
  return InputFile{.name = name, .file = std::move(input), .member = member};
}

bool SourceFile::is_read_ahead() const {
  return place.store->traits().remote && (format == nullptr || format->is_text());
}

Result<std::vector<SourceFile>> ExpandArchive(SourceFile file, const std::optional<std::string>& format) {
  const auto format_of = [&](const std::string& name) {
    return format.has_value() ? FormatByName(*format) : FormatOfFile(name);
  };
  std::vector<SourceFile> files;
  if (!file.name.ends_with(".zip") && !file.name.ends_with(".ZIP")) {
    ARROW_ASSIGN_OR_RAISE(file.format, format_of(file.name));
    files.push_back(std::move(file));
    return files;
  }
  ARROW_ASSIGN_OR_RAISE(const auto input, file.Open());
  ARROW_ASSIGN_OR_RAISE(const auto members, ArchiveMembers(input));
  for (const auto& member : members) {
    if (member.member.empty()) continue;
    SourceFile one = file;
    one.name = member.name;
    one.member = member.member;
    one.ledger.key += "#" + member.member;
    ARROW_ASSIGN_OR_RAISE(one.format, format_of(one.name));
    files.push_back(std::move(one));
  }
  return files;
}

Result<FoundSourceFiles> FindSourceFiles(const SyncEnvironment& environment, const SourceConfig& source,
                                         const arrow::StopToken& stop) {
  return FileFinder(environment, source, stop).Run();
}

}  // namespace glaux
