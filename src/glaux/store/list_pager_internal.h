#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "glaux/store/object_store.h"

namespace glaux {

/// One page of List in the making: what of a stream of keys in byte order belongs to it.
///
/// Callers walk their keys in order, ask WantsKey, and stop once Offer says that the page has all it may hold.
class ListPager {
 public:
  static Result<ListPager> Make(const ListOptions& options);

  /// Whether the key may be part of this page.
  bool WantsKey(std::string_view key) const;
  /// Whether any key that begins with `dir` may be part of this page.
  bool WantsTree(std::string_view dir) const;
  /// What a key is folded into, if it is.
  std::optional<std::string> CommonPrefixOf(std::string_view key) const;

  /// Take the next wanted key. \return false: the page was full, the key starts the next page, and the walk is over
  bool Offer(ObjectInfo object);
  /// The same for a common prefix under which a wanted key is known to exist.
  bool OfferCommonPrefix(std::string prefix);
  /// Note a key that stands between the others and is no object. It belongs to the page of the next one that is
  /// offered.
  void PassOver(std::string key);

  const std::string& prefix() const { return prefix_; }
  const std::string& delimiter() const { return delimiter_; }
  /// No key up to and with this one is part of the page.
  const std::string& after() const { return after_; }

  ListPage Finish() &&;

 private:
  bool MakeRoom();
  void TakePassedOver();

  std::string prefix_;
  std::string delimiter_;
  std::string after_;
  // The common prefix that was given out last: its other keys are done with.
  std::string folded_;
  // The last thing that the page holds, for the token.
  char last_kind_ = 'k';
  std::string last_;
  size_t max_keys_ = 0;
  std::vector<std::string> passed_over_;  // since the last one that was taken
  ListPage page_;
};

}  // namespace glaux
