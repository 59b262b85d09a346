#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/format/csv_block_internal.h"
#include "glaux/format/csv_dialect_internal.h"
#include "glaux/format/format.h"

namespace glaux {

/// A row as people are shown it: at most 64 KiB, cut between characters.
std::string CutContent(std::string_view row);

/// Finds where a row ends that is given in pieces, byte by byte.
class CsvRowEnd {
 public:
  explicit CsvRowEnd(const CsvDialect& dialect) : dialect_(dialect) {}

  /// Where the text behind the row begins, the size of `text` if that is not in it. `begin` is set where the row begins
  /// in this piece. Stops behind a comment line too, if no row began.
  size_t Find(std::string_view text, size_t* begin);

  bool began() const { return began_; }
  bool in_quotes() const { return state_ == State::kQuoted || state_ == State::kQuoteInQuoted; }

 private:
  enum class State : uint8_t { kLine, kComment, kField, kPlain, kQuoted, kQuoteInQuoted, kAfterReturn, kDone };
  /// \return false if the row ended before this byte
  bool Step(char c);

  CsvDialect dialect_;
  State state_ = State::kLine;
  bool began_ = false;
  bool escaped_ = false;
};

/// Tell of pieces of a block, in order, with the lines in which they begin.
Status TellOfBadText(const std::string& name, const CsvBlock& block, const std::vector<CsvBadText>& bad,
                     const std::function<Status(BadRow)>& on_bad_row);

}  // namespace glaux
