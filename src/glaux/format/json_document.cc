#include <arrow/util/utf8.h>

#include <algorithm>
#include <charconv>

#include "glaux/format/csv_scan_internal.h"
#include "glaux/format/json_block_internal.h"
#include "glaux/format/json_cursor_internal.h"

namespace glaux {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

/// The names in "/a/b~1c".
Result<std::vector<std::string>> PointerNames(std::string_view pointer) {
  std::vector<std::string> names;
  const auto all = pointer;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto raw = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(raw.size());
    auto& name = names.emplace_back();
    for (size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '~') {
        name += raw[i];
        continue;
      }
      const char next = ++i < raw.size() ? raw[i] : '\0';
      if (next != '0' && next != '1') {
        return MakeError(ErrorKind::kInvalid,
                         "json options: records: a ~ must be ~0 (for ~) or ~1 (for /), found: ", all);
      }
      name += next == '0' ? '~' : '/';
    }
  }
  return names;
}

/// Where the next quote or backslash is; the size of the text if there is none. kJsonPadding bytes behind can be read.
size_t FindQuoteOrSlash(std::string_view text, size_t at) {
  for (; at < text.size(); at += 64) {
    const ByteMask bytes(text.data() + at);
    const uint64_t mask = bytes.Equal('"') | bytes.Equal('\\');
    if (mask != 0) return std::min(text.size(), at + static_cast<size_t>(std::countr_zero(mask)));
  }
  return text.size();
}

/// Reads token by token what stands around the records, checks it, and keeps nothing of it.
class Surroundings {
 public:
  Surroundings(JsonWindow& window, int max_depth, int64_t most_bytes)
      : window_(window), max_depth_(max_depth), most_bytes_(most_bytes) {}

  /// The first byte that is no white space, which is not passed; NUL at the end.
  Result<char> PeekToken() {
    while (true) {
      const auto text = window_.text();
      const auto found = text.find_first_not_of(kSpaces, at_);
      if (found != std::string_view::npos) {
        at_ = found;
        return text[found];
      }
      at_ = text.size();
      if (!held_) DropPassed();
      if (window_.ended()) return '\0';
      ARROW_RETURN_NOT_OK(window_.Fill());
    }
  }
  Status Take(char wanted, std::string_view words) {
    ARROW_ASSIGN_OR_RAISE(const char found, PeekToken());
    if (found != wanted || found == '\0') return Unexpected(words);
    ++at_;
    return Status::OK();
  }
  Result<std::string> TakeKey() {
    std::string key;
    ARROW_ASSIGN_OR_RAISE(const char first, PeekToken());
    if (first != '"') return Unexpected("a key");
    ARROW_RETURN_NOT_OK(TakeString(&key));
    ARROW_RETURN_NOT_OK(Take(':', "a colon behind a key"));
    return key;
  }
  /// Step over a value; `depth` containers are open around it.
  Status SkipValue(int depth);
  /// What was passed is not needed any more.
  void DropPassed() {
    window_.Drop(at_);
    at_ = 0;
  }
  /// From here on what is passed is kept, until DropPassed.
  void Hold(bool held) {
    DropPassed();
    held_ = held;
  }
  size_t passed() const { return at_; }

  Status Unexpected(std::string_view words);
  template <typename... Args>
  Status Error(size_t at, Args&&... args) {
    const auto place = window_.PlaceOf(at);
    return MakeError(ErrorKind::kInvalid, "read ", window_.name(), ", line ", place.line, ", byte ", place.byte + 1,
                     ": ", std::forward<Args>(args)...);
  }

 private:
  Status TakeString(std::string* meaning);
  Status TakeScalar();
  /// One more byte is there behind `size` of them.
  Result<bool> More(size_t size) {
    if (static_cast<int64_t>(size - at_) > most_bytes_) {
      return JsonRecordTooLong(window_.name(), window_.PlaceOf(at_).line, most_bytes_);
    }
    while (window_.text().size() <= size && !window_.ended()) ARROW_RETURN_NOT_OK(window_.Fill());
    return window_.text().size() > size;
  }

