#include <algorithm>
#include <charconv>

#include "glaux/schema/scanner_internal.h"

namespace glaux::schema_internal {
namespace {

constexpr size_t kMaxShown = 120;

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsContinuation(char c) { return (c & 0xc0) == 0x80; }
bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '_' || c == '$' || (c & 0x80) != 0;
}
char LowerChar(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// At most `size` bytes, cut between two characters.
std::string_view Cut(std::string_view text, size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && IsContinuation(text[size])) --size;
  return text.substr(0, size);
}

}  // namespace

std::string Lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), LowerChar);
  return result;
}

bool EqualsIgnoringCase(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return LowerChar(a) == LowerChar(b); });
}

size_t Scanner::position() {
  while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  return at_;
}

bool Scanner::Accept(char c) {
  if (AtEnd() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool Scanner::AcceptToken(std::string_view token) {
  if (!text_.substr(position()).starts_with(token)) return false;
  at_ += token.size();
  return true;
}

std::string_view Scanner::PeekWord() {
  size_t end = position();
  if (end < text_.size() && IsDigit(text_[end])) return {};
  while (end < text_.size() && IsWord(text_[end])) ++end;
  return text_.substr(at_, end - at_);
}

std::string_view Scanner::TakeWord() {
  const auto word = PeekWord();
  at_ += word.size();
  return word;
}

bool Scanner::AcceptWord(std::string_view word) {
  if (!EqualsIgnoringCase(PeekWord(), word)) return false;
  at_ += word.size();
  return true;
}

bool Scanner::AcceptWords(std::string_view words) {
  const size_t start = at_;
  while (!words.empty()) {
    const size_t size = std::min(words.find(' '), words.size());
    if (!AcceptWord(words.substr(0, size))) {
      at_ = start;
      return false;
    }
    words.remove_prefix(std::min(size + 1, words.size()));
  }
  return true;
}

std::string_view Scanner::TakeUntil(std::string_view stops) {
  const size_t start = position();
  at_ = std::min(text_.find_first_of(stops, start), text_.size());
  size_t end = at_;
  while (end > start && IsBlank(text_[end - 1])) --end;
  return text_.substr(start, end - start);
}

Result<std::string> Scanner::TakeQuoted(char quote) {
  const size_t start = position();
  if (!Accept(quote)) return Expected(std::string_view(&quote, 1));
  std::string result;
  for (; at_ < text_.size(); ++at_) {
    if (text_[at_] == quote) {
      ++at_;
      if (at_ == text_.size() || text_[at_] != quote) return result;
    }
    result += text_[at_];
  }
  std::string problem("this ");
  problem.append(1, quote).append(" is never closed");
  return Fail(start, problem);
}

Result<int32_t> Scanner::TakeNumber(std::string_view expected) {
  const size_t start = position();
  size_t end = start;
  while (end < text_.size() && IsDigit(text_[end])) ++end;
  int32_t number = 0;
  if (end == start || end - start > 9) return Expected(expected);
  std::from_chars(text_.data() + start, text_.data() + end, number);
  at_ = end;
  return number;
}

std::string_view Scanner::TakeDecimal() {
  size_t end = position();
  const auto digits = [&] {
    const size_t first = end;
    while (end < text_.size() && IsDigit(text_[end])) ++end;
    return end - first;
  };
  const auto sign = [&] {
    if (end < text_.size() && (text_[end] == '-' || text_[end] == '+')) ++end;
  };
  sign();
  size_t count = digits();
  if (end < text_.size() && text_[end] == '.') {
    ++end;
    count += digits();
  }
  if (count == 0) return {};
  const size_t mantissa_end = end;
  if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
    ++end;
    sign();
    if (digits() == 0) end = mantissa_end;
  }
  const auto number = text_.substr(at_, end - at_);
  at_ = end;
  return number;
}

Status Scanner::Take(char c, std::string_view expected) { return Accept(c) ? Status::OK() : Expected(expected); }

Status Scanner::Expected(std::string_view expected) {
  std::string problem("expected ");
  problem += expected;
  if (AtEnd()) return Fail(at_, problem + ", found the end");
  size_t end = at_;
  while (end < text_.size() && IsWord(text_[end])) ++end;
  return Fail(at_, problem + ", found " + std::string(Cut(text_.substr(at_, std::max<size_t>(end - at_, 1)), 40)));
}

Status Scanner::Fail(size_t position, std::string_view problem) const {
  const auto before = text_.substr(0, position);
  const auto column = 1 + std::count_if(before.begin(), before.end(), [](char c) { return !IsContinuation(c); });
  const auto shown = Cut(text_, kMaxShown);
  return MakeError(ErrorKind::kInvalid, what_, " \"", shown, shown.size() < text_.size() ? "..." : "", "\", column ",
                   column, ": ", problem);
}

}  // namespace glaux::schema_internal
