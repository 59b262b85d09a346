#include "glaux/schema/names.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <unordered_map>

namespace glaux {
namespace {

// Glue's own limit for the name of a column and of a table, in characters.
constexpr size_t kMaxName = 255;

bool IsLetterOrDigit(utf8proc_int32_t c) {
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    // Vowel signs of Indic scripts are marks; a word without them is another word.
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return true;
    default:
      return false;
  }
}

/// Nothing where `text` is not UTF-8.
std::optional<std::string> Compose(std::string_view text) {
  utf8proc_uint8_t* composed = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &composed, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  std::optional<std::string> result;
  if (size >= 0) result.emplace(reinterpret_cast<const char*>(composed), static_cast<size_t>(size));
  std::free(composed);
  return result;
}

void AppendCodePoint(utf8proc_int32_t c, std::string* out) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(c, bytes);
  out->append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

/// Bytes as they may stand in a message: what is not printable ASCII or well-formed UTF-8 as \xNN.
std::string Printable(std::string_view text) {
  if (Compose(text)) return std::string(text);
  constexpr char kHex[] = "0123456789abcdef";
  std::string result;
  for (const unsigned char c : text) {
    if (c >= 0x20 && c < 0x7f) {
      result += static_cast<char>(c);
    } else {
      result.append("\\x").append(1, kHex[c >> 4]).append(1, kHex[c & 15]);
    }
  }
  return result;
}

size_t CountCharacters(std::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string FoldName(std::string_view name) {
  const auto composed = Compose(name);
  if (!composed) return std::string(name);
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(composed->data());
  const auto size = static_cast<utf8proc_ssize_t>(composed->size());
  std::string result;
  for (utf8proc_ssize_t at = 0; at < size;) {
    utf8proc_int32_t c = 0;
    at += utf8proc_iterate(bytes + at, size - at, &c);
    AppendCodePoint(utf8proc_tolower(c), &result);
  }
  return Compose(result).value_or(result);
}

std::string NormalizeColumnName(std::string_view name) {
  const std::string composed = Compose(name).value_or(std::string(name));
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(composed.data());
  const auto size = static_cast<utf8proc_ssize_t>(composed.size());
  std::string result;
  bool gap = false;
  for (utf8proc_ssize_t at = 0; at < size;) {
    utf8proc_int32_t c = 0;
    const auto step = utf8proc_iterate(bytes + at, size - at, &c);
    at += step > 0 ? step : 1;
    if (step <= 0 || (c != '_' && !IsLetterOrDigit(c))) {
      gap = true;
      continue;
    }
    // A gap is written only once something follows it, so none is left at either end.
    if (gap && !result.empty()) result += '_';
    gap = false;
    AppendCodePoint(utf8proc_tolower(c), &result);
  }
  if (result.empty()) return "column";
  // Lower case may compose where upper case did not: I with dot above becomes a plain i.
  return Compose(result).value_or(result);
}

Result<std::vector<NameMapping>> NormalizeColumnNames(const std::vector<std::string>& names) {
  std::vector<NameMapping> mappings;
  mappings.reserve(names.size());
  std::unordered_map<std::string, size_t> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto& name = names[i];
    if (!Compose(name)) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "check the encoding of the file: names must be UTF-8"},
                       "column ", i + 1, ": its name is not UTF-8: ", Printable(name));
    }
    NameMapping mapping{name, NormalizeColumnName(name)};
    if (CountCharacters(mapping.column) > kMaxName) {
      return MakeError(ErrorKind::kInvalid, "column ", i + 1, ": its name has ", CountCharacters(mapping.column),
                       " characters, and Glue takes ", kMaxName, ": ", mapping.column.substr(0, 40), "...");
    }
    const auto [first, added] = seen.emplace(mapping.column, i);
    if (!added) {
      const auto& other = names[first->second];
      if (other == name) {
        return MakeError({.kind = ErrorKind::kInvalid, .hint = "rename one of them in the source"}, "columns ",
                         first->second + 1, " and ", i + 1, " have the same name: ", name);
      }
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "rename one of them in the source"}, "columns ",
                       first->second + 1, " and ", i + 1, " are one column to Glue and Athena: \"", other, "\" and \"",
                       name, "\" both become ", mapping.column);
    }
    mappings.push_back(std::move(mapping));
  }
  return mappings;
}

Result<std::string> NormalizeTableName(std::string_view name) {
  if (name.empty()) return MakeError(ErrorKind::kInvalid, "a database or table needs a name, and this one is empty");
  if (name.size() > kMaxName) {
    return MakeError(ErrorKind::kInvalid, "name of a database or table: expected at most ", kMaxName,
                     " characters, found: ", name.size());
  }
  std::string result;
  for (const char c : name) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool allowed =
        (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || lower == '_' || lower == '-';
    if (!allowed) {
      return MakeError(ErrorKind::kInvalid,
                       "name of a database or table: expected only a-z, 0-9, _ and -, found: ", Printable(name));
    }
    result += lower;
  }
  return result;
}

}  // namespace glaux