  JsonWindow& window_;
  int max_depth_;
  int64_t most_bytes_;
  size_t at_ = 0;
  bool held_ = false;
};

Status Surroundings::Unexpected(std::string_view words) {
  ARROW_ASSIGN_OR_RAISE(const char found, PeekToken());
  if (found == '\0' && at_ == window_.text().size())
    return Error(at_, "expected ", words, ", found the end of the file");
  auto rest = window_.text().substr(at_);
  if (rest.starts_with("\xef\xbb\xbf")) {
    return Error(at_, "expected ", words, ", found a byte order mark, which belongs at the start of a file only");
  }
  rest = rest.substr(0, std::max<size_t>(1, rest.find_first_of(" \t\r\n,:{}[]\"")));
  auto shown = JsonExcerpt(rest);
  for (auto& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return Error(at_, "expected ", words, ", found ", shown);
}

Status Surroundings::TakeString(std::string* meaning) {
  arrow::util::InitializeUTF8();
  size_t end = at_ + 1;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const bool more, More(end));
    if (!more) return Error(at_, "a string opens here and is never closed");
    const char c = window_.text()[end];
    if (c == '"') break;
    if (static_cast<unsigned char>(c) < 0x20) return Error(end, "a bare control character in a string");
    end += c == '\\' ? 2 : 1;
  }
  const auto raw = window_.text().substr(at_ + 1, end - at_ - 1);
  if (!arrow::util::ValidateUTF8(raw)) return Error(at_, "expected UTF-8, found a string that is not");
  if (const auto wrong = Unescape(raw, meaning); !wrong.empty()) return Error(at_, wrong);
  at_ = end + 1;
  return Status::OK();
}

Status Surroundings::TakeScalar() {
  size_t end = at_;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const bool more, More(end));
    if (!more || JsonCursor::EndsScalar(window_.text()[end]) || window_.text()[end] == '"') break;
    ++end;
  }
  const std::string text(window_.text().substr(at_, end - at_));
  const char* const number_end = EndOfNumber(text.c_str());
  if (text != "true" && text != "false" && text != "null" && number_end != text.c_str() + text.size()) {
    return Unexpected("a value");
  }
  at_ = end;
  return Status::OK();
}

Status Surroundings::SkipValue(int depth) {
  const auto outside = static_cast<size_t>(depth);
  std::vector<char> closers(outside, ' ');
  std::string ignored;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const char first, PeekToken());
    if (first == '{' || first == '[') {
      const char closer = first == '{' ? '}' : ']';
      closers.push_back(closer);
      if (static_cast<int>(closers.size()) > max_depth_) return Error(at_, "nesting deeper than ", max_depth_);
      ++at_;
      ARROW_ASSIGN_OR_RAISE(const char next, PeekToken());
      if (next != closer) {
        if (closer == '}') ARROW_RETURN_NOT_OK(TakeKey().status());
        continue;
      }
      ++at_;
      closers.pop_back();
    } else if (first == '"') {
      ARROW_RETURN_NOT_OK(TakeString(&ignored));
    } else {
      ARROW_RETURN_NOT_OK(TakeScalar());
    }
    while (true) {
      if (closers.size() == outside) return Status::OK();
      ARROW_ASSIGN_OR_RAISE(const char next, PeekToken());
      if (next == ',') {
        ++at_;
        if (closers.back() == '}') ARROW_RETURN_NOT_OK(TakeKey().status());
        break;
      }
      if (next != closers.back()) return Unexpected(closers.back() == '}' ? "a comma or }" : "a comma or ]");
      ++at_;
      closers.pop_back();
    }
  }
}

