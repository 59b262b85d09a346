#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/format/csv_value_internal.h"

namespace glaux {

/// A format of dates and times as strptime has them, taken apart once and used for many values. Thread-safe.
///
/// Directives: %Y %y (69 is 1969, 68 is 2068) %m %b %B %d %e %j %H %I %p %M %S %f %z %a %A %F %T %R %%; all else stands
/// for itself. Numbers may lack a leading zero where no other number touches them; names are English, in any case; %z
/// is Z, +HH, +HHMM or +HH:MM; %f is one to nine digits.
class TimeFormat {
 public:
  /// kInvalid for an unknown directive, for a part that is given twice, and where the day is not told.
  static Result<TimeFormat> Make(std::string_view format);

  bool has_clock() const { return has_clock_; }
  bool has_zone() const { return has_zone_; }

  /// Exactly what the text says, or not at all: trailing text, the 30th of February and a wrong weekday are refused.
  bool Parse(std::string_view text, ParsedTime* time) const;

  /// Append a time in UTC. False, and nothing appended, if the format cannot hold it whole.
  bool Append(int64_t seconds, int32_t nanoseconds, std::string* out) const;

 private:
  struct Piece {
    char directive = 0;  // 0: the text of `literal`
    bool full_width = false;
    std::string literal;
  };
  struct Parts;
  Status AddPieces(std::string_view format);
  Status CheckParts(std::string_view format) const;
  static bool ParsePiece(const Piece& piece, std::string_view* text, Parts* parts);
  bool Has(char directive) const;

  std::vector<Piece> pieces_;
  bool has_clock_ = false;
  bool has_zone_ = false;
};

}  // namespace glaux
