#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

#include "glaux/format/csv_column_internal.h"

namespace glaux {

/// The narrowest type that holds every value that was seen of a column, without loss: nothing < boolean | integer <
/// double | date < timestamp | timestamp in UTC; all else is string. A double would lose digits of integers beyond
/// 2^53: such do not mix with fractions, and integers beyond int64 are decimal(38,0), or string where that does not
/// hold them.
/// Where the options have formats of dates and times and every value fits one of them (or ISO 8601), that is the
/// answer, though "20250131" is an integer too.
class CsvTypeGuess {
 public:
  /// `rules` must outlive the guess.
  explicit CsvTypeGuess(const CsvRules& rules) : rules_(&rules), formats_(rules.has_time_formats()) {}

  void Observe(const CsvCells& cells, const CsvCell& cell) {
    if (settled()) return;
    if (cell.text.empty()) {
      empty_string_ |= !cells.IsNull(cell);
    } else if (!cells.IsNull(cell)) {
      ObserveValue(cell.text);
    }
  }
  /// No later value can change the answer.
  bool settled() const { return kind_ == Kind::kString && (!formats_ || time_ == Kind::kString); }
  /// null() where no value was seen.
  /// \param integer_widths as InferOptions::integer_widths
  std::shared_ptr<arrow::DataType> type(bool integer_widths = false) const;

 private:
  enum class Kind : uint8_t {
    kNothing,
    kBoolean,
    kTinyInteger,
    kSmallInteger,
    kShortInteger,  // within int32
    kInteger,
    kLargeInteger,  // beyond 2^53
    kHugeInteger,   // beyond int64
    kDouble,
    kDate,
    kTimestamp,
    kUtcTimestamp,
    kString
  };
  Kind KindOf(std::string_view text);
  Kind TimeKindOf(std::string_view text) const;
  static Kind Join(Kind left, Kind right);
  void ObserveValue(std::string_view text);
  bool IsDouble(std::string_view text, double* real) {
    return rules_->WithPoint(&text, &scratch_) && ParseDouble(text, real);
  }

  const CsvRules* rules_;
  bool formats_;
  std::string scratch_;
  Kind kind_ = Kind::kNothing;
  /// What the values are as dates and times in the formats; kString: some value is none.
  Kind time_ = Kind::kNothing;
  bool empty_string_ = false;
};

}  // namespace glaux