class DocumentSplitter final : public JsonSplitter {
 public:
  DocumentSplitter(JsonWindow window, std::vector<std::string> names, const JsonOptions& options, int64_t block_bytes)
      : window_(std::move(window)),
        around_(window_, options.max_depth, options.max_record_bytes),
        names_(std::move(names)),
        pointer_(options.records),
        max_record_bytes_(std::clamp<int64_t>(options.max_record_bytes, 1, 1 << 30)),
        block_bytes_(static_cast<size_t>(std::clamp<int64_t>(block_bytes, 1, 1 << 30))) {}

  Result<std::optional<JsonBlock>> Next() override {
    while (true) {
      std::optional<JsonBlock> block;
      switch (state_) {
        case State::kBefore: {
          ARROW_ASSIGN_OR_RAISE(block, Begin());
          break;
        }
        case State::kElements: {
          ARROW_ASSIGN_OR_RAISE(block, NextElements());
          break;
        }
        case State::kValues: {
          ARROW_ASSIGN_OR_RAISE(block, NextValues());
          break;
        }
        case State::kBehind:
          ARROW_RETURN_NOT_OK(End());
          break;
        case State::kEnd:
          return std::nullopt;
      }
      if (block) return block;
    }
  }

  int64_t stored_bytes_read() const override { return window_.stored_bytes_read(); }

 private:
  enum class State : uint8_t {
    kBefore,    // a document
    kElements,  // within the array of records
    kValues,    // among values that stand by themselves
    kBehind,    // the records of a document
    kEnd
  };
  /// A container around the records: the name or index in it that leads to them.
  struct Level {
    bool object = false;
    std::string name;
  };

  Result<std::optional<JsonBlock>> Begin();
  Status Descend(const std::string& name);
  Result<std::optional<JsonBlock>> NextElements();
  Result<std::optional<JsonBlock>> NextValues();
  Status End();
  Status NotFound(const std::string& name) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "name where the records are (records)"}, "read ",
                     window_.name(), ": nothing at ", pointer_, ": the document has no ", name, " there");
  }
  std::optional<JsonBlock> Cut(size_t size, size_t next, JsonLayout layout);
  /// Step over the rest of a string. False: the window ends within it.
  bool PassString(std::string_view text);
  Status ReadMore();

  JsonWindow window_;
  Surroundings around_;
  std::vector<std::string> names_;
  std::string pointer_;
  int64_t max_record_bytes_;
  size_t block_bytes_;
  State state_ = State::kBefore;
  std::vector<Level> levels_;
  bool any_document_ = false;
  // Of the array or the values that are being cut: up to where they were looked at, and where the last record ended.
  size_t scanned_ = 0;
  size_t cut_ = 0;
  int depth_ = 0;
  bool in_string_ = false;
  bool any_element_ = false;
  bool behind_object_ = false;
  bool cut_behind_object_ = false;
};

Status DocumentSplitter::Descend(const std::string& name) {
  ARROW_ASSIGN_OR_RAISE(const char first, around_.PeekToken());
  if (first == '{') {
    ARROW_RETURN_NOT_OK(around_.Take('{', "an object"));
    levels_.push_back({.object = true, .name = name});
    ARROW_ASSIGN_OR_RAISE(const char next, around_.PeekToken());
    if (next == '}') return NotFound(name);
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto key, around_.TakeKey());
      if (key == name) return Status::OK();
      ARROW_RETURN_NOT_OK(around_.SkipValue(static_cast<int>(levels_.size())));
      ARROW_ASSIGN_OR_RAISE(const char behind, around_.PeekToken());
      if (behind == '}') return NotFound(name);
      ARROW_RETURN_NOT_OK(around_.Take(',', "a comma or }"));
    }
  }
  if (first != '[') {
    ARROW_RETURN_NOT_OK(around_.SkipValue(static_cast<int>(levels_.size())));
    return NotFound(name);
  }
  ARROW_RETURN_NOT_OK(around_.Take('[', "an array"));
  levels_.push_back({.object = false, .name = name});
  size_t index = 0;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  ARROW_ASSIGN_OR_RAISE(const char next, around_.PeekToken());
  if (error != std::errc() || stop != name.data() + name.size() || next == ']') return NotFound(name);
  for (; index > 0; --index) {
    ARROW_RETURN_NOT_OK(around_.SkipValue(static_cast<int>(levels_.size())));
    ARROW_ASSIGN_OR_RAISE(const char behind, around_.PeekToken());
    if (behind == ']') return NotFound(name);
    ARROW_RETURN_NOT_OK(around_.Take(',', "a comma or ]"));
  }
  return Status::OK();
}

