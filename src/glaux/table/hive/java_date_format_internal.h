#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux {

/// A pattern of java.time's DateTimeFormatter as partition projection uses them, in UTC: y, u, M, d, H, m, s and S,
/// text in quotes, and what is no letter.
class JavaDateFormat {
 public:
  enum class Unit { kYears, kMonths, kDays, kHours, kMinutes, kSeconds, kMillis };

  /// kInvalid names the letter that is not known.
  static Result<JavaDateFormat> Make(std::string_view pattern);

  /// The smallest unit that is written.
  Unit precision() const { return precision_; }

  /// Milliseconds since 1970 of the begin of what the text names, which must be all of it.
  std::optional<int64_t> Parse(std::string_view text) const;
  std::string Print(int64_t millis) const;
  /// The begin of the unit of precision() in which a time is.
  int64_t Truncate(int64_t millis) const;

 private:
  struct Piece {
    char letter = 0;  // 0: literal
    int width = 0;
    bool exact = false;  // a number stands right behind it
    std::string literal = {};
  };
  std::vector<Piece> pieces_;
  Unit precision_ = Unit::kYears;
};

/// `count` units later. Days of months that do not have them become the last of the month.
int64_t AddUnits(int64_t millis, JavaDateFormat::Unit unit, int64_t count);
/// Whole units from one time to a later one.
int64_t UnitsBetween(int64_t from, int64_t to, JavaDateFormat::Unit unit);

}  // namespace glaux
