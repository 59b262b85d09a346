#include "glaux/store/parallel_list.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "glaux/base/parallel.h"

namespace glaux {
namespace {

// Pages that one piece may take before what is left of it is split.
constexpr int kPagesAtOnce = 4;
// Keys that a piece of several folders is to hold.
constexpr size_t kKeysOfFolders = 3000;
// Sorts behind every key with the same beginning: U+10FFFF, the last character there is.
constexpr std::string_view kLast = "\xF4\x8F\xBF\xBF";
// Most probes among characters of one kind.
constexpr size_t kProbes = 9;

// The characters of one kind, in byte order: those that are likely where one of them stands.
std::string_view KindOfCharacter(char c) {
  for (const std::string_view kind : {"0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"}) {
    if (kind.find(c) != kind.npos) return kind;
  }
  return {};
}

/// A stretch of the key space, (after, until], under a prefix; or, once `listed`, the objects of one.
struct Piece {
  std::string prefix;
  std::string after;
  /// The last key of the stretch; empty: to the end of the prefix.
  std::string until;
  bool listed = false;
  std::vector<ObjectInfo> objects;
};

size_t CommonLength(std::string_view a, std::string_view b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

class Lister {
 public:
  Lister(ObjectStore& store, const ParallelListOptions& options) : store_(store), options_(options) {}

  Status Run(const std::function<Status(const ObjectInfo&)>& visit) {
    std::deque<Piece> pieces;
    pieces.push_back(
        {.prefix = options_.prefix, .after = options_.start_after, .until = {}, .listed = false, .objects = {}});
    while (!pieces.empty()) {
      ARROW_RETURN_NOT_OK(Round(&pieces));
      while (!pieces.empty() && pieces.front().listed) {
        for (const auto& object : pieces.front().objects) ARROW_RETURN_NOT_OK(visit(object));
        pieces.pop_front();
      }
    }
    return Status::OK();
  }

 private:
  // List the first pieces that are not listed yet, each for some pages; what is left of one is split for the next
  // round.
  Status Round(std::deque<Piece>* pieces) {
    std::vector<size_t> open;
    for (size_t i = 0; i < pieces->size() && open.size() < 2 * static_cast<size_t>(options_.max_parallel); ++i) {
      if (!(*pieces)[i].listed) open.push_back(i);
    }
    std::vector<std::vector<Piece>> results(open.size());
    ARROW_RETURN_NOT_OK(ParallelForIndex(open.size(), options_.max_parallel, Pool::kIo, options_.stop, [&](size_t i) {
      return Expand(std::move((*pieces)[open[i]])).Value(&results[i]);
    }));
    std::deque<Piece> next;
    for (size_t i = 0, at = 0; i < pieces->size(); ++i) {
      if (at < open.size() && open[at] == i) {
        std::move(results[at].begin(), results[at].end(), std::back_inserter(next));
        ++at;
      } else {
        next.push_back(std::move((*pieces)[i]));
      }
    }
    *pieces = std::move(next);
    return Status::OK();
  }

  // Some pages of a piece, and in how many pieces the rest is to go on.
  Result<std::vector<Piece>> Expand(Piece piece) {
    Piece done{.prefix = {}, .after = {}, .until = {}, .listed = true, .objects = {}};
    ListOptions list{.prefix = piece.prefix, .start_after = piece.after};
    for (int pages = 0; pages < kPagesAtOnce; ++pages) {
      ARROW_ASSIGN_OR_RAISE(auto page, Call(list));
      bool ended = page.next_token.empty();
      for (auto& object : page.objects) {
        // Behind a folder's last character, its keys may go on.
        const bool within = piece.until.ends_with(kLast) && object.key.starts_with(piece.until);
        if (!piece.until.empty() && object.key > piece.until && !within) {
          ended = true;
          break;
        }
        piece.after = object.key;
        done.objects.push_back(std::move(object));
      }
      if (ended) return One(std::move(done));
      list.continuation_token = std::move(page.next_token);
    }
    ARROW_ASSIGN_OR_RAISE(auto rest, Split(std::move(piece), done.objects));
    rest.insert(rest.begin(), std::move(done));
    return rest;
  }

  Result<ListPage> Call(const ListOptions& list) {
    if (options_.calls != nullptr) ++*options_.calls;
    return store_.List(list);
  }

  static std::vector<Piece> One(Piece piece) {
    std::vector<Piece> pieces;
    pieces.push_back(std::move(piece));
    return pieces;
  }

  // `before` are the objects that lie right in front of the piece.
  Result<std::vector<Piece>> Split(Piece piece, const std::vector<ObjectInfo>& before) {
    // Down to where the folders branch. A stretch with an end comes from probes: there, folders had nothing to give.
    for (int depth = 0; piece.until.empty() && depth < 32; ++depth) {
      ARROW_ASSIGN_OR_RAISE(auto page, Call({.prefix = piece.prefix, .delimiter = "/", .start_after = piece.after}));
      const size_t folders = page.common_prefixes.size();
      if (folders == 1 && page.objects.empty() && page.next_token.empty() &&
          page.common_prefixes[0].size() > piece.prefix.size()) {
        piece.prefix = std::move(page.common_prefixes[0]);
        continue;
      }
      if (folders > 0) return AtFolders(std::move(piece), std::move(page), before);
      // No folder is left, so this page is as good as any.
      Piece listed{.prefix = {}, .after = {}, .until = {}, .listed = true, .objects = std::move(page.objects)};
      if (page.next_token.empty() || listed.objects.empty()) return One(std::move(listed));
      piece.after = listed.objects.back().key;
      ARROW_ASSIGN_OR_RAISE(auto rest, AtProbes(std::move(piece), before));
      rest.insert(rest.begin(), std::move(listed));
      return rest;
    }
    return AtProbes(std::move(piece), before);
  }

  // Folders that together give some pages, if they hold as much as those before them.
  static size_t FoldersAtOnce(const std::string& prefix, const std::vector<ObjectInfo>& before) {
    size_t folders = 0;
    std::string_view last;
    for (const auto& object : before) {
      const std::string_view key = object.key;
      const std::string_view folder = key.substr(0, key.find('/', std::min(prefix.size(), key.size())));
      if (folder != last) ++folders;
      last = folder;
    }
    return std::clamp<size_t>(folders == 0 ? 1 : kKeysOfFolders * folders / before.size(), 1, 1000);
  }

  // One piece for each large folder or several small ones, and the objects beside them, in order.
  static std::vector<Piece> AtFolders(Piece piece, ListPage page, const std::vector<ObjectInfo>& before) {
    const size_t at_once = FoldersAtOnce(piece.prefix, before);
    std::vector<Piece> pieces;
    size_t object = 0;
    std::string last = piece.after;
    const auto objects_until = [&](const std::string* folder) {
      Piece listed{.prefix = {}, .after = {}, .until = {}, .listed = true, .objects = {}};
      for (; object < page.objects.size() && (folder == nullptr || page.objects[object].key < *folder); ++object) {
        last = page.objects[object].key;
        listed.objects.push_back(std::move(page.objects[object]));
      }
      if (!listed.objects.empty()) pieces.push_back(std::move(listed));
    };
    auto& folders = page.common_prefixes;
    for (size_t i = 0; i < folders.size();) {
      objects_until(&folders[i]);
      // No object may stand between the folders of one piece.
      size_t end = i + 1;
      while (end < std::min(folders.size(), i + at_once) &&
             (object == page.objects.size() || folders[end] < page.objects[object].key)) {
        ++end;
      }
      // Only the first folder can hold keys that were seen already.
      std::string after = piece.after.starts_with(folders[i]) ? piece.after : std::string();
      if (end == i + 1) {
        last = folders[i] + std::string(kLast);
        pieces.push_back(
            {.prefix = std::move(folders[i]), .after = std::move(after), .until = {}, .listed = false, .objects = {}});
      } else {
        if (after.empty()) after = last;
        last = folders[end - 1] + std::string(kLast);
        pieces.push_back(
            {.prefix = piece.prefix, .after = std::move(after), .until = last, .listed = false, .objects = {}});
      }
      i = end;
    }
    objects_until(nullptr);
    if (!page.next_token.empty()) {
      pieces.push_back({.prefix = piece.prefix, .after = std::move(last), .until = {}, .listed = false, .objects = {}});
    }
    return pieces;
  }

  Result<std::string> FirstKeyAfter(const std::string& prefix, const std::string& after) {
    ARROW_ASSIGN_OR_RAISE(const auto page, Call({.prefix = prefix, .start_after = after, .max_keys = 1}));
    return page.objects.empty() ? std::string() : page.objects.front().key;
  }

  // Cut the piece at keys in its middle, which probes find where the keys seen so far begin to differ, and once more
  // where what lies behind differs from them.
  Result<std::vector<Piece>> AtProbes(Piece piece, const std::vector<ObjectInfo>& before) {
    std::vector<std::string> cuts;
    std::string key = piece.after;
    size_t place = before.empty() ? piece.prefix.size() : CommonLength(before.front().key, key);
    for (int level = 0; level < 2 && place < key.size(); ++level) {
      ARROW_ASSIGN_OR_RAISE(auto beyond, Probe(piece, key, std::max(place, piece.prefix.size()), &cuts));
      if (beyond.empty()) break;
      place = CommonLength(key, beyond);
      key = std::move(beyond);
    }
    std::sort(cuts.begin(), cuts.end());
    std::vector<Piece> pieces;
    std::string after = piece.after;
    for (auto& cut : cuts) {
      if (cut <= after || (!piece.until.empty() && cut >= piece.until)) continue;
      pieces.push_back(
          {.prefix = piece.prefix, .after = std::move(after), .until = cut, .listed = false, .objects = {}});
      after = std::move(cut);
    }
    pieces.push_back(
        {.prefix = piece.prefix, .after = std::move(after), .until = piece.until, .listed = false, .objects = {}});
    return pieces;
  }

  // Find the first keys behind each of some characters in one place of `key`. \return the first key behind all that
  // have the same beginning; empty: there is none in this piece
  Result<std::string> Probe(const Piece& piece, std::string key, size_t place, std::vector<std::string>* cuts) {
    // A character of several bytes is not cut.
    while (place > piece.prefix.size() && (key[place] & 0xC0) == 0x80) --place;
    const std::string front = key.substr(0, place);
    for (int kinds = 0; kinds < 3; ++kinds) {
      const std::string_view kind = KindOfCharacter(key[place]);
      const std::string_view later = kind.empty() ? kind : kind.substr(kind.find(key[place]));
      // The last one looks behind the whole kind.
      const size_t count = std::min(kProbes, later.empty() ? 0 : later.size() - 1) + 1;
      std::vector<std::string> found(count);
      ARROW_RETURN_NOT_OK(ParallelForIndex(count, options_.max_parallel, Pool::kIo, options_.stop, [&](size_t i) {
        std::string after = front;
        if (i + 1 < count) {
          after += later[1 + i * (later.size() - 1) / (count - 1)];
        } else {
          if (!later.empty()) after += later.back();
          if (later.empty() && (key[place] & 0x80) == 0) after += key[place];
          after += kLast;
        }
        return FirstKeyAfter(piece.prefix, after).Value(&found[i]);
      }));
      for (const auto& one : found) {
        if (!one.empty()) cuts->push_back(one);
      }
      key = std::move(found.back());
      if (key.empty() || (!piece.until.empty() && key >= piece.until)) return std::string();
      if (!key.starts_with(front) || key.size() <= place) return key;
    }
    return FirstKeyAfter(piece.prefix, front + std::string(kLast));
  }

  ObjectStore& store_;
  const ParallelListOptions& options_;
};

}  // namespace

Status ParallelList(ObjectStore& store, const ParallelListOptions& options,
                    const std::function<Status(const ObjectInfo&)>& visit) {
  return Lister(store, options).Run(visit);
}

}  // namespace glaux