Result<std::optional<JsonBlock>> DocumentSplitter::Begin() {
  ARROW_ASSIGN_OR_RAISE(const char first, around_.PeekToken());
  if (first == '\0' && window_.text().empty()) {
    if (!any_document_) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "an empty list of records is []"}, "read ", window_.name(),
                       ": no JSON value in the file");
    }
    state_ = State::kEnd;
    return std::nullopt;
  }
  if (any_document_ && (names_.empty() || first != '{')) return around_.Unexpected("the end of the file");
  any_document_ = true;
  levels_.clear();
  for (const auto& name : names_) ARROW_RETURN_NOT_OK(Descend(name));
  ARROW_ASSIGN_OR_RAISE(const char target, around_.PeekToken());
  depth_ = 0;
  any_element_ = false;
  if (target == '[') {
    ARROW_RETURN_NOT_OK(around_.Take('[', "an array"));
    around_.DropPassed();
    scanned_ = cut_ = 0;
    state_ = State::kElements;
    return std::nullopt;
  }
  if (names_.empty()) {
    around_.DropPassed();
    scanned_ = cut_ = 0;
    state_ = State::kValues;
    return std::nullopt;
  }
  around_.Hold(true);
  ARROW_RETURN_NOT_OK(around_.SkipValue(static_cast<int>(levels_.size())));
  auto block = window_.Share(around_.passed(), JsonLayout::kValues);
  block.depth = static_cast<int>(levels_.size());
  around_.Hold(false);
  state_ = State::kBehind;
  return block;
}

bool DocumentSplitter::PassString(std::string_view text) {
  while (true) {
    scanned_ = FindQuoteOrSlash(text, scanned_);
    if (scanned_ == text.size()) return false;
    if (text[scanned_] == '"') {
      ++scanned_;
      in_string_ = false;
      return true;
    }
    if (scanned_ + 1 == text.size()) return false;
    scanned_ += 2;
  }
}

Status DocumentSplitter::ReadMore() {
  if (static_cast<int64_t>(window_.text().size() - cut_) > max_record_bytes_) {
    return JsonRecordTooLong(window_.name(), window_.PlaceOf(cut_).line, max_record_bytes_);
  }
  return window_.Fill();
}

/// The first `size` bytes are records, the next ones begin at `next`.
std::optional<JsonBlock> DocumentSplitter::Cut(size_t size, size_t next, JsonLayout layout) {
  auto block = window_.Share(size, layout);
  window_.Drop(next);
  scanned_ -= next;
  cut_ = 0;
  return block;
}

Result<std::optional<JsonBlock>> DocumentSplitter::NextElements() {
  const auto cut = [&](size_t size, size_t next) {
    auto block = Cut(size, next, JsonLayout::kArray);
    block->depth = static_cast<int>(levels_.size()) + 1;
    return block;
  };
  while (true) {
    const auto text = window_.text();
    while (scanned_ < text.size()) {
      if (in_string_) {
        if (!PassString(text)) break;
        continue;
      }
      const char c = text[scanned_++];
      if (c == '"') {
        in_string_ = true;
      } else if (c == '{' || c == '[') {
        ++depth_;
      } else if (c == ',') {
        if (depth_ > 0) continue;
        any_element_ = true;
        cut_ = scanned_;
        if (cut_ >= block_bytes_) return cut(cut_ - 1, cut_);
      } else if (c == '}' || c == ']') {
        if (depth_-- > 0) continue;
        const size_t end = scanned_ - 1;
        if (c == '}') return around_.Error(end, "expected a comma or ] behind an element of the records, found }");
        state_ = State::kBehind;
        if (!any_element_ && text.substr(0, end).find_first_not_of(kSpaces) == std::string_view::npos) {
          Cut(end, end + 1, JsonLayout::kArray);
          return std::nullopt;
        }
        return cut(end, end + 1);
      }
    }
    if (window_.ended()) {
      return around_.Error(text.size(), in_string_ ? "the file ends within a string"
                                                   : "the file ends within the array of records, expected ]");
    }
    if (cut_ > 0 && text.size() >= block_bytes_) return cut(cut_ - 1, cut_);
    ARROW_RETURN_NOT_OK(ReadMore());
  }
}

