#include "glaux/format/csv_bad_rows_internal.h"

namespace glaux {

std::string CutContent(std::string_view row) {
  constexpr size_t kMost = 64 << 10;
  if (row.size() <= kMost) return std::string(row);
  size_t end = kMost;
  while (end > kMost - 4 && (static_cast<unsigned char>(row[end]) & 0xc0) == 0x80) --end;
  return std::string(row.substr(0, end));
}

size_t CsvRowEnd::Find(std::string_view text, size_t* begin) {
  for (size_t at = 0; at < text.size(); ++at) {
    const bool began = began_;
    if (!Step(text[at])) return at;
    if (began_ && !began) *begin = at;
    if (state_ == State::kDone) return at + 1;
  }
  return text.size();
}

bool CsvRowEnd::Step(char c) {
  if (state_ == State::kDone) return false;
  if (state_ == State::kAfterReturn) {
    state_ = State::kDone;
    return c == '\n';
  }
  if (state_ == State::kLine) {
    if (c == '\n' || c == '\r') return true;
    if (dialect_.comment && c == *dialect_.comment) {
      state_ = State::kComment;
      return true;
    }
    began_ = true;
    state_ = State::kField;
  }
  if (state_ != State::kComment) {
    if (std::exchange(escaped_, false)) return true;
    if (dialect_.escape && c == *dialect_.escape) {
      escaped_ = true;
      if (state_ != State::kQuoted) state_ = State::kPlain;
      return true;
    }
    if (state_ == State::kQuoted) {
      if (c == dialect_.quote) state_ = State::kQuoteInQuoted;
      return true;
    }
    if (c == dialect_.quote && state_ != State::kPlain) {
      state_ = State::kQuoted;
      return true;
    }
  }
  if (c == '\n') {
    state_ = State::kDone;
  } else if (c == '\r') {
    state_ = State::kAfterReturn;
  } else if (state_ != State::kComment) {
    state_ = c == dialect_.delimiter ? State::kField : State::kPlain;
  }
  return true;
}

Status TellOfBadText(const std::string& name, const CsvBlock& block, const std::vector<CsvBadText>& bad,
                     const std::function<Status(BadRow)>& on_bad_row) {
  if (!on_bad_row) return Status::OK();
  int64_t line = block.first_line;
  size_t counted = 0;
  for (const auto& piece : bad) {
    line += CountLines(block.text.substr(counted, piece.begin - counted));
    counted = piece.begin;
    ARROW_RETURN_NOT_OK(on_bad_row({.file = name,
                                    .line = line,
                                    .column = piece.column,
                                    .reason = piece.reason,
                                    .content = CutContent(block.text.substr(piece.begin, piece.end - piece.begin))}));
  }
  return Status::OK();
}

}  // namespace glaux
