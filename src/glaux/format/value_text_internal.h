#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>

namespace glaux {

// Values as text, exactly: what reads them back has the same value. Each writes at `out`, where kMostValueText bytes
// must be free, and returns the end.

inline constexpr int kMostValueText = 64;

char* WriteInteger(int64_t value, char* out);
char* WriteUnsigned(uint64_t value, char* out);

/// The fewest digits that tell it from its neighbours (large integers whole), always with a point or an exponent: 1.0,
/// -0.0, 1e+300, nan, inf.
char* WriteReal(double value, char* out);
char* WriteReal(float value, char* out);

/// YYYY-MM-DD; years beyond four digits as they are.
char* WriteDate(int64_t days, char* out);

/// HH:MM:SS of a time of day and its fraction, which is left out where it is zero.
char* WriteTimeOfDay(int64_t value, arrow::TimeUnit::type unit, char* out);

/// Writes timestamps as ISO 8601. Remembers the last day: neighbours are often of one day.
class TimestampText {
 public:
  TimestampText(arrow::TimeUnit::type unit, bool utc);
  char* Write(int64_t value, char* out);

 private:
  arrow::TimeUnit::type unit_;
  bool utc_;
  int64_t per_day_;
  int64_t day_ = INT64_MIN;
  char day_text_[kMostValueText];
  int day_size_ = 0;
};

/// Units of a second, and the digits of its fraction.
int64_t UnitsPerSecond(arrow::TimeUnit::type unit);
int FractionDigits(arrow::TimeUnit::type unit);

}  // namespace glaux