Result<std::optional<JsonBlock>> DocumentSplitter::NextValues() {
  const auto cut = [&](size_t size) -> std::optional<JsonBlock> {
    const bool blank = window_.text().substr(0, size).find_first_not_of(kSpaces) == std::string_view::npos;
    auto block = Cut(size, size, JsonLayout::kValues);
    block->behind_object = std::exchange(behind_object_, cut_behind_object_);
    if (!blank) return block;
    // Blank lines may stand behind an object and its next one.
    behind_object_ = behind_object_ || (block->behind_object && block->text.find('\n') == std::string_view::npos);
    return std::nullopt;
  };
  while (true) {
    const auto text = window_.text();
    while (scanned_ < text.size()) {
      if (in_string_) {
        if (!PassString(text)) break;
        continue;
      }
      const char c = text[scanned_++];
      if (c == '"') {
        in_string_ = true;
      } else if (c == '{' || c == '[') {
        ++depth_;
      } else if (c == '}' || c == ']' || c == '\n') {
        if (c != '\n' && depth_ > 0) --depth_;
        if (depth_ > 0 || c == ']') continue;
        cut_ = scanned_;
        cut_behind_object_ = c == '}';
        if (cut_ < block_bytes_) continue;
        if (auto block = cut(cut_)) return block;
        break;
      }
    }
    if (scanned_ < window_.text().size() && !in_string_) continue;
    if (window_.ended()) {
      state_ = State::kEnd;
      cut_behind_object_ = false;
      scanned_ = window_.text().size();
      return cut(scanned_);
    }
    if (cut_ > 0 && window_.text().size() >= block_bytes_) {
      if (auto block = cut(cut_)) return block;
    }
    ARROW_RETURN_NOT_OK(ReadMore());
  }
}

Status DocumentSplitter::End() {
  for (; !levels_.empty(); levels_.pop_back()) {
    const auto& level = levels_.back();
    const char closer = level.object ? '}' : ']';
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const char next, around_.PeekToken());
      if (next == closer) break;
      ARROW_RETURN_NOT_OK(around_.Take(',', level.object ? "a comma or }" : "a comma or ]"));
      if (level.object) {
        ARROW_ASSIGN_OR_RAISE(const auto key, around_.TakeKey());
        if (key == level.name) {
          return around_.Error(around_.passed(), "key ", key, ", under which the records are, comes twice");
        }
      }
      ARROW_RETURN_NOT_OK(around_.SkipValue(static_cast<int>(levels_.size())));
    }
    ARROW_RETURN_NOT_OK(around_.Take(closer, "the end"));
  }
  state_ = State::kBefore;
  return Status::OK();
}

}  // namespace

Result<std::unique_ptr<JsonSplitter>> JsonSplitter::OpenDocument(const InputFile& input, const FormatOptions& options,
                                                                 int64_t block_bytes) {
  ARROW_ASSIGN_OR_RAISE(auto names, PointerNames(options.json.records));
  ARROW_ASSIGN_OR_RAISE(auto source, OpenDecompressed(input, options.text));
  return std::make_unique<DocumentSplitter>(JsonWindow(input.name, std::move(source), block_bytes), std::move(names),
                                            options.json, block_bytes);
}

}  // namespace glaux
