#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/format/csv_value_internal.h"
#include "glaux/format/format.h"
#include "glaux/format/time_format_internal.h"

namespace glaux {

/// How the values of one file are spelled, beyond what csv_value_internal.h knows. Thread-safe.
struct CsvRules {
  char decimal_separator = '.';
  std::vector<TimeFormat> dates = {};
  std::vector<TimeFormat> timestamps = {};

  /// kInvalid for a separator that is none or is the delimiter too, and for formats that do not parse.
  static Result<CsvRules> Make(const CsvOptions& options);

  bool has_time_formats() const { return !dates.empty() || !timestamps.empty(); }

  /// A date in one of the formats, the first that fits; else in ISO 8601.
  bool Date(std::string_view text, int32_t* days) const;
  /// A time in one of the formats, the first that fits; else in ISO 8601. No date.
  bool Time(std::string_view text, ParsedTime* time) const;

  /// `text` with a point before the fraction, in `scratch` where it must be changed; false if it had a point already.
  bool WithPoint(std::string_view* text, std::string* scratch) const {
    return decimal_separator == '.' || ReplaceSeparator(text, scratch);
  }

 private:
  bool ReplaceSeparator(std::string_view* text, std::string* scratch) const;
};

}  // namespace glaux
