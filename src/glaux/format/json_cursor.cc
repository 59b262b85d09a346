#include "glaux/format/json_cursor_internal.h"

#include <array>
#include <cstring>

#include "glaux/format/csv_scan_internal.h"

namespace glaux {
namespace {

constexpr int kMostDepth = 1024;

bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  const int letter = (c | 32) - 'a';
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

/// The four hexadecimal digits at `text`, or -1.
int32_t CodeUnit(std::string_view text) {
  if (text.size() < 4) return -1;
  int32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = HexDigit(text[static_cast<size_t>(i)]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xc0 | code >> 6));
    out->push_back(static_cast<char>(0x80 | (code & 63)));
  } else if (code < 0x10000) {
    out->push_back(static_cast<char>(0xe0 | code >> 12));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 63)));
    out->push_back(static_cast<char>(0x80 | (code & 63)));
  } else {
    out->push_back(static_cast<char>(0xf0 | code >> 18));
    out->push_back(static_cast<char>(0x80 | (code >> 12 & 63)));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 63)));
    out->push_back(static_cast<char>(0x80 | (code & 63)));
  }
}

/// true, false or null: its length, else 0.
size_t LiteralAt(const char* text) {
  for (const std::string_view word : {"true", "false", "null"}) {
    if (std::memcmp(text, word.data(), word.size()) == 0 && JsonCursor::EndsScalar(text[word.size()]))
      return word.size();
  }
  return 0;
}

/// Whether the containers that are open are objects, innermost last.
class OpenContainers {
 public:
  void Push(bool object) {
    const auto bit = uint64_t{1} << (size_ % 64);
    auto& word = words_[static_cast<size_t>(size_++) / 64];
    word = object ? word | bit : word & ~bit;
  }
  void Pop() { --size_; }
  bool empty() const { return size_ == 0; }
  bool in_object() const { return words_[static_cast<size_t>(size_ - 1) / 64] >> ((size_ - 1) % 64) & 1; }

 private:
  std::array<uint64_t, kMostDepth / 64 + 1> words_ = {};
  int size_ = 0;
};

}  // namespace

bool JsonCursor::FailSyntax(size_t where, std::string_view expected) {
  refusal = JsonRefusal::kSyntax;
  offset = where;
  reason = "expected ";
  reason += expected;
  path.clear();
  return false;
}

bool JsonCursor::FailDepth() {
  FailSyntax(at[-1], "");
  reason = "nesting deeper than " + std::to_string(max_depth);
  return false;
}

bool JsonCursor::FailConflict(std::string_view expected) {
  const uint32_t* const value = at;
  if (!Skip()) return false;
  at = value;
  refusal = JsonRefusal::kConflict;
  offset = *at;
  reason = expected;
  path.clear();
  return false;
}

bool JsonCursor::FailMemory() {
  refusal = JsonRefusal::kMemory;
  offset = *at;
  return false;
}

void JsonCursor::FailedAt(std::string_view key) {
  if (refusal == JsonRefusal::kSyntax) return;
  path = std::string(key) + (path.empty() || path[0] == '[' ? "" : ".") + path;
}

void JsonCursor::FailedAt(int64_t element) {
  if (refusal == JsonRefusal::kSyntax) return;
  path = "[" + std::to_string(element) + "]" + (path.empty() || path[0] == '[' ? "" : ".") + path;
}

bool JsonCursor::TakeNumber(std::string_view* number) {
  const char* const begin = Here();
  const char* const stop = EndOfNumber(begin);
  if (stop == nullptr || !EndsScalar(*stop)) return FailSyntax(*at, "a value");
  *number = {begin, static_cast<size_t>(stop - begin)};
  ++at;
  return true;
}

bool JsonCursor::TakeKey(std::string_view* raw) {
  if (Peek() != '"') return FailSyntax(*at, "a key");
  *raw = RawString();
  if (text[at[1]] != ':') return FailSyntax(at[1], "a colon behind a key");
  at += 2;
  return true;
}

