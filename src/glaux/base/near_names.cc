#include "glaux/base/near_names.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

namespace glaux {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

/// Edits from one word to the other; two letters that changed places are one edit.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before, above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = above;
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::vector<std::string> NearMatches(std::string_view typed, const std::vector<std::string>& names) {
  const std::string word = Lower(typed);
  std::vector<std::pair<size_t, std::string>> near;
  for (const auto& name : names) {
    const std::string other = Lower(name);
    const bool begins = word.size() >= 2 && other.starts_with(word);
    const size_t distance = EditDistance(word, other);
    if (begins) {
      near.emplace_back(0, name);
    } else if (distance <= std::max<size_t>(1, word.size() / 3) && distance < other.size()) {
      near.emplace_back(distance, name);
    }
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> matches;
  for (auto& [distance, name] : near) {
    if (matches.size() < 3) matches.push_back(std::move(name));
  }
  return matches;
}

std::string DidYouMean(std::string_view typed, const std::vector<std::string>& names) {
  const auto near = NearMatches(typed, names);
  if (near.empty()) return {};
  std::string text = near.size() == 1 ? "did you mean " : "did you mean one of ";
  for (size_t i = 0; i < near.size(); ++i) text += (i == 0 ? "'" : ", '") + near[i] + "'";
  return text;
}

}  // namespace glaux
