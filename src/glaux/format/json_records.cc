#include "glaux/format/json_records_internal.h"

#include <algorithm>
#include <cstring>

#include "glaux/format/format.h"
#include "glaux/format/json_index_internal.h"

namespace glaux {
namespace {

constexpr size_t kMostContent = 64 << 10;

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

class Walk {
 public:
  Walk(const std::string& name, const JsonBlock& block, int max_depth, JsonRecordTaker& taker)
      : name_(name), block_(block), taker_(taker), line_(block.first_line) {
    in_.text = block.text.data();
    in_.max_depth = max_depth;
  }

  Status Lines();
  Status Values();

 private:
  size_t size() const { return block_.text.size(); }
  std::string_view Part(size_t begin, size_t end) const { return block_.text.substr(begin, end - begin); }

  /// Go on to the line that holds the byte at `offset`.
  void FindLine(size_t offset);
  Status TakeLine(const JsonIndex& index);
  Status RefuseLine();
  /// What the cursor says against the value; `content` is the record.
  JsonBadRecord Judge(std::string_view content, size_t limit);
  std::string FoundAt(size_t offset, size_t limit) const;
  std::string Where(size_t offset);

  const std::string& name_;
  const JsonBlock& block_;
  JsonRecordTaker& taker_;
  JsonCursor in_;
  /// The line that was found last.
  int64_t line_;
  bool in_line_ = false;
  size_t line_begin_ = 0;
  size_t line_end_ = 0;  // where its line end is, or the size of the text
};

void Walk::FindLine(size_t offset) {
  while (!in_line_ || offset > line_end_) {
    if (in_line_) {
      line_begin_ = line_end_ + 1;
      ++line_;
    }
    const auto* const end = static_cast<const char*>(std::memchr(in_.text + line_begin_, '\n', size() - line_begin_));
    line_end_ = end == nullptr ? size() : static_cast<size_t>(end - in_.text);
    in_line_ = true;
  }
}

std::string Walk::FoundAt(size_t offset, size_t limit) const {
  if (offset >= limit) return block_.layout == JsonLayout::kLines ? "the end of the line" : "the end";
  const auto rest = Part(offset, limit);
  if (rest.starts_with("\xef\xbb\xbf")) return "a byte order mark, which belongs at the start of a file only";
  size_t end = 1;
  if (rest[0] == '"') {
    while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
    end = std::min(end + 1, rest.size());
  } else if (std::string_view("{}[],:").find(rest[0]) == std::string_view::npos) {
    while (end < rest.size() && !IsSpace(rest[end]) &&
           std::string_view("{}[],:\"").find(rest[end]) == std::string_view::npos)
      ++end;
  }
  auto found = JsonExcerpt(rest.substr(0, end));
  for (auto& c : found) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return found;
}

/// "line 3, byte 14": a byte of its line, from 1.
std::string Walk::Where(size_t offset) {
  const auto before = block_.text.substr(0, offset);
  const auto line_end = before.rfind('\n');
  const int64_t line = block_.first_line + CountLineEnds(before);
  const auto byte = line_end == std::string_view::npos ? block_.first_byte + static_cast<int64_t>(offset)
                                                       : static_cast<int64_t>(offset - line_end - 1);
  return "line " + std::to_string(line) + ", byte " + std::to_string(byte + 1);
}

JsonBadRecord Walk::Judge(std::string_view content, size_t limit) {
  JsonBadRecord bad{.line = line_, .path = {}, .reason = {}, .content = content.substr(0, kMostContent), .status = {}};
  switch (in_.refusal) {
    case JsonRefusal::kMemory:
      bad.status = Status::OutOfMemory("read ", name_, ", line ", line_, ": no memory for this block");
      bad.reason = "no memory";
      break;
    case JsonRefusal::kConflict: {
      std::string found;
      JsonCursor value = in_;
      value.depth = 0;
      value.SkipInto(&found);
      bad.path = in_.path;
      bad.reason = "expected " + in_.reason + ", found: " + JsonExcerpt(found);
      bad.status = MakeError({.kind = ErrorKind::kInvalid, .code = kTypeConflict}, "read ", name_, ", line ", line_,
                             ", key ", in_.path, ": ", bad.reason);
      break;
    }
    default: {
      bad.reason = in_.reason;
      if (bad.reason.starts_with("expected ")) bad.reason += ", found " + FoundAt(in_.offset, limit);
      bad.status =
          MakeError(ErrorKind::kInvalid, "read ", name_, ", ", Where(std::min(in_.offset, limit)), ": ", bad.reason);
      break;
    }
  }
  return bad;
}

Status Walk::RefuseLine() {
  auto line = Part(line_begin_, line_end_);
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto bad = Judge(line, line_end_);
  if (in_.refusal == JsonRefusal::kMemory) return bad.status;
  return taker_.Refuse(bad);
}

/// The line that begins at the cursor, up to line_end_.
Status Walk::TakeLine(const JsonIndex& index) {
  in_.depth = 0;
  in_.end = index.end();
  const bool taken = taker_.Take(in_);
  if (taken && in_.at[-1] < line_end_ && (in_.at == in_.end || *in_.at >= line_end_)) {
    taker_.Keep(in_, line_);
    return Status::OK();
  }
  if (taken) {
    if (in_.at[-1] >= line_end_) {
      in_.FailSyntax(line_end_, "the rest of the record");
    } else {
      in_.FailSyntax(*in_.at, "the end of the line behind the record");
    }
  }
  return RefuseLine();
}

Status Walk::Lines() {
  JsonIndex index;
  const bool indexed = index.Find(block_.text);
  if (indexed) {
    in_.at = index.begin();
    in_.end = index.end();
    int64_t next_line = block_.first_line;
    while (in_.at != in_.end) {
      FindLine(*in_.at);
      if (line_ > next_line) taker_.PassOver(line_ - next_line);
      next_line = line_ + 1;
      ARROW_RETURN_NOT_OK(TakeLine(index));
      // The cursor may be anywhere in a line that was refused, or behind it.
      if (in_.refusal != JsonRefusal::kNone) {
        in_.refusal = JsonRefusal::kNone;
        in_.at = std::lower_bound(index.begin(), index.end(), static_cast<uint32_t>(line_end_));
      }
    }
    const int64_t behind = block_.first_line + CountLineEnds(block_.text) + 1;
    if (behind > next_line) taker_.PassOver(behind - next_line);
    return Status::OK();
  }
  // A line has broken the index over all: take each by itself.
  const char* const text = in_.text;
  for (size_t at = 0; at < size(); at = line_end_ + 1) {
    in_.text = text;
    FindLine(at);
    const auto line = Part(line_begin_, line_end_);
    const bool sound = index.Find(line);
    if (!sound) {
      auto fault = FindJsonFault(line);
      in_.FailSyntax(line_begin_ + fault.offset, "");
      in_.reason = std::move(fault.reason);
      ARROW_RETURN_NOT_OK(RefuseLine());
      continue;
    }
    if (index.begin() == index.end()) {
      taker_.PassOver(1);
      continue;
    }
    // Offsets of the index count from the begin of the line.
    JsonBlock one = block_;
    one.text = line;
    one.first_line = line_;
    one.first_byte = at == 0 ? block_.first_byte : 0;
    Walk walk(name_, one, in_.max_depth, taker_);
    walk.line_end_ = line.size();
    walk.in_.at = index.begin();
    ARROW_RETURN_NOT_OK(walk.TakeLine(index));
  }
  return Status::OK();
}

Status Walk::Values() {
  JsonIndex index;
  const bool indexed = index.Find(block_.text);
  if (!indexed) {
    auto fault = FindJsonFault(block_.text);
    in_.FailSyntax(fault.offset, "");
    in_.reason = std::move(fault.reason);
    return Judge({}, size()).status;
  }
  const bool array = block_.layout == JsonLayout::kArray;
  in_.at = index.begin();
  in_.end = index.end();
  bool behind_object = block_.behind_object;
  while (true) {
    if (in_.at == in_.end) {
      if (!array) return Status::OK();
      in_.FailSyntax(size(), "a value");
      return Judge({}, size()).status;
    }
    const uint32_t* const begin = in_.at;
    const char first = in_.Peek();
    FindLine(*begin);
    if (!array && begin > index.begin() && in_.at[-1] >= line_begin_ && !(behind_object && first == '{')) {
      in_.FailSyntax(*begin, "the end of the line behind a value");
      return Judge({}, size()).status;
    }
    if (!array && begin == index.begin() && behind_object && first != '{' &&
        block_.text.substr(0, *begin).find('\n') == std::string_view::npos) {
      in_.FailSyntax(*begin, "the end of the line behind a value");
      return Judge({}, size()).status;
    }
    behind_object = first == '{';
    in_.depth = block_.depth;
    if (taker_.Take(in_)) {
      taker_.Keep(in_, line_);
    } else {
      if (in_.refusal != JsonRefusal::kConflict) return Judge({}, size()).status;
      const JsonCursor refused = in_;
      in_.at = begin;
      in_.depth = block_.depth;
      if (!in_.Skip()) return Judge({}, size()).status;
      const uint32_t* const next = in_.at;
      size_t stop = *next;
      while (IsSpace(in_.text[stop - 1])) --stop;
      in_ = refused;
      ARROW_RETURN_NOT_OK(taker_.Refuse(Judge(Part(*begin, stop), size())));
      in_.refusal = JsonRefusal::kNone;
      in_.at = next;
    }
    if (!array || in_.at == in_.end) {
      if (array) return Status::OK();
      continue;
    }
    if (in_.Peek() != ',') {
      in_.FailSyntax(*in_.at, "a comma or ] behind an element");
      return Judge({}, size()).status;
    }
    ++in_.at;
  }
}

}  // namespace

Status ForEachJsonRecord(const std::string& name, const JsonBlock& block, int max_depth, JsonRecordTaker& taker) {
  Walk walk(name, block, max_depth, taker);
  return block.layout == JsonLayout::kLines ? walk.Lines() : walk.Values();
}

}  // namespace glaux
