#include "arguments.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace glaux::cli {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

}  // namespace

Result<char> ParseCharacter(std::string_view text) {
  static const std::map<std::string, char, std::less<>> kNames = {{"tab", '\t'}, {"\\t", '\t'},  {"space", ' '},
                                                                  {"pipe", '|'}, {"comma", ','}, {"semicolon", ';'}};
  if (text.size() == 1 && static_cast<unsigned char>(text[0]) < 0x80 && text[0] != '\n' && text[0] != '\r') {
    return text[0];
  }
  if (const auto found = kNames.find(Lower(text)); found != kNames.end()) return found->second;
  return MakeError(ErrorKind::kInvalid, "not one ASCII character: '", text,
                   "'; write it as it is, or tab, space, pipe");
}

Result<std::pair<std::string, std::string>> ParseAssignment(std::string_view text) {
  const auto at = text.rfind('=');
  const auto name = Trim(text.substr(0, std::min(at, text.size())));
  const auto value = at == std::string_view::npos ? std::string_view() : Trim(text.substr(at + 1));
  if (name.empty() || value.empty()) {
    return MakeError(ErrorKind::kInvalid, "not a column with its type: '", text,
                     "'; write COLUMN=TYPE, as in zip=string");
  }
  return std::pair(std::string(name), std::string(value));
}

Result<SchemaContract> ParseContract(std::string_view text, SchemaContract contract) {
  while (!Trim(text).empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const auto part = Trim(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    const auto at = std::min(part.find('='), part.size());
    const auto what = Lower(Trim(part.substr(0, at)));
    ContractMode* mode = what == "tables"                         ? &contract.tables
                         : what == "columns"                      ? &contract.columns
                         : what == "types" || what == "data_type" ? &contract.data_type
                                                                  : nullptr;
    if (mode == nullptr || at == part.size()) {
      return MakeError(ErrorKind::kInvalid, "not a part of a contract: '", part,
                       "'; write tables=, columns= or types= with evolve, freeze, discard_row or discard_value");
    }
    ARROW_ASSIGN_OR_RAISE(*mode, ParseContractMode(Lower(Trim(part.substr(at + 1)))));
  }
  return contract;
}

namespace {

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

}  // namespace glaux::cli