bool JsonCursor::Skip() {
  OpenContainers open;
  const int outside = depth;
  const auto check_string = [&] {
    const auto raw = RawString();
    if (!HasEscape(raw)) return true;
    thread_local std::string meaning;
    const auto wrong = Unescape(raw, &meaning);
    if (wrong.empty()) return true;
    FailSyntax(*at, "");
    reason = wrong;
    return false;
  };
  while (true) {
    // Here a value begins.
    const char first = Peek();
    if (first == '{' || first == '[') {
      if (depth >= kMostDepth || !Enter()) return depth >= kMostDepth ? FailDepth() : false;
      const bool object = first == '{';
      if (Peek() == (object ? '}' : ']')) {
        --depth;
        ++at;
      } else {
        open.Push(object);
        if (!object) continue;
        if (Peek() == '"' && !check_string()) return false;
        std::string_view key;
        if (!TakeKey(&key)) return false;
        continue;
      }
    } else if (first == '"') {
      if (!check_string()) return false;
      ++at;
    } else if (first == '-' || IsDigit(first)) {
      std::string_view number;
      if (!TakeNumber(&number)) return false;
    } else if (LiteralAt(Here()) != 0) {
      ++at;
    } else {
      return FailSyntax(*at, "a value");
    }
    // Here a value has ended.
    while (true) {
      if (open.empty()) {
        depth = outside;
        return true;
      }
      const char next = Peek();
      const bool object = open.in_object();
      if (next == ',') {
        ++at;
        if (object) {
          if (Peek() == '"' && !check_string()) return false;
          std::string_view key;
          if (!TakeKey(&key)) return false;
        }
        break;
      }
      if (next != (object ? '}' : ']')) return FailSyntax(*at, object ? "a comma or }" : "a comma or ]");
      open.Pop();
      --depth;
      ++at;
    }
  }
}

bool JsonCursor::SkipInto(std::string* compact) {
  const uint32_t* token = at;
  if (!Skip()) return false;
  for (; token != at; ++token) {
    uint32_t stop = token[1];
    while (IsSpace(text[stop - 1])) --stop;
    // The last token may stand before text that is not part of any value.
    compact->append(text + *token, stop - *token);
  }
  return true;
}

const char* EndOfNumber(const char* text) {
  if (*text == '-') ++text;
  if (*text == '0') {
    ++text;
  } else if (IsDigit(*text)) {
    while (IsDigit(*text)) ++text;
  } else {
    return nullptr;
  }
  if (*text == '.') {
    if (!IsDigit(*++text)) return nullptr;
    while (IsDigit(*text)) ++text;
  }
  if (*text == 'e' || *text == 'E') {
    ++text;
    if (*text == '+' || *text == '-') ++text;
    if (!IsDigit(*text)) return nullptr;
    while (IsDigit(*text)) ++text;
  }
  return text;
}

bool HasEscape(std::string_view raw) {
  for (size_t at = 0; at < raw.size(); at += 64) {
    uint64_t mask = ByteMask(raw.data() + at).Equal('\\');
    if (raw.size() - at < 64) mask &= (uint64_t{1} << (raw.size() - at)) - 1;
    if (mask != 0) return true;
  }
  return false;
}

std::string_view Unescape(std::string_view raw, std::string* out) {
  out->clear();
  while (true) {
    const auto slash = raw.find('\\');
    out->append(raw.substr(0, slash));
    if (slash == std::string_view::npos) return {};
    raw.remove_prefix(slash + 1);
    const char c = raw.empty() ? '\0' : raw[0];
    raw.remove_prefix(raw.empty() ? 0 : 1);
    switch (c) {
      case '"':
      case '\\':
      case '/':
        out->push_back(c);
        break;
      case 'b':
        out->push_back('\b');
        break;
      case 'f':
        out->push_back('\f');
        break;
      case 'n':
        out->push_back('\n');
        break;
      case 'r':
        out->push_back('\r');
        break;
      case 't':
        out->push_back('\t');
        break;
      case 'u': {
        const int32_t unit = CodeUnit(raw);
        if (unit < 0) return "a string has \\u without four hexadecimal digits";
        raw.remove_prefix(4);
        auto code = static_cast<uint32_t>(unit);
        if (code >= 0xd800 && code < 0xe000) {
          const int32_t low = raw.starts_with("\\u") ? CodeUnit(raw.substr(2)) : -1;
          if (code >= 0xdc00 || low < 0xdc00 || low > 0xdfff) {
            return "a string has half of a surrogate pair (\\ud800 to \\udfff come in twos)";
          }
          raw.remove_prefix(6);
          code = 0x10000 + ((code - 0xd800) << 10) + (static_cast<uint32_t>(low) - 0xdc00);
        }
        AppendUtf8(code, out);
        break;
      }
      default:
        return "a string has a backslash before a character that is no escape";
    }
  }
}

std::string JsonExcerpt(std::string_view text) {
  constexpr size_t kMost = 60;
  if (text.size() <= kMost) return std::string(text);
  size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace glaux
