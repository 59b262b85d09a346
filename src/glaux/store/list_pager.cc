#include <algorithm>

#include "glaux/store/list_pager_internal.h"
#include "glaux/store/object_key.h"

namespace glaux {
namespace {

// A token is the last thing that a page held: 'k' and a key, or 'p' and a common prefix. In hexadecimal, so that any
// byte of a key survives XML and URLs.
std::string EncodeToken(char kind, std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string token(1, kind);
  token.reserve(1 + 2 * text.size());
  for (const unsigned char byte : text) {
    token.push_back(kDigits[byte >> 4]);
    token.push_back(kDigits[byte & 15]);
  }
  return token;
}

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::optional<std::string> DecodeToken(std::string_view token) {
  if (token.size() < 3 || token.size() % 2 != 1 || (token[0] != 'k' && token[0] != 'p')) return {};
  std::string text;
  for (size_t i = 1; i < token.size(); i += 2) {
    const int high = DigitOf(token[i]), low = DigitOf(token[i + 1]);
    if (high < 0 || low < 0) return {};
    text.push_back(static_cast<char>(high << 4 | low));
  }
  return text;
}

}  // namespace

Result<ListPager> ListPager::Make(const ListOptions& options) {
  if (options.max_keys < 1 || options.max_keys > 1000) {
    return MakeError(ErrorKind::kInvalid, "list: max_keys is from 1 to 1000, found: ", options.max_keys);
  }
  ListPager pager;
  pager.prefix_ = options.prefix;
  pager.delimiter_ = options.delimiter;
  pager.after_ = options.start_after;
  pager.max_keys_ = options.max_keys;
  if (const auto& token = options.continuation_token; !token.empty()) {
    auto text = DecodeToken(token);
    if (!text) return MakeError(ErrorKind::kInvalid, "list: not a continuation token of this store: ", token);
    if (token[0] == 'p') pager.folded_ = *text;
    pager.after_ = std::max(pager.after_, *text);
  }
  return pager;
}

bool ListPager::WantsKey(std::string_view key) const {
  return key.starts_with(prefix_) && key > after_ && (folded_.empty() || !key.starts_with(folded_));
}

bool ListPager::WantsTree(std::string_view dir) const {
  if (!dir.starts_with(prefix_) && !std::string_view(prefix_).starts_with(dir)) return false;
  if (!folded_.empty() && dir.starts_with(folded_)) return false;
  return dir > after_ || std::string_view(after_).starts_with(dir);
}

std::optional<std::string> ListPager::CommonPrefixOf(std::string_view key) const {
  if (delimiter_.empty() || key.size() <= prefix_.size()) return {};
  const auto at = key.find(delimiter_, prefix_.size());
  if (at == key.npos) return {};
  return std::string(key.substr(0, at + delimiter_.size()));
}

void ListPager::PassOver(std::string key) {
  if (WantsKey(key)) passed_over_.push_back(std::move(key));
}

void ListPager::TakePassedOver() {
  for (auto& key : passed_over_) page_.passed_over.push_back(std::move(key));
  passed_over_.clear();
}

ListPage ListPager::Finish() && {
  // What comes behind the last key of a full page is looked at again for the next one.
  if (page_.next_token.empty()) TakePassedOver();
  return std::move(page_);
}

bool ListPager::MakeRoom() {
  if (page_.objects.size() + page_.common_prefixes.size() < max_keys_) {
    TakePassedOver();
    return true;
  }
  page_.next_token = EncodeToken(last_kind_, last_);
  return false;
}

bool ListPager::Offer(ObjectInfo object) {
  if (auto common = CommonPrefixOf(object.key)) return OfferCommonPrefix(*std::move(common));
  if (!MakeRoom()) return false;
  last_kind_ = 'k';
  last_ = object.key;
  page_.objects.push_back(std::move(object));
  return true;
}

bool ListPager::OfferCommonPrefix(std::string prefix) {
  if (!MakeRoom()) return false;
  last_kind_ = 'p';
  last_ = prefix;
  folded_ = prefix;
  page_.common_prefixes.push_back(std::move(prefix));
  return true;
}

}  // namespace glaux
